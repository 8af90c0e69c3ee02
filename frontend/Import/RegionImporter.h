//===- RegionImporter.h - Branches and loops -------------------*- C++ -*-===//
//
// Both of TensorFlow's control flow worlds come here: who knows how to import a branch or a loop's body (a
// function of the library, a raised part of a graph) gives it as a callback from imported values to imported
// values; this file makes tg.if and tg.while of them. A callback builds with the entry's builder, reads and
// writes variables through the EntryImporter, and uses values from outside freely. It may be called more than
// once, and what it built may be erased, so it must give the same each time and keep nothing that it built.
//
// Branches. An output that is the same in both branches (one SSA value from outside, one variable, equal
// known elements) is handed through as it is. Elements known as sizes become index results. Everything else
// becomes a tensor of the least precise type; sizes that are equal in both branches stay known. What a branch
// does to variables becomes further results. A null output is one that the branch does not have: nobody uses
// it then, and it is zeros.
//
// Loops. What an iteration does to each carried value is found by trial: first that is assumed which helps
// most, the body is imported, and what does not hold is weakened and imported again:
//   - invariant: each iteration hands it on; the value from outside is used directly, whatever it is;
//   - host: its elements are sizes. Those that change are index arguments: counters, or anything of 64 bits;
//   - tensor: of the initial value's sizes, dimension by dimension until one is found to change.
//   - list: its buffer and its length (ListRegions.h).
// Variables, tensor arrays and stacks that the body writes are carried too. A condition that writes variables
// is evaluated before the loop and at the end of each iteration.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_REGIONIMPORTER_H
#define TGC_FRONTEND_IMPORT_REGIONIMPORTER_H

#include "dialects/Tg/IR/TgOps.h"
#include "frontend/Import/GraphImporter.h"

namespace tgc {

/// Loops are unrolled if all iterations together have at most this many ops.
constexpr int64_t kUnrollLimit = 256;
/// The same where the loop cannot be imported otherwise.
constexpr int64_t kForcedUnrollTrips = 64;

class RegionImporter {
public:
  using Values = llvm::SmallVector<ImportedValue>;
  using BranchFn = llvm::function_ref<mlir::FailureOr<Values>()>;
  using BodyFn = llvm::function_ref<mlir::FailureOr<Values>(llvm::ArrayRef<ImportedValue>)>;

  /// What is known of a carried value before its loop is imported.
  struct CarriedHint {
    /// The body hands it on, through Identity at most.
    bool isInvariant = false;
    /// The shape that TensorFlow states for all iterations, -1: unknown. Followed only where assuming more
    /// fails.
    std::optional<std::vector<int64_t>> shape;
  };

  RegionImporter(EntryImporter &entry, mlir::Location loc) : entry(entry), loc(loc) {}

  /// One of two branches, which give the same number of values. A known predicate imports its branch only.
  mlir::FailureOr<Values> importIf(const ImportedValue &predicate, BranchFn thenFn, BranchFn elseFn);
  /// The branch of that number; the last one for numbers out of range.
  mlir::FailureOr<Values> importCase(const ImportedValue &number, llvm::ArrayRef<BranchFn> branches);
  /// A loop: `cond` gives one value, `body` as many as `inits`. `hints` is empty or has one for each.
  mlir::FailureOr<Values> importWhile(llvm::ArrayRef<ImportedValue> inits, llvm::ArrayRef<CarriedHint> hints,
                                      BodyFn cond, BodyFn body);

  /// A loop over 0, 1, ..., `count` - 1; `body` gets the number too.
  mlir::FailureOr<Values>
  importCounted(mlir::OpFoldResult count, llvm::ArrayRef<ImportedValue> inits,
                llvm::function_ref<mlir::FailureOr<Values>(mlir::OpFoldResult, Values)> body);

  /// An edge as a condition, the way TensorFlow takes numbers and tensors of more elements for one.
  mlir::FailureOr<mlir::Value> getCondition(const ImportedValue &value);

private:
  EntryImporter &entry;
  mlir::Location loc;
};

/// States the sizes of a tensor that are known; those that are null are asked of the tensor.
void setKnownSizes(EntryImporter &entry, mlir::Location loc, mlir::Value tensor,
                   llvm::ArrayRef<mlir::OpFoldResult> known);

/// How often the loop runs, as a size before it: its counters have constant steps and are compared with
/// bounds that do not change. `isExact`: else it is an upper bound. None if that is not known. Builds before
/// the loop.
struct TripCount {
  mlir::OpFoldResult size;
  bool isExact = true;
};
std::optional<TripCount> getTripCount(IndexBuilder &sizes, mlir::OpBuilder &builder, tg::WhileOp loop);
/// The constant that each iteration adds to carried value `i`; 0 if there is none.
int64_t getCounterStep(tg::WhileOp loop, unsigned i);

/// A comparison of a carried size that must hold for the loop to go on.
struct CounterTest {
  bool isLess;        ///< `counter + offset` is less than the bound; else more
  bool includesBound; ///< or equal
  unsigned counter;   ///< its number among the carried values
  int64_t offset;
  mlir::OpOperand *bound;
};
/// All that the condition consists of; `hasOthers`: and what is none of them.
llvm::SmallVector<CounterTest> getCounterTests(tg::WhileOp loop, bool &hasOthers);
/// Whether a size is computed from what a tensor holds.
bool isFromData(mlir::Value size);
/// Carried value `counter` is of `type` in the graph, where it wraps instead of coming to a bound near the
/// end of that: such a bound, which data gives, is never reached.
void keepWrapping(IndexBuilder &sizes, mlir::OpBuilder &builder, tg::WhileOp loop, unsigned counter,
                  mlir::Type type);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_REGIONIMPORTER_H

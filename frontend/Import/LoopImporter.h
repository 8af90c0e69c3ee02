//===- LoopImporter.h - The trials of a loop -------------------*- C++ -*-===//
//
// What is assumed of each value that a loop carries (RegionImporter.h) only ever gets weaker, so the trials
// come to an end. LoopImporter.cpp goes through them, LoopComparison.cpp says what does not hold,
// LoopValues.cpp builds what goes in and comes out, LoopForms.cpp loops that are none.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_LOOPIMPORTER_H
#define TGC_FRONTEND_IMPORT_LOOPIMPORTER_H

#include "frontend/Import/ArrayAccesses.h"
#include "frontend/Import/ListRegions.h"
#include "frontend/Import/RegionImporter.h"
#include "mlir/IR/Diagnostics.h"

namespace tgc {

/// What is assumed of a carried value.
struct Carried {
  /// NeedsTensor: found to be a tensor; becomes one before the next trial.
  enum Kind { Invariant, Host, NeedsTensor, Tensor, List };
  Kind kind;
  ImportedValue init;
  std::string key; ///< of the state that it is; empty for the loop's own values
  std::optional<std::vector<int64_t>> statedShape;
  llvm::BitVector isCounter;                   ///< host: which elements change
  mlir::Value tensor;                          ///< tensor: the initial value
  llvm::SmallVector<mlir::OpFoldResult> sizes; ///< tensor: those of all iterations, null where they differ
  std::shared_ptr<CarriedList> list;
  std::vector<bool> hasUnknownSize; ///< tensor: which sizes an earlier import found to differ; empty: none
  /// tensor: the reference variables in whose buffers what an iteration gives lies.
  std::vector<std::string> nextBuffers = {};

  mlir::RankedTensorType getType() const;
};

/// What an import of the loop ended with.
struct LearnedLoop {
  std::vector<Carried> all; ///< without values
  size_t numInits;
};

class LoopImporter {
public:
  using BodyFn = RegionImporter::BodyFn;
  using Values = RegionImporter::Values;
  using Value = mlir::Value;
  using Size = mlir::OpFoldResult;
  LoopImporter(EntryImporter &entry, mlir::Location loc, BodyFn cond, BodyFn body)
      : entry(entry), builder(entry.builder), loc(loc), cond(cond), body(body) {}

  mlir::FailureOr<Values> run(llvm::ArrayRef<ImportedValue> inits,
                              llvm::ArrayRef<RegionImporter::CarriedHint> hints);

private:
  enum class Outcome { Fits, Weakened, Fails, CondHasEffects };
  Outcome tryImport();
  Outcome compare(llvm::ArrayRef<ImportedValue> next, llvm::SmallVectorImpl<Value> &yielded);
  mlir::LogicalResult prepare();
  void weaken(Carried &carried);
  bool makeRoom();
  llvm::SmallVector<std::string> getChangedState(const EntryImporter::State &since);
  bool weakenStatedShapes();
  bool nextTensor(Carried &carried, const ImportedValue &next, Value &yielded, bool &isOk);
  Values takeCarried(llvm::function_ref<Value(mlir::Type)> next,
                     llvm::function_ref<ListValue(const Carried &)> nextList);
  Values enter(mlir::Block *block);
  void addInits(llvm::SmallVectorImpl<Value> &inits);
  Values finish(std::optional<Size> exactTrips);
  mlir::FailureOr<Value> isEntered();
  void addAliases(Values &values);
  std::optional<Values> unroll(int64_t trips);
  std::optional<Values> tryUnroll(int64_t trips);
  mlir::FailureOr<Values> importWithCarriedCondition(llvm::ArrayRef<ImportedValue> inits,
                                                     llvm::ArrayRef<RegionImporter::CarriedHint> hints);
  void applyLearned();
  void storeLearned();
  void keepCountersWrapping();
  void erase();
  mlir::InFlightDiagnostic error() { return mlir::emitError(loc); }
  std::string describe(const Carried &carried) {
    return carried.key.empty() ? "carried value " + std::to_string(&carried - all.data())
                               : "variable " + carried.key;
  }

  EntryImporter &entry;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  BodyFn cond, body;
  size_t numInits = 0;
  std::vector<Carried> all;
  llvm::SmallVector<std::string> written; ///< state that the body was found to change, not yet in `all`
  EntryImporter::State before;
  IndexBuilder::Mark mark;
  tg::WhileOp loop;
  LoopAccesses accesses;
};

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_LOOPIMPORTER_H

//===- NestVectorizer.h - One loop nest on vectors -------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_NESTVECTORIZER_H
#define TGC_COMPILER_CODEGEN_CPU_NESTVECTORIZER_H

#include "compiler/Codegen/CPU/FreeCombiner.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/SelectTiling.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"

namespace tgc {

/// Replaces a nest by loops over vectors along `vectorLoop`: rows, if that loop is summed, which takes a
/// combiner, else columns, a few rows of which are summed at a time if the combiner adds f32 up in double
/// precision (see VectorizeNests.cpp).
class NestVectorizer {
public:
  NestVectorizer(mlir::linalg::GenericOp op, unsigned vectorLoop, std::optional<FreeCombiner> combiner,
                 VectorUnit unit);
  void run();

  /// Whether stores of the nest's result may go past the caches: whoever reads it on another thread needs a
  /// fence between.
  static bool isStreamed(mlir::linalg::GenericOp op, VectorUnit unit);

private:
  using Value = mlir::Value;
  template <typename T> using SmallVector = llvm::SmallVector<T>;

  /// Makes one loop of the vectors' and the one around it, if that walks all operands the same way.
  bool mergeOuterLoop();
  void chooseVectors(VectorUnit unit);
  void emitOuter(size_t level, const Addresses &place);
  Value constant(int64_t value) { return math.materialize(math.known(value)); }

  // Loads, and the body on vectors.
  mlir::VectorType vectorOf(mlir::Type element) const { return mlir::VectorType::get({lanes}, element); }
  /// Bytes of an element of the result.
  int64_t getResultBytes() const {
    return llvm::cast<mlir::MemRefType>(accesses[init].flat.getType()).getElementTypeBitWidth() / 8;
  }
  bool movesWithLanes(unsigned operand) const { return accesses[operand].moves(vectorLoop); }
  Value load(unsigned operand, mlir::OpFoldResult address, Value mask);
  /// Asks for a line of the next block, where a vector begins one.
  void fetchAhead(unsigned operand, mlir::OpFoldResult address);
  /// Loads and computes what neither the vectors nor the summed loops change.
  void shareScalars(const Addresses &place);
  /// The body for several vectors side by side, with or without `masks`; `accumulators` are replaced by the
  /// new ones.
  void computeBody(const Addresses &place, llvm::ArrayRef<Value> masks,
                   llvm::MutableArrayRef<Value> accumulators);
  /// Whether the op makes of an f32 what is summed.
  bool isWidening(mlir::Operation &op) const { return op.getResult(0) == combiner->combined; }
  /// What changes no result, of the type of a result or, of sums in double precision, f32.
  Value neutralVector(mlir::Type element);
  Value maskOut(Value values, Value mask);
  /// Maps what the body has of indices: numbers that count the lanes up from a scalar.
  void mapIndices(const Addresses &place, int64_t vector, mlir::IRMapping &mapping);
  /// A vector of `first` and the numbers after it.
  Value countLanes(Value first);
  /// The summed loops around `body`, which carry vectors.
  SmallVector<Value>
  emitSummed(size_t level, const Addresses &place, mlir::ValueRange carried,
             llvm::function_ref<SmallVector<Value>(const Addresses &, SmallVector<Value>)> body);
  SmallVector<Value> emitLoop(Value begin, Value end, Value step, mlir::ValueRange carried,
                              llvm::function_ref<SmallVector<Value>(Value, mlir::ValueRange)> body);

  // Columns.
  void emitColumns(const Addresses &place);
  /// The code of a long body once: the rest differs from whole vectors in how it is loaded and stored only.
  void emitLongColumns(const Addresses &place);
  /// `pastCaches`: the result is aligned, and does not stay in the caches.
  void emitTile(const Addresses &place, llvm::ArrayRef<Value> masks, bool pastCaches = false);
  /// Whether vectors of the result from `place` on lie at multiples of their size.
  Value isAligned(const Addresses &place);

  // Sums of rows of columns.
  void emitColumnSums(size_t level, const Addresses &place);
  /// Adds `count` rows to the columns of the result, which stay in memory.
  void addRows(const Addresses &place, int64_t count);
  void addRowsOfVector(const Addresses &place, int64_t count, llvm::ArrayRef<Value> masks);

  // Rows.
  Value combine(Value a, Value b);
  void emitRow(const Addresses &place);
  /// Partial results with those of `count` vectors more.
  SmallVector<Value> emitStep(const Addresses &place, llvm::ArrayRef<Value> masks, mlir::ValueRange carried,
                              int64_t count);
  SmallVector<Value> emitRowVectors(const Addresses &place, SmallVector<Value> carried);

  mlir::OpBuilder builder;
  mlir::linalg::GenericOp op;
  mlir::Location loc;
  IndexMath math;
  unsigned vectorLoop;
  int64_t lanes, numVectors;
  /// Whether vectors of the result may be stored past the caches.
  bool streams = false;
  /// Of rows, and of columns that are summed in double precision.
  std::optional<FreeCombiner> combiner;
  bool isRow;
  /// What is summed in f32 within a step, and then in double precision; else null.
  Value summedFloat;
  SmallVector<mlir::OpFoldResult> sizes;
  /// Of the operands, without memory for scalars, and then of the indices that the body asks for: those lie
  /// where their loop is.
  SmallVector<LinearAccess> accesses;
  unsigned init; ///< Which operand is the result.
  SmallVector<unsigned> outerLoops, summedLoops;
  /// What the body has of scalars that are the same for all columns.
  mlir::IRMapping shared;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_NESTVECTORIZER_H

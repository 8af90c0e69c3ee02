//===- IndexBuilder.h - Arithmetic on sizes --------------------*- C++ -*-===//
//
// Sizes are constants or `index` values. The builder folds constants and builds each expression once, so that
// two sizes that are computed alike are one SSA value: that is how the importer knows that dimensions are
// equal and needs no broadcast.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_INDEXBUILDER_H
#define TGC_FRONTEND_IMPORT_INDEXBUILDER_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/DenseMap.h"

namespace tgc {

class IndexBuilder {
public:
  using Size = mlir::OpFoldResult;
  explicit IndexBuilder(mlir::OpBuilder &builder) : builder(builder) {}

  Size constant(int64_t value) { return builder.getIndexAttr(value); }
  Size add(Size a, Size b);
  Size sub(Size a, Size b);
  Size mul(Size a, Size b);
  /// Rounded towards minus infinity; by a constant other than zero.
  Size floorDiv(Size a, Size b);
  Size floorMod(Size a, Size b);
  Size ceilDiv(Size a, Size b);
  Size max(Size a, Size b);
  Size min(Size a, Size b);
  Size select(mlir::Value condition, Size a, Size b);
  Size product(llvm::ArrayRef<Size> sizes);

  /// Whether two sizes are known to be equal.
  static bool isEqual(Size a, Size b);
  static std::optional<int64_t> getConstant(Size size);
  static bool isConstant(Size size, int64_t value) { return getConstant(size) == value; }
  /// As an SSA value.
  mlir::Value get(Size size);
  llvm::SmallVector<mlir::Value> get(llvm::ArrayRef<Size> sizes);

  /// The sizes of a ranked tensor; each computed once. Looks through the ops of tg, whose result sizes follow
  /// from their operands'.
  llvm::SmallVector<Size> sizesOf(mlir::Value tensor);
  Size sizeOf(mlir::Value tensor, int64_t dim) { return sizesOf(tensor)[dim]; }

  /// States that `tensor` has these sizes, where they are better known than by the op that makes it.
  void setSizes(mlir::Value tensor, llvm::ArrayRef<Size> sizes);

  /// States that two sizes are equal from here on, because a check ends the run where they are not. Tensors
  /// of either size have one size then, and need no broadcast to each other.
  void setEqual(Size a, Size b);
  /// The size that stands for all that are known to equal this one.
  Size canonical(Size size) const;
  llvm::SmallVector<Size> canonical(llvm::ArrayRef<Size> sizes) const;

  /// The size of a broadcast of `a` and `b`, which a check has found to fit: `b` where `a` is one.
  /// Broadcasting it with either again gives the same, so that long chains of elementwise ops stay with one
  /// size.
  Size broadcast(Size a, Size b);
  /// Whether `size` is known to be a broadcast of `part` and others.
  bool isBroadcastOf(Size size, Size part) const;

  /// Comparison of sizes as an i1, folded where known.
  mlir::Value equals(Size a, Size b);
  mlir::Value compare(mlir::arith::CmpIPredicate predicate, Size a, Size b);
  mlir::Value lessEqual(Size a, Size b) { return compare(mlir::arith::CmpIPredicate::sle, a, b); }
  /// A size that is 1 where an i1 holds and 0 elsewhere, and whether a size is not 0.
  Size fromBool(mlir::Value condition);
  mlir::Value isTrue(Size size);
  /// Whether a size is known not to be negative: a size of a tensor, or a sum, product, quotient or maximum
  /// of such.
  static bool isNonNegative(Size size);

  /// Forgets what was built in a region that is left, so that later code does not refer to it. `mark` is
  /// taken on entering.
  struct Mark {
    size_t expressions, tensors, equal, broadcasts;
  };
  Mark mark() const { return {expressionLog.size(), tensorLog.size(), equalLog.size(), broadcastLog.size()}; }
  void release(Mark mark);

  mlir::Location loc() const { return location; }
  void setLoc(mlir::Location loc) { location = loc; }

private:
  enum class Kind { Add, Sub, Mul, FloorDiv, FloorMod, Max, Min };
  using Key = std::tuple<unsigned, const void *, const void *>;
  /// The value of `a op b`, built where it is missing.
  template <typename BuildFn> Size build(Kind kind, Size a, Size b, bool commutes, BuildFn buildFn);
  llvm::SmallVector<Size> computeSizes(mlir::Value tensor);

  mlir::OpBuilder &builder;
  mlir::Location location = mlir::UnknownLoc::get(builder.getContext());
  llvm::DenseMap<Key, mlir::Value> expressions;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Size>> tensors;
  llvm::SmallVector<Key> expressionLog;
  llvm::SmallVector<mlir::Value> tensorLog;
  llvm::DenseMap<mlir::Value, mlir::Value> equal; ///< size -> a size that is equal, towards the canonical one
  llvm::SmallVector<mlir::Value> equalLog;
  /// Result of `broadcast` -> all sizes it is a broadcast of. A value's parts hold wherever the value exists.
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Size, 2>> broadcastParts;
  llvm::SmallVector<mlir::Value> broadcastLog;
};

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_INDEXBUILDER_H

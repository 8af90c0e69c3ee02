//===- GradientBuilder.h - The words of gradient rules ---------*- C++ -*-===//
//
// The vocabulary in which ops state their gradients: tensors of one shape, numbers beside them, and the moves
// that undo the ops of the dialect. Everything it builds is tg again, so a gradient can be differentiated.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_DIALECTS_TG_IR_GRADIENTBUILDER_H
#define TGC_DIALECTS_TG_IR_GRADIENTBUILDER_H

#include "dialects/Tg/IR/TgOps.h"
#include "llvm/ADT/BitVector.h"

namespace tgc::tg {

class GradientBuilder {
public:
  using Value = mlir::Value;
  using Size = mlir::OpFoldResult;

  /// `needed`: the operands of `op` whose gradients are asked for.
  GradientBuilder(mlir::OpBuilder &builder, mlir::Operation *op, const llvm::SmallBitVector &needed);

  mlir::OpBuilder &builder;
  mlir::Location loc;

  /// Whether somebody wants the gradient of this operand: rules need not ask where the ops are cheap.
  bool needs(unsigned operand) const { return needed[operand]; }

  //===--- Elementwise ---===//

  template <typename Op> Value unary(Value x) { return Op::create(builder, loc, x); }
  template <typename Op> Value unary(Value x, mlir::Type type) { return Op::create(builder, loc, type, x); }
  template <typename Op> Value binary(Value x, Value y) { return Op::create(builder, loc, x, y); }
  Value add(Value x, Value y) { return binary<AddOp>(x, y); }
  Value add(Value x, double y) { return add(x, number(x, y)); }
  Value sub(Value x, Value y) { return binary<SubOp>(x, y); }
  Value sub(double x, Value y) { return sub(number(y, x), y); }
  Value mul(Value x, Value y) { return binary<MulOp>(x, y); }
  Value mul(Value x, double y) { return mul(x, number(x, y)); }
  Value div(Value x, Value y) { return binary<DivOp>(x, y); }
  Value neg(Value x) { return unary<NegOp>(x); }
  Value square(Value x) { return mul(x, x); }
  Value cube(Value x) { return mul(square(x), x); }
  /// The complex conjugate; a real tensor itself.
  Value conj(Value x);
  /// Towards zero.
  Value truncate(Value x);
  /// A tensor as large as `like` of the same type, all `x`.
  Value number(Value like, double x);
  /// The number as a tensor of rank 0.
  Value scalar(mlir::Type element, double x);
  Value compare(ComparisonDirection direction, Value x, Value y) {
    return CompareOp::create(builder, loc, direction, x, y);
  }
  Value select(Value condition, Value x, Value y) { return SelectOp::create(builder, loc, condition, x, y); }
  /// `dy` where the comparison holds, else zero; and the other way round.
  Value where(ComparisonDirection direction, Value x, Value y, Value dy);
  Value unless(ComparisonDirection direction, Value x, Value y, Value dy);
  /// A root `y`; one where it is zero, of a reciprocal root where it is infinite, or NaN, and `dy` is zero:
  /// the gradient is zero there, as TensorFlow's kernels have it, so that a root that `where` guards has one.
  Value guardRoot(Value dy, Value y, bool isReciprocal);
  /// As `type` has its elements.
  Value cast(Value x, mlir::Type type);
  Value complex(Value real, Value imag);
  /// The gradients of `z = pow(x, y)`; of the exponent zero where x has no logarithm.
  Value powerBase(Value x, Value y, Value dz);
  Value powerExponent(Value x, Value z, Value dz);

  //===--- Shapes ---===//

  mlir::RankedTensorType getType(Value x) { return llvm::cast<mlir::RankedTensorType>(x.getType()); }
  int64_t getRank(Value x) { return getType(x).getRank(); }
  llvm::SmallVector<Size> getSizes(Value x) { return tg::getSizes(builder, loc, x); }
  Size size(int64_t value) { return builder.getIndexAttr(value); }
  Size addSizes(Size a, Size b) { return tg::addSizes(builder, loc, a, b); }
  Size subSizes(Size a, Size b) { return addSizes(a, mulSizes(b, size(-1))); }
  Size mulSizes(Size a, Size b) { return tg::mulSizes(builder, loc, a, b); }
  Size divSizes(Size a, Size b);
  Size maxSizes(Size a, Size b);
  Size product(llvm::ArrayRef<Size> sizes);
  /// The same tensor under a type that is known to fit.
  Value refine(Value x, mlir::Type type);
  Value reshape(Value x, llvm::ArrayRef<Size> sizes);
  /// Repeats a tensor; `sizes` are known to equal those of `x` where they are not repeated.
  Value broadcast(Value x, llvm::ArrayRef<Size> sizes);
  /// A vector or a tensor without the dimensions `missing`, repeated along them to `sizes`.
  Value broadcastAlong(Value x, llvm::ArrayRef<int64_t> missing, llvm::ArrayRef<Size> sizes);
  Value transpose(Value x, llvm::ArrayRef<int64_t> permutation);
  Value reverse(Value x, llvm::ArrayRef<int64_t> dimensions);
  Value slice(Value x, llvm::ArrayRef<Size> offsets, llvm::ArrayRef<Size> sizes,
              llvm::ArrayRef<int64_t> strides = {});
  /// With zeros.
  Value pad(Value x, llvm::ArrayRef<Size> low, llvm::ArrayRef<Size> high,
            llvm::ArrayRef<int64_t> interior = {});
  Value concat(mlir::ValueRange parts, int64_t dimension);
  Value reduce(ReductionKind kind, Value x, llvm::ArrayRef<int64_t> dimensions);
  Value iota(llvm::ArrayRef<Size> sizes, mlir::Type element, int64_t dimension);
  /// `x + updates` at coordinates, and the elements at coordinates.
  Value scatterAdd(Value x, Value indices, Value updates, BoundsMode bounds);
  Value gatherNd(Value x, Value indices, BoundsMode bounds);
  /// Zeros of these sizes.
  Value zeros(llvm::ArrayRef<Size> sizes, mlir::Type element);

private:
  const llvm::SmallBitVector &needed;
};

/// An attribute of gradients: the first op on the way back that makes a NaN ends the run.
constexpr llvm::StringLiteral kChecksNumerics = "tg.checks_numerics";

/// The sum of two gradients of one value. A gradient that is zero outside a part adds to that part alone.
mlir::Value accumulate(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value sum, mlir::Value gradient);

} // namespace tgc::tg

#endif // TGC_DIALECTS_TG_IR_GRADIENTBUILDER_H

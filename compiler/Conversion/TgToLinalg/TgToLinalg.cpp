//===- TgToLinalg.cpp - Conversion of tg to linalg ------------------------===//

#include "compiler/Conversion/TgToLinalg/TgToLinalg.h"
#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_CONVERTTGTOLINALGPASS
#include "compiler/Conversion/TgToLinalg/Passes.h.inc"

namespace detail {

SmallVector<OpFoldResult> reifyResultSizes(OpBuilder &builder, Operation *op, unsigned index) {
  auto type = cast<RankedTensorType>(op->getResult(index).getType());
  if (type.hasStaticShape())
    return getAsIndexOpFoldResult(builder.getContext(), type.getShape());
  ReifiedRankedShapedTypeDims dims;
  [[maybe_unused]] LogicalResult isKnown =
      cast<ReifyRankedShapedTypeOpInterface>(op).reifyResultShapes(builder, dims);
  assert(succeeded(isKnown) && "op with dynamic result that cannot be reified reached the lowering");
  for (auto [dim, size] : llvm::enumerate(type.getShape())) {
    OpFoldResult &reified = dims[index][dim];
    // A size that the type does not know stays a value, so that what is built of it has exactly the result's
    // type.
    reified = ShapedType::isDynamic(size)
                  ? OpFoldResult(getValueOrCreateConstantIndexOp(builder, op->getLoc(), reified))
                  : builder.getIndexAttr(size);
  }
  return dims[index];
}

SmallVector<OpFoldResult> getTypedSizes(OpBuilder &builder, Location loc, Value tensor) {
  SmallVector<OpFoldResult> sizes;
  for (auto [dim, size] : llvm::enumerate(cast<RankedTensorType>(tensor.getType()).getShape()))
    sizes.push_back(ShapedType::isDynamic(size)
                        ? OpFoldResult(tensor::DimOp::create(builder, loc, tensor, dim).getResult())
                        : OpFoldResult(builder.getIndexAttr(size)));
  return sizes;
}

Value createEmptyResult(OpBuilder &builder, Operation *op, unsigned index) {
  auto type = cast<RankedTensorType>(tg::withoutSign(op->getResult(index).getType()));
  return tensor::EmptyOp::create(builder, op->getLoc(), reifyResultSizes(builder, op, index),
                                 type.getElementType());
}

Value createFilledResult(OpBuilder &builder, Operation *op, Value scalar, unsigned index) {
  return linalg::FillOp::create(builder, op->getLoc(), scalar, createEmptyResult(builder, op, index))
      .getResult(0);
}

Value createParallelGeneric(OpBuilder &builder, Location loc, Value init, ValueRange inputs,
                            ArrayRef<AffineMap> maps,
                            function_ref<Value(OpBuilder &, Location, ValueRange)> body) {
  auto type = cast<RankedTensorType>(init.getType());
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(builder, loc, type, inputs, init, allMaps, iterators);
  // The body is built inside the finished op: scalar code that calls a function declares it in the module
  // around it.
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> elements;
  for (Value operand : generic->getOperands())
    elements.push_back(getElementTypeOrSelf(operand.getType()));
  Block *block =
      builder.createBlock(&generic.getRegion(), {}, elements, SmallVector<Location>(elements.size(), loc));
  linalg::YieldOp::create(builder, loc, body(builder, loc, block->getArguments().drop_back()));
  return generic.getResult(0);
}

Value createNeutralElement(OpBuilder &builder, Location loc, tg::ReductionKind kind, Type element) {
  using Kind = tg::ReductionKind;
  tg::ScalarBuilder s(builder, loc, element);
  Type type = tg::withoutSign(element);
  if (kind == Kind::Sum || kind == Kind::Any)
    return s.constant(type, 0);
  if (kind == Kind::Prod)
    return s.constant(type, 1);
  if (kind == Kind::All)
    return arith::ConstantOp::create(builder, loc, builder.getBoolAttr(true));
  bool isMax = kind == Kind::Max;
  if (auto floatType = dyn_cast<FloatType>(element))
    return arith::ConstantOp::create(
        builder, loc, builder.getFloatAttr(floatType, APFloat::getInf(floatType.getFloatSemantics(), isMax)));
  unsigned width = element.getIntOrFloatBitWidth();
  APInt value = s.isUnsigned() ? (isMax ? APInt::getMinValue(width) : APInt::getMaxValue(width))
                               : (isMax ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width));
  return arith::ConstantOp::create(builder, loc, builder.getIntegerAttr(type, value));
}

Value combine(OpBuilder &builder, Location loc, tg::ReductionKind kind, Type element, Value accumulator,
              Value value) {
  tg::ScalarBuilder s(builder, loc, element);
  switch (kind) {
  case tg::ReductionKind::Sum:
    return s.add(accumulator, value);
  case tg::ReductionKind::Prod:
    return s.mul(accumulator, value);
  case tg::ReductionKind::Max:
    return s.maximum(accumulator, value);
  case tg::ReductionKind::Min:
    return s.minimum(accumulator, value);
  case tg::ReductionKind::All:
    return s.bitAnd(accumulator, value);
  case tg::ReductionKind::Any:
    return s.bitOr(accumulator, value);
  }
  llvm_unreachable("unknown reduction kind");
}

} // namespace detail

namespace {

/// Element types lose their sign; a string is its pointer and length.
struct LoweredTypeConverter : TypeConverter {
  LoweredTypeConverter() {
    addConversion([](Type type) { return type; });
    addConversion([](RankedTensorType type) -> Type { return tg::withoutSign(type); });
    auto materialize = [](OpBuilder &builder, Type type, ValueRange inputs, Location loc) -> Value {
      return UnrealizedConversionCastOp::create(builder, loc, type, inputs).getResult(0);
    };
    addSourceMaterialization(materialize);
    addTargetMaterialization(materialize);
  }
};

/// Gives ops of other dialects (tensor.dim, tensor.extract, ...) the converted types.
struct ConvertTypesOfOp : ConversionPattern {
  ConvertTypesOfOp(const TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), 0, context) {}
  LogicalResult matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                                ConversionPatternRewriter &rewriter) const override {
    if (isa<tg::TgDialect>(op->getDialect()) && !isa<tg::HostCallOp>(op))
      return rewriter.notifyMatchFailure(op, "has a lowering of its own");
    FailureOr<Operation *> converted = convertOpResultTypes(op, operands, *getTypeConverter(), rewriter);
    if (failed(converted))
      return rewriter.notifyMatchFailure(op, "its types cannot be converted");
    rewriter.replaceOp(op, *converted);
    return success();
  }
};

struct ConvertTgToLinalgPass : impl::ConvertTgToLinalgPassBase<ConvertTgToLinalgPass> {
  void runOnOperation() override {
    LoweredTypeConverter converter;
    ConversionTarget target(getContext());
    RewritePatternSet patterns(&getContext());
    target.addIllegalDialect<tg::TgDialect>();
    target.addDynamicallyLegalOp<tg::HostCallOp>([&](Operation *op) { return converter.isLegal(op); });
    target.addLegalOp<tg::CheckOp, ModuleOp>();
    target.addDynamicallyLegalOp<func::FuncOp>(
        [&](func::FuncOp op) { return converter.isSignatureLegal(op.getFunctionType()); });
    target.markUnknownOpDynamicallyLegal([&](Operation *op) { return converter.isLegal(op); });
    populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, converter);
    populateReturnOpTypeConversionPattern(patterns, converter);
    populateCallOpTypeConversionPattern(patterns, converter);
    scf::populateSCFStructuralTypeConversionsAndLegality(converter, patterns, target);
    patterns.add<ConvertTypesOfOp>(converter, &getContext());
    detail::populateElementwisePatterns(converter, patterns);
    detail::populateBitcastPatterns(converter, patterns);
    detail::populateConstantPatterns(converter, patterns);
    detail::populateConvPatterns(converter, patterns);
    detail::populateGatherPatterns(converter, patterns);
    detail::populateMatMulPatterns(converter, patterns);
    detail::populatePadPatterns(converter, patterns);
    detail::populateReductionPatterns(converter, patterns);
    detail::populateReshapePatterns(converter, patterns);
    detail::populateScanPatterns(converter, patterns);
    detail::populateScatterPatterns(converter, patterns);
    detail::populateShapePatterns(converter, patterns);
    detail::populateSlicePatterns(converter, patterns);
    detail::populateSoftmaxPatterns(converter, patterns);
    detail::populateTopKPatterns(converter, patterns);
    detail::populateWherePatterns(converter, patterns);
    detail::populateWindowPatterns(converter, patterns);
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace tgc

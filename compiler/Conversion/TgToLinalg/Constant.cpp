//===- Constant.cpp - Lowering of ops that make tensors -------------------===//
//
// Constants keep their bytes: an attribute is seen under the signless element type, never copied element by
// element. The bytes of a string constant are one global; its elements are computed from their offsets, since
// pointers are known to the loader only.
//
//===----------------------------------------------------------------------===//

#include "compiler/Conversion/TgToLinalg/Patterns.h"
#include "dialects/Tg/IR/ScalarBuilder.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace tgc::detail {
namespace {

/// `value` under the element type of `type`, which has the same bits; null for a kind of attribute that has
/// no raw bytes.
ElementsAttr withType(ElementsAttr value, RankedTensorType type) {
  if (value.getType() == type)
    return value;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  if (auto dense = dyn_cast<DenseIntOrFPElementsAttr>(value))
    return DenseElementsAttr::getFromRawBuffer(type, dense.getRawData());
  return {};
}

struct LowerConstant : OpConversionPattern<tg::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::ConstantOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto type = getTypeConverter()->convertType<RankedTensorType>(op.getType());
    ElementsAttr value = withType(op.getValue(), type);
    if (!value)
      return rewriter.notifyMatchFailure(op, "value is neither dense nor a resource");
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, type, cast<TypedAttr>(value));
    return success();
  }
};

/// The module's private global that holds `bytes`; equal bytes share one.
LLVM::GlobalOp getBytes(OpBuilder &builder, ModuleOp module, Location loc, StringRef bytes) {
  std::string name;
  for (unsigned counter = 0;; ++counter) {
    name = "tgc.strings." + llvm::utohexstr(llvm::xxh3_64bits(bytes) + counter, /*LowerCase=*/true);
    auto existing = module.lookupSymbol<LLVM::GlobalOp>(name);
    if (!existing)
      break;
    if (auto value = dyn_cast_or_null<StringAttr>(existing.getValueAttr());
        value && value.getValue() == bytes)
      return existing;
  }
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
  return LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                                builder.getStringAttr(bytes));
}

struct LowerStringConstant : OpConversionPattern<tg::StringConstantOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::StringConstantOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    std::string bytes;
    SmallVector<int64_t> offsets, lengths;
    for (StringAttr value : op.getValues().getAsRange<StringAttr>()) {
      offsets.push_back(bytes.size());
      lengths.push_back(value.size());
      bytes += value.getValue();
    }
    Value init = createEmptyResult(rewriter, op);
    auto type = cast<RankedTensorType>(init.getType()).clone(rewriter.getI64Type());
    if (type.getNumElements() == 0) {
      rewriter.replaceOp(op, init);
      return success();
    }
    // A global of no bytes has no address of its own; one byte keeps the pointers of empty strings valid.
    if (bytes.empty())
      bytes.push_back(0);
    auto global = getBytes(rewriter, op->getParentOfType<ModuleOp>(), loc, bytes);
    Value address = LLVM::AddressOfOp::create(rewriter, loc, global);
    Value base = LLVM::PtrToIntOp::create(rewriter, loc, rewriter.getI64Type(), address);
    Value offset =
        arith::ConstantOp::create(rewriter, loc, DenseElementsAttr::get(type, ArrayRef<int64_t>(offsets)));
    Value length =
        arith::ConstantOp::create(rewriter, loc, DenseElementsAttr::get(type, ArrayRef<int64_t>(lengths)));
    SmallVector<AffineMap> maps(2, rewriter.getMultiDimIdentityMap(type.getRank()));
    rewriter.replaceOp(
        op, createParallelGeneric(
                rewriter, loc, init, {offset, length}, maps, [&](OpBuilder &b, Location l, ValueRange args) {
                  Value pointer = arith::AddIOp::create(b, l, base, args[0]);
                  Type string = cast<RankedTensorType>(init.getType()).getElementType();
                  return vector::FromElementsOp::create(b, l, string, ValueRange{pointer, args[1]});
                }));
    return success();
  }
};

struct LowerIota : OpConversionPattern<tg::IotaOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tg::IotaOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    Type element = op.getType().getElementType();
    rewriter.replaceOp(
        op,
        createParallelGeneric(
            rewriter, op.getLoc(), createEmptyResult(rewriter, op), {}, {},
            [&](OpBuilder &b, Location l, ValueRange) {
              Value index = linalg::IndexOp::create(b, l, op.getDimension());
              Value wide = arith::IndexCastOp::create(b, l, b.getI64Type(), index);
              return tg::ScalarBuilder(b, l, element).cast(wide, b.getI64Type(), element, /*truncate=*/false);
            }));
    return success();
  }
};

} // namespace

void populateConstantPatterns(const TypeConverter &converter, RewritePatternSet &patterns) {
  patterns.add<LowerConstant, LowerStringConstant, LowerIota>(converter, patterns.getContext());
}

} // namespace tgc::detail

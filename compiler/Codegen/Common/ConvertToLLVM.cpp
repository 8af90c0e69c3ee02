//===- ConvertToLLVM.cpp - Everything that is left, to LLVM ---------------===//

#include "compiler/ABI/RtToLLVM.h"
#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ComplexToLLVM/ComplexToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_CONVERTTOLLVMPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// A boolean in memory is a byte that holds 0 or 1.
struct LoadBoolean : ConvertOpToLLVMPattern<memref::LoadOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(memref::LoadOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (!op.getType().isInteger(1))
      return rewriter.notifyMatchFailure(op, "no boolean");
    Value address = getStridedElementPtr(rewriter, op.getLoc(), op.getMemRefType(), adaptor.getMemref(),
                                         adaptor.getIndices());
    Value byte = LLVM::LoadOp::create(rewriter, op.getLoc(), rewriter.getI8Type(), address);
    rewriter.replaceOpWithNewOp<LLVM::TruncOp>(op, rewriter.getI1Type(), byte);
    return success();
  }
};

struct StoreBoolean : ConvertOpToLLVMPattern<memref::StoreOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(memref::StoreOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (!op.getValueToStore().getType().isInteger(1))
      return rewriter.notifyMatchFailure(op, "no boolean");
    Value address = getStridedElementPtr(rewriter, op.getLoc(), op.getMemRefType(), adaptor.getMemref(),
                                         adaptor.getIndices());
    Value byte = LLVM::ZExtOp::create(rewriter, op.getLoc(), rewriter.getI8Type(), adaptor.getValue());
    rewriter.replaceOpWithNewOp<LLVM::StoreOp>(op, byte, address);
    return success();
  }
};

/// A string is aligned like the pointer in it, not like the vector that stands for it.
struct LoadString : ConvertOpToLLVMPattern<memref::LoadOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(memref::LoadOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (!isa<VectorType>(op.getType()))
      return rewriter.notifyMatchFailure(op, "no string");
    Value address = getStridedElementPtr(rewriter, op.getLoc(), op.getMemRefType(), adaptor.getMemref(),
                                         adaptor.getIndices());
    rewriter.replaceOpWithNewOp<LLVM::LoadOp>(op, op.getType(), address, /*alignment=*/8);
    return success();
  }
};

struct StoreString : ConvertOpToLLVMPattern<memref::StoreOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;
  LogicalResult matchAndRewrite(memref::StoreOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (!isa<VectorType>(op.getValueToStore().getType()))
      return rewriter.notifyMatchFailure(op, "no string");
    Value address = getStridedElementPtr(rewriter, op.getLoc(), op.getMemRefType(), adaptor.getMemref(),
                                         adaptor.getIndices());
    rewriter.replaceOpWithNewOp<LLVM::StoreOp>(op, adaptor.getValue(), address, /*alignment=*/8);
    return success();
  }
};

/// The bits of a narrow float or a vector of them; null for other types.
Type getBitsOfNarrowFloats(Type type) {
  Type element = getElementTypeOrSelf(type);
  if (!element.isF16() && !element.isBF16())
    return nullptr;
  Type bits = IntegerType::get(type.getContext(), 16);
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.clone(bits) : bits;
}

/// A target without instructions for narrow floats takes vectors of them apart on their way to memory and
/// converts each element, for which it calls functions of the compiler's library. As bits they just move.
void moveNarrowFloatsAsBits(Operation *root) {
  root->walk([](Operation *op) {
    OpBuilder builder(op);
    auto asBits = [&](OpOperand &operand) {
      if (Type bits = getBitsOfNarrowFloats(operand.get().getType()))
        operand.set(LLVM::BitcastOp::create(builder, op->getLoc(), bits, operand.get()));
    };
    if (auto store = dyn_cast<LLVM::StoreOp>(op))
      return asBits(store.getValueMutable());
    if (auto store = dyn_cast<LLVM::MaskedStoreOp>(op))
      return asBits(store.getValueMutable());
    if (!isa<LLVM::LoadOp, LLVM::MaskedLoadOp, LLVM::InsertElementOp, LLVM::SelectOp>(op))
      return;
    Value result = op->getResult(0);
    Type type = result.getType();
    Type bits = getBitsOfNarrowFloats(type);
    if (!bits)
      return;
    if (auto load = dyn_cast<LLVM::MaskedLoadOp>(op))
      for (OpOperand &otherwise : load.getPassThruMutable())
        asBits(otherwise);
    if (auto insert = dyn_cast<LLVM::InsertElementOp>(op)) {
      asBits(insert.getVectorMutable());
      asBits(insert.getValueMutable());
    }
    if (auto select = dyn_cast<LLVM::SelectOp>(op)) {
      asBits(select.getTrueValueMutable());
      asBits(select.getFalseValueMutable());
    }
    result.setType(bits);
    builder.setInsertionPointAfter(op);
    auto floats = LLVM::BitcastOp::create(builder, op->getLoc(), type, result);
    result.replaceAllUsesExcept(floats, floats);
  });
}

/// What is said of an scf loop comes to its branch as an attribute that LLVM IR does not know.
void annotateLoops(Operation *root) {
  root->walk([](LLVM::BrOp branch) {
    if (Attribute annotation = branch->removeDiscardableAttr("llvm.loop_annotation"))
      branch.setLoopAnnotationAttr(cast<LLVM::LoopAnnotationAttr>(annotation));
  });
}

struct ConvertToLLVMPass : impl::ConvertToLLVMPassBase<ConvertToLLVMPass> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    LLVMTypeConverter converter(context);
    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp>();
    RewritePatternSet patterns(context);
    patterns.add<LoadBoolean, LoadString, StoreBoolean, StoreString>(converter, /*benefit=*/2);
    populateRtToLLVMPatterns(converter, patterns);
    populateDeviceToLLVMPatterns(converter, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    populateComplexToLLVMConversionPatterns(converter, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns, /*approximateLog1p=*/false);
    vector::populateVectorTransferLoweringPatterns(patterns, /*maxTransferRank=*/1);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    ub::populateUBToLLVMConversionPatterns(converter, patterns);
    if (failed(applyFullConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
    moveNarrowFloatsAsBits(getOperation());
    annotateLoops(getOperation());
  }
};

} // namespace
} // namespace tgc

//===- HostCallBufferization.cpp - How tg.host_call bufferizes ------------===//

#include "compiler/Codegen/Common/Bufferize.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace tgc {
namespace {

/// Inputs are read, results are new memory: the sizes are operands, or found by the kernel.
struct HostCallModel : bufferization::BufferizableOpInterface::ExternalModel<HostCallModel, tg::HostCallOp> {
  /// A call that neither takes nor gives a tensor, the closing of a queue, is lowered all the same.
  bool hasTensorSemantics(Operation *) const { return true; }
  bool bufferizesToMemoryRead(Operation *, OpOperand &, const bufferization::AnalysisState &) const {
    return true;
  }
  bool bufferizesToMemoryWrite(Operation *, OpOperand &, const bufferization::AnalysisState &) const {
    return false;
  }
  bool bufferizesToAllocation(Operation *, Value) const { return true; }
  bufferization::AliasingValueList getAliasingValues(Operation *, OpOperand &,
                                                     const bufferization::AnalysisState &) const {
    return {};
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    auto call = cast<tg::HostCallOp>(op);
    auto function = op->getParentOfType<FunctionOpInterface>();
    auto dtypes = op->getAttrOfType<DenseI32ArrayAttr>("rt.dtypes");
    if (!dtypes || function.getNumArguments() == 0 ||
        !isa<LLVM::LLVMPointerType>(function.getArgument(0).getType()))
      return call.emitOpError() << "calls a kernel outside of an entry";

    SmallVector<Value> inputs, outputs;
    for (Value input : call.getInputs()) {
      FailureOr<Value> buffer = bufferization::getBuffer(rewriter, input, options, state);
      if (failed(buffer))
        return failure();
      inputs.push_back(contiguous(rewriter, call.getLoc(), *buffer, options));
    }
    SmallVector<Type> foundTypes;
    SmallVector<int64_t> found;
    ValueRange sizes = call.getSizes();
    for (auto [i, result] : llvm::enumerate(call.getResultTypes())) {
      auto tensor = cast<RankedTensorType>(result);
      auto type = MemRefType::get(tensor.getShape(), tensor.getElementType());
      if (call.getFindsSizes() && !type.hasStaticShape()) {
        foundTypes.push_back(type);
        found.push_back(i);
        continue;
      }
      unsigned numSizes = type.getNumDynamicDims();
      FailureOr<Value> memory =
          options.createAlloc(rewriter, call.getLoc(), type, sizes.take_front(numSizes));
      if (failed(memory))
        return failure();
      outputs.push_back(*memory);
      sizes = sizes.drop_front(numSizes);
    }
    // Slots are numbered when all buffers of the entry are known.
    SmallVector<int64_t> slots(found.size(), -1);
    auto lowered =
        rt::HostCallOp::create(rewriter, call.getLoc(), foundTypes, function.getArgument(0),
                               call.getKernelAttr(), call.getConfigAttr(), inputs, outputs, dtypes,
                               rewriter.getDenseI64ArrayAttr(slots), rewriter.getDenseI64ArrayAttr(found));
    SmallVector<Value> results;
    for (unsigned i = 0, nextFound = 0, nextGiven = 0; i < call.getNumResults(); ++i)
      results.push_back(llvm::is_contained(found, static_cast<int64_t>(i)) ? lowered.getResult(nextFound++)
                                                                           : outputs[nextGiven++]);
    bufferization::replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }

  /// `buffer`, or a copy of it if its layout is not row-major: that is all that kernels know.
  Value contiguous(RewriterBase &rewriter, Location loc, Value buffer,
                   const bufferization::BufferizationOptions &options) const {
    auto type = cast<MemRefType>(buffer.getType());
    if (type.getLayout().isIdentity())
      return buffer;
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes.push_back(memref::DimOp::create(rewriter, loc, buffer, dim));
    Value copy =
        memref::AllocOp::create(rewriter, loc, MemRefType::get(type.getShape(), type.getElementType()), sizes,
                                rewriter.getI64IntegerAttr(options.bufferAlignment));
    memref::CopyOp::create(rewriter, loc, buffer, copy);
    return copy;
  }
};

} // namespace

void registerHostCallBufferization(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, tg::TgDialect *) {
    tg::HostCallOp::attachInterface<HostCallModel>(*context);
    context->loadDialect<rt::RtDialect, memref::MemRefDialect, bufferization::BufferizationDialect>();
  });
}

} // namespace tgc

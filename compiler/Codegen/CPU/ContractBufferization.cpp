//===- ContractBufferization.cpp - How kernels bufferize ------------------===//

#include "compiler/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;

namespace tgc {
namespace {

bool readsInit(kernel::ContractOp op) { return op.getAccumulates(); }
bool readsInit(kernel::AttentionOp) { return false; }
bool readsInit(kernel::AttentionGradOp) { return false; }
bool readsInit(kernel::ScanOp) { return false; }
bool readsInit(kernel::TopKOp) { return false; }

/// Results are written over the inits, piece by piece: nothing that is read may lie there.
template <typename Op>
struct KernelModel : bufferization::DstBufferizableOpInterfaceExternalModel<KernelModel<Op>, Op> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const bufferization::AnalysisState &) const {
    auto kernel = cast<Op>(op);
    return !kernel.isDpsInit(&operand) || readsInit(kernel);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        buffers.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = bufferization::getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    OperationState lowered(op->getLoc(), op->getName(), buffers, TypeRange(), op->getAttrs());
    for (Region &region : op->getRegions())
      lowered.addRegion()->takeBody(region);
    rewriter.create(lowered);
    auto inits = ArrayRef(buffers).take_back(cast<Op>(op).getNumDpsInits());
    bufferization::replaceOpWithBufferizedValues(rewriter, op, inits);
    return success();
  }
};

} // namespace

void registerContractBufferization(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, kernel::KernelDialect *) {
    kernel::ContractOp::attachInterface<KernelModel<kernel::ContractOp>>(*context);
    kernel::AttentionOp::attachInterface<KernelModel<kernel::AttentionOp>>(*context);
    kernel::AttentionGradOp::attachInterface<KernelModel<kernel::AttentionGradOp>>(*context);
    kernel::ScanOp::attachInterface<KernelModel<kernel::ScanOp>>(*context);
    kernel::TopKOp::attachInterface<KernelModel<kernel::TopKOp>>(*context);
  });
}

} // namespace tgc

//===- ContractBufferization.cpp - How kernel.contract bufferizes ---------===//

#include "compiler/Codegen/CPU/Passes.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;

namespace tgc {
namespace {

/// The result is written over the init, block by block of the summed loop: nothing that is read may lie
/// there.
struct ContractModel
    : bufferization::DstBufferizableOpInterfaceExternalModel<ContractModel, kernel::ContractOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const bufferization::AnalysisState &) const {
    auto contract = cast<kernel::ContractOp>(op);
    return &operand != &contract.getInitMutable() || contract.getAccumulates();
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    auto contract = cast<kernel::ContractOp>(op);
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer = bufferization::getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    OperationState lowered(op->getLoc(), op->getName(), buffers, TypeRange(), op->getAttrs());
    lowered.addRegion()->takeBody(contract.getEpilogue());
    rewriter.create(lowered);
    bufferization::replaceOpWithBufferizedValues(rewriter, op, buffers.back());
    return success();
  }
};

} // namespace

void registerContractBufferization(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, kernel::KernelDialect *) {
    kernel::ContractOp::attachInterface<ContractModel>(*context);
  });
}

} // namespace tgc

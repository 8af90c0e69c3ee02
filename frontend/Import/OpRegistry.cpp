//===- OpRegistry.cpp - Which function imports which op -------------------===//

#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/ElementwiseFamilies.h"
#include "frontend/Import/HostElementOps.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/RaggedOps.h"
#include "frontend/Import/SequenceOps.h"

using namespace mlir;

namespace tgc {

void OpRegistry::add(ArrayRef<StringRef> ops, NodeHandler handler) {
  for (StringRef op : ops)
    handlers[op] = handler;
}

void OpRegistry::addHost(ArrayRef<StringRef> ops, HostHandler handler) {
  for (StringRef op : ops)
    hostHandlers[op] = handler;
}

void OpRegistry::addForHandles(ArrayRef<StringRef> ops, NodeHandler handler) {
  for (StringRef op : ops)
    handleHandlers[op] = handler;
}

std::vector<StringRef> OpRegistry::list() const {
  std::vector<StringRef> names;
  for (const auto &entry : handlers)
    names.push_back(entry.getKey());
  llvm::sort(names);
  return names;
}

const OpRegistry &getOpRegistry() {
  static const OpRegistry registry = [] {
    OpRegistry table;
    registerElementwiseOps(table);
    registerActivationOps(table);
    registerSumOps(table);
    registerSpecialOps(table);
    registerConstantOps(table);
    registerHostShapeOps(table);
    registerHostElementOps(table);
    registerHostArithmeticOps(table);
    registerReshapeOps(table);
    registerReductionOps(table);
    registerMatMulOps(table);
    registerStateOps(table);
    registerFunctionOps(table);
    registerControlFlowOps(table);
    registerFrameOps(table);
    registerRandomOps(table);
    registerSamplerOps(table);
    registerCandidateOps(table);
    registerInitializationOps(table);
    registerAccumulatorOps(table);
    registerQueueOps(table);
    registerReaderOps(table);
    registerImageCodecOps(table);
    registerSparseCrossOps(table);
    registerStatelessOps(table);
    registerTensorProtoOps(table);
    registerPrintOps(table);
    registerTableOps(table);
    registerRecurrentOps(table);
    registerBlockLSTMOps(table);
    registerFileOps(table);
    registerDequantizeOps(table);
    registerSequenceOps(table);
    registerParseOps(table);
    registerBoxOps(table);
    registerFourierOps(table);
    registerSparseOps(table);
    registerStringOps(table);
    registerStringSplitOps(table);
    registerCheckpointOps(table);
    registerSummaryOps(table);
    registerSliceOps(table);
    registerStridedSliceOps(table);
    registerCollectiveOps(table);
    registerConcatOps(table);
    registerPadOps(table);
    registerGatherOps(table);
    registerScatterOps(table);
    registerSegmentOps(table);
    registerEinsumOps(table);
    registerDiagonalOps(table);
    registerSortOps(table);
    registerCheckOps(table);
    registerConvOps(table);
    registerConvGradOps(table);
    registerPoolOps(table);
    registerPoolGradOps(table);
    registerNormOps(table);
    registerSoftmaxOps(table);
    registerActivationGradOps(table);
    registerPatchOps(table);
    registerResizeOps(table);
    registerImageOps(table);
    registerDilationOps(table);
    registerQuantizeOps(table);
    registerImageKernelOps(table);
    registerQuantizedOps(table);
    registerUniformQuantOps(table);
    registerUniqueOps(table);
    registerRaggedOps(table);
    registerLinalgOps(table);
    registerOptimizerOps(table);
    registerVariableScatterOps(table);
    registerListOps(table);
    registerHandleVectorOps(table);
    registerTensorArrayOps(table);
    registerStackOps(table);
    registerOptionalOps(table);
    registerGradientOps(table);
    return table;
  }();
  return registry;
}

} // namespace tgc

//===- OpRegistry.h - Which function imports which op ----------*- C++ -*-===//
//
// One register function per family, defined in the file of the same name. Ops that tg has one to one need no
// entry: the table starts with a fold over all ops of the dialect.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_OPREGISTRY_H
#define TGC_FRONTEND_IMPORT_OPREGISTRY_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringMap.h"

namespace tgc {

class NodeImporter;

/// Imports one node; failure after an error was reported.
using NodeHandler = mlir::LogicalResult (*)(NodeImporter &);
/// Computes a node's results as sizes; false, and nothing done, where its inputs are not known well enough.
using HostHandler = bool (*)(NodeImporter &);

class OpRegistry {
public:
  void add(llvm::ArrayRef<llvm::StringRef> ops, NodeHandler handler);
  void addHost(llvm::ArrayRef<llvm::StringRef> ops, HostHandler handler);
  /// Importers for where input 0 is not a tensor but a variant, or a vector of them.
  void addForHandles(llvm::ArrayRef<llvm::StringRef> ops, NodeHandler handler);
  NodeHandler lookup(llvm::StringRef op) const { return handlers.lookup(op); }
  HostHandler lookupHost(llvm::StringRef op) const { return hostHandlers.lookup(op); }
  NodeHandler lookupForHandles(llvm::StringRef op) const { return handleHandlers.lookup(op); }
  /// All ops that can be imported, sorted.
  std::vector<llvm::StringRef> list() const;

private:
  llvm::StringMap<NodeHandler> handlers;
  llvm::StringMap<HostHandler> hostHandlers;
  llvm::StringMap<NodeHandler> handleHandlers;
};

/// The table of all ops, made on first use.
const OpRegistry &getOpRegistry();

void registerElementwiseOps(OpRegistry &registry);
void registerConstantOps(OpRegistry &registry);
void registerHostShapeOps(OpRegistry &registry);
void registerHostArithmeticOps(OpRegistry &registry);
void registerReshapeOps(OpRegistry &registry);
void registerStateOps(OpRegistry &registry);
void registerReductionOps(OpRegistry &registry);
void registerMatMulOps(OpRegistry &registry);
void registerFunctionOps(OpRegistry &registry);
void registerControlFlowOps(OpRegistry &registry);
void registerFrameOps(OpRegistry &registry);
void registerRandomOps(OpRegistry &registry);
void registerCheckpointOps(OpRegistry &registry);
void registerSummaryOps(OpRegistry &registry);
void registerSliceOps(OpRegistry &registry);
void registerStridedSliceOps(OpRegistry &registry);
void registerCollectiveOps(OpRegistry &registry);
void registerConcatOps(OpRegistry &registry);
void registerPadOps(OpRegistry &registry);
void registerGatherOps(OpRegistry &registry);
void registerScatterOps(OpRegistry &registry);
void registerSegmentOps(OpRegistry &registry);
void registerEinsumOps(OpRegistry &registry);
void registerDiagonalOps(OpRegistry &registry);
void registerSortOps(OpRegistry &registry);
void registerCheckOps(OpRegistry &registry);
void registerConvOps(OpRegistry &registry);
void registerConvGradOps(OpRegistry &registry);
void registerPoolOps(OpRegistry &registry);
void registerPoolGradOps(OpRegistry &registry);
void registerNormOps(OpRegistry &registry);
void registerSoftmaxOps(OpRegistry &registry);
void registerActivationGradOps(OpRegistry &registry);
void registerPatchOps(OpRegistry &registry);
void registerResizeOps(OpRegistry &registry);
void registerImageOps(OpRegistry &registry);
void registerDilationOps(OpRegistry &registry);
void registerQuantizeOps(OpRegistry &registry);
void registerUniqueOps(OpRegistry &registry);
void registerLinalgOps(OpRegistry &registry);
void registerOptimizerOps(OpRegistry &registry);
void registerVariableScatterOps(OpRegistry &registry);
void registerListOps(OpRegistry &registry);
void registerHandleVectorOps(OpRegistry &registry);
void registerTensorArrayOps(OpRegistry &registry);
void registerStackOps(OpRegistry &registry);
void registerOptionalOps(OpRegistry &registry);
void registerGradientOps(OpRegistry &registry);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_OPREGISTRY_H

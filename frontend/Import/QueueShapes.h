//===- QueueShapes.h - Shapes of what queues hold --------------*- C++ -*-===//
//
// A queue need not say what shapes its components have. Then they are those of what the graph enqueues.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_QUEUESHAPES_H
#define TGC_FRONTEND_IMPORT_QUEUESHAPES_H

#include "frontend/GraphDef/Graph.h"
#include "frontend/Import/Import.h"

#include "mlir/IR/BuiltinTypes.h"

namespace tgc {

/// The types of the components that nodes of the main graph put into the queue that `queue` makes; sizes in
/// which they differ are dynamic. Empty if no node tells them: nodes whose inputs come out of the same queue
/// do not.
llvm::SmallVector<mlir::RankedTensorType> findEnqueuedTypes(mlir::MLIRContext &context, const Model &model,
                                                            const ImportOptions &options,
                                                            const proto::NodeDef &queue);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_QUEUESHAPES_H

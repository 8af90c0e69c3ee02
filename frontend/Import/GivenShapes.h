//===- GivenShapes.h - Shapes that the user states -------------*- C++ -*-===//
//
// --shape refines what is fed, and says what a few operators leave open: neither their inputs nor their
// attributes tell the rank of what they give.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_GIVENSHAPES_H
#define TGC_FRONTEND_IMPORT_GIVENSHAPES_H

#include "frontend/Import/Import.h"
#include "frontend/Import/Schedule.h"

#include "mlir/IR/BuiltinTypes.h"

namespace tgc {

class NodeImporter;

/// What --shape says of the tensor "node:index", or none.
std::optional<std::vector<int64_t>> findGivenShape(const ImportOptions &options, llvm::StringRef tensor);

/// Shapes are given for what is fed, and for outputs of operators that leave them open.
llvm::Error checkGivenShapes(const ImportOptions &options, llvm::ArrayRef<EntrySpec> entries,
                             GraphEdges::Nodes nodes);

/// The type of an output that the node leaves open: of the shape that is given, or else recorded in the
/// graph. An error that says how to give it if there is none.
mlir::FailureOr<mlir::RankedTensorType> getOpenType(NodeImporter &n, size_t output, mlir::Type element);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_GIVENSHAPES_H

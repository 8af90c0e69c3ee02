//===- StateOps.h - Variables as operands ----------------------*- C++ -*-===//
#ifndef TGC_FRONTEND_IMPORT_STATEOPS_H
#define TGC_FRONTEND_IMPORT_STATEOPS_H

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/NodeImporter.h"

namespace tgc {

/// The name of the variable that input `i` refers to; an error if it is none.
mlir::FailureOr<std::string> getVariable(NodeImporter &n, size_t i);
/// Gives the variable a value of its own shape.
void setVariable(NodeImporter &n, llvm::StringRef name, mlir::Value value);

/// An error that lists the variables that have no value, if there are any.
llvm::Error requireValues(const ModuleImport &module);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_STATEOPS_H

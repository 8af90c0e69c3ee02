//===- FunctionCalls.h - Functions that kernels call ------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_FUNCTIONCALLS_H
#define TGC_COMPILER_CODEGEN_GPU_FUNCTIONCALLS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinOps.h"

namespace tgc {

/// Whether a body's op is a call, or becomes one of runtime/gpumath. Such functions are inlined: they have
/// branches, loops and tables, and take many registers.
bool becomesCall(mlir::Operation *op);

/// Whether a nest's body has such ops.
bool callsFunctions(mlir::linalg::GenericOp nest);

/// Declares all functions that kernels call.
void declareFunctions(mlir::ModuleOp kernels);

/// Makes calls of ops that are functions of runtime/gpumath.
void callFunctions(mlir::ModuleOp kernels);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_FUNCTIONCALLS_H

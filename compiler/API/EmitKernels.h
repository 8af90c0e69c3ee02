//===- EmitKernels.h - A program's kernels for a GPU ------------*- C++ -*-===//
#ifndef TGC_COMPILER_API_EMITKERNELS_H
#define TGC_COMPILER_API_EMITKERNELS_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>

namespace tgc {

/// PTX of what a GPU can do of a program that the phase `linalg` left. The program is bufferized on the way.
llvm::Expected<std::string> emitDeviceKernels(mlir::ModuleOp program, llvm::StringRef chip);

} // namespace tgc

#endif // TGC_COMPILER_API_EMITKERNELS_H

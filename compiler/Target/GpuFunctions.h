//===- GpuFunctions.h - Functions that code for GPUs can call ---*- C++ -*-===//
#ifndef TGC_COMPILER_TARGET_GPUFUNCTIONS_H
#define TGC_COMPILER_TARGET_GPUFUNCTIONS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace tgc {

/// Whether it is a function of C's math.h that runtime/gpumath has, or one of runtime/kernels/special.
bool isGpuFunction(llvm::StringRef name);

/// Adds the functions that a module calls, as private ones which the optimiser has to inline: kernels call
/// nothing.
llvm::Error linkGpuFunctions(llvm::Module &code);

} // namespace tgc

#endif // TGC_COMPILER_TARGET_GPUFUNCTIONS_H

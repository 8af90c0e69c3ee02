//===- KernelWork.h - How much a kernel does --------------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_KERNELWORK_H
#define TGC_COMPILER_CODEGEN_GPU_KERNELWORK_H

#include "compiler/Codegen/GPU/DeviceProgram.h"

namespace tgc {

/// Finds the bytes and the operations of a kernel whose numbers are all known.
void describeWork(KernelRecord &record);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_KERNELWORK_H

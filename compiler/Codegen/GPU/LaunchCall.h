//===- LaunchCall.h - The op that launches a kernel -------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_LAUNCHCALL_H
#define TGC_COMPILER_CODEGEN_GPU_LAUNCHCALL_H

#include "compiler/Codegen/GPU/DeviceProgram.h"
#include "dialects/Rt/IR/RtDialect.h"

namespace tgc {

/// Launches a kernel where the builder stands: the `number`th of the program, on `device`. What the kernel is
/// told is computed before.
rt::LaunchOp createLaunch(mlir::OpBuilder &builder, const KernelRecord &record, mlir::Value device,
                          unsigned number);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_LAUNCHCALL_H

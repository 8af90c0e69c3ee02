//===- DeviceImages.h - Kernels as a driver takes them ----------*- C++ -*-===//
#ifndef TGC_COMPILER_API_DEVICEIMAGES_H
#define TGC_COMPILER_API_DEVICEIMAGES_H

#include "compiler/Codegen/GPU/DeviceProgram.h"
#include "llvm/Support/Error.h"

namespace tgc {

/// All kernels of a program for one capability.
struct DeviceImage {
  std::string chip, ptx;
  /// The same as machine code, where an assembler was named; else empty.
  std::string machineCode;
  /// A line for each: "NAME=NODE", or "NAME THREADS SHARED PARAMETER...=NODE", as
  /// runtime/kernels/device/parameters.h reads it; with "\tBYTES OPERATIONS" behind the node where that is
  /// wanted.
  std::string kernels;
};

/// The chips that images are for where `chip` was asked for, the best one first.
std::vector<std::string> getChips(const DeviceProgram &program, llvm::StringRef chip);

llvm::Expected<DeviceImage> makeImage(const DeviceProgram &program, llvm::StringRef chip, bool describesWork);

/// Gives an image its machine code by NVIDIA's assembler (ptxas), which `assembler` names.
llvm::Error assemble(DeviceImage &image, llvm::StringRef assembler);

/// What a host must know of the kernels, as comments.
std::string describeKernels(const DeviceProgram &program, llvm::StringRef chip);

} // namespace tgc

#endif // TGC_COMPILER_API_DEVICEIMAGES_H

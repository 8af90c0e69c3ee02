//===- DeviceCode.h - A program's part for a GPU ----------------*- C++ -*-===//
//
// The program branches after the phase `linalg`. The device's branch is given buffers at once; its nests
// become kernels, what is left of its entries launches them. These entries join the program again where it
// has buffers, too, and each entry asks for a device when it starts and takes the one way or the other.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_API_DEVICECODE_H
#define TGC_COMPILER_API_DEVICECODE_H

#include "compiler/API/DeviceImages.h"
#include "compiler/Codegen/GPU/HostProgram.h"
#include "compiler/Pipelines/Options.h"
#include "llvm/Support/Error.h"

namespace tgc {

/// PTX of what a GPU can do of a program that the phase `linalg` left. The program is bufferized on the way.
llvm::Expected<std::string> emitDeviceKernels(mlir::ModuleOp program, const CompileOptions &options);

struct DeviceCode {
  /// Entries with launches, on memrefs.
  mlir::OwningOpRef<mlir::ModuleOp> program;
  DeviceProgram kernels;
  std::vector<Transfer> transfers;
  std::vector<DeviceImage> images;
  /// After dispatchEntries.
  std::vector<MirrorBytes> memory;
  std::string chip;
  /// A run without a device fails.
  bool isRequired = false;
};

/// The device's branch of a program that the phase `linalg` left, which stays as it is.
llvm::Expected<DeviceCode> compileForDevice(mlir::ModuleOp program, const CompileOptions &options);

/// NVIDIA's assembler, as TGC_PTXAS names it: libraries hold machine code beside PTX then. Empty: none.
std::string getAssembler();

/// Before the phase `buffers`: adds the device's entries to a program.
void addDeviceEntries(mlir::ModuleOp module, const DeviceCode &code);

/// After it: gives the device's entries their memory, and each entry that has one its choice.
llvm::LogicalResult dispatchEntries(mlir::ModuleOp module, DeviceCode &code);

} // namespace tgc

#endif // TGC_COMPILER_API_DEVICECODE_H

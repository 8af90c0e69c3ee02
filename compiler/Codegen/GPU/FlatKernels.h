//===- FlatKernels.h - Elementwise nests as GPU kernels ---------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_FLATKERNELS_H
#define TGC_COMPILER_CODEGEN_GPU_FLATKERNELS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include <string>
#include <vector>

namespace tgc {

/// Threads of a block. A kernel strides over its elements: any number of blocks will do.
inline constexpr unsigned kFlatThreads = 256;

/// What a host needs to know to launch a kernel.
struct KernelRecord {
  std::string name;
  /// The graph's node.
  std::string node;
  /// In the order of the kernel's parameters: "feed x:0", "fetch y:0", "size d0".
  std::vector<std::string> arguments;
  /// The number of elements: "d0 * 6".
  std::string elements;
};

/// Work that has no kernel, and why.
struct HostWork {
  std::string node, op, reason;
};

struct DeviceProgram {
  /// A function per kernel: pointers into global memory, then sizes as 64-bit integers.
  mlir::OwningOpRef<mlir::ModuleOp> kernels;
  std::vector<KernelRecord> records;
  std::vector<HostWork> host;
};

/// Writes a kernel for each nest of a bufferized program whose loops are all parallel. Every other op that
/// computes elements is listed as the host's.
DeviceProgram writeFlatKernels(mlir::ModuleOp program);

/// From kernels to the LLVM dialect.
void buildKernelPipeline(mlir::OpPassManager &passes);

/// Takes out kernels with functions that a device has no instructions for. After the first passes of the
/// pipeline.
void moveUnsupportedToHost(DeviceProgram &program);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_FLATKERNELS_H

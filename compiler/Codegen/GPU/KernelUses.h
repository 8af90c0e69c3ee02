//===- KernelUses.h - What kernels and ops of the host touch ----*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_KERNELUSES_H
#define TGC_COMPILER_CODEGEN_GPU_KERNELUSES_H

#include "compiler/Codegen/GPU/DeviceMemory.h"
#include "compiler/Codegen/GPU/DeviceProgram.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

/// Whether a nest is not worth a launch of its own.
bool isSmall(const KernelRecord &record);

bool isConstant(mlir::Value base);

/// The memory of an entry, as bases of DeviceMemory, that its kernels and its host touch.
class KernelUses {
public:
  explicit KernelUses(DeviceMemory &memory) : memory(memory) {}

  /// Whether the device can have a mirror of all that the kernel takes.
  bool canMirror(const KernelRecord &record);
  /// What a kernel writes to, but for memory that it does without.
  llvm::SetVector<mlir::Value> getWritten(const KernelRecord &record);
  /// What a kernel looks at before it gives it a value.
  llvm::SetVector<mlir::Value> getRead(const KernelRecord &record);
  /// What the host touches when it does an op.
  Effects findEffects(mlir::Operation &op);

private:
  /// Whether a kernel gives each element of the memory a value without a look at the old one.
  bool isOverwritten(mlir::linalg::GenericOp nest, mlir::OpOperand &output);

  DeviceMemory &memory;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_KERNELUSES_H

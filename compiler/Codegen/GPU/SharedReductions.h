//===- SharedReductions.h - Work that several GPUs share --------*- C++ -*-===//
//
// The nest of a reduction whose operands lie on GPUs, one on each, can be done by all of them at once: each
// gives its operand and is given the result. What several GPUs need of one's is given to all of them at once.
// Whether the library for that is there shows during the run.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_SHAREDREDUCTIONS_H
#define TGC_COMPILER_CODEGEN_GPU_SHAREDREDUCTIONS_H

#include "compiler/Codegen/GPU/DeviceProgram.h"
#include "compiler/Codegen/GPU/ValuePlaces.h"

namespace tgc {

/// As NCCL numbers reductions; and TGC_DEVICE_BROADCAST of runtime/kernels/device/device.h.
inline constexpr int32_t kBroadcast = 100;

struct Sharing {
  /// Of the program, counted from 0; and what each is given.
  llvm::SmallVector<unsigned> gpus;
  llvm::SmallVector<mlir::Value> operands;
  mlir::Value result;
  /// As NCCL numbers them.
  int32_t type, reduction;
  /// The one of `gpus` that is to have the result; none: all are. Of a broadcast the one that gives.
  std::optional<unsigned> root;

  /// A bit for each of them.
  Gpus getMask() const;
  /// "ncclAllReduce of 3x64xf32 (768 bytes) by GPU 0, 1", of a reduction.
  std::string describe() const;
};

/// How the kernel's nest is shared; none: one GPU does it, the nest is not that of a shared reduction any
/// more, or its elements are none of NCCL's. `gpus` are the numbers of the program's.
std::optional<Sharing> findSharing(const KernelRecord &record, llvm::ArrayRef<int32_t> gpus);

/// What one GPU gives to all.
Sharing makeBroadcast(mlir::Value memory, unsigned root, Gpus all);

/// Whether all of the GPUs can share work now, as an i1.
mlir::Value createCanShare(mlir::OpBuilder &builder, mlir::Location loc, const Sharing &sharing,
                           const ValuePlaces &places);

/// Does it, where they can. Each GPU has its operand.
void createShare(mlir::OpBuilder &builder, mlir::Location loc, const Sharing &sharing,
                 const ValuePlaces &places);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_SHAREDREDUCTIONS_H

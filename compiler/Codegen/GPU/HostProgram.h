//===- HostProgram.h - A program that launches its kernels ------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_HOSTPROGRAM_H
#define TGC_COMPILER_CODEGEN_GPU_HOSTPROGRAM_H

#include "compiler/Codegen/GPU/DeviceProgram.h"

namespace tgc {

/// What makes a copy of a feed for the host, if the caller has it on the device; that needs no mirror.
inline constexpr const char kExposeFunction[] = "tgc_device_expose";
/// What a copy from one GPU to another is made of: both, one after the other.
inline constexpr const char kGiveFunction[] = "tgc_device_give", kTakeFunction[] = "tgc_device_take";

/// Of a reduction that several GPUs share: what one of them is given and where it wants the result, one after
/// the other.
inline constexpr const char kShareFunction[] = "tgc_device_share",
                            kShareIntoFunction[] = "tgc_device_share_into";

/// On rt.device and on a resident variable: which of the program's GPUs is meant, counted from 0, which is
/// meant without it.
inline constexpr const char kGpuNumberAttribute[] = "rt.gpu";

/// The numbers of the GPUs that a program uses, by the graph's names; one at least.
llvm::SmallVector<int32_t> getGpus(mlir::ModuleOp program);

/// Before kernels are written. Memory whose size a call of the host finds out is the session's and has no
/// mirror: what nests read of it is copied to memory that has one.
void copyWhatHostFinds(mlir::ModuleOp program);
/// After that: copies of memory may be kernels, too.
void turnCopiesIntoNests(mlir::ModuleOp program);

/// A copy between host and device or between two devices, and the op that asks for it.
struct Transfer {
  std::string node, memory;
  /// "host", "device", or, where there are several, "GPU:1".
  std::string from, to;
};

/// Puts launches in the place of nests that have kernels, and copies between host and device where the one
/// reads what the other wrote. Kernels that nothing launches are taken out; the others are numbered in the
/// order of `device.records`. Entries that launch nothing are taken out, too.
std::vector<Transfer> launchKernels(mlir::ModuleOp program, DeviceProgram &device);

/// What mirrors are for, as rt.mirror and runtime/kernels/device/device.h number it; and a name for each.
enum MirrorKind : uint32_t { Constant, Arena, Buffer, Feed, Fetch, Variable, Any };
inline constexpr llvm::StringLiteral kMirrorNames[] = {"constants", "arena",   "buffers",
                                                       "feeds",     "fetches", "variables"};

/// The memory that one of the program's GPUs has once all entries have run, by kind; none: a run decides.
struct MirrorBytes {
  unsigned gpu = 0;
  std::optional<int64_t> bytes[Any] = {0, 0, 0, 0, 0, 0};
};

struct MirrorPlan {
  unsigned numMirrors = 0;
  std::vector<MirrorBytes> gpus;
};

/// After the arena is planned: gives all memory that launches and copies name a mirror on the device.
llvm::FailureOr<MirrorPlan> mirrorBuffers(mlir::ModuleOp module);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_HOSTPROGRAM_H

//===- RtToLLVM.h - The runtime ABI as loads and calls ---------*- C++ -*-===//
#ifndef TGC_COMPILER_ABI_RTTOLLVM_H
#define TGC_COMPILER_ABI_RTTOLLVM_H

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"

namespace tgc {
/// The symbol that `rt.weights` refers to; whoever emits the code defines it.
inline constexpr const char kWeightsSymbol[] = "tgc_weights";

/// On the op that gives the address of a piece of memory: which one it is. Different names, no overlap.
inline constexpr const char kMemoryAttribute[] = "rt.memory";

/// On a module with `rt.device`: what the runtime needs to run its kernels. A dictionary of `chip` ("sm_80"),
/// `code` (PTX), `kernels` ("NAME=NODE" a line), `slots` (how many mirrors there are) and `required` (1:
/// without a device a run fails).
inline constexpr const char kDeviceAttribute[] = "rt.device_code";
/// On a copy: the function that makes it instead of the usual one.
inline constexpr const char kTransferAttribute[] = "rt.copy_by";
/// On an entry that has code for a device.
inline constexpr const char kOnDeviceAttribute[] = "rt.on_device";

void populateRtToLLVMPatterns(const mlir::LLVMTypeConverter &converter, mlir::RewritePatternSet &patterns);
/// Of the ops of a device: rt.device, rt.mirror, rt.launch and those that copy.
void populateDeviceToLLVMPatterns(const mlir::LLVMTypeConverter &converter,
                                  mlir::RewritePatternSet &patterns);
} // namespace tgc

#endif // TGC_COMPILER_ABI_RTTOLLVM_H

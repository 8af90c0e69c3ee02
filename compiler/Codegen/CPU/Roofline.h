//===- Roofline.h - How long a kernel should take --------------*- C++ -*-===//
//
// The model of Williams, Waterman and Patterson (Roofline, 2009) for one thread: a kernel takes as long as
// its arithmetic at the peak rate or its traffic at the bandwidth of the memory that holds it, whichever is
// longer. The numbers are those of a server core of 2020; they tell what bounds a kernel and which kernels
// matter, not what a clock will say.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_ROOFLINE_H
#define TGC_COMPILER_CODEGEN_CPU_ROOFLINE_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "llvm/ADT/StringRef.h"
#include <algorithm>

namespace tgc {

struct Roofline {
  /// Of one thread: operations on f32, and bytes, per nanosecond.
  double floatRate, cacheRate = 60, memoryRate = 12;
  /// What is larger comes from memory.
  double cacheBytes = 1 << 20;
  VectorUnit unit;

  /// 3 GHz, two vectors of fused multiply-adds per cycle; with the widest registers the clock and the units
  /// give two thirds of that.
  explicit Roofline(VectorUnit unit)
      : floatRate(3.0 * 2 * 2 * (unit.bytes / 4.0) * (unit.bytes == 64 ? 2.0 / 3 : 1)), unit(unit) {}

  /// Of a type as KernelWork has it. Half as many f64 fit into a vector; an instruction does two products of
  /// bf16 or four of bytes for each f32 that would fit, where the machine has it, else they are computed as
  /// f32 (bytes in 32 bits).
  double getRate(llvm::StringRef type) const {
    if (type == "f64")
      return floatRate / 2;
    if (type == "bf16" && unit.pairsBfloats)
      return floatRate * 2;
    return type == "i8" && unit.dotsBytes ? floatRate * 4 : floatRate;
  }

  double getComputeTime(double flops, llvm::StringRef type) const { return flops / getRate(type); }
  double getTrafficTime(double bytes) const { return bytes / (bytes <= cacheBytes ? cacheRate : memoryRate); }
  /// Nanoseconds.
  double predict(double flops, double bytes, llvm::StringRef type) const {
    return std::max(getComputeTime(flops, type), getTrafficTime(bytes));
  }
  bool isBoundByCompute(double flops, double bytes, llvm::StringRef type) const {
    return getComputeTime(flops, type) >= getTrafficTime(bytes);
  }
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_ROOFLINE_H

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
#include <algorithm>

namespace tgc {

struct Roofline {
  /// Of one thread: operations on f32, and bytes, per nanosecond.
  double flopRate, cacheRate = 60, memoryRate = 12;
  /// What is larger comes from memory.
  double cacheBytes = 1 << 20;

  /// 3 GHz, two vectors of fused multiply-adds per cycle; with the widest registers the clock and the units
  /// give two thirds of that.
  explicit Roofline(VectorUnit unit)
      : flopRate(3.0 * 2 * 2 * (unit.bytes / 4.0) * (unit.bytes == 64 ? 2.0 / 3 : 1)) {}

  double getComputeTime(double flops) const { return flops / flopRate; }
  double getTrafficTime(double bytes) const { return bytes / (bytes <= cacheBytes ? cacheRate : memoryRate); }
  /// Nanoseconds.
  double predict(double flops, double bytes) const {
    return std::max(getComputeTime(flops), getTrafficTime(bytes));
  }
  bool isBoundByCompute(double flops, double bytes) const {
    return getComputeTime(flops) >= getTrafficTime(bytes);
  }
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_ROOFLINE_H

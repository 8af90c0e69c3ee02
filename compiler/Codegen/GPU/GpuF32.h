//===- GpuF32.h - How a GPU multiplies matrices of f32 ----------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_GPUF32_H
#define TGC_COMPILER_CODEGEN_GPU_GPUF32_H

namespace tgc {

enum class GpuF32 {
  IEEE,   ///< fused multiply-adds
  TF32,   ///< on tensor cores, of factors with 11 bits
  TF32x3, ///< on tensor cores, of the three larger products of factors in two parts
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_GPUF32_H

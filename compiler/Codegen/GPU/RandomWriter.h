//===- RandomWriter.h - Random numbers, as the host makes them --*- C++ -*-===//
//
// The Philox generator and the distributions of runtime/kernels/random, step by step: numbers have the same
// bits. Words are i32, wide ones i64.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_RANDOMWRITER_H
#define TGC_COMPILER_CODEGEN_GPU_RANDOMWRITER_H

#include "mlir/IR/Builders.h"

namespace tgc {

using RandomWords = std::array<mlir::Value, 4>;

class RandomWriter {
public:
  RandomWriter(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  /// 128 bits, the low half first, plus steps.
  static constexpr unsigned kWordsOfStep = 4;
  std::pair<mlir::Value, mlir::Value> skip(mlir::Value low, mlir::Value high, mlir::Value steps);
  /// What the generator makes of a key and a counter (i64).
  RandomWords next(mlir::Value key, mlir::Value low, mlir::Value high);
  mlir::Value join(mlir::Value low, mlir::Value high);

  /// [0, 1) of a float's type; f64 takes two words.
  mlir::Value uniform(mlir::Type type, mlir::Value word, mlir::Value second);
  /// Two normal numbers, f32.
  std::pair<mlir::Value, mlir::Value> normals(mlir::Value word, mlir::Value second);
  /// An f32 in a type of 32 or 16 bits.
  mlir::Value roundTo(mlir::Type type, mlir::Value number);

private:
  mlir::Value word(uint32_t value);
  mlir::Value wide(uint64_t value);
  mlir::Value number(mlir::Type type, double value);
  mlir::Value lowOf(mlir::Value value);
  mlir::Value highOf(mlir::Value value);
  mlir::Value widen(mlir::Value value);
  mlir::Value widenFloat(mlir::Value value);
  mlir::Value toSingle(mlir::Value value);
  mlir::Value hasBit(mlir::Value bits, uint32_t bit);
  mlir::Value multiply(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, mlir::Value b);
  /// coefficients[0] + x * (coefficients[1] + x * ...), in f64.
  mlir::Value polynomial(mlir::Value x, llvm::ArrayRef<double> coefficients);
  /// The f64 of a power of two values that the low bits of an i32 say.
  mlir::Value pick(mlir::Value place, llvm::ArrayRef<double> values);
  /// Of an f32, as an f32.
  mlir::Value logarithm(mlir::Value x);
  std::pair<mlir::Value, mlir::Value> sineAndCosine(mlir::Value angle);

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_RANDOMWRITER_H

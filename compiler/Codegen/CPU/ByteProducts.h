//===- ByteProducts.h - Sums of several products of bytes ------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_BYTEPRODUCTS_H
#define TGC_COMPILER_CODEGEN_CPU_BYTEPRODUCTS_H

#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/IR/Builders.h"
#include <array>

namespace tgc {

/// Attributes of a contraction: whether the bytes of an operand are widened by zeros, not by their sign.
inline constexpr llvm::StringLiteral kUnsignedLhs = "kernel.unsigned_lhs",
                                     kUnsignedRhs = "kernel.unsigned_rhs";

/// Lets `op` widen the bytes of its operands as `other` does.
void widenLike(kernel::ContractOp op, kernel::ContractOp other);

/// The quads (steps[0][i], ..., steps[3][i]) of four vectors of bytes, as one vector.
mlir::Value joinQuads(mlir::OpBuilder &builder, mlir::Location loc, std::array<mlir::Value, 4> steps);

/// `lanes` times the byte that shifts signed bytes to unsigned ones and back, in each byte of a quad.
mlir::Value createByteShift(mlir::OpBuilder &builder, mlir::Location loc, int64_t lanes);

/// `lanes` times the same bytes: `group` is a vector of two or four.
mlir::Value repeatBytes(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value group, int64_t lanes);

/// Bytes as 16 bits.
mlir::Value widenToShorts(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value bytes, bool byZeros);

/// sum[i] + x[2i] * y[2i] + x[2i+1] * y[2i+1] on vectors of 4, 8 or 16 sums of 32 bits, by an instruction
/// that multiplies 16 bits with signs, and an addition. Sums wrap; two products of bytes do not.
mlir::Value addShortProducts(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value sum, mlir::Value x,
                             mlir::Value y);

/// sum[i] + x[4i] * y[4i] + ... + x[4i+3] * y[4i+3] on vectors of 4, 8 or 16 sums of 32 bits, by one
/// instruction of AVX512-VNNI. One of x and y has signs, the other has none; sums wrap.
mlir::Value addByteProducts(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value sum, mlir::Value x,
                            mlir::Value y, bool isYUnsigned);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_BYTEPRODUCTS_H

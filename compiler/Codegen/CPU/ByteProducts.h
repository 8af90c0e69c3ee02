//===- ByteProducts.h - Sums of four products of bytes ---------*- C++ -*-===//
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

/// `lanes` times the same four bytes, shifted if there is a `shift`.
mlir::Value repeatQuad(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value quad, int64_t lanes,
                       mlir::Value shift);

/// sum[i] + x[4i] * y[4i] + ... + x[4i+3] * y[4i+3] on vectors of 4, 8 or 16 sums of 32 bits, by one
/// instruction of AVX512-VNNI. One of x and y has signs, the other has none; sums wrap.
mlir::Value addByteProducts(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value sum, mlir::Value x,
                            mlir::Value y, bool isYUnsigned);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_BYTEPRODUCTS_H

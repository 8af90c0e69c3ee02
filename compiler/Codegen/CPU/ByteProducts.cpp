//===- ByteProducts.cpp - Sums of several products of bytes ---------------===//
//
// Like PairProducts, for bytes: the instruction of AVX512-VNNI multiplies bytes without signs by bytes with
// signs. A byte with its highest bit turned over is that byte plus or minus 128 in the other range; what that
// adds to a sum is 128 times the sum of the other operand, which the same instruction finds. Every machine of
// x86-64 multiplies pairs of 16 bits, which both kinds of bytes become.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/ByteProducts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {

void widenLike(kernel::ContractOp op, kernel::ContractOp other) {
  for (StringRef name : {kUnsignedLhs, kUnsignedRhs})
    if (Attribute isUnsigned = other->getDiscardableAttr(name))
      op->setDiscardableAttr(name, isUnsigned);
}

Value joinQuads(OpBuilder &builder, Location loc, std::array<Value, 4> steps) {
  Value even = vector::InterleaveOp::create(builder, loc, steps[0], steps[2]);
  Value odd = vector::InterleaveOp::create(builder, loc, steps[1], steps[3]);
  return vector::InterleaveOp::create(builder, loc, even, odd);
}

Value createByteShift(OpBuilder &builder, Location loc, int64_t lanes) {
  auto type = VectorType::get({4 * lanes}, builder.getI8Type());
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, APInt(8, 0x80)));
}

Value repeatBytes(OpBuilder &builder, Location loc, Value group, int64_t lanes) {
  Type bits = builder.getIntegerType(8 * cast<VectorType>(group.getType()).getDimSize(0));
  Value asOne = vector::BitCastOp::create(builder, loc, VectorType::get({1}, bits), group);
  Value scalar = vector::ExtractOp::create(builder, loc, asOne, ArrayRef<int64_t>{0});
  Value repeated = vector::BroadcastOp::create(builder, loc, VectorType::get({lanes}, bits), scalar);
  auto bytes = VectorType::get({lanes * bits.getIntOrFloatBitWidth() / 8}, builder.getI8Type());
  return vector::BitCastOp::create(builder, loc, bytes, repeated);
}

Value widenToShorts(OpBuilder &builder, Location loc, Value bytes, bool byZeros) {
  auto type = cast<VectorType>(bytes.getType()).clone(builder.getI16Type());
  return byZeros ? arith::ExtUIOp::create(builder, loc, type, bytes).getResult()
                 : arith::ExtSIOp::create(builder, loc, type, bytes).getResult();
}

Value addShortProducts(OpBuilder &builder, Location loc, Value sum, Value x, Value y) {
  int64_t lanes = cast<VectorType>(sum.getType()).getDimSize(0);
  StringRef name = lanes == 4   ? "llvm.x86.sse2.pmadd.wd"
                   : lanes == 8 ? "llvm.x86.avx2.pmadd.wd"
                                : "llvm.x86.avx512.pmaddw.d.512";
  Value products = LLVM::CallIntrinsicOp::create(builder, loc, sum.getType(), builder.getStringAttr(name),
                                                 ValueRange{x, y})
                       .getResult(0);
  return arith::AddIOp::create(builder, loc, sum, products);
}

Value addByteProducts(OpBuilder &builder, Location loc, Value sum, Value x, Value y, bool isYUnsigned) {
  int64_t lanes = cast<VectorType>(sum.getType()).getDimSize(0);
  std::string name = "llvm.x86.avx512.vpdpbusd." + std::to_string(lanes * 32);
  return LLVM::CallIntrinsicOp::create(builder, loc, sum.getType(), builder.getStringAttr(name),
                                       isYUnsigned ? ValueRange{sum, y, x} : ValueRange{sum, x, y})
      .getResult(0);
}

} // namespace tgc

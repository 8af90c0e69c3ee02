//===- ByteProducts.cpp - Sums of four products of bytes ------------------===//
//
// Like PairProducts, for bytes: the instruction multiplies bytes without signs by bytes with signs. A byte
// with its highest bit turned over is that byte plus or minus 128 in the other range; what that adds to a sum
// is 128 times the sum of the other operand, which the same instruction finds.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/ByteProducts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {

static VectorType bytesOf(OpBuilder &builder, int64_t lanes) {
  return VectorType::get({4 * lanes}, builder.getI8Type());
}

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
  auto bytes = DenseElementsAttr::get(bytesOf(builder, lanes), APInt(8, 0x80));
  return arith::ConstantOp::create(builder, loc, bytes);
}

Value repeatQuad(OpBuilder &builder, Location loc, Value quad, int64_t lanes, Value shift) {
  Type i32 = builder.getI32Type();
  Value bits = vector::BitCastOp::create(builder, loc, VectorType::get({1}, i32), quad);
  Value scalar = vector::ExtractOp::create(builder, loc, bits, ArrayRef<int64_t>{0});
  Value repeated = vector::BroadcastOp::create(builder, loc, VectorType::get({lanes}, i32), scalar);
  Value bytes = vector::BitCastOp::create(builder, loc, bytesOf(builder, lanes), repeated);
  return shift ? arith::XOrIOp::create(builder, loc, bytes, shift).getResult() : bytes;
}

Value addByteProducts(OpBuilder &builder, Location loc, Value sum, Value x, Value y, bool isYUnsigned) {
  int64_t lanes = cast<VectorType>(sum.getType()).getDimSize(0);
  std::string name = "llvm.x86.avx512.vpdpbusd." + std::to_string(lanes * 32);
  return LLVM::CallIntrinsicOp::create(builder, loc, sum.getType(), builder.getStringAttr(name),
                                       isYUnsigned ? ValueRange{sum, y, x} : ValueRange{sum, x, y})
      .getResult(0);
}

} // namespace tgc

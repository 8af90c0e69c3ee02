//===- PairProducts.cpp - Products of pairs of bfloat16 -------------------===//
//
// MLIR's x86vector dialect has the same instruction, but no lowering that could stay in this pipeline: the
// intrinsic is called by name, and elements of pairs are moved as bits.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/PairProducts.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tgc {

static VectorType vectorOf(int64_t size, Type element) { return VectorType::get({size}, element); }

static int64_t sizeOf(Value vector) { return cast<VectorType>(vector.getType()).getDimSize(0); }

Value pairUp(OpBuilder &builder, Location loc, Value low, Value high) {
  int64_t lanes = sizeOf(low);
  VectorType bits = vectorOf(lanes, builder.getI16Type());
  Value pairs = vector::InterleaveOp::create(builder, loc, vector::BitCastOp::create(builder, loc, bits, low),
                                             vector::BitCastOp::create(builder, loc, bits, high));
  return vector::BitCastOp::create(builder, loc, vectorOf(2 * lanes, builder.getBF16Type()), pairs);
}

Value repeatPair(OpBuilder &builder, Location loc, Value pair, int64_t lanes) {
  Type i32 = builder.getI32Type();
  Value bits = vector::BitCastOp::create(builder, loc, vectorOf(1, i32), pair);
  Value scalar = vector::ExtractOp::create(builder, loc, bits, ArrayRef<int64_t>{0});
  Value repeated = vector::BroadcastOp::create(builder, loc, vectorOf(lanes, i32), scalar);
  return vector::BitCastOp::create(builder, loc, vectorOf(2 * lanes, builder.getBF16Type()), repeated);
}

Value addPairProducts(OpBuilder &builder, Location loc, Value sum, Value x, Value y) {
  std::string name = "llvm.x86.avx512bf16.dpbf16ps." + std::to_string(sizeOf(sum) * 32);
  return LLVM::CallIntrinsicOp::create(builder, loc, sum.getType(), builder.getStringAttr(name),
                                       ValueRange{sum, x, y})
      .getResult(0);
}

} // namespace tgc

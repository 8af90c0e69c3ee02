//===- Tf32Parts.cpp - Parts of f32 for tensor cores ----------------------===//

#include "compiler/Codegen/GPU/Tf32Parts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace tgc {

/// Bits of an f32 that tf32 lacks.
static constexpr int64_t kLostBits = 0x1fff;

void Tf32Parts::add(OpBuilder &builder, Location loc, Value bits, bool hasParts) {
  Type f32 = builder.getF32Type();
  auto round = [&](Value element) {
    auto name = builder.getStringAttr("llvm.nvvm.f2tf32.rna");
    return LLVM::CallIntrinsicOp::create(builder, loc, builder.getI32Type(), name, element).getResult(0);
  };
  Value element = arith::BitcastOp::create(builder, loc, f32, bits);
  if (!hasParts)
    return large.push_back(round(element));
  // Cut, not rounded: the largest numbers stay finite, and what is left is exact.
  Value kept = arith::ConstantIntOp::create(builder, loc, ~kLostBits, 32);
  Value cut = arith::AndIOp::create(builder, loc, bits, kept);
  Value rest = arith::SubFOp::create(builder, loc, element, arith::BitcastOp::create(builder, loc, f32, cut));
  // Infinities and NaNs have one part, which meets large parts only: others may be zero.
  Value isFinite = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::ORD, rest, rest);
  Value zero = arith::ConstantOp::create(builder, loc, builder.getZeroAttr(f32));
  Value none = arith::ConstantIntOp::create(builder, loc, 0, 32);
  large.push_back(cut);
  finite.push_back(arith::SelectOp::create(builder, loc, isFinite, cut, none));
  small.push_back(round(arith::SelectOp::create(builder, loc, isFinite, rest, zero)));
}

} // namespace tgc

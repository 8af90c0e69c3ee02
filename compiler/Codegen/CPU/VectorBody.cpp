//===- VectorBody.cpp - Scalar bodies computed on vectors -----------------===//

#include "compiler/Codegen/CPU/VectorBody.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

namespace tgc {

bool isVectorElement(Type type) { return type.isIntOrFloat() && type.getIntOrFloatBitWidth() % 8 == 0; }

bool isVectorizable(Operation &op) {
  return op.getNumRegions() == 0 && OpTrait::hasElementwiseMappableTraits(&op) && op.getNumResults() == 1 &&
         op.getResult(0).getType().isIntOrIndexOrFloat() && isMemoryEffectFree(&op);
}

Value lookUpVector(OpBuilder &builder, Location loc, Value scalar, const IRMapping &mapping, int64_t lanes) {
  Value mapped = mapping.lookupOrDefault(scalar);
  if (isa<VectorType>(mapped.getType()))
    return mapped;
  return vector::BroadcastOp::create(builder, loc, VectorType::get({lanes}, mapped.getType()), mapped);
}

void cloneOnVectors(OpBuilder &builder, Operation &op, IRMapping &mapping, int64_t lanes) {
  if (op.hasTrait<OpTrait::ConstantLike>()) {
    mapping.map(op.getResult(0), builder.clone(op)->getResult(0));
    return;
  }
  auto isScalar = [&](Value operand) { return !isa<VectorType>(mapping.lookupOrDefault(operand).getType()); };
  if (llvm::all_of(op.getOperands(), isScalar)) {
    builder.clone(op, mapping);
    return;
  }
  SmallVector<Value> operands;
  for (Value operand : op.getOperands())
    operands.push_back(lookUpVector(builder, op.getLoc(), operand, mapping, lanes));
  OperationState state(op.getLoc(), op.getName(), operands,
                       VectorType::get({lanes}, op.getResult(0).getType()), op.getAttrs());
  mapping.map(op.getResult(0), builder.create(state)->getResult(0));
}

Value computeOnVectors(OpBuilder &builder, Block &body, const IRMapping &captured, ValueRange arguments,
                       int64_t lanes) {
  IRMapping mapping(captured);
  mapping.map(body.getArguments(), arguments);
  for (Operation &inner : body.without_terminator())
    cloneOnVectors(builder, inner, mapping, lanes);
  Operation *yield = body.getTerminator();
  return lookUpVector(builder, yield->getLoc(), yield->getOperand(0), mapping, lanes);
}

Value createLaneMask(OpBuilder &builder, Location loc, OpFoldResult count, int64_t lanes) {
  IndexMath math(builder, loc);
  auto type = VectorType::get({lanes}, builder.getI32Type());
  Value lane = arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(type, ArrayRef<int32_t>(llvm::to_vector(llvm::seq<int32_t>(lanes)))));
  Value limit = math.materialize(math.min(count, math.known(lanes)));
  limit = arith::IndexCastOp::create(builder, loc, builder.getI32Type(), limit);
  limit = vector::BroadcastOp::create(builder, loc, type, limit);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, lane, limit);
}

Value createSum(OpBuilder &builder, Location loc, Value a, Value b) {
  if (isa<IntegerType>(getElementTypeOrSelf(a)))
    return arith::AddIOp::create(builder, loc, a, b);
  return arith::AddFOp::create(builder, loc, a, b);
}

Value createMultiplyAdd(OpBuilder &builder, Location loc, Value a, Value b, Value sum) {
  if (isa<IntegerType>(getElementTypeOrSelf(sum)))
    return arith::AddIOp::create(builder, loc, sum, arith::MulIOp::create(builder, loc, a, b));
  auto contract = arith::FastMathFlags::contract;
  Value product = arith::MulFOp::create(builder, loc, a, b, contract);
  return arith::AddFOp::create(builder, loc, sum, product, contract);
}

} // namespace tgc

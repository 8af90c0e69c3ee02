//===- KernelLimits.cpp - Which nests have kernels -------------------------===//

#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/NestWriter.h"
#include "compiler/Codegen/GPU/OpNests.h"
#include "compiler/Target/GpuFunctions.h"
#include "dialects/Tg/IR/Placement.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {

/// Whether registers hold it.
static bool isSimple(Type type) {
  return (type.isIntOrFloat() && llvm::is_contained({1u, 8u, 16u, 32u, 64u}, type.getIntOrFloatBitWidth())) &&
         !isa<Float8E4M3FNType, Float8E5M2Type>(type);
}

static bool isElement(Type type) {
  auto complex = dyn_cast<ComplexType>(type);
  return complex ? isa<Float32Type, Float64Type>(complex.getElementType()) : isSimple(type);
}

bool isConstantNumber(Value value) {
  if (auto parts = value.getDefiningOp<complex::CreateOp>())
    return isConstantNumber(parts.getReal()) && isConstantNumber(parts.getImaginary());
  return isa_and_present<arith::ConstantOp, complex::ConstantOp>(value.getDefiningOp());
}

/// Whether a kernel can be told the value as 64 bits, or knows it.
static bool isScalar(Value value) {
  return value.getType().isIndex() || isSimple(value.getType()) || isConstantNumber(value);
}

std::optional<KernelNumber> findSize(linalg::GenericOp op, unsigned loop) {
  Value operand;
  unsigned dim;
  if (isAttention(op)) {
    OpOperand &counter = getCounter(op, loop);
    auto place = getAffineDimExpr(loop, op.getContext());
    return KernelNumber{KernelNumber::Size, counter.get(),
                        *op.getMatchingIndexingMap(&counter).getResultPosition(place)};
  }
  if (failed(cast<linalg::LinalgOp>(*op).mapIterationSpaceDimToOperandDim(loop, operand, dim)))
    return std::nullopt;
  return KernelNumber{KernelNumber::Size, operand, dim};
}

static std::string whyNotMemory(Type type) {
  auto memory = dyn_cast<MemRefType>(type);
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!memory || failed(memory.getStridesAndOffset(strides, offset)))
    return "an operand is neither memory nor a number";
  return isElement(memory.getElementType()) ? "" : "its elements are no numbers of a device";
}

/// Whether it is a loop or a condition inside of a body, or its end, which asks for no place and no memory.
static bool isInnerLoop(Operation *op) {
  return isa<scf::SCFDialect>(op->getDialect()) &&
         !op->walk([](Operation *inner) {
              return isa<linalg::IndexOp, memref::LoadOp, memref::DimOp>(inner) ? WalkResult::interrupt()
                                                                                : WalkResult::advance();
            }).wasInterrupted();
}

std::string whyNoKernel(linalg::GenericOp op) {
  if (isPlacedOnHost(op.getLoc()))
    return "the graph places it on the CPU";
  for (Value operand : op->getOperands())
    if (!isScalar(operand))
      if (std::string reason = whyNotMemory(operand.getType()); !reason.empty())
        return reason;
  for (auto [loop, range] : llvm::enumerate(op.getStaticLoopRanges()))
    if (ShapedType::isDynamic(range) && !findSize(op, loop))
      return "the size of a loop is no operand's";
  std::string reason;
  op.getRegion().walk([&](Operation *inner) {
    bool isKnown =
        isa<arith::ArithDialect, complex::ComplexDialect, math::MathDialect>(inner->getDialect()) ||
        isa<linalg::YieldOp, linalg::IndexOp, memref::LoadOp, memref::DimOp, affine::AffineApplyOp>(inner);
    if (auto size = dyn_cast<memref::DimOp>(inner))
      isKnown &= size.getConstantIndex().has_value();
    auto call = dyn_cast<func::CallOp>(inner);
    if (call && !isGpuFunction(call.getCallee()))
      reason = "it calls " + call.getCallee().str();
    else if (!isKnown && !call && !isInnerLoop(inner))
      reason = "its body has " + inner->getName().getStringRef().str();
  });
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegion(), captured);
  for (Value value : captured)
    if (!isScalar(value) && reason.empty())
      reason = whyNotMemory(value.getType());
  if (reason.empty() && getOpNest(op) != OpNest::None && isComplex(op))
    reason = "its elements are complex";
  if (reason.empty() && getOpNest(op) == OpNest::TopK)
    reason = whyNoSearch(op);
  return reason;
}

bool isComplex(linalg::GenericOp op) {
  return llvm::any_of(op->getOperands(), [](Value operand) {
    return isa<ComplexType>(getElementTypeOrSelf(operand.getType()));
  });
}

} // namespace tgc

//===- NestAccess.cpp - How nests walk through memory ---------------------===//

#include "compiler/Codegen/GPU/NestAccess.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace tgc {

static NestSize getSize(Value size) {
  if (std::optional<int64_t> fixed = getConstantIntValue(size))
    return {*fixed, Value(), -1};
  auto asked = size.getDefiningOp<memref::DimOp>();
  if (!asked || !asked.getConstantIndex())
    return {-1, size, -1};
  return getSize(asked.getSource(), *asked.getConstantIndex());
}

NestSize getSize(Value memref, int64_t dim) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.isDynamicDim(dim))
    return {type.getDimSize(dim), Value(), -1};
  int64_t index = type.getDynamicDimIndex(dim);
  Operation *op = memref.getDefiningOp();
  if (auto alloc = dyn_cast_or_null<memref::AllocOp>(op))
    return getSize(alloc.getDynamicSizes()[index]);
  if (auto fetch = dyn_cast_or_null<rt::FetchOp>(op))
    return getSize(fetch.getSizes()[index]);
  if (auto expand = dyn_cast_or_null<memref::ExpandShapeOp>(op))
    return getSize(expand.getOutputShape()[index]);
  if (auto cast = dyn_cast_or_null<memref::CastOp>(op); cast && isa<MemRefType>(cast.getSource().getType()))
    return getSize(cast.getSource(), dim);
  return {-1, memref, dim};
}

NestSize getSize(linalg::GenericOp op, unsigned loop) {
  Value operand;
  unsigned dim;
  if (failed(cast<linalg::LinalgOp>(*op).mapIterationSpaceDimToOperandDim(loop, operand, dim)))
    return {op.getStaticLoopRanges()[loop], Value(), -1};
  return getSize(operand, dim);
}

std::optional<Walk> getWalk(linalg::GenericOp op, OpOperand &operand) {
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type || !type.getLayout().isIdentity())
    return std::nullopt;
  Walk walk;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  for (auto [dim, place] : llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults())) {
    auto loop = dyn_cast<AffineDimExpr>(place);
    if (type.getDimSize(dim) == 1)
      continue;
    if (!loop || ranges[loop.getPosition()] == 1 || llvm::is_contained(walk.loops, loop.getPosition()))
      return std::nullopt;
    walk.loops.push_back(loop.getPosition());
    walk.sizes.push_back(getSize(operand.get(), dim));
  }
  return walk;
}

SmallVector<Value> getLoaded(linalg::GenericOp op) {
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op.getRegion(), captured);
  SmallVector<Value> loaded;
  for (Value value : captured)
    if (isa<BaseMemRefType>(value.getType()))
      loaded.push_back(value);
  return loaded;
}

} // namespace tgc

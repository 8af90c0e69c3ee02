//===- LaunchCall.cpp - The op that launches a kernel ---------------------===//

#include "compiler/Codegen/GPU/LaunchCall.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {

/// More blocks than any device runs at a time gain nothing: kernels stride over their points.
static constexpr int64_t kMostBlocks = 4096;

static Value valueOf(OpBuilder &builder, const KernelNumber &number) {
  Location loc = builder.getInsertionPoint()->getLoc();
  switch (number.kind) {
  case KernelNumber::Scalar:
    return number.value;
  case KernelNumber::Size:
    return memref::DimOp::create(builder, loc, number.value, number.dim);
  case KernelNumber::Stride:
    return memref::ExtractStridedMetadataOp::create(builder, loc, number.value).getStrides()[number.dim];
  }
  llvm_unreachable("unknown kind of number");
}

/// The bits of a number in 64.
static Value widen(OpBuilder &builder, Value value) {
  Location loc = value.getLoc();
  Type word = builder.getI64Type(), type = value.getType();
  if (type.isIndex())
    return arith::IndexCastOp::create(builder, loc, word, value);
  unsigned width = type.getIntOrFloatBitWidth();
  if (isa<FloatType>(type))
    value = arith::BitcastOp::create(builder, loc, builder.getIntegerType(width), value);
  return width < 64 ? Value(arith::ExtUIOp::create(builder, loc, word, value)) : value;
}

rt::LaunchOp createLaunch(OpBuilder &builder, const KernelRecord &record, Value device, unsigned number) {
  Location loc = record.op->getLoc();
  SmallVector<Value> values, numbers;
  for (const KernelNumber &told : record.numbers) {
    values.push_back(valueOf(builder, told));
    numbers.push_back(widen(builder, values.back()));
  }
  auto constant = [&](int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value).getResult();
  };
  Value blocks = constant(1);
  for (const Space &space : record.spaces) {
    Value points = constant(1);
    for (const Extent &extent : space.extents)
      points = arith::MulIOp::create(builder, loc, points,
                                     extent.number < 0 ? constant(extent.fixed) : values[extent.number]);
    points = arith::CeilDivUIOp::create(builder, loc, points, constant(space.pointsPerBlock));
    blocks = arith::MulIOp::create(builder, loc, blocks, points);
  }
  blocks = arith::MinUIOp::create(builder, loc, blocks, constant(kMostBlocks));
  return rt::LaunchOp::create(builder, loc, device, number, record.threads, blocks, record.memories,
                              ValueRange(), numbers);
}

} // namespace tgc

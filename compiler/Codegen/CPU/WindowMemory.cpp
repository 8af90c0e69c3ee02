//===- WindowMemory.cpp - Where blocks of results lie ---------------------===//

#include "compiler/Codegen/CPU/WindowMemory.h"

using namespace mlir;

namespace tgc {

WindowMemory::WindowMemory(OpBuilder &builder, const WindowPlan &plan)
    : builder(builder), plan(plan), group(plan.group), loc(group.product.getLoc()), math(builder, loc) {}

void WindowMemory::allocateSeams(OpFoldResult count) {
  SmallVector<int64_t> shape(group.getBufferType().getShape());
  shape[0] = getConstantIntValue(count).value_or(ShapedType::kDynamic);
  shape[group.rowDim] = plan.getRowsOfSeam();
  SmallVector<Value> sizes;
  if (auto value = dyn_cast<Value>(count))
    sizes.push_back(value);
  seams =
      memref::AllocOp::create(builder, loc, MemRefType::get(shape, group.getBufferType().getElementType()),
                              sizes, builder.getI64IntegerAttr(64));
}

void WindowMemory::allocateScratch() {
  MemRefType type = group.getBufferType();
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = 1;
  shape[group.rowDim] = plan.getRowsOfMemory();
  scratch = memref::AllocaOp::create(builder, loc, MemRefType::get(shape, type.getElementType()),
                                     builder.getI64IntegerAttr(64));
  fillSides();
  if (plan.isWholeImage()) {
    fillRows(0, plan.getKeptRows());
    fillRows(plan.getKeptRows() + plan.blockRows, plan.getRowsBelow());
  }
}

Value WindowMemory::viewResults(const Rows &rows) {
  Value memory = scratch ? scratch : mapping.lookup(group.buffer);
  auto type = cast<MemRefType>(memory.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), math.known(0)), sizes,
      strides(type.getRank(), math.known(1));
  auto results = cast<MemRefType>(group.product.getInit().getType());
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (group.part)
      offsets[dim] = math.known(*getConstantIntValue(group.part.getMixedOffsets()[dim]));
    sizes.push_back(math.known(dim == 0 ? 1 : results.getDimSize(dim)));
  }
  if (!scratch)
    offsets[0] = rows.image;
  offsets[group.rowDim] =
      scratch ? math.known(plan.getKeptRows()) : math.add(rows.first, math.known(group.getRowsBefore()));
  sizes[group.rowDim] = rows.count;
  return memref::SubViewOp::create(builder, loc, memory, offsets, sizes, strides);
}

/// Rows of memory of the results' shape.
Value WindowMemory::view(Value memory, OpFoldResult image, OpFoldResult first, OpFoldResult count) {
  auto type = cast<MemRefType>(memory.getType());
  SmallVector<OpFoldResult> offsets(type.getRank(), math.known(0)), strides(type.getRank(), math.known(1));
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : type.getShape())
    sizes.push_back(math.known(size));
  offsets[0] = image;
  sizes[0] = math.known(1);
  offsets[group.rowDim] = first;
  sizes[group.rowDim] = count;
  return memref::SubViewOp::create(builder, loc, memory, offsets, sizes, strides);
}

Value WindowMemory::viewScratch(int64_t first, int64_t count) {
  return view(scratch, math.known(0), math.known(first), math.known(count));
}

Value WindowMemory::viewSeam(OpFoldResult seam, int64_t first, int64_t count) {
  return view(mapping.lookup(seams), seam, math.known(first), math.known(count));
}

Value WindowMemory::viewRows(OpFoldResult image, OpFoldResult inScratch, OpFoldResult inBuffer) {
  if (scratch)
    return view(scratch, math.known(0), inScratch, math.sub(math.known(plan.getRowsOfMemory()), inScratch));
  int64_t height = group.getBufferType().getDimSize(group.rowDim);
  return view(mapping.lookup(group.buffer), image, inBuffer, math.sub(math.known(height), inBuffer));
}

/// What lies beside the results, which no block writes.
void WindowMemory::fillSides() {
  auto type = cast<MemRefType>(scratch.getType());
  for (int64_t dim = 1; group.part && dim < type.getRank(); ++dim) {
    int64_t begin = *getConstantIntValue(group.part.getMixedOffsets()[dim]);
    int64_t end = begin + group.part.getType().getDimSize(dim), size = type.getDimSize(dim);
    if (dim == group.rowDim)
      continue;
    for (auto [from, to] : {std::pair(int64_t(0), begin), std::pair(end, size)}) {
      if (from == to)
        continue;
      SmallVector<OpFoldResult> offsets(type.getRank(), math.known(0)), sizes,
          strides(type.getRank(), math.known(1));
      for (int64_t each : type.getShape())
        sizes.push_back(math.known(each));
      offsets[dim] = math.known(from);
      sizes[dim] = math.known(to - from);
      Value side = memref::SubViewOp::create(builder, loc, scratch, offsets, sizes, strides);
      store(group.padding[0].getLoc(), getPadding(), side);
    }
  }
}

void WindowMemory::store(Location where, Value what, Value to) {
  unsigned rank = cast<MemRefType>(to.getType()).getRank();
  AffineMap all = builder.getMultiDimIdentityMap(rank);
  AffineMap maps[] = {isa<MemRefType>(what.getType()) ? all : AffineMap::get(rank, 0, builder.getContext()),
                      all};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  linalg::GenericOp::create(
      builder, where, TypeRange(), what, to, maps, iterators,
      [](OpBuilder &b, Location l, ValueRange arguments) { linalg::YieldOp::create(b, l, arguments[0]); });
}

void WindowMemory::fillRows(int64_t first, int64_t count) {
  if (count > 0)
    store(group.padding[0].getLoc(), getPadding(), viewScratch(first, count));
}

} // namespace tgc

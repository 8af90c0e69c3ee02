//===- GradientRows.cpp - Gradients of some rows of a tensor --------------===//

#include "compiler/AutoDiff/GradientRows.h"

using namespace mlir;

namespace tgc {

/// Rows and indices under the types that leave their number open.
static GradientRows refine(tg::GradientBuilder &words, Value values, Value indices) {
  SmallVector<Type> types = tg::getRowTypes(words.getType(values));
  return {words.refine(values, types[0]), words.refine(words.cast(indices, types[1]), types[1])};
}

bool readsRows(Operation *op) {
  auto gather = dyn_cast<tg::GatherOp>(op);
  return gather && gather.getAxis() == 0 && gather.getBatchDims() == 0;
}

GradientRows getRowsOf(tg::GradientBuilder &words, tg::GatherOp gather, Value gradient) {
  SmallVector<OpFoldResult> sizes = words.getSizes(gather.getParams());
  sizes[0] = words.product(words.getSizes(gather.getIndices()));
  return refine(words, words.reshape(gradient, sizes), words.reshape(gather.getIndices(), sizes[0]));
}

GradientRows getAllRows(tg::GradientBuilder &words, Value gradient) {
  OpFoldResult count = words.getSizes(gradient).front();
  return refine(words, gradient, words.iota(count, words.builder.getI64Type(), 0));
}

GradientRows getZeroRows(tg::GradientBuilder &words, Value x, OpFoldResult count) {
  SmallVector<OpFoldResult> sizes = words.getSizes(x);
  sizes[0] = count;
  return refine(words, words.zeros(sizes, words.getType(x).getElementType()),
                words.iota(count, words.builder.getI64Type(), 0));
}

GradientRows joinRows(tg::GradientBuilder &words, ArrayRef<GradientRows> parts) {
  if (parts.size() == 1)
    return parts.front();
  auto values = llvm::map_to_vector(parts, [](GradientRows part) { return part.values; });
  auto indices = llvm::map_to_vector(parts, [](GradientRows part) { return part.indices; });
  return refine(words, words.concat(values, 0), words.concat(indices, 0));
}

} // namespace tgc

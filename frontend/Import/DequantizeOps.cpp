//===- DequantizeOps.cpp - Numbers of quantised tensors -------------------===//
//
// A quantised tensor is one of integers; the range that its integers stand for travels beside it.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/SequenceOps.h"

#include <cmath>

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// (x, min, max): one range, or one for each slice along an axis. All in single precision, as TensorFlow
/// computes it.
LogicalResult importDequantize(NodeImporter &n) {
  auto output = n.getElementTypeAttr("dtype");
  Type single = n.builder.getF32Type();
  auto integer = dyn_cast<IntegerType>(n.getElementType(0));
  if (failed(output) || !integer || integer.getWidth() > 32)
    return failed(output) ? failure()
                          : LogicalResult(n.error() << "is not supported on " << n.getElementType(0));
  int64_t axis = n.getInt("axis");
  Value x = n.cast(n.getTensor(0), single), low = n.getTensor(1), high = n.getTensor(2);
  SmallVector<Size> sizes = n.sizes.sizesOf(x);
  bool isSliced = axis != -1;
  if (isSliced) {
    auto dim = n.normalizeAxis(axis, sizes.size());
    if (failed(dim))
      return failure();
    axis = *dim;
  }
  for (Value *range : {&low, &high}) {
    int64_t rank = cast<RankedTensorType>(range->getType()).getRank();
    if (isSliced && rank == 1) {
      if (failed(n.requireEqual(n.sizes.sizeOf(*range, 0), sizes[axis], "there are %d ranges for %d slices")))
        return failure();
      *range = n.broadcastAlong(*range, axis, sizes);
    } else if (!isSliced && rank == 0) {
      *range = n.broadcastTo(*range, sizes);
    } else {
      return n.error() << "min_range and max_range must be " << (isSliced ? "vectors" : "scalars") << ", got "
                       << n.getType(1) << " and " << n.getType(2);
    }
  }
  bool isSigned = !integer.isUnsigned();
  double width = integer.getWidth(), most = std::ldexp(1.0, width - isSigned) - 1,
         least = isSigned ? -std::ldexp(1.0, width - 1) : 0;
  auto number = [&](double value) { return n.splatLike(x, value); };
  StringRef mode = n.getString("mode");
  Value result;
  if (mode == "SCALED") {
    Value scale = n.div(high, number(most));
    if (isSigned)
      scale = n.create<tg::MaximumOp>(n.div(low, number(least + n.getBool("narrow_range"))), scale);
    result = n.mul(x, scale);
  } else if (mode == "MIN_FIRST") {
    Value scale = n.div(n.sub(high, low), number(most - least));
    Value offset = n.mul(n.create<tg::RoundEvenOp>(n.div(low, scale)), scale);
    result = n.add(offset, n.mul(n.sub(x, number(least)), scale));
  } else {
    Value scale = n.div(n.sub(high, low), number(most - least));
    result = n.add(n.mul(n.add(x, number(isSigned ? (most - least + 1) / 2 : 0)), scale), low);
  }
  n.setResult(n.cast(result, *output));
  return success();
}

} // namespace

void registerDequantizeOps(OpRegistry &registry) { registry.add({"Dequantize"}, importDequantize); }

} // namespace tgc

//===- BoxOps.cpp - Choosing among boxes ----------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/NodeImporter.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// The lowest score threshold: every box is a candidate.
constexpr double kNoThreshold = -3.4028234663852886e38;

LogicalResult checkBoxes(NodeImporter &n, bool hasOverlaps) {
  if (n.getRank(0) != 2 || n.getRank(1) != 1)
    return n.error() << "boxes must be 2-D and scores 1-D, got " << n.getType(0) << " and " << n.getType(1);
  Value boxes = n.getTensor(0);
  Size count = n.sizes.sizeOf(n.getTensor(1), 0), width = n.sizes.sizeOf(boxes, 1);
  if (failed(n.requireEqual(n.sizes.sizeOf(boxes, 0), count, "there are %d boxes and %d scores")))
    return failure();
  return hasOverlaps
             ? n.requireEqual(width, count, "overlaps have %d columns, expected one for each of the %d boxes")
             : n.requireEqual(width, n.sizes.constant(4), "boxes have %d columns, expected %d");
}

/// How many at most, as an operand.
FailureOr<Size> getMost(NodeImporter &n, size_t i) {
  auto most = n.getScalarSize(i, "max_output_size");
  if (failed(most) || failed(n.requireAtMost(n.sizes.constant(0), *most,
                                             "max_output_size must be non-negative, at least %d, got %d")))
    return failure();
  return most;
}

/// NonMaxSuppression V1 to V5 and WithOverlaps: which thresholds are inputs differs, and what else comes out.
LogicalResult importSuppression(NodeImporter &n) {
  StringRef op = n.node.op();
  bool hasOverlaps = op.ends_with("WithOverlaps"), isPadded = n.getBool("pad_to_max_output_size");
  auto most = getMost(n, 2);
  if (failed(checkBoxes(n, hasOverlaps)) || failed(most))
    return failure();
  Type single = n.builder.getF32Type();
  Value overlap = n.getNumInputs() > 3 ? n.getTensor(3) : n.scalar(single, n.getFloat("iou_threshold"));
  Value score = n.getNumInputs() > 4 ? n.getTensor(4) : n.scalar(single, kNoThreshold);
  Value sigma = n.getNumInputs() > 5 ? n.getTensor(5) : n.scalar(single, 0);
  for (size_t i = 3; i < n.getNumInputs(); ++i)
    if (n.getRank(i) != 0)
      return n.error() << "thresholds must be scalars, got " << n.getType(i);
  Value operands[] = {n.getTensor(0), n.getTensor(1), n.sizeTensor(*most, n.builder.getI64Type()),
                      overlap,        score,          sigma};
  Type i32 = n.builder.getI32Type();
  Type types[] = {RankedTensorType::get({ShapedType::kDynamic}, i32),
                  RankedTensorType::get({ShapedType::kDynamic}, n.getElementType(1)),
                  RankedTensorType::get({}, i32)};
  std::string config = std::string(hasOverlaps ? "1" : "0") + (isPadded ? " 1" : " 0");
  SmallVector<Value> results = n.hostCall("tgc_kernel_non_max_suppression", operands, types, config, {},
                                          /*isPure=*/true, /*findsSizes=*/true);
  for (Value &result : MutableArrayRef(results).take_front(2))
    if (isPadded) {
      result = n.refine(result, tg::getTypeOfSizes({*most}, getElementTypeOrSelf(result.getType())));
      n.sizes.setSizes(result, {*most});
    }
  n.setResult(0, results[0]);
  if (n.getOutputs().size() == 2)
    n.setResult(1, results[2]);
  if (n.getOutputs().size() == 3) {
    n.setResult(1, results[1]);
    n.setResult(2, results[2]);
  }
  return success();
}

LogicalResult importCombined(NodeImporter &n) {
  if (n.getRank(0) != 4 || n.getRank(1) != 3)
    return n.error() << "boxes must be 4-D and scores 3-D, got " << n.getType(0) << " and " << n.getType(1);
  auto perClass = getMost(n, 2), total = getMost(n, 3);
  if (failed(perClass) || failed(total))
    return failure();
  SmallVector<Size> boxes = n.sizes.sizesOf(n.getTensor(0)), scores = n.sizes.sizesOf(n.getTensor(1));
  if (failed(n.requireEqual(boxes[0], scores[0], "boxes and scores have batches of %d and %d")) ||
      failed(n.requireEqual(boxes[1], scores[1], "there are %d boxes and %d scores")) ||
      failed(n.requireEqual(boxes[3], n.sizes.constant(4), "boxes have %d corners, expected %d")))
    return failure();
  if (!IndexBuilder::isConstant(boxes[2], 1) &&
      failed(n.requireEqual(boxes[2], scores[2], "boxes of %d classes, scores of %d")))
    return failure();
  Size most = n.getBool("pad_per_class") ? n.sizes.min(*total, n.sizes.mul(*perClass, scores[2])) : *total;
  Value operands[] = {n.getTensor(0), n.getTensor(1), n.sizeTensor(*perClass, n.builder.getI64Type()),
                      n.getTensor(4), n.getTensor(5)};
  SmallVector<SmallVector<Size>> shapes{
      {boxes[0], most, n.sizes.constant(4)}, {boxes[0], most}, {boxes[0], most}, {boxes[0]}};
  SmallVector<Type> types;
  SmallVector<Value> extents;
  for (auto [i, shape] : llvm::enumerate(shapes)) {
    types.push_back(
        tg::getTypeOfSizes(shape, i < 3 ? Type(n.builder.getF32Type()) : Type(n.builder.getI32Type())));
    llvm::append_range(extents, tg::getDynamicSizes(shape));
  }
  SmallVector<Value> results = n.hostCall("tgc_kernel_combined_non_max_suppression", operands, types,
                                          n.getBool("clip_boxes") ? "1" : "0", extents);
  for (auto [i, result] : llvm::enumerate(results)) {
    n.sizes.setSizes(result, shapes[i]);
    n.setResult(i, result);
  }
  return success();
}

} // namespace

void registerBoxOps(OpRegistry &registry) {
  registry.add({"NonMaxSuppression", "NonMaxSuppressionV2", "NonMaxSuppressionV3", "NonMaxSuppressionV4",
                "NonMaxSuppressionV5", "NonMaxSuppressionWithOverlaps"},
               importSuppression);
  registry.add({"CombinedNonMaxSuppression"}, importCombined);
}

} // namespace tgc

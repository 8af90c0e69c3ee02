//===- SummaryOps.cpp - What a graph tells TensorBoard --------------------===//
//
// A summary is the text of a protocol buffer whose fields repeat, so summaries are merged by joining them.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

/// Calls a kernel that makes one string; its second result is the bytes that it points to.
void setSummary(NodeImporter &n, StringRef kernel, ValueRange inputs, StringRef config = "") {
  Type text = RankedTensorType::get({}, tg::StringType::get(n.builder.getContext()));
  Type bytes = RankedTensorType::get({ShapedType::kDynamic}, n.builder.getIntegerType(8, /*isSigned=*/false));
  n.setResult(
      n.hostCall(kernel, inputs, {text, bytes}, config, {}, /*isPure=*/true, /*findsSizes=*/true).front());
}

LogicalResult importScalarSummary(NodeImporter &n) {
  Value values = n.cast(n.getTensor(1), n.builder.getF32Type());
  if (failed(verifyCompatibleShape(n.getType(0), values.getType())))
    return n.error() << "tags of type " << n.getType(0) << " do not fit to values of type " << n.getType(1);
  SmallVector<OpFoldResult> tags = n.sizes.sizesOf(n.getTensor(0)), numbers = n.sizes.sizesOf(values);
  for (auto [tag, number] : llvm::zip_equal(tags, numbers))
    if (failed(n.requireEqual(tag, number, "tags and values are not of the same shape: %d and %d")))
      return failure();
  setSummary(n, "tgc_kernel_scalar_summary", {n.getTensor(0), values});
  return success();
}

LogicalResult importHistogramSummary(NodeImporter &n) {
  if (n.getRank(0) != 0)
    return n.error() << "tag must be a scalar, got " << n.getType(0);
  setSummary(n, "tgc_kernel_histogram_summary",
             {n.getTensor(0), n.cast(n.getTensor(1), n.builder.getF64Type())});
  return success();
}

LogicalResult importImageSummary(NodeImporter &n) {
  RankedTensorType type = n.getType(1);
  int64_t depth = type.getRank() == 4 ? type.getDimSize(3) : 0;
  if (n.getRank(0) != 0 || type.getRank() != 4 || (depth != 1 && depth != 3 && depth != 4))
    return n.error() << "wants a scalar and images of shape [count, height, width, 1, 3 or 4 channels], got "
                     << n.getType(0) << " and " << type;
  Type element = type.getElementType();
  Value images =
      element.isUnsignedInteger(8) ? n.getTensor(1) : n.cast(n.getTensor(1), n.builder.getF32Type());
  setSummary(n, "tgc_kernel_image_summary", {n.getTensor(0), images}, std::to_string(n.getInt("max_images")));
  return success();
}

LogicalResult importMergeSummary(NodeImporter &n) {
  for (size_t i = 0; i < n.getNumInputs(); ++i)
    if (n.getRank(i) != 0)
      return n.error() << "merges scalars, got " << n.getType(i);
  if (n.getNumInputs() == 0)
    return n.error() << "merges nothing";
  // Joined by nothing.
  SmallVector<Value> operands{n.scalar(n.getElementType(0), 0)};
  llvm::append_range(operands, n.getTensors(0, n.getNumInputs()));
  n.setResult(n.hostCall("tgc_kernel_string_concat", operands, n.getType(0)).front());
  return success();
}

} // namespace

void registerSummaryOps(OpRegistry &registry) {
  registry.add({"ScalarSummary"}, importScalarSummary);
  registry.add({"HistogramSummary"}, importHistogramSummary);
  registry.add({"ImageSummary"}, importImageSummary);
  registry.add({"MergeSummary"}, importMergeSummary);
}

} // namespace tgc

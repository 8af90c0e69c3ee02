//===- FileOps.cpp - Files, the clock, devices ----------------------------===//

#include "frontend/Import/Messages.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/SequenceOps.h"

using namespace mlir;

namespace tgc {
namespace {

LogicalResult requireScalar(NodeImporter &n, size_t i, StringRef what) {
  if (n.getRank(i) == 0)
    return success();
  return n.error() << what << " must be a scalar, got " << n.getType(i);
}

LogicalResult importReadFile(NodeImporter &n) {
  if (failed(requireScalar(n, 0, "filename")))
    return failure();
  n.setResult(
      n.hostCall("tgc_kernel_read_file", n.getTensor(0), n.getType(0), "", {}, /*isPure=*/false).front());
  return success();
}

LogicalResult importWriteFile(NodeImporter &n) {
  if (failed(requireScalar(n, 0, "filename")) || failed(requireScalar(n, 1, "contents")))
    return failure();
  n.hostCall("tgc_kernel_write_file", n.getTensors(0, 2), {}, "", {}, /*isPure=*/false);
  return success();
}

/// The elements lie in a file, as they lie in memory.
LogicalResult importImmutableConst(NodeImporter &n) {
  auto element = n.getElementTypeAttr("dtype");
  auto shape = getShapeAttr(n.node, "shape");
  if (failed(element))
    return failure();
  if (!shape || llvm::is_contained(*shape, -1) || isa<tg::StringType>(*element))
    return n.error() << "the shape must be known, and the elements must be numbers";
  Type type = RankedTensorType::get(*shape, *element);
  n.setResult(n.hostCall("tgc_kernel_read_elements", {}, type, n.getString("memory_region_name")).front());
  return success();
}

LogicalResult importMatchingFiles(NodeImporter &n) {
  if (n.getRank(0) > 1)
    return n.error() << "pattern must be a scalar or a vector, got " << n.getType(0);
  Type names = RankedTensorType::get({ShapedType::kDynamic}, n.getElementType(0));
  n.setResult(n.hostCall("tgc_kernel_matching_files", n.getTensor(0), names, "", {}, /*isPure=*/false,
                         /*findsSizes=*/true)
                  .front());
  return success();
}

LogicalResult importTimestamp(NodeImporter &n) {
  Type type = RankedTensorType::get({}, n.builder.getF64Type());
  n.setResult(n.hostCall("tgc_kernel_timestamp", {}, type, "", {}, /*isPure=*/false).front());
  return success();
}

/// Where the CPU stands among the devices that the graph asks for; behind them if it is not there.
LogicalResult importDeviceIndex(NodeImporter &n) {
  int64_t index = 0;
  const proto::AttrValue *names = findAttr(n.node, "device_names");
  for (int i = 0, e = names ? names->list().s_size() : 0; i < e; ++i, ++index)
    if (names->list().s(i) == "CPU")
      break;
  n.setHostResult({n.builder.getI32Type(), {}, {n.sizes.constant(index)}, {}});
  return success();
}

/// A number that is not zero, a string or another tensor that is not empty.
LogicalResult importToBool(NodeImporter &n) {
  Value x = n.getTensor(0);
  Type boolean = RankedTensorType::get({}, n.builder.getI1Type());
  if (n.getRank(0) > 0) {
    Value isFilled = n.sizes.lessEqual(n.sizes.constant(1), n.sizes.product(n.sizes.sizesOf(x)));
    n.setResult(n.create<tensor::FromElementsOp>(boolean, isFilled));
    return success();
  }
  if (isa<tg::StringType>(n.getElementType(0)))
    x = n.hostCall("tgc_kernel_string_length", x, RankedTensorType::get({}, n.builder.getI32Type()), "BYTE")
            .front();
  n.setResult(
      n.getElementType(0).isInteger(1) ? x : n.compare(tg::ComparisonDirection::NE, x, n.splatLike(x, 0)));
  return success();
}

/// Ends the run where it is reached.
LogicalResult importAbort(NodeImporter &n) {
  if (n.getBool("exit_without_error"))
    return n.error() << "exit_without_error would end the host's process";
  Value never = arith::ConstantOp::create(n.builder, n.loc, n.builder.getBoolAttr(false));
  n.check(never, "Abort: " + escapeMessage(n.getString("error_msg")), {}, tg::StatusCode::Aborted);
  return success();
}

} // namespace

void registerFileOps(OpRegistry &registry) {
  registry.add({"ReadFile"}, importReadFile);
  registry.add({"WriteFile"}, importWriteFile);
  registry.add({"ImmutableConst"}, importImmutableConst);
  registry.add({"MatchingFiles"}, importMatchingFiles);
  registry.add({"Timestamp"}, importTimestamp);
  registry.add({"DeviceIndex"}, importDeviceIndex);
  registry.add({"ToBool"}, importToBool);
  registry.add({"Abort"}, importAbort);
}

} // namespace tgc

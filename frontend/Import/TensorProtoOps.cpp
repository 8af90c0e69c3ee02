//===- TensorProtoOps.cpp - Tensors as messages ---------------------------===//
//
// Serialised tensors, and the summaries that hold one.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GivenShapes.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/KernelCalls.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

LogicalResult setText(NodeImporter &n, StringRef kernel, ValueRange operands, const Twine &config) {
  n.setResult(
      callKernel(n, kernel, operands, KernelResult{{}, tg::StringType::get(n.builder.getContext())}, config)
          .front());
  return success();
}

/// TensorFlow's number of the element type.
std::string getTypeNumber(NodeImporter &n) {
  return std::to_string(static_cast<int>(getTypeAttr(n.node, "T")));
}

LogicalResult importSerialize(NodeImporter &n) {
  return setText(n, "tgc_kernel_serialize_tensor", n.getTensor(0), getTypeNumber(n));
}

/// A message that comes at run time: it says the sizes, the rank must be given.
LogicalResult importParseAtRunTime(NodeImporter &n) {
  auto element = n.getElementTypeAttr("out_type");
  if (failed(element) || failed(requireRanks(n, 0, {0})))
    return failure();
  auto type = getOpenType(n, 0, *element);
  if (failed(type))
    return failure();
  std::string config = std::to_string(static_cast<int>(getTypeAttr(n.node, "out_type")));
  for (int64_t size : type->getShape())
    config += " " + std::to_string(ShapedType::isDynamic(size) ? -1 : size);
  n.setResult(n.hostCall("tgc_kernel_parse_tensor", n.getTensor(0), *type, config, {}, /*isPure=*/true,
                         /*findsSizes=*/true)
                  .front());
  return success();
}

/// A message that is known says the rank, too.
LogicalResult importParse(NodeImporter &n) {
  auto text = n.getTensor(0).getDefiningOp<tg::StringConstantOp>();
  if (!text || text.getValues().size() != 1)
    return importParseAtRunTime(n);
  proto::NodeDef constant;
  constant.set_name(n.node.name());
  constant.set_op("Const");
  proto::TensorProto &tensor = *(*constant.mutable_attr())["value"].mutable_tensor();
  StringRef bytes = cast<StringAttr>(text.getValues()[0]).getValue();
  if (!tensor.ParseFromString(bytes.str()))
    return n.error() << "Could not parse `serialized` as TensorProto";
  (*constant.mutable_attr())["dtype"].set_type(getTypeAttr(n.node, "out_type"));
  NodeImporter importer(n.graph, constant, {}, 1);
  if (failed(getOpRegistry().lookup("Const")(importer)))
    return failure();
  n.setOutput(0, importer.getOutputs()[0]);
  return success();
}

/// The first version names the node, the second has a tag: (tag, tensor, metadata).
LogicalResult importTensorSummary(NodeImporter &n) {
  if (n.node.op() == "TensorSummaryV2")
    return failed(requireRanks(n, 0, {0, -1, 0}))
               ? failure()
               : setText(n, "tgc_kernel_tensor_summary", n.getTensors(0, 3), getTypeNumber(n));
  Value name = createStrings(n, StringRef(n.node.name()), /*isScalar=*/true);
  return setText(n, "tgc_kernel_tensor_summary", {name, n.getTensor(0)}, getTypeNumber(n));
}

/// (tag, clips [count, frames] or [count, frames, channels] (, sample rate)).
LogicalResult importAudioSummary(NodeImporter &n) {
  int64_t rank = n.getRank(1);
  if (failed(requireRanks(n, 0, {0})))
    return failure();
  if (rank != 2 && rank != 3)
    return n.error() << "tensor must be 3-dimensional or 2-dimensional, got " << n.getType(1);
  if (n.getInt("max_outputs") < 1)
    return n.error() << "max_outputs must be positive, got " << n.getInt("max_outputs");
  SmallVector<Size> sizes = n.sizes.sizesOf(n.getTensor(1));
  if (rank == 2)
    sizes.push_back(n.sizes.constant(1));
  Value rate = n.getNumInputs() > 2 ? n.reshape(n.getTensor(2), {})
                                    : n.scalar(n.builder.getF32Type(), n.getFloat("sample_rate"));
  return setText(n, "tgc_kernel_audio_summary", {n.getTensor(0), n.reshape(n.getTensor(1), sizes), rate},
                 Twine(n.getInt("max_outputs")));
}

} // namespace

void registerTensorProtoOps(OpRegistry &registry) {
  registry.add({"SerializeTensor"}, importSerialize);
  registry.add({"ParseTensor"}, importParse);
  registry.add({"TensorSummary", "TensorSummaryV2"}, importTensorSummary);
  registry.add({"AudioSummary", "AudioSummaryV2"}, importAudioSummary);
}

} // namespace tgc

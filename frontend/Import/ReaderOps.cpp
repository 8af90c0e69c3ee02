//===- ReaderOps.cpp - Records of files, staging areas --------------------===//
//
// Handles are edges that name objects of the session, as those of queues are (QueueOps.cpp).
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GivenShapes.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/KernelCalls.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr StringLiteral kReaderPrefix = "tgc.reader/", kQueuePrefix = "tgc.queue/";

template <char kind> LogicalResult importReader(NodeImporter &n) {
  if (!n.getString("encoding").empty())
    return n.error() << "compressed files are not supported; unpack them first, or feed what is read";
  StringRef packed = n.getString("compression_type");
  if (!packed.empty() && packed != "ZLIB" && packed != "GZIP")
    return n.error() << "compression_type " << packed << " is neither ZLIB nor GZIP";
  if (kind == 'F' && (n.getInt("record_bytes") < 1 || n.getInt("header_bytes") < 0 ||
                      n.getInt("footer_bytes") < 0 || n.getInt("hop_bytes") < 0))
    return n.error()
           << "record_bytes must be positive, header_bytes, footer_bytes and hop_bytes not negative";
  StringRef shared = n.getString("shared_name");
  StringRef name = shared.empty() ? cast<NameLoc>(n.loc).getName().getValue() : shared;
  int64_t first = kind == 'T' ? (packed == "ZLIB") + 2 * (packed == "GZIP")
                              : n.getInt(kind == 'L' ? "skip_header_lines" : "header_bytes");
  ImportedValue value;
  value.variable = VariableReference{
      (kReaderPrefix + Twine(kind) + " " + Twine(first) + " " + Twine(n.getInt("record_bytes")) + " " +
       Twine(n.getInt("footer_bytes")) + " " + Twine(n.getInt("hop_bytes")) + " reader/" + name)
          .str()};
  n.setOutput(0, value);
  return success();
}

/// The config behind the prefix of the object that input `i` is the handle of.
FailureOr<std::string> getObject(NodeImporter &n, size_t i, StringRef prefix, StringRef what) {
  if (const auto &reference = n.getInput(i).variable)
    if (StringRef name = reference->name; name.consume_front(prefix))
      return name.str();
  n.error() << "input " << i << " is no " << what;
  return failure();
}

/// Both handles' configs.
FailureOr<std::string> getReaderAndQueue(NodeImporter &n) {
  auto reader = getObject(n, 0, kReaderPrefix, "reader"), queue = getObject(n, 1, kQueuePrefix, "queue");
  if (failed(reader) || failed(queue))
    return failure();
  return *reader + "|" + *queue;
}

LogicalResult importRead(NodeImporter &n) {
  auto config = getReaderAndQueue(n);
  if (failed(config))
    return failure();
  KernelResult text{{}, tg::StringType::get(n.builder.getContext())};
  setResults(n, callKernel(n, "tgc_kernel_reader_read", {}, {text, text}, *config, /*isPure=*/false));
  return success();
}

LogicalResult importReadUpTo(NodeImporter &n) {
  auto config = getReaderAndQueue(n);
  if (failed(config) || failed(requireRanks(n, 2, {0})))
    return failure();
  Type texts = RankedTensorType::get({ShapedType::kDynamic}, tg::StringType::get(n.builder.getContext()));
  setResults(n, n.hostCall("tgc_kernel_reader_read_up_to", n.getTensor(2), {texts, texts}, *config, {},
                           /*isPure=*/false, /*findsSizes=*/true));
  return success();
}

/// How many records were produced, or how many files finished.
template <int result> LogicalResult importCount(NodeImporter &n) {
  auto config = getObject(n, 0, kReaderPrefix, "reader");
  if (failed(config))
    return failure();
  KernelResult number{{}, n.builder.getI64Type()};
  n.setResult(
      callKernel(n, "tgc_kernel_reader_counts", {}, {number, number}, *config, /*isPure=*/false)[result]);
  return success();
}

LogicalResult importReset(NodeImporter &n) {
  auto config = getObject(n, 0, kReaderPrefix, "reader");
  if (failed(config))
    return failure();
  n.hostCall("tgc_kernel_reader_reset", {}, {}, *config, {}, /*isPure=*/false);
  return success();
}

/// TensorFlow knows the state of readers whose files are one record each.
FailureOr<std::string> getReaderWithState(NodeImporter &n) {
  auto config = getObject(n, 0, kReaderPrefix, "reader");
  if (succeeded(config) && config->front() != 'W' && config->front() != 'I') {
    n.error() << "only WholeFileReader and IdentityReader have a state that can be kept";
    return failure();
  }
  return config;
}

LogicalResult importSerializeState(NodeImporter &n) {
  auto config = getReaderWithState(n);
  if (failed(config))
    return failure();
  KernelResult text{{}, tg::StringType::get(n.builder.getContext())};
  n.setResult(callKernel(n, "tgc_kernel_reader_serialize", {}, text, *config, /*isPure=*/false).front());
  return success();
}

LogicalResult importRestoreState(NodeImporter &n) {
  auto config = getReaderWithState(n);
  if (failed(config) || failed(requireRanks(n, 1, {0})))
    return failure();
  n.hostCall("tgc_kernel_reader_restore", n.getTensor(1), {}, *config, {}, /*isPure=*/false);
  return success();
}

//===----------------------------------------------------------------------===//
// Staging areas
//===----------------------------------------------------------------------===//

/// The queue that stands for a staging area.
std::string getStage(NodeImporter &n) {
  StringRef shared = n.getString("shared_name");
  StringRef name = shared.empty() ? cast<NameLoc>(n.loc).getName().getValue() : shared;
  int64_t capacity = n.getInt("capacity");
  return ("F " + Twine(capacity > 0 ? capacity : -1) + " 0 0 0 stage/" + name).str();
}

LogicalResult importStage(NodeImporter &n) {
  if (n.getNumInputs() == 0)
    return n.error() << "stages nothing";
  n.hostCall("tgc_kernel_queue_enqueue", n.getTensors(0, n.getNumInputs()), {}, getStage(n), {},
             /*isPure=*/false);
  return success();
}

/// The node itself does not state the shapes of what comes out.
LogicalResult importUnstage(NodeImporter &n) {
  const proto::AttrValue *types = findAttr(n.node, "dtypes");
  SmallVector<Type> results;
  for (int i = 0, count = types ? types->list().type_size() : 0; i < count; ++i) {
    Type element = getElementType(n.builder.getContext(), types->list().type(i));
    if (!element)
      return n.error() << "the type of output " << i << " is not supported";
    auto type = getOpenType(n, i, element);
    if (failed(type))
      return failure();
    results.push_back(*type);
  }
  setResults(n, n.hostCall("tgc_kernel_queue_dequeue", {}, results, getStage(n), {}, /*isPure=*/false,
                           /*findsSizes=*/true));
  return success();
}

} // namespace

void registerReaderOps(OpRegistry &registry) {
  registry.add({"TextLineReader", "TextLineReaderV2"}, importReader<'L'>);
  registry.add({"TFRecordReader", "TFRecordReaderV2"}, importReader<'T'>);
  registry.add({"FixedLengthRecordReader", "FixedLengthRecordReaderV2"}, importReader<'F'>);
  registry.add({"WholeFileReader", "WholeFileReaderV2"}, importReader<'W'>);
  registry.add({"IdentityReader", "IdentityReaderV2"}, importReader<'I'>);
  registry.add({"ReaderRead", "ReaderReadV2"}, importRead);
  registry.add({"ReaderReadUpTo", "ReaderReadUpToV2"}, importReadUpTo);
  registry.add({"ReaderNumRecordsProduced", "ReaderNumRecordsProducedV2"}, importCount<0>);
  registry.add({"ReaderNumWorkUnitsCompleted", "ReaderNumWorkUnitsCompletedV2"}, importCount<1>);
  registry.add({"ReaderReset", "ReaderResetV2"}, importReset);
  registry.add({"ReaderSerializeState", "ReaderSerializeStateV2"}, importSerializeState);
  registry.add({"ReaderRestoreState", "ReaderRestoreStateV2"}, importRestoreState);
  registry.add({"Stage"}, importStage);
  registry.add({"Unstage"}, importUnstage);
}

} // namespace tgc

//===- ModelReader.cpp - A model from a file or directory --------------------===//
//
// Decides which of TensorFlow's formats a path holds. The extension is a hint; files carry the wrong one
// often enough that the content has the last word.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/ExpandFused.h"
#include "frontend/GraphDef/MessageParser.h"
#include "frontend/GraphDef/MetaGraph.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace tgc;

namespace {

enum class MessageKind { GraphDef, MetaGraph, SavedModel };

} // namespace

/// The kind of message whose first field, in text form, this is.
static MessageKind textKind(StringRef text) {
  for (text = text.ltrim(); text.consume_front("#"); text = text.ltrim())
    text = text.split('\n').second;
  return StringSwitch<MessageKind>(text.take_while([](char c) { return isAlnum(c) || c == '_'; }))
      .Cases({"saved_model_schema_version", "meta_graphs"}, MessageKind::SavedModel)
      .Cases({"meta_info_def", "graph_def", "saver_def", "collection_def", "signature_def", "asset_file_def",
              "object_graph_def"},
             MessageKind::MetaGraph)
      .Default(MessageKind::GraphDef);
}

/// Did the bytes only happen to parse? Another kind of message leaves a graph without nodes, or nodes without
/// ops.
static bool isPlausible(const proto::GraphDef &graph) {
  if (graph.node().empty())
    return false;
  return all_of(graph.node(), [](const proto::NodeDef &node) { return !node.op().empty(); });
}

/// The kind of the binary message, or none if it is malformed. `graph` is left parsed if it is one.
static std::optional<MessageKind> binaryKind(StringRef bytes, proto::GraphDef &graph) {
  // Field 1 of a SavedModel is a number (tag 8), and a graph has no number there.
  if (bytes.starts_with("\x08"))
    return MessageKind::SavedModel;
  bool isGraph = tryParseBinary(bytes, graph);
  if (isGraph && isPlausible(graph))
    return MessageKind::GraphDef;
  proto::MetaGraphDef meta;
  if (tryParseBinary(bytes, meta) && meta.has_graph_def() && isPlausible(meta.graph_def()))
    return MessageKind::MetaGraph;
  if (isGraph)
    return MessageKind::GraphDef;
  return std::nullopt;
}

/// The kind of message that the name of the file promises, if it promises one that is not a GraphDef.
static std::optional<MessageKind> kindOfName(StringRef path) {
  if (sys::path::filename(path) == "saved_model.pb")
    return MessageKind::SavedModel;
  if (sys::path::extension(path) == ".meta")
    return MessageKind::MetaGraph;
  return std::nullopt;
}

static Expected<std::unique_ptr<Model>> modelFromMetaGraph(proto::MetaGraphDef &&meta, StringRef path) {
  if (!meta.has_graph_def())
    return createStringError(path + ": the MetaGraphDef holds no graph");
  auto model = std::make_unique<Model>();
  model->path = path.str();
  model->format = ModelFormat::MetaGraph;
  takeMetaGraph(std::move(meta), *model);
  return std::move(model);
}

static Expected<std::unique_ptr<Model>> modelFromText(StringRef text, StringRef path,
                                                      const ReadOptions &options) {
  switch (textKind(text)) {
  case MessageKind::SavedModel: {
    proto::SavedModel saved;
    if (Error error = parseText(text, saved, "SavedModel", path))
      return std::move(error);
    return modelFromSavedModel(std::move(saved), path, options);
  }
  case MessageKind::MetaGraph: {
    proto::MetaGraphDef meta;
    if (Error error = parseText(text, meta, "MetaGraphDef", path))
      return std::move(error);
    return modelFromMetaGraph(std::move(meta), path);
  }
  case MessageKind::GraphDef:
    break;
  }
  auto model = std::make_unique<Model>();
  model->path = path.str();
  model->format = ModelFormat::GraphDefText;
  if (Error error = parseText(text, model->graph, "GraphDef", path))
    return std::move(error);
  return std::move(model);
}

static Expected<std::unique_ptr<Model>> modelFromBytes(StringRef bytes, StringRef path,
                                                       const ReadOptions &options) {
  if (sys::path::extension(path) == ".pbtxt")
    return modelFromText(bytes, path, options);
  auto model = std::make_unique<Model>();
  model->path = path.str();
  std::optional<MessageKind> kind = binaryKind(bytes, model->graph);
  if (!kind && looksLikeText(bytes)) {
    Expected<std::unique_ptr<Model>> fromText = modelFromText(bytes, path, options);
    if (fromText)
      return fromText;
    return joinErrors(createStringError(path + ": holds text, not a binary message"), fromText.takeError());
  }
  // Malformed: parse again for the message, as what the name says it should be.
  switch (kind.value_or(kindOfName(path).value_or(MessageKind::GraphDef))) {
  case MessageKind::SavedModel: {
    proto::SavedModel saved;
    if (Error error = parseBinary(bytes, saved, "SavedModel", path))
      return std::move(error);
    return modelFromSavedModel(std::move(saved), path, options);
  }
  case MessageKind::MetaGraph: {
    proto::MetaGraphDef meta;
    if (Error error = parseBinary(bytes, meta, "MetaGraphDef", path))
      return std::move(error);
    return modelFromMetaGraph(std::move(meta), path);
  }
  case MessageKind::GraphDef:
    if (!kind)
      return parseBinary(bytes, model->graph, "GraphDef", path);
    return std::move(model);
  }
  llvm_unreachable("every kind returns");
}

static Expected<std::unique_ptr<Model>> modelFromDirectory(StringRef path, const ReadOptions &options) {
  SmallString<128> file(path);
  for (StringRef name : {"saved_model.pb", "saved_model.pbtxt"}) {
    file = path;
    sys::path::append(file, name);
    if (!sys::fs::exists(file))
      continue;
    Expected<std::unique_ptr<MemoryBuffer>> buffer = openFile(file);
    if (!buffer)
      return buffer.takeError();
    proto::SavedModel saved;
    Error error = name.ends_with(".pbtxt") ? parseText((*buffer)->getBuffer(), saved, "SavedModel", file)
                                           : parseBinary((*buffer)->getBuffer(), saved, "SavedModel", file);
    if (error)
      return std::move(error);
    return modelFromSavedModel(std::move(saved), file, options);
  }
  file = path;
  sys::path::append(file, "saved_model.cpb");
  if (sys::fs::exists(file))
    return createStringError(Twine(file) +
                             ": UNIMPLEMENTED: the chunked form of SavedModel (ChunkedMessage records of "
                             "proto_splitter); save the model without "
                             "experimental_image_format to get saved_model.pb");
  return createStringError(path +
                           ": the directory has neither saved_model.pb nor saved_model.pbtxt, so it is not a "
                           "SavedModel");
}

/// Nodes as the importer knows them: fused ones taken apart, and PlaceholderV2, which must state its shape,
/// as any other placeholder.
static Expected<std::unique_ptr<Model>> withPlainNodes(Expected<std::unique_ptr<Model>> model) {
  if (!model)
    return model;
  expandFusedNodes((*model)->graph);
  for (proto::NodeDef &node : *(*model)->graph.mutable_node())
    if (node.op() == "PlaceholderV2")
      node.set_op("Placeholder");
  return model;
}

Expected<std::unique_ptr<Model>> tgc::readModel(StringRef path, const ReadOptions &options) {
  if (sys::fs::is_directory(path))
    return withPlainNodes(modelFromDirectory(path, options));
  Expected<std::unique_ptr<MemoryBuffer>> buffer = openFile(path);
  if (!buffer)
    return buffer.takeError();
  return withPlainNodes(modelFromBytes((*buffer)->getBuffer(), path, options));
}

Expected<std::unique_ptr<Model>> tgc::readModelFromBytes(StringRef bytes, StringRef name) {
  return withPlainNodes(modelFromBytes(bytes, name, ReadOptions()));
}

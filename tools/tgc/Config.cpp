//===- Config.cpp - tfcompile's description of an entry -------------------===//

#include "tools/tgc/Config.h"
#include "frontend/GraphDef/MessageParser.h"
#include "tools/tgc/Config.pb.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace llvm;

namespace tgc {

static Expected<std::string> tensorOf(const proto::TensorId &id, StringRef what, StringRef path) {
  if (id.node_name().empty())
    return createStringError(path + ": a " + what + " has no id { node_name: \"...\" }");
  return id.node_name() + ":" + std::to_string(id.output_index());
}

Expected<Config> readConfig(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError(buffer.getError(), path + ": " + buffer.getError().message());
  proto::Config message;
  if (Error error = parseText((*buffer)->getBuffer(), message, "tf2xla.Config", path))
    return std::move(error);
  Config config;
  config.entry.name = "main";
  for (const proto::ConfigFeed &feed : message.feed()) {
    Expected<std::string> tensor = tensorOf(feed.id(), "feed", path);
    if (!tensor)
      return tensor.takeError();
    config.entry.feeds.push_back({*tensor, TGC_DTYPE_INVALID, {}});
    if (!feed.name().empty())
      config.names.push_back({*tensor, feed.name()});
    if (!feed.has_shape() || feed.shape().unknown_rank())
      continue;
    std::vector<int64_t> shape;
    for (const auto &dim : feed.shape().dim())
      shape.push_back(dim.size());
    config.feedShapes.emplace_back(*tensor, std::move(shape));
  }
  for (const proto::ConfigFetch &fetch : message.fetch()) {
    Expected<std::string> tensor = tensorOf(fetch.id(), "fetch", path);
    if (!tensor)
      return tensor.takeError();
    config.entry.fetches.push_back(*tensor);
    if (!fetch.name().empty())
      config.names.push_back({*tensor, fetch.name()});
  }
  if (config.entry.fetches.empty())
    return createStringError(path + ": names no fetch");
  return config;
}

} // namespace tgc

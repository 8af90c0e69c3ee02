//===- OptionsText.cpp - Options of the C APIs ----------------------------===//

#include "compiler/API/OptionsText.h"
#include "compiler/Target/PtxEmitter.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <cmath>
#include <cstring>

using namespace llvm;

namespace tgc {

std::vector<std::string> splitNames(StringRef text) {
  std::vector<std::string> names;
  for (StringRef name : split(text, ','))
    if (!name.trim().empty())
      names.push_back(name.trim().str());
  return names;
}

Expected<std::pair<std::string, std::vector<int64_t>>> parseFeedShape(StringRef text) {
  auto [name, sizes] = text.rsplit('=');
  if (name.empty() || name == text)
    return createStringError("shape " + text + ": expected <tensor>=<size>,<size>,...");
  std::vector<int64_t> shape;
  if (sizes.trim().empty())
    return std::pair(name.str(), shape);
  for (StringRef part : split(sizes, ',')) {
    int64_t size = -1;
    if (part.trim() != "?" && (part.trim().getAsInteger(10, size) || size < 0))
      return createStringError("shape " + text + ": '" + part + "' is no size, expected a number or ?");
    shape.push_back(size);
  }
  return std::pair(name.str(), shape);
}

Error checkGradientOptions(const CompileOptions &options) {
  for (const GradientOptions &request : options.gradients)
    if (request.ys.empty() || request.xs.empty())
      return createStringError(
          "each --gradients Y needs a --wrt X,... after it, which says with respect to what");
  const TrainingOptions &training = options.training;
  if (!training.loss.empty() && training.optimizer.empty())
    return createStringError("--minimize " + training.loss +
                             " needs an --optimizer, e.g. adam:learning_rate=1e-3");
  if (training.loss.empty() &&
      !(training.optimizer.empty() && training.trainable.empty() && !training.clipNorm))
    return createStringError("--optimizer, --trainable and --clip-norm need a --minimize LOSS");
  if (!(training.clipNorm >= 0))
    return createStringError("--clip-norm: expected a positive number");
  return Error::success();
}

Expected<int64_t> parseBytes(StringRef text) {
  StringRef unit = text;
  uint64_t number = 0;
  bool isNumber = !unit.consumeInteger(10, number);
  int shift = StringSwitch<int>(unit.trim())
                  .Cases({"", "B"}, 0)
                  .Case("KiB", 10)
                  .Case("MiB", 20)
                  .Case("GiB", 30)
                  .Default(-1);
  if (!isNumber || shift < 0 || number == 0 || number > (uint64_t(INT64_MAX) >> shift))
    return createStringError("memory-budget=" + text +
                             ": expected a positive number of bytes, or of KiB, MiB or GiB, e.g. 64MiB");
  return static_cast<int64_t>(number << shift);
}

Expected<double> parseTuneSeconds(StringRef text) {
  double seconds = 0;
  if (text.getAsDouble(seconds) || !std::isfinite(seconds) || seconds <= 0)
    return createStringError("tune=" + text + ": expected a positive number of seconds, e.g. 10");
  return seconds;
}

Expected<Remat> parseRemat(StringRef text) {
  if (text == "none")
    return Remat::None;
  if (text == "auto")
    return Remat::Auto;
  if (text == "max")
    return Remat::Max;
  return createStringError("remat=" + text + ": expected auto, none or max");
}

Expected<GpuF32> parseGpuF32(StringRef text) {
  if (text == "ieee")
    return GpuF32::IEEE;
  if (text == "tf32")
    return GpuF32::TF32;
  if (text == "tf32x3")
    return GpuF32::TF32x3;
  return createStringError("gpu-f32=" + text + ": expected ieee, tf32 or tf32x3");
}

Expected<std::pair<std::string, std::string>> parseConstant(StringRef text) {
  auto [tensor, value] = text.split('=');
  if (tensor.empty() || value.empty())
    return createStringError("set " + text + ": expected <tensor>=<value>");
  return std::pair(tensor.str(), value.str());
}

Error applyTarget(CompileOptions &options, StringRef text) {
  options.device.clear();
  bool hasCpu = false;
  for (const std::string &target : splitNames(text)) {
    bool isGpu = StringRef(target).starts_with("cuda");
    if (isGpu ? !options.device.empty() : hasCpu)
      return createStringError("target=" + text + ": expected one cpu and one cuda at most");
    if (!isGpu) {
      options.target = target;
      hasCpu = true;
      continue;
    }
    auto chip = parseCudaTarget(target);
    if (!chip)
      return chip.takeError();
    options.device = std::move(*chip);
  }
  if (options.device.empty() && !hasCpu)
    return createStringError("target=" + text + ": expected cpu, cuda:<chip> or both");
  options.requiresDevice = !options.device.empty() && !hasCpu;
  return Error::success();
}

/// Takes one line into the request; false if there is no such key.
static Expected<bool> applyOption(Request &request, StringRef key, StringRef value) {
  auto currentEntry = [&]() -> EntryRequest & {
    if (request.entries.empty()) {
      request.entries.push_back({"main", {}, {}, {}});
      request.hasImpliedEntry = true;
    }
    return request.entries.back();
  };
  CompileOptions &options = request.options;
  if (key == "entry") {
    if (request.hasImpliedEntry)
      return createStringError("entry=" + value +
                               ": feeds, fetches and targets follow the entry that they belong to");
    request.entries.push_back({value.str(), {}, {}, {}});
  } else if (key == "feeds") {
    for (std::string &name : splitNames(value))
      currentEntry().feeds.push_back({name, TGC_DTYPE_INVALID, {}});
  } else if (key == "fetches") {
    append_range(currentEntry().fetches, splitNames(value));
  } else if (key == "targets") {
    append_range(currentEntry().targets, splitNames(value));
  } else if (key == "signature") {
    options.signature = value.str();
  } else if (key == "checkpoint") {
    options.checkpoint = value.str();
  } else if (key == "target") {
    if (Error error = applyTarget(options, value))
      return std::move(error);
  } else if (key == "set") {
    auto constant = parseConstant(value);
    if (!constant)
      return constant.takeError();
    options.constants.push_back(std::move(*constant));
  } else if (key == "cache") {
    options.cacheDirectory = value.str();
  } else if (key == "freeze") {
    options.freeze = value != "0";
  } else if (key == "strip-asserts") {
    options.stripAsserts = value != "0";
  } else if (key == "exact") {
    options.exact = value != "0";
  } else if (key == "optimization") {
    if (value.getAsInteger(10, options.optimizationLevel) || options.optimizationLevel > 3)
      return createStringError("optimization=" + value + ": expected 0 to 3");
  } else if (key == "gradients") {
    options.gradients.push_back({splitNames(value), {}});
  } else if (key == "wrt") {
    if (options.gradients.empty())
      return createStringError("wrt=" + value + ": a line gradients=Y comes first");
    append_range(options.gradients.back().xs, splitNames(value));
  } else if (key == "minimize") {
    options.training.loss = value.str();
  } else if (key == "optimizer") {
    options.training.optimizer = value.str();
  } else if (key == "trainable") {
    options.training.trainable = value.str();
  } else if (key == "clip-norm") {
    if (value.getAsDouble(options.training.clipNorm) || options.training.clipNorm <= 0)
      return createStringError("clip-norm=" + value + ": expected a positive number");
  } else if (key == "remat") {
    auto remat = parseRemat(value);
    if (!remat)
      return remat.takeError();
    options.remat = *remat;
  } else if (key == "memory-budget") {
    auto bytes = parseBytes(value);
    if (!bytes)
      return bytes.takeError();
    options.memoryBudget = *bytes;
  } else if (key == "tune") {
    auto seconds = parseTuneSeconds(value);
    if (!seconds)
      return seconds.takeError();
    options.tuneSeconds = *seconds;
  } else if (key == "gpu-f32") {
    auto products = parseGpuF32(value);
    if (!products)
      return products.takeError();
    options.gpuF32 = *products;
  } else if (key == "allow-soft-placement") {
    options.allowSoftPlacement = value != "0";
  } else if (key == "shape") {
    auto shape = parseFeedShape(value);
    if (!shape)
      return shape.takeError();
    options.feedShapes.push_back(std::move(*shape));
  } else {
    return false;
  }
  return true;
}

Expected<Request> parseOptionsText(const char *text) {
  Request request;
  for (StringRef line : split(text ? text : "", '\n')) {
    if (line.trim().empty())
      continue;
    auto [key, value] = line.trim().split('=');
    Expected<bool> isKnown = applyOption(request, key, value);
    if (!isKnown)
      return isKnown.takeError();
    if (!*isKnown)
      return createStringError("unknown option '" + line.trim() + "'; tgc/compiler.h lists them");
  }
  if (Error error = checkGradientOptions(request.options))
    return std::move(error);
  return request;
}

void reportError(Error error, char *buffer, size_t size) {
  std::string message = toString(std::move(error));
  if (!buffer || size == 0)
    return;
  size_t length = std::min(size - 1, message.size());
  std::memcpy(buffer, message.data(), length);
  buffer[length] = 0;
}

} // namespace tgc

//===- Script.cpp - The steps of one session ----------------------------------===//
#include "tools/tgc-run/Script.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace tgc;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace json = llvm::json;

static std::string resolved(StringRef path, StringRef folder) {
  if (llvm::sys::path::is_absolute(path))
    return path.str();
  llvm::SmallString<256> joined(folder);
  llvm::sys::path::append(joined, path);
  return joined.str().str();
}

static Error readNames(const json::Value &value, StringRef key, std::vector<std::string> &names) {
  const json::Array *list = value.getAsArray();
  if (!list)
    return createStringError("\"" + key + "\" is a list of names");
  for (const json::Value &item : *list) {
    std::optional<StringRef> name = item.getAsString();
    if (!name)
      return createStringError("\"" + key + "\" is a list of names");
    if (!llvm::is_contained(names, *name))
      names.push_back(name->str());
  }
  return Error::success();
}

static Error readText(const json::Value &value, StringRef key, std::string &text) {
  std::optional<StringRef> string = value.getAsString();
  if (!string || string->empty())
    return createStringError("\"" + key + "\" is a text that is not empty");
  text = string->str();
  return Error::success();
}

static Error readRenames(const json::Value &value, RestoreSelection &selection) {
  const json::Object *object = value.getAsObject();
  for (const auto &[variable, tensor] : object ? *object : json::Object()) {
    std::optional<StringRef> name = tensor.getAsString();
    if (!name)
      return createStringError("\"renames\" gives each variable the name of a tensor");
    selection.renames.emplace_back(variable.str(), name->str());
  }
  return object ? Error::success() : createStringError("\"renames\" is an object: variable, tensor");
}

static Error readField(StringRef key, const json::Value &value, Step &step) {
  if (key == "fetch")
    return readNames(value, key, step.fetches);
  if (key == "target")
    return readNames(value, key, step.targets);
  if (key == "entry")
    return readText(value, key, step.entry);
  if (key == "feeds")
    return value.getAsNull() ? Error::success() : readText(value, key, step.path);
  if (key == "load" || key == "save") {
    step.kind = key == "load" ? Step::Kind::Load : Step::Kind::Save;
    return readText(value, key, step.path);
  }
  if (key == "only")
    return readText(value, key, step.selection.only);
  if (key == "renames")
    return readRenames(value, step.selection);
  return createStringError("unknown key \"" + key +
                           "\"; feeds, fetch, target, entry, load, only, renames and save are known");
}

static Expected<Step> readStep(const json::Value &value, StringRef folder) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return createStringError("a step is an object");
  if (object->empty())
    return createStringError("a step has \"feeds\", \"fetch\" and \"target\", or \"load\", or \"save\"");
  Step step;
  for (const auto &[key, field] : *object)
    if (Error error = readField(key, field, step))
      return std::move(error);
  size_t numSelecting = (object->get("only") != nullptr) + (object->get("renames") != nullptr);
  if (numSelecting && step.kind != Step::Kind::Load)
    return createStringError("\"only\" and \"renames\" stand beside \"load\"");
  if (step.kind != Step::Kind::Run && object->size() != 1 + numSelecting)
    return createStringError("\"load\" and \"save\" stand alone in their step");
  if (!step.path.empty())
    step.path = resolved(step.path, folder);
  return step;
}

/// LLVM's parser recurses, so what is nested deeper than any script is kept from it.
static bool isNestedDeeply(StringRef text) {
  constexpr int kMostNested = 16;
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (inString && c == '\\')
      ++i;
    else if (c == '"')
      inString = !inString;
    else if (!inString && (c == '[' || c == '{') && ++depth > kMostNested)
      return true;
    else if (!inString && (c == ']' || c == '}'))
      --depth;
  }
  return false;
}

Expected<std::vector<Step>> tgc::parseScript(StringRef text, StringRef folder) {
  if (isNestedDeeply(text))
    return createStringError("nested too deeply for a list of steps");
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return value.takeError();
  const json::Array *list = value->getAsArray();
  if (!list)
    return createStringError("a script is a list of steps");
  std::vector<Step> steps;
  for (const json::Value &item : *list) {
    Expected<Step> step = readStep(item, folder);
    if (!step)
      return createStringError("step " + llvm::Twine(steps.size()) + ": " + llvm::toString(step.takeError()));
    steps.push_back(std::move(*step));
  }
  return steps;
}

Expected<std::vector<Step>> tgc::readScript(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer)
    return createStringError(buffer.getError(), path + ": " + buffer.getError().message());
  Expected<std::vector<Step>> steps = parseScript((*buffer)->getBuffer(), llvm::sys::path::parent_path(path));
  if (!steps)
    return createStringError(path + ": " + llvm::toString(steps.takeError()));
  return steps;
}

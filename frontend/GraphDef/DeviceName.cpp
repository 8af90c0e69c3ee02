//===- DeviceName.cpp - Names of devices ----------------------------------===//

#include "frontend/GraphDef/DeviceName.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace tgc {

/// Takes a letter and what follows it of letters, digits and '_'; "*" gives nothing. False if there is
/// neither.
static bool takeWord(StringRef &text, std::optional<std::string> &word) {
  if (text.consume_front("*")) {
    word.reset();
    return true;
  }
  StringRef taken = text.take_while([](char c) { return isAlnum(c) || c == '_'; });
  if (taken.empty() || !isAlpha(taken.front()))
    return false;
  word = taken.str();
  text = text.drop_front(taken.size());
  return true;
}

/// The same for a number.
static bool takeNumber(StringRef &text, std::optional<int> &number) {
  if (text.consume_front("*")) {
    number.reset();
    return true;
  }
  int value = 0;
  if (text.empty() || !isDigit(text.front()) || text.consumeInteger(10, value))
    return false;
  number = value;
  return true;
}

static bool takePart(StringRef &text, DeviceName &name) {
  if (text.consume_front("/job:"))
    return takeWord(text, name.job);
  if (text.consume_front("/replica:"))
    return takeNumber(text, name.replica);
  if (text.consume_front("/task:"))
    return takeNumber(text, name.task);
  for (StringRef type : {"CPU", "GPU"})
    if (text.consume_front_insensitive(("/" + type).str())) {
      name.type = type.str();
      name.number.reset();
      return !text.consume_front(":") || takeNumber(text, name.number);
    }
  if (!text.consume_front("/device:") || !takeWord(text, name.type))
    return false;
  for (StringRef type : {"CPU", "GPU"})
    if (name.type && type.equals_insensitive(*name.type))
      name.type = type.str();
  name.number.reset();
  return !text.consume_front(":") || takeNumber(text, name.number);
}

std::optional<DeviceName> parseDeviceName(StringRef text) {
  // Python's import takes names without the first slash, and with empty parts.
  std::string parts = "/" + text.str();
  DeviceName name;
  StringRef rest = parts;
  while (!rest.empty()) {
    if (rest == "/" || rest.starts_with("//"))
      rest = rest.drop_front();
    else if (!takePart(rest, name) || (!rest.empty() && rest.front() != '/'))
      return std::nullopt;
  }
  return name;
}

} // namespace tgc

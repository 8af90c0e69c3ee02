//===- WireDiagnosis.cpp - Why bytes are not a message -----------------------===//
//
// A walk over the wire format along the schema, with an own stack: input that was made to overflow a stack
// ends here.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/WireDiagnosis.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/JSON.h"

#include <google/protobuf/descriptor.h>

using namespace llvm;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

enum WireType { Varint = 0, Fixed64 = 1, LengthDelimited = 2, StartGroup = 3, EndGroup = 4, Fixed32 = 5 };

struct Frame {
  const Descriptor *type;
  size_t end;
};

class WireWalker {
public:
  WireWalker(StringRef bytes, const Descriptor &type) : bytes(bytes) {
    frames.push_back({&type, bytes.size()});
  }

  /// The first problem, or "" if there is none.
  std::string run();

private:
  /// Reads a varint before `end`; false if it does not end there or has more than 10 bytes.
  bool readVarint(size_t end, uint64_t &value);
  std::string readField();
  std::string readLengthDelimited(const FieldDescriptor *field, StringRef name, size_t start);

  StringRef bytes;
  size_t at = 0;
  SmallVector<Frame> frames;
};

} // namespace

bool WireWalker::readVarint(size_t end, uint64_t &value) {
  value = 0;
  for (unsigned shift = 0; at < end && shift < 70; shift += 7) {
    uint8_t byte = bytes[at++];
    if (shift < 64)
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80)
      return true;
  }
  return false;
}

std::string WireWalker::readLengthDelimited(const FieldDescriptor *field, StringRef name, size_t start) {
  size_t end = frames.back().end;
  uint64_t length = 0;
  if (!readVarint(end, length))
    return ("the length of " + name + " at byte " + Twine(start) + " does not end (truncated?)").str();
  if (length > bytes.size() - at)
    return ("length " + Twine(length) + " of " + name + " at byte " + Twine(start) +
            " exceeds the file, which has " + Twine(bytes.size() - at) +
            " bytes left (unexpected end of file: truncated?)")
        .str();
  if (length > end - at)
    return ("length " + Twine(length) + " of " + name + " at byte " + Twine(start) +
            " exceeds the message around it, which has " + Twine(end - at) + " bytes left")
        .str();
  if (field && field->type() == FieldDescriptor::TYPE_MESSAGE) {
    if (static_cast<int>(frames.size()) > tgc::kMessageDepthLimit)
      return ("messages nested too deeply at byte " + Twine(start) + ", the limit is " +
              Twine(tgc::kMessageDepthLimit))
          .str();
    frames.push_back({field->message_type(), at + length});
    return "";
  }
  if (field && field->type() == FieldDescriptor::TYPE_STRING && !json::isUTF8(bytes.substr(at, length)))
    return (name + " at byte " + Twine(start) + " is not text").str();
  at += length;
  return "";
}

std::string WireWalker::readField() {
  size_t start = at, end = frames.back().end;
  uint64_t tag = 0;
  if (!readVarint(end, tag))
    return ("a field's tag at byte " + Twine(start) + " does not end (truncated?)").str();
  uint64_t number = tag >> 3;
  if (number == 0 || number > static_cast<uint64_t>(FieldDescriptor::kMaxNumber))
    return ("byte " + Twine(start) + " starts no field: number " + Twine(number) + " is not possible").str();
  const FieldDescriptor *field = frames.back().type->FindFieldByNumber(static_cast<int>(number));
  std::string name = field ? "'" + field->name() + "' of " + frames.back().type->name()
                           : "field " + std::to_string(number) + " of " + frames.back().type->name();
  uint64_t value = 0;
  switch (tag & 7) {
  case Varint:
    if (!readVarint(end, value))
      return (name + " at byte " + Twine(start) + ": its number does not end (truncated?)").str();
    return "";
  case LengthDelimited:
    return readLengthDelimited(field, name, start);
  case Fixed64:
  case Fixed32: {
    size_t size = (tag & 7) == Fixed64 ? 8 : 4;
    if (size > end - at)
      return (name + " at byte " + Twine(start) + ": unexpected end (truncated?)").str();
    at += size;
    return "";
  }
  default:
    return (name + " at byte " + Twine(start) + " has wire type " + Twine(tag & 7) +
            ", which the format does not use")
        .str();
  }
}

std::string WireWalker::run() {
  while (!frames.empty()) {
    if (at == frames.back().end) {
      frames.pop_back();
      continue;
    }
    if (std::string problem = readField(); !problem.empty())
      return problem;
  }
  return "";
}

std::string tgc::diagnoseWire(StringRef bytes, const Descriptor &type) {
  std::string problem = WireWalker(bytes, type).run();
  return problem.empty() ? "the message cannot be parsed" : problem;
}

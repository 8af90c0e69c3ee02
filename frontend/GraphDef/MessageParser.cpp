//===- MessageParser.cpp - Bytes or text to one message ----------------------===//
//
// A message may have 2 GiB at most (its lengths are 32 bits in protobuf's own parser), and nests
// kMessageDepthLimit deep.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/MessageParser.h"

#include "frontend/GraphDef/WireDiagnosis.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>

#include <limits>

using namespace llvm;
namespace pb = google::protobuf;

namespace {

/// Messages that the schema has whole: another field in them is a typing error. Those that TensorFlow writes
/// and nothing here reads are left out of the schema by name.
bool isTypingError(StringRef warning) {
  if (!any_of(ArrayRef<StringRef>{"GraphDef\"", "NodeDef\"", "AttrValue\"", "ListValue\"", "TensorProto\"",
                                  "TensorShapeProto\"", "Dim\""},
              [&](StringRef name) { return warning.split(" has no field").first.ends_with(name); }))
    return false;
  return !any_of(ArrayRef<StringRef>{"debug_info", "experimental_type", "variant_val", "resource_handle_val"},
                 [&](StringRef name) { return warning.contains(("\"" + name + "\"").str()); });
}

/// Keeps the first error of a text with its place. Warnings are of fields that are not in the schema.
class FirstError : public pb::io::ErrorCollector {
public:
  void AddError(int line, int column, const std::string &message) override {
    if (!text.empty())
      return;
    text = "line " + std::to_string(line + 1) + ", column " + std::to_string(column + 1) + ": " + message;
    // The tokenizer shows the end of the file as an empty word.
    if (StringRef(text).ends_with("got: "))
      text += "end of file (a brace is not closed)";
  }
  void AddWarning(int line, int column, const std::string &message) override {
    if (isTypingError(message))
      AddError(line, column, message);
  }

  std::string text;
};

} // namespace

static Error fileError(StringRef path, const Twine &message) {
  return createStringError(path + ": " + message);
}

Expected<std::unique_ptr<MemoryBuffer>> tgc::openFile(StringRef path) {
  if (sys::fs::is_directory(path))
    return createStringError(path + ": is a directory, a file was expected");
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (buffer)
    return std::move(*buffer);
  std::error_code code = buffer.getError();
  if (code == std::errc::no_such_file_or_directory)
    return createStringError(code, path + ": no such file");
  return createStringError(code, path + ": cannot be read: " + code.message());
}

static bool fitsMessage(StringRef bytes) { return bytes.size() <= std::numeric_limits<int32_t>::max(); }

bool tgc::tryParseBinary(StringRef bytes, pb::Message &message) {
  if (!fitsMessage(bytes))
    return false;
  pb::LogSilencer silence;
  pb::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  pb::io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(std::numeric_limits<int32_t>::max());
  coded.SetRecursionLimit(kMessageDepthLimit);
  return message.ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage();
}

Error tgc::parseBinary(StringRef bytes, pb::Message &message, StringRef what, StringRef path) {
  if (!fitsMessage(bytes))
    return fileError(
        path, Twine(bytes.size()) + " bytes: a " + what +
                  " can have 2 GiB at most, as every protobuf message; keep large weights in a checkpoint");
  if (tryParseBinary(bytes, message))
    return Error::success();
  return fileError(path, "not a " + what +
                             ": malformed protobuf: " + diagnoseWire(bytes, *message.GetDescriptor()));
}

Error tgc::parseText(StringRef text, pb::Message &message, StringRef what, StringRef path) {
  if (!fitsMessage(text))
    return fileError(path, Twine(text.size()) + " bytes of text: 2 GiB at most can be read");
  pb::LogSilencer silence;
  FirstError firstError;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&firstError);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kMessageDepthLimit);
  pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  if (parser.Parse(&stream, &message) && firstError.text.empty())
    return Error::success();
  return fileError(path, firstError.text.empty()
                             ? "not a " + what + " in protobuf text format"
                             : firstError.text + " (" + what + " in protobuf text format)");
}

bool tgc::looksLikeText(StringRef bytes) {
  if (bytes.empty() || !json::isUTF8(bytes))
    return false;
  constexpr size_t kLookAt = 4096;
  return all_of(bytes.take_front(kLookAt), [](char c) { return isPrint(c) || isSpace(c) || (c & 0x80); });
}

//===- DataSpec.cpp - What --data says ------------------------------------===//

#include "tgc/runtime.h"
#include "tools/train/Dataset.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace tgc {
namespace {

const StringLiteral kFormats[] = {"npz",      "npy",     "csv",      "idx", "cifar10",
                                  "cifar100", "records", "tfrecord", "text"};

/// Of a field of one example; the bytes of several fields are far from 64 bits.
constexpr int64_t kMostElements = int64_t(1) << 31;

/// By the ending of the first file.
StringRef formatOf(StringRef path) {
  path.consume_back(".gz");
  if (path.ends_with("-ubyte") || path.ends_with(".idx"))
    return "idx";
  if (path.ends_with(".tfrecords"))
    return "tfrecord";
  if (path.ends_with(".txt"))
    return "text";
  StringRef extension = sys::path::extension(path);
  extension.consume_front(".");
  return is_contained(kFormats, extension) ? extension : StringRef();
}

tgc_dtype_t dtypeNamed(StringRef name) {
  for (int32_t dtype = TGC_FLOAT32; dtype <= TGC_UINT64; ++dtype)
    if (tgc_dtype_size(dtype) && name == tgc_dtype_name(dtype))
      return static_cast<tgc_dtype_t>(dtype);
  return TGC_DTYPE_INVALID;
}

/// "uint8[28,28]" or "int64".
Expected<FieldSpec> parseField(StringRef name, StringRef type) {
  FieldSpec field{name.str(), dtypeNamed(type.split('[').first), {}};
  StringRef dims = type.contains('[') ? type.split('[').second : StringRef();
  bool isClosed = !type.contains('[') || dims.consume_back("]");
  if (field.dtype == TGC_DTYPE_INVALID || !isClosed)
    return createStringError(
        "field " + name + "=" + type +
        ": a type and fixed sizes are expected, as in image=uint8[28,28] or label=int64");
  SmallVector<StringRef> parts;
  dims.split(parts, ',', -1, /*KeepEmpty=*/false);
  int64_t left = kMostElements;
  for (StringRef part : parts) {
    int64_t size = 0;
    if (part.getAsInteger(10, size) || size < 1)
      return createStringError("field " + name + "=" + type + ": '" + part + "' is no size");
    left /= size;
    if (left == 0)
      return createStringError("field " + name + "=" + type + ": an example has more than " +
                               Twine(kMostElements) + " elements");
    field.shape.push_back(size);
  }
  return field;
}

} // namespace

int64_t FieldSpec::numElements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

Expected<DataSpec> parseDataSpec(StringRef text) {
  DataSpec spec;
  SmallVector<StringRef> parts;
  text.split(parts, ':');
  size_t next = 0;
  if (is_contained(kFormats, parts[0]))
    spec.format = parts[next++].str();
  if (next == parts.size() || parts[next].empty())
    return createStringError("--data=" + text + ": [FORMAT:]PATH[,PATH...][:KEY=VALUE...] is expected");
  for (StringRef path : split(parts[next++], ','))
    spec.paths.push_back(path.str());
  if (spec.format.empty())
    spec.format = formatOf(spec.paths.front()).str();
  if (spec.format.empty())
    return createStringError("--data=" + text +
                             ": the file's name does not tell its format; begin with one of " +
                             join(ArrayRef(kFormats), ", ") + " and a colon");
  bool hasFields = spec.format == "records" || spec.format == "tfrecord";
  for (; next < parts.size(); ++next) {
    auto [key, value] = parts[next].split('=');
    if (value.empty())
      return createStringError("--data=" + text + ": '" + parts[next] + "' is no KEY=VALUE");
    if (!hasFields) {
      spec.options[key.str()] = value.str();
      continue;
    }
    auto field = parseField(key, value);
    if (!field)
      return field.takeError();
    spec.fields.push_back(std::move(*field));
  }
  if (hasFields && spec.fields.empty())
    return createStringError("--data=" + text + ": " + spec.format + " needs its fields, as in " +
                             spec.format + ":FILE:label=int64:image=uint8[28,28]");
  return spec;
}

} // namespace tgc

//===- Dataset.cpp - Examples as named columns ----------------------------===//

#include "tools/train/Dataset.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <zlib.h>

using namespace llvm;

namespace tgc {
namespace {

/// Unpacks one or several gzip members.
Expected<std::string> gunzip(StringRef packed) {
  z_stream stream = {};
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  if (packed.size() > UINT32_MAX || inflateInit2(&stream, 15 + 16) != Z_OK)
    return createStringError("the gzip file cannot be unpacked");
  std::string bytes;
  std::vector<char> piece(1 << 20);
  int status = Z_OK;
  while (status == Z_OK || (status == Z_STREAM_END && stream.avail_in && inflateReset(&stream) == Z_OK)) {
    stream.next_out = reinterpret_cast<Bytef *>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    bytes.append(piece.data(), piece.size() - stream.avail_out);
    if (status == Z_STREAM_END && !stream.avail_in)
      break;
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END)
    return createStringError("the gzip file is damaged or cut");
  return bytes;
}

/// Adds the rows of `more`, which has the same type and row shape.
Error appendRows(StringRef name, NumpyArray &array, NumpyArray more) {
  if (array.dtype != more.dtype || array.shape.size() != more.shape.size() ||
      !std::equal(array.shape.begin() + 1, array.shape.end(), more.shape.begin() + 1))
    return createStringError("column '" + name + "' is " + shapeText(array.shape) + " in one file and " +
                             shapeText(more.shape) + " in another");
  AlignedBuffer bytes(array.bytes.size() + more.bytes.size());
  if (array.bytes.size())
    std::memcpy(bytes.data(), array.bytes.data(), array.bytes.size());
  if (more.bytes.size())
    std::memcpy(bytes.data() + array.bytes.size(), more.bytes.data(), more.bytes.size());
  array.bytes = std::move(bytes);
  append_range(array.strings, more.strings);
  array.shape[0] += more.shape[0];
  return Error::success();
}

/// CIFAR's binary batches are records without a header.
std::vector<FieldSpec> cifarFields(StringRef format) {
  FieldSpec image{"image", TGC_UINT8, {3, 32, 32}}, label{"label", TGC_UINT8, {}};
  if (format == "cifar10")
    return {label, image};
  return {{"coarse_label", TGC_UINT8, {}}, label, image};
}

Expected<NamedArrays> readOne(const DataSpec &spec, StringRef path, Vocabulary &vocabulary) {
  if (spec.format == "npz")
    return readNpz(path);
  if (spec.format == "npy") {
    Expected<NumpyArray> array = readNpy(path);
    if (!array)
      return array.takeError();
    NamedArrays arrays;
    arrays.emplace_back(sys::path::stem(path).str(), std::move(*array));
    return arrays;
  }
  Expected<std::string> bytes = readFileBytes(path);
  if (!bytes)
    return bytes.takeError();
  auto parse = [&]() -> Expected<NamedArrays> {
    if (spec.format == "csv")
      return parseCsv(*bytes, spec.options);
    if (spec.format == "idx")
      return parseIdx(*bytes);
    if (spec.format == "tfrecord")
      return parseTfRecords(*bytes, spec.fields);
    if (spec.format == "text")
      return parseText(*bytes, spec.options, vocabulary);
    return parseRecords(*bytes, spec.format == "records" ? spec.fields : cifarFields(spec.format));
  };
  Expected<NamedArrays> arrays = parse();
  if (!arrays)
    return createStringError(path + ": " + toString(arrays.takeError()));
  return arrays;
}

} // namespace

NumpyArray makeArray(tgc_dtype_t dtype, std::vector<int64_t> shape) {
  NumpyArray array;
  array.dtype = dtype;
  array.shape = std::move(shape);
  int64_t count = array.numElements();
  if (dtype == TGC_STRING)
    array.strings.resize(count);
  else
    array.bytes = AlignedBuffer(count * tgc_dtype_size(dtype));
  return array;
}

Expected<std::string> readFileBytes(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError(buffer.getError(), path + ": " + buffer.getError().message());
  StringRef bytes = (*buffer)->getBuffer();
  if (!bytes.starts_with("\x1f\x8b"))
    return bytes.str();
  Expected<std::string> unpacked = gunzip(bytes);
  if (!unpacked)
    return createStringError(path + ": " + toString(unpacked.takeError()));
  return unpacked;
}

const NumpyArray *Dataset::find(StringRef name) const {
  auto found = find_if(columns, [&](const auto &column) { return column.first == name; });
  return found == columns.end() ? nullptr : &found->second;
}

std::string Dataset::listNames() const {
  return columns.empty() ? "none"
                         : join(map_range(columns, [](const auto &column) { return column.first; }), ", ");
}

Expected<Dataset> readDataset(const DataSpec &spec, Vocabulary &vocabulary) {
  Dataset data;
  if (spec.format != "csv" && spec.format != "text" && !spec.options.empty())
    return createStringError("--data: " + spec.format + " takes no options, got " +
                             spec.options.begin()->first + "=" + spec.options.begin()->second);
  for (const std::string &path : spec.paths) {
    Expected<NamedArrays> arrays = readOne(spec, path, vocabulary);
    if (!arrays)
      return arrays.takeError();
    for (auto &[name, array] : *arrays) {
      if (array.shape.empty())
        return createStringError(path + ": column '" + name +
                                 "' is a scalar; its first dimension counts examples");
      auto known = find_if(data.columns, [&](const auto &column) { return column.first == name; });
      if (known == data.columns.end())
        data.columns.emplace_back(name, std::move(array));
      else if (Error error = appendRows(name, known->second, std::move(array)))
        return createStringError(path + ": " + toString(std::move(error)));
    }
  }
  if (data.columns.empty())
    return createStringError(spec.paths.front() + ": has no arrays");
  data.numRows = data.columns.front().second.shape[0];
  for (const auto &[name, array] : data.columns)
    if (array.shape[0] != data.numRows)
      return createStringError(spec.paths.front() + ": column '" + name + "' has " + Twine(array.shape[0]) +
                               " rows, '" + data.columns.front().first + "' has " + Twine(data.numRows));
  if (!data.numRows)
    return createStringError(spec.paths.front() + ": has no examples");
  return data;
}

} // namespace tgc

//===- TfRecord.cpp - Files of framed records, and tf.Example -------------===//

#include "tools/train/TfRecord.h"
#include "runtime/src/checkpoint/crc32c.h"
#include "tools/train/Dataset.h"
#include "tools/train/Records.pb.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"

using namespace llvm;
using namespace llvm::support::endian;

namespace tgc {

static constexpr size_t kHeader = 12, kFooter = 4;

static uint32_t checksum(const char *bytes, size_t size) {
  return tgc_crc32c_mask(tgc_crc32c_extend(0, bytes, size));
}

Expected<StringRef> takeRecord(StringRef &bytes) {
  if (bytes.size() < kHeader + kFooter)
    return createStringError("the last record is cut");
  uint64_t size = read64le(bytes.data());
  if (checksum(bytes.data(), 8) != read32le(bytes.data() + 8))
    return createStringError(
        "the checksum of a record's length does not match: this is no TFRecord file, or it is "
        "damaged");
  if (size > bytes.size() - kHeader - kFooter)
    return createStringError("the last record is cut");
  StringRef record = bytes.substr(kHeader, size);
  if (checksum(record.data(), size) != read32le(record.end()))
    return createStringError("the checksum of a record does not match");
  bytes = bytes.drop_front(kHeader + size + kFooter);
  return record;
}

std::string frameRecord(StringRef record) {
  std::string frame(kHeader, '\0');
  write64le(frame.data(), record.size());
  write32le(frame.data() + 8, checksum(frame.data(), 8));
  frame += record;
  char footer[kFooter];
  write32le(footer, checksum(record.data(), record.size()));
  return frame.append(footer, kFooter);
}

namespace {

template <typename From> void storeNumber(NumpyArray &array, int64_t at, From value) {
  char *bytes = array.bytes.data();
  switch (array.dtype) {
  case TGC_FLOAT32:
    reinterpret_cast<float *>(bytes)[at] = static_cast<float>(value);
    return;
  case TGC_FLOAT64:
    reinterpret_cast<double *>(bytes)[at] = static_cast<double>(value);
    return;
  case TGC_INT32:
    reinterpret_cast<int32_t *>(bytes)[at] = static_cast<int32_t>(value);
    return;
  case TGC_INT64:
    reinterpret_cast<int64_t *>(bytes)[at] = static_cast<int64_t>(value);
    return;
  default:
    reinterpret_cast<uint8_t *>(bytes)[at] = static_cast<uint8_t>(value);
  }
}

Error wrongCount(const FieldSpec &field, int64_t got, StringRef what) {
  return createStringError("feature '" + field.name + "' has " + Twine(got) + " " + what +
                           ", the parse spec wants " + Twine(field.numElements()));
}

/// Row `row` of a column from a feature. Bytes are strings, or the raw elements of a numeric field.
Error storeFeature(const FieldSpec &field, const proto::Feature &feature, int64_t row, NumpyArray &array) {
  int64_t count = field.numElements();
  bool isText = field.dtype == TGC_STRING;
  if (feature.has_bytes_list() && isText) {
    if (feature.bytes_list().value_size() != count)
      return wrongCount(field, feature.bytes_list().value_size(), "strings");
    for (int64_t i = 0; i < count; ++i)
      array.strings[row * count + i] = feature.bytes_list().value(i);
    return Error::success();
  }
  if (feature.has_bytes_list()) {
    uint64_t size = count * tgc_dtype_size(field.dtype);
    if (feature.bytes_list().value_size() != 1 || feature.bytes_list().value(0).size() != size)
      return createStringError("feature '" + field.name + "' is not one string of the " + Twine(size) +
                               " bytes that the parse spec wants");
    std::memcpy(array.bytes.data() + row * size, feature.bytes_list().value(0).data(), size);
    return Error::success();
  }
  auto store = [&](const auto &values, StringRef what) -> Error {
    if (isText)
      return createStringError("feature '" + field.name + "' holds " + what +
                               ", the parse spec wants strings");
    if (values.size() != count)
      return wrongCount(field, values.size(), what);
    for (int64_t i = 0; i < count; ++i)
      storeNumber(array, row * count + i, values[static_cast<int>(i)]);
    return Error::success();
  };
  return feature.has_float_list() ? store(feature.float_list().value(), "floats")
                                  : store(feature.int64_list().value(), "integers");
}

} // namespace

Expected<NamedArrays> parseTfRecords(StringRef bytes, ArrayRef<FieldSpec> fields) {
  const tgc_dtype_t kTypes[] = {TGC_FLOAT32, TGC_FLOAT64, TGC_INT32, TGC_INT64, TGC_UINT8, TGC_STRING};
  for (const FieldSpec &field : fields)
    if (!is_contained(kTypes, field.dtype))
      return createStringError("field " + field.name +
                               ": examples are parsed to float32, float64, int32, int64, uint8 "
                               "or string");
  std::vector<StringRef> records;
  while (!bytes.empty()) {
    Expected<StringRef> record = takeRecord(bytes);
    if (!record)
      return createStringError("record " + Twine(records.size()) + ": " + toString(record.takeError()));
    records.push_back(*record);
  }
  NamedArrays columns;
  for (const FieldSpec &field : fields) {
    std::vector<int64_t> shape = {static_cast<int64_t>(records.size())};
    append_range(shape, field.shape);
    columns.emplace_back(field.name, makeArray(field.dtype, shape));
  }
  proto::Example example;
  for (auto [row, record] : enumerate(records)) {
    if (record.size() > INT32_MAX || !example.ParseFromArray(record.data(), static_cast<int>(record.size())))
      return createStringError("record " + Twine(row) + " is no tf.Example");
    for (auto [field, column] : zip_equal(fields, columns)) {
      auto feature = example.features().feature().find(field.name);
      if (feature == example.features().feature().end())
        return createStringError("record " + Twine(row) + " has no feature '" + field.name + "'");
      if (Error error = storeFeature(field, feature->second, row, column.second))
        return createStringError("record " + Twine(row) + ": " + toString(std::move(error)));
    }
  }
  return columns;
}

} // namespace tgc

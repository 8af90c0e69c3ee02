//===- Formats.cpp - CSV, IDX and fixed-length records --------------------===//

#include "tools/train/Dataset.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"

using namespace llvm;

namespace tgc {
namespace {

/// What is left of a CSV file.
struct CsvText {
  StringRef bytes;
  size_t at = 0, line = 1;

  /// The cells of the next line. Quoted cells may hold commas, line ends and doubled quotes.
  Expected<std::vector<std::string>> readCells() {
    std::vector<std::string> cells(1);
    bool isQuoted = false;
    size_t first = line;
    for (; at < bytes.size(); ++at) {
      char c = bytes[at];
      line += c == '\n';
      if (isQuoted && c == '"' && at + 1 < bytes.size() && bytes[at + 1] == '"')
        cells.back() += bytes[++at];
      else if (c == '"')
        isQuoted = !isQuoted;
      else if (c == ',' && !isQuoted)
        cells.emplace_back();
      else if (c == '\n' && !isQuoted)
        break;
      else if (c != '\r' || isQuoted)
        cells.back() += c;
    }
    ++at;
    if (isQuoted)
      return createStringError("line " + Twine(first) + " opens a quote that nothing closes");
    return cells;
  }
};

bool readReal(StringRef text, double &value) { return !text.trim().getAsDouble(value); }

/// Numbers if all cells are, else strings. An empty cell is the number `missing`, if there is one.
NumpyArray columnOf(ArrayRef<std::vector<std::string>> rows, size_t column, std::optional<double> missing) {
  int64_t count = static_cast<int64_t>(rows.size());
  NumpyArray numbers = makeArray(TGC_FLOAT64, {count});
  auto *values = reinterpret_cast<double *>(numbers.bytes.data());
  for (auto [i, row] : enumerate(rows)) {
    if (missing && StringRef(row[column]).trim().empty()) {
      values[i] = *missing;
      continue;
    }
    if (readReal(row[column], values[i]))
      continue;
    NumpyArray texts = makeArray(TGC_STRING, {count});
    for (auto [k, cells] : enumerate(rows))
      texts.strings[k] = cells[column];
    return texts;
  }
  return numbers;
}

} // namespace

Expected<NamedArrays> parseCsv(StringRef bytes, const std::map<std::string, std::string> &options) {
  std::optional<double> missing;
  for (const auto &[key, value] : options)
    if (key != "missing" || !readReal(value, missing.emplace()))
      return createStringError("'" + key + "=" + value +
                               "' is no option of csv; missing=NUMBER is what empty cells are");
  bytes.consume_front("\xef\xbb\xbf"); // a byte order mark
  std::vector<std::vector<std::string>> rows;
  for (CsvText text{bytes}; text.at < bytes.size();) {
    size_t line = text.line;
    auto cells = text.readCells();
    if (!cells)
      return cells.takeError();
    if (cells->size() == 1 && cells->front().empty())
      continue;
    if (!rows.empty() && cells->size() != rows[0].size())
      return createStringError("line " + Twine(line) + " has " + Twine(cells->size()) +
                               " cells, the first has " + Twine(rows[0].size()));
    rows.push_back(std::move(*cells));
  }
  if (rows.empty())
    return createStringError("the file is empty");
  // A first line without any number names the columns.
  double number;
  std::vector<std::string> names;
  if (none_of(rows[0], [&](StringRef cell) { return readReal(cell, number); })) {
    names = rows[0];
    rows.erase(rows.begin());
  } else {
    for (size_t i = 0; i < rows[0].size(); ++i)
      names.push_back("column" + utostr(i));
  }
  NamedArrays columns;
  for (size_t i = 0; i < names.size(); ++i)
    columns.emplace_back(StringRef(names[i]).trim().str(), columnOf(rows, i, missing));
  return columns;
}

Expected<NamedArrays> parseIdx(StringRef bytes) {
  const std::pair<uint8_t, tgc_dtype_t> kTypes[] = {{0x08, TGC_UINT8},   {0x09, TGC_INT8},
                                                    {0x0b, TGC_INT16},   {0x0c, TGC_INT32},
                                                    {0x0d, TGC_FLOAT32}, {0x0e, TGC_FLOAT64}};
  auto byteAt = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  if (bytes.size() < 4 || byteAt(0) || byteAt(1) || !byteAt(3) || bytes.size() < 4 + 4u * byteAt(3))
    return createStringError(
        "is no IDX file: it does not begin with two zero bytes, a type and the number of sizes");
  auto type = find_if(kTypes, [&](const auto &known) { return known.first == byteAt(2); });
  if (type == std::end(kTypes))
    return createStringError("is an IDX file of unknown type " + Twine(byteAt(2)));
  std::vector<int64_t> shape;
  uint64_t count = 1, width = tgc_dtype_size(type->second);
  for (unsigned dim = 0; dim < byteAt(3); ++dim) {
    shape.push_back(support::endian::read32be(bytes.data() + 4 + 4 * dim));
    count = SaturatingMultiply<uint64_t>(count, shape.back());
  }
  StringRef elements = bytes.drop_front(4 + 4 * shape.size());
  if (SaturatingMultiply(count, width) != elements.size())
    return createStringError("is an IDX file of shape " + shapeText(shape) + " with " +
                             Twine(elements.size()) + " bytes of data");
  NumpyArray array = makeArray(type->second, shape);
  for (uint64_t i = 0; i < count; ++i)
    std::reverse_copy(elements.data() + i * width, elements.data() + (i + 1) * width,
                      array.bytes.data() + i * width);
  NamedArrays columns;
  columns.emplace_back(shape.size() == 1 ? "labels" : "images", std::move(array));
  return columns;
}

Expected<NamedArrays> parseRecords(StringRef bytes, ArrayRef<FieldSpec> fields) {
  uint64_t width = 0;
  for (const FieldSpec &field : fields) {
    if (field.dtype == TGC_STRING)
      return createStringError("field " + field.name + ": a string has no fixed length; use uint8[LENGTH]");
    width += field.numElements() * tgc_dtype_size(field.dtype);
  }
  if (bytes.size() % width)
    return createStringError("has " + Twine(bytes.size()) + " bytes, which is no multiple of a record's " +
                             Twine(width));
  int64_t count = static_cast<int64_t>(bytes.size() / width);
  NamedArrays columns;
  uint64_t offset = 0;
  for (const FieldSpec &field : fields) {
    std::vector<int64_t> shape = {count};
    append_range(shape, field.shape);
    NumpyArray array = makeArray(field.dtype, shape);
    uint64_t size = field.numElements() * tgc_dtype_size(field.dtype);
    for (int64_t i = 0; i < count; ++i)
      std::memcpy(array.bytes.data() + i * size, bytes.data() + i * width + offset, size);
    offset += size;
    columns.emplace_back(field.name, std::move(array));
  }
  return columns;
}

} // namespace tgc

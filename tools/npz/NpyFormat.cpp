//===- NpyFormat.cpp - numpy's .npy format ------------------------------------===//
//
// Sizes come from the header, which may lie: every one is checked against the bytes that are there before
// memory is taken for it.
//
//===----------------------------------------------------------------------===//
#include "tools/npz/NpyFormat.h"
#include "tools/npz/NpyHeader.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace tgc;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

static constexpr llvm::StringLiteral kMagic = "\x93NUMPY";
/// numpy aligns the elements so, counted from the start of the file.
static constexpr size_t kHeaderAlignment = 64;

namespace {
/// A parsed 'descr', "<f4": byte order, kind and element size in bytes (for U: 4 bytes per character).
struct ElementFormat {
  llvm::endianness order;
  char kind;
  uint64_t size;
  tgc_dtype_t dtype;
};
} // namespace

static Expected<ElementFormat> parseDescr(StringRef descr) {
  ElementFormat format{llvm::endianness::native, '\0', 0, TGC_DTYPE_INVALID};
  StringRef rest = descr;
  if (rest.consume_front(">"))
    format.order = llvm::endianness::big;
  else if (rest.consume_front("<"))
    format.order = llvm::endianness::little;
  else if (!rest.consume_front("="))
    rest.consume_front("|");
  if (rest == "O")
    return createStringError("Python objects ('" + descr +
                             "') cannot be read; save strings as an 'S' or 'U' array");
  format.kind = rest.empty() ? '\0' : rest.front();
  rest = rest.drop_front(rest.empty() ? 0 : 1);
  if (rest.consumeInteger(10, format.size) || !rest.empty())
    return createStringError("element type '" + descr + "' is not understood");
  if (format.kind == 'S' || format.kind == 'U') {
    if (format.size > UINT32_MAX)
      return createStringError("element type '" + descr + "' is too wide");
    format.size *= format.kind == 'U' ? 4 : 1;
    format.dtype = TGC_STRING;
    return format;
  }
  std::optional<NumpyType> type = numpyTypeOf(format.kind, format.size);
  if (!type)
    return createStringError(
        "element type '" + descr + "' has no TensorFlow type" +
        (format.kind == 'V' ? "; store bfloat16 as its bits: array.view(numpy.uint16)" : ""));
  format.dtype = type->dtype;
  return format;
}

/// Swaps the bytes of each number where the file's order is not the host's; a complex number is two of them.
static void toHostOrder(llvm::MutableArrayRef<char> bytes, const ElementFormat &format) {
  if (format.order == llvm::endianness::native)
    return;
  size_t width = format.kind == 'c' ? format.size / 2 : format.size;
  for (size_t i = 0; i + width <= bytes.size(); i += width)
    std::reverse(bytes.begin() + i, bytes.begin() + i + width);
}

/// For each element in row-major order, its position in a column-major file.
template <typename Visit> static void forEachFortranPosition(llvm::ArrayRef<int64_t> shape, Visit visit) {
  if (llvm::is_contained(shape, 0))
    return;
  std::vector<int64_t> index(shape.size(), 0), stride(shape.size(), 1);
  int64_t count = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    stride[d] = count;
    count *= shape[d];
  }
  for (int64_t i = 0, position = 0; i < count; ++i) {
    visit(i, position);
    for (size_t d = shape.size(); d-- > 0;) {
      position += stride[d];
      if (++index[d] < shape[d])
        break;
      position -= stride[d] * shape[d];
      index[d] = 0;
    }
  }
}

/// One fixed-width element without its padding, U as UTF-8.
static Expected<std::string> readString(StringRef field, const ElementFormat &format) {
  if (format.kind == 'S')
    return field.rtrim('\0').str();
  std::string text;
  size_t pending = 0; // zeros that may turn out to be padding
  for (size_t i = 0; i < field.size(); i += 4) {
    uint32_t code = llvm::support::endian::read<uint32_t>(field.data() + i, format.order);
    if (code == 0) {
      ++pending;
      continue;
    }
    text.append(pending, '\0');
    pending = 0;
    char encoded[UNI_MAX_UTF8_BYTES_PER_CODE_POINT], *end = encoded;
    if (!llvm::ConvertCodePointToUTF8(code, end))
      return createStringError("a string holds " + Twine(code) + ", which is not a Unicode character");
    text.append(encoded, end);
  }
  return text;
}

static Error readStrings(StringRef data, const ElementFormat &format, bool isFortranOrder,
                         NumpyArray &array) {
  array.strings.resize(array.numElements());
  Error error = Error::success();
  auto read = [&](int64_t element, int64_t position) {
    if (error)
      return;
    Expected<std::string> text = readString(data.substr(position * format.size, format.size), format);
    if (text)
      array.strings[element] = std::move(*text);
    else
      error = text.takeError();
  };
  if (isFortranOrder)
    forEachFortranPosition(array.shape, read);
  else
    for (int64_t i = 0, e = array.numElements(); i < e; ++i)
      read(i, i);
  return error;
}

static void readNumbers(StringRef data, const ElementFormat &format, bool isFortranOrder, NumpyArray &array) {
  if (isFortranOrder && array.shape.size() > 1) {
    array.bytes = AlignedBuffer(data.size());
    forEachFortranPosition(array.shape, [&](int64_t element, int64_t position) {
      std::memcpy(array.bytes.data() + element * format.size, data.data() + position * format.size,
                  format.size);
    });
  } else {
    array.bytes = AlignedBuffer(data.data(), data.size());
  }
  toHostOrder({array.bytes.data(), array.bytes.size()}, format);
  if (array.dtype == TGC_BOOL)
    for (size_t i = 0; i < array.bytes.size(); ++i)
      array.bytes.data()[i] = array.bytes.data()[i] != 0;
}

/// Bytes of all elements, or an error where the header asks for something else than what follows it.
static Error checkSize(const NpyHeader &header, const ElementFormat &format, uint64_t available) {
  bool isEmpty = llvm::is_contained(header.shape, 0);
  uint64_t expected = isEmpty ? 0 : format.size, count = isEmpty ? 0 : 1;
  bool overflow = false, countOverflow = false;
  for (int64_t dim : header.shape) {
    expected = llvm::SaturatingMultiply<uint64_t>(expected, isEmpty ? 0 : dim, &overflow);
    count = llvm::SaturatingMultiply<uint64_t>(count, isEmpty ? 0 : dim, &countOverflow);
    overflow |= countOverflow;
  }
  // Elements of no width ('S0') take no bytes in the file, but each takes memory here.
  uint64_t maxCount = format.size ? INT64_MAX : 1 << 20;
  if (overflow || count > maxCount || expected > INT64_MAX)
    return createStringError("shape " + shapeText(header.shape) + " of '" + header.descr + "' is too large");
  if (expected != available)
    return createStringError("shape " + shapeText(header.shape) + " of '" + header.descr + "' takes " +
                             Twine(expected) + " bytes, but " + Twine(available) + " follow the header");
  return Error::success();
}

bool tgc::isNpy(StringRef bytes) { return bytes.starts_with(kMagic); }

Expected<NumpyArray> tgc::parseNpy(StringRef bytes) {
  if (!bytes.consume_front(kMagic))
    return createStringError("not a .npy array (its first bytes are not \\x93NUMPY)");
  if (bytes.size() < 2)
    return createStringError("the header is cut off");
  unsigned major = uint8_t(bytes[0]), minor = uint8_t(bytes[1]);
  if (major < 1 || major > 3)
    return createStringError(".npy format version " + Twine(major) + "." + Twine(minor) +
                             " is not supported, 1 to 3 are");
  bytes = bytes.drop_front(2);
  size_t lengthSize = major == 1 ? 2 : 4;
  if (bytes.size() < lengthSize)
    return createStringError("the header is cut off");
  uint32_t length = major == 1 ? llvm::support::endian::read16le(bytes.data())
                               : llvm::support::endian::read32le(bytes.data());
  bytes = bytes.drop_front(lengthSize);
  if (bytes.size() < length)
    return createStringError("the header is cut off: " + Twine(length) + " bytes announced, " +
                             Twine(bytes.size()) + " left");

  Expected<NpyHeader> header = parseNpyHeader(bytes.take_front(length));
  if (!header)
    return header.takeError();
  Expected<ElementFormat> format = parseDescr(header->descr);
  if (!format)
    return format.takeError();
  StringRef data = bytes.drop_front(length);
  if (Error error = checkSize(*header, *format, data.size()))
    return std::move(error);

  NumpyArray array;
  array.dtype = format->dtype;
  array.shape = header->shape;
  if (array.dtype != TGC_STRING)
    readNumbers(data, *format, header->isFortranOrder, array);
  else if (Error error = readStrings(data, *format, header->isFortranOrder, array))
    return std::move(error);
  return array;
}

/// Magic, version, length, literal and padding.
static std::string formatPreamble(const NpyHeader &header) {
  std::string literal = formatNpyHeader(header);
  bool isLong = literal.size() + kHeaderAlignment > UINT16_MAX;
  size_t fixed = kMagic.size() + 2 + (isLong ? 4 : 2);
  size_t total = llvm::alignTo(fixed + literal.size() + 1, kHeaderAlignment);
  literal.append(total - fixed - literal.size() - 1, ' ');
  literal += '\n';
  std::string preamble = kMagic.str();
  preamble += isLong ? '\2' : '\1';
  preamble += '\0';
  char length[4];
  llvm::support::endian::write32le(length, literal.size());
  preamble.append(length, isLong ? 4 : 2);
  return preamble + literal;
}

Expected<NpyParts> tgc::formatNpy(const NumpyArray &array) {
  NpyParts parts;
  bool isLittle = llvm::endianness::native == llvm::endianness::little;
  if (array.dtype == TGC_STRING) {
    size_t width = 1;
    for (const std::string &text : array.strings)
      width = std::max(width, text.size());
    parts.strings.reserve(width * array.strings.size());
    for (const std::string &text : array.strings)
      parts.strings.append(text).append(width - text.size(), '\0');
    parts.header = formatPreamble({("|S" + Twine(width)).str(), false, array.shape});
    if (array.strings.size() != size_t(array.numElements()))
      return createStringError("an array of shape " + shapeText(array.shape) + " has " +
                               Twine(array.strings.size()) + " strings");
    return parts;
  }
  std::optional<NumpyType> type = numpyTypeOf(int32_t(array.dtype));
  if (!type)
    return createStringError("arrays of element type " + Twine(int(array.dtype)) + " cannot be stored");
  if (array.bytes.size() != uint64_t(array.numElements()) * type->size)
    return createStringError("an array of shape " + shapeText(array.shape) + " has " +
                             Twine(array.bytes.size()) + " bytes");
  char order = type->size == 1 ? '|' : isLittle ? '<' : '>';
  parts.header =
      formatPreamble({(Twine(order) + Twine(type->kind) + Twine(type->size)).str(), false, array.shape});
  parts.numbers = {array.bytes.data(), array.bytes.size()};
  return parts;
}

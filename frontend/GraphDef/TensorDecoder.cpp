//===- TensorDecoder.cpp - Constants out of TensorProto ----------------------===//
//
// A TensorProto says its elements either as raw bytes or as a typed list that may stop early: then its last
// value repeats. Nothing is allocated on the word of the shape alone: a splat stays one element.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Graph.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

using namespace llvm;
using namespace tgc;
using namespace tgc::proto;

namespace {

/// TensorFlow's own limit.
constexpr int kMaxRank = 254;
/// A message cannot hold more, so a longer constant can only be a broken shape.
constexpr int64_t kMaxBytes = std::numeric_limits<int32_t>::max();

static_assert(llvm::endianness::native == llvm::endianness::little, "typed lists are used as stored");

/// Decodes one message; holds what every error message needs.
class TensorDecoder {
public:
  TensorDecoder(const TensorProto &tensor, StringRef where) : tensor(tensor), where(where) {}

  Expected<TensorData> decode();

private:
  Error error(const Twine &message) const { return createStringError(Twine(where) + ": " + message); }
  std::string typeAndShape() const {
    return "shape " + shapeToString(data.shape) + " " + dataTypeName(data.dtype);
  }

  Error decodeShape();
  Error checkValueCount(int64_t count) const;
  Error decodeStrings();
  Error decodeStringContent();
  Error decodeContent(size_t elementSize);
  Error decodeValues(size_t elementSize);
  /// `count` elements of `elementSize` bytes that stand at `values`, the last one repeated as needed.
  Error takeValues(const void *values, int64_t count, size_t elementSize);
  /// The same for values that are stored wider than their type.
  template <typename T, typename List> Error narrowValues(const List &values);

  const TensorProto &tensor;
  StringRef where;
  TensorData data;
};

} // namespace

Error TensorDecoder::decodeShape() {
  const TensorShapeProto &shape = tensor.tensor_shape();
  if (shape.unknown_rank())
    return error("a constant must have a known shape, its rank is unknown");
  if (shape.dim_size() > kMaxRank)
    return error("rank " + Twine(shape.dim_size()) +
                 " is more than the supported maximum (TensorFlow: " + Twine(kMaxRank) + ")");
  int64_t count = 1;
  double log2Count = 0;
  bool overflow = false, empty = false;
  for (const TensorShapeProto::Dim &dim : shape.dim()) {
    if (dim.size() < 0)
      return error("negative dimension " + Twine(dim.size()) + " in a constant");
    data.shape.push_back(dim.size());
    empty |= dim.size() == 0;
    log2Count += dim.size() > 0 ? std::log2(static_cast<double>(dim.size())) : 0;
    overflow |= MulOverflow<int64_t>(count, dim.size(), count) != 0;
  }
  if (overflow && !empty)
    return error("number of elements overflows: shape " + shapeToString(data.shape) + " has about 2^" +
                 Twine(static_cast<int64_t>(std::lround(log2Count))));
  data.elementCount = empty ? 0 : count;
  return Error::success();
}

Error TensorDecoder::checkValueCount(int64_t count) const {
  // TensorFlow writes an empty tensor that was filled with a value as one value.
  if (count > data.elementCount && data.elementCount > 0)
    return error(Twine(count) + " values for " + Twine(data.elementCount) + " elements (" + typeAndShape() +
                 ")");
  return Error::success();
}

Error TensorDecoder::takeValues(const void *values, int64_t count, size_t elementSize) {
  if (Error tooMany = checkValueCount(count))
    return tooMany;
  const char *begin = static_cast<const char *>(values);
  if (data.elementCount == 0)
    return Error::success();
  if (count == 0) {
    // No values at all mean zeros.
    data.owned.assign(elementSize, '\0');
    data.bytes = ArrayRef<char>(data.owned.data(), data.owned.size());
    data.isSplat = data.elementCount > 1;
    return Error::success();
  }
  if (count == data.elementCount || count == 1) {
    data.bytes = ArrayRef<char>(begin, count * elementSize);
    data.isSplat = count < data.elementCount;
    return Error::success();
  }
  if (data.elementCount > kMaxBytes / static_cast<int64_t>(elementSize))
    return error(typeAndShape() + " with " + Twine(count) +
                 " values is larger than a constant can be (2 GiB)");
  data.owned.reserve(data.elementCount * elementSize);
  data.owned.assign(begin, count * elementSize);
  for (int64_t i = count; i < data.elementCount; ++i)
    data.owned.append(begin + (count - 1) * elementSize, elementSize);
  data.bytes = ArrayRef<char>(data.owned.data(), data.owned.size());
  return Error::success();
}

template <typename T, typename List> Error TensorDecoder::narrowValues(const List &values) {
  if (Error tooMany = checkValueCount(values.size()))
    return tooMany;
  std::vector<T> narrow;
  narrow.reserve(values.size());
  for (auto value : values)
    narrow.push_back(static_cast<T>(value));
  if (Error error = takeValues(narrow.data(), narrow.size(), sizeof(T)))
    return error;
  // takeValues may have referred to `narrow`, which dies here.
  if (data.owned.empty()) {
    data.owned.assign(data.bytes.data(), data.bytes.size());
    data.bytes = ArrayRef<char>(data.owned.data(), data.owned.size());
  }
  return Error::success();
}

Error TensorDecoder::decodeValues(size_t elementSize) {
  switch (data.dtype) {
  case DT_FLOAT:
    return takeValues(tensor.float_val().data(), tensor.float_val_size(), elementSize);
  case DT_DOUBLE:
    return takeValues(tensor.double_val().data(), tensor.double_val_size(), elementSize);
  case DT_INT32:
  case DT_QINT32:
    return takeValues(tensor.int_val().data(), tensor.int_val_size(), elementSize);
  case DT_INT64:
    return takeValues(tensor.int64_val().data(), tensor.int64_val_size(), elementSize);
  case DT_UINT32:
    return takeValues(tensor.uint32_val().data(), tensor.uint32_val_size(), elementSize);
  case DT_UINT64:
    return takeValues(tensor.uint64_val().data(), tensor.uint64_val_size(), elementSize);
  case DT_BOOL:
    return narrowValues<uint8_t>(tensor.bool_val());
  case DT_INT16:
  case DT_QINT16:
  case DT_UINT16:
  case DT_QUINT16:
    return narrowValues<uint16_t>(tensor.int_val());
  case DT_INT8:
  case DT_QINT8:
  case DT_UINT8:
  case DT_QUINT8:
    return narrowValues<uint8_t>(tensor.int_val());
  case DT_HALF:
  case DT_BFLOAT16:
    return narrowValues<uint16_t>(tensor.half_val());
  case DT_COMPLEX64:
    if (tensor.scomplex_val_size() % 2 != 0)
      return error("complex values come in pairs, " + Twine(tensor.scomplex_val_size()) +
                   " numbers were given");
    return takeValues(tensor.scomplex_val().data(), tensor.scomplex_val_size() / 2, elementSize);
  case DT_COMPLEX128:
    if (tensor.dcomplex_val_size() % 2 != 0)
      return error("complex values come in pairs, " + Twine(tensor.dcomplex_val_size()) +
                   " numbers were given");
    return takeValues(tensor.dcomplex_val().data(), tensor.dcomplex_val_size() / 2, elementSize);
  default:
    return error("constants of type " + dataTypeName(data.dtype) + " are not supported");
  }
}

Error TensorDecoder::decodeContent(size_t elementSize) {
  const std::string &content = tensor.tensor_content();
  int64_t needed = 0;
  bool overflow = MulOverflow<int64_t>(data.elementCount, elementSize, needed) != 0;
  if (overflow || needed != static_cast<int64_t>(content.size()))
    return error("tensor_content has " + Twine(content.size()) + " bytes, " + typeAndShape() + " needs " +
                 (overflow ? "more than 2^63" : std::to_string(needed)));
  data.bytes = ArrayRef<char>(content.data(), content.size());
  // Only 0 and 1 are values of a bool; anything else would become undefined behaviour further down.
  if (data.dtype == DT_BOOL && any_of(content, [](char byte) { return byte & ~1; })) {
    data.owned.assign(content);
    for (char &byte : data.owned)
      byte = byte != 0;
    data.bytes = ArrayRef<char>(data.owned.data(), data.owned.size());
  }
  return Error::success();
}

/// Strings as content: the lengths of all as varints, then their bytes.
Error TensorDecoder::decodeStringContent() {
  StringRef rest = tensor.tensor_content();
  if (data.elementCount > static_cast<int64_t>(rest.size()))
    return error("tensor_content has " + Twine(rest.size()) + " bytes, too few for " +
                 Twine(data.elementCount) + " strings");
  std::vector<uint64_t> lengths;
  for (int64_t i = 0; i < data.elementCount; ++i) {
    uint64_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (rest.empty() || shift > 56)
        return error("tensor_content ends within the lengths of the strings");
      uint8_t byte = rest.front();
      rest = rest.drop_front();
      length |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80)
        break;
    }
    lengths.push_back(length);
  }
  for (uint64_t length : lengths) {
    if (length > rest.size())
      return error("tensor_content is too short for its strings: " + Twine(length) + " bytes wanted, " +
                   Twine(rest.size()) + " left");
    data.strings.push_back(rest.take_front(length).str());
    rest = rest.drop_front(length);
  }
  if (!rest.empty())
    return error("tensor_content has " + Twine(rest.size()) + " bytes after its last string");
  return Error::success();
}

Error TensorDecoder::decodeStrings() {
  if (!tensor.tensor_content().empty())
    return decodeStringContent();
  int64_t count = tensor.string_val_size();
  if (Error tooMany = checkValueCount(count))
    return tooMany;
  if (data.elementCount == 0)
    return Error::success();
  data.strings.assign(tensor.string_val().begin(), tensor.string_val().end());
  if (count <= 1) {
    data.strings.resize(1);
    data.isSplat = data.elementCount > 1;
    return Error::success();
  }
  if (data.elementCount > kMaxBytes / static_cast<int64_t>(sizeof(std::string)))
    return error(typeAndShape() + " with " + Twine(count) + " values is larger than a constant can be");
  std::string last = data.strings.back();
  data.strings.resize(data.elementCount, last);
  return Error::success();
}

Expected<TensorData> TensorDecoder::decode() {
  data.dtype = tensor.dtype();
  if (!isKnownDataType(data.dtype) || isReference(data.dtype))
    return error("the constant has " + dataTypeName(data.dtype) + ", which is not a type of constants");
  if (Error error = decodeShape())
    return std::move(error);
  if (data.dtype == DT_STRING) {
    if (Error error = decodeStrings())
      return std::move(error);
    return std::move(data);
  }
  size_t elementSize = dataTypeSize(data.dtype);
  if (elementSize == 0)
    return error("constants of type " + dataTypeName(data.dtype) + " are not supported");
  Error problem = tensor.tensor_content().empty() ? decodeValues(elementSize) : decodeContent(elementSize);
  if (problem)
    return std::move(problem);
  return std::move(data);
}

//===----------------------------------------------------------------------===//
// TensorData
//===----------------------------------------------------------------------===//

TensorData::TensorData(TensorData &&other) { *this = std::move(other); }

TensorData &TensorData::operator=(TensorData &&other) {
  if (this == &other)
    return *this;
  // A short string keeps its bytes inside itself: they move with it.
  bool ownsBytes = !other.owned.empty();
  dtype = other.dtype;
  shape = std::move(other.shape);
  elementCount = other.elementCount;
  isSplat = other.isSplat;
  owned = std::move(other.owned);
  strings = std::move(other.strings);
  bytes = ownsBytes ? ArrayRef<char>(owned.data(), owned.size()) : other.bytes;
  return *this;
}

Expected<TensorData> tgc::decodeTensor(const TensorProto &tensor, StringRef nodeDescription) {
  return TensorDecoder(tensor, nodeDescription).decode();
}

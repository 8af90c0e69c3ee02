//===- Arguments.cpp - What kernels are called with ---------------------------===//
#include "tools/tgc-ptx-run/Arguments.h"
#include "tools/ptx/Floats.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace tgc;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

/// A buffer that the command line asks for may not take more than this.
static constexpr uint64_t kMaxBytes = uint64_t(1) << 34;

static std::optional<NumpyType> typeOfWord(StringRef word) {
  char kind = llvm::StringSwitch<char>(word.take_while(llvm::isAlpha))
                  .Case("f", 'f')
                  .Cases({"i", "s"}, 'i')
                  .Case("u", 'u')
                  .Default('\0');
  unsigned bits;
  if (!kind || word.drop_while(llvm::isAlpha).getAsInteger(10, bits))
    return std::nullopt;
  return numpyTypeOf(kind, bits / 8);
}

Error Arguments::read(StringRef path) {
  Expected<NamedArrays> arrays = readNpz(path);
  if (!arrays)
    return arrays.takeError();
  for (auto &[name, array] : *arrays) {
    if (array.dtype == TGC_STRING)
      return createStringError(path + ": '" + name + "' holds strings, kernels take numbers");
    buffers.push_back({name, std::move(array)});
  }
  return Error::success();
}

Arguments::Buffer *Arguments::find(StringRef name) {
  for (Buffer &buffer : buffers)
    if (buffer.name == name)
      return &buffer;
  return nullptr;
}

uint64_t Arguments::place(Buffer &buffer, bool isReadOnly) {
  if (!buffer.address)
    buffer.address =
        device.map(buffer.array.bytes.data(), buffer.array.bytes.size(), buffer.name, isReadOnly);
  return buffer.address;
}

Error Arguments::addNew(StringRef rest) {
  // The name may have a colon of its own, as tensors of graphs do.
  auto [front, shape] = rest.rsplit(':');
  auto [name, word] = front.rsplit(':');
  std::optional<NumpyType> type = typeOfWord(word);
  if (!type || name.empty())
    return createStringError("'out:" + rest + "' is not out:NAME:TYPE:SHAPE, as in out:y:f32:4x1000");
  if (find(name))
    return createStringError("'" + name + "' is there twice");
  Buffer buffer{name.str(), {}};
  buffer.isResult = true;
  buffer.array.dtype = type->dtype;
  uint64_t bytes = type->size;
  llvm::SmallVector<StringRef, 4> dims;
  shape.split(dims, 'x');
  for (StringRef text : dims) {
    uint64_t dim;
    if (text.getAsInteger(10, dim) || dim > kMaxBytes || (dim && bytes > kMaxBytes / dim))
      return createStringError("'" + shape + "' is not a shape, as in 4x1000");
    bytes *= dim;
    buffer.array.shape.push_back(dim);
  }
  buffer.array.bytes = AlignedBuffer(bytes);
  // What a kernel leaves out is seen: NaN in floats.
  std::memset(buffer.array.bytes.data(), 0xFF, bytes);
  buffers.push_back(std::move(buffer));
  list.push_back(ptx::KernelArgument::of(place(buffers.back(), false)));
  return Error::success();
}

Error Arguments::addMap(StringRef rest) {
  llvm::SmallVector<StringRef, 4> parts;
  rest.split(parts, ':');
  Buffer *buffer = find(parts[0]);
  if (!buffer)
    return createStringError("'map:" + rest + "': there is no array '" + parts[0] + "'");
  buffer->isResult |= llvm::is_contained(parts, "out");
  ptx::TensorMap map;
  map.address = place(*buffer, !buffer->isResult);
  map.rank = buffer->array.shape.size();
  map.elementSize = numpyTypeOf(buffer->array.dtype)->size;
  if (map.rank < 1 || map.rank > ptx::TensorMap::kMaxRank)
    return createStringError("'" + parts[0] + "' has rank " + Twine(unsigned(map.rank)) +
                             ", a tensor map 1 to 5");
  uint64_t stride = map.elementSize;
  for (unsigned i = 0; i < map.rank; ++i) {
    map.dims[i] = buffer->array.shape[map.rank - 1 - i];
    if (i)
      map.strides[i - 1] = stride;
    stride *= map.dims[i];
  }
  for (StringRef part : llvm::ArrayRef(parts).drop_front()) {
    if (part.consume_front("box=")) {
      llvm::SmallVector<StringRef, 5> sides;
      part.split(sides, ',');
      for (unsigned i = 0; i < map.rank; ++i)
        if (sides.size() != map.rank || sides[i].getAsInteger(10, map.box[i]))
          return createStringError("'box=" + part + "' must have " + Twine(unsigned(map.rank)) +
                                   " sides, innermost first");
    } else if (part.consume_front("swizzle=")) {
      if (part.getAsInteger(10, map.swizzle))
        return createStringError("'swizzle=" + part + "' is not a number");
    } else if (part == "nan") {
      map.fillsNaN = 1;
    } else if (part != "out") {
      return createStringError("'" + part + "' is not known in 'map:" + rest + "'");
    }
  }
  Expected<ptx::TensorMap> encoded = ptx::encodeTensorMap(map);
  if (!encoded)
    return createStringError("'map:" + rest + "': " + llvm::toString(encoded.takeError()));
  list.push_back(ptx::KernelArgument::of(*encoded));
  return Error::success();
}

Error Arguments::addNumber(StringRef word, StringRef value) {
  std::optional<NumpyType> type = typeOfWord(word);
  auto bad = [&] { return createStringError("'" + value + "' is not a number of type " + word); };
  if (!type)
    return createStringError("'" + word + ":" + value + "' is no argument; see --help");
  if (type->kind == 'f') {
    double number;
    if (value.getAsDouble(number))
      return bad();
    if (type->size == 8)
      list.push_back(ptx::KernelArgument::of(number));
    else if (type->size == 4)
      list.push_back(ptx::KernelArgument::of(float(number)));
    else
      list.push_back(
          ptx::KernelArgument::of(ptx::doubleToF16(ptx::roundTo(number, ptx::kF16, ptx::Rounding::Nearest))));
    return Error::success();
  }
  int64_t number;
  uint64_t bits;
  if (!value.getAsInteger(0, number))
    bits = number;
  else if (value.getAsInteger(0, bits))
    return bad();
  switch (type->size) {
  case 1:
    list.push_back(ptx::KernelArgument::of(uint8_t(bits)));
    break;
  case 2:
    list.push_back(ptx::KernelArgument::of(uint16_t(bits)));
    break;
  case 4:
    list.push_back(ptx::KernelArgument::of(uint32_t(bits)));
    break;
  default:
    list.push_back(ptx::KernelArgument::of(bits));
  }
  return Error::success();
}

Error Arguments::add(StringRef text) {
  auto [kind, rest] = text.split(':');
  if (kind == "out")
    return addNew(rest);
  if (kind == "map")
    return addMap(rest);
  if (kind != "in" && kind != "inout")
    return addNumber(kind, rest);
  Buffer *buffer = find(rest);
  if (!buffer)
    return createStringError("'" + text + "': there is no array '" + rest + "' in what --in names");
  buffer->isResult |= kind == "inout";
  list.push_back(ptx::KernelArgument::of(place(*buffer, kind == "in")));
  return Error::success();
}

NamedArrays Arguments::results() const {
  NamedArrays results;
  for (const Buffer &buffer : buffers) {
    if (!buffer.isResult)
      continue;
    NumpyArray copy;
    copy.dtype = buffer.array.dtype;
    copy.shape = buffer.array.shape;
    copy.bytes = AlignedBuffer(buffer.array.bytes.data(), buffer.array.bytes.size());
    results.push_back({buffer.name, std::move(copy)});
  }
  return results;
}

/// An element as a number; what is no float is an integer.
static double elementOf(const NumpyArray &array, size_t index) {
  NumpyType type = *numpyTypeOf(array.dtype);
  const char *at = array.bytes.data() + index * type.size;
  uint64_t bits = 0;
  std::memcpy(&bits, at, std::min(type.size, 8u));
  if (type.kind == 'f')
    return type.size == 8   ? llvm::bit_cast<double>(bits)
           : type.size == 4 ? double(ptx::toFloat(bits))
                            : ptx::f16ToDouble(bits);
  if (type.kind == 'i')
    return double(int64_t(bits << (64 - 8 * type.size)) >> (64 - 8 * type.size));
  return double(bits);
}

Error tgc::compareArrays(const NamedArrays &got, const NamedArrays &expected, double rtol, double atol,
                         llvm::raw_ostream &out) {
  for (const auto &[name, want] : expected) {
    auto it = llvm::find_if(got, [&name = name](const auto &entry) { return entry.first == name; });
    if (it == got.end())
      continue;
    const NumpyArray &have = it->second;
    if (have.dtype != want.dtype || have.shape != want.shape)
      return createStringError("'" + name + "' has shape " + shapeText(have.shape) + ", expected " +
                               shapeText(want.shape) + (have.dtype != want.dtype ? " of another type" : ""));
    double worst = 0;
    for (size_t i = 0, e = have.numElements(); i < e; ++i) {
      double a = elementOf(have, i), b = elementOf(want, i);
      if (a == b || (std::isnan(a) && std::isnan(b)))
        continue;
      double error = std::fabs(a - b);
      if (!(error <= atol + rtol * std::fabs(b))) {
        std::string text;
        llvm::raw_string_ostream(text) << llvm::format("is %.9g, expected %.9g", a, b);
        return createStringError("element " + Twine(i) + " of '" + name + "' " + text);
      }
      worst = std::max(worst, error);
    }
    out << name << ": " << have.numElements() << " elements agree, largest difference "
        << llvm::format("%.3g", worst) << "\n";
  }
  return Error::success();
}

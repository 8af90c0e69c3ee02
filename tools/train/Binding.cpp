//===- Binding.cpp - Columns as feeds -------------------------------------===//

#include "tools/train/Binding.h"
#include "tgc/runtime.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace llvm;

namespace tgc {
namespace {

Expected<Binding::Op> parseOp(StringRef text) {
  using Kind = Binding::Op::Kind;
  Binding::Op op{Kind::Scale, 0};
  if (text == "nhwc")
    return Binding::Op{Kind::ChannelsLast, 0};
  if (text.starts_with("onehot:")) {
    unsigned depth = 0;
    if (!text.drop_front(7).getAsInteger(10, depth) && depth)
      return Binding::Op{Kind::OneHot, static_cast<double>(depth)};
  } else if (!text.empty() && StringRef("*/+-").contains(text[0]) &&
             !text.drop_front().getAsDouble(op.value)) {
    bool isScale = text[0] == '*' || text[0] == '/';
    op.kind = isScale ? Kind::Scale : Kind::Shift;
    if (text[0] == '-')
      op.value = -op.value;
    if (text[0] == '/')
      op.value = 1 / op.value;
    return op;
  }
  return createStringError("'" + text + "' is no operation; /N, *N, +N, -N, onehot:K and nhwc are known");
}

double halfToDouble(uint16_t bits) { return APFloat(APFloat::IEEEhalf(), APInt(16, bits)).convertToDouble(); }

uint16_t doubleToHalf(double value, const fltSemantics &semantics) {
  bool losesInfo;
  APFloat number(value);
  number.convert(semantics, APFloat::rmNearestTiesToEven, &losesInfo);
  return static_cast<uint16_t>(number.bitcastToAPInt().getZExtValue());
}

/// Calls fn with a null pointer of the C++ type of `dtype`; false: it has none.
template <typename Fn> bool withType(tgc_dtype_t dtype, Fn fn) {
  switch (dtype) {
  case TGC_FLOAT32:
    fn(static_cast<float *>(nullptr));
    return true;
  case TGC_FLOAT64:
    fn(static_cast<double *>(nullptr));
    return true;
  case TGC_INT8:
    fn(static_cast<int8_t *>(nullptr));
    return true;
  case TGC_INT16:
    fn(static_cast<int16_t *>(nullptr));
    return true;
  case TGC_INT32:
    fn(static_cast<int32_t *>(nullptr));
    return true;
  case TGC_INT64:
    fn(static_cast<int64_t *>(nullptr));
    return true;
  case TGC_BOOL:
  case TGC_UINT8:
    fn(static_cast<uint8_t *>(nullptr));
    return true;
  case TGC_UINT16:
    fn(static_cast<uint16_t *>(nullptr));
    return true;
  case TGC_UINT32:
    fn(static_cast<uint32_t *>(nullptr));
    return true;
  case TGC_UINT64:
    fn(static_cast<uint64_t *>(nullptr));
    return true;
  default:
    return false;
  }
}

std::optional<std::vector<double>> toDoubles(const NumpyArray &array) {
  std::vector<double> values(array.numElements());
  if (array.dtype == TGC_FLOAT16) {
    auto *bits = reinterpret_cast<const uint16_t *>(array.bytes.data());
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = halfToDouble(bits[i]);
    return values;
  }
  bool isKnown = withType(array.dtype, [&](auto *type) {
    auto *elements = reinterpret_cast<const std::remove_pointer_t<decltype(type)> *>(array.bytes.data());
    std::copy_n(elements, values.size(), values.begin());
  });
  return isKnown ? std::optional(std::move(values)) : std::nullopt;
}

/// Whether `value` is one of the numbers of T.
template <typename T> bool isNumberOf(double value) {
  if constexpr (std::is_floating_point_v<T>)
    return true;
  // The bounds are powers of two, or one less, which a double may round up: the upper one is excluded as
  // such.
  constexpr double limit = static_cast<double>(std::numeric_limits<T>::max() / 2 + 1) * 2;
  return value >= static_cast<double>(std::numeric_limits<T>::min()) && value < limit &&
         std::trunc(value) == value;
}

/// Numbers of `dtype`, where bfloat16 travels as it does in files. Integers must be there exactly.
Expected<NumpyArray> fromDoubles(ArrayRef<double> values, int32_t dtype, std::vector<int64_t> shape) {
  NumpyArray array;
  array.shape = std::move(shape);
  if (dtype == TGC_FLOAT16 || dtype == TGC_BFLOAT16) {
    array.dtype = dtype == TGC_FLOAT16 ? TGC_FLOAT16 : TGC_UINT16;
    array.bytes = AlignedBuffer(values.size() * 2);
    for (auto [i, value] : enumerate(values))
      reinterpret_cast<uint16_t *>(array.bytes.data())[i] =
          doubleToHalf(value, dtype == TGC_FLOAT16 ? APFloat::IEEEhalf() : APFloat::BFloat());
    return array;
  }
  array.dtype = static_cast<tgc_dtype_t>(dtype);
  array.bytes = AlignedBuffer(values.size() * tgc_dtype_size(dtype));
  std::optional<double> misfit;
  bool isKnown = withType(array.dtype, [&](auto *type) {
    using T = std::remove_pointer_t<decltype(type)>;
    auto *elements = reinterpret_cast<T *>(array.bytes.data());
    for (auto [i, value] : enumerate(values)) {
      if (dtype == TGC_BOOL)
        elements[i] = T(value != 0);
      else if (isNumberOf<T>(value))
        elements[i] = T(value);
      else
        misfit = value;
    }
  });
  if (!isKnown)
    return createStringError(Twine("numbers cannot be fed as ") + tgc_dtype_name(dtype));
  if (misfit)
    return createStringError(formatv("{0} is no number of {1}", *misfit, tgc_dtype_name(dtype)).str());
  return array;
}

/// A column with its sizes, while ops are applied.
struct Numbers {
  std::vector<double> values;
  std::vector<int64_t> shape;
};

Error toChannelsLast(Numbers &numbers) {
  if (numbers.shape.size() != 4)
    return createStringError("nhwc turns images of shape [N,C,H,W] around; the column has shape " +
                             shapeText(numbers.shape));
  int64_t n = numbers.shape[0], c = numbers.shape[1], pixels = numbers.shape[2] * numbers.shape[3];
  std::vector<double> turned(numbers.values.size());
  for (int64_t image = 0; image < n; ++image)
    for (int64_t channel = 0; channel < c; ++channel)
      for (int64_t pixel = 0; pixel < pixels; ++pixel)
        turned[(image * pixels + pixel) * c + channel] =
            numbers.values[(image * c + channel) * pixels + pixel];
  numbers.values = std::move(turned);
  numbers.shape = {n, numbers.shape[2], numbers.shape[3], c};
  return Error::success();
}

Error toOneHot(Numbers &numbers, int64_t depth) {
  std::vector<double> hot(numbers.values.size() * depth);
  for (auto [i, value] : enumerate(numbers.values)) {
    if (value < 0 || value >= static_cast<double>(depth) ||
        value != static_cast<double>(static_cast<int64_t>(value)))
      return createStringError("onehot:" + Twine(depth) + ": an example has the label " +
                               std::to_string(value));
    hot[i * depth + static_cast<int64_t>(value)] = 1;
  }
  while (numbers.shape.size() > 1 && numbers.shape.back() == 1)
    numbers.shape.pop_back();
  numbers.shape.push_back(depth);
  numbers.values = std::move(hot);
  return Error::success();
}

Error apply(const Binding::Op &op, Numbers &numbers) {
  using Kind = Binding::Op::Kind;
  switch (op.kind) {
  case Kind::Scale:
    for (double &value : numbers.values)
      value *= op.value;
    return Error::success();
  case Kind::Shift:
    for (double &value : numbers.values)
      value += op.value;
    return Error::success();
  case Kind::OneHot:
    return toOneHot(numbers, static_cast<int64_t>(op.value));
  case Kind::ChannelsLast:
    return toChannelsLast(numbers);
  }
  llvm_unreachable("unknown operation");
}

/// Where a column of texts has something else than a number.
std::string describeFirstText(const NumpyArray &column) {
  double number;
  auto found = find_if(column.strings, [&](StringRef text) { return text.trim().getAsDouble(number); });
  if (found == column.strings.end())
    return "";
  return ": example " + std::to_string(found - column.strings.begin()) +
         (found->empty() ? " has an empty cell (csv:FILE:missing=NUMBER says what it is)"
                         : " has '" + *found + "'");
}

/// Several columns side by side, each as a vector per row.
Expected<Numbers> stackColumns(const Binding &binding, const Dataset &data) {
  std::vector<std::vector<double>> parts;
  Numbers stacked;
  int64_t width = 0;
  for (const std::string &name : binding.columns) {
    const NumpyArray *column = data.find(name);
    if (!column)
      return createStringError("the data has no column '" + name + "'; it has: " + data.listNames());
    std::optional<std::vector<double>> values = toDoubles(*column);
    if (!values && column->dtype == TGC_STRING)
      return createStringError("column '" + name + "' is no column of numbers" + describeFirstText(*column));
    if (!values)
      return createStringError("column '" + name + "' holds " + tgc_dtype_name(column->dtype) +
                               ", no numbers");
    stacked.shape = column->shape;
    width += static_cast<int64_t>(values->size()) / data.numRows;
    parts.push_back(std::move(*values));
  }
  if (parts.size() == 1) {
    stacked.values = std::move(parts[0]);
    return stacked;
  }
  stacked.shape = {data.numRows, width};
  for (int64_t row = 0; row < data.numRows; ++row)
    for (const std::vector<double> &part : parts) {
      size_t size = part.size() / data.numRows;
      stacked.values.insert(stacked.values.end(), part.begin() + row * size, part.begin() + (row + 1) * size);
    }
  return stacked;
}

/// The shape of the rows as the feed wants it: its own sizes where it knows them all and they hold as many
/// elements.
Expected<std::vector<int64_t>> fitShape(std::vector<int64_t> shape, const tgc_tensor_info_t &feed) {
  ArrayRef<int64_t> wanted(feed.dims, std::max(feed.rank, 0));
  int64_t got = 1, count = 1;
  for (int64_t size : drop_begin(shape))
    got *= size;
  bool isKnown = !wanted.empty() && none_of(drop_begin(wanted), [](int64_t size) { return size < 0; });
  for (int64_t size : isKnown ? wanted.drop_front() : ArrayRef<int64_t>())
    count *= size;
  if (isKnown && count == got) {
    std::vector<int64_t> fitted = {shape[0]};
    append_range(fitted, wanted.drop_front());
    return fitted;
  }
  bool fits = shape.size() == wanted.size();
  for (size_t i = 1; fits && i < wanted.size(); ++i)
    fits = wanted[i] < 0 || wanted[i] == shape[i];
  if (!fits)
    return createStringError("the examples have shape " + shapeText(shape) + ", the feed has " +
                             shapeText(wanted));
  return shape;
}

} // namespace

Expected<Binding> parseBinding(StringRef text) {
  Binding binding;
  auto [tensor, expression] = text.split('=');
  SmallVector<StringRef> parts;
  expression.split(parts, ',');
  if (tensor.empty() || parts[0].empty())
    return createStringError("--bind=" + text + ": TENSOR=COLUMN[,OP...] or TENSOR=NUMBER is expected");
  binding.tensor = tensor.contains(':') ? tensor.str() : tensor.str() + ":0";
  double number;
  if (parts.size() == 1 && !parts[0].getAsDouble(number)) {
    binding.constant = number;
    return binding;
  }
  for (StringRef column : split(parts[0], '+'))
    binding.columns.push_back(column.str());
  for (StringRef op : drop_begin(parts)) {
    auto parsed = parseOp(op);
    if (!parsed)
      return createStringError("--bind=" + text + ": " + toString(parsed.takeError()));
    binding.ops.push_back(*parsed);
  }
  return binding;
}

std::vector<Binding> completeBindings(std::vector<Binding> bindings, const Dataset &data,
                                      ArrayRef<std::string> feeds) {
  auto isBound = [&](StringRef feed) {
    return any_of(bindings, [&](const Binding &b) { return b.tensor == feed; });
  };
  for (const auto &[name, column] : data.columns) {
    std::string tensor = StringRef(name).contains(':') ? name : name + ":0";
    if (!isBound(tensor) && (feeds.empty() || is_contained(feeds, tensor)))
      bindings.push_back({tensor, {name}, {}, std::nullopt});
  }
  return bindings;
}

Expected<BoundFeed> bindFeed(const Binding &binding, const Dataset &data, const tgc_tensor_info_t &feed) {
  auto fail = [&](const Twine &text) {
    return createStringError(Twine("feed '") + feed.name + "': " + text);
  };
  if (binding.constant) {
    std::vector<int64_t> shape;
    int64_t count = 1;
    for (int64_t size : ArrayRef(feed.dims, std::max(feed.rank, 0)))
      count *= shape.emplace_back(size < 0 ? 1 : size);
    Expected<NumpyArray> array =
        fromDoubles(std::vector<double>(count, *binding.constant), feed.dtype, shape);
    if (!array)
      return fail(toString(array.takeError()));
    return BoundFeed{std::move(*array), /*isConstant=*/true};
  }
  const NumpyArray *only = binding.columns.size() == 1 ? data.find(binding.columns[0]) : nullptr;
  if (only && only->dtype == feed.dtype && binding.ops.empty()) {
    Expected<std::vector<int64_t>> shape =
        only->dtype == TGC_STRING ? Expected<std::vector<int64_t>>(only->shape) : fitShape(only->shape, feed);
    if (!shape)
      return fail(toString(shape.takeError()));
    NumpyArray copy = makeArray(only->dtype, *shape);
    copy.strings = only->strings;
    llvm::copy(only->bytes.ref(), copy.bytes.data());
    return BoundFeed{std::move(copy), false};
  }
  Expected<Numbers> numbers = stackColumns(binding, data);
  if (!numbers)
    return fail(toString(numbers.takeError()));
  for (const Binding::Op &op : binding.ops)
    if (Error error = apply(op, *numbers))
      return fail(toString(std::move(error)));
  Expected<std::vector<int64_t>> shape = fitShape(numbers->shape, feed);
  if (!shape)
    return fail(toString(shape.takeError()));
  Expected<NumpyArray> array = fromDoubles(numbers->values, feed.dtype, *shape);
  if (!array)
    return fail(toString(array.takeError()));
  return BoundFeed{std::move(*array), false};
}

NumpyArray gatherRows(const NumpyArray &column, ArrayRef<int64_t> rows) {
  std::vector<int64_t> shape = column.shape;
  int64_t numRows = shape[0];
  shape[0] = static_cast<int64_t>(rows.size());
  NumpyArray result = makeArray(column.dtype, shape);
  size_t size = numRows ? column.bytes.size() / numRows : 0,
         numStrings = numRows ? column.strings.size() / numRows : 0;
  for (auto [i, row] : enumerate(rows)) {
    if (size)
      std::memcpy(result.bytes.data() + i * size, column.bytes.data() + row * size, size);
    for (size_t k = 0; k < numStrings; ++k)
      result.strings[i * numStrings + k] = column.strings[row * numStrings + k];
  }
  return result;
}

} // namespace tgc

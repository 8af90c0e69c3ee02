//===- Tensors.cpp - Between numpy arrays and the runtime's tensors -----------===//
#include "tools/tgc-run/Tensors.h"
#include "tools/tgc-run/EntryNames.h"
#include "llvm/ADT/STLExtras.h"

using namespace tgc;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

/// An array without elements still has an address.
alignas(AlignedBuffer::kAlignment) static char nothing[AlignedBuffer::kAlignment];

static Error checkFeed(const tgc_tensor_info_t &feed, const NumpyArray &array) {
  std::optional<NumpyType> carrier = numpyTypeOf(feed.dtype);
  bool isRight =
      feed.dtype == TGC_STRING ? array.dtype == TGC_STRING : carrier && carrier->dtype == array.dtype;
  if (!isRight) {
    bool isCarried = carrier && carrier->dtype != feed.dtype;
    return createStringError(Twine("feed '") + feed.name + "': the array is " + tgc_dtype_name(array.dtype) +
                             ", the entry takes " + tgc_dtype_name(feed.dtype) +
                             (isCarried ? Twine(" as ") + tgc_dtype_name(carrier->dtype) : ""));
  }
  if (array.shape.size() > TGC_MAX_RANK)
    return createStringError(Twine("feed '") + feed.name + "': the array has " + Twine(array.shape.size()) +
                             " dimensions, at most " + Twine(TGC_MAX_RANK) + " are supported");
  return Error::success();
}

static tgc_tensor_t borrow(const NumpyArray &array, int32_t dtype, FeedTensors &feeds) {
  tgc_tensor_t tensor = {};
  tensor.dtype = dtype;
  tensor.rank = array.shape.size();
  llvm::copy(array.shape, tensor.dims);
  tensor.data = const_cast<char *>(array.bytes.size() ? array.bytes.data() : nothing);
  tensor.byte_size = array.bytes.size();
  if (dtype == TGC_STRING && !array.strings.empty()) {
    std::vector<tgc_string_t> &elements = feeds.strings.emplace_back();
    for (const std::string &text : array.strings)
      elements.push_back({text.data(), text.size()});
    tensor.data = elements.data();
    tensor.byte_size = elements.size() * sizeof(tgc_string_t);
  }
  return tensor;
}

Expected<FeedTensors> tgc::bindFeeds(const tgc_entry_info_t &entry, const NamedArrays *arrays,
                                     bool allowsUnused) {
  static const NamedArrays none;
  if (!arrays)
    arrays = &none;
  FeedTensors feeds;
  for (uint32_t i = 0; i < entry.num_feeds; ++i) {
    const tgc_tensor_info_t &feed = entry.feeds[i];
    auto found = llvm::find_if(*arrays, [&](const auto &named) { return named.first == feed.name; });
    if (found == arrays->end())
      return createStringError(Twine("entry '") + entry.name + "' needs the feed '" + feed.name + "' (" +
                               tgc_dtype_name(feed.dtype) + " " +
                               shapeText({feed.dims, size_t(std::max(feed.rank, 0))}) +
                               "), which is not among the arrays");
    if (Error error = checkFeed(feed, found->second))
      return std::move(error);
    feeds.tensors.push_back(borrow(found->second, feed.dtype, feeds));
  }
  Names names = feedNames(entry);
  for (const auto &named : *arrays)
    if (!allowsUnused && !llvm::is_contained(names, named.first))
      return createStringError(Twine("entry '") + entry.name + "' takes no feed '" + named.first +
                               "'; it takes: " + listed(names));
  return feeds;
}

/// Numbers in [0, 1) that differ from element to element; integers are 0, which is in range wherever one is
/// an index.
static NumpyArray inventArray(const tgc_tensor_info_t &feed) {
  NumpyArray array;
  for (int32_t d = 0; d < feed.rank; ++d)
    array.shape.push_back(feed.dims[d] < 0 ? 1 : feed.dims[d]);
  int64_t count = array.numElements();
  if (feed.dtype == TGC_STRING) {
    array.dtype = TGC_STRING;
    array.strings.resize(count);
    return array;
  }
  std::optional<NumpyType> type = numpyTypeOf(feed.dtype);
  if (!type)
    return array;
  array.dtype = type->dtype;
  array.bytes = AlignedBuffer(count * type->size);
  for (int64_t i = 0; i < count; ++i) {
    double value = double((i * 2654435761u) % 4096) / 4096;
    if (feed.dtype == TGC_FLOAT32)
      reinterpret_cast<float *>(array.bytes.data())[i] = float(value);
    else if (feed.dtype == TGC_FLOAT64)
      reinterpret_cast<double *>(array.bytes.data())[i] = value;
  }
  return array;
}

NamedArrays tgc::inventFeeds(const tgc_entry_info_t &entry) {
  NamedArrays arrays;
  for (uint32_t i = 0; i < entry.num_feeds; ++i)
    arrays.emplace_back(entry.feeds[i].name, inventArray(entry.feeds[i]));
  return arrays;
}

Expected<NumpyArray> tgc::copyTensor(const tgc_tensor_t &tensor) {
  NumpyArray array;
  array.shape.assign(tensor.dims, tensor.dims + tensor.rank);
  int64_t count = array.numElements();
  if (tensor.dtype == TGC_STRING) {
    array.dtype = TGC_STRING;
    auto *elements = static_cast<const tgc_string_t *>(tensor.data);
    for (int64_t i = 0; i < count; ++i)
      array.strings.emplace_back(elements[i].data, elements[i].size);
    return array;
  }
  std::optional<NumpyType> type = numpyTypeOf(tensor.dtype);
  if (!type)
    return createStringError(Twine("an array of ") + tgc_dtype_name(tensor.dtype) + " cannot be stored");
  array.dtype = type->dtype;
  array.bytes = AlignedBuffer(tensor.data, count * type->size);
  return array;
}

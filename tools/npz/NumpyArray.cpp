//===- NumpyArray.cpp - An array as numpy stores it ---------------------------===//
//
// The one table of element types of the array files.
//
//===----------------------------------------------------------------------===//
#include "tools/npz/NumpyArray.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace tgc;

static constexpr NumpyType kTypes[] = {
    {TGC_FLOAT16, 'f', 2},   {TGC_FLOAT32, 'f', 4},    {TGC_FLOAT64, 'f', 8}, {TGC_INT8, 'i', 1},
    {TGC_INT16, 'i', 2},     {TGC_INT32, 'i', 4},      {TGC_INT64, 'i', 8},   {TGC_UINT8, 'u', 1},
    {TGC_UINT16, 'u', 2},    {TGC_UINT32, 'u', 4},     {TGC_UINT64, 'u', 8},  {TGC_BOOL, 'b', 1},
    {TGC_COMPLEX64, 'c', 8}, {TGC_COMPLEX128, 'c', 16}};

/// What stands for a type that numpy does not have.
static int32_t carrierOf(int32_t dtype) {
  switch (dtype) {
  case TGC_BFLOAT16:
  case TGC_QUINT16:
    return TGC_UINT16;
  case TGC_QINT8:
    return TGC_INT8;
  case TGC_QUINT8:
    return TGC_UINT8;
  case TGC_QINT16:
    return TGC_INT16;
  case TGC_QINT32:
    return TGC_INT32;
  default:
    return dtype;
  }
}

int64_t NumpyArray::numElements() const {
  if (llvm::is_contained(shape, 0))
    return 0;
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  return count;
}

std::optional<NumpyType> tgc::numpyTypeOf(char kind, uint64_t size) {
  for (const NumpyType &type : kTypes)
    if (type.kind == kind && type.size == size)
      return type;
  return std::nullopt;
}

std::optional<NumpyType> tgc::numpyTypeOf(int32_t dtype) {
  for (const NumpyType &type : kTypes)
    if (type.dtype == carrierOf(dtype))
      return type;
  return std::nullopt;
}

std::string tgc::shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (auto [i, dim] : llvm::enumerate(shape))
    text += (i ? "," : "") + (dim < 0 ? std::string("?") : llvm::itostr(dim));
  return text + "]";
}

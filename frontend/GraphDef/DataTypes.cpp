//===- DataTypes.cpp - Names and sizes of data types, shapes as text --------===//
//
// The one table of TensorFlow's data types: everything that messages and decoders say about a type comes from
// here.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Graph.h"

#include "llvm/ADT/Twine.h"

using namespace llvm;
using namespace tgc::proto;

namespace {

struct DataTypeFacts {
  DataType dtype;
  StringRef name;
  size_t size; ///< bytes per element, 0 if tgc does not store such elements
};

/// In the order of the enumeration, which is dense from 1.
constexpr DataTypeFacts kDataTypes[] = {
    {DT_INVALID, "invalid", 0},
    {DT_FLOAT, "float32", 4},
    {DT_DOUBLE, "float64", 8},
    {DT_INT32, "int32", 4},
    {DT_UINT8, "uint8", 1},
    {DT_INT16, "int16", 2},
    {DT_INT8, "int8", 1},
    {DT_STRING, "string", 0},
    {DT_COMPLEX64, "complex64", 8},
    {DT_INT64, "int64", 8},
    {DT_BOOL, "bool", 1},
    {DT_QINT8, "qint8", 1},
    {DT_QUINT8, "quint8", 1},
    {DT_QINT32, "qint32", 4},
    {DT_BFLOAT16, "bfloat16", 2},
    {DT_QINT16, "qint16", 2},
    {DT_QUINT16, "quint16", 2},
    {DT_UINT16, "uint16", 2},
    {DT_COMPLEX128, "complex128", 16},
    {DT_HALF, "float16", 2},
    {DT_RESOURCE, "resource", 0},
    {DT_VARIANT, "variant", 0},
    {DT_UINT32, "uint32", 4},
    {DT_UINT64, "uint64", 8},
    {DT_FLOAT8_E5M2, "float8_e5m2", 0},
    {DT_FLOAT8_E4M3FN, "float8_e4m3fn", 0},
    {DT_FLOAT8_E4M3FNUZ, "float8_e4m3fnuz", 0},
    {DT_FLOAT8_E4M3B11FNUZ, "float8_e4m3b11fnuz", 0},
    {DT_FLOAT8_E5M2FNUZ, "float8_e5m2fnuz", 0},
    {DT_INT4, "int4", 0},
    {DT_UINT4, "uint4", 0},
    {DT_INT2, "int2", 0},
    {DT_UINT2, "uint2", 0},
};

constexpr int kReferenceOffset = 100;

const DataTypeFacts *findFacts(DataType dtype) {
  int number = tgc::withoutReference(dtype);
  if (number <= 0 || number >= static_cast<int>(std::size(kDataTypes)))
    return nullptr;
  return &kDataTypes[number];
}

} // namespace

StringRef tgc::modelFormatName(ModelFormat format) {
  switch (format) {
  case ModelFormat::GraphDefBinary:
    return "GraphDef";
  case ModelFormat::GraphDefText:
    return "GraphDef text";
  case ModelFormat::MetaGraph:
    return "MetaGraphDef";
  case ModelFormat::SavedModel:
    return "SavedModel";
  }
  return "";
}

bool tgc::isReference(DataType dtype) { return dtype > kReferenceOffset && dtype < 2 * kReferenceOffset; }

DataType tgc::withoutReference(DataType dtype) {
  return isReference(dtype) ? static_cast<DataType>(dtype - kReferenceOffset) : dtype;
}

bool tgc::isKnownDataType(DataType dtype) { return findFacts(dtype) != nullptr; }

std::string tgc::dataTypeName(DataType dtype) {
  const DataTypeFacts *facts = findFacts(dtype);
  if (!facts)
    return ("dtype " + Twine(static_cast<int>(dtype))).str();
  return isReference(dtype) ? (facts->name + " reference").str() : facts->name.str();
}

size_t tgc::dataTypeSize(DataType dtype) {
  const DataTypeFacts *facts = findFacts(dtype);
  return facts ? facts->size : 0;
}

std::string tgc::shapeToString(const std::optional<std::vector<int64_t>> &shape) {
  if (!shape)
    return "[unknown rank]";
  // A shape of absurd rank comes from a broken file and would fill the screen.
  constexpr size_t kMostShown = 16;
  std::string text = "[";
  for (size_t i = 0; i < std::min(shape->size(), kMostShown); ++i) {
    if (i != 0)
      text += ',';
    text += (*shape)[i] == -1 ? std::string("?") : std::to_string((*shape)[i]);
  }
  if (shape->size() > kMostShown)
    text += ",...";
  return text + "]";
}

std::optional<std::vector<int64_t>> tgc::shapeFromProto(const TensorShapeProto &shape) {
  if (shape.unknown_rank())
    return std::nullopt;
  std::vector<int64_t> dims;
  dims.reserve(shape.dim_size());
  for (const TensorShapeProto::Dim &dim : shape.dim())
    dims.push_back(dim.size());
  return dims;
}

//===- ElementTypes.cpp - Types of elements and TensorFlow's dtypes -------===//

#include "frontend/Import/GraphImporter.h"

using namespace mlir;

namespace tgc {

Type getElementType(MLIRContext *context, proto::DataType dtype) {
  auto integer = [&](unsigned width, bool isUnsigned) -> Type {
    return IntegerType::get(context, width, isUnsigned ? IntegerType::Unsigned : IntegerType::Signless);
  };
  switch (withoutReference(dtype)) {
  case proto::DT_HALF:
    return Float16Type::get(context);
  case proto::DT_BFLOAT16:
    return BFloat16Type::get(context);
  case proto::DT_FLOAT:
    return Float32Type::get(context);
  case proto::DT_DOUBLE:
    return Float64Type::get(context);
  case proto::DT_INT8:
  case proto::DT_QINT8:
    return integer(8, false);
  case proto::DT_INT16:
  case proto::DT_QINT16:
    return integer(16, false);
  case proto::DT_INT32:
  case proto::DT_QINT32:
    return integer(32, false);
  case proto::DT_INT64:
    return integer(64, false);
  case proto::DT_UINT8:
  case proto::DT_QUINT8:
    return integer(8, true);
  case proto::DT_UINT16:
  case proto::DT_QUINT16:
    return integer(16, true);
  case proto::DT_UINT32:
    return integer(32, true);
  case proto::DT_UINT64:
    return integer(64, true);
  case proto::DT_BOOL:
    return integer(1, false);
  case proto::DT_COMPLEX64:
    return ComplexType::get(Float32Type::get(context));
  case proto::DT_COMPLEX128:
    return ComplexType::get(Float64Type::get(context));
  case proto::DT_STRING:
    return tg::StringType::get(context);
  default:
    return nullptr;
  }
}

proto::DataType getDataType(Type element) {
  for (int dtype = proto::DT_FLOAT; dtype <= proto::DT_UINT64; ++dtype)
    if (getElementType(element.getContext(), static_cast<proto::DataType>(dtype)) == element)
      return static_cast<proto::DataType>(dtype);
  return proto::DT_INVALID;
}

} // namespace tgc

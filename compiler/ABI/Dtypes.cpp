//===- Dtypes.cpp - Element types as the ABI numbers them -----------------===//

#include "compiler/ABI/Dtypes.h"
#include "dialects/Tg/IR/TgDialect.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace tgc {

/// The dtype of an integer; signless ones are signed, as everywhere in tg.
static tgc_dtype_t dtypeOfInteger(IntegerType type) {
  bool isUnsigned = type.isUnsigned();
  switch (type.getWidth()) {
  case 1:
    return TGC_BOOL;
  case 8:
    return isUnsigned ? TGC_UINT8 : TGC_INT8;
  case 16:
    return isUnsigned ? TGC_UINT16 : TGC_INT16;
  case 32:
    return isUnsigned ? TGC_UINT32 : TGC_INT32;
  case 64:
    return isUnsigned ? TGC_UINT64 : TGC_INT64;
  default:
    return TGC_DTYPE_INVALID;
  }
}

tgc_dtype_t dtypeOf(Type element) {
  if (auto integer = dyn_cast<IntegerType>(element))
    return dtypeOfInteger(integer);
  if (auto complex = dyn_cast<ComplexType>(element))
    return complex.getElementType().isF32()   ? TGC_COMPLEX64
           : complex.getElementType().isF64() ? TGC_COMPLEX128
                                              : TGC_DTYPE_INVALID;
  if (isa<tg::StringType>(element))
    return TGC_STRING;
  if (element.isF32())
    return TGC_FLOAT32;
  if (element.isF64())
    return TGC_FLOAT64;
  if (element.isF16())
    return TGC_FLOAT16;
  if (element.isBF16())
    return TGC_BFLOAT16;
  return TGC_DTYPE_INVALID;
}

int64_t byteWidth(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return 2 * byteWidth(complex.getElementType());
  if (auto vector = dyn_cast<VectorType>(element))
    return vector.getNumElements() * byteWidth(vector.getElementType());
  if (isa<IndexType>(element))
    return 8;
  return (element.getIntOrFloatBitWidth() + 7) / 8;
}

} // namespace tgc

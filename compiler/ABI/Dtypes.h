//===- Dtypes.h - Element types as the ABI numbers them --------*- C++ -*-===//
#ifndef TGC_COMPILER_ABI_DTYPES_H
#define TGC_COMPILER_ABI_DTYPES_H

#include "mlir/IR/Types.h"
#include "tgc/abi.h"
#include "llvm/ADT/StringRef.h"

namespace tgc {

/// The dtype of a tg element type, with the sign that unsigned types have before lowering; TGC_DTYPE_INVALID
/// for others.
tgc_dtype_t dtypeOf(mlir::Type element);

/// Bytes of one element of a lowered type in memory: booleans take one, strings are a pointer and a length.
int64_t byteWidth(mlir::Type element);

} // namespace tgc

#endif // TGC_COMPILER_ABI_DTYPES_H

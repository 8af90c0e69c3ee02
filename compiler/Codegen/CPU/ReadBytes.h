//===- ReadBytes.h - Products of bytes that were widened --------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_READBYTES_H
#define TGC_COMPILER_CODEGEN_CPU_READBYTES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

/// Lets a sum of products of 32-bit integers that are bytes, widened, read the bytes themselves. On tensors.
void readBytes(mlir::linalg::GenericOp op);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_READBYTES_H

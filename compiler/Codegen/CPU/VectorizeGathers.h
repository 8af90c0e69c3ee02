//===- VectorizeGathers.h - Rows that indices name, on vectors -*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_VECTORIZEGATHERS_H
#define TGC_COMPILER_CODEGEN_CPU_VECTORIZEGATHERS_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

/// Makes vector code of a nest that reads contiguous rows of memory at computed indices, if it is one.
void vectorizeGather(mlir::linalg::GenericOp op, VectorUnit unit);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_VECTORIZEGATHERS_H

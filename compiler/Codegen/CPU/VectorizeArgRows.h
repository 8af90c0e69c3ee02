//===- VectorizeArgRows.h - Where a row is largest -------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_VECTORIZEARGROWS_H
#define TGC_COMPILER_CODEGEN_CPU_VECTORIZEARGROWS_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

/// Replaces a nest on memrefs that finds the first largest (or smallest) element of rows and where it is, if
/// rows are contiguous. Is it replaced?
bool vectorizeArgRows(mlir::linalg::GenericOp op, VectorUnit unit);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_VECTORIZEARGROWS_H

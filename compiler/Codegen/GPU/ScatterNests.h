//===- ScatterNests.h - Loops that scatter rows, as nests -------*- C++ -*-===//
//
//   for each row: if coordinates(row) are inside: x[coordinates(row)] = combine(x[...], updates[row], ...)
//
// is a loop on buffers, over rows one after the other (TgToLinalg/Scatter.cpp). As a nest its first loop is
// that of rows; the others are those of what a row's coordinates name. Inputs are the coordinates, the
// updates and the limits of the coordinates; the result's map has zeros for coordinates.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_SCATTERNESTS_H
#define TGC_COMPILER_CODEGEN_GPU_SCATTERNESTS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tgc {

/// Makes a nest of a loop if it scatters, and of nothing else; the loop is gone then.
mlir::linalg::GenericOp turnScatterIntoNest(mlir::scf::ForOp loop);
/// The loop that a nest was, in front of it.
mlir::scf::ForOp turnIntoScatter(mlir::linalg::GenericOp nest);
/// How many coordinates a row of such a nest has.
unsigned countCoordinates(mlir::linalg::GenericOp nest);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_SCATTERNESTS_H

//===- RowGradients.h - Gradients of some rows of a variable ---*- C++ -*-===//
//
// TensorFlow's IndexedSlices: where a loss reads a variable by gathers of rows alone, its gradient is what
// flows back to these rows, and their indices, which may repeat. Optimizers treat it so: slots of rows that
// were not read stay as they are.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_FRONTEND_IMPORT_ROWGRADIENTS_H
#define TGC_FRONTEND_IMPORT_ROWGRADIENTS_H

#include "dialects/Tg/IR/Activity.h"
#include "frontend/Import/NodeImporter.h"

namespace tgc {

/// Rows of a gradient: `values` is [n, ...], `indices` [n].
struct RowGradient {
  mlir::Value values, indices;
};

/// An attribute of gathers of rows: their gradient has each row once, as TensorFlow's gradient of
/// SparseSegment* ops has it.
constexpr llvm::StringLiteral kSumsEqualRows = "tg.sums_equal_rows";

/// The gathers over which alone a gradient flows to `variable`; none if there is another way.
llvm::SmallVector<tg::GatherOp> findRowGathers(mlir::Value variable, const tg::Activity &activity);

/// The rows that several gathers read, from the gradients of their results.
mlir::FailureOr<RowGradient> joinRows(NodeImporter &n, llvm::ArrayRef<tg::GatherOp> gathers,
                                      mlir::ValueRange gradients);

/// The same with each row once: those of equal index are summed.
mlir::FailureOr<RowGradient> sumEqualRows(NodeImporter &n, RowGradient rows);

/// The gradient of the whole variable, zero in rows that are not named.
mlir::Value spreadRows(NodeImporter &n, RowGradient rows, mlir::Value variable);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_ROWGRADIENTS_H

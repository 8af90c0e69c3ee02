//===- RowGradients.h - Gradients of some rows of a variable ---*- C++ -*-===//
//
// TensorFlow's IndexedSlices: where a loss reads a variable by gathers of rows alone, its gradient is what
// flows back to these rows, and their indices, which may repeat. Optimizers treat it so: slots of rows that
// were not read stay as they are. Where TensorFlow loses the rows (a loop that is a function) or adds some
// (the branch that does not read, the first row of a loop of frames), so does the gradient here.
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

/// An attribute of gathers in loops of frames: TensorFlow's list of a loop's rows begins with the first row
/// of the variable and a gradient of zero, so that optimizers touch that row too.
constexpr llvm::StringLiteral kReadsInFrame = "tg.reads_in_frame";
/// And of gathers in branches of Switch and Merge: each branch that reads the variable has a gradient of its
/// own, which is zero in all rows when the other one is taken.
constexpr llvm::StringLiteral kReadsBehindSwitch = "tg.reads_behind_switch";

/// The gathers over which alone a gradient flows to a variable.
struct RowReads {
  llvm::SmallVector<tg::GatherOp> gathers;
  llvm::SmallVector<mlir::Value> inRegions; ///< the variable as loops and branches read it
  bool readsFirstRow = false;

  bool empty() const { return gathers.empty() && inRegions.empty(); }
};
/// None if there is another way.
RowReads findRowReads(mlir::Value variable, const tg::Activity &activity);

/// Notes on a gather at this point of the import what its gradient will be, and reads `params` so that it is.
mlir::Value watchLoopRead(NodeImporter &n, mlir::Value params);
void noteLoopRead(NodeImporter &n, mlir::Value gathered);

/// The rows that were read, from the gradients of what was gathered, and the values and indices of each of
/// `inRegions`.
mlir::FailureOr<RowGradient> joinRows(NodeImporter &n, const RowReads &reads, mlir::ValueRange gradients,
                                      mlir::ValueRange pairs);

/// The same with each row once: those of equal index are summed.
mlir::FailureOr<RowGradient> sumEqualRows(NodeImporter &n, RowGradient rows);

/// The gradient of the whole variable, zero in rows that are not named.
mlir::Value spreadRows(NodeImporter &n, RowGradient rows, mlir::Value variable);

} // namespace tgc

#endif // TGC_FRONTEND_IMPORT_ROWGRADIENTS_H

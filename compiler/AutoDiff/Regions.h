//===- Regions.h - What gradients of conditions and loops share -*- C++ -*-===//
//
// Inside of compiler/AutoDiff only.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_AUTODIFF_REGIONS_H
#define TGC_COMPILER_AUTODIFF_REGIONS_H

#include "compiler/AutoDiff/ReverseSweep.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/IR/IRMapping.h"

namespace tgc {

/// What the regions of an op use from outside and gradients flow to: whole ones, and lists of rows.
struct ActiveCaptures {
  llvm::SmallVector<mlir::Value> whole, byRows;
};
ActiveCaptures getActiveCaptures(const ReverseSweep &sweep, mlir::Operation *op);

/// Hands on rows and indices, two for each x.
void addRowPairs(ReverseSweep &sweep, mlir::ValueRange xs, mlir::ValueRange pairs);

/// Clones the ops of a block but its terminator. Checks have been made by then.
void cloneOps(mlir::OpBuilder &builder, mlir::Block &block, mlir::IRMapping &map,
              llvm::function_ref<bool(mlir::Operation *)> isWanted);
bool isNoCheck(mlir::Operation *op);

/// Erases what computes nothing that is used.
void eraseDeadOps(mlir::Block &block);

/// How often the loop runs, found by a loop of the counters that its condition needs; null if it needs data.
mlir::Value countIterations(mlir::OpBuilder &builder, tg::WhileOp op);

/// Whether carried tensor `i` has the sizes that it starts with in each iteration, as far as one can see.
bool keepsSizes(mlir::OpBuilder &builder, tg::WhileOp op, unsigned i);

mlir::LogicalResult differentiateLoop(ReverseSweep &sweep, tg::WhileOp op,
                                      llvm::ArrayRef<mlir::Value> incoming);

} // namespace tgc

#endif // TGC_COMPILER_AUTODIFF_REGIONS_H

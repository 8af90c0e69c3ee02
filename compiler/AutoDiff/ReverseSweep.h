//===- ReverseSweep.h - From results back to operands ----------*- C++ -*-===//
#ifndef TGC_COMPILER_AUTODIFF_REVERSESWEEP_H
#define TGC_COMPILER_AUTODIFF_REVERSESWEEP_H

#include "compiler/AutoDiff/GradientRows.h"
#include "dialects/Tg/IR/Activity.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

namespace tgc {

/// Carries gradients from values to the operands of the ops that make them. Names no op.
class ReverseSweep {
public:
  /// `rowXs`: those whose gradients are lists of rows.
  ReverseSweep(mlir::OpBuilder &builder, const tg::Activity &activity, mlir::ValueRange rowXs = {})
      : builder(builder), activity(activity) {
    for (mlir::Value x : rowXs)
      rows[x];
  }

  mlir::OpBuilder &builder;
  const tg::Activity &activity;
  /// Whether an op whose gradient is no number ends the run.
  bool checksNumerics = false;

  /// Adds to the gradient of a value, if it is active.
  void add(mlir::Value value, mlir::Value gradient, mlir::Location loc);
  /// Walks back over all active ops. Fails with a diagnostic where an op has no rule.
  mlir::LogicalResult run();
  /// The gradient of a value; null if nothing flowed to it.
  mlir::Value get(mlir::Value value) const { return gradients.lookup(value); }
  /// Another value takes the place of `from`.
  void replace(mlir::Value from, mlir::Value to);

  bool isByRows(mlir::Value x) const { return rows.contains(x); }
  /// Adds to the rows of the gradient of such a value.
  void addRows(mlir::Value x, GradientRows more) { rows[x].push_back(more); }
  /// These rows; none if nothing flowed to it.
  std::optional<GradientRows> getRows(mlir::Value x, tg::GradientBuilder &words) const;

private:
  mlir::LogicalResult visit(mlir::Operation *op);

  llvm::DenseMap<mlir::Value, llvm::SmallVector<GradientRows>> rows;

  llvm::DenseMap<mlir::Value, mlir::Value> gradients;
};

} // namespace tgc

#endif // TGC_COMPILER_AUTODIFF_REVERSESWEEP_H

//===- Activity.h - What lies between two sets of values -------*- C++ -*-===//
//
// A gradient flows only over values that depend on what it is taken with respect to, and that what is
// differentiated depends on.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_DIALECTS_TG_IR_ACTIVITY_H
#define TGC_DIALECTS_TG_IR_ACTIVITY_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseSet.h"

namespace tgc::tg {

class Activity {
public:
  /// With a `scope`, what lies outside of it counts as given.
  Activity(mlir::ValueRange ys, mlir::ValueRange xs, mlir::Region *scope = nullptr);

  /// Whether a gradient may flow to this value.
  bool isActive(mlir::Value value) const { return active.contains(value); }
  /// Whether a gradient comes back to this value.
  bool isReached(mlir::Value value) const { return reached.contains(value); }
  /// The ops with active results, each after those that it depends on.
  llvm::ArrayRef<mlir::Operation *> getOps() const { return ops; }
  /// The ops that the ys depend on and that no gradient passes: they use what is active, and give nothing
  /// that is.
  llvm::ArrayRef<mlir::Operation *> getEnds() const { return ends; }

private:
  llvm::DenseSet<mlir::Value> active, reached;
  llvm::SmallVector<mlir::Operation *> ops, ends;
};

} // namespace tgc::tg

#endif // TGC_DIALECTS_TG_IR_ACTIVITY_H

//===- RowCombiner.h - How partial results of a row meet --------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_ROWCOMBINER_H
#define TGC_COMPILER_CODEGEN_GPU_ROWCOMBINER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

struct RowCombiner {
  /// Combines two results, or compares the elements of which the first is looked for.
  mlir::Operation *op = nullptr;
  /// What changes no result; null where an element and its place are looked for.
  mlir::TypedAttr neutral;

  bool findsPlace() const { return !neutral; }
  /// Of what some threads have found and what others have.
  llvm::SmallVector<mlir::Value> combine(mlir::OpBuilder &builder, mlir::ValueRange some,
                                         mlir::ValueRange others) const;
};

/// Nothing if several threads must not share a result of the reduction.
std::optional<RowCombiner> findCombiner(mlir::linalg::GenericOp op);

/// The points of the reduction; nothing if that is known only during the run.
std::optional<int64_t> getRowLength(mlir::linalg::GenericOp op);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_ROWCOMBINER_H

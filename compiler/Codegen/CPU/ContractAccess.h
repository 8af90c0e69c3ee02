//===- ContractAccess.h - How a kernel reads its operands ------*- C++ -*-===//
//
// The addresses of a contraction's operands as its loops move them, and loads and sums of vectors.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_CONTRACTACCESS_H
#define TGC_COMPILER_CODEGEN_CPU_CONTRACTACCESS_H

#include "compiler/Codegen/CPU/ContractEmitter.h"
#include "compiler/Codegen/CPU/ZeroBorders.h"

namespace tgc {

/// What the parts of a kernel know of its operands. Everything is created where the builder stands.
struct ContractAccess {
  mlir::OpBuilder &builder;
  kernel::ContractOp op;
  const ContractPlan &plan;
  const ContractOperands &in;
  mlir::Location loc;
  IndexMath math;
  LinearAccess lhs, rhs, init;
  /// The left operand where it comes from, whatever is copied of it.
  LinearAccess lhsInPlace;
  llvm::SmallVector<LinearAccess> extras;
  /// Strides of the right operand per group of summed loops.
  llvm::SmallVector<mlir::OpFoldResult> rhsSumStrides;
  mlir::OpFoldResult rhsPanelStride;
  mlir::OpFoldResult rowCount, columnCount;
  /// Memory for the rows of a tile, if they are copied together.
  mlir::Value copies;
  /// Memory for the sums of a tile, if a loop computes the epilogue.
  mlir::Value parked;
  /// The right operand where it comes from: in memory, whatever is packed of it.
  LinearAccess source;
  mlir::OpFoldResult sourcePanelStride;
  bool isMasked;
  llvm::SmallVector<SumWithinBorders> sumsWithinBorders;
  std::optional<RowsWithinBorders> rowsWithinBorders;
  /// That of the tile at hand; null: it has no rows to leave out.
  const RowsWithinBorders::Kind *kind = nullptr;
  /// Vectors of columns of the panel at hand.
  int64_t vectors;

  /// All of these outlive the access.
  ContractAccess(mlir::OpBuilder &builder, kernel::ContractOp op, const ContractPlan &plan,
                 const ContractOperands &in);

  /// Memory of the function's frame, whatever loops the kernel stands in.
  mlir::Value allocateOnStack(int64_t size, mlir::Type element);

  mlir::VectorType vectorOf(mlir::Type element) const {
    return mlir::VectorType::get({plan.tiling.lanes}, element);
  }
  mlir::Type elementOf(mlir::Value memref) const {
    return llvm::cast<mlir::MemRefType>(memref.getType()).getElementType();
  }
  /// `operand`: kUnsignedLhs or kUnsignedRhs.
  bool isUnsigned(llvm::StringRef operand) const { return op->hasAttr(operand); }

  /// To the type of the sum.
  mlir::Value widen(mlir::Value value, bool byZeros);
  /// Lanes that `mask` leaves out are zeros; null: all are loaded.
  mlir::Value loadVector(const LinearAccess &access, mlir::OpFoldResult address, mlir::Value mask);
  mlir::Value loadSplat(const LinearAccess &access, mlir::OpFoldResult address);
  mlir::Value splat(mlir::Value scalar);

private:
  /// Where the right operand's panels of `width` columns are.
  void accessRhs(int64_t width);
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_CONTRACTACCESS_H

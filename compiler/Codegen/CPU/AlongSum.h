//===- AlongSum.h - Products of rows with columns that lie along the sum -*- C++ -*-===//
//
// A right operand whose columns are contiguous along the sum would have to be turned before a vector holds a
// step of several columns. Where few rows read it, that costs more than the products: here vectors run along
// the sum, and their lanes are added at the end.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_ALONGSUM_H
#define TGC_COMPILER_CODEGEN_CPU_ALONGSUM_H

#include "compiler/Codegen/CPU/ContractPlan.h"

namespace tgc {

/// How many columns, of a vector's lanes, are summed side by side with so many rows: sums, columns and an
/// element of the rows fit into the registers.
int64_t selectColumnsAlongSum(int64_t rows, int64_t lanes, unsigned registers);

/// A tile of rows and of as many columns as a vector has lanes, or fewer.
struct TileAlongSum {
  /// Memory of both operands, where the first row and the first column begin, and how far the others are.
  mlir::Value lhs, rhs;
  mlir::OpFoldResult lhsAt, rhsAt, rowStride, columnStride;
  int64_t rows;
  /// Columns from the first on to the last of all: the tile has no more than that.
  mlir::OpFoldResult columns;
  /// The steps of the sum.
  mlir::OpFoldResult begin, end;
  /// Elements for partial sums of the tile, getScratchSize() of them, all of which have been written.
  mlir::Value scratch;
  /// Whether the next columns are fetched meanwhile.
  bool fetchesNext;

  static int64_t getScratchSize(const ContractPlan &plan) {
    return plan.tiling.rows * plan.tiling.lanes * plan.tiling.lanes / plan.columnsAlongSum;
  }
};

/// The sums of the tile, a vector of columns for each row. Each is that of the steps that share a lane, in
/// their order, then of the lanes by halves.
llvm::SmallVector<mlir::Value> sumAlongMemory(mlir::OpBuilder &builder, mlir::Location loc,
                                              const ContractPlan &plan, const TileAlongSum &tile);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_ALONGSUM_H

//===- WindowGroup.h - A product and a nest of windows over it -*- C++ -*-===//
//
// A pool behind a convolution reads windows of the convolution's rows. Both run block by block: the rows of
// results that a few rows of the pool need are computed into memory that stays in the caches, from where the
// pool reads them (docs/decisions/0059-pools-read-results-in-caches.md).
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_WINDOWGROUP_H
#define TGC_COMPILER_CODEGEN_CPU_WINDOWGROUP_H

#include "compiler/Codegen/CPU/ContractPlan.h"
#include "compiler/Codegen/CPU/KernelCalls.h"
#include "compiler/Codegen/CPU/MemoryEffects.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace tgc {

/// The loops of an op that run over images and over rows of an image.
struct ImageLoops {
  unsigned image, row;
};

/// The parts, all of one block of code.
struct WindowGroup {
  kernel::ContractOp product;
  ImageLoops ofProduct;
  /// Whose windows lie along dimension `rowDim` of the product's results; dimension 0 are images.
  mlir::linalg::GenericOp pool;
  ImageLoops ofPool;
  unsigned rowDim;
  /// From one row of the pool to the next, and how many rows a window has, in rows of the results.
  int64_t step, reach;
  /// What the pool reads: the product's results, within a border if there is a `part`.
  mlir::memref::AllocOp buffer;
  mlir::memref::SubViewOp part;
  /// Fills of the border, all with one number.
  llvm::SmallVector<mlir::linalg::FillOp, 1> padding;
  /// What the pool begins with, if that is filled right before; may be null.
  mlir::linalg::FillOp fill;

  mlir::MemRefType getBufferType() { return buffer.getType(); }
  /// Rows of the border above the results.
  int64_t getRowsBefore();
  /// Rows of the results of an image, and rows of the pool of one.
  int64_t getProductRows();
  int64_t getPoolRows();
  /// Or ShapedType::kDynamic.
  int64_t getNumImages();
  /// Of the loop in a linear sum.
  static int64_t getFactor(mlir::AffineExpr expr, unsigned loop);
  mlir::Value getResult() { return pool.getDpsInits()[0]; }
};

/// The group around a pool, if it is one.
std::optional<WindowGroup> findWindowGroup(mlir::linalg::GenericOp pool, EntryMemory &memory);

/// How the group is cut.
struct WindowPlan {
  WindowPlan(WindowGroup &group, VectorUnit unit);

  WindowGroup &group;
  ContractPlan ofProduct;
  /// Rows of the pool that are computed together, at most.
  int64_t blockRows = 0;
  /// Rows of the pool whose blocks run in order, each with the rows that it shares with the one before still
  /// there. Threads share strips out, so what begins anew does not depend on their number.
  int64_t stripRows = 0;

  bool pays() const { return blockRows > 0; }
  bool isWholeImage() const { return blockRows == group.getPoolRows(); }
  int64_t getStrips() const { return llvm::divideCeil(group.getPoolRows(), stripRows); }
  /// Rows of a block's memory, and those of them that the next block reads too.
  int64_t getRowsOfBlock() const;
  int64_t getKeptRows() const;
  /// In multiplications of a contraction.
  int64_t getWorkOfImage() const;

private:
  bool canRun() const;
  void chooseBlock(VectorUnit unit);
  void chooseStrips(int64_t pieces);
};

/// Replaces the group by a call of a function.
void emitWindowGroup(mlir::OpBuilder &builder, const WindowPlan &plan, KernelCalls &kernels);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_WINDOWGROUP_H

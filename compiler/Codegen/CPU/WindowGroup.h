//===- WindowGroup.h - A product and a nest of windows over it -*- C++ -*-===//
//
// A pool behind a convolution reads windows of the convolution's rows. Both run block by block: the rows of
// results that a few rows of the pool need are computed into memory that stays in the caches, from where the
// pool reads them (docs/decisions/0059-pools-read-results-in-caches.md). Results that others read as well are
// computed where they are kept.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_WINDOWGROUP_H
#define TGC_COMPILER_CODEGEN_CPU_WINDOWGROUP_H

#include "compiler/Codegen/CPU/ContractPlan.h"
#include "compiler/Codegen/CPU/KernelCalls.h"
#include "compiler/Codegen/CPU/Winograd.h"
#include "compiler/Codegen/Common/MemoryEffects.h"
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
  mlir::Value buffer;
  mlir::memref::SubViewOp part;
  /// Fills of the border, all with one number.
  llvm::SmallVector<mlir::linalg::FillOp, 1> padding;
  /// What the pool begins with, if that is filled right before; may be null.
  mlir::linalg::FillOp fill;
  /// Whether something behind the pool or the caller reads the results too, so that they are stored as if
  /// there were no group.
  bool areKept = false;

  mlir::MemRefType getBufferType() { return mlir::cast<mlir::MemRefType>(buffer.getType()); }
  /// Rows of the border above the results.
  int64_t getRowsBefore();
  /// Rows of an image's results that are computed, all that something reads, and rows of the pool of one.
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
  /// Of a product that is computed by tiles.
  std::optional<WinogradPlan> ofTiles;
  /// Rows of results that are computed together; the last block of an image may have others. All of an image,
  /// or a multiple of the pool's step. 0: none.
  int64_t blockRows = 0;
  /// Blocks that run in order, each with the rows that its first windows share with the block before still
  /// there: a strip, of which threads have some.
  int64_t stripBlocks = 1;

  bool pays() const { return blockRows > 0; }
  bool isWholeImage() const { return blockRows == group.getProductRows(); }
  int64_t getBlocks() const;
  int64_t getRowsOfLastBlock() const;
  int64_t getStrips() const { return llvm::divideCeil(getBlocks(), stripBlocks); }
  /// Rows of a block's memory before those that it computes: of the block before, or of the border.
  int64_t getKeptRows() const;
  /// How many windows that begin before the end of a block the next one computes, less those that would begin
  /// above the image's border.
  int64_t getWindowsBehind() const;
  /// How many windows begin in one strip and end in the next, and the rows that they need: of those the first
  /// are the kept ones.
  int64_t getSharedWindows() const {
    return isWholeImage() ? 0 : llvm::divideCeil(getKeptRows(), group.step);
  }
  int64_t getRowsOfSeam() const;
  /// Rows of the border below the results that windows reach, and all rows of a block's memory.
  int64_t getRowsBelow() const;
  int64_t getRowsOfMemory() const;
  /// In multiplications of a contraction.
  int64_t getWorkOfImage() const;

private:
  bool canRun() const;
  int64_t getRhsBytes() const;
  int64_t countTiles() const;
  int64_t getLeastTiles(bool isFar) const;
  void chooseBlocks(VectorUnit unit);
  void chooseStrips(int64_t mostRows, int64_t pieces, bool isFar);
};

/// Replaces the group by a call of a function, and one for windows over two strips.
void emitWindowGroup(mlir::OpBuilder &builder, const WindowPlan &plan, KernelCalls &kernels);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_WINDOWGROUP_H

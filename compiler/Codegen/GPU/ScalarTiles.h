//===- ScalarTiles.h - Products of tiles of attention in f32 ----*- C++ -*-===//
//
// Threads stand in a square of 16 x 16; each has 4 x 4 results of a product of 64 x 64, 16 apart. Operands
// pass through shared memory 16 elements, or 16 lines, at a time. Products and sums are those of f32.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_SCALARTILES_H
#define TGC_COMPILER_CODEGEN_GPU_SCALARTILES_H

#include "compiler/Codegen/GPU/AttentionWriter.h"

namespace tgc {

class ScalarTiles : public AttentionWriter {
protected:
  using AttentionWriter::AttentionWriter;

  static constexpr unsigned kThreads = 256, kSide = 16, kEach = kTile / kSide, kSteps = 16;
  /// An element more in each line of shared memory: neighbours of a column lie in different banks.
  static constexpr unsigned kLine = kTile + 1;

  /// kTile lines of an operand, a loop's from `begin` on, and the loop along them.
  struct Lines {
    unsigned operand, loop, elementLoop;
    mlir::Value begin;
  };

  /// Before the tiles; `longest` is the loop along the longest lines of addProducts.
  void prepare(int64_t longest);
  /// Lets nothing of a thread's places be kept in registers from before: they begin at a zero in shared
  /// memory that nobody knows, as all do from here on.
  void forgetPlaces();
  /// Columns that a thread has of lines along a loop.
  unsigned columnsOf(int64_t length) const { return (length + kSide - 1) / kSide; }
  int64_t lengthOf(unsigned loop) { return op.getStaticLoopRanges()[loop]; }

  /// rows * columns, 4 x 4 of a thread.
  llvm::SmallVector<mlir::Value> multiplyTiles(llvm::ArrayRef<mlir::Value> batch, const Lines &rows,
                                               const Lines &columns);
  /// Puts a matrix of a tile where addProducts finds it.
  void shareMatrix(llvm::ArrayRef<mlir::Value> matrix);
  /// sums + matrix * lines: four rows of a thread, of some columns each.
  llvm::SmallVector<mlir::Value> addProducts(llvm::ArrayRef<mlir::Value> batch, const Lines &lines,
                                             mlir::ValueRange sums);

  /// The row, or the column, of a thread's element in a tile.
  mlir::Value rowOf(unsigned i) { return add(threadRow, constant(kSide * i)); }
  mlir::Value columnOf(unsigned i) { return add(threadColumn, constant(kSide * i)); }
  mlir::Value inShared(mlir::Value memory, mlir::Value line, mlir::Value place, unsigned pitch);
  mlir::Value loadShared(mlir::Value address);

  mlir::Value threadRow, threadColumn;

private:
  void findPlaces(mlir::Value thread);
  void fetchSide(mlir::Value memory, llvm::ArrayRef<mlir::Value> batch, const Lines &lines,
                 mlir::Value first);
  void fetchLines(llvm::ArrayRef<mlir::Value> batch, const Lines &lines, mlir::Value first);

  mlir::Value sides[2], matrix, rows, zero;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_SCALARTILES_H

//===- ContractWriter.h - Tiles of sums of products -------------*- C++ -*-===//
//
// A block takes a tile of 64 x 64 results of two operands, whose elements pass through shared memory 16 steps
// of the sum at a time; each of its 256 threads keeps 16 results in registers. Rows, columns and steps are
// numbers of points in spaces of several loops, so batches, transposed operands and convolutions (whose
// windows are gathered on the way to shared memory) are one form. At ragged edges elements inside are read
// in the place of those outside, and results outside are not stored. Nests that fill the results before, and
// elementwise ones that take them afterwards, are done in registers. Who has which result, how shared memory
// is laid out and who multiplies is up to the two kinds of kernels.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_CONTRACTWRITER_H
#define TGC_COMPILER_CODEGEN_GPU_CONTRACTWRITER_H

#include "compiler/Codegen/GPU/NestWriter.h"

namespace tgc {

/// The loops of a contraction by the operands that they run along.
struct ContractLoops {
  /// Along both operands; along the first; along the second.
  llvm::SmallVector<unsigned> batch, rows, columns;
};

/// Nothing if the nest has another number of operands, or a parallel loop that the result or both operands
/// lack.
std::optional<ContractLoops> sortLoops(mlir::linalg::GenericOp op);

class ContractWriter : protected NestWriter {
public:
  using NestWriter::NestWriter;
  void write();

protected:
  static constexpr unsigned kThreads = 256, kTile = 64, kSteps = 16;
  static constexpr unsigned kResults = kTile * kTile / kThreads;

  /// One of the two operands on its way through shared memory.
  struct Side {
    mlir::OpOperand *operand;
    llvm::ArrayRef<unsigned> loops;
    /// The tile's first row or column, and how many there are.
    mlir::Value begin, count;
    mlir::Value shared;
    mlir::Type type;
  };

  /// Finds the thread's place in the tile.
  virtual void locate(mlir::Value thread) = 0;
  /// The row and the column of the tile that the thread's result number `i` has.
  virtual std::pair<mlir::Value, mlir::Value> resultAt(unsigned i) = 0;
  /// How many elements of shared memory an operand needs, and the number of one of them.
  virtual unsigned sharedSize() = 0;
  virtual mlir::Value placeInShared(mlir::Value step, mlir::Value position) = 0;
  /// Whether all kSteps steps are multiplied, so that those behind the last must be zero.
  virtual bool needsWholeSteps() = 0;
  /// Adds the products of `count` steps in shared memory to the thread's results.
  virtual llvm::SmallVector<mlir::Value> multiplyTiles(const Side &rows, const Side &columns,
                                                       mlir::Value count, mlir::ValueRange sums) = 0;

private:
  Side makeSide(unsigned operand, llvm::ArrayRef<unsigned> ownLoops);
  mlir::Value load(mlir::OpOperand &operand, mlir::ValueRange index) override;
  /// What another member of the chain makes at a place of the contraction's loops, from what is at hand.
  void follow(mlir::linalg::GenericOp member, llvm::ArrayRef<mlir::Value> place);
  mlir::Value startAt(llvm::ArrayRef<mlir::Value> place);
  void finishAt(mlir::Value sum, llvm::ArrayRef<mlir::Value> place);
  void writeTile(mlir::Value batch, const Side &rows, const Side &columns, mlir::Value thread);
  mlir::Value clip(mlir::Value position, mlir::Value count);
  void forEachResult(const Side &rows, const Side &columns, llvm::ArrayRef<mlir::Value> batch,
                     llvm::function_ref<void(mlir::Value isInside, llvm::ArrayRef<mlir::Value> place)> visit);
  bool runsAlongSum(const Side &side);
  void fetch(const Side &side, llvm::ArrayRef<mlir::Value> batch, mlir::Value thread, mlir::Value first,
             mlir::Value steps);

  ContractLoops loops;
  /// By memory: the element of the place that is being written.
  llvm::DenseMap<mlir::Value, mlir::Value> atHand;
};

/// Whether tensor cores multiply the operands: 16-bit floats whose products are summed in f32, and f32 where
/// that may be.
bool isTensorContraction(mlir::linalg::GenericOp op, GpuF32 products);
void writeTensorKernel(const NestChain &chain, GpuF32 products, mlir::ModuleOp kernels, KernelRecord &record);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_CONTRACTWRITER_H

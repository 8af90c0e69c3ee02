//===- ContractWriter.h - Tiles of sums of products -------------*- C++ -*-===//
//
// A block takes tiles of results of two operands, whose elements pass through shared memory some steps of the
// sum at a time. Rows, columns and steps are numbers of points in spaces of several loops, so batches,
// transposed operands and convolutions (whose windows are gathered on the way to shared memory) are one form.
// Results outside of ragged edges are not stored. Nests that fill the results before, and elementwise ones
// that take them afterwards, are done in registers. How operands reach shared memory, how it is laid out and
// who multiplies is up to the kinds of kernels.
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

/// The results of a block at a time.
struct TileShape {
  unsigned rows, columns;
};

/// The longer side of tiles.
inline constexpr unsigned kLargeTile = 128;
/// Tiles of kernels without tensor cores.
inline constexpr TileShape kScalarTile = {64, 64};

/// Large tiles take fewer loads for each product; small ones leave less empty. Of kernels for all GPUs.
TileShape chooseTile(mlir::linalg::GenericOp op, GpuF32 products);
/// Points of some loops; a size that the run brings counts as that of a batch.
int64_t countUsual(mlir::linalg::GenericOp op, llvm::ArrayRef<unsigned> loops);

/// Whether all of an operand's memory can be taken in groups of `count` elements that are aligned as such.
bool hasGroups(mlir::MemRefType memory, int64_t count);

class ContractWriter : protected NestWriter {
public:
  ContractWriter(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record, TileShape tile);

protected:
  /// One of the two operands on its way through shared memory.
  struct Side {
    mlir::OpOperand *operand;
    llvm::ArrayRef<unsigned> loops;
    /// The tile's first row or column, and how many there are of the whole.
    mlir::Value begin, count;
    mlir::Type type;
    /// Rows or columns of a tile.
    unsigned tile;
    /// Whether neighbours in memory are neighbours in the sum.
    bool runsAlongSum;
    /// The member that makes the elements; none: they are in memory.
    mlir::linalg::GenericOp maker;
  };

  /// Before anything else of the kernel.
  void beginTiles();
  /// Goes through the block's tiles; `batch` has the indices of the batch's loops, and room for the others.
  void forEachTile(mlir::ValueRange carried,
                   llvm::function_ref<llvm::SmallVector<mlir::Value>(llvm::ArrayRef<mlir::Value> batch,
                                                                     mlir::ValueRange carried)>
                       body);

  /// Threads that have sums of a tile together, of `count` such groups, and their barrier.
  struct Group {
    mlir::Value thread, number, barrier;
    unsigned threads, count;
  };
  /// Hands the sums of a tile on, each thread's own: at once if the block has all of them, else to the last
  /// of the tile's blocks to come, with those of the others. All threads of the group do.
  void finishTile(llvm::ArrayRef<mlir::Value> sums, const Group &group,
                  llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)> finish);

  /// A position that exists: the last one for those behind it.
  mlir::Value clip(mlir::Value position, mlir::Value count);
  mlir::Value isBelow(mlir::Value a, mlir::Value b);
  /// What an operand's element is made of, at a place of the contraction's loops, and the element: of memory,
  /// both are the same.
  llvm::SmallVector<mlir::Value> loadParts(const Side &side, llvm::ArrayRef<mlir::Value> place);
  mlir::Value makeElement(const Side &side, mlir::ValueRange parts);
  /// What a sum begins with, and what becomes of it, at a place of the contraction's loops.
  mlir::Value startAt(llvm::ArrayRef<mlir::Value> place);
  void finishAt(mlir::Value sum, llvm::ArrayRef<mlir::Value> place);
  /// Both, for a sum of which nobody has the beginning yet, if the row and the column are there.
  void finishSum(mlir::Value sum, llvm::ArrayRef<mlir::Value> batch, mlir::Value row, mlir::Value column);
  mlir::Value addUpTwo(mlir::Value a, mlir::Value b);
  /// Whether neighbours in the result's memory are neighbours in a column.
  bool resultRunsDown();

  ContractLoops loops;
  const TileShape tile;
  /// Of the first operand, the rows; of the second, the columns.
  Side sides[2];
  /// The steps that the block adds up of its tile.
  mlir::Value firstStep, endStep;

private:
  Side makeSide(unsigned operand, llvm::ArrayRef<unsigned> ownLoops, unsigned ofTile);
  Space spaceOf(llvm::ArrayRef<unsigned> ownLoops, unsigned pointsPerBlock);
  mlir::Value load(mlir::OpOperand &operand, mlir::ValueRange index) override;
  void takePart(mlir::Value part);
  void placeTile(mlir::Value number, mlir::Value tilesDown, mlir::Value tilesAcross);
  llvm::SmallVector<mlir::Value> joinParts(llvm::ArrayRef<mlir::Value> sums, const Group &group);
  /// The member that fills the results before; none: they have values.
  mlir::linalg::GenericOp getStart();
  /// The indices of another member at a place of the contraction's loops.
  llvm::SmallVector<mlir::Value> indexOf(mlir::linalg::GenericOp member, llvm::ArrayRef<mlir::Value> place);
  /// What another member of the chain makes at a place of the contraction's loops, from what is at hand.
  void follow(mlir::linalg::GenericOp member, llvm::ArrayRef<mlir::Value> place);

  /// Of the tile at hand: its number, its part and how many parts it has.
  mlir::Value tileNumber, partNumber, numParts;
  /// By memory: the element of the place that is being written.
  llvm::DenseMap<mlir::Value, mlir::Value> atHand;
};

/// A contraction whose tiles a block of 256 threads takes together, step by step.
class TileWriter : public ContractWriter {
public:
  using ContractWriter::ContractWriter;
  void write();

protected:
  static constexpr unsigned kThreads = 256;

  /// Before the first tile: finds the thread's place, declares shared memory.
  virtual void prepare(mlir::Value thread) = 0;
  /// All threads, as a group with sums of a tile.
  Group groupOf(mlir::Value thread);
  virtual void writeTile(llvm::ArrayRef<mlir::Value> batch, const Side &rows, const Side &columns) = 0;
};

/// Whether tensor cores multiply the operands: 16-bit floats whose products are summed in f32, bytes that are
/// in 32 bits, and f32 where that may be.
bool isTensorContraction(mlir::linalg::GenericOp op, GpuF32 products);
/// What instructions call the bytes of an operand of such a contraction.
llvm::StringRef nameOfBytes(mlir::linalg::GenericOp op, unsigned operand);
void writeTensorKernel(const NestChain &chain, GpuF32 products, mlir::ModuleOp kernels, KernelRecord &record);

/// Whether warpgroups of sm_90a can multiply the operands as they lie, and tiles of them pay.
bool hasWgmmaKernel(mlir::linalg::GenericOp op, GpuF32 products);
/// The tile of its kernel.
TileShape chooseWgmmaTile(mlir::linalg::GenericOp op, GpuF32 products);
void writeWgmmaKernel(const NestChain &chain, GpuF32 products, mlir::ModuleOp kernels, KernelRecord &record);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_CONTRACTWRITER_H

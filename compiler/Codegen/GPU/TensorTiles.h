//===- TensorTiles.h - Products of tiles of attention on tensor cores -*- C++ -*-===//
//
// f16, bf16 and tf32 with sums in f32, from sm_80 on. Each of four warps has 16 of 64 rows, in products of
// 16 x 8. What a lane has of the result of a product is, as 16 bits, what it needs of the first factor of the
// next, so weights stay in registers; so it is as tf32, if the columns 2t and 2t + 1 of eight are taken for
// the steps t and t + 4. f32 has one part or two, as in TensorKernels.
//
// Operands lie in shared memory in pieces, 64 lines of 128 bytes each. Those of the rows are kept; those of
// the columns pass through a ring, which asynchronous copies fill some pieces ahead. Chunks of 16 bytes are
// permuted in their lines, so that `ldmatrix` meets each bank once; words across lines are loaded one by one.
// Fragments are those of the instruction set's manual (see TensorKernels).
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_TENSORTILES_H
#define TGC_COMPILER_CODEGEN_GPU_TENSORTILES_H

#include "compiler/Codegen/GPU/AttentionWriter.h"
#include "compiler/Codegen/GPU/Tf32Parts.h"

namespace tgc {

class TensorTiles : public AttentionWriter {
public:
  TensorTiles(const NestChain &chain, GpuF32 products, mlir::ModuleOp kernels, KernelRecord &record);

protected:
  static constexpr unsigned kThreads = 128, kWarp = 32;
  /// Products have 16 x 8 results, of which a lane has four, and two chunks of steps.
  static constexpr unsigned kRows = 16, kColumns = 8, kResults = 4;
  /// Rows of which a lane has results in a product, and lanes that share a row.
  static constexpr unsigned kRowsOfLane = 2, kLanesOfRow = 4;
  static constexpr unsigned kWordBytes = 4, kChunkBytes = 16, kLineBytes = 128,
                            kPieceBytes = kTile * kLineBytes;
  /// Pieces of the ring.
  static constexpr unsigned kStages = 4;

  /// A piece of an operand's lines.
  struct Piece {
    unsigned operand, number;
  };

  /// Before tiles: asks for shared memory for pieces that are kept and for the ring behind them. All threads
  /// do.
  void findPlaces(unsigned numKept);
  /// A zero that nobody knows to be one: what is added to it is computed again where it is used, instead of
  /// being kept in registers from before.
  mlir::Value loadZero();
  /// What passes for each tile of columns, in this order, through the ring.
  void beginRing(llvm::ArrayRef<Piece> pieces);

  unsigned piecesOf(int64_t elements) const { return llvm::divideCeil(elements, elementsOfLine()); }
  /// The pieces of an operand.
  void appendPieces(unsigned operand, llvm::SmallVectorImpl<Piece> &pieces);
  /// The tiles that copies may be under way of.
  unsigned tilesAtOnce() const { return 1 + (pieces.size() + kStages - 2) / pieces.size(); }
  /// Products side by side over some elements.
  unsigned productsAcross(int64_t elements) const { return llvm::divideCeil(elements, kColumns); }

  /// Starts to bring a piece of the lines from `first` on to the byte `to`. What lies outside becomes zero.
  void fill(Piece piece, llvm::ArrayRef<mlir::Value> batch, mlir::Value first, mlir::Value to);
  /// Starts to fill the ring; `tiles` are the first columns of tiles to come.
  void startRing(llvm::ArrayRef<mlir::Value> batch, llvm::ArrayRef<mlir::Value> tiles);
  /// Goes on to the next piece, which is there for all threads then, and lets the slot that nobody reads any
  /// more be filled. Returns where the piece begins.
  mlir::Value takePiece(llvm::ArrayRef<mlir::Value> batch, llvm::ArrayRef<mlir::Value> tiles, unsigned piece,
                        mlir::Value &slot);
  /// Waits for all copies and all threads.
  void endRing();

  /// Adds the products of kept rows, from the byte `rows` on, and a piece's columns: of a part of `length`
  /// elements of both.
  void multiplyLines(unsigned number, int64_t length, mlir::Value rows, mlir::Value columns,
                     llvm::MutableArrayRef<mlir::Value> sums);
  /// Adds the products of weights, as packWeights makes them, and a piece of lines of `length` elements.
  void multiplyWeights(unsigned number, int64_t length, mlir::Value lines,
                       llvm::ArrayRef<mlir::Value> weights, llvm::MutableArrayRef<mlir::Value> sums);
  /// The words of the first factors of products with lines.
  llvm::SmallVector<mlir::Value> packWeights(llvm::ArrayRef<mlir::Value> weights);
  /// exp of a difference that is not positive, as near as the results need.
  mlir::Value weigh(mlir::Value score, mlir::Value from);
  /// Whether all lanes of the warp say so.
  mlir::Value agreeInWarp(mlir::Value condition);

  /// The first tile from `begin` on that is not hidden, or what is not below `end`.
  mlir::Value findTile(mlir::Value begin, mlir::Value end,
                       llvm::function_ref<mlir::Value(mlir::Value)> isHiddenTile);
  mlir::Value nextOf(mlir::Value tile) { return add(tile, constant(kTile)); }
  /// `body` as long as the condition holds of what is carried.
  llvm::SmallVector<mlir::Value>
  repeat(mlir::ValueRange carried, llvm::function_ref<mlir::Value(mlir::ValueRange)> condition,
         llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::ValueRange)> body);

  /// The row, and the column, of a lane's result number `i` in a row of products.
  mlir::Value rowOf(mlir::Value first, unsigned i) {
    return add(add(first, warpRow), add(group, constant(i % kResults / 2 * 8)));
  }
  mlir::Value columnOf(unsigned i) {
    return add(multiply(inGroup, constant(2)), constant(i / kResults * kColumns + i % 2));
  }

  mlir::Type element;
  mlir::Value thread, warpRow, group, inGroup;

private:
  /// Which lines and elements of matrices are the lane's.
  struct Lane {
    mlir::Value rowOfMatrix, lowHalf, highHalf, inGroup, group, warpRow;
  };
  Lane laneOf(mlir::Value thread);
  unsigned elementBytes() const { return element.getIntOrFloatBitWidth() / 8; }
  unsigned elementsOfLine() const { return kLineBytes / elementBytes(); }
  unsigned elementsOfChunk() const { return kChunkBytes / elementBytes(); }
  unsigned stepsOfProduct() const { return 2 * elementsOfChunk(); }
  /// The loops of an operand's lines, and of the elements along them.
  unsigned lineLoopOf(unsigned operand) const;
  unsigned elementLoopOf(unsigned operand) const;
  mlir::Value placeOf(mlir::Value begin, mlir::Value line, mlir::Value at);
  unsigned elementsOfCopy(mlir::OpOperand &operand, unsigned loop);
  mlir::Value beginOf(mlir::Value slot);
  void fillSlot(llvm::ArrayRef<mlir::Value> batch, llvm::ArrayRef<mlir::Value> tiles, unsigned number,
                mlir::Value slot);
  mlir::Value neighbour(mlir::Value slot, bool isNext);
  llvm::SmallVector<mlir::Value> unpack(mlir::Value four);
  mlir::Value asWord(mlir::Value word);
  Tf32Parts split(llvm::ArrayRef<mlir::Value> words);
  llvm::SmallVector<mlir::Value> readMatrices(mlir::Value begin, mlir::Value line, mlir::Value at,
                                              bool isTurned);
  mlir::Value lineOf(mlir::Value half, unsigned from);
  mlir::Value elementOfLine(mlir::Value half, unsigned from);
  void multiplyWords(llvm::ArrayRef<mlir::Value> left, llvm::ArrayRef<mlir::Value> right, unsigned first,
                     llvm::MutableArrayRef<mlir::Value> sums);
  void multiplyFragments(const Tf32Parts &left, const Tf32Parts &right, unsigned first,
                         llvm::MutableArrayRef<mlir::Value> sums);
  llvm::SmallVector<mlir::Value> readAcross(mlir::Value begin, unsigned line, unsigned at);
  mlir::Value pack(mlir::Value first, mlir::Value second);

  bool hasParts;
  mlir::Value memory, zero;
  /// While products are written: as nobody knows it from other products.
  Lane lane;
  llvm::SmallVector<Piece> pieces;
  unsigned numKept = 0;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_TENSORTILES_H

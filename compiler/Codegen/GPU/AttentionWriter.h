//===- AttentionWriter.h - What kernels of attention share ------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_ATTENTIONWRITER_H
#define TGC_COMPILER_CODEGEN_GPU_ATTENTIONWRITER_H

#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/NestWriter.h"

namespace tgc {

/// What tiles of 64 queries and 64 keys need, whoever multiplies them.
class AttentionWriter : protected NestWriter {
public:
  AttentionWriter(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);

protected:
  /// Queries, and keys, of a tile.
  static constexpr unsigned kTile = 64;
  enum { kQueries, kKeys, kValues };
  /// exp of less is 0 in f32, denormal numbers and all.
  static constexpr float kLeastExponent = -104;

  /// Before anything else of the kernel.
  void beginTiles(unsigned threads);
  /// The tiles of a loop.
  mlir::Value countTiles(mlir::Value count);
  /// Goes through a block's share of `tiles` tiles of each batch; all threads of a block do so equally often,
  /// so there may be barriers.
  void forEachTile(mlir::Value tiles,
                   llvm::function_ref<void(llvm::ArrayRef<mlir::Value> batch, mlir::Value tile)> body);

  mlir::Value divide(mlir::Value a, unsigned b);
  mlir::Value remainder(mlir::Value a, unsigned b);
  mlir::Value isBelow(mlir::Value a, mlir::Value b);
  mlir::Value number(float value);
  mlir::Value choose(mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  /// A position that exists: the last one for those behind it.
  mlir::Value clip(mlir::Value position, mlir::Value count);
  /// Where an element of an operand lies, of which some dimensions of size one are repeated.
  mlir::Value addressAt(mlir::OpOperand &operand, mlir::ValueRange index);
  mlir::Value load(mlir::OpOperand &operand, mlir::ValueRange index) override;
  /// An element of 16 or 32 bits, as f32; and back.
  mlir::Value loadFloat(mlir::OpOperand &operand, mlir::ValueRange index);
  void storeFloat(mlir::Value value, mlir::OpOperand &operand, mlir::ValueRange index);

  /// What the nest's body makes of a product; keys behind the last have no weight.
  mlir::Value scoreOf(mlir::Value product, llvm::ArrayRef<mlir::Value> batch, mlir::Value query,
                      mlir::Value key);
  /// What it makes of the gradient of a score.
  mlir::Value gradientOf(mlir::Value given, llvm::ArrayRef<mlir::Value> batch, mlir::Value query,
                         mlir::Value key);
  /// exp of a difference.
  mlir::Value weigh(mlir::Value score, mlir::Value from);
  /// Whether an extra differs from key to key, so that it may hide some.
  bool mayHideKeys();
  /// Whether the extras alone say of all scores of a tile that their weights are 0; all threads of the block
  /// get it, and nothing if extras never say so. `largest` are the largest scores so far of a thread's
  /// queries; without `mayGrow`, of all keys.
  mlir::Value isHidden(llvm::ArrayRef<mlir::Value> batch, mlir::Value firstQuery, mlir::Value firstKey,
                       llvm::ArrayRef<mlir::Value> largest, bool mayGrow);
  bool hasMask() const { return mask.has_value(); }
  /// Whether all threads of the block say so; a barrier.
  mlir::Value agree(mlir::Value condition);
  void branch(mlir::Value condition, llvm::function_ref<void()> yes, llvm::function_ref<void()> no = {});
  /// `body` unless the condition holds, which may be nothing; what it returns, or `carried`.
  llvm::SmallVector<mlir::Value> unless(mlir::Value condition, mlir::ValueRange carried,
                                        llvm::function_ref<llvm::SmallVector<mlir::Value>()> body);
  /// What the scores of a row are compared with: the largest, but 0 where all so far are -inf, so that their
  /// differences are -inf, too.
  mlir::Value originOf(mlir::Value largest);
  /// The largest, or the sum, of what `lanes` neighbouring lanes have; all get it.
  template <typename Op> mlir::Value combine(mlir::Value value, unsigned lanes) {
    for (unsigned distance = lanes / 2; distance; distance /= 2)
      value = Op::create(builder, loc, value, takeFrom(value, distance));
    return value;
  }

  /// The gradients of attention, in the order of the results: blocks make rows of one of them.
  enum Gradient { OfQueries, OfKeys, OfValues };
  /// As many blocks as there are tiles of all of them.
  void countBlocksOfGradients();
  /// Goes through a block's share of these tiles.
  void forEachGradient(
      llvm::function_ref<void(llvm::ArrayRef<mlir::Value> batch, Gradient gradient, mlir::Value firstRow)>
          body);
  /// What of the sum of a query's gradients * attended is at `first` and each `step` from there on, added up
  /// by as many lanes side by side.
  mlir::Value sumOfProducts(llvm::ArrayRef<mlir::Value> index, mlir::Value first, unsigned step);
  /// Stores an element of a gradient, unless it lies outside.
  void storeGradient(mlir::Value sum, Gradient gradient, llvm::ArrayRef<mlir::Value> batch, mlir::Value row,
                     mlir::Value column);

  /// Stores a mean of values, unless it lies outside.
  void storeResult(mlir::Value sum, mlir::Value sumOfWeights, llvm::ArrayRef<mlir::Value> batch,
                   mlir::Value query, mlir::Value column);
  /// Stores the largest score of a query and its sum of weights if they are wanted, by threads where
  /// `isMine`.
  void storeStatistics(mlir::Value largest, mlir::Value sum, llvm::ArrayRef<mlir::Value> batch,
                       mlir::Value query, mlir::Value isMine);

  AttentionLoops loops;
  int64_t depth = 0, width = 0;
  mlir::Type f32;
  mlir::Value queries, keys;

  unsigned threads = 0;

private:
  /// Extras that choose between a score and a number, or that are added to it.
  struct Mask {
    unsigned operand;
    enum { HidesByZero, HidesUnlessZero, HidesByLowest } kind;
    float score;
  };
  void findMask();
  /// Whether the mask hides what a thread reads of it: of some queries and the keys of a tile.
  mlir::Value hidesAll(llvm::ArrayRef<mlir::Value> batch, mlir::Value firstQuery, unsigned numQueries,
                       mlir::Value firstKey);
  /// What the body yields first or second of its element of the same number.
  mlir::Value yieldOf(unsigned which, mlir::Value first, llvm::ArrayRef<mlir::Value> batch, mlir::Value query,
                      mlir::Value key);
  std::optional<Mask> mask;
  /// Of the lane whose number differs in the bits of `distance`.
  mlir::Value takeFrom(mlir::Value value, unsigned distance);
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_ATTENTIONWRITER_H

//===- AttentionWriter.h - What kernels of attention share ------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_ATTENTIONWRITER_H
#define TGC_COMPILER_CODEGEN_GPU_ATTENTIONWRITER_H

#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/NestWriter.h"

namespace tgc {

/// A block takes tiles of queries of one batch, and goes through the keys tile by tile.
class AttentionWriter : protected NestWriter {
public:
  AttentionWriter(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);

protected:
  /// Queries, and keys, of a tile.
  static constexpr unsigned kTile = 64;
  enum { kQueries, kKeys, kValues, kExtras };

  /// Before anything else of the kernel.
  void beginTiles(unsigned threads);
  /// Goes through the block's tiles; all threads of a block do so equally often, so there may be barriers.
  void forEachTile(llvm::function_ref<void(llvm::ArrayRef<mlir::Value> batch, mlir::Value firstQuery)> body);

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

  /// What the nest's body makes of a product; keys behind the last have no weight.
  mlir::Value scoreOf(mlir::Value product, llvm::ArrayRef<mlir::Value> batch, mlir::Value query,
                      mlir::Value key);
  /// What the scores of a row are compared with: the largest, but 0 where all so far are -inf, so that their
  /// differences are -inf, too.
  mlir::Value originOf(mlir::Value largest);
  /// The largest, or the sum, of what `lanes` neighbouring lanes have; all get it.
  template <typename Op> mlir::Value combine(mlir::Value value, unsigned lanes) {
    for (unsigned distance = lanes / 2; distance; distance /= 2)
      value = Op::create(builder, loc, value, takeFrom(value, distance));
    return value;
  }
  /// Stores a mean of values, unless it lies outside.
  void storeResult(mlir::Value sum, mlir::Value sumOfWeights, llvm::ArrayRef<mlir::Value> batch,
                   mlir::Value query, mlir::Value column);

  AttentionLoops loops;
  int64_t depth = 0, width = 0;
  mlir::Type f32;
  mlir::Value queries, keys;

private:
  /// Of the lane whose number differs in the bits of `distance`.
  mlir::Value takeFrom(mlir::Value value, unsigned distance);
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_ATTENTIONWRITER_H

//===- WgmmaWriter.h - Matrix products of warpgroups ------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_GPU_WGMMAWRITER_H
#define TGC_COMPILER_CODEGEN_GPU_WGMMAWRITER_H

#include "compiler/Codegen/GPU/BulkRing.h"

namespace tgc {

class WgmmaWriter : public BulkRing {
public:
  using BulkRing::BulkRing;
  virtual void write();

protected:
  using Values = llvm::SmallVector<mlir::Value>;
  static constexpr unsigned kRowsOfConsumer = 64;

  /// A stage that has come, its number in the sum, and who multiplies it.
  struct Stage {
    mlir::Value slot, number, consumer, thread;
  };
  /// Adds the products of a stage; `releaseBefore` gives the one before it back, when its products are done.
  virtual Values multiplyStage(const Stage &stage, llvm::ArrayRef<mlir::Value> sums,
                               llvm::function_ref<void()> releaseBefore);
  /// What a product takes of each operand: where a consumer's lines begin in shared memory.
  struct Factors {
    mlir::Value left, right;
  };
  /// Where they lie in a stage or what has its form, from its first byte on.
  Factors factorsAt(mlir::Value leftStage, mlir::Value rightStage, const Stage &stage);
  /// Starts products of a stage, for each group of steps those of `all` in their order.
  Values startProducts(llvm::ArrayRef<Factors> all, llvm::ArrayRef<mlir::Value> sums);
  /// Waits until `count` groups of products at most are under way.
  Values waitForProducts(unsigned count, llvm::ArrayRef<mlir::Value> sums);

  /// Shared memory that is neither the ring's nor for results, right behind the ring.
  unsigned bytesBetween = 0;

private:
  /// Columns of results that are in shared memory at a time, and what is between rows, for the banks.
  static constexpr unsigned kColumnsAtOnce = 32, kGap = 8;
  static constexpr unsigned kStagingBytes = kRowsOfConsumer * (kColumnsAtOnce + kGap) * 4;

  unsigned blocksOfCluster();
  mlir::Type sumType();
  mlir::Value describe(unsigned operand, mlir::Value byte);
  Values passThrough(llvm::StringRef text, llvm::ArrayRef<mlir::Value> sums,
                     llvm::ArrayRef<mlir::Value> others = {});
  llvm::StringRef nameOf(unsigned operand);
  std::string textOfProduct(size_t numSums);
  void consume(mlir::Value thread, mlir::Value warp);
  void waitForGroup(mlir::Value consumer);
  mlir::Value staged(mlir::Value consumer, mlir::Value row, mlir::Value column);
  void shareResults(llvm::ArrayRef<mlir::Value> sums, unsigned first, mlir::Value thread,
                    mlir::Value consumer);
  void finishResults(llvm::ArrayRef<mlir::Value> batch, unsigned first, mlir::Value thread,
                     mlir::Value consumer);
};

/// f32 as two parts of tf32 each, by three products.
void writeTf32Kernel(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record, TileShape tile);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_WGMMAWRITER_H

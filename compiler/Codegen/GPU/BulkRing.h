//===- BulkRing.h - Operands that the copy engine brings --------*- C++ -*-===//
//
// A ring of stages in shared memory of sm_90a, each 128 bytes of steps of both operands. One thread asks for
// copies; for each stage an mbarrier says that it is full (the bytes are there) and one that it is empty
// (each consuming warp has done with it). Sizes are the maps' business: what lies outside of a tensor is
// copied as zero. Lines of 128 bytes are swizzled; an operand lies in a stage as in memory, in blocks of 64
// lines. Blocks of a cluster have the same columns: each brings its share of them to all.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_BULKRING_H
#define TGC_COMPILER_CODEGEN_GPU_BULKRING_H

#include "compiler/Codegen/GPU/BulkOperands.h"

namespace tgc {

class BulkRing : public ContractWriter {
public:
  using ContractWriter::ContractWriter;

protected:
  static constexpr unsigned kWarp = 32, kGroupThreads = 128, kConsumers = 2;
  static constexpr unsigned kBarrierBytes = 8, kLineBytes = 128;
  /// A block of lines of 128 bytes: 64 of them.
  static constexpr unsigned kBlockBytes = 64 * kLineBytes;

  /// Shared memory of the ring, which begins with it, and of its barriers, which are behind all else.
  unsigned bytesOfRing() const { return numStages * bytesOfStage(); }
  unsigned bytesOfBarriers() const { return numStages * 2 * kBarrierBytes; }
  unsigned bytesOfStage() const { return (tile.rows + tile.columns) * kLineBytes; }
  /// Before tiles begin: the parameters.
  void addMaps();
  /// Declares shared memory of record.sharedBytes and starts the barriers; all threads do.
  void startRing(mlir::Value thread);
  /// Waits until no other block needs this one's shared memory; all threads do.
  void endRing();
  /// All of one thread's work.
  void produce();

  unsigned numStages = 4;
  /// Whether f32 comes as it is, not rounded to tf32.
  bool keepsFloats = false;

  /// The steps of a stage, and how many stages a sum has.
  unsigned stepsOfStage() { return kLineBytes / elementBytes(); }
  mlir::Value countStages();
  mlir::Value stageOf(mlir::Value slot, unsigned operand);
  /// The stage after one, and the phase that its barriers are in then.
  std::pair<mlir::Value, mlir::Value> follow(mlir::Value slot, mlir::Value phase);
  void waitUntilFull(mlir::Value slot, mlir::Value phase) { waitFor(barrierOf(slot, false), phase); }
  void release(mlir::Value slot, mlir::Value condition);

  mlir::Type elementType() { return getElementTypeOrSelf(op.getDpsInputs()[0].getType()); }
  unsigned elementBytes() { return elementType().getIntOrFloatBitWidth() / 8; }
  bool runsAlongSum(unsigned operand) const { return dims[operand].back().axis == BulkAxis::Sum; }

  mlir::Value divide(mlir::Value a, unsigned b);
  mlir::Value remainder(mlir::Value a, unsigned b);
  mlir::Value toWord(mlir::Value a);
  mlir::Value toIndex(mlir::Value a);
  mlir::Value isEqual(mlir::Value a, int64_t b);
  void ifThen(mlir::Value condition, llvm::function_ref<void()> body);
  /// An instruction, in its order with all others that touch memory.
  mlir::Value assemble(const llvm::Twine &text, llvm::StringRef constraints, mlir::ValueRange operands,
                       mlir::Type result = mlir::Type());
  /// The address of a byte of shared memory, as instructions take it.
  mlir::Value addressOfShared(mlir::Value byte);

  mlir::Value shared;

private:
  unsigned sideOf(unsigned operand) const { return operand ? tile.columns : tile.rows; }
  /// What a block brings of a tile's side: all, or its share of what the cluster's blocks have in common.
  unsigned shareOf(unsigned operand) const { return operand ? tile.columns / record.cluster : tile.rows; }
  void waitForCluster();
  Product productOf(llvm::ArrayRef<unsigned> ofLoops);
  void addMap(unsigned operand);
  mlir::Value barrierOf(mlir::Value slot, bool isEmptiness);
  void waitFor(mlir::Value barrier, mlir::Value phase);
  void copy(unsigned operand, llvm::ArrayRef<mlir::Value> batch, mlir::Value step, unsigned first,
            mlir::Value slot, mlir::Value full);

  /// By the operand's number.
  llvm::SmallVector<BulkDim> dims[2];
  mlir::Value maps[2];
  /// The block's number in its cluster.
  mlir::Value rank;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_BULKRING_H

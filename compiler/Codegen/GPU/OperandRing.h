//===- OperandRing.h - Operands on their way to tensor cores ----*- C++ -*-===//
//
// Shared memory holds some stages, each a few steps of both operands. While one is multiplied, asynchronous
// copies (`cp.async`) fill others. An operand lies in a stage as it lies in memory, lines of 64 bytes of
// steps or of a tile's side of elements, and chunks of 16 bytes are permuted in their lines so that a matrix
// of `ldmatrix` meets each bank once. Copies are as wide as sizes and strides make sure that all of one is in
// the operand and aligned; f32 can always be copied. Shorter elements without neighbours go through
// registers, and so does what is computed on its way: what that is made of is loaded some stages ahead, and
// stored as the stage that is multiplied next.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_OPERANDRING_H
#define TGC_COMPILER_CODEGEN_GPU_OPERANDRING_H

#include "compiler/Codegen/GPU/ContractWriter.h"

namespace tgc {

class RingWriter : public TileWriter {
public:
  using TileWriter::TileWriter;

  /// Elements of an operand that a thread brings to a stage.
  static unsigned countElementsOfThread(mlir::linalg::GenericOp op, unsigned operand, TileShape tile);

protected:
  /// What a bank-wide access moves; bytes of steps in a stage; all that a block can have without asking.
  static constexpr unsigned kChunk = 16, kStageBytes = 64, kMostShared = 48 << 10, kMostStages = 4;
  /// More copies of a thread for one operand are a loop: their addresses take more registers than there are.
  static constexpr unsigned kMostUnrolled = 16;

  void prepare(mlir::Value tid) override;
  /// For each stage: `multiply` is given the place of the stage and what is carried.
  llvm::SmallVector<mlir::Value>
  forEachStage(llvm::ArrayRef<mlir::Value> batch, const Side &rows, const Side &columns,
               mlir::ValueRange sums,
               llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, llvm::SmallVector<mlir::Value>)>
                   multiply);

  /// Whether lines of a stage are along the sum. Bytes always are: a product wants four steps side by side,
  /// and nothing turns them.
  static bool liesAlongSum(const Side &side) { return side.runsAlongSum || sizeOf(side) == 1; }
  static unsigned sizeOf(const Side &side) { return side.type.getIntOrFloatBitWidth() / 8; }
  /// Steps of the sum in a stage.
  unsigned stepsOfStage();
  /// The byte of a stage where an element lies.
  mlir::Value placeInStage(const Side &side, mlir::Value step, mlir::Value position);
  /// A byte of the ring.
  mlir::Value byteOf(mlir::Value place);
  mlir::Value divide(mlir::Value a, unsigned b);
  mlir::Value remainder(mlir::Value a, unsigned b);

  mlir::Value thread;

private:
  unsigned bytesOfStage() const { return (tile.rows + tile.columns) * kStageBytes; }
  unsigned numStages() const { return std::min(kMostStages, kMostShared / bytesOfStage()); }
  unsigned elementsOfCopy(const Side &side);
  void fill(const Side &side, llvm::ArrayRef<mlir::Value> batch, mlir::Value stage, mlir::Value first,
            mlir::Value steps);

  /// A stage's number in the sum, and how many there are.
  struct Stage {
    mlir::Value number, count;
  };
  /// The elements that a thread makes of a side with a maker.
  void forEachMade(const Side &side, llvm::function_ref<void(mlir::Value position, mlir::Value step)> visit);
  llvm::SmallVector<mlir::Value> loadMade(const Side &side, llvm::ArrayRef<mlir::Value> batch, Stage stage);
  void storeMade(const Side &side, Stage stage, mlir::Value place, mlir::ValueRange parts);
  mlir::Value ring;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_OPERANDRING_H

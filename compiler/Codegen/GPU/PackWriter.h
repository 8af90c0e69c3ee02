//===- PackWriter.h - Neighbours that a thread does at once -----*- C++ -*-===//
//
// A thread that does one element at a time reads and writes few bytes at a time. Along the last loops of most
// nests, their line, operands have neighbours in memory or the same element for all points. There a thread
// does a pack of points: it reads and writes 16 bytes at once, and the body is there for each point.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_PACKWRITER_H
#define TGC_COMPILER_CODEGEN_GPU_PACKWRITER_H

#include "compiler/Codegen/GPU/NestWriter.h"

namespace tgc {

class PackWriter : public NestWriter {
protected:
  using NestWriter::NestWriter;

  /// The loops of a pack's points: of each, its place along all loops of a nest.
  using Points = llvm::ArrayRef<llvm::SmallVector<mlir::Value>>;

  /// How an operand's elements follow each other along a line.
  enum class Step {
    Same,  ///< one for all
    Next,  ///< neighbours in memory
    Apart, ///< neither
  };
  static Step findStep(mlir::linalg::GenericOp nest, mlir::OpOperand &operand, llvm::ArrayRef<unsigned> line);

  /// The loops along which points of the nest that is being written may be neighbours, the last one fastest.
  virtual llvm::SmallVector<unsigned> getLoops() = 0;
  /// The last of them.
  llvm::SmallVector<unsigned> getLine() {
    return llvm::to_vector(llvm::ArrayRef(getLoops()).take_back(lineLoops));
  }
  /// Chooses how many loops a line has, and how many points a pack: 1, if packs gain nothing. `nests` go
  /// along these loops. Any element may be apart in lines of one loop if `mayBeApart`. Packs of lines that
  /// are cut into rows end where these do.
  void choosePacks(llvm::ArrayRef<mlir::linalg::GenericOp> nests, bool mayBeApart);
  /// Points of a line, if that is known.
  std::optional<int64_t> getLineLength();
  /// Whether lines are more than one, and whole packs.
  mlir::Value isWholePacks();
  /// Whether all memory begins where 16 bytes can be read at once, and its rows do.
  mlir::Value isAligned(llvm::ArrayRef<mlir::linalg::GenericOp> nests);

  /// The place of point number `first` along getLoops(), and of those after it in a pack.
  llvm::SmallVector<llvm::SmallVector<mlir::Value>> placePoints(mlir::Value first);

  /// Reads what the body looks at, for load() to return.
  void readElements(Points points);
  void forgetElements() { elements.clear(); }
  mlir::Value load(mlir::OpOperand &operand, mlir::ValueRange index) override;
  /// What an operand has for each point of a pack.
  virtual llvm::SmallVector<mlir::Value> loadPack(mlir::OpOperand &operand, Points points);
  void storePack(llvm::ArrayRef<mlir::Value> values, mlir::OpOperand &operand, Points points);
  /// Neighbours in memory, as few accesses as there can be.
  llvm::SmallVector<mlir::Value> loadNext(mlir::Value address, mlir::Type type);
  void storeNext(llvm::ArrayRef<mlir::Value> values, mlir::Value address);

  /// Points of the largest packs, and of the one that is being written; and which of these it is.
  unsigned mostPoints = 1, width = 1, point = 0;
  unsigned lineLoops = 0;
  /// If set, whether accesses may be wide; else they may.
  mlir::Value canBeWide;

private:
  llvm::DenseMap<mlir::OpOperand *, llvm::SmallVector<mlir::Value>> elements;
  bool needsPlaces = false;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_PACKWRITER_H

//===- NestWriter.h - What kernels of loop nests share ----------*- C++ -*-===//
//
// A kernel is a function of addresses in global memory and of numbers. Which numbers it needs shows while it
// is written: sizes and strides that are known only during the run, and scalars of the host.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_NESTWRITER_H
#define TGC_COMPILER_CODEGEN_GPU_NESTWRITER_H

#include "compiler/Codegen/GPU/DeviceProgram.h"
#include "compiler/Codegen/GPU/NestChains.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

/// Why a nest has no kernel of any form; empty if it has one.
std::string whyNoKernel(mlir::linalg::GenericOp op);

/// Whether kernels clone the number, rather than being told it.
bool isConstantNumber(mlir::Value value);

/// The operand and its dimension that a loop's size is read from.
std::optional<KernelNumber> findSize(mlir::linalg::GenericOp op, unsigned loop);

/// Whether it takes or gives complex numbers, which a kernel has as two: a nest by itself, a thread for each
/// result.
bool isComplex(mlir::linalg::GenericOp op);

class NestWriter {
public:
  /// Begins the kernel: a function that takes the memory of the nests' operands and of what their bodies
  /// load.
  NestWriter(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);
  virtual ~NestWriter() = default;
  /// Ends it.
  void finish();

protected:
  /// Goes on with another member of the chain.
  void enter(mlir::linalg::GenericOp member);

  mlir::Value constant(int64_t value);
  mlir::Value multiply(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, mlir::Value b);
  /// A number that the host gives, in its own type.
  mlir::Value number(const KernelNumber &number);
  /// The size of a loop of the nest.
  mlir::Value sizeOf(unsigned loop);
  Extent extentOf(unsigned loop);
  /// A size that the host has computed.
  mlir::Value sizeOfHost(mlir::Value size);
  /// How many parts sums have; the kernel's points are those of each part.
  mlir::Value countParts();
  /// A special register, as an index: "tid.x".
  mlir::Value special(llvm::StringRef name);
  mlir::Value callIntrinsic(llvm::StringRef name, mlir::Type result, mlir::ValueRange operands);
  /// The product of the sizes of some loops; and the indices of point number `point` of their space.
  mlir::Value countPoints(llvm::ArrayRef<unsigned> loops);
  void splitPoint(mlir::Value point, llvm::ArrayRef<unsigned> loops,
                  llvm::MutableArrayRef<mlir::Value> index);
  /// A loop whose body has `point` and the values carried; returns what it leaves.
  llvm::SmallVector<mlir::Value>
  forEach(mlir::Value begin, mlir::Value end, mlir::Value step, mlir::ValueRange carried,
          llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> body);

  /// Where memory begins; and its stride along a dimension, in elements.
  mlir::Value argumentOf(mlir::Value memory);
  mlir::Value strideOfMemory(mlir::Value memory, unsigned dim);
  mlir::Value addressOf(mlir::Value memory, mlir::ValueRange place);
  /// Where an operand's element lies.
  mlir::Value addressOf(mlir::OpOperand &operand, mlir::ValueRange index);
  /// An element of an operand; writers have some at hand.
  virtual mlir::Value load(mlir::OpOperand &operand, mlir::ValueRange index);
  void store(mlir::Value value, mlir::OpOperand &operand, mlir::ValueRange index);
  /// What the body yields at a point; `outputs` are the old values of the results.
  llvm::SmallVector<mlir::Value> compute(mlir::ValueRange index, mlir::ValueRange outputs);
  /// What it makes of elements, if it looks at nothing else.
  llvm::SmallVector<mlir::Value> computeOf(mlir::ValueRange elements, mlir::ValueRange outputs);

  /// What another lane of the warp has: "bfly", the one whose number differs in the bits of `lane`; "up", the
  /// one so many before, or itself; "idx", that one.
  mlir::Value shuffle(llvm::StringRef kind, mlir::Value value, unsigned lane);

  /// Waits for all threads of the block.
  void wait();
  /// Memory that the block's threads share; and an element of it.
  mlir::Value declareShared(llvm::StringRef name, mlir::Type element, unsigned count);
  /// All that the launch gives the block, of KernelRecord::sharedBytes.
  mlir::Value declareDynamicShared(llvm::StringRef name, unsigned alignment);
  /// A parameter that is a tensor map, for the last one of KernelRecord::maps.
  mlir::Value addMapArgument();
  mlir::Value elementOf(mlir::Value shared, mlir::Type type, mlir::Value number);

  const NestChain &chain;
  /// The member that is being written.
  mlir::linalg::GenericOp op;
  mlir::OpBuilder builder;
  mlir::Location loc;
  KernelRecord &record;
  mlir::func::FuncOp function;
  llvm::SmallVector<unsigned> parallelLoops, reductionLoops;

private:
  mlir::Value shuffleWord(llvm::StringRef kind, mlir::Value word, unsigned lane);
  void collectMemories(mlir::linalg::GenericOp op);
  /// The body's values for what it takes from outside.
  void mapCaptured(mlir::IRMapping &mapping);
  mlir::Value sizeOfMemory(mlir::Value memory, unsigned dim);
  mlir::Value cloneConstant(mlir::Value value);
  mlir::Value behind(mlir::Value address, mlir::ComplexType type);
  mlir::Value loadFrom(mlir::Value address, mlir::Type type);

  llvm::SmallVector<mlir::Value> numbers;
};

/// One thread for each result; sums are taken in the order of the loops.
void writeFlatKernel(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);

/// Whether a nest reduces so that several threads may share a result, and it is worth it.
bool isRowReduction(mlir::linalg::GenericOp op);
/// Whether a nest finds the first of the largest or smallest elements and where it is, for each row.
bool isArgReduction(mlir::linalg::GenericOp op);
/// Threads of a block; those of a warp; and the length from which on a row is a block's.
inline constexpr unsigned kRowThreads = 256, kWarpThreads = 32;
inline constexpr int64_t kLongRow = 2048;
/// A warp or a block for each result; partial results are combined in an order that is always the same.
void writeRowKernel(const NestChain &chain, mlir::ModuleOp kernels, KernelRecord &record);

/// Whether a nest sums products of two operands, and tiles of them pay.
bool isContraction(mlir::linalg::GenericOp op);
/// A block for each tile of the results.
void writeContractKernel(const NestChain &chain, GpuF32 products, mlir::ModuleOp kernels,
                         KernelRecord &record);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_NESTWRITER_H

//===- NestChains.h - Nests that one kernel does ----------------*- C++ -*-===//
//
// What follows a contraction element by element is done while its results are in registers. Reductions along
// rows and what lies between them, as in softmax and layer normalisation, are done row by row, and a row that
// is read again waits in shared memory. Both are found on buffers: nests in which a thread touches only what
// it has touched itself. No op of the graph is named.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_NESTCHAINS_H
#define TGC_COMPILER_CODEGEN_GPU_NESTCHAINS_H

#include "compiler/Codegen/GPU/DeviceMemory.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

struct NestChain {
  enum Form { Flat, Rows, Contraction };

  Form form = Flat;
  /// In their order; they stand side by side in their block.
  llvm::SmallVector<mlir::linalg::GenericOp> members;
  /// The contraction, or the first reduction; the only member.
  mlir::linalg::GenericOp main;
  /// The memory that each operand leads into.
  llvm::DenseMap<mlir::Value, mlir::Value> bases;
  /// Memory that nothing but the members sees, and that the kernel needs no longer.
  llvm::SmallPtrSet<mlir::Value, 4> own;
  /// Of a contraction: its loop for each loop of another member; -1: that has one iteration.
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<int>> followed;
  /// Of a contraction: the members that make its operands where it loads them, the first of all; none: they
  /// are in memory.
  mlir::linalg::GenericOp makers[2];
  /// Of rows: how many of the members' real loops say which row it is, how many threads share a row, and the
  /// memory whose rows wait in shared memory.
  unsigned rowLoops = 0, lanes = 0;
  llvm::SmallVector<mlir::Value> staged;
};

/// On a nest that must have a kernel of its own: with others it has no device code.
inline constexpr const char kAloneAttribute[] = "tgc.alone";
/// On a nest that was a copy: one of what the host has is the host's.
inline constexpr const char kCopyAttribute[] = "tgc.copy";

/// The loops of more than one iteration.
llvm::SmallVector<unsigned> getRealLoops(mlir::linalg::GenericOp op);

/// Finds the chains of an entry and puts their members side by side.
std::vector<NestChain> findChains(mlir::func::FuncOp entry);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_NESTCHAINS_H

//===- WindowMemory.h - Where blocks of results lie ------------*- C++ -*-===//
//
// The memory that a block of a WindowGroup computes its rows of results into, and what it leaves to windows
// over two strips. Rows of a block's memory: those kept of the block before, or the border; those that it
// computes; the border below.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_WINDOWMEMORY_H
#define TGC_COMPILER_CODEGEN_CPU_WINDOWMEMORY_H

#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/WindowGroup.h"
#include "mlir/IR/IRMapping.h"

namespace tgc {

/// Rows of one image, or of one seam.
struct Rows {
  mlir::OpFoldResult image, first, count;
};

struct WindowMemory {
  mlir::OpBuilder &builder;
  const WindowPlan &plan;
  WindowGroup &group;
  mlir::Location loc;
  IndexMath math;
  /// From values around the function to those in it.
  mlir::IRMapping mapping = {};
  /// Memory of a block; null if results are kept.
  mlir::Value scratch = {};
  /// Memory of the seams, around the function: [image and seam], then as the results. Null if there are none,
  /// or if the results are kept, where windows over seams find them.
  mlir::Value seams = {};

  WindowMemory(mlir::OpBuilder &builder, const WindowPlan &plan);

  bool hasSeams() const { return plan.getStrips() > 1 && plan.getSharedWindows() > 0; }
  void allocateSeams(mlir::OpFoldResult count);
  /// On the stack, with all of the border that stays.
  void allocateScratch();

  /// The rows that a product computes.
  mlir::Value viewResults(const Rows &rows);
  /// All rows of the block's memory from one on; of kept results those from `inBuffer` on.
  mlir::Value viewRows(mlir::OpFoldResult image, mlir::OpFoldResult inScratch, mlir::OpFoldResult inBuffer);
  mlir::Value viewScratch(int64_t first, int64_t count);
  mlir::Value viewSeam(mlir::OpFoldResult seam, int64_t first, int64_t count);

  /// A number, or what memory of the same shape holds, as a nest that is computed on vectors.
  void store(mlir::Location where, mlir::Value what, mlir::Value to);
  void copyRows(mlir::Value from, mlir::Value to) { store(loc, from, to); }
  /// Rows of the border.
  void fillRows(int64_t first, int64_t count);

private:
  mlir::Value view(mlir::Value memory, mlir::OpFoldResult image, mlir::OpFoldResult first,
                   mlir::OpFoldResult count);
  mlir::Value getPadding() { return mapping.lookup(group.padding[0].getInputs()[0]); }
  void fillSides();
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_WINDOWMEMORY_H

//===- Outline.h - Functions of a few ops, for bufferization ---*- C++ -*-===//
//
// One-shot analysis compares each write of a tensor with each read of what it may alias. A call is one write,
// so programs with many are analysed in functions of a few each; the inliner puts them back afterwards.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_COMMON_OUTLINE_H
#define TGC_COMPILER_CODEGEN_COMMON_OUTLINE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace tgc {

/// Moves ops that follow each other in a block into a new private function, which is called instead. What
/// they read of feeds goes in as the memory that it is: as a tensor it might have to be copied.
mlir::func::FuncOp outlineOps(mlir::ModuleOp module, llvm::ArrayRef<mlir::Operation *> ops,
                              llvm::StringRef name);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_COMMON_OUTLINE_H

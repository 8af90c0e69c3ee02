//===- KernelCalls.h - Functions of kernels and calls of them --*- C++ -*-===//
//
// A kernel is a function over its operands and a share [begin, end) of its work. Equal kernels are one
// function; a call does the whole work, on all threads where it is large.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_KERNELCALLS_H
#define TGC_COMPILER_CODEGEN_CPU_KERNELCALLS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace tgc {

class KernelCalls {
public:
  explicit KernelCalls(mlir::ModuleOp module);

  /// On a call: its work in multiplications. On a conditional: whether its else part is one such call and its
  /// condition compares the work.
  static constexpr llvm::StringLiteral kWork = "kernel.work", kChoice = "kernel.choice";

  /// A function over `arguments` and the share [begin, end) with the body that `emit` makes; an equal one
  /// serves again.
  mlir::func::FuncOp getFunction(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef prefix,
                                 llvm::ArrayRef<mlir::Value> arguments,
                                 llvm::function_ref<void(mlir::OpBuilder &, mlir::Block &)> emit);

  /// Calls the function for [0, count): in parallel if there is a frame to ask for threads and `work`
  /// multiplications (or what costs as much) are worth it.
  static void call(mlir::OpBuilder &builder, mlir::Location loc, mlir::func::FuncOp function,
                   llvm::ArrayRef<mlir::Value> arguments, mlir::OpFoldResult count, mlir::OpFoldResult work);

private:
  mlir::ModuleOp module;
  llvm::StringMap<mlir::func::FuncOp> functions;
  /// Of all functions of the module: passes before may have made some with the same prefix.
  llvm::StringSet<> names;
};

/// What an iteration of a loop nest costs, in multiplications of a kernel.
int64_t getCostOfElement(mlir::Operation *nest);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_KERNELCALLS_H

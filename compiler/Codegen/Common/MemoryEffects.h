//===- MemoryEffects.h - What ops do to buffers ----------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_COMMON_MEMORYEFFECTS_H
#define TGC_COMPILER_CODEGEN_COMMON_MEMORYEFFECTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/MapVector.h"

namespace tgc {

/// The memory that a value is, or is a part of.
struct Memory {
  mlir::Value base; ///< Null: any.
  bool isWhole = true;
  /// Whether rows, by the first dimension, are parts of the memory's rows, all of them and in order.
  bool hasAllRows = true;
};

/// What an op does to memory.
struct Effects {
  /// The memory touched, and whether it is written.
  llvm::MapVector<mlir::Value, bool> touched;
  bool isUnknown = false;
  /// Whether the run may end here, and variables keep what they hold.
  bool mayEndRun = false;

  void add(const Memory &memory, bool isWritten);
  void add(const Effects &other);
  /// Whether the order of the two matters.
  bool conflictsWith(const Effects &other) const;
};

/// The memory of one entry: a value stands for each piece.
class EntryMemory {
public:
  virtual ~EntryMemory() = default;
  virtual Memory find(mlir::Value value);

  /// Adds what the op does itself; nested ops are not looked at. Calls may write to all that they are given.
  void addEffects(mlir::Operation &op, Effects &effects);

private:
  /// By index: the value that stands for a variable.
  llvm::DenseMap<int64_t, mlir::Value> variables;
};

/// What ops of an entry do, with the ops and the kernels inside of them.
class OpEffects {
public:
  OpEffects(EntryMemory &memory, mlir::SymbolTable &symbols) : memory(memory), symbols(symbols) {}

  Effects get(mlir::Operation &op);

private:
  void addCall(mlir::StringRef callee, mlir::ValueRange arguments, Effects &effects);

  EntryMemory &memory;
  /// May lack functions that were made since.
  mlir::SymbolTable &symbols;
  /// Whether a function writes to an argument.
  llvm::DenseMap<std::pair<mlir::Operation *, size_t>, bool> written;
};

/// The blocks of each entry of the module in which ops on buffers stand, those of loops and conditions
/// included.
void forEachEntry(mlir::ModuleOp module,
                  llvm::function_ref<void(mlir::func::FuncOp, llvm::ArrayRef<mlir::Block *>)> visit);

/// Whether a function may write to the memory that an argument points to.
bool writesArgument(mlir::func::FuncOp function, unsigned argument);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_COMMON_MEMORYEFFECTS_H

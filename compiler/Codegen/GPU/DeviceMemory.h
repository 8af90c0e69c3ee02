//===- DeviceMemory.h - Memory of an entry, and what it may be --*- C++ -*-===//
//
// Loops and conditions hand memory on: which one a value is shows during the run. Memories that one value may
// be are a class. They are on the device, or on the host, together.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_GPU_DEVICEMEMORY_H
#define TGC_COMPILER_CODEGEN_GPU_DEVICEMEMORY_H

#include "compiler/Codegen/Common/MemoryEffects.h"

namespace tgc {

/// The memory that a view leads into.
mlir::Value findRoot(mlir::Value memory);

/// What a value may be that a loop, a condition or a selection hands on; empty for all others.
llvm::SmallVector<mlir::Value> getSources(mlir::Value value);

class DeviceMemory : public EntryMemory {
public:
  explicit DeviceMemory(mlir::func::FuncOp entry);

  /// The base stands for the class.
  Memory find(mlir::Value value) override;
  /// Whether the device can have a mirror of all that the class has.
  bool canMirror(mlir::Value base) const { return classOf(base).canMirror; }
  bool isJoined(mlir::Value base) const { return classOf(base).isJoined; }
  /// All that is memory of its own, and what hands it on.
  llvm::ArrayRef<mlir::Value> getMembers(mlir::Value base) const { return classOf(base).members; }
  /// Members that together are all that can be reached at an op.
  llvm::SmallVector<mlir::Value> getMembersAt(mlir::Value base, mlir::Operation *point) const;
  /// What stands for each class.
  llvm::SmallVector<mlir::Value> getBases() const;
  /// The memory of a variable that the entry reads; null if it does not.
  mlir::Value findVariable(int64_t index) const { return readVariables.lookup(index); }

private:
  struct Class {
    llvm::SmallVector<mlir::Value> members;
    mlir::Value base;
    bool canMirror = true, isJoined = false, isUnknown = false;
  };

  unsigned numberOf(mlir::Value root);
  void join(mlir::Value a, mlir::Value b);
  const Class &classOf(mlir::Value root) const { return classes[numbers.lookup(root)]; }

  llvm::DenseMap<mlir::Value, unsigned> numbers;
  /// One for each number; those that others took in have no members.
  std::vector<Class> classes;
  llvm::DenseMap<int64_t, mlir::Value> readVariables;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_GPU_DEVICEMEMORY_H

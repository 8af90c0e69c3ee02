//===- RowForms.h - Which rows an op walks ---------------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_ROWFORMS_H
#define TGC_COMPILER_CODEGEN_CPU_ROWFORMS_H

#include "compiler/Codegen/CPU/NestGroup.h"

namespace tgc {

/// Describes the ops of an entry.
class RowForms {
public:
  /// `dims`: what stands for sizes that only the run knows.
  RowForms(EntryMemory &memory, llvm::DenseMap<std::pair<mlir::Value, int64_t>, mlir::Value> &dims)
      : memory(memory), dims(dims) {}

  /// The op as a loop over rows; nothing if it is none, or of no kind that such groups have.
  std::optional<Nest> describe(mlir::Operation &op, GroupKind kind);

private:
  mlir::Value findSize(mlir::Value memref, int64_t dim);
  bool findTables(Nest &nest);
  bool multiplyBySize(const Nest &nest, unsigned loop, RowCount &rows);

  EntryMemory &memory;
  llvm::DenseMap<std::pair<mlir::Value, int64_t>, mlir::Value> &dims;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_ROWFORMS_H

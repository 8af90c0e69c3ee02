//===- GroupPlan.h - How a group of nests runs -----------------*- C++ -*-===//
//
// How many rows a block has, and which buffers are no more than a block.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_GROUPPLAN_H
#define TGC_COMPILER_CODEGEN_CPU_GROUPPLAN_H

#include "compiler/Codegen/CPU/ContractPlan.h"
#include "compiler/Codegen/CPU/NestGroup.h"

namespace tgc {

int64_t getElementBytes(mlir::Type element);

/// The number of elements of these dimensions, or ShapedType::kDynamic.
int64_t countElements(llvm::ArrayRef<int64_t> shape);

/// A buffer that only the nests of a group use.
struct LocalBuffer {
  int64_t elements; ///< Of a row.
  /// The memory of a result, where all of the buffer lies; null: a block is on the stack.
  mlir::Value destination;
};

struct GroupPlan {
  GroupPlan(const NestGroup &group, VectorUnit unit);

  const NestGroup &group;
  const VectorUnit unit;
  /// That of the group, and how it would run alone; null: it has none.
  const Nest *product;
  std::optional<ContractPlan> ofProduct;
  RowCount rows;
  int64_t blockRows = 1;
  /// Whether each block has that many rows.
  bool isEven = false;
  llvm::MapVector<mlir::Value, LocalBuffer> local;

  const RowForm &formOf(const Nest &nest) const { return *nest.getForm(rows); }

  /// In multiplications of a contraction.
  int64_t getWorkOfRow() const;

  /// Small groups stay loops in the entry, where LLVM sees what is around them.
  bool pays() const;

  /// Elements of one row of the operand, or ShapedType::kDynamic.
  int64_t getRowElements(const Nest &nest, unsigned operand) const;

  /// Whether the nest does little but move what leaves the caches before anything reads it. Where more is
  /// computed, the caches take what is stored while the next elements are; without them stores would wait.
  bool isStreamed(const Nest &nest) const;

private:
  int64_t getElementsOfRow(const Nest &nest) const;
  void chooseBlock();
  void chooseBlockOfProduct();
  bool paysAroundProduct() const;
  bool areShared(mlir::Value base) const;
  int64_t getSharedBytesOfRow() const;
  int64_t getRhsElements() const;
  void cutEvenly(int64_t step);
  bool isUsedHereOnly(mlir::Value buffer, const llvm::SmallPtrSetImpl<mlir::Operation *> &members) const;
  void findLocalBuffers();
  std::optional<std::pair<mlir::Value, mlir::Value>> findDestination(mlir::Value base,
                                                                     int64_t elements) const;
  void keepOnStack();
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_GROUPPLAN_H

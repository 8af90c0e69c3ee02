//===- NestGroup.h - Loop nests over the same rows -------------*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_CPU_NESTGROUP_H
#define TGC_COMPILER_CODEGEN_CPU_NESTGROUP_H

#include "compiler/Codegen/CPU/KernelCalls.h"
#include "compiler/Codegen/CPU/SelectTiling.h"
#include "compiler/Codegen/Common/MemoryEffects.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tgc {

/// A number of rows: a known factor times sizes that the run knows, in a fixed order.
struct RowCount {
  int64_t known = 1;
  llvm::SmallVector<mlir::Value, 2> sizes;

  bool operator==(const RowCount &other) const { return known == other.known && sizes == other.sizes; }
  bool isOne() const { return known == 1 && sizes.empty(); }
  void multiply(int64_t size) { known *= size; }
  void multiply(mlir::Value size);
};

/// One way to see a nest as a loop over rows: its first `numLoops` loops, which are parallel.
struct RowForm {
  static constexpr unsigned kSame = ~0u;

  RowCount rows;
  unsigned numLoops;
  /// Per operand: how many of its first dimensions say which row it is, or kSame if each row reads all of it.
  llvm::SmallVector<unsigned> leading;
};

struct Nest {
  /// A nest of linalg or a product.
  mlir::DestinationStyleOpInterface op;
  llvm::SmallVector<RowForm> forms;
  llvm::SmallVector<Memory> memories; ///< Per operand; not for scalars.
  /// What the body reads at places that it computes, as a gather does.
  llvm::SmallVector<Memory, 1> tables;

  /// Null for a product.
  mlir::linalg::LinalgOp getLoops() const;
  /// Null for a nest of linalg.
  kernel::ContractOp getProduct() const;
  mlir::AffineMap getMap(unsigned operand) const;
  llvm::SmallVector<int64_t> getLoopSizes() const;

  const RowForm *getForm(const RowCount &rows) const;
  /// Whether the body reads of that memory.
  bool isTable(mlir::Value base) const;
  /// Whether it is an operand's.
  bool touches(mlir::Value base) const;
};

/// Nests in their order, and the numbers of rows that all of them have.
struct NestGroup {
  llvm::SmallVector<Nest> nests;
  llvm::SmallVector<RowCount> rows;
  Effects effects;

  /// The only one that a group may have, if it has one.
  const Nest *findProduct() const;
};

/// What groups are made of: nests, or nests and one product.
enum class GroupKind { OfNests, AroundProduct };

/// On a nest of a group: per operand, how many elements further on lie those of the next block, which it
/// fetches; 0: none.
inline constexpr llvm::StringLiteral kFetchAhead = "kernel.fetch_ahead";

/// On a nest of a group: it does little but move what leaves the caches before anything reads it.
inline constexpr llvm::StringLiteral kStreamed = "kernel.streamed";

/// Replaces the nests by a call of a function that takes blocks of rows through all of them, if that pays.
void emitNestGroup(mlir::OpBuilder &builder, const NestGroup &group, KernelCalls &kernels, GroupKind kind,
                   VectorUnit unit);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_NESTGROUP_H

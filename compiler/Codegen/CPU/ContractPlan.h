//===- ContractPlan.h - The loops that a kernel makes of a contraction -*- C++ -*-===//
//
// Decided from types alone, so that a kernel and its callers agree: loops of one iteration vanish, loops that
// walk all operands as one loop would are merged, and the rest get their roles.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_CONTRACTPLAN_H
#define TGC_COMPILER_CODEGEN_CPU_CONTRACTPLAN_H

#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/SelectTiling.h"
#include "compiler/Codegen/CPU/ZeroBorders.h"
#include "dialects/Kernel/IR/KernelDialect.h"

namespace tgc {

/// On a contraction that is a block of rows of a larger one: its left operand, or its result, comes from
/// further away than the second-level cache, however few rows it has itself.
inline constexpr llvm::StringLiteral kFarRows = "kernel.far_rows", kFarResults = "kernel.far_results";

/// Loops that run as one, outermost first; none: one iteration.
using LoopGroup = llvm::SmallVector<unsigned, 2>;

/// How the kernel finds the right operand.
enum class RhsForm {
  Direct,         ///< Row-major, read in place.
  AlongSum,       ///< Columns along the sum, read in place by few rows (AlongSum.h).
  Packed,         ///< Packed when compiling.
  PackedByCall,   ///< Packed by the caller for each call.
  PackedByKernel, ///< Packed by the kernel, a block of a group of panels at a time: few rows would not pay
                  ///< for the way to memory and back.
  ChosenByCall    ///< In place or packed by the caller, for the number of rows of the call; the kernel gets
                  ///< strides.
};

/// Which way the left operand is contiguous where a tile of it is copied.
enum class LhsCopy { None, AlongSum, AlongRows };

/// What is known of an operand's strides per loop.
struct StaticAccess {
  mlir::AffineMap map;
  llvm::SmallVector<int64_t> strides;
  bool isRowMajor = true;
  /// Packed in the order of its loops, whatever its map says.
  bool isPacked = false;

  bool moves(unsigned loop) const { return map.isFunctionOfDim(loop); }
};

/// The part of a window that runs along the rows of tiles, which together are as wide as the image.
struct RowsWithinBorders {
  /// Tiles of as many rows, of which the same meet the image.
  struct Kind {
    int64_t rows;
    /// Per step of the window: the rows [first, second) whose factors lie within the image. Empty: all rows
    /// in all steps.
    llvm::SmallVector<std::pair<int64_t, int64_t>> rowsOfStep;
    llvm::SmallVector<int64_t> tiles;
  };

  /// Of ContractPlan::sums, whose outermost loop is that of the window; and the steps within one of its.
  size_t level;
  int64_t stepsOfSum;
  /// The most tiles are of the last one.
  llvm::SmallVector<Kind> kinds;
};

struct ContractPlan {
  ContractPlan(kernel::ContractOp op, VectorUnit unit);

  /// Around the tiles: batches, and rows that cannot be walked together with `rows`.
  llvm::SmallVector<LoopGroup> outer;
  LoopGroup rows;
  unsigned column;
  llvm::SmallVector<LoopGroup> sums;
  ContractTiling tiling;
  RhsForm rhsForm;
  /// Whether the sum is computed in blocks of `blockLength` that meet in the result's memory.
  bool isBlocked;
  int64_t blockLength = kSumBlock;
  /// Whether the left operand has the columns too, so that products are made lane by lane (depthwise
  /// convolutions).
  bool isLanewise;
  /// Which elements of the left operand are copied together first, because in place they would share sets of
  /// the first-level cache or lie on a page each; and how many of each row at a time.
  LhsCopy lhsCopy = LhsCopy::None;
  int64_t copiedLength = 0;
  /// Columns that are summed side by side where vectors run along the sum.
  int64_t columnsAlongSum = 1;
  /// Whether the next ones are fetched meanwhile.
  bool fetchesColumns = false;
  /// Panels of the right operand that stay in the second-level cache while rows stream by.
  int64_t panelsPerGroup;
  /// Products that are added to a sum together: 2 of bf16 by AVX512-BF16, 4 of bytes by AVX512-VNNI, 2 of
  /// bytes on other machines of x86-64, else 1.
  int64_t stepsAtOnce = 1;
  /// Whether the sum is long enough to fetch the result's memory meanwhile.
  bool fetchesInit;
  /// Whether it is fetched a line in each step, for the next tile, because it comes from further away than
  /// the second-level cache; else all at once, as a tile begins.
  bool fetchesInitInSum;
  /// Whether the sums of a tile go through memory, and a loop over its rows computes the epilogue.
  bool loopsOverRows;
  /// Lines of the cache that a step of the sum fetches of the next block of a large right operand which few
  /// rows read, so that it arrives while this one is summed; 0: none. How many elements a line has, and how
  /// many units share a panel's lines.
  int64_t linesToFetch = 0, elementsOfLine = 1, fetchingUnits = 1;
  /// Whether each step of a tile fetches a line of the next tile's rows; how many elements that has.
  bool fetchesRows = false;
  int64_t elementsOfRowLine = 1;

  /// The number of iterations of a group, or ShapedType::kDynamic.
  int64_t getStaticSize(llvm::ArrayRef<unsigned> group) const;
  mlir::OpFoldResult getSize(const IndexMath &math, llvm::ArrayRef<mlir::OpFoldResult> loopSizes,
                             llvm::ArrayRef<unsigned> group) const;
  /// The number of row tiles, over all outer loops.
  mlir::OpFoldResult countUnits(const IndexMath &math, llvm::ArrayRef<mlir::OpFoldResult> loopSizes) const;
  /// The number of rows over all outer loops.
  mlir::OpFoldResult countRows(const IndexMath &math, llvm::ArrayRef<mlir::OpFoldResult> loopSizes) const;
  mlir::OpFoldResult countPanels(const IndexMath &math, llvm::ArrayRef<mlir::OpFoldResult> loopSizes) const;
  /// Those of the outer loops that the right operand has.
  llvm::SmallVector<LoopGroup> getRhsBatches(kernel::ContractOp op) const;
  /// What each unit, whose outer loops stand still, may leave out of its sums: a loop of several, each a
  /// level of its own.
  llvm::SmallVector<SumWithinBorders> findSumsWithinBorders(kernel::ContractOp op) const;
  /// What each tile may leave out of its own, if the rows are of one loop.
  std::optional<RowsWithinBorders> findRowsWithinBorders(kernel::ContractOp op) const;

  /// Steps of the sum that the kernel packs at a time, if it packs.
  int64_t getPackedSteps() const { return copiedLength; }

private:
  /// That of the tile of `numRows` rows from the `first` on.
  RowsWithinBorders::Kind getKind(const SumWithinBorders &part, int64_t first, int64_t numRows) const;
  void groupLoops(kernel::ContractOp op, llvm::ArrayRef<StaticAccess> accesses);
  bool comesFromFar(kernel::ContractOp op) const;
  bool canSumAlong(kernel::ContractOp op, llvm::ArrayRef<StaticAccess> accesses, int64_t numRows,
                   VectorUnit unit) const;
  bool canReadInPlace(kernel::ContractOp op, int64_t numRows, bool isTransposed, VectorUnit unit) const;
  bool canKernelPack(kernel::ContractOp op, int64_t numRows) const;
  LhsCopy selectCopy(kernel::ContractOp op, llvm::ArrayRef<int64_t> lhsStrides) const;
  void selectBlocks(kernel::ContractOp op, llvm::ArrayRef<int64_t> lhsStrides, bool isPackedInBlocks);
  void selectFetching(kernel::ContractOp op, const StaticAccess &rhs, VectorUnit unit);
  void selectFetchingOfRows(kernel::ContractOp op, llvm::ArrayRef<int64_t> lhsStrides);
  void selectFetchingOfInit(kernel::ContractOp op);
  void selectGroups(kernel::ContractOp op, int64_t groupBytes);

  llvm::SmallVector<int64_t> staticSizes;
};

/// Bytes of an element.
int64_t getBytes(mlir::Type type);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_CONTRACTPLAN_H

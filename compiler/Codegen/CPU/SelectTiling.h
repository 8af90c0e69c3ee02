//===- SelectTiling.h - The numbers of the CPU's kernels -------*- C++ -*-===//
//
// Every size that code generation for the CPU chooses by experience stands here, and nothing but sizes. Where
// they come from: docs/decisions/0009-contractions-are-kernels.md.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_CPU_SELECTTILING_H
#define TGC_COMPILER_CODEGEN_CPU_SELECTTILING_H

#include <cstddef>
#include <cstdint>

namespace tgc {

/// The vector registers of the machine.
struct VectorUnit {
  unsigned bytes = 32;
  unsigned registers = 16;
  /// Bytes of a row of a panel, if code for several machines shares packed constants; 0: what suits this one.
  unsigned panelBytes = 0;
  /// Whether it multiplies pairs of bf16 and adds both products to a sum of f32 (AVX512-BF16).
  bool pairsBfloats = false;
  /// Whether it adds four products of bytes to a sum of 32 bits (AVX512-VNNI).
  bool dotsBytes = false;
  /// Whether it multiplies pairs of 16 bits and adds both products, with vectors of this size (SSE2, AVX2,
  /// AVX512-BW).
  bool pairsShorts = false;
};

/// The tile of a contraction that stays in registers: `rows` times `vectors` accumulators of `lanes`
/// elements.
struct ContractTiling {
  int64_t lanes;
  int64_t vectors;
  int64_t rows;

  int64_t getPanelWidth() const { return lanes * vectors; }
};

/// `elementBytes` is the accumulator's; unknown columns or rows are ShapedType::kDynamic.
ContractTiling selectContractTiling(VectorUnit unit, int64_t elementBytes, int64_t columns, int64_t rows);

/// The same tile with registers left over for vectors of which so many steps of the sum are joined, and for
/// their order.
ContractTiling leaveRoomToJoinSteps(ContractTiling tiling, VectorUnit unit, int64_t steps, int64_t rows);
inline constexpr int64_t kMostRowsThatJoinSteps = 12, kMostRowsThatJoinQuads = 4;

/// Contractions of fewer multiplications stay loops, which LLVM unrolls.
inline constexpr int64_t kLeastProducts = 512;
/// With fewer columns most lanes would idle; a reduction along the summed loop is better.
inline constexpr int64_t kLeastColumns = 3;
/// What a kernel costs beside its sums, what a row's sum alone costs beside its steps, and what it costs to
/// read a vector of sums again: in instructions on vectors.
inline constexpr int64_t kInstructionsPerKernel = 32;
inline constexpr int64_t kInstructionsPerRowSum = 10;
inline constexpr int64_t kInstructionsPerMovedVector = 4;
/// With fewer rows than this, packing the right operand costs more than it saves.
inline constexpr int64_t kLeastRowsToPack = 24;
/// Length of a block of the summed loop: a panel of it stays in the second-level cache.
inline constexpr int64_t kSumBlock = 512;
/// Sums up to this length run in one go.
inline constexpr int64_t kLongestUnblockedSum = 1024;
/// Bytes from row to row of which a multiple puts rows on a few sets of the first-level cache; and from how
/// many rows of a tile it pays to copy them together, and how many elements of room between the copies avoid
/// the same.
inline constexpr int64_t kCollidingStride = 2048;
inline constexpr int64_t kLeastRowsToCopy = 6;
inline constexpr int64_t kRoomBetweenCopies = 16;
/// Ops of an epilogue that are worth repeating for each accumulator.
inline constexpr int64_t kLargestEpilogue = 48;
/// Multiplications that are worth a parallel region.
inline constexpr int64_t kLeastParallelProducts = 1 << 19;
/// What a region of branches has to save on two threads, and what a branch has to do to count as one.
inline constexpr int64_t kLeastSavedWork = 1 << 18;
inline constexpr int64_t kLeastBranchWork = 1 << 14;
inline constexpr size_t kMostBranches = 32;
/// More steps of a branch are not looked back at.
inline constexpr size_t kMostBranchSteps = 256;
/// What packing an element costs, in multiplications of a kernel.
inline constexpr int64_t kProductsPerPackedElement = 8;
/// Into how many pieces a parallel region is cut.
inline constexpr int64_t kParallelPieces = 16;
/// Columns of a result, at least, that a thread sums: lines of the cache are not shared.
inline constexpr int64_t kLeastColumnsOfShare = 64;
/// With this many results or more, threads share the results out, else the summed elements.
inline constexpr int64_t kLeastSharedResults = 256;
/// Vectors of partial results of a row: enough to hide the latency of an addition.
inline constexpr int64_t kRowAccumulators = 4;
/// Vectors of columns that are computed side by side.
inline constexpr int64_t kColumnAccumulators = 8;
/// Rows of fewer elements are summed one by one.
inline constexpr int64_t kShortestVectorRow = 6;
/// Bytes that a block of rows touches: it stays in the first-level cache.
inline constexpr int64_t kBlockBytes = 20480;
/// Bytes of a block that only its kernel uses, on the stack.
inline constexpr int64_t kLargestBlockOnStack = 65536;
/// Work, in multiplications of a kernel, from which nests are grouped.
inline constexpr int64_t kLeastGroupedWork = 1 << 15;
/// What a transcendental function of an element costs, in the same unit.
inline constexpr int64_t kProductsPerFunction = 40;
/// What a size counts as that is known during the run only.
inline constexpr int64_t kTypicalSize = 64;

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_CPU_SELECTTILING_H

//===- ArenaPlan.h - Which buffers of an entry share memory ----*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_COMMON_ARENAPLAN_H
#define TGC_COMPILER_CODEGEN_COMMON_ARENAPLAN_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace tgc {

/// No machine has room for so many bytes: larger sizes count as this one, for which the allocation fails, and
/// neither products of sizes nor sums of some thousand buffers pass 64 bits.
inline constexpr int64_t kMostBytes = int64_t(1) << 48;

struct Buffer {
  mlir::memref::AllocOp alloc;
  /// The size in bytes is coefficient * product of sizes.
  int64_t coefficient;
  llvm::SmallVector<mlir::Value> sizes;
  /// First and last op of the entry that touches it, as `ArenaPlan` numbers them.
  int64_t begin = 0, end = 0;
  int64_t offset = 0;
  unsigned slot = 0;

  explicit Buffer(mlir::memref::AllocOp alloc);

  bool livesWith(const Buffer &other) const { return begin <= other.end && other.begin <= end; }
  /// The bytes if each size that only the run knows is the same number.
  int64_t getAssumedBytes() const;
};

/// Memory that several buffers of one symbolic size take in turn.
struct Slot {
  llvm::SmallVector<Buffer *> users;
  /// The first user is the largest.
  const Buffer &largest() const { return *users.front(); }
};

/// The ops that read, write or hand on an allocation or what a view, a loop or a condition makes of it, and
/// the block that it does not leave: in a loop, another iteration needs it no more.
struct BufferUses {
  mlir::Block *home;
  llvm::SmallVector<mlir::Operation *> ops;
};

BufferUses findUses(mlir::memref::AllocOp alloc);

/// Buffers of static size are packed by offset. A dynamic size is coefficient * product of sizes; those with
/// the same product are compared by their coefficients and share slots.
///
/// Points in time are the ops in the order of the text. What a loop's iteration needs lives in that; what is
/// made before it lives until it ends.
struct ArenaPlan {
  std::vector<Buffer> buffers;
  /// Small ones, which LLVM turns into registers.
  llvm::SmallVector<Buffer *> onStack;
  llvm::SmallVector<Buffer *> packed, dynamic;
  llvm::SmallVector<Slot> slots;
  /// What `packed` need, and the most of them that live at one time.
  int64_t staticBytes = 0, liveBytes = 0;

  ArenaPlan(mlir::func::FuncOp entry, std::vector<Buffer> buffers);
  ArenaPlan(ArenaPlan &&) = default;

  int64_t getAssumedBytes() const;
};

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_COMMON_ARENAPLAN_H

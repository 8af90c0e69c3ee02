//===- PlanBuffers.cpp - Places for buffers in the arena ------------------===//
//
// Buffers of static size are packed by offset. A dynamic size is coefficient * product of sizes; those with
// the same product are compared by their coefficients and share slots, whose offsets are summed at run time.
// A loop counts as one point in time.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/Dtypes.h"
#include "compiler/Codegen/Common/PackIntervals.h"
#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_PLANBUFFERSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

constexpr int64_t kAlignment = 64;
/// Buffers up to this size live on the stack, where LLVM turns them into registers, as long as they are not
/// too many. A device has a mirror of the arena only.
constexpr int64_t kLargestOnStack = 1024;
constexpr int64_t kMostOnStack = 16384;
/// No machine has room for so many bytes: larger sizes count as this one, for which the allocation fails, and
/// neither products of sizes nor sums of some thousand buffers pass 64 bits.
constexpr int64_t kMostBytes = int64_t(1) << 48;

struct Buffer {
  memref::AllocOp alloc;
  /// The size in bytes is coefficient * product of sizes.
  int64_t coefficient;
  SmallVector<Value> sizes;
  /// First and last op of the entry's block that touches it.
  int64_t begin = std::numeric_limits<int64_t>::max(), end = -1;
  int64_t offset = 0;
  unsigned slot = 0;

  bool livesWith(const Buffer &other) const { return begin <= other.end && other.begin <= end; }
};

/// Memory that several buffers of one symbolic size take in turn.
struct Slot {
  SmallVector<Buffer *> users;
  /// The first user is the largest.
  const Buffer &largest() const { return *users.front(); }
};

/// Numbers the ops of the block and gives each buffer the span in which it or a view of it is used.
struct Liveness {
  Block &block;
  DenseMap<Operation *, int64_t> number;

  explicit Liveness(Block &block) : block(block) {
    for (auto [i, op] : llvm::enumerate(block))
      number[&op] = i;
  }

  void computeSpan(Buffer &buffer) const {
    SmallVector<Value> worklist = {buffer.alloc.getResult()};
    llvm::SmallDenseSet<Value> visited;
    while (!worklist.empty()) {
      Value value = worklist.pop_back_val();
      if (!visited.insert(value).second)
        continue;
      for (Operation *user : value.getUsers()) {
        int64_t position = number.lookup(block.findAncestorOpInBlock(*user));
        buffer.begin = std::min(buffer.begin, position);
        buffer.end = std::max(buffer.end, position);
        appendAliases(user, worklist);
      }
    }
    if (block.findAncestorOpInBlock(*buffer.alloc) != buffer.alloc) {
      int64_t position = number.lookup(block.findAncestorOpInBlock(*buffer.alloc));
      buffer.begin = std::min(buffer.begin, position);
      buffer.end = std::max(buffer.end, position);
    }
  }

  /// Every memref that `user` may pass its operands on to.
  static void appendAliases(Operation *user, SmallVectorImpl<Value> &aliases) {
    auto append = [&](ValueRange values) {
      for (Value value : values)
        if (isa<BaseMemRefType>(value.getType()))
          aliases.push_back(value);
    };
    append(user->getResults());
    for (Region &region : user->getRegions())
      for (Block &inner : region)
        append(inner.getArguments());
    if (!user->hasTrait<OpTrait::IsTerminator>())
      return;
    append(user->getParentOp()->getResults());
    for (Region &region : user->getParentOp()->getRegions())
      for (Block &inner : region)
        append(inner.getArguments());
  }
};

struct EntryPlanner {
  func::FuncOp func;
  Block &block;
  OpBuilder builder;
  Location loc;
  Value frame;
  /// Everything that sizes need is moved before this op.
  Operation *anchor;
  int64_t numSlots = 0;

  explicit EntryPlanner(func::FuncOp func)
      : func(func), block(func.front()), builder(func), loc(func.getLoc()), frame(func.getArgument(0)),
        anchor(&block.front()) {}

  void run() {
    func.walk([&](rt::BufferOp buffer) { numSlots = std::max<int64_t>(numSlots, buffer.getSlot() + 1); });
    while (isa<rt::FeedOp, rt::VariableOp, memref::DimOp>(anchor) ||
           anchor->hasTrait<OpTrait::ConstantLike>())
      anchor = anchor->getNextNode();
    SmallVector<Buffer> buffers = collectBuffers();
    Liveness liveness(block);
    for (Buffer &buffer : buffers)
      liveness.computeSpan(buffer);
    place(buffers);
    func.walk([&](rt::HostCallOp call) {
      SmallVector<int64_t> slots;
      for (size_t i = 0; i < call.getSlots().size(); ++i)
        slots.push_back(numSlots++);
      call.setSlots(slots);
    });
    func->setAttr("rt.num_buffers", builder.getI64IntegerAttr(numSlots));
  }

  /// Moves what `value` needs before the anchor; false if that is not possible.
  bool hoist(Value value) {
    llvm::SetVector<Operation *> needed;
    if (!collectNeeded(value, needed))
      return false;
    for (Operation *op : needed) {
      if (op == anchor)
        anchor = anchor->getNextNode();
      else if (op->getBlock() != &block || anchor->isBeforeInBlock(op))
        op->moveBefore(anchor);
    }
    return true;
  }

  bool collectNeeded(Value value, llvm::SetVector<Operation *> &needed) {
    Operation *op = value.getDefiningOp();
    if (!op)
      return value == frame;
    if (needed.contains(op) || (op->getBlock() == &block && op->isBeforeInBlock(anchor)))
      return true;
    if (!isPure(op) || op->getNumRegions())
      return false;
    for (Value operand : op->getOperands())
      if (!collectNeeded(operand, needed))
        return false;
    needed.insert(op);
    return true;
  }

  SmallVector<Buffer> collectBuffers() {
    SmallVector<memref::AllocOp> allocs;
    func.walk([&](memref::AllocOp alloc) { allocs.push_back(alloc); });
    SmallVector<Buffer> buffers;
    for (memref::AllocOp alloc : allocs) {
      auto type = alloc.getType();
      Buffer buffer = {alloc, byteWidth(type.getElementType()), llvm::to_vector(alloc.getDynamicSizes())};
      for (int64_t size : type.getShape())
        if (!ShapedType::isDynamic(size))
          buffer.coefficient =
              std::min<uint64_t>(llvm::SaturatingMultiply<uint64_t>(buffer.coefficient, size), kMostBytes);
      if (!llvm::all_of(buffer.sizes, [&](Value size) { return hoist(size); })) {
        useNumberedBuffer(buffer);
        continue;
      }
      llvm::sort(buffer.sizes, [](Value a, Value b) {
        return a != b && a.getDefiningOp()->isBeforeInBlock(b.getDefiningOp());
      });
      buffers.push_back(std::move(buffer));
    }
    return buffers;
  }

  /// The bytes of a buffer, kMostBytes if there are more.
  Value product(int64_t coefficient, ArrayRef<Value> sizes) {
    Value bytes = arith::ConstantIndexOp::create(builder, loc, coefficient);
    if (sizes.empty())
      return bytes;
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value most = arith::ConstantIndexOp::create(builder, loc, kMostBytes);
    for (Value size : sizes) {
      auto wide = arith::MulUIExtendedOp::create(builder, loc, bytes, size);
      Value fits = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, wide.getHigh(), zero);
      bytes = arith::SelectOp::create(builder, loc, fits, wide.getLow(), most);
      bytes = arith::MinUIOp::create(builder, loc, bytes, most);
    }
    return bytes;
  }

  void replaceByView(Buffer &buffer, Value memory, Value offset) {
    builder.setInsertionPoint(buffer.alloc);
    Value view = memref::ViewOp::create(builder, buffer.alloc.getLoc(), buffer.alloc.getType(), memory,
                                        offset, buffer.alloc.getDynamicSizes());
    buffer.alloc.replaceAllUsesWith(view);
    buffer.alloc.erase();
  }

  Type bytesType() { return MemRefType::get({ShapedType::kDynamic}, builder.getI8Type()); }

  void useNumberedBuffer(Buffer &buffer) {
    builder.setInsertionPoint(buffer.alloc);
    Value memory = rt::BufferOp::create(builder, buffer.alloc.getLoc(), bytesType(), frame, numSlots++,
                                        product(buffer.coefficient, buffer.sizes));
    replaceByView(buffer, memory, arith::ConstantIndexOp::create(builder, loc, 0));
  }

  void place(MutableArrayRef<Buffer> buffers) {
    SmallVector<Buffer *> packed, dynamic, onStack;
    int64_t stackBytes = 0;
    for (Buffer &buffer : buffers) {
      if (!buffer.sizes.empty()) {
        dynamic.push_back(&buffer);
      } else if (buffer.coefficient <= kLargestOnStack && stackBytes + buffer.coefficient <= kMostOnStack &&
                 !buffer.alloc->hasAttr("rt.mirrored")) {
        stackBytes += llvm::alignTo(buffer.coefficient, kAlignment);
        onStack.push_back(&buffer);
      } else {
        packed.push_back(&buffer);
      }
    }
    for (Buffer *buffer : onStack) {
      builder.setInsertionPointToStart(&block);
      Value memory = memref::AllocaOp::create(builder, buffer->alloc.getLoc(), buffer->alloc.getType(),
                                              builder.getI64IntegerAttr(kAlignment));
      buffer->alloc.replaceAllUsesWith(memory);
      if (buffer->alloc == anchor)
        anchor = anchor->getNextNode();
      buffer->alloc.erase();
    }
    if (packed.empty() && dynamic.empty())
      return;
    emitArena(packed, packed.empty() ? 0 : packStatic(packed), dynamic, assignSlots(dynamic));
  }

  /// Sets the offsets; returns the bytes of the static part.
  int64_t packStatic(MutableArrayRef<Buffer *> buffers) {
    SmallVector<Interval> intervals;
    for (const Buffer *buffer : buffers)
      intervals.push_back(
          {buffer->begin, buffer->end, static_cast<int64_t>(llvm::alignTo(buffer->coefficient, kAlignment))});
    int64_t total = packIntervals(intervals);
    for (auto [buffer, interval] : llvm::zip_equal(buffers, intervals))
      buffer->offset = interval.offset;
    func->setAttr("rt.live_bytes", builder.getI64IntegerAttr(countLiveBytes(intervals)));
    return total;
  }

  static SmallVector<Slot> assignSlots(MutableArrayRef<Buffer *> buffers) {
    llvm::stable_sort(buffers, [](Buffer *a, Buffer *b) { return a->coefficient > b->coefficient; });
    SmallVector<Slot> slots;
    for (Buffer *buffer : buffers) {
      auto isFree = [&](const Slot &slot) {
        return slot.largest().sizes == buffer->sizes &&
               llvm::none_of(slot.users, [&](Buffer *user) { return user->livesWith(*buffer); });
      };
      // The last one that fits is the smallest.
      auto found = std::find_if(slots.rbegin(), slots.rend(), isFree);
      buffer->slot = found == slots.rend() ? slots.size() : &*found - slots.data();
      if (found == slots.rend())
        slots.emplace_back();
      slots[buffer->slot].users.push_back(buffer);
    }
    return slots;
  }

  void emitArena(ArrayRef<Buffer *> packed, int64_t staticBytes, ArrayRef<Buffer *> dynamic,
                 ArrayRef<Slot> slots) {
    builder.setInsertionPoint(anchor);
    Value total = arith::ConstantIndexOp::create(builder, loc, staticBytes);
    Value roundUp = arith::ConstantIndexOp::create(builder, loc, kAlignment - 1);
    Value mask = arith::ConstantIndexOp::create(builder, loc, -kAlignment);
    SmallVector<Value> offsets;
    for (const Slot &slot : slots) {
      offsets.push_back(total);
      Value bytes = product(slot.largest().coefficient, slot.largest().sizes);
      bytes = arith::AndIOp::create(builder, loc, arith::AddIOp::create(builder, loc, bytes, roundUp), mask);
      total = arith::AddIOp::create(builder, loc, total, bytes);
    }
    Value arena = rt::WorkspaceOp::create(builder, loc, bytesType(), frame, total);
    for (Buffer *buffer : packed) {
      builder.setInsertionPointAfterValue(arena);
      replaceByView(*buffer, arena, arith::ConstantIndexOp::create(builder, loc, buffer->offset));
    }
    for (Buffer *buffer : dynamic)
      replaceByView(*buffer, arena, offsets[buffer->slot]);
  }
};

struct PlanBuffersPass : impl::PlanBuffersPassBase<PlanBuffersPass> {
  void runOnOperation() override {
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>()) {
      if (func->hasAttr("rt.feeds"))
        EntryPlanner(func).run();
      else if (func.isPrivate())
        refuseAllocations(func);
    }
  }

private:
  /// What a function allocates nobody would release.
  void refuseAllocations(func::FuncOp func) {
    func.walk([&](memref::AllocOp alloc) {
      alloc.emitError("memory is planned for entries only, and this is allocated in the function ")
          << func.getName();
      signalPassFailure();
    });
  }
};

} // namespace
} // namespace tgc

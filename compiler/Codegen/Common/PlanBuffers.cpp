//===- PlanBuffers.cpp - Places for buffers in the arena ------------------===//
//
// Buffers of static size have offsets that are known; those of slots (ArenaPlan.h) are summed at run time.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/ArenaPlan.h"
#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_PLANBUFFERSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

constexpr int64_t kAlignment = 64;

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
    place(ArenaPlan(func, collectBuffers()));
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

  std::vector<Buffer> collectBuffers() {
    SmallVector<memref::AllocOp> allocs;
    func.walk([&](memref::AllocOp alloc) { allocs.push_back(alloc); });
    std::vector<Buffer> buffers;
    for (memref::AllocOp alloc : allocs) {
      Buffer buffer(alloc);
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

  void place(const ArenaPlan &plan) {
    for (Buffer *buffer : plan.onStack) {
      builder.setInsertionPointToStart(&block);
      Value memory = memref::AllocaOp::create(builder, buffer->alloc.getLoc(), buffer->alloc.getType(),
                                              builder.getI64IntegerAttr(kAlignment));
      buffer->alloc.replaceAllUsesWith(memory);
      if (buffer->alloc == anchor)
        anchor = anchor->getNextNode();
      buffer->alloc.erase();
    }
    if (!plan.packed.empty())
      func->setAttr("rt.live_bytes", builder.getI64IntegerAttr(plan.liveBytes));
    if (!plan.packed.empty() || !plan.dynamic.empty())
      emitArena(plan);
  }

  void emitArena(const ArenaPlan &plan) {
    builder.setInsertionPoint(anchor);
    Value total = arith::ConstantIndexOp::create(builder, loc, plan.staticBytes);
    Value roundUp = arith::ConstantIndexOp::create(builder, loc, kAlignment - 1);
    Value mask = arith::ConstantIndexOp::create(builder, loc, -kAlignment);
    SmallVector<Value> offsets;
    for (const Slot &slot : plan.slots) {
      offsets.push_back(total);
      Value bytes = product(slot.largest().coefficient, slot.largest().sizes);
      bytes = arith::AndIOp::create(builder, loc, arith::AddIOp::create(builder, loc, bytes, roundUp), mask);
      total = arith::AddIOp::create(builder, loc, total, bytes);
    }
    Value arena = rt::WorkspaceOp::create(builder, loc, bytesType(), frame, total);
    for (Buffer *buffer : plan.packed) {
      builder.setInsertionPointAfterValue(arena);
      replaceByView(*buffer, arena, arith::ConstantIndexOp::create(builder, loc, buffer->offset));
    }
    for (Buffer *buffer : plan.dynamic)
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

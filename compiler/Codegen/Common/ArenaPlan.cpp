//===- ArenaPlan.cpp - Which buffers of an entry share memory -------------===//

#include "compiler/Codegen/Common/ArenaPlan.h"
#include "compiler/ABI/Dtypes.h"
#include "compiler/Codegen/Common/PackIntervals.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr int64_t kAlignment = 64;
/// Buffers up to this size live on the stack, where LLVM turns them into registers, as long as they are not
/// too many. A device has a mirror of the arena only.
constexpr int64_t kLargestOnStack = 1024;
constexpr int64_t kMostOnStack = 16384;
/// What a size that only the run knows counts as where buffers are compared.
constexpr int64_t kAssumedSize = 64;

/// Every memref that `user` may pass its operands on to.
void appendAliases(Operation *user, SmallVectorImpl<Value> &aliases) {
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

/// Numbers all ops, and those inside of each.
class Times {
public:
  explicit Times(func::FuncOp entry) {
    for (Operation &op : entry.front())
      add(&op);
  }

  void setSpan(Buffer &buffer) const {
    BufferUses uses = findUses(buffer.alloc);
    buffer.begin = buffer.end = spans.lookup(buffer.alloc).first;
    if (uses.ops.empty())
      return;
    buffer.begin = std::numeric_limits<int64_t>::max();
    for (Operation *op : uses.ops) {
      auto [first, last] = spans.lookup(uses.home->findAncestorOpInBlock(*op));
      buffer.begin = std::min(buffer.begin, first);
      buffer.end = std::max(buffer.end, last);
    }
  }

private:
  void add(Operation *op) {
    int64_t first = count++;
    for (Region &region : op->getRegions())
      for (Block &block : region)
        for (Operation &inner : block)
          add(&inner);
    spans[op] = {first, count - 1};
  }

  int64_t count = 0;
  DenseMap<Operation *, std::pair<int64_t, int64_t>> spans;
};

SmallVector<Slot> assignSlots(MutableArrayRef<Buffer *> buffers) {
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

} // namespace

Buffer::Buffer(memref::AllocOp alloc)
    : alloc(alloc), coefficient(byteWidth(alloc.getType().getElementType())),
      sizes(llvm::to_vector(alloc.getDynamicSizes())) {
  for (int64_t size : alloc.getType().getShape())
    if (!ShapedType::isDynamic(size))
      coefficient = std::min<uint64_t>(llvm::SaturatingMultiply<uint64_t>(coefficient, size), kMostBytes);
}

int64_t Buffer::getAssumedBytes() const {
  uint64_t bytes = llvm::alignTo(coefficient, kAlignment);
  for (size_t i = 0; i < sizes.size(); ++i)
    bytes = std::min<uint64_t>(llvm::SaturatingMultiply<uint64_t>(bytes, kAssumedSize), kMostBytes);
  return bytes;
}

BufferUses findUses(memref::AllocOp alloc) {
  BufferUses uses{alloc->getBlock(), {}};
  SmallVector<Value> worklist = {alloc.getResult()};
  llvm::SmallDenseSet<Value> visited;
  while (!worklist.empty()) {
    Value value = worklist.pop_back_val();
    if (!visited.insert(value).second)
      continue;
    for (Operation *user : value.getUsers()) {
      if (!isPure(user) || user->hasTrait<OpTrait::IsTerminator>())
        uses.ops.push_back(user);
      appendAliases(user, worklist);
    }
  }
  auto isLeft = [&](Operation *op) {
    Operation *ancestor = uses.home->findAncestorOpInBlock(*op);
    return !ancestor || ancestor->hasTrait<OpTrait::IsTerminator>();
  };
  while (!isa<func::FuncOp>(uses.home->getParentOp()) && llvm::any_of(uses.ops, isLeft))
    uses.home = uses.home->getParentOp()->getBlock();
  return uses;
}

ArenaPlan::ArenaPlan(func::FuncOp entry, std::vector<Buffer> all) : buffers(std::move(all)) {
  Times times(entry);
  int64_t stackBytes = 0;
  for (Buffer &buffer : buffers) {
    times.setSpan(buffer);
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
  SmallVector<Interval> intervals;
  for (const Buffer *buffer : packed)
    intervals.push_back(
        {buffer->begin, buffer->end, static_cast<int64_t>(llvm::alignTo(buffer->coefficient, kAlignment))});
  staticBytes = packIntervals(intervals);
  liveBytes = countLiveBytes(intervals);
  for (auto [buffer, interval] : llvm::zip_equal(packed, intervals))
    buffer->offset = interval.offset;
  slots = assignSlots(dynamic);
}

int64_t ArenaPlan::getAssumedBytes() const {
  int64_t bytes = staticBytes;
  for (const Slot &slot : slots)
    bytes = std::min(bytes + slot.largest().getAssumedBytes(), kMostBytes);
  return bytes;
}

} // namespace tgc

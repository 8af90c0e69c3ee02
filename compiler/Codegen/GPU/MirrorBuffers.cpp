//===- MirrorBuffers.cpp - Memory of the device ---------------------------===//
//
// The device's memory has the host's plan: each arena, buffer, feed, fetch, variable and constant that a
// kernel touches has a mirror, and all that lies in it lies in the mirror at the same place. Of an arena a
// device has the part from the first to the last byte that it touches.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/Dtypes.h"
#include "compiler/ABI/RtToLLVM.h"
#include "compiler/Codegen/GPU/DeviceMemory.h"
#include "compiler/Codegen/GPU/HostProgram.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/StringMap.h"
#include <map>

using namespace mlir;

namespace tgc {
namespace {

/// Bytes of memory, if that is known.
std::optional<int64_t> getBytes(Value memory) {
  auto type = cast<MemRefType>(memory.getType());
  if (type.hasStaticShape())
    return type.getNumElements() * byteWidth(type.getElementType());
  auto arena = memory.getDefiningOp<rt::WorkspaceOp>();
  return arena ? getConstantIntValue(arena.getBytes()) : std::nullopt;
}

class Mirrors {
public:
  void add(func::FuncOp function) {
    distances.clear();
    parts.clear();
    function.walk([&](rt::LaunchOp op) {
      for (Value memory : op.getMemories())
        findParts(memory, op.getDevice());
    });
    function.walk([&](rt::UploadOp op) { findParts(op.getMemory(), op.getDevice()); });
    function.walk([&](rt::DownloadOp op) { findParts(op.getMemory(), op.getDevice()); });
    function.walk([&](rt::LaunchOp op) {
      SmallVector<Value> all;
      for (Value memory : op.getMemories())
        all.push_back(distanceOf(memory, op.getDevice()));
      op.getDistancesMutable().assign(all);
    });
    function.walk([&](rt::UploadOp op) { transfer(op); });
    function.walk([&](rt::DownloadOp op) {
      auto by = op->getAttrOfType<StringAttr>(kTransferAttribute);
      if (!by || by != kExposeFunction)
        transfer(op);
    });
    function.walk([&](rt::OwnOp op) { setSlot(op); });
    function.walk([&](rt::DisownOp op) { setSlot(op); });
  }

  FailureOr<MirrorPlan> getPlan() const {
    if (hasFailed)
      return failure();
    MirrorPlan plan;
    plan.numMirrors = slots.size();
    for (const auto &[place, mirror] : sizes) {
      if (plan.gpus.empty() || plan.gpus.back().gpu != place.first)
        plan.gpus.push_back({place.first});
      std::optional<int64_t> &sum = plan.gpus.back().bytes[mirror.kind];
      sum = sum && mirror.bytes ? std::optional(*sum + *mirror.bytes) : std::nullopt;
    }
    return plan;
  }

private:
  /// Notes which parts of the arena a device touches by some memory, or by what it may be.
  void findParts(Value memory, Value device) {
    llvm::SetVector<Value> reached;
    reached.insert(memory);
    for (size_t i = 0; i < reached.size(); ++i) {
      Value value = reached[i];
      for (auto view = value.getDefiningOp<ViewLikeOpInterface>(); view;
           view = value.getDefiningOp<ViewLikeOpInterface>()) {
        value = view.getViewSource();
        if (value.getDefiningOp<rt::WorkspaceOp>())
          parts[{value, device}].insert(view);
      }
      if (auto arena = reached[i].getDefiningOp<rt::WorkspaceOp>()) // all of it, not a view
        parts[{reached[i], device}].insert(arena);
      for (Value source : getSources(value))
        reached.insert(source);
    }
  }

  /// Bytes of an arena.
  struct Range {
    Value begin, end;
  };

  /// From the first to the last byte of an arena that some devices touch; nothing where its first op does not
  /// know that yet.
  std::optional<Range> findRange(rt::WorkspaceOp arena, ArrayRef<Value> devices, OpBuilder &builder) {
    Location loc = arena.getLoc();
    auto isKnown = [&](Value value) {
      Operation *op = value.getDefiningOp();
      return op && (op->hasTrait<OpTrait::ConstantLike>() ||
                    (op->getBlock() == arena->getBlock() && op->isBeforeInBlock(arena)));
    };
    auto here = [&](Value value) {
      auto constant = getConstantIntValue(value);
      return constant ? Value(arith::ConstantIndexOp::create(builder, loc, *constant)) : value;
    };
    llvm::SetVector<Operation *> views;
    for (Value device : devices)
      views.insert_range(parts[{arena, device}]);
    Range range;
    for (Operation *op : views) {
      auto view = dyn_cast<memref::ViewOp>(op);
      if (!view || !isKnown(view.getByteShift()) || !llvm::all_of(view.getSizes(), isKnown))
        return std::nullopt;
      auto type = view.getType();
      int64_t fixed = byteWidth(type.getElementType());
      for (int64_t size : type.getShape())
        fixed *= ShapedType::isDynamic(size) ? 1 : size;
      Value bytes = arith::ConstantIndexOp::create(builder, loc, fixed);
      for (Value size : view.getSizes())
        bytes = builder.createOrFold<arith::MulIOp>(loc, bytes, here(size));
      Value first = here(view.getByteShift());
      Value last = builder.createOrFold<arith::AddIOp>(loc, first, bytes);
      range.begin = range.begin ? builder.createOrFold<arith::MinUIOp>(loc, range.begin, first) : first;
      range.end = range.end ? builder.createOrFold<arith::MaxUIOp>(loc, range.end, last) : last;
    }
    if (!range.begin)
      return std::nullopt;
    return range;
  }

  /// What a device has of an arena. Where several devices of the program are one, it has one mirror, of all
  /// that they touch. `known`: how many bytes it has where they are not.
  Value getTouched(rt::WorkspaceOp arena, Value device, OpBuilder &builder, std::optional<int64_t> &known) {
    Location loc = arena.getLoc();
    known = getBytes(arena);
    SmallVector<Value> devices;
    for (auto opened : arena->getParentOfType<func::FuncOp>().getOps<rt::DeviceOp>())
      devices.push_back(opened);
    std::optional<Range> own = findRange(arena, device, builder);
    if (!own)
      return arena;
    std::optional<int64_t> first = getConstantIntValue(own->begin), end = getConstantIntValue(own->end);
    if (devices.size() > 1) {
      std::optional<Range> all = findRange(arena, devices, builder);
      if (!all)
        return arena;
      Value address = toNumber(builder, device), isShared;
      for (Value other : devices) {
        if (other == device)
          continue;
        Value isOther =
            arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, address, toNumber(builder, other));
        isShared = isShared ? arith::OrIOp::create(builder, loc, isShared, isOther).getResult() : isOther;
      }
      own->begin = arith::SelectOp::create(builder, loc, isShared, all->begin, own->begin);
      own->end = arith::SelectOp::create(builder, loc, isShared, all->end, own->end);
    }
    // As the driver aligns memory.
    Value mask = arith::ConstantIndexOp::create(builder, loc, -kAlignment);
    known = first && end ? std::optional(*end - (*first & -kAlignment)) : std::nullopt;
    Value begin = arith::AndIOp::create(builder, loc, own->begin, mask);
    Value bytes = arith::SubIOp::create(builder, loc, own->end, begin);
    return memref::ViewOp::create(builder, loc, cast<MemRefType>(arena.getType()), arena, begin, bytes);
  }

  static Value toNumber(OpBuilder &builder, Value pointer) {
    return LLVM::PtrToIntOp::create(builder, pointer.getLoc(), builder.getI64Type(), pointer);
  }

  template <typename Op> void transfer(Op op) {
    op.getDistanceMutable().assign(distanceOf(op.getMemory(), op.getDevice()));
    if (!op->template getAttrOfType<StringAttr>(kTransferAttribute))
      setSlot(op);
  }

  template <typename Op> void setSlot(Op op) {
    auto mirror = distanceOf(op.getMemory(), op.getDevice()).template getDefiningOp<rt::MirrorOp>();
    if (mirror.getVariable())
      op.setSlot(mirror.getSlot());
  }

  Value distanceOf(Value memory, Value device) {
    Value root = findRoot(memory);
    auto key = std::pair(root, device);
    if (!distances.contains(key)) {
      Value distance = getSources(root).empty() ? createMirror(root, device) : findAmongMirrors(root, device);
      distances[key] = distance;
    }
    return distances[key];
  }

  /// The distance of what a loop, a condition or a selection hands on.
  Value findAmongMirrors(Value root, Value device) {
    llvm::SetVector<Value> reached, own;
    reached.insert(root);
    for (size_t i = 0; i < reached.size(); ++i) {
      SmallVector<Value> sources = getSources(reached[i]);
      if (sources.empty())
        own.insert(reached[i]);
      for (Value source : sources)
        reached.insert(findRoot(source));
    }
    for (Value memory : own)
      distanceOf(memory, device);
    if (own.size() == 1 && own.front().getDefiningOp<rt::WorkspaceOp>())
      return distanceOf(own.front(), device);
    OpBuilder builder(device.getContext());
    builder.setInsertionPointAfterValue(root);
    return rt::MirrorOp::create(builder, root.getLoc(), builder.getIndexType(), device, 0, Any, root,
                                IntegerAttr());
  }

  Value createMirror(Value root, Value device) {
    auto [name, kind] = describe(root.getDefiningOp());
    hasFailed |= name.empty();
    uint32_t slot = slots.try_emplace(name, slots.size()).first->second;
    OpBuilder builder(device.getContext());
    Operation *opened = device.getDefiningOp();
    if (root.getDefiningOp()->getBlock() != opened->getBlock() ||
        opened->isBeforeInBlock(root.getDefiningOp()))
      builder.setInsertionPointAfterValue(root);
    else
      builder.setInsertionPointAfter(opened);
    Value mirrored = root;
    std::optional<int64_t> bytes = getBytes(root);
    if (auto arena = root.getDefiningOp<rt::WorkspaceOp>()) {
      for (auto opened : arena->getParentOfType<func::FuncOp>().getOps<rt::DeviceOp>())
        if (opened->getBlock() == builder.getInsertionBlock() &&
            !opened->isBeforeInBlock(&*builder.getInsertionPoint()))
          builder.setInsertionPointAfter(opened);
      mirrored = getTouched(arena, device, builder, bytes);
    }
    auto variable = root.getDefiningOp<rt::VariableOp>();
    IntegerAttr resident = variable && variable.getResident() && getHome(variable) == device
                               ? builder.getI32IntegerAttr(variable.getIndex())
                               : IntegerAttr();
    note(device, slot, kind, bytes);
    return rt::MirrorOp::create(builder, root.getLoc(), builder.getIndexType(), device, slot, kind, mirrored,
                                resident);
  }

  /// A mirror is as large as the largest of what it has to hold.
  void note(Value device, uint32_t slot, uint32_t kind, std::optional<int64_t> bytes) {
    auto gpu = device.getDefiningOp()->getAttrOfType<IntegerAttr>(kGpuNumberAttribute);
    auto place = std::pair(gpu ? unsigned(gpu.getInt()) : 0u, slot);
    auto [known, isNew] = sizes.try_emplace(place, Mirror{kind, bytes});
    std::optional<int64_t> &most = known->second.bytes;
    most = most && bytes ? std::optional(std::max(*most, *bytes)) : std::nullopt;
  }

  /// The device that keeps a resident variable.
  static Value getHome(rt::VariableOp variable) {
    auto number = variable->getAttrOfType<IntegerAttr>(kGpuNumberAttribute);
    auto function = variable->getParentOfType<func::FuncOp>();
    for (auto device : function.getOps<rt::DeviceOp>())
      if (device->getAttrOfType<IntegerAttr>(kGpuNumberAttribute) == number)
        return device;
    llvm_unreachable("a device keeps the variable");
  }

  /// A name that is the same in all entries for what they share. Arenas and buffers are the session's, which
  /// runs one entry at a time. Empty, with an error, for memory that has no mirror.
  static std::pair<std::string, uint32_t> describe(Operation *op) {
    auto numbered = [](StringRef name, int64_t number) { return (name + Twine(number)).str(); };
    if (auto weights = dyn_cast<rt::WeightsOp>(op))
      return {numbered("weights", weights.getOffset()), Constant};
    if (auto global = dyn_cast<memref::GetGlobalOp>(op))
      return {("global " + global.getName()).str(), Constant};
    if (isa<rt::WorkspaceOp>(op))
      return {"arena", Arena};
    if (auto feed = dyn_cast<rt::FeedOp>(op))
      return {numbered("feed", feed.getIndex()), Feed};
    if (auto fetch = dyn_cast<rt::FetchOp>(op))
      return {numbered("fetch", fetch.getIndex()), Fetch};
    if (auto variable = dyn_cast<rt::VariableOp>(op))
      return {numbered("variable", variable.getIndex()), Variable};
    if (auto buffer = dyn_cast<rt::BufferOp>(op))
      return {numbered("buffer", buffer.getSlot()), Buffer};
    op->emitError("this memory has no mirror on a device");
    return {};
  }

  static constexpr int64_t kAlignment = 256;

  /// Views of an arena, by that and the device that touches them.
  llvm::DenseMap<std::pair<Value, Value>, llvm::SetVector<Operation *>> parts;
  /// By memory and device.
  llvm::DenseMap<std::pair<Value, Value>, Value> distances;
  llvm::StringMap<unsigned> slots;
  /// By GPU and slot.
  struct Mirror {
    uint32_t kind;
    std::optional<int64_t> bytes;
  };
  std::map<std::pair<unsigned, uint32_t>, Mirror> sizes;
  bool hasFailed = false;
};

} // namespace

FailureOr<MirrorPlan> mirrorBuffers(ModuleOp module) {
  Mirrors mirrors;
  for (auto function : module.getOps<func::FuncOp>())
    mirrors.add(function);
  return mirrors.getPlan();
}

} // namespace tgc

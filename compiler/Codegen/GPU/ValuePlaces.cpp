//===- ValuePlaces.cpp - Where values are, and copies between places ------===//

#include "compiler/Codegen/GPU/ValuePlaces.h"
#include "compiler/ABI/RtToLLVM.h"
#include "compiler/Codegen/GPU/KernelUses.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {

/// Of runtime/kernels/device/device.h.
static constexpr const char kDeliverFunction[] = "tgc_device_deliver";

ValuePlaces::ValuePlaces(func::FuncOp entry, OpBuilder &builder, DeviceMemory &memory,
                         std::vector<Transfer> &transfers)
    : builder(builder), memory(memory), gpus(getGpus(entry->getParentOfType<ModuleOp>())),
      transfers(transfers) {
  builder.setInsertionPointToStart(&entry.front());
  for (unsigned gpu = 0; gpu < gpus.size(); ++gpu) {
    auto device = rt::DeviceOp::create(builder, entry.getLoc(),
                                       LLVM::LLVMPointerType::get(entry.getContext()), entry.getArgument(0));
    if (gpu)
      device->setAttr(kGpuNumberAttribute, builder.getI32IntegerAttr(gpu));
    handles.push_back(device);
  }
}

void ValuePlaces::dropUnused() {
  for (Value handle : llvm::drop_begin(handles))
    if (handle.use_empty())
      handle.getDefiningOp()->erase();
}

bool isResident(Value base) {
  auto variable = base.getDefiningOp<rt::VariableOp>();
  return variable && variable.getResident();
}

ValuePlaces::State ValuePlaces::initialState(Value base) {
  bool hasNoValue = llvm::all_of(memory.getMembers(base), [](Value member) {
    return !getSources(member).empty() ||
           isa<memref::AllocOp, rt::FetchOp, rt::BufferOp>(member.getDefiningOp());
  });
  return {/*isOnHost=*/true, /*gpus=*/hasNoValue ? bitOf(gpus.size()) - 1 : 0};
}

ValuePlaces::State &ValuePlaces::stateOf(Value base) {
  return states.try_emplace(base, initialState(base)).first->second;
}

void ValuePlaces::bring(Value base, unsigned gpu) { bring(base, stateOf(base), gpu); }

void ValuePlaces::bring(Value base, State &state, unsigned gpu) {
  if (state.gpus & bitOf(gpu))
    return;
  if (isResident(base) && gpu != homeOf(base)) {
    // Other GPUs have a copy for this run, of what the one that keeps it has.
    bring(base, state, homeOf(base));
    pass(base, homeOf(base), gpu);
  } else if (state.isOnHost || isResident(base)) {
    upload(base, gpu);
    disowned.erase(base);
  } else {
    pass(base, firstOf(state.gpus), gpu);
  }
  state.gpus |= bitOf(gpu);
}

void ValuePlaces::download(Value base) { download(base, stateOf(base)); }

void ValuePlaces::download(Value base, State &state, bool isLast) {
  if (state.isOnHost)
    return;
  unsigned gpu = isResident(base) ? homeOf(base) : firstOf(state.gpus);
  Operation *point = &*builder.getInsertionPoint();
  keepMirrored(base);
  for (Value member : memory.getMembersAt(base, point)) {
    // The device has constants, and nothing writes to feeds.
    if (isConstant(member) || member.getDefiningOp<rt::FeedOp>())
      continue;
    createDownload(point->getLoc(), member, gpu,
                   isLast && member.getDefiningOp<rt::FetchOp>() ? kDeliverFunction : "");
    note(member, nameOf(gpu), "host", isResident(base) ? ", if the device has changed it," : "");
  }
  state.isOnHost = true;
}

void ValuePlaces::upload(Value base, unsigned gpu) {
  Operation *point = &*builder.getInsertionPoint();
  keepMirrored(base);
  for (Value member : memory.getMembersAt(base, point)) {
    if (isConstant(member))
      continue;
    rt::UploadOp::create(builder, point->getLoc(), handles[gpu], member, Value(), IntegerAttr());
    note(member, "host", nameOf(gpu), isResident(base) ? ", if the host has changed it," : "");
  }
}

void ValuePlaces::passToAll(Value base, unsigned from, Gpus to) {
  for (Gpus left = to; left; left &= left - 1)
    pass(base, from, firstOf(left), " (or ncclBroadcast brings it)");
}

void ValuePlaces::pass(Value base, unsigned from, unsigned to, StringRef condition) {
  Operation *point = &*builder.getInsertionPoint();
  keepMirrored(base);
  for (Value member : memory.getMembersAt(base, point)) {
    if (isConstant(member))
      continue;
    createDownload(point->getLoc(), member, from, kGiveFunction);
    auto taken = rt::UploadOp::create(builder, point->getLoc(), handles[to], member, Value(), IntegerAttr());
    taken->setAttr(kTransferAttribute, builder.getStringAttr(kTakeFunction));
    note(member, nameOf(from), nameOf(to), condition);
  }
}

std::string ValuePlaces::nameOf(unsigned gpu) const {
  return gpus.size() == 1 ? "device" : "GPU:" + std::to_string(gpus[gpu]);
}

void ValuePlaces::note(Value base, const std::string &from, const std::string &to, StringRef condition) {
  Operation *op = &*builder.getInsertionPoint();
  std::string name = getMemoryName(base);
  std::string node = base.getDefiningOp() ? getNode(base.getDefiningOp()) : "";
  if (name.empty())
    name = node.empty() ? "a buffer" : "the buffer of " + node;
  transfers.push_back({getNode(op).empty() ? op->getName().getStringRef().str() : getNode(op),
                       name + condition.str(), from, to});
}

void ValuePlaces::keepMirrored(Value base) {
  for (Value member : memory.getMembers(base))
    if (auto alloc = member.getDefiningOp<memref::AllocOp>())
      alloc->setAttr("rt.mirrored", builder.getUnitAttr());
}

void ValuePlaces::createDownload(Location loc, Value memory, unsigned gpu, StringRef function) {
  auto copy = rt::DownloadOp::create(builder, loc, handles[gpu], memory, Value(), IntegerAttr());
  if (!function.empty())
    copy->setAttr(kTransferAttribute, builder.getStringAttr(function));
}

void ValuePlaces::expose(Value base) {
  Operation *point = &*builder.getInsertionPoint();
  for (Value member : memory.getMembers(base))
    if (member.getDefiningOp<rt::FeedOp>())
      createDownload(point->getLoc(), member, 0, kExposeFunction);
}

void ValuePlaces::giveToHost(Value base, bool isWritten) {
  download(base);
  expose(base);
  if (!isWritten)
    return;
  if (isResident(base) && disowned.insert(base).second)
    rt::DisownOp::create(builder, builder.getInsertionPoint()->getLoc(), handles[homeOf(base)], base,
                         IntegerAttr());
  stateOf(base) = State();
}

} // namespace tgc

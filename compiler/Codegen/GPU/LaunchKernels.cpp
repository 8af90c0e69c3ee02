//===- LaunchKernels.cpp - Launches, and copies between them --------------===//
//
// Each piece of memory has a place here and one on each device, and a kernel or an op of the host leaves its
// value in one of them. The entry is gone through once, op by op; where one reads what another left, a copy
// of the whole piece comes first.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/EntryWriter.h"
#include "compiler/Codegen/GPU/HostProgram.h"
#include "compiler/Codegen/GPU/LaunchCall.h"
#include "compiler/Codegen/GPU/OpNests.h"
#include "dialects/Tg/IR/Placement.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {

/// Of runtime/kernels/device/device.h.
static constexpr const char kFlushFunction[] = "tgc_device_flush";

void EntryWriter::run() {
  findResidents();
  run(entry.front());
  places.dropUnused();
}

void EntryWriter::joinLaunches(KernelJoiner &joiner) {
  tgc::joinLaunches(entry, launchUses, joiner, [&](Value value) { return memory.find(value).base; });
}

void EntryWriter::run(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    if (launched.erase(&op)) {
      op.erase();
      continue;
    }
    builder.setInsertionPoint(&op);
    if (isa<func::ReturnOp>(op))
      return returnResults();
    if (isa<memref::AllocOp>(op) && !memory.isJoined(op.getResult(0)))
      places.states.erase(op.getResult(0)); // in a loop, a new value
    if (isPure(&op) || op.hasTrait<OpTrait::IsTerminator>() ||
        isa<memref::AllocOp, memref::AllocaOp, rt::BufferOp, rt::FeedOp, rt::VariableOp, rt::FetchOp,
            rt::DeviceOp>(op))
      continue;
    if (auto choice = dyn_cast<scf::IfOp>(op))
      runChoice(choice);
    else if (isa<scf::WhileOp, scf::ForOp>(op))
      runLoop(op);
    else if (auto variable = dyn_cast<rt::NewVariableOp>(op))
      replaceVariable(variable);
    else if (!tryLaunch(op))
      runOnHost(op); // puts another in its place if it only copies
  }
}

bool EntryWriter::tryLaunch(Operation &op) {
  auto kernel = kernels.find(&op);
  if (kernel == kernels.end())
    return false;
  KernelRecord &record = device.records[kernel->second];
  if (record.members.front() != &op)
    return false; // the first decides for all
  std::string reason = whyOnHost(record);
  if (!reason.empty())
    device.host.push_back({record.node, op.getName().getStringRef().str(), reason, /*hasKernel=*/true});
  else if (std::optional<Sharing> sharing = findSharing(record, places.getGpuNumbers());
           sharing && canWriteEverywhere(sharing->result))
    share(record, *sharing);
  else
    launch(record);
  return reason.empty();
}

void EntryWriter::replaceVariable(rt::NewVariableOp variable) {
  Value old = memory.findVariable(variable.getIndex());
  if (!old)
    return;
  places.giveToHost(memory.find(old).base, /*isWritten=*/true);
  moved.insert(memory.find(old).base);
}

std::string EntryWriter::whyOnHost(const KernelRecord &record) {
  bool deviceHasSome = false, takesResident = false;
  for (Value value : record.memories) {
    Value base = memory.find(value).base;
    if (!base)
      return "it is unknown where its memory lies";
    if (!memory.canMirror(base))
      return "the device has no mirror of its memory";
    if (moved.contains(base))
      return "a variable takes a new size before";
    State &state = places.stateOf(base);
    deviceHasSome |= state.gpus && !state.isOnHost;
    takesResident |= isResident(base);
  }
  if (deviceHasSome)
    return "";
  if (record.op->hasAttr(kCopyAttribute))
    return "it copies what the host has";
  return isSmall(record) && !takesResident ? "it has few points, and the host has its operands" : "";
}

/// Memory of which it is not known what for it is used is read, that of sums is written.
LaunchUses EntryWriter::findUses(const KernelRecord &record) {
  llvm::SetVector<Value> read = kernelUses.getRead(record), written = kernelUses.getWritten(record);
  for (Value value : record.memories) {
    Value base = memory.find(value).base;
    if (record.parts && (value == record.parts->sums || value == record.parts->counters))
      written.insert(base);
    else if (!written.contains(base))
      read.insert(base);
  }
  return {read.takeVector(), written.takeVector()};
}

void EntryWriter::launch(KernelRecord &record) {
  record.gpu = gpuOf(record);
  LaunchUses uses = findUses(record);
  for (Value base : kernelUses.getRead(record))
    bringToReaders(base, record);
  Gpus others = findOthers(record, record.gpu);
  for (Value base : kernelUses.getWritten(record)) {
    if (isResident(base))
      rt::OwnOp::create(builder, record.op->getLoc(), places.getHandle(record.gpu), base, IntegerAttr());
    places.disowned.erase(base);
    places.stateOf(base) = {/*isOnHost=*/false, bitOf(record.gpu) | others};
    shared.erase(base);
    if (others)
      shared.insert(base);
  }
  for (unsigned gpu = 0; gpu < places.getNumGpus(); ++gpu)
    if (others & bitOf(gpu)) {
      launching |= bitOf(gpu);
      launchUses[createLaunch(builder, record, places.getHandle(gpu), used.size())] = uses;
      used.push_back(record);
      used.back().gpu = gpu;
    }
  launching |= bitOf(record.gpu);
  launchUses[createLaunch(builder, record, places.getHandle(record.gpu), used.size())] = uses;
  for (Value value : record.memories)
    places.keepMirrored(memory.find(value).base);
  for (Operation *member : record.members) {
    kernels.erase(member);
    launched.insert(member);
  }
  launched.erase(record.members.front());
  record.members.front()->erase();
  record.op = nullptr;
  used.push_back(record);
}

void EntryWriter::runOnHost(Operation &op) {
  if (op.hasAttr(kCopyAttribute))
    return copyOnHost(op);
  if (auto nest = dyn_cast<linalg::GenericOp>(op); nest && isAttention(nest)) {
    dropKernel(op);
    Operation *attention = turnIntoAttention(nest);
    builder.setInsertionPoint(attention);
    return runOnHost(*attention);
  }
  if (auto nest = dyn_cast<linalg::GenericOp>(op); nest && getOpNest(nest) != OpNest::None) {
    dropKernel(op);
    Operation *restored = turnIntoOp(nest);
    builder.setInsertionPoint(restored);
    return runOnHost(*restored);
  }
  for (const auto &[base, isWritten] : kernelUses.findEffects(op).touched)
    places.giveToHost(base, isWritten);
}

void EntryWriter::flush() {
  Location loc = entry.getLoc();
  auto program = entry->getParentOfType<ModuleOp>();
  auto function = program.lookupSymbol<func::FuncOp>(kFlushFunction);
  if (!function) {
    OpBuilder outside = OpBuilder::atBlockBegin(program.getBody());
    auto type = builder.getFunctionType(places.getHandle(0).getType(), {});
    function = func::FuncOp::create(outside, loc, kFlushFunction, type);
    function.setPrivate();
  }
  for (unsigned gpu = 0; gpu < places.getNumGpus(); ++gpu)
    if (launching & bitOf(gpu))
      func::CallOp::create(builder, loc, function, places.getHandle(gpu));
}

void EntryWriter::copyOnHost(Operation &op) {
  auto copy = memref::CopyOp::create(builder, op.getLoc(), op.getOperand(0), op.getOperand(1));
  dropKernel(op);
  op.erase();
  builder.setInsertionPoint(copy);
  runOnHost(*copy);
}

void EntryWriter::dropKernel(Operation &op) {
  auto kernel = kernels.find(&op);
  if (kernel == kernels.end())
    return;
  device.records[kernel->second].op = nullptr;
  kernels.erase(kernel);
}

void EntryWriter::returnResults() {
  for (Value base : memory.getBases())
    if (!isResident(base) && llvm::any_of(memory.getMembers(base), [](Value member) {
          return isa_and_nonnull<rt::FetchOp, rt::VariableOp>(member.getDefiningOp());
        }))
      places.download(base, places.stateOf(base), /*isLast=*/true);
  flush();
}

SmallVector<int32_t> getGpus(ModuleOp program) {
  if (auto numbers = program->getAttrOfType<DenseI32ArrayAttr>(kGpusAttribute))
    return llvm::to_vector(numbers.asArrayRef());
  return {0};
}

std::vector<Transfer> launchKernels(ModuleOp program, DeviceProgram &device) {
  llvm::DenseMap<Operation *, unsigned> kernels;
  for (auto [number, record] : llvm::enumerate(device.records))
    for (Operation *member : record.members)
      kernels[member] = number;
  std::vector<KernelRecord> used;
  std::vector<Transfer> transfers;
  KernelJoiner joiner(device, used);
  for (auto entry : llvm::to_vector(program.getOps<func::FuncOp>())) {
    if (!entry->hasAttr("rt.feeds"))
      continue;
    size_t before = used.size();
    EntryWriter writer(entry, device, kernels, used, transfers);
    writer.run();
    writer.joinLaunches(joiner);
    if (used.size() != before)
      continue;
    for (KernelRecord &record : device.records)
      if (record.op && entry->isAncestor(record.op))
        record.op = nullptr;
    entry.erase();
  }
  // What was joined is not launched any more.
  std::vector<KernelRecord> launched;
  program.walk([&](rt::LaunchOp launch) {
    launched.push_back(used[launch.getKernel()]);
    launch.setKernel(launched.size() - 1);
  });
  for (const KernelRecord &record : device.records)
    if (llvm::none_of(launched, [&](const KernelRecord &other) { return other.name == record.name; }))
      device.kernels->lookupSymbol(record.name)->erase();
  device.records = std::move(launched);
  return transfers;
}

} // namespace tgc

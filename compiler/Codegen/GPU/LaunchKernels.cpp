//===- LaunchKernels.cpp - Launches, and copies between them --------------===//
//
// Each piece of memory has a place here and one on each device, and a kernel or an op of the host leaves its
// value in one of them. The entry is gone through once, op by op; where one reads what another left, a copy
// of the whole piece comes first. The branches of a condition end with values in the same places. A loop
// starts each iteration with values where most of its ops want them.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/HostProgram.h"
#include "compiler/Codegen/GPU/KernelUses.h"
#include "compiler/Codegen/GPU/LaunchCall.h"
#include "compiler/Codegen/GPU/NestChains.h"
#include "compiler/Codegen/GPU/SharedReductions.h"
#include "compiler/Codegen/GPU/ValuePlaces.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/Placement.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SetOperations.h"

using namespace mlir;

namespace tgc {
namespace {

/// Of runtime/kernels/device/device.h.
constexpr const char kFlushFunction[] = "tgc_device_flush";

class EntryWriter {
public:
  EntryWriter(func::FuncOp entry, DeviceProgram &device, llvm::DenseMap<Operation *, unsigned> &kernels,
              std::vector<KernelRecord> &used, std::vector<Transfer> &transfers)
      : entry(entry), builder(entry), device(device), kernels(kernels), used(used), memory(entry),
        kernelUses(memory), places(entry, builder, memory, transfers) {}

  void run() {
    findResidents();
    run(entry.front());
    places.dropUnused();
  }

private:
  using State = ValuePlaces::State;
  using States = ValuePlaces::States;

  /// Who uses a piece of memory in a loop, and the first GPU that writes to it.
  struct Uses {
    Gpus byKernel = 0;
    bool byHost = false, isWrittenByKernel = false, isWrittenByHost = false;
    unsigned writer = 0;
  };

  unsigned gpuOf(const KernelRecord &record) const { return places.getGpu(record.op->getLoc()); }

  void run(Block &block) {
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

  bool tryLaunch(Operation &op) {
    auto kernel = kernels.find(&op);
    if (kernel == kernels.end())
      return false;
    KernelRecord &record = device.records[kernel->second];
    if (record.members.front() != &op)
      return false; // the first decides for all
    std::string reason = whyOnHost(record);
    if (!reason.empty())
      device.host.push_back({record.node, op.getName().getStringRef().str(), reason});
    else if (std::optional<Sharing> sharing = findSharing(record, places.getGpuNumbers());
             sharing && canWriteEverywhere(sharing->result))
      share(record, *sharing);
    else
      launch(record);
    return reason.empty();
  }

  void replaceVariable(rt::NewVariableOp variable) {
    Value old = memory.findVariable(variable.getIndex());
    if (!old)
      return;
    places.giveToHost(memory.find(old).base, /*isWritten=*/true);
    moved.insert(memory.find(old).base);
  }

  void runChoice(scf::IfOp choice) {
    States before = places.states;
    llvm::SmallPtrSet<Value, 4> disownedBefore = places.disowned;
    run(*choice.thenBlock());
    States thenStates = std::exchange(places.states, before);
    llvm::SmallPtrSet<Value, 4> disownedThen = std::exchange(places.disowned, disownedBefore);
    if (choice.elseBlock())
      run(*choice.elseBlock());
    llvm::set_intersect(places.disowned, disownedThen);
    for (Value base : memory.getBases()) {
      if (!places.states.contains(base) && !thenStates.contains(base))
        continue;
      State yes = thenStates.contains(base) ? thenStates.lookup(base) : places.initialState(base);
      State no = places.stateOf(base);
      if (!(yes.isOnHost && no.isOnHost) && !(yes.gpus & no.gpus) && !isResident(base)) {
        // The branches left the value in different places: one that is there copies.
        bool isThen = !choice.elseBlock() || yes.gpus;
        State &changed = isThen ? yes : no;
        const State &other = isThen ? no : yes;
        builder.setInsertionPoint((isThen ? choice.thenBlock() : choice.elseBlock())->getTerminator());
        if (other.isOnHost)
          places.download(base, changed);
        else
          places.bring(base, changed, firstOf(other.gpus));
      }
      places.stateOf(base) = {yes.isOnHost && no.isOnHost, yes.gpus & no.gpus};
    }
  }

  void runLoop(Operation &loop) {
    llvm::MapVector<Value, Uses> all = findUses(loop);
    for (const auto &[base, uses] : all)
      enterLoop(base, uses);
    States head = places.states;
    llvm::SmallPtrSet<Value, 4> disownedAtHead = places.disowned;
    auto runBody = [&](Block &body) {
      run(body);
      builder.setInsertionPoint(body.getTerminator());
      for (const auto &[base, uses] : all) {
        Operation *op = base.getDefiningOp();
        if (loop.isProperAncestor(op) && !memory.isJoined(base))
          continue; // no iteration sees that of another
        State wanted = head.lookup(base);
        if (wanted.isOnHost)
          places.download(base);
        for (unsigned gpu = 0; gpu < places.getNumGpus(); ++gpu)
          if (wanted.gpus & bitOf(gpu))
            places.bring(base, gpu);
      }
    };
    if (auto steps = dyn_cast<scf::ForOp>(loop)) {
      runBody(*steps.getBody());
      places.states = std::move(head);
      // The body may not run at all.
      places.disowned = std::move(disownedAtHead);
      return;
    }
    auto steps = cast<scf::WhileOp>(loop);
    run(*steps.getBeforeBody());
    States exit = places.states;
    llvm::SmallPtrSet<Value, 4> disownedAtExit = places.disowned;
    runBody(*steps.getAfterBody());
    places.states = std::move(exit);
    places.disowned = std::move(disownedAtExit);
  }

  /// Puts values where the ops of a loop want them when an iteration starts.
  void enterLoop(Value base, const Uses &uses) {
    places.disowned.erase(base);
    bool isWritten = uses.isWrittenByHost || uses.isWrittenByKernel;
    if (isResident(base) && isWritten) {
      places.stateOf(base) = {/*isOnHost=*/false, /*gpus=*/0};
      return;
    }
    bool isHosts = !uses.byKernel || (uses.isWrittenByHost && !uses.isWrittenByKernel);
    if (isHosts || (uses.byHost && !isWritten))
      places.download(base);
    // What no iteration changes is where all of them want it.
    Gpus wanted = isHosts ? 0 : isWritten ? bitOf(uses.writer) : uses.byKernel;
    for (unsigned gpu = 0; gpu < places.getNumGpus(); ++gpu)
      if (wanted & bitOf(gpu))
        places.bring(base, gpu);
    if (isWritten)
      places.stateOf(base) = {isHosts, wanted};
  }

  /// Kernels with little to do are launched if the loop has their operands on the device already.
  llvm::MapVector<Value, Uses> findUses(Operation &loop) {
    llvm::MapVector<Value, Uses> all;
    SmallVector<KernelRecord *> small;
    SmallVector<Operation *> ofHost;
    loop.walk<WalkOrder::PreOrder>([&](Operation *op) {
      auto kernel = kernels.find(op);
      if (kernel == kernels.end()) {
        if (!op->hasTrait<OpTrait::IsTerminator>() && !isa<scf::IfOp, scf::WhileOp, scf::ForOp>(op))
          ofHost.push_back(op);
        return WalkResult::advance();
      }
      KernelRecord &record = device.records[kernel->second];
      if (op != record.members.front())
        return WalkResult::skip();
      if (!kernelUses.canMirror(record))
        ofHost.append(record.members);
      else if (isSmall(record))
        small.push_back(&record);
      else
        addUses(record, all);
      return WalkResult::skip();
    });
    for (bool isChanged = true; isChanged;) {
      isChanged = false;
      llvm::erase_if(small, [&](KernelRecord *record) {
        bool isLaunched = llvm::any_of(record->memories, [&](Value value) {
          Value base = memory.find(value).base;
          State state = places.states.contains(base) ? places.states.lookup(base) : places.initialState(base);
          return all.lookup(base).byKernel || isResident(base) || (state.gpus && !state.isOnHost);
        });
        if (isLaunched)
          addUses(*record, all);
        isChanged |= isLaunched;
        return isLaunched;
      });
    }
    for (KernelRecord *record : small)
      ofHost.append(record->members);
    for (Operation *op : ofHost)
      for (const auto &[base, isWritten] : kernelUses.findEffects(*op).touched) {
        all[base].byHost = true;
        all[base].isWrittenByHost |= isWritten;
      }
    return all;
  }

  void addUses(const KernelRecord &record, llvm::MapVector<Value, Uses> &all) {
    for (Value value : record.memories)
      all[memory.find(value).base].byKernel |= bitOf(gpuOf(record));
    for (Value base : kernelUses.getWritten(record)) {
      Uses &uses = all[base];
      if (!uses.isWrittenByKernel)
        uses.writer = gpuOf(record);
      uses.isWrittenByKernel = true;
    }
  }

  /// Variables that kernels with enough to do take stay on a device between runs: on the one that changes
  /// them, else on the first that reads them. It shows during the run where they are: the state of one says
  /// what is known, and copies look first.
  void findResidents() {
    llvm::MapVector<Value, Uses> all;
    llvm::SmallPtrSet<Value, 4> changedBySeveral;
    for (const KernelRecord &record : device.records) {
      if (!record.op || !entry->isAncestor(record.op))
        continue;
      addUses(record, all);
      for (Value base : kernelUses.getWritten(record))
        if (all[base].writer != gpuOf(record))
          changedBySeveral.insert(base);
    }
    for (const KernelRecord &record : device.records) {
      if (!record.op || !entry->isAncestor(record.op) || isSmall(record))
        continue;
      for (Value value : record.memories) {
        Value base = memory.find(value).base;
        auto variable = base ? base.getDefiningOp<rt::VariableOp>() : rt::VariableOp();
        if (variable && !variable.getUnchecked() && !memory.isJoined(base) &&
            !isPlacedOnHost(variable.getLoc()) && !changedBySeveral.contains(base)) {
          variable.setResident(true);
          const Uses &uses = all[base];
          unsigned home = uses.isWrittenByKernel ? uses.writer : firstOf(uses.byKernel);
          places.setHome(base, home);
          if (home)
            variable->setAttr(kGpuNumberAttribute, builder.getI32IntegerAttr(home));
          places.states[variable] = {/*isOnHost=*/false, /*gpus=*/0};
        }
      }
    }
  }

  /// Why the kernel is not to be launched: the device can have no mirror of what it takes, or there is too
  /// little to do; empty if it is.
  std::string whyOnHost(const KernelRecord &record) {
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

  /// Whether several GPUs can have the same new value of all of some memory.
  bool canWriteEverywhere(Value value) {
    Memory found = memory.find(value);
    return found.isWhole && !isResident(found.base);
  }

  /// What several GPUs do together if the library for that is there; else one of them does it, and others
  /// take the result.
  void share(KernelRecord &record, Sharing sharing) {
    Location loc = record.op->getLoc();
    record.shared = sharing.describe();
    takeFromWhereTheyAre(sharing);
    for (auto [gpu, operand] : llvm::zip_equal(sharing.gpus, sharing.operands))
      places.bring(memory.find(operand).base, gpu);
    Value base = memory.find(sharing.result).base;
    Gpus wanted = sharing.root ? bitOf(*sharing.root) : sharing.getMask();
    auto choice = scf::IfOp::create(builder, loc, createCanShare(builder, loc, sharing, places),
                                    /*withElseRegion=*/true);
    builder.setInsertionPoint(choice.thenBlock()->getTerminator());
    createShare(builder, loc, sharing, places);
    States before = places.states;
    builder.setInsertionPoint(choice.elseBlock()->getTerminator());
    launch(record);
    for (unsigned gpu = 0; gpu < places.getNumGpus(); ++gpu)
      if (wanted & bitOf(gpu))
        places.bring(base, gpu);
    places.states = std::move(before);
    places.stateOf(base) = {/*isOnHost=*/false, wanted};
    if (!sharing.root)
      shared.insert(base);
  }

  /// Gives each GPU an operand that it has, where there is one.
  void takeFromWhereTheyAre(Sharing &sharing) {
    for (size_t i = 0; i < sharing.gpus.size(); ++i)
      for (size_t j = 0; j < sharing.gpus.size(); ++j)
        if (i != j && has(sharing.gpus[i], sharing.operands[j]) && !has(sharing.gpus[i], sharing.operands[i]))
          std::swap(sharing.operands[i], sharing.operands[j]);
  }
  bool has(unsigned gpu, Value value) { return places.stateOf(memory.find(value).base).gpus & bitOf(gpu); }

  /// Other GPUs that have all that an elementwise kernel reads, something that they reduced together among
  /// it, and are to read what it writes: they compute it, too, instead of taking it. Equal nodes on several
  /// GPUs have become one op by now, so the graph asks for that.
  Gpus findOthers(const KernelRecord &record, unsigned gpu) {
    if (places.getNumGpus() == 1 || !isElementwise(record))
      return 0;
    Gpus reading = 0;
    for (Value value : record.memories) {
      Value base = memory.find(value).base;
      if (!kernelUses.getWritten(record).contains(base))
        continue;
      if (!canWriteEverywhere(value))
        return 0;
      reading |= getReaders(base);
    }
    Gpus others = reading & ~bitOf(gpu);
    bool readsShared = false;
    for (Value base : kernelUses.getRead(record)) {
      readsShared |= shared.contains(base);
      if (!isConstant(base))
        others &= places.stateOf(base).gpus;
    }
    return readsShared ? others : 0;
  }

  static bool isElementwise(const KernelRecord &record) {
    return llvm::all_of(record.members, [](Operation *op) {
      auto nest = dyn_cast<linalg::GenericOp>(op);
      return nest && nest.getNumReductionLoops() == 0 && !isAttention(nest);
    });
  }

  /// The GPUs whose kernels read a piece of memory, or what elementwise kernels make of it.
  Gpus getReaders(Value base) {
    if (std::exchange(hasReaders, true))
      return readers.lookup(base);
    for (const KernelRecord &record : llvm::reverse(device.records)) {
      if (!record.op || !entry->isAncestor(record.op))
        continue;
      Gpus reading = bitOf(gpuOf(record));
      if (isElementwise(record))
        for (Value written : kernelUses.getWritten(record))
          reading |= readers.lookup(written);
      for (Value read : kernelUses.getRead(record))
        readers[read] |= reading;
    }
    return readers.lookup(base);
  }

  void launch(KernelRecord &record) {
    record.gpu = gpuOf(record);
    for (Value base : kernelUses.getRead(record))
      places.bring(base, record.gpu);
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
        createLaunch(builder, record, places.getHandle(gpu), used.size());
        used.push_back(record);
        used.back().gpu = gpu;
      }
    launching |= bitOf(record.gpu);
    createLaunch(builder, record, places.getHandle(record.gpu), used.size());
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

  void runOnHost(Operation &op) {
    if (op.hasAttr(kCopyAttribute))
      return copyOnHost(op);
    if (auto nest = dyn_cast<linalg::GenericOp>(op); nest && isAttention(nest)) {
      dropKernel(op);
      Operation *attention = turnIntoAttention(nest);
      builder.setInsertionPoint(attention);
      return runOnHost(*attention);
    }
    for (const auto &[base, isWritten] : kernelUses.findEffects(op).touched)
      places.giveToHost(base, isWritten);
  }

  /// Starts what was launched after the last copy.
  void flush() {
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

  void copyOnHost(Operation &op) {
    auto copy = memref::CopyOp::create(builder, op.getLoc(), op.getOperand(0), op.getOperand(1));
    dropKernel(op);
    op.erase();
    builder.setInsertionPoint(copy);
    runOnHost(*copy);
  }

  /// Before an op with a kernel that is not launched goes.
  void dropKernel(Operation &op) {
    auto kernel = kernels.find(&op);
    if (kernel == kernels.end())
      return;
    device.records[kernel->second].op = nullptr;
    kernels.erase(kernel);
  }

  /// What outlives the run is the host's, but for resident variables.
  void returnResults() {
    for (Value base : memory.getBases())
      if (!isResident(base) && llvm::any_of(memory.getMembers(base), [](Value member) {
            return isa_and_nonnull<rt::FetchOp, rt::VariableOp>(member.getDefiningOp());
          }))
        places.download(base, places.stateOf(base), /*isLast=*/true);
    flush();
  }

  func::FuncOp entry;
  OpBuilder builder;
  DeviceProgram &device;
  llvm::DenseMap<Operation *, unsigned> &kernels;
  std::vector<KernelRecord> &used;
  DeviceMemory memory;
  KernelUses kernelUses;
  ValuePlaces places;
  /// That have something to start.
  Gpus launching = 0;
  /// What several GPUs reduced together and all have, and what each of them made of it.
  llvm::SmallPtrSet<Value, 4> shared;
  /// What getReaders() says of each base, once it has been asked.
  llvm::DenseMap<Value, Gpus> readers;
  bool hasReaders = false;
  /// Variables that took a new size: their memory may be elsewhere now than where it was read.
  llvm::SmallPtrSet<Value, 4> moved;
  /// Nests whose kernels are started already, with that of the first of their chain.
  llvm::SmallPtrSet<Operation *, 8> launched;
};

} // namespace

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
  for (auto entry : llvm::to_vector(program.getOps<func::FuncOp>())) {
    if (!entry->hasAttr("rt.feeds"))
      continue;
    size_t before = used.size();
    EntryWriter(entry, device, kernels, used, transfers).run();
    if (used.size() != before)
      continue;
    for (KernelRecord &record : device.records)
      if (record.op && entry->isAncestor(record.op))
        record.op = nullptr;
    entry.erase();
  }
  for (const KernelRecord &record : device.records)
    if (llvm::none_of(used, [&](const KernelRecord &other) { return other.name == record.name; }))
      device.kernels->lookupSymbol(record.name)->erase();
  device.records = std::move(used);
  return transfers;
}

} // namespace tgc

//===- LaunchKernels.cpp - Launches, and copies between them --------------===//
//
// Each piece of memory has a place here and one on each device, and a kernel or an op of the host leaves its
// value in one of them. The entry is gone through once, op by op; where one reads what another left, a copy
// of the whole piece comes first. The branches of a condition end with values in the same places. A loop
// starts each iteration with values where most of its ops want them.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/RtToLLVM.h"
#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/DeviceMemory.h"
#include "compiler/Codegen/GPU/HostProgram.h"
#include "compiler/Codegen/GPU/NestAccess.h"
#include "compiler/Codegen/GPU/NestChains.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/Placement.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/SetOperations.h"
#include "llvm/ADT/bit.h"

using namespace mlir;

namespace tgc {
namespace {

/// More blocks than any device runs at a time gain nothing: kernels stride over their points.
constexpr int64_t kMostBlocks = 4096;
/// Nests of fewer points, of which the device has nothing yet, are not worth a launch.
constexpr int64_t kFewPoints = 64;

/// Of runtime/kernels/device/device.h.
constexpr const char kDeliverFunction[] = "tgc_device_deliver", kFlushFunction[] = "tgc_device_flush";

class EntryWriter {
public:
  EntryWriter(func::FuncOp entry, DeviceProgram &device, llvm::DenseMap<Operation *, unsigned> &kernels,
              std::vector<KernelRecord> &used, std::vector<Transfer> &transfers)
      : entry(entry), builder(entry), device(device), kernels(kernels), used(used), transfers(transfers),
        memory(entry), gpus(getGpus(entry->getParentOfType<ModuleOp>())) {}

  void run() {
    builder.setInsertionPointToStart(&entry.front());
    for (unsigned gpu = 0; gpu < gpus.size(); ++gpu) {
      auto device = rt::DeviceOp::create(
          builder, entry.getLoc(), LLVM::LLVMPointerType::get(entry.getContext()), entry.getArgument(0));
      if (gpu)
        device->setAttr(kGpuNumberAttribute, builder.getI32IntegerAttr(gpu));
      handles.push_back(device);
    }
    findResidents();
    run(entry.front());
    for (Value handle : llvm::drop_begin(handles))
      if (handle.use_empty())
        handle.getDefiningOp()->erase();
  }

private:
  /// A bit for each of the program's GPUs.
  using Gpus = uint32_t;
  static Gpus bitOf(unsigned gpu) { return Gpus(1) << gpu; }
  static unsigned firstOf(Gpus some) { return llvm::countr_zero(some); }

  /// Where the value of a piece of memory is. Everywhere, for memory without a value; nowhere, for a resident
  /// variable of which it shows during the run.
  struct State {
    bool isOnHost = true;
    Gpus gpus = 0;
  };
  using States = llvm::MapVector<Value, State>;
  /// Who uses a piece of memory in a loop, and the first GPU that writes to it.
  struct Uses {
    Gpus byKernel = 0;
    bool byHost = false, isWrittenByKernel = false, isWrittenByHost = false;
    unsigned writer = 0;
  };

  unsigned gpuOf(const KernelRecord &record) const { return getGpuOf(record.op->getLoc(), gpus); }

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
        states.erase(op.getResult(0)); // in a loop, a new value
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
    if (reason.empty())
      launch(record);
    else
      device.host.push_back({record.node, op.getName().getStringRef().str(), reason});
    return reason.empty();
  }

  void replaceVariable(rt::NewVariableOp variable) {
    Value old = memory.findVariable(variable.getIndex());
    if (!old)
      return;
    giveToHost(memory.find(old).base, /*isWritten=*/true);
    moved.insert(memory.find(old).base);
  }

  void runChoice(scf::IfOp choice) {
    States before = states;
    llvm::SmallPtrSet<Value, 4> disownedBefore = disowned;
    run(*choice.thenBlock());
    States thenStates = std::exchange(states, before);
    llvm::SmallPtrSet<Value, 4> disownedThen = std::exchange(disowned, disownedBefore);
    if (choice.elseBlock())
      run(*choice.elseBlock());
    llvm::set_intersect(disowned, disownedThen);
    for (Value base : memory.getBases()) {
      if (!states.contains(base) && !thenStates.contains(base))
        continue;
      State yes = thenStates.contains(base) ? thenStates.lookup(base) : initialState(base);
      State no = stateOf(base);
      if (!(yes.isOnHost && no.isOnHost) && !(yes.gpus & no.gpus) && !isResident(base)) {
        // The branches left the value in different places: one that is there copies.
        bool isThen = !choice.elseBlock() || yes.gpus;
        State &changed = isThen ? yes : no;
        const State &other = isThen ? no : yes;
        builder.setInsertionPoint((isThen ? choice.thenBlock() : choice.elseBlock())->getTerminator());
        if (other.isOnHost)
          download(base, changed);
        else
          bring(base, changed, firstOf(other.gpus));
      }
      stateOf(base) = {yes.isOnHost && no.isOnHost, yes.gpus & no.gpus};
    }
  }

  void runLoop(Operation &loop) {
    llvm::MapVector<Value, Uses> all = findUses(loop);
    for (const auto &[base, uses] : all)
      enterLoop(base, uses);
    States head = states;
    llvm::SmallPtrSet<Value, 4> disownedAtHead = disowned;
    auto runBody = [&](Block &body) {
      run(body);
      builder.setInsertionPoint(body.getTerminator());
      for (const auto &[base, uses] : all) {
        Operation *op = base.getDefiningOp();
        if (loop.isProperAncestor(op) && !memory.isJoined(base))
          continue; // no iteration sees that of another
        State wanted = head.lookup(base);
        if (wanted.isOnHost)
          download(base);
        for (unsigned gpu = 0; gpu < gpus.size(); ++gpu)
          if (wanted.gpus & bitOf(gpu))
            bring(base, gpu);
      }
    };
    if (auto steps = dyn_cast<scf::ForOp>(loop)) {
      runBody(*steps.getBody());
      states = std::move(head);
      // The body may not run at all.
      disowned = std::move(disownedAtHead);
      return;
    }
    auto steps = cast<scf::WhileOp>(loop);
    run(*steps.getBeforeBody());
    States exit = states;
    llvm::SmallPtrSet<Value, 4> disownedAtExit = disowned;
    runBody(*steps.getAfterBody());
    states = std::move(exit);
    disowned = std::move(disownedAtExit);
  }

  /// Puts values where the ops of a loop want them when an iteration starts.
  void enterLoop(Value base, const Uses &uses) {
    disowned.erase(base);
    bool isWritten = uses.isWrittenByHost || uses.isWrittenByKernel;
    if (isResident(base) && isWritten) {
      stateOf(base) = {/*isOnHost=*/false, /*gpus=*/0};
      return;
    }
    bool isHosts = !uses.byKernel || (uses.isWrittenByHost && !uses.isWrittenByKernel);
    if (isHosts || (uses.byHost && !isWritten))
      download(base);
    // What no iteration changes is where all of them want it.
    Gpus wanted = isHosts ? 0 : isWritten ? bitOf(uses.writer) : uses.byKernel;
    for (unsigned gpu = 0; gpu < gpus.size(); ++gpu)
      if (wanted & bitOf(gpu))
        bring(base, gpu);
    if (isWritten)
      stateOf(base) = {isHosts, wanted};
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
      if (!canMirror(record))
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
          State state = states.contains(base) ? states.lookup(base) : initialState(base);
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
      for (const auto &[base, isWritten] : findEffects(*op).touched) {
        all[base].byHost = true;
        all[base].isWrittenByHost |= isWritten;
      }
    return all;
  }

  void addUses(const KernelRecord &record, llvm::MapVector<Value, Uses> &all) {
    for (Value value : record.memories)
      all[memory.find(value).base].byKernel |= bitOf(gpuOf(record));
    for (Value base : getWritten(record)) {
      Uses &uses = all[base];
      if (!uses.isWrittenByKernel)
        uses.writer = gpuOf(record);
      uses.isWrittenByKernel = true;
    }
  }

  /// What a kernel writes to, but for memory that it does without.
  llvm::SetVector<Value> getWritten(const KernelRecord &record) {
    llvm::SmallPtrSet<Value, 4> taken;
    llvm::SetVector<Value> written;
    for (Value value : record.memories)
      taken.insert(memory.find(value).base);
    for (Operation *member : record.members)
      for (OpOperand &output : cast<linalg::GenericOp>(member).getDpsInitsMutable())
        if (Value base = memory.find(output.get()).base; taken.contains(base))
          written.insert(base);
    return written;
  }

  bool canMirror(const KernelRecord &record) {
    return llvm::all_of(record.memories, [&](Value value) {
      Value base = memory.find(value).base;
      return base && memory.canMirror(base);
    });
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
      for (Value base : getWritten(record))
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
          homes[base] = home;
          if (home)
            variable->setAttr(kGpuNumberAttribute, builder.getI32IntegerAttr(home));
          states[variable] = {/*isOnHost=*/false, /*gpus=*/0};
        }
      }
    }
  }

  static bool isResident(Value base) {
    auto variable = base.getDefiningOp<rt::VariableOp>();
    return variable && variable.getResident();
  }

  /// Whether a nest is not worth a launch of its own.
  static bool isSmall(const KernelRecord &record) {
    int64_t points = 1;
    for (int64_t size : cast<linalg::GenericOp>(record.op).getStaticLoopRanges())
      points *= ShapedType::isDynamic(size) ? kFewPoints : size;
    return points < kFewPoints || record.op->hasAttr(kCopyAttribute);
  }

  State initialState(Value base) {
    bool hasNoValue = llvm::all_of(memory.getMembers(base), [](Value member) {
      return !getSources(member).empty() ||
             isa<memref::AllocOp, rt::FetchOp, rt::BufferOp>(member.getDefiningOp());
    });
    return {/*isOnHost=*/true, /*gpus=*/hasNoValue ? bitOf(gpus.size()) - 1 : 0};
  }

  State &stateOf(Value base) { return states.try_emplace(base, initialState(base)).first->second; }

  bool isConstant(Value base) { return base.getDefiningOp<memref::GetGlobalOp>() != nullptr; }

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
      State &state = stateOf(base);
      deviceHasSome |= state.gpus && !state.isOnHost;
      takesResident |= isResident(base);
    }
    if (deviceHasSome)
      return "";
    if (record.op->hasAttr(kCopyAttribute))
      return "it copies what the host has";
    return isSmall(record) && !takesResident ? "it has few points, and the host has its operands" : "";
  }

  /// The GPU that keeps a resident variable.
  unsigned homeOf(Value base) const { return homes.lookup(base); }

  /// Puts a value on a GPU, too.
  void bring(Value base, unsigned gpu) { bring(base, stateOf(base), gpu); }
  void bring(Value base, State &state, unsigned gpu) {
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

  void download(Value base) { download(base, stateOf(base)); }
  void download(Value base, State &state, bool isLast = false) {
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

  /// Copies all of a class that can be reached here.
  void upload(Value base, unsigned gpu) {
    Operation *point = &*builder.getInsertionPoint();
    keepMirrored(base);
    for (Value member : memory.getMembersAt(base, point)) {
      if (isConstant(member))
        continue;
      rt::UploadOp::create(builder, point->getLoc(), handles[gpu], member, Value(), IntegerAttr());
      note(member, "host", nameOf(gpu), isResident(base) ? ", if the host has changed it," : "");
    }
  }

  /// The same from one GPU to another.
  void pass(Value base, unsigned from, unsigned to) {
    Operation *point = &*builder.getInsertionPoint();
    keepMirrored(base);
    for (Value member : memory.getMembersAt(base, point)) {
      if (isConstant(member))
        continue;
      createDownload(point->getLoc(), member, from, kGiveFunction);
      auto taken =
          rt::UploadOp::create(builder, point->getLoc(), handles[to], member, Value(), IntegerAttr());
      taken->setAttr(kTransferAttribute, builder.getStringAttr(kTakeFunction));
      note(member, nameOf(from), nameOf(to), "");
    }
  }

  std::string nameOf(unsigned gpu) const {
    return gpus.size() == 1 ? "device" : "GPU:" + std::to_string(gpus[gpu]);
  }

  void note(Value base, const std::string &from, const std::string &to, StringRef condition) {
    Operation *op = &*builder.getInsertionPoint();
    std::string name = getMemoryName(base);
    std::string node = base.getDefiningOp() ? getNode(base.getDefiningOp()) : "";
    if (name.empty())
      name = node.empty() ? "a buffer" : "the buffer of " + node;
    transfers.push_back({getNode(op).empty() ? op->getName().getStringRef().str() : getNode(op),
                         name + condition.str(), from, to});
  }

  /// Whether a kernel gives each element of the memory a value without a look at the old one.
  bool isOverwritten(linalg::GenericOp nest, OpOperand &output) {
    return nest.getMatchingBlockArgument(&output).use_empty() &&
           nest.getMatchingIndexingMap(&output).isPermutation() && memory.find(output.get()).isWhole;
  }

  /// What a kernel looks at before it gives it a value.
  llvm::SetVector<Value> getRead(const KernelRecord &record) {
    llvm::SetVector<Value> read;
    llvm::SmallPtrSet<Value, 4> overwritten;
    for (Operation *member : record.members) {
      auto nest = cast<linalg::GenericOp>(member);
      for (Value value : record.memories) {
        bool isRead = llvm::any_of(nest->getOpOperands(), [&](OpOperand &operand) {
          return operand.get() == value && !(nest.isDpsInit(&operand) && isOverwritten(nest, operand));
        });
        bool isLoaded = llvm::is_contained(getLoaded(nest), value);
        if (Value base = memory.find(value).base; (isRead || isLoaded) && !overwritten.contains(base))
          read.insert(base);
      }
      for (OpOperand &output : nest.getDpsInitsMutable())
        if (isOverwritten(nest, output))
          overwritten.insert(memory.find(output.get()).base);
    }
    return read;
  }

  void launch(KernelRecord &record) {
    record.gpu = gpuOf(record);
    for (Value base : getRead(record))
      bring(base, record.gpu);
    for (Value base : getWritten(record)) {
      if (isResident(base))
        rt::OwnOp::create(builder, record.op->getLoc(), handles[record.gpu], base, IntegerAttr());
      disowned.erase(base);
      stateOf(base) = {/*isOnHost=*/false, bitOf(record.gpu)};
    }
    launching |= bitOf(record.gpu);
    createLaunch(record);
    for (Value value : record.memories)
      keepMirrored(memory.find(value).base);
    for (Operation *member : record.members) {
      kernels.erase(member);
      launched.insert(member);
    }
    launched.erase(record.members.front());
    record.members.front()->erase();
    record.op = nullptr;
    used.push_back(record);
  }

  /// Lets buffers be planned where they have a mirror.
  void keepMirrored(Value base) {
    for (Value member : memory.getMembers(base))
      if (auto alloc = member.getDefiningOp<memref::AllocOp>())
        alloc->setAttr("rt.mirrored", builder.getUnitAttr());
  }

  Value valueOf(const KernelNumber &number) {
    Location loc = builder.getInsertionPoint()->getLoc();
    switch (number.kind) {
    case KernelNumber::Scalar:
      return number.value;
    case KernelNumber::Size:
      return memref::DimOp::create(builder, loc, number.value, number.dim);
    case KernelNumber::Stride:
      return memref::ExtractStridedMetadataOp::create(builder, loc, number.value).getStrides()[number.dim];
    }
    llvm_unreachable("unknown kind of number");
  }

  /// The bits of a number in 64.
  Value widen(Value value) {
    Location loc = value.getLoc();
    Type word = builder.getI64Type(), type = value.getType();
    if (type.isIndex())
      return arith::IndexCastOp::create(builder, loc, word, value);
    unsigned width = type.getIntOrFloatBitWidth();
    if (isa<FloatType>(type))
      value = arith::BitcastOp::create(builder, loc, builder.getIntegerType(width), value);
    return width < 64 ? Value(arith::ExtUIOp::create(builder, loc, word, value)) : value;
  }

  void createLaunch(const KernelRecord &record) {
    Location loc = record.op->getLoc();
    SmallVector<Value> values, numbers;
    for (const KernelNumber &number : record.numbers) {
      values.push_back(valueOf(number));
      numbers.push_back(widen(values.back()));
    }
    auto constant = [&](int64_t value) {
      return arith::ConstantIndexOp::create(builder, loc, value).getResult();
    };
    Value blocks = constant(1);
    for (const Space &space : record.spaces) {
      Value points = constant(1);
      for (const Extent &extent : space.extents)
        points = arith::MulIOp::create(builder, loc, points,
                                       extent.number < 0 ? constant(extent.fixed) : values[extent.number]);
      points = arith::CeilDivUIOp::create(builder, loc, points, constant(space.pointsPerBlock));
      blocks = arith::MulIOp::create(builder, loc, blocks, points);
    }
    blocks = arith::MinUIOp::create(builder, loc, blocks, constant(kMostBlocks));
    rt::LaunchOp::create(builder, loc, handles[record.gpu], used.size(), record.threads, blocks,
                         record.memories, ValueRange(), numbers);
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
    for (const auto &[base, isWritten] : findEffects(op).touched)
      giveToHost(base, isWritten);
  }

  Effects findEffects(Operation &op) {
    Effects effects;
    op.walk([&](Operation *inner) {
      if (!inner->hasTrait<OpTrait::IsTerminator>())
        memory.addEffects(*inner, effects);
    });
    if (effects.isUnknown)
      for (Value base : memory.getBases())
        effects.touched[base] |= !isConstant(base);
    return effects;
  }

  void createDownload(Location loc, Value memory, unsigned gpu, StringRef function) {
    auto copy = rt::DownloadOp::create(builder, loc, handles[gpu], memory, Value(), IntegerAttr());
    if (!function.empty())
      copy->setAttr(kTransferAttribute, builder.getStringAttr(function));
  }

  /// Feeds may be the device's, if the caller has them there.
  void expose(Value base) {
    Operation *point = &*builder.getInsertionPoint();
    for (Value member : memory.getMembers(base))
      if (member.getDefiningOp<rt::FeedOp>())
        createDownload(point->getLoc(), member, 0, kExposeFunction);
  }

  /// Starts what was launched after the last copy.
  void flush() {
    Location loc = entry.getLoc();
    auto program = entry->getParentOfType<ModuleOp>();
    auto function = program.lookupSymbol<func::FuncOp>(kFlushFunction);
    if (!function) {
      OpBuilder outside = OpBuilder::atBlockBegin(program.getBody());
      auto type = builder.getFunctionType(handles.front().getType(), {});
      function = func::FuncOp::create(outside, loc, kFlushFunction, type);
      function.setPrivate();
    }
    for (unsigned gpu = 0; gpu < gpus.size(); ++gpu)
      if (launching & bitOf(gpu))
        func::CallOp::create(builder, loc, function, handles[gpu]);
  }

  void giveToHost(Value base, bool isWritten) {
    download(base);
    expose(base);
    if (!isWritten)
      return;
    if (isResident(base) && disowned.insert(base).second)
      rt::DisownOp::create(builder, builder.getInsertionPoint()->getLoc(), handles[homeOf(base)], base,
                           IntegerAttr());
    stateOf(base) = State();
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
        download(base, stateOf(base), /*isLast=*/true);
    flush();
  }

  func::FuncOp entry;
  OpBuilder builder;
  DeviceProgram &device;
  llvm::DenseMap<Operation *, unsigned> &kernels;
  std::vector<KernelRecord> &used;
  std::vector<Transfer> &transfers;
  DeviceMemory memory;
  /// Of the GPUs that the graph names, the numbers and what the runtime knows each as.
  SmallVector<int32_t> gpus;
  SmallVector<Value> handles;
  Gpus launching = 0;
  llvm::DenseMap<Value, unsigned> homes;
  States states;
  /// Resident variables of which the device was told that the host changes them.
  llvm::SmallPtrSet<Value, 4> disowned;
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

void turnCopiesIntoNests(ModuleOp program) {
  program.walk([](memref::CopyOp copy) {
    OpBuilder builder(copy);
    int64_t rank = cast<MemRefType>(copy.getTarget().getType()).getRank();
    SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(rank));
    SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
    auto nest = linalg::GenericOp::create(builder, copy.getLoc(), copy.getSource(), copy.getTarget(), maps,
                                          loops, [](OpBuilder &inner, Location loc, ValueRange elements) {
                                            linalg::YieldOp::create(inner, loc, elements.front());
                                          });
    nest->setAttr(kCopyAttribute, builder.getUnitAttr());
    copy.erase();
  });
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

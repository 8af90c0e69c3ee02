//===- LaunchKernels.cpp - Launches, and copies between them --------------===//
//
// Each piece of memory has two places, one here and one on the device, and a kernel or an op of the host
// leaves its value in one of them. The entry is gone through once, op by op; where the one reads what the
// other left, a copy of the whole piece comes first. Loops and conditions of the host count as one op.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/MemoryEffects.h"
#include "compiler/Codegen/GPU/HostProgram.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tgc {
namespace {

/// More blocks than any device runs at a time gain nothing: kernels stride over their points.
constexpr int64_t kMostBlocks = 4096;
/// Nests of fewer points, of which the device has nothing yet, are not worth a launch.
constexpr int64_t kFewPoints = 64;
/// On a nest that was a copy: one of what the host has is the host's.
constexpr const char kCopyAttribute[] = "tgc.copy";

class EntryWriter {
public:
  EntryWriter(func::FuncOp entry, DeviceProgram &device, llvm::DenseMap<Operation *, unsigned> &kernels,
              std::vector<KernelRecord> &used, std::vector<Transfer> &transfers)
      : entry(entry), builder(entry), device(device), kernels(kernels), used(used), transfers(transfers) {}

  void run() {
    builder.setInsertionPointToStart(&entry.front());
    handle = rt::DeviceOp::create(builder, entry.getLoc(), LLVM::LLVMPointerType::get(entry.getContext()),
                                  entry.getArgument(0));
    findResidents();
    for (Operation &op : llvm::make_early_inc_range(entry.front())) {
      builder.setInsertionPoint(&op);
      if (isa<func::ReturnOp>(op))
        return returnResults();
      if (isPure(&op) || isa<memref::AllocOp, rt::FeedOp, rt::VariableOp, rt::FetchOp, rt::DeviceOp>(op))
        continue;
      auto kernel = kernels.find(&op);
      if (kernel != kernels.end()) {
        KernelRecord &record = device.records[kernel->second];
        std::string reason = whyOnHost(record);
        if (reason.empty()) {
          launch(record);
          continue;
        }
        device.host.push_back({record.node, op.getName().getStringRef().str(), reason});
      }
      op.walk([&](rt::NewVariableOp variable) { moved.insert(memory.find(variable).base); });
      runOnHost(op); // puts another in its place if it only copies
    }
  }

private:
  /// Variables that kernels with enough to do take stay on the device between runs. It shows during the run
  /// where they are: the state of one says what is known, and copies look first.
  void findResidents() {
    for (const KernelRecord &record : device.records) {
      if (!record.op || record.op->getParentOp() != entry || isSmall(record))
        continue;
      for (Value value : record.memories) {
        Value base = memory.find(value).base;
        auto variable = base ? base.getDefiningOp<rt::VariableOp>() : rt::VariableOp();
        if (variable && !variable.getUnchecked()) {
          variable.setResident(true);
          states[variable] = {/*isOnHost=*/false, /*isOnDevice=*/false};
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

  /// Where the value of a piece of memory is. Both, for memory without a value.
  struct State {
    bool isOnHost = true, isOnDevice = false;
  };

  State &stateOf(Value base) {
    auto [it, isNew] = states.try_emplace(base);
    if (isNew && isa<memref::AllocOp, rt::FetchOp>(base.getDefiningOp()))
      it->second.isOnDevice = true;
    return it->second;
  }

  bool isConstant(Value base) { return base.getDefiningOp<memref::GetGlobalOp>() != nullptr; }

  /// Why the kernel is not to be launched: the device can have no mirror of what it takes, or there is too
  /// little to do; empty if it is.
  std::string whyOnHost(const KernelRecord &record) {
    bool deviceHasSome = false, takesResident = false;
    for (Value value : record.memories) {
      Value base = memory.find(value).base;
      if (!base)
        return "it is unknown where its memory lies";
      if (moved.contains(base))
        return "a variable takes a new size before";
      State &state = stateOf(base);
      deviceHasSome |= state.isOnDevice && !state.isOnHost;
      takesResident |= isResident(base);
    }
    if (deviceHasSome)
      return "";
    if (record.op->hasAttr(kCopyAttribute))
      return "it copies what the host has";
    return isSmall(record) && !takesResident ? "it has few points, and the host has its operands" : "";
  }

  void upload(Value base) {
    State &state = stateOf(base);
    if (isConstant(base) || state.isOnDevice)
      return;
    rt::UploadOp::create(builder, builder.getInsertionPoint()->getLoc(), handle, base, Value(),
                         IntegerAttr());
    note(base, /*isUpload=*/true);
    state.isOnDevice = true;
    disowned.erase(base);
  }

  void download(Value base) {
    State &state = stateOf(base);
    if (state.isOnHost)
      return;
    rt::DownloadOp::create(builder, builder.getInsertionPoint()->getLoc(), handle, base, Value(),
                           IntegerAttr());
    note(base, /*isUpload=*/false);
    state.isOnHost = true;
  }

  void note(Value base, bool isUpload) {
    Operation *op = &*builder.getInsertionPoint();
    std::string name = getMemoryName(base);
    if (name.empty())
      name = getNode(base.getDefiningOp()).empty() ? "a buffer"
                                                   : "the buffer of " + getNode(base.getDefiningOp());
    if (isResident(base))
      name += isUpload ? ", if the host has changed it," : ", if the device has changed it,";
    transfers.push_back(
        {getNode(op).empty() ? op->getName().getStringRef().str() : getNode(op), name, isUpload});
  }

  /// Whether a kernel gives each element of the memory a value without a look at the old one.
  bool isOverwritten(linalg::GenericOp nest, OpOperand &output) {
    return nest.getMatchingBlockArgument(&output).use_empty() &&
           nest.getMatchingIndexingMap(&output).isPermutation() && memory.find(output.get()).isWhole;
  }

  void launch(KernelRecord &record) {
    auto nest = cast<linalg::GenericOp>(record.op);
    llvm::SmallPtrSet<Value, 4> written;
    for (OpOperand &output : nest.getDpsInitsMutable())
      written.insert(memory.find(output.get()).base);
    for (Value value : record.memories) {
      bool isRead = llvm::any_of(nest->getOpOperands(), [&](OpOperand &operand) {
        return operand.get() == value && !(nest.isDpsInit(&operand) && isOverwritten(nest, operand));
      });
      bool isOperand = llvm::is_contained(nest->getOperands(), value);
      if (isRead || !isOperand)
        upload(memory.find(value).base);
    }
    for (Value base : written) {
      if (isResident(base))
        rt::OwnOp::create(builder, nest.getLoc(), handle, base, IntegerAttr());
      disowned.erase(base);
      stateOf(base) = {/*isOnHost=*/false, /*isOnDevice=*/true};
    }
    createLaunch(record);
    for (Value value : record.memories)
      if (auto alloc = memory.find(value).base.getDefiningOp<memref::AllocOp>())
        alloc->setAttr("rt.mirrored", builder.getUnitAttr());
    nest.erase();
    record.op = nullptr;
    used.push_back(record);
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
    Value points = constant(1);
    for (const Extent &extent : record.extents)
      points = arith::MulIOp::create(builder, loc, points,
                                     extent.number < 0 ? constant(extent.fixed) : values[extent.number]);
    Value blocks = arith::CeilDivUIOp::create(builder, loc, points, constant(record.pointsPerBlock));
    blocks = arith::MinUIOp::create(builder, loc, blocks, constant(kMostBlocks));
    rt::LaunchOp::create(builder, loc, handle, used.size(), record.threads, blocks, record.memories,
                         ValueRange(), numbers);
  }

  void runOnHost(Operation &op) {
    if (op.hasAttr(kCopyAttribute))
      return copyOnHost(op);
    Effects effects;
    op.walk([&](Operation *inner) {
      if (!inner->hasTrait<OpTrait::IsTerminator>())
        memory.addEffects(*inner, effects);
    });
    if (effects.isUnknown)
      for (auto &[base, state] : states)
        effects.touched[base] |= !isConstant(base);
    for (const auto &[base, isWritten] : effects.touched) {
      download(base);
      if (!isWritten)
        continue;
      if (isResident(base) && disowned.insert(base).second)
        rt::DisownOp::create(builder, op.getLoc(), handle, base, IntegerAttr());
      stateOf(base) = State();
    }
  }

  void copyOnHost(Operation &op) {
    auto copy = memref::CopyOp::create(builder, op.getLoc(), op.getOperand(0), op.getOperand(1));
    op.erase();
    builder.setInsertionPoint(copy);
    runOnHost(*copy);
  }

  /// What outlives the run is the host's, but for resident variables.
  void returnResults() {
    for (auto &[base, state] : states)
      if (isa<rt::FetchOp, rt::VariableOp>(base.getDefiningOp()) && !isResident(base))
        download(base);
  }

  func::FuncOp entry;
  OpBuilder builder;
  DeviceProgram &device;
  llvm::DenseMap<Operation *, unsigned> &kernels;
  std::vector<KernelRecord> &used;
  std::vector<Transfer> &transfers;
  EntryMemory memory;
  Value handle;
  llvm::MapVector<Value, State> states;
  /// Resident variables of which the device was told that the host changes them.
  llvm::SmallPtrSet<Value, 4> disowned;
  /// Variables that took a new size: their memory may be elsewhere now than where it was read.
  llvm::SmallPtrSet<Value, 4> moved;
};

} // namespace

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
    kernels[record.op] = number;
  std::vector<KernelRecord> used;
  std::vector<Transfer> transfers;
  for (auto entry : llvm::to_vector(program.getOps<func::FuncOp>())) {
    if (!entry->hasAttr("rt.feeds"))
      continue;
    size_t before = used.size();
    EntryWriter(entry, device, kernels, used, transfers).run();
    if (used.size() == before)
      entry.erase();
  }
  for (const KernelRecord &record : device.records)
    if (llvm::none_of(used, [&](const KernelRecord &other) { return other.name == record.name; }))
      device.kernels->lookupSymbol(record.name)->erase();
  device.records = std::move(used);
  return transfers;
}

} // namespace tgc

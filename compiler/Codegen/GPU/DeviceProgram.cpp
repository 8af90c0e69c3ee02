//===- DeviceProgram.cpp - The kernels of a program -----------------------===//

#include "compiler/Codegen/GPU/DeviceProgram.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/Common/Cleanup.h"
#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/ContractWriter.h"
#include "compiler/Codegen/GPU/FunctionCalls.h"
#include "compiler/Codegen/GPU/KernelWork.h"
#include "compiler/Codegen/GPU/OpNests.h"
#include "compiler/Codegen/GPU/OperandMakers.h"
#include "compiler/Codegen/GPU/SharedSums.h"
#include "compiler/Target/GpuFunctions.h"
#include "dialects/Tg/IR/Placement.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tgc {

/// Names are the user's; where they are printed or listed, a line is one.
static std::string onOneLine(std::string name) {
  for (char &c : name)
    if (static_cast<unsigned char>(c) < ' ')
      c = ' ';
  return name;
}

std::string getNode(Operation *op) {
  auto name = op->getLoc()->findInstanceOf<NameLoc>();
  return name ? onOneLine(name.getName().str()) : "";
}

std::string getMemoryName(Value memory) {
  Operation *op = memory.getDefiningOp();
  auto named = [&](Operation *scope, StringRef list, int64_t index, StringRef what) {
    auto all = scope ? scope->getAttrOfType<ArrayAttr>(list) : nullptr;
    if (all && index < int64_t(all.size()))
      if (auto name = cast<DictionaryAttr>(all[index]).getAs<StringAttr>("name"))
        return onOneLine((what + " " + name.getValue()).str());
    return (what + " " + Twine(index)).str();
  };
  if (auto feed = dyn_cast_or_null<rt::FeedOp>(op))
    return named(op->getParentOfType<func::FuncOp>(), "rt.feeds", feed.getIndex(), "feed");
  if (auto fetch = dyn_cast_or_null<rt::FetchOp>(op))
    return named(op->getParentOfType<func::FuncOp>(), "rt.fetches", fetch.getIndex(), "fetch");
  if (auto variable = dyn_cast_or_null<rt::VariableOp>(op))
    return named(op->getParentOfType<ModuleOp>(), "rt.variables", variable.getIndex(), "variable");
  if (auto global = dyn_cast_or_null<memref::GetGlobalOp>(op))
    return ("constant " + global.getName()).str();
  return "";
}

namespace {

/// Gives temporaries numbers.
class BufferNames {
public:
  std::string of(Value memory) {
    std::string name = getMemoryName(memory);
    return name.empty() ? numbered(memory) : name;
  }

  /// All that a kernel takes. Sizes of its loops are known by the loop.
  void describe(KernelRecord &record) {
    for (Value memory : record.memories)
      record.arguments.push_back(of(memory));
    auto nest = cast<linalg::LinalgOp>(record.op);
    for (const KernelNumber &number : record.numbers) {
      std::string text = number.kind == KernelNumber::Scalar ? "number" : of(number.value);
      if (number.kind != KernelNumber::Scalar)
        text = (number.kind == KernelNumber::Size ? "size " : "stride ") + std::to_string(number.dim) +
               " of " + text;
      for (unsigned loop = 0; loop < nest.getNumLoops(); ++loop) {
        Value operand;
        unsigned dim;
        if (number.kind == KernelNumber::Size &&
            succeeded(nest.mapIterationSpaceDimToOperandDim(loop, operand, dim)) && operand == number.value &&
            dim == number.dim)
          text = "size d" + std::to_string(loop);
      }
      record.arguments.push_back(text);
    }
  }

private:
  std::string numbered(Value buffer) {
    auto [it, isNew] = numbers.try_emplace(buffer, numbers.size());
    return "buffer " + std::to_string(it->second);
  }
  llvm::DenseMap<Value, unsigned> numbers;
};

/// Functions that become instructions, or a few of them, without a library.
bool isNative(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp, math::FmaOp, math::RoundEvenOp,
             math::SqrtOp, math::TruncOp>(op);
}

/// Bookkeeping of a bufferized program, which computes no elements.
bool isPlumbing(Operation *op) {
  if (asksForSeed(op))
    return true;
  return op->getNumRegions() == 0 &&
         !isa<memref::CopyOp, memref::LoadOp, memref::StoreOp, func::CallOp, rt::HostCallOp>(op) &&
         !isa<linalg::LinalgOp>(op);
}

} // namespace

/// A nest by itself.
static NestChain makeChain(linalg::GenericOp nest) {
  NestChain chain;
  chain.form = getOpNest(nest) != OpNest::None || isComplex(nest) ? NestChain::Flat
               : isContraction(nest)                              ? NestChain::Contraction
               : isRowReduction(nest)                             ? NestChain::Rows
                                                                  : NestChain::Flat;
  chain.members.push_back(nest);
  chain.main = nest;
  return chain;
}

/// The nodes that the members were made of.
static std::string getNodes(const NestChain &chain) {
  std::vector<std::string> nodes;
  for (linalg::GenericOp member : chain.members)
    if (std::string node = getNode(member); !node.empty() && !llvm::is_contained(nodes, node))
      nodes.push_back(node);
  return llvm::join(nodes, " + ");
}

static void addNode(Location loc, llvm::SetVector<StringAttr> &nodes) {
  if (auto name = loc->findInstanceOf<NameLoc>())
    nodes.insert(name.getName());
}

static void writeOpKernel(const NestChain &chain, ModuleOp kernels, KernelRecord &record) {
  switch (getOpNest(chain.main)) {
  case OpNest::Scan:
    return writeScanKernel(chain, kernels, record);
  case OpNest::Scatter:
    return writeScatterKernel(chain, kernels, record);
  case OpNest::TopK:
    return writeTopKKernel(chain, kernels, record);
  case OpNest::RandomState:
    return writeRandomStateKernel(chain, kernels, record);
  case OpNest::Random:
    return writeRandomKernel(chain, kernels, record);
  case OpNest::None:
    llvm_unreachable("the nest stands for an op");
  }
}

static void writeKernel(const NestChain &chain, GpuF32 products, DeviceProgram &program, BufferNames &names) {
  KernelRecord record;
  std::optional<SharedSums> shared;
  if (chain.form == NestChain::Contraction && !isAttention(chain.main))
    shared = shareSums(chain.main, products, chain.members.front());
  else if (chain.form == NestChain::Rows)
    shared = shareRows(chain, chain.members.front());
  if (shared) {
    writeKernel(makeChain(shared->start), products, program, names);
    program.records.back().node += " (counters)";
    record.parts = shared->parts;
  }
  record.name = "k" + std::to_string(program.records.size());
  record.node = getNodes(chain);
  record.entry = onOneLine(chain.main->getParentOfType<func::FuncOp>().getName().str());
  record.members.assign(chain.members.begin(), chain.members.end());
  record.op = chain.main;
  for (linalg::GenericOp member : chain.members)
    member->walk([&](Operation *op) { addNode(op->getLoc(), record.nodes); });
  if (getOpNest(chain.main) != OpNest::None) {
    writeOpKernel(chain, *program.kernels, record);
  } else if (isAttention(chain.main)) {
    writeAttentionKernel(chain, products, *program.kernels, record);
  } else if (chain.form == NestChain::Contraction && hasWgmmaKernel(chain.main, products)) {
    KernelRecord other = record;
    writeWgmmaKernel(chain, products, *program.wgmmaKernels, other);
    writeContractKernel(chain, products, *program.kernels, record);
    for (const KernelNumber &number : other.numbers)
      if (!llvm::is_contained(record.numbers, number))
        record.numbers.push_back(number);
    program.wgmmaRecords.push_back(std::move(other));
  } else if (chain.form == NestChain::Contraction)
    writeContractKernel(chain, products, *program.kernels, record);
  else if (chain.form == NestChain::Rows)
    writeRowKernel(chain, *program.kernels, record);
  else
    writeFlatKernel(chain, *program.kernels, record);
  describeWork(record);
  names.describe(record);
  program.records.push_back(std::move(record));
}

/// What reads nothing is computed where its value is first used: nodes on several GPUs that fill memory with
/// the same were one op, on one of them.
static void placeFills(func::FuncOp entry) {
  entry.walk([](linalg::GenericOp fill) {
    if (fill->getNumResults() || fill.getNumDpsInits() != 1 || fill.getNumDpsInputs() ||
        getOpNest(fill) != OpNest::None)
      return;
    Operation *next = nullptr;
    for (Operation *user : fill.getDpsInits()[0].getUsers())
      if (Operation *here = fill->getBlock()->findAncestorOpInBlock(*user);
          here && !isa<memref::DimOp>(here) && fill->isBeforeInBlock(here) &&
          (!next || here->isBeforeInBlock(next)))
        next = here;
    auto first = dyn_cast_or_null<linalg::GenericOp>(next);
    if (first && !getSharedReduction(first.getLoc()) && getPlace(first.getLoc()) != getPlace(fill.getLoc()))
      fill->setLoc(first.getLoc());
  });
}

DeviceProgram writeKernels(ModuleOp program, GpuF32 products) {
  dropSharedSums(program);
  DeviceProgram result;
  result.kernels = ModuleOp::create(program.getLoc());
  result.wgmmaKernels = ModuleOp::create(program.getLoc());
  BufferNames names;
  for (auto entry : program.getOps<func::FuncOp>()) {
    placeFills(entry);
    std::vector<NestChain> chains = findChains(entry);
    takeMakers(entry, products, chains);
    llvm::DenseMap<Operation *, const NestChain *> chainOf;
    for (const NestChain &chain : chains)
      for (linalg::GenericOp member : chain.members)
        chainOf[member] = &chain;
    entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op == entry.getOperation() || isPlumbing(op) || isa<scf::YieldOp>(op))
        return WalkResult::advance();
      if (const NestChain *chain = chainOf.lookup(op)) {
        if (op == chain->members.front())
          writeKernel(*chain, products, result, names);
        return WalkResult::skip();
      }
      auto nest = dyn_cast<linalg::GenericOp>(op);
      std::string reason = nest ? whyNoKernel(nest) : "it has no kernel yet";
      if (!nest && isa<RegionBranchOpInterface>(op))
        return WalkResult::advance();
      if (reason.empty())
        writeKernel(makeChain(nest), products, result, names);
      else
        result.host.push_back({getNode(op), op->getName().getStringRef().str(), reason});
      return WalkResult::skip();
    });
  }
  declareFunctions(*result.kernels);
  declareFunctions(*result.wgmmaKernels);
  return result;
}

void buildKernelPipeline(OpPassManager &passes) {
  passes.addPass(createConvertComplexToStandardPass());
  passes.addPass(math::createMathExtendToSupportedTypes());
  passes.addPass(createExpandMathPass());
  arith::ArithEmulateUnsupportedFloatsOptions emulated;
  emulated.sourceTypeStrs = {"bf16"};
  emulated.targetTypeStr = "f32";
  passes.addPass(arith::createArithEmulateUnsupportedFloats(emulated));
  arith::ArithExpandOpsPassOptions expanded;
  expanded.includeBf16 = true;
  passes.addPass(arith::createArithExpandOpsPass(expanded));
  passes.addPass(createLowerAffinePass());
  passes.addPass(createSCFToControlFlowPass());
  addCleanup(passes);
}

/// Why no device runs the kernel; empty if one does.
static std::string whyUnsupported(func::FuncOp kernel) {
  if (kernel.getNumArguments() > kMostArguments)
    return "it takes more than a kernel can be given";
  std::string reason;
  kernel.walk([&](Operation *op) {
    auto call = dyn_cast<func::CallOp>(op);
    if ((isa<math::MathDialect>(op->getDialect()) && !isNative(op)) ||
        (call && !isGpuFunction(call.getCallee())))
      reason = op->getName().getStringRef().str() + " of these elements has no device code yet";
  });
  return reason;
}

bool partUnsupported(const DeviceProgram &program) {
  bool isParted = false;
  for (const KernelRecord &record : program.records) {
    auto kernel = program.kernels.get().lookupSymbol<func::FuncOp>(record.name);
    if (record.members.size() == 1 || whyUnsupported(kernel).empty())
      continue;
    isParted = true;
    // A contraction keeps what fills its results if it is not to blame.
    auto first = record.members.begin();
    if (isContraction(cast<linalg::GenericOp>(record.op)) && record.op != record.members.back())
      first = std::next(llvm::find(record.members, record.op));
    for (Operation *member : llvm::make_range(first, record.members.end()))
      member->setAttr(kAloneAttribute, UnitAttr::get(member->getContext()));
  }
  return isParted;
}

void moveUnsupportedToHost(DeviceProgram &program) {
  std::vector<KernelRecord> kept;
  for (KernelRecord &record : program.records) {
    auto function = program.kernels->lookupSymbol<func::FuncOp>(record.name);
    std::string reason = whyUnsupported(function);
    if (reason.empty()) {
      kept.push_back(std::move(record));
      continue;
    }
    program.host.push_back({record.node, "linalg.generic", reason});
    function.erase();
  }
  program.records = std::move(kept);
}

} // namespace tgc

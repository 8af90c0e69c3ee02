//===- Explain.cpp - What was compiled ------------------------------------===//
//
// What kernels are made of is what the tiled phase leaves: contractions with what is computed of their sums,
// and loop nests. Which of them are one kernel, and the memory plan, is what stands in the entries after both
// were made.
//
//===----------------------------------------------------------------------===//

#include "tools/tgc/Explain.h"
#include "compiler/ABI/Descriptor.h"
#include "compiler/API/DeviceCode.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
namespace json = llvm::json;

namespace tgc {
namespace {

/// Of parts that have no numbers yet: beyond those that --profile gives.
constexpr int64_t kFirstNumber = int64_t(1) << 32;

std::string nodeOf(Location location) {
  auto name = location->findInstanceOf<NameLoc>();
  return name ? name.getName().str() : "";
}

json::Value toJson(const SymbolicSize &size) {
  if (std::optional<int64_t> constant = size.getConstant())
    return *constant;
  return size.str();
}

json::Array toJson(ArrayRef<SymbolicSize> sizes) {
  json::Array list;
  for (const SymbolicSize &size : sizes)
    list.push_back(toJson(size));
  return list;
}

std::string listOf(ArrayRef<SymbolicSize> sizes) {
  return llvm::join(llvm::map_range(sizes, [](const SymbolicSize &size) { return size.str(); }), ", ");
}

/// Sizes that are not known count as 1: a batch of one.
double predict(const Roofline &roofline, const KernelFacts &kernel) {
  return roofline.predict(kernel.flops.evaluate(1), kernel.bytes.evaluate(1), kernel.type);
}

StringRef getBound(const Roofline &roofline, const KernelFacts &kernel) {
  return roofline.isBoundByCompute(kernel.flops.evaluate(1), kernel.bytes.evaluate(1), kernel.type)
             ? "compute"
             : "memory";
}

json::Object toJson(const KernelFacts &kernel, const Roofline &roofline) {
  json::Object result{{"node", kernel.node},
                      {"kind", kernel.kind},
                      {"sizes", toJson(kernel.sizes)},
                      {"summed", toJson(kernel.summed)},
                      {"flops", toJson(kernel.flops)},
                      {"type", kernel.type},
                      {"bytes", toJson(kernel.bytes)},
                      {"bound", getBound(roofline, kernel)},
                      {"predicted_ns", predict(roofline, kernel)},
                      {"in_loop", kernel.isInLoop}};
  if (!kernel.tile.empty())
    result["tuned"] = kernel.tile;
  return result;
}

json::Object toJson(const KernelLine &line, const Roofline &roofline) {
  json::Object result = toJson(line.facts, roofline);
  if (!line.isKnown)
    for (StringRef key : {"flops", "bytes", "bound", "predicted_ns"})
      result[key] = nullptr;
  result["name"] = line.name;
  json::Array parts;
  for (const KernelFacts &part : line.parts)
    parts.push_back(toJson(part, roofline));
  if (!parts.empty())
    result["parts"] = std::move(parts);
  return result;
}

json::Object toJson(const EntryFacts &entry, const Roofline &roofline) {
  json::Array kernels, calls;
  for (const KernelLine &kernel : entry.kernels)
    kernels.push_back(toJson(kernel, roofline));
  for (const std::string &call : entry.hostCalls)
    calls.push_back(call);
  json::Object symbols;
  for (const auto &[symbol, meaning] : entry.symbols)
    symbols[symbol] = meaning;
  json::Object result{{"name", entry.name},
                      {"symbols", std::move(symbols)},
                      {"kernels", std::move(kernels)},
                      {"host_calls", std::move(calls)},
                      {"run_time_buffers", entry.numBuffers}};
  result["live_bytes"] = entry.liveBytes;
  result["workspace_bytes"] = entry.isWorkspaceStatic ? json::Value(entry.workspace) : json::Value(nullptr);
  return result;
}

json::Object toJson(const DeviceCode &device) {
  json::Array kernels, copies, host;
  for (const KernelRecord &kernel : device.kernels.records)
    kernels.push_back(json::Object{
        {"name", kernel.name}, {"node", kernel.node}, {"gpu", kernel.gpu}, {"shared", kernel.shared}});
  for (const Transfer &copy : device.transfers)
    copies.push_back(
        json::Object{{"memory", copy.memory}, {"from", copy.from}, {"to", copy.to}, {"for", copy.node}});
  for (const HostWork &work : device.kernels.host)
    host.push_back(json::Object{{"node", work.node}, {"op", work.op}, {"reason", work.reason}});
  json::Array memory;
  for (const MirrorBytes &mirrors : device.memory) {
    json::Object bytes{{"gpu", mirrors.gpu}};
    for (auto [name, known] : llvm::zip_equal(kMirrorNames, mirrors.bytes))
      bytes[name] = known ? json::Value(*known) : json::Value(nullptr);
    memory.push_back(std::move(bytes));
  }
  return json::Object{{"chip", device.chip},
                      {"kernels", std::move(kernels)},
                      {"copies", std::move(copies)},
                      {"memory", std::move(memory)},
                      {"host", std::move(host)}};
}

void printFacts(raw_ostream &stream, const KernelFacts &kernel, const Roofline &roofline, bool isKnown) {
  stream << kernel.kind;
  if (!kernel.sizes.empty() || !kernel.summed.empty())
    stream << " [" << listOf(kernel.sizes) << (kernel.summed.empty() ? "" : " | ") << listOf(kernel.summed)
           << "]";
  if (isKnown)
    stream << "  " << kernel.flops.str() << " FLOP" << (kernel.type == "f32" ? "" : " in " + kernel.type)
           << "  " << kernel.bytes.str() << " bytes  "
           << llvm::formatv("{0:f2} us ", predict(roofline, kernel) / 1000) << getBound(roofline, kernel);
  else
    stream << "  unknown work";
  stream << "  " << kernel.node << (kernel.isInLoop ? "  (each iteration)" : "")
         << (kernel.tile.empty() ? "" : "  measured: " + kernel.tile) << "\n";
}

/// What a session allocates on a GPU; `isOne`: there are no others.
void printMemory(raw_ostream &stream, const MirrorBytes &mirrors, bool isOne) {
  stream << "  memory of " << (isOne ? "the GPU" : "GPU " + std::to_string(mirrors.gpu)) << ":";
  int64_t all = 0;
  bool isKnown = true;
  for (auto [name, bytes] : llvm::zip_equal(kMirrorNames, mirrors.bytes)) {
    if (bytes == 0)
      continue;
    if (bytes)
      stream << " " << name << " " << *bytes << " bytes,";
    else
      stream << " " << name << " as runs want them,";
    all += bytes.value_or(0);
    isKnown &= bytes.has_value();
  }
  stream << " in all " << all << " bytes" << (isKnown ? "" : " and those") << "\n";
}

void printDevice(raw_ostream &stream, const DeviceCode &device) {
  stream << "device " << device.chip << ": " << device.kernels.records.size() << " kernels, "
         << device.transfers.size() << " copies\n";
  for (const KernelRecord &kernel : device.kernels.records)
    stream << "  launch " << kernel.name << "  " << kernel.node << (kernel.shared.empty() ? "" : ", or ")
           << kernel.shared << "\n";
  for (const MirrorBytes &mirrors : device.memory)
    printMemory(stream, mirrors, device.memory.size() == 1);
  for (const Transfer &copy : device.transfers)
    stream << "  copy " << copy.memory
           << (copy.from == "host" || copy.to == "host" ? "" : " from " + copy.from) << " to "
           << (StringRef(copy.to).starts_with("GPU:") ? "" : "the ") << copy.to << " for " << copy.node
           << "\n";
  std::map<std::string, int64_t> host;
  for (const HostWork &work : device.kernels.host)
    ++host[work.node + " (" + work.op + "): " + work.reason];
  for (const auto &[line, count] : host)
    stream << "  host " << line << (count > 1 ? ", " + std::to_string(count) + " times" : "") << "\n";
}

} // namespace

EntryFacts *Explanation::find(StringRef name) {
  auto found = llvm::find_if(entries, [&](const EntryFacts &entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

void Explanation::observe(Phase phase, ModuleOp module) {
  if (phase == Phase::Tiled)
    observeParts(module);
  if (phase == Phase::Buffers) {
    observeKernels(module);
    observeMemory(module);
  }
}

void Explanation::observeParts(ModuleOp module) {
  for (auto entry : module.getOps<func::FuncOp>()) {
    auto name = entry->getAttrOfType<StringAttr>("tg.entry");
    if (!name)
      continue;
    EntryFacts &facts = entries.emplace_back();
    facts.name = name.str();
    entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (std::optional<KernelFacts> part = getKernelFacts(op, facts.names)) {
        // Those that --profile has described keep their numbers.
        int64_t number = kFirstNumber + numParts++;
        if (std::optional<KernelWork> work = getWork(op->getLoc()))
          number = work->number;
        else
          setWork(op, {number, isa<linalg::LinalgOp>(op), facts.names.getFormula(part->flops).value_or(""),
                       facts.names.getFormula(part->bytes).value_or(""), part->type});
        facts.parts[number] = std::move(*part);
      }
      if (auto call = dyn_cast<tg::HostCallOp>(op))
        facts.hostCalls.push_back(nodeOf(op->getLoc()) + ": " + call.getKernel().str());
    });
    facts.symbols = facts.names.getLegend().vec();
  }
}

/// What a kernel does, by its parts. A work of no part is a piece of a fill, or what moves memory.
static KernelLine describeKernel(const KernelUse &use, const EntryFacts &entry) {
  KernelLine line;
  line.name = use.name;
  KernelFacts &facts = line.facts;
  bool isNest = isa<linalg::LinalgOp, memref::CopyOp>(use.op);
  facts.kind = isNest ? use.op->getName().stripDialect().str() : use.name;
  SymbolicSize flops, bytes;
  for (const KernelWork &work : use.works) {
    auto part = entry.parts.find(work.number);
    bool isPart = part != entry.parts.end() && !isa<memref::CopyOp>(use.op);
    line.isKnown |= isPart || work.isKnown();
    if (isPart) {
      facts = part->second;
      line.parts.push_back(facts);
    }
    flops += work.isKnown() ? entry.names.parse(work.operations) : isPart ? facts.flops : SymbolicSize();
    bytes += work.isKnown() ? entry.names.parse(work.bytes) : isPart ? facts.bytes : SymbolicSize();
  }
  if (use.works.size() <= 1) {
    line.parts.clear();
  } else {
    facts.tile.clear();
    facts.kind = std::to_string(use.works.size()) + " parts";
    facts.sizes.clear();
    facts.summed.clear();
  }
  facts.type = joinTypes(use.works);
  facts.node = use.nodes;
  facts.flops = flops;
  facts.bytes = bytes;
  facts.isInLoop = use.op->getParentOfType<LoopLikeOpInterface>() != nullptr;
  return line;
}

void Explanation::observeKernels(ModuleOp module) {
  SymbolTable symbols(module);
  for (auto function : module.getOps<func::FuncOp>()) {
    auto name = function->getAttrOfType<StringAttr>("tg.entry");
    EntryFacts *entry = name ? find(name) : nullptr;
    if (!entry)
      continue;
    // A kernel for large sizes and the same for small ones are one.
    std::map<std::pair<std::string, int64_t>, Block *> listed;
    for (const KernelUse &use : findKernels(function, symbols)) {
      if (isa<rt::HostCallOp>(use.op)) // listed as calls
        continue;
      if (!use.works.empty() && !isa<memref::CopyOp>(use.op)) {
        auto [first, isNew] = listed.try_emplace({use.name, use.works.front().number}, use.op->getBlock());
        if (!isNew && first->second != use.op->getBlock())
          continue;
      }
      entry->kernels.push_back(describeKernel(use, *entry));
    }
  }
}

void Explanation::observeMemory(ModuleOp module) {
  weightBytes = static_cast<int64_t>(weightsOf(module).size());
  if (auto variables = module->getAttrOfType<ArrayAttr>("rt.variables"))
    numVariables = static_cast<int64_t>(variables.size());
  for (auto function : module.getOps<func::FuncOp>()) {
    auto name = function->getAttrOfType<StringAttr>("tg.entry");
    EntryFacts *facts = name ? find(name) : nullptr;
    if (!facts)
      continue;
    if (auto buffers = function->getAttrOfType<IntegerAttr>("rt.num_buffers"))
      facts->numBuffers = buffers.getInt();
    if (auto live = function->getAttrOfType<IntegerAttr>("rt.live_bytes"))
      facts->liveBytes = live.getInt();
    function.walk([&](rt::WorkspaceOp arena) {
      IntegerAttr bytes;
      facts->isWorkspaceStatic = matchPattern(arena.getBytes(), m_Constant(&bytes));
      facts->workspace = facts->isWorkspaceStatic ? bytes.getInt() : 0;
    });
  }
}

void Explanation::print(raw_ostream &stream, bool asJson) const {
  if (asJson) {
    json::Array list;
    for (const EntryFacts &entry : entries)
      list.push_back(toJson(entry, roofline));
    json::Object all{
        {"entries", std::move(list)}, {"weight_bytes", weightBytes}, {"variables", numVariables}};
    if (device)
      all["device"] = toJson(*device);
    stream << llvm::formatv("{0:2}", json::Value(std::move(all))) << "\n";
    return;
  }
  stream << "weights " << weightBytes << " bytes, " << numVariables << " variables\n";
  for (const EntryFacts &entry : entries) {
    stream << "entry " << entry.name << ": arena ";
    if (entry.isWorkspaceStatic)
      stream << entry.workspace << " bytes (" << entry.liveBytes << " live at once)";
    else
      stream << "grows with unknown sizes";
    stream << ", " << entry.numBuffers << " run-time sized buffers, " << entry.kernels.size() << " kernels\n";
    for (const auto &[symbol, meaning] : entry.symbols)
      stream << "  " << symbol << " = " << meaning << "\n";
    for (const KernelLine &line : entry.kernels) {
      stream << "  " << line.name << "  ";
      printFacts(stream, line.facts, roofline, line.isKnown);
      for (const KernelFacts &part : line.parts) {
        stream << "    ";
        printFacts(stream, part, roofline, /*isKnown=*/true);
      }
    }
    for (const std::string &call : entry.hostCalls)
      stream << "  call " << call << "\n";
  }
  if (device)
    printDevice(stream, *device);
}

} // namespace tgc

//===- Explain.cpp - What was compiled ------------------------------------===//
//
// Kernels are what the tiled phase leaves: contractions with what is computed of their sums, and loop nests.
// The memory plan is what stands in the entries after it was made.
//
//===----------------------------------------------------------------------===//

#include "tools/tgc/Explain.h"
#include "compiler/ABI/Descriptor.h"
#include "compiler/API/DeviceCode.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
namespace json = llvm::json;

namespace tgc {
namespace {

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
  return roofline.predict(kernel.flops.evaluate(1), kernel.bytes.evaluate(1));
}

StringRef getBound(const Roofline &roofline, const KernelFacts &kernel) {
  return roofline.isBoundByCompute(kernel.flops.evaluate(1), kernel.bytes.evaluate(1)) ? "compute" : "memory";
}

json::Object toJson(const KernelFacts &kernel, const Roofline &roofline) {
  json::Object result{{"node", kernel.node},
                      {"kind", kernel.kind},
                      {"sizes", toJson(kernel.sizes)},
                      {"summed", toJson(kernel.summed)},
                      {"flops", toJson(kernel.flops)},
                      {"bytes", toJson(kernel.bytes)},
                      {"bound", getBound(roofline, kernel)},
                      {"predicted_ns", predict(roofline, kernel)},
                      {"in_loop", kernel.isInLoop}};
  if (!kernel.tile.empty())
    result["tuned"] = kernel.tile;
  return result;
}

json::Object toJson(const EntryFacts &entry, const Roofline &roofline) {
  json::Array kernels, calls;
  for (const KernelFacts &kernel : entry.kernels)
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
  return json::Object{{"chip", device.chip},
                      {"kernels", std::move(kernels)},
                      {"copies", std::move(copies)},
                      {"host", std::move(host)}};
}

void printDevice(raw_ostream &stream, const DeviceCode &device) {
  stream << "device " << device.chip << ": " << device.kernels.records.size() << " kernels, "
         << device.transfers.size() << " copies\n";
  for (const KernelRecord &kernel : device.kernels.records)
    stream << "  launch " << kernel.name << "  " << kernel.node << (kernel.shared.empty() ? "" : ", or ")
           << kernel.shared << "\n";
  for (const Transfer &copy : device.transfers)
    stream << "  copy " << copy.memory
           << (copy.from == "host" || copy.to == "host" ? "" : " from " + copy.from) << " to "
           << (StringRef(copy.to).starts_with("GPU:") ? "" : "the ") << copy.to << " for " << copy.node
           << "\n";
  for (const HostWork &work : device.kernels.host)
    stream << "  host " << work.node << " (" << work.op << "): " << work.reason << "\n";
}

} // namespace

EntryFacts *Explanation::find(StringRef name) {
  auto found = llvm::find_if(entries, [&](const EntryFacts &entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

void Explanation::observe(Phase phase, ModuleOp module) {
  if (phase == Phase::Tiled)
    observeKernels(module);
  if (phase == Phase::Buffers)
    observeMemory(module);
}

void Explanation::observeKernels(ModuleOp module) {
  for (auto entry : module.getOps<func::FuncOp>()) {
    auto name = entry->getAttrOfType<StringAttr>("tg.entry");
    if (!name)
      continue;
    EntryFacts &facts = entries.emplace_back();
    facts.name = name.str();
    SizeNames names;
    entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (std::optional<KernelFacts> kernel = getKernelFacts(op, names))
        facts.kernels.push_back(std::move(*kernel));
      if (auto call = dyn_cast<tg::HostCallOp>(op))
        facts.hostCalls.push_back(nodeOf(op->getLoc()) + ": " + call.getKernel().str());
    });
    facts.symbols = names.getLegend().vec();
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
    for (const KernelFacts &kernel : entry.kernels)
      stream << "  " << kernel.kind << " [" << listOf(kernel.sizes) << (kernel.summed.empty() ? "" : " | ")
             << listOf(kernel.summed) << "]  " << kernel.flops.str() << " FLOP  " << kernel.bytes.str()
             << " bytes  " << llvm::formatv("{0:f2} us ", predict(roofline, kernel) / 1000)
             << getBound(roofline, kernel) << "  " << kernel.node
             << (kernel.isInLoop ? "  (each iteration)" : "")
             << (kernel.tile.empty() ? "" : "  measured: " + kernel.tile) << "\n";
    for (const std::string &call : entry.hostCalls)
      stream << "  call " << call << "\n";
  }
  if (device)
    printDevice(stream, *device);
}

} // namespace tgc

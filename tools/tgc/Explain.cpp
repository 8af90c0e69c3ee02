//===- Explain.cpp - What was compiled ------------------------------------===//
//
// Kernels are what the tiled phase leaves: contractions with what is computed of their sums, and loop nests.
// The memory plan is what stands in the entries after it was made.
//
//===----------------------------------------------------------------------===//

#include "tools/tgc/Explain.h"
#include "compiler/ABI/Descriptor.h"
#include "compiler/API/DeviceCode.h"
#include "compiler/Codegen/CPU/TunedTiles.h"
#include "compiler/Codegen/CPU/Winograd.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
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

/// Arithmetic on floating-point numbers that one point of the nest does.
int64_t flopsPerPoint(Region &body) {
  int64_t flops = 0;
  body.walk([&](Operation *op) {
    bool computes = isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) &&
                    op->getNumResults() == 1 && isa<FloatType>(op->getResult(0).getType()) &&
                    !isa<arith::ConstantOp, arith::SelectOp>(op) && !isa<CastOpInterface>(op);
    flops += computes;
  });
  return flops;
}

SymbolicSize bytesOf(Value value, SizeNames &names) {
  auto shaped = dyn_cast<ShapedType>(value.getType());
  if (!shaped)
    return 0;
  Type element = shaped.getElementType();
  SymbolicSize bytes = element.isIntOrFloat() ? (element.getIntOrFloatBitWidth() + 7) / 8 : 16;
  for (int64_t dim = 0; dim < shaped.getRank(); ++dim)
    bytes = bytes * names.sizeOf(value, dim);
  return bytes;
}

/// What kernels of all kinds have in common.
KernelFacts factsOf(Operation *op, SizeNames &names) {
  KernelFacts facts;
  facts.node = nodeOf(op->getLoc());
  facts.kind = op->getName().stripDialect().str();
  facts.isInLoop = op->getParentOfType<LoopLikeOpInterface>() != nullptr;
  for (Value operand : op->getOperands())
    facts.bytes += bytesOf(operand, names);
  return facts;
}

SymbolicSize productOf(ArrayRef<SymbolicSize> sizes) {
  SymbolicSize product = 1;
  for (const SymbolicSize &size : sizes)
    product = product * size;
  return product;
}

KernelFacts factsOf(linalg::LinalgOp op, SizeNames &names) {
  KernelFacts facts = factsOf(op.getOperation(), names);
  for (auto [loop, size] : llvm::enumerate(op.getStaticLoopRanges())) {
    SymbolicSize range = size;
    Value operand;
    unsigned dim;
    if (ShapedType::isDynamic(size) && succeeded(op.mapIterationSpaceDimToOperandDim(loop, operand, dim)))
      range = names.sizeOf(operand, dim);
    bool isSummed = op.getIteratorTypesArray()[loop] == utils::IteratorType::reduction;
    (isSummed ? facts.summed : facts.sizes).push_back(range);
  }
  facts.flops = productOf(facts.sizes) * productOf(facts.summed) * flopsPerPoint(op->getRegion(0));
  return facts;
}

/// The size of a contraction's loop, read off an operand that one dimension of runs along.
SymbolicSize loopSize(kernel::ContractOp op, unsigned loop, SizeNames &names) {
  if (!ShapedType::isDynamic(op.getLoopSizes()[loop]))
    return op.getLoopSizes()[loop];
  AffineExpr wanted = getAffineDimExpr(loop, op.getContext());
  for (auto [number, operand] : llvm::enumerate(op->getOperands())) {
    AffineMap map = op.getMap(number);
    bool isPacked =
        map.getNumResults() != static_cast<unsigned>(cast<ShapedType>(operand.getType()).getRank());
    if (auto dim = map.getResultPosition(wanted); dim && !isPacked)
      return names.sizeOf(operand, *dim);
  }
  return names.sizeOf(op.getInit(), 0);
}

std::string describe(TunedTile tile) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::ListSeparator comma(", ");
  if (tile.rows > 0)
    stream << comma << "tile of " << tile.rows << " rows x " << tile.vectors << " vectors";
  if (tile.groupBytes > 0)
    stream << comma << "groups of " << tile.groupBytes / 1024 << " KiB";
  if (tile.readsInPlace)
    stream << comma << "in place";
  return text.empty() ? "the table's tile" : text;
}

KernelFacts factsOf(kernel::ContractOp op, SizeNames &names) {
  KernelFacts facts = factsOf(op.getOperation(), names);
  if (op->hasAttr(kTunedTile))
    facts.tile = describe(getTunedTile(op));
  for (unsigned loop = 0; loop < op.getLoopSizes().size(); ++loop)
    (op.getInitMap().isFunctionOfDim(loop) ? facts.sizes : facts.summed).push_back(loopSize(op, loop, names));
  SymbolicSize perElement = productOf(facts.summed) * 2;
  if (op.getWinograd()) {
    // The transforms are not counted.
    facts.kind = "winograd";
    int64_t known = 1;
    SymbolicSize open = 1;
    for (const SymbolicSize &size : facts.summed) {
      if (std::optional<int64_t> constant = size.getConstant())
        known *= *constant;
      else
        open = open * size;
    }
    perElement = open * (2 * countProductsByTiles(op, known));
  }
  perElement += flopsPerPoint(op.getEpilogue());
  facts.flops = productOf(facts.sizes) * perElement;
  return facts;
}

/// The sizes of batches and queries, and of keys, which are summed over.
template <typename Op> void addSizesOfAttention(Op op, SizeNames &names, KernelFacts &facts) {
  auto sizeOf = [&](unsigned operand, unsigned loop) {
    auto position = op.getMap(operand).getResultPosition(getAffineDimExpr(loop, op.getContext()));
    return names.sizeOf(op.getOperand(operand), *position);
  };
  for (unsigned loop = 0; loop <= op.getQueryLoop(); ++loop)
    facts.sizes.push_back(sizeOf(op.getInitNumber(), loop));
  facts.summed.push_back(sizeOf(2, op.getKeyLoop()));
}

KernelFacts factsOf(kernel::AttentionOp op, SizeNames &names) {
  KernelFacts facts = factsOf(op.getOperation(), names);
  addSizesOfAttention(op, names, facts);
  // Two products, and per score the maximum, the difference, the exponential and the sum.
  int64_t products = op.getStaticSize(0, op.getDepthLoop()) + op.getStaticSize(2, op.getValueLoop());
  facts.flops =
      productOf(facts.sizes) * productOf(facts.summed) * (2 * products + flopsPerPoint(op.getScores()) + 4);
  return facts;
}

KernelFacts factsOf(kernel::AttentionGradOp op, SizeNames &names) {
  KernelFacts facts = factsOf(op.getOperation(), names);
  addSizesOfAttention(op, names, facts);
  // Five products, and per score the difference, the exponential, its share, and the difference and product
  // of gradients.
  int64_t products = 3 * op.getStaticSize(0, op.getDepthLoop()) + 2 * op.getStaticSize(2, op.getValueLoop());
  int64_t ofScore = flopsPerPoint(op.getScores()) + flopsPerPoint(op.getGradient()) + 5;
  facts.flops = productOf(facts.sizes) * productOf(facts.summed) * (2 * products + ofScore);
  return facts;
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
    kernels.push_back(json::Object{{"name", kernel.name}, {"node", kernel.node}, {"gpu", kernel.gpu}});
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
    stream << "  launch " << kernel.name << "  " << kernel.node << "\n";
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
      if (auto nest = dyn_cast<linalg::LinalgOp>(op))
        facts.kernels.push_back(factsOf(nest, names));
      if (auto contraction = dyn_cast<kernel::ContractOp>(op))
        facts.kernels.push_back(factsOf(contraction, names));
      if (auto attention = dyn_cast<kernel::AttentionOp>(op))
        facts.kernels.push_back(factsOf(attention, names));
      if (auto gradient = dyn_cast<kernel::AttentionGradOp>(op))
        facts.kernels.push_back(factsOf(gradient, names));
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

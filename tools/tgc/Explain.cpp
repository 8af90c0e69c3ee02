//===- Explain.cpp - What was compiled ------------------------------------===//
//
// Kernels are the loop nests before they are tiled; the memory plan is what stands in the entries after it
// was made.
//
//===----------------------------------------------------------------------===//

#include "tools/tgc/Explain.h"
#include "compiler/ABI/Descriptor.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
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

int64_t bytesOf(Type type, bool &isStatic) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped)
    return 0;
  Type element = shaped.getElementType();
  int64_t bytes = element.isIntOrFloat() ? (element.getIntOrFloatBitWidth() + 7) / 8 : 16;
  for (int64_t size : shaped.getShape()) {
    isStatic &= !ShapedType::isDynamic(size);
    bytes *= ShapedType::isDynamic(size) ? 1 : size;
  }
  return bytes;
}

KernelFacts factsOf(linalg::LinalgOp op) {
  KernelFacts facts;
  facts.node = nodeOf(op.getLoc());
  facts.kind = op->getName().stripDialect().str();
  auto types = op.getIteratorTypesArray();
  for (auto [size, type] : llvm::zip_equal(op.getStaticLoopRanges(), types)) {
    facts.isStatic &= !ShapedType::isDynamic(size);
    facts.numPoints *= ShapedType::isDynamic(size) ? 1 : size;
    facts.sizes += (facts.sizes.empty() ? "" : "x") +
                   (ShapedType::isDynamic(size) ? "?" : std::to_string(size)) +
                   (type == utils::IteratorType::reduction ? "r" : "");
  }
  facts.flops = facts.numPoints * flopsPerPoint(op->getRegion(0));
  for (Value operand : op->getOperands())
    facts.bytes += bytesOf(operand.getType(), facts.isStatic);
  return facts;
}

json::Object toJson(const KernelFacts &kernel) {
  return json::Object{{"node", kernel.node},   {"kind", kernel.kind},   {"sizes", kernel.sizes},
                      {"flops", kernel.flops}, {"bytes", kernel.bytes}, {"static", kernel.isStatic}};
}

json::Object toJson(const EntryFacts &entry) {
  json::Array kernels, calls;
  for (const KernelFacts &kernel : entry.kernels)
    kernels.push_back(toJson(kernel));
  for (const std::string &call : entry.hostCalls)
    calls.push_back(call);
  json::Object result{{"name", entry.name},
                      {"kernels", std::move(kernels)},
                      {"host_calls", std::move(calls)},
                      {"run_time_buffers", entry.numBuffers}};
  result["workspace_bytes"] = entry.isWorkspaceStatic ? json::Value(entry.workspace) : json::Value(nullptr);
  return result;
}

} // namespace

EntryFacts *Explanation::find(StringRef name) {
  auto found = llvm::find_if(entries, [&](const EntryFacts &entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

void Explanation::observe(Phase phase, ModuleOp module) {
  if (phase == Phase::Linalg)
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
    entry.walk([&](Operation *op) {
      if (auto nest = dyn_cast<linalg::LinalgOp>(op))
        facts.kernels.push_back(factsOf(nest));
      if (auto call = dyn_cast<tg::HostCallOp>(op))
        facts.hostCalls.push_back(nodeOf(op->getLoc()) + ": " + call.getKernel().str());
    });
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
      list.push_back(toJson(entry));
    json::Object all{
        {"entries", std::move(list)}, {"weight_bytes", weightBytes}, {"variables", numVariables}};
    stream << llvm::formatv("{0:2}", json::Value(std::move(all))) << "\n";
    return;
  }
  stream << "weights " << weightBytes << " bytes, " << numVariables << " variables\n";
  for (const EntryFacts &entry : entries) {
    stream << "entry " << entry.name << ": arena ";
    if (entry.isWorkspaceStatic)
      stream << entry.workspace << " bytes";
    else
      stream << "grows with unknown sizes";
    stream << ", " << entry.numBuffers << " run-time sized buffers, " << entry.kernels.size() << " kernels\n";
    for (const KernelFacts &kernel : entry.kernels)
      stream << "  " << kernel.kind << " " << kernel.sizes << "  " << kernel.flops << " FLOP  "
             << kernel.bytes << " bytes" << (kernel.isStatic ? "" : " per element of ?") << "  "
             << kernel.node << "\n";
    for (const std::string &call : entry.hostCalls)
      stream << "  call " << call << "\n";
  }
}

} // namespace tgc

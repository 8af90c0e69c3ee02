//===- KernelUses.cpp - The kernels that an entry runs --------------------===//

#include "compiler/Codegen/Common/KernelUses.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tgc {
namespace {

/// More nodes of a kernel are counted only.
constexpr size_t kMostNodes = 6;

/// Functions of the runtime that start kernels of a device, which times itself (tgc_rt_profile_device).
constexpr StringRef kDevicePrefix = "tgc_device_";

/// Functions that turn an operand of the kernel behind them, which has the same location.
bool isPacking(StringRef callee) {
  return callee.starts_with("tgc_pack_") || callee.starts_with("tgc_panels_");
}

/// The kernel's name, empty if the op is none.
StringRef getKernel(Operation *op) {
  if (auto call = dyn_cast<func::CallOp>(op))
    return call.getCallee().starts_with(kDevicePrefix) ? "" : call.getCallee();
  if (auto region = dyn_cast<rt::ParallelForOp>(op))
    return region.getCallee();
  if (auto call = dyn_cast<rt::HostCallOp>(op))
    return call.getKernel();
  if (isa<memref::CopyOp>(op))
    return "copy";
  if (isa<rt::UploadOp>(op))
    return "upload";
  if (isa<rt::DownloadOp>(op))
    return "download";
  return isa<linalg::LinalgOp>(op) ? "nest" : "";
}

/// The function that the op calls, if any.
StringRef getCallee(Operation *op) {
  if (auto call = dyn_cast<func::CallOp>(op))
    return call.getCallee();
  if (auto region = dyn_cast<rt::ParallelForOp>(op))
    return region.getCallee();
  return "";
}

/// Works that kernels of a block have, and the kernel's name.
using ClaimedWorks = llvm::DenseMap<std::pair<int64_t, Block *>, StringRef>;

/// What a kernel is made of.
struct WorkFinder {
  Operation *kernel;
  const SymbolTable &symbols;
  ClaimedWorks &claimed;
  std::vector<KernelWork> works = {};
  bool isKnown = true;
  llvm::SmallDenseSet<int64_t> seen = {};

  void visit(Operation *op) {
    std::optional<KernelWork> work = getWork(op->getLoc());
    StringRef callee = getCallee(op);
    if (isPacking(callee))
      return;
    if (auto copy = dyn_cast<memref::CopyOp>(op)) {
      takeCopy(copy);
    } else if (callee.empty()) {
      isKnown &= work && work->isKnown();
      if (work && work->isNest)
        take(*work, /*isShared=*/op != kernel);
    } else if (work && !work->isNest) {
      isKnown &= work->isKnown();
      take(*work, /*isShared=*/false);
    } else if (auto function = symbols.lookup<func::FuncOp>(callee)) {
      size_t before = works.size();
      function.walk([&](Operation *inner) {
        if (isa<linalg::LinalgOp>(inner) || !getCallee(inner).empty())
          visit(inner);
      });
      isKnown &= op == kernel || works.size() > before;
    }
  }

private:
  void takeCopy(memref::CopyOp copy) {
    auto type = dyn_cast<MemRefType>(copy.getTarget().getType());
    isKnown = type && type.hasStaticShape() && type.getElementType().isIntOrFloat();
    if (!isKnown)
      return;
    int64_t bytes = type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    works.push_back({/*number=*/0, /*isNest=*/true, "0", std::to_string(2 * bytes)});
  }

  /// What several kernels are made of is the first one's, unless they are calls of one function that are as
  /// many kernels: `isShared`. Branches are the ways to run one.
  void take(const KernelWork &work, bool isShared) {
    if (!seen.insert(work.number).second)
      return;
    StringRef name = getKernel(kernel);
    auto [claim, isNew] = claimed.try_emplace({work.number, kernel->getBlock()}, name);
    if (isNew || (isShared && claim->second == name))
      works.push_back(work);
  }
};

/// The nodes that the kernel computes, in the order of its code.
std::string describeNodes(Operation *kernel, const SymbolTable &symbols) {
  llvm::SetVector<StringRef> nodes;
  auto add = [&](Operation *op) {
    if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
      nodes.insert(name.getName());
  };
  auto addFunction = [&](StringRef name) {
    if (auto function = symbols.lookup<func::FuncOp>(name))
      function.walk([&](Operation *op) {
        if (isa<linalg::LinalgOp, func::CallOp>(op))
          add(op);
      });
  };
  if (auto region = dyn_cast<rt::ParallelForOp>(kernel))
    addFunction(region.getCallee());
  else if (auto call = dyn_cast<func::CallOp>(kernel))
    addFunction(call.getCallee());
  if (nodes.empty())
    add(kernel);
  size_t more = nodes.size() > kMostNodes ? nodes.size() - kMostNodes : 0;
  std::string text = llvm::join(nodes.getArrayRef().drop_back(more), ", ");
  return more ? text + " and " + std::to_string(more) + " more" : text;
}

} // namespace

std::vector<KernelUse> findKernels(func::FuncOp entry, const SymbolTable &symbols) {
  std::vector<KernelUse> kernels;
  ClaimedWorks claimed;
  entry.walk([&](Operation *op) {
    StringRef name = getKernel(op);
    if (name.empty())
      return;
    WorkFinder finder{op, symbols, claimed};
    finder.visit(op);
    kernels.push_back({op, name.str(), describeNodes(op, symbols), std::move(finder.works), finder.isKnown});
  });
  return kernels;
}

} // namespace tgc

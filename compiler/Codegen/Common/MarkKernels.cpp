//===- MarkKernels.cpp - Hooks between the kernels of a run ---------------===//
//
// A mark stands behind each kernel: what has passed since the mark before it is that kernel's time, with the
// little arithmetic on sizes around it, so the times add up to the run's. Kernels of a parallel region are
// one: marks are set on the run's own thread. Of a device's part these are the host's kernels and the copies.
//
// Behind the name of a kernel whose work is known stand its operations and its bytes, after a tab each.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/KernelWork.h"
#include "compiler/Codegen/Common/Passes.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_MARKKERNELSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// More nodes of a kernel are counted only.
constexpr size_t kMostNodes = 6;

/// Functions of the runtime that start kernels of a device, which times itself (tgc_rt_profile_device).
constexpr StringRef kDevicePrefix = "tgc_device_";

/// Functions that turn an operand of the kernel behind them, which has the same location.
constexpr StringRef kPackPrefix = "tgc_pack_";

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

struct MarkKernelsPass : impl::MarkKernelsPassBase<MarkKernelsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      if (!entry->hasAttr("rt.feeds"))
        continue;
      SmallVector<Operation *> kernels;
      entry.walk([&](Operation *op) {
        if (!getKernel(op).empty())
          kernels.push_back(op);
      });
      OpBuilder builder(&entry.front(), entry.front().begin());
      rt::MarkOp::create(builder, entry.getLoc(), entry.getArgument(0), "", "");
      claimed.clear();
      for (Operation *op : kernels) {
        builder.setInsertionPointAfter(op);
        rt::MarkOp::create(builder, op->getLoc(), entry.getArgument(0),
                           getKernel(op).str() + describeWork(op, symbols), describeNodes(op, symbols));
      }
    }
  }

  /// What stands behind the kernel's name; nothing if a part of its work is not known.
  std::string describeWork(Operation *kernel, SymbolTable &symbols) {
    if (auto copy = dyn_cast<memref::CopyOp>(kernel)) {
      auto type = dyn_cast<MemRefType>(copy.getTarget().getType());
      if (!type || !type.hasStaticShape() || !type.getElementType().isIntOrFloat())
        return "";
      int64_t bytes = type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
      return "\t0\t" + std::to_string(2 * bytes);
    }
    std::string operations = "0", bytes = "0";
    bool isKnown = true, hasWork = false;
    auto add = [&](Operation *op, bool mustBeKnown) {
      std::optional<KernelWork> work = getWork(op->getLoc());
      isKnown &= !mustBeKnown || work;
      // What several kernels are made of is the first one's; branches are the ways to run one.
      if (!work || work->isNest != isa<linalg::LinalgOp>(op) ||
          !claimed.insert({work->number, kernel->getBlock()}).second)
        return;
      hasWork = true;
      operations = addFormulas(operations, work->operations);
      bytes = addFormulas(bytes, work->bytes);
    };
    if (StringRef callee = getCallee(kernel); callee.starts_with(kPackPrefix))
      return "";
    else if (auto function = symbols.lookup<func::FuncOp>(callee))
      function.walk([&](Operation *op) {
        if (isa<linalg::LinalgOp>(op))
          add(op, /*mustBeKnown=*/true);
        else if (StringRef inner = getCallee(op); !inner.empty() && !inner.starts_with(kPackPrefix))
          add(op, /*mustBeKnown=*/true);
      });
    add(kernel, /*mustBeKnown=*/isa<linalg::LinalgOp>(kernel));
    return isKnown && hasWork ? "\t" + operations + "\t" + bytes : "";
  }

  /// Works that kernels of a block have.
  llvm::DenseSet<std::pair<int64_t, Block *>> claimed;

  /// The nodes that the kernel computes, in the order of its code.
  static std::string describeNodes(Operation *kernel, SymbolTable &symbols) {
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
};

} // namespace
} // namespace tgc

//===- MarkKernels.cpp - Hooks between the kernels of a run ---------------===//
//
// A mark stands behind each kernel: what has passed since the mark before it is that kernel's time, with the
// little arithmetic on sizes around it, so the times add up to the run's. Kernels of a parallel region are
// one: marks are set on the run's own thread. Of a device's part these are the host's kernels and the copies.
//
// Behind the name of a kernel whose work is known stand its operations and its bytes, after a tab each, and,
// if it does not compute in f32, in what.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/KernelUses.h"
#include "compiler/Codegen/Common/Passes.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_MARKKERNELSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

struct MarkKernelsPass : impl::MarkKernelsPassBase<MarkKernelsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      if (!entry->hasAttr("rt.feeds"))
        continue;
      std::vector<KernelUse> kernels = findKernels(entry, symbols);
      OpBuilder builder(&entry.front(), entry.front().begin());
      rt::MarkOp::create(builder, entry.getLoc(), entry.getArgument(0), "", "");
      for (const KernelUse &kernel : kernels) {
        builder.setInsertionPointAfter(kernel.op);
        rt::MarkOp::create(builder, kernel.op->getLoc(), entry.getArgument(0),
                           kernel.name + describeWork(kernel), kernel.nodes);
      }
    }
  }

  /// What stands behind the kernel's name; nothing if a part of its work is not known.
  static std::string describeWork(const KernelUse &kernel) {
    if (!kernel.isKnown || kernel.works.empty())
      return "";
    std::string operations = "0", bytes = "0";
    for (const KernelWork &work : kernel.works) {
      operations = addFormulas(operations, work.operations);
      bytes = addFormulas(bytes, work.bytes);
    }
    std::string type = joinTypes(kernel.works);
    return "\t" + operations + "\t" + bytes + (type == KernelWork().type ? "" : "\t" + type);
  }
};

} // namespace
} // namespace tgc

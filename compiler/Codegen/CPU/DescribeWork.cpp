//===- DescribeWork.cpp - How much each kernel does -----------------------===//
//
// Here a kernel is one op, which says what it computes of which sizes; later it is a function of loops. What
// is left of the op then is its location, so that is where its work is written down.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/CPU/KernelFacts.h"
#include "compiler/Codegen/CPU/Passes.h"
#include "compiler/Codegen/Common/KernelWork.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_DESCRIBEWORKPASS
#include "compiler/Codegen/CPU/Passes.h.inc"

namespace {

struct DescribeWorkPass : impl::DescribeWorkPassBase<DescribeWorkPass> {
  void runOnOperation() override {
    int64_t number = 0;
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      if (!entry->hasAttr("rt.feeds"))
        continue;
      SizeNames names;
      entry.walk([&](Operation *op) {
        std::optional<KernelFacts> facts = getKernelFacts(op, names);
        if (!facts)
          return;
        std::optional<std::string> operations = names.getFormula(facts->flops);
        std::optional<std::string> bytes = names.getFormula(facts->bytes);
        if (operations && bytes)
          setWork(op, {number++, isa<linalg::LinalgOp>(op), *operations, *bytes, facts->type});
      });
    }
  }
};

} // namespace
} // namespace tgc

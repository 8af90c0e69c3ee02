//===- OutlineDeepRegions.cpp - Functions of deep branches and loops ------===//
//
// For each pair of a write and a read one-shot analysis walks up the regions. The results of conditions that
// lie in each other all alias: n levels cost O(n^4). Functions of a few levels each keep the whole linear.
//
//===----------------------------------------------------------------------===//

#include "compiler/Codegen/Common/Outline.h"
#include "compiler/Codegen/Common/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_OUTLINEDEEPREGIONSPASS
#include "compiler/Codegen/Common/Passes.h.inc"

namespace {

/// Levels of regions that stay together. Programs that people write by hand hardly have more.
constexpr unsigned kLevels = 8;

struct OutlineDeepRegionsPass : impl::OutlineDeepRegionsPassBase<OutlineDeepRegionsPass> {
  void runOnOperation() override {
    SmallVector<Operation *> deep;
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>())
      for (Block &block : func.getBody())
        collect(block, 0, deep);
    for (auto [i, op] : llvm::enumerate(deep))
      outlineOps(getOperation(), op, ("tgc_region_" + Twine(i)).str());
  }

private:
  /// The innermost first.
  static void collect(Block &block, unsigned depth, SmallVectorImpl<Operation *> &deep) {
    for (Operation &op : block) {
      if (!isa<scf::IfOp, scf::WhileOp, scf::ForOp>(op))
        continue;
      for (Region &region : op.getRegions())
        for (Block &inner : region)
          collect(inner, depth + 1, deep);
      if (depth > 0 && depth % kLevels == 0)
        deep.push_back(&op);
    }
  }
};

} // namespace
} // namespace tgc

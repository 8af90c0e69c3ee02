//===- JoinProductSums.cpp - Gradients of weights that many steps read ----===//
//
// The gradient of a weight that every step of an unrolled recurrent net multiplies with is the sum of a
// product per step, each as large as the weight and of few summed elements: memory, not arithmetic, decides.
// One product of the operands of all steps, one behind the other, adds up in registers what was stored and
// read again.
//
//===----------------------------------------------------------------------===//

#include "compiler/Graph/Passes.h"
#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_JOINPRODUCTSUMSPASS
#include "compiler/Graph/Passes.h.inc"

namespace {

/// How many products are worth it.
constexpr size_t kLeastJoined = 3;

/// A product lhs' rhs whose result is larger than its operands, and only added to others.
tg::MatMulOp matchProduct(Value summand, Block *block) {
  auto product = summand.getDefiningOp<tg::MatMulOp>();
  if (!product || product->getBlock() != block || !product->hasOneUse() || !product.getTransposeLhs() ||
      product.getTransposeRhs())
    return {};
  auto lhs = product.getLhs().getType(), rhs = product.getRhs().getType();
  if (lhs.getRank() != 2 || !lhs.hasStaticShape() || !rhs.hasStaticShape())
    return {};
  int64_t rows = lhs.getDimSize(1), columns = rhs.getDimSize(1), summed = lhs.getDimSize(0);
  return rows * columns > 2 * summed * (rows + columns) ? product : tg::MatMulOp();
}

/// The summands of a tree of additions whose inner results nothing else reads, from left to right.
void collectSummands(tg::AddOp root, SmallVectorImpl<Value> &summands) {
  SmallVector<Value> pending = {root.getResult()};
  while (!pending.empty()) {
    Value next = pending.pop_back_val();
    auto add = next.getDefiningOp<tg::AddOp>();
    if (!add || add->getBlock() != root->getBlock() || (add != root && !next.hasOneUse())) {
      summands.push_back(next);
      continue;
    }
    pending.append({add->getOperand(1), add->getOperand(0)});
  }
}

Value concatenate(OpBuilder &builder, Location loc, ArrayRef<Value> rows) {
  auto first = cast<RankedTensorType>(rows.front().getType());
  int64_t count = 0;
  for (Value each : rows)
    count += cast<RankedTensorType>(each.getType()).getDimSize(0);
  auto type = RankedTensorType::get({count, first.getDimSize(1)}, first.getElementType());
  return tg::ConcatOp::create(builder, loc, type, rows, /*dimension=*/0);
}

struct JoinProductSumsPass : impl::JoinProductSumsPassBase<JoinProductSumsPass> {
  void runOnOperation() override {
    SmallVector<tg::AddOp> roots;
    getOperation().walk([&](tg::AddOp op) {
      bool isInner = op->hasOneUse() && isa<tg::AddOp>(*op->user_begin()) &&
                     op->getBlock() == op->user_begin()->getBlock();
      if (!isInner && isa<FloatType>(getElementTypeOrSelf(op.getType())))
        roots.push_back(op);
    });
    for (tg::AddOp root : roots)
      join(root);
  }

private:
  static void join(tg::AddOp root) {
    SmallVector<Value> summands, others, lhs, rhs;
    collectSummands(root, summands);
    for (Value summand : summands) {
      if (tg::MatMulOp product = matchProduct(summand, root->getBlock())) {
        lhs.push_back(product.getLhs());
        rhs.push_back(product.getRhs());
      } else {
        others.push_back(summand);
      }
    }
    if (lhs.size() < kLeastJoined)
      return;
    OpBuilder builder(root);
    Location loc = root.getLoc();
    Value sum = tg::MatMulOp::create(builder, loc, root.getType(), concatenate(builder, loc, lhs),
                                     concatenate(builder, loc, rhs), /*transpose_lhs=*/true,
                                     /*transpose_rhs=*/false);
    for (Value other : others)
      sum = tg::AddOp::create(builder, loc, root.getType(), sum, other);
    root.getResult().replaceAllUsesWith(sum);
  }
};

} // namespace
} // namespace tgc

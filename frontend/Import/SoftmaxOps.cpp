//===- SoftmaxOps.cpp - Softmax, cross entropy, InTopK --------------------===//
//
// The largest logit is subtracted first, so that no exponential overflows. Half precision is computed in f32.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Direction = tg::ComparisonDirection;
using Kind = tg::ReductionKind;
using Size = OpFoldResult;

/// Logits in the type of sums, less the largest of their row; their exponentials, and the sums of these.
struct ShiftedLogits {
  Value shifted, exponentials;
  Value sums; ///< with a last dimension of size one
};

ShiftedLogits shiftLogits(NodeImporter &n, Value logits) {
  auto type = cast<RankedTensorType>(logits.getType());
  Value x = n.cast(logits, n.getSumType(type.getElementType()));
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  int64_t last = type.getRank() - 1;
  Value shifted = n.sub(x, n.broadcastTo(n.stopGradient(n.reduce(Kind::Max, x, {last}, true)), shape));
  Value exponentials = n.create<tg::ExpOp>(shifted);
  return {shifted, exponentials, n.reduce(Kind::Sum, exponentials, {last}, true)};
}

LogicalResult checkRank(NodeImporter &n) {
  if (n.getRank(0) < 1)
    return n.error() << "logits must have at least one dimension, got " << n.getType(0);
  return success();
}

LogicalResult importSoftmax(NodeImporter &n) {
  if (failed(checkRank(n)))
    return failure();
  ShiftedLogits logits = shiftLogits(n, n.getTensor(0));
  Value result = n.div(logits.exponentials, n.broadcastTo(logits.sums, n.sizes.sizesOf(logits.exponentials)));
  n.setResult(n.cast(result, n.getElementType(0)));
  return success();
}

LogicalResult importLogSoftmax(NodeImporter &n) {
  if (failed(checkRank(n)))
    return failure();
  ShiftedLogits logits = shiftLogits(n, n.getTensor(0));
  Value logSums = n.broadcastTo(n.create<tg::LogOp>(logits.sums), n.sizes.sizesOf(logits.shifted));
  n.setResult(n.cast(n.sub(logits.shifted, logSums), n.getElementType(0)));
  return success();
}

/// Loss and gradient for labels that are distributions over the classes.
LogicalResult importCrossEntropy(NodeImporter &n) {
  auto operands = n.broadcastTogether({n.getTensor(0), n.getTensor(1)});
  if (failed(operands))
    return failure();
  if (cast<RankedTensorType>(operands->front().getType()).getRank() != 2)
    return n.error() << "logits and labels must be matrices, got " << n.getType(0) << " and " << n.getType(1);
  Type element = n.getElementType(0);
  ShiftedLogits logits = shiftLogits(n, operands->front());
  Value labels = n.cast(operands->back(), n.getSumType(element));
  SmallVector<Size> shape = n.sizes.sizesOf(logits.shifted);
  Value logSums = n.broadcastTo(n.create<tg::LogOp>(logits.sums), shape);
  Value loss = n.reduce(Kind::Sum, n.mul(labels, n.sub(logSums, logits.shifted)), {1});
  Value gradient = n.sub(n.div(logits.exponentials, n.broadcastTo(logits.sums, shape)), labels);
  // As TensorFlow has it, also for labels whose sum is not one.
  n.setResult(0,
              n.withPartials(n.cast(loss, element), *operands,
                             {n.cast(gradient, element), n.cast(n.sub(logSums, logits.shifted), element)}));
  n.setResult(1, n.cast(gradient, element));
  return success();
}

/// Ends the run where a label names no class.
void checkLabels(NodeImporter &n, Value labels, Size classes) {
  Type element = getElementTypeOrSelf(labels.getType());
  Value bound = n.broadcastTo(n.sizeTensor(classes, element), n.sizes.sizesOf(labels));
  Value isBad = n.create<tg::OrOp>(n.compare(Direction::LT, labels, n.splatLike(labels, 0)),
                                   n.compare(Direction::GE, labels, bound));
  Value anyBad = tensor::ExtractOp::create(n.builder, n.loc, n.reduce(Kind::Any, isBad, {0}), ValueRange());
  Value yes = arith::ConstantOp::create(n.builder, n.loc, n.builder.getBoolAttr(true));
  // The message names the smallest of them; the number is not used unless there is one.
  Value bad = n.reduce(Kind::Min, n.select(isBad, labels, bound), {0});
  Size example = n.extract(bad, {});
  n.check(arith::XOrIOp::create(n.builder, n.loc, anyBad, yes),
          "Received a label value of %d which is outside the valid range of [0, %d).",
          {n.sizes.get(example), n.sizes.get(classes)});
}

/// True where the class is that of the row's label.
Value isLabelled(NodeImporter &n, Value labels, ArrayRef<Size> shape) {
  Value spread = n.broadcastAlong(labels, 0, shape);
  return n.compare(Direction::EQ, n.iota(shape, getElementTypeOrSelf(labels.getType()), 1), spread);
}

/// The shape that a matrix of classes and a vector of labels agree on.
FailureOr<SmallVector<Size>> checkLabelShape(NodeImporter &n, StringRef what) {
  if (n.getRank(0) != 2 || n.getRank(1) != 1) {
    n.error() << what << " must be a matrix and a vector, got " << n.getType(0) << " and " << n.getType(1);
    return failure();
  }
  SmallVector<Size> shape = n.sizes.sizesOf(n.getTensor(0));
  Size rows = shape[0], labels = n.sizes.sizeOf(n.getTensor(1), 0);
  auto rowCount = IndexBuilder::getConstant(rows), labelCount = IndexBuilder::getConstant(labels);
  if (rowCount && labelCount && *rowCount != *labelCount) {
    n.error() << what << " must have as many rows as elements, got " << *rowCount << " and " << *labelCount;
    return failure();
  }
  if (!IndexBuilder::isEqual(rows, labels))
    n.check(n.sizes.equals(rows, labels), what + " must have as many rows as elements, got %d and %d",
            {n.sizes.get(rows), n.sizes.get(labels)});
  return shape;
}

/// Loss and gradient for labels that name one class each.
LogicalResult importSparseCrossEntropy(NodeImporter &n) {
  auto shape = checkLabelShape(n, "logits and labels");
  if (failed(shape))
    return failure();
  Value labels = n.withSizes(n.getTensor(1), shape->front());
  Type element = n.getElementType(0);
  if (IndexBuilder::isConstant(shape->back(), 0))
    return n.error() << "must have at least one class, got logits " << n.getType(0);
  checkLabels(n, labels, shape->back());
  ShiftedLogits logits = shiftLogits(n, n.getTensor(0));
  Value chosen = isLabelled(n, labels, *shape);
  Value zero = n.splatLike(logits.shifted, 0), one = n.splatLike(logits.shifted, 1);
  Value logSums = n.broadcastTo(n.create<tg::LogOp>(logits.sums), *shape);
  Value loss = n.reduce(Kind::Sum, n.select(chosen, n.sub(logSums, logits.shifted), zero), {1});
  Value softmax = n.div(logits.exponentials, n.broadcastTo(logits.sums, *shape));
  n.setResult(0, n.cast(loss, element));
  n.setResult(1, n.cast(n.sub(softmax, n.select(chosen, one, zero)), element));
  return success();
}

/// Whether fewer than k classes are more probable than the target. False where the target names no class or a
/// prediction is not finite.
LogicalResult importInTopK(NodeImporter &n) {
  auto shape = checkLabelShape(n, "predictions and targets");
  if (failed(shape))
    return failure();
  Value predictions = n.getTensor(0), targets = n.withSizes(n.getTensor(1), shape->front());
  Value chosen = isLabelled(n, targets, *shape);
  Value target = n.reduce(Kind::Sum, n.select(chosen, predictions, n.splatLike(predictions, 0)), {1}, true);
  Value isAbove = n.compare(Direction::GT, predictions, n.broadcastTo(target, *shape));
  Type counter = n.builder.getI64Type();
  Value above = n.reduce(Kind::Sum, n.cast(isAbove, counter), {1});
  Value k = n.node.op() == "InTopKV2" ? n.cast(n.getTensor(2), counter) : n.scalar(counter, n.getInt("k"));
  if (cast<RankedTensorType>(k.getType()).getRank() != 0)
    return n.error() << "k must be a scalar, got " << n.getType(2);
  Value isIn = n.compare(Direction::LT, above, n.broadcastTo(k, n.sizes.sizesOf(above)));
  Value isFinite = n.reduce(Kind::All, n.create<tg::IsFiniteOp>(predictions), {1});
  n.setResult(n.create<tg::AndOp>(isIn, n.create<tg::AndOp>(isFinite, n.reduce(Kind::Any, chosen, {1}))));
  return success();
}

} // namespace

void registerSoftmaxOps(OpRegistry &registry) {
  registry.add({"Softmax"}, importSoftmax);
  registry.add({"LogSoftmax"}, importLogSoftmax);
  registry.add({"SoftmaxCrossEntropyWithLogits"}, importCrossEntropy);
  registry.add({"SparseSoftmaxCrossEntropyWithLogits"}, importSparseCrossEntropy);
  registry.add({"InTopK", "InTopKV2"}, importInTopK);
}

} // namespace tgc

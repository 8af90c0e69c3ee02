//===- AttentionGradients.cpp - The gradients of a softmax between products -===//
//
// From the gradients g of softmax(f(Q K^T)) V, a graph computes
//
//   gradients of weights = g V^T,  of values = weights^T g
//   gradients of scores  = weights * (gradients of weights - sum over keys of weights * gradients of weights)
//   gradients of Q = f'(gradients of scores) K,  of K = f'(gradients of scores)^T Q
//
// in which the sum over keys is the sum of g and the results over their elements. So nothing of it needs the
// weights in memory: Dao et al., "FlashAttention", 2022. Here f' may be any function of a gradient and of
// what scores may read besides the products. All of it has to be there, and nothing else may read what is
// between. As in attention itself, what the graph rounds to f16 or bf16 between is not rounded.
//
//===----------------------------------------------------------------------===//

#include "compiler/Fusion/AttentionPattern.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc {

static bool isProductOf(Value value, Value a, Value b) {
  auto product = value.getDefiningOp<tg::MulOp>();
  return product && ((product.getLhs() == a && product.getRhs() == b) ||
                     (product.getLhs() == b && product.getRhs() == a));
}

/// The only user that is such an op.
template <typename Op> static Op findUser(Value value, function_ref<bool(Op)> isRight) {
  for (Operation *user : value.getUsers())
    if (auto op = dyn_cast<Op>(user); op && isRight(op))
      return op;
  return {};
}

/// With fewer scores of a batch, these stay in the cache, and to compute them again costs more than to read
/// them.
static constexpr int64_t kLeastScoresOfGradients = 1 << 16;

/// What is reshaped to the shape that it has: each size is its own, or that of what `repeated` is repeated
/// from along other dimensions.
static Value skipSameShape(Value value, Value repeated) {
  auto reshape = value.getDefiningOp<tg::ReshapeOp>();
  auto broadcast = repeated.getDefiningOp<tg::BroadcastToOp>();
  if (!reshape || !broadcast || reshape.getX().getType() != reshape.getType() ||
      reshape.getType() != repeated.getType())
    return value;
  auto type = cast<RankedTensorType>(reshape.getType());
  auto size = reshape.getSizes().begin();
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!type.isDynamicDim(dim))
      continue;
    auto known = (*size++).getDefiningOp<tensor::DimOp>();
    if (!known || known.getConstantIndex() != dim ||
        !(known.getSource() == reshape.getX() ||
          (known.getSource() == broadcast.getX() && broadcast.getX().getType().getRank() == type.getRank() &&
           llvm::is_contained(broadcast.getEqualDimensions(), dim))))
      return value;
  }
  return reshape.getX();
}

/// Whether there are so many scores, as far as is known, and batches to share the work.
static bool paysToRecompute(ArrayRef<int64_t> scores) {
  int64_t matrix = 1, batches = 1;
  for (int64_t size : scores.take_back(2))
    matrix *= ShapedType::isDynamic(size) ? kLeastScoresOfGradients : size;
  for (int64_t size : scores.drop_back(2))
    batches *= ShapedType::isDynamic(size) ? 2 : size;
  return matrix >= kLeastScoresOfGradients && batches > 1;
}

bool Attention::matchGradients() {
  if (!paysToRecompute(cast<RankedTensorType>(weights.getType()).getShape()) || !matchValueGradients())
    return false;
  Value weightGradients = matchScoreGradients();
  auto given = weightGradients ? weightGradients.getDefiningOp<tg::MatMulOp>() : tg::MatMulOp();
  if (!given)
    return false;
  Operand left = given.getTransposeLhs() ? describe(given.getLhs(), value(), query(), {})
                                         : describe(given.getLhs(), query(), value(), {});
  Operand right = given.getTransposeRhs() ? describe(given.getRhs(), key(), value(), {})
                                          : describe(given.getRhs(), value(), key(), {});
  members.insert(given);
  return left == gradients && right == values && matchProductGradients();
}

bool Attention::matchValueGradients() {
  ofValues = findUser<tg::MatMulOp>(weights, [&](tg::MatMulOp op) { return op != product; });
  if (!ofValues)
    return false;
  Value left = ofValues.getLhs(), right = ofValues.getRhs();
  SmallVector<unsigned> loops = allLoops(value());
  unsigned row = key(), column = value();
  if (left == weights && right != weights && ofValues.getTransposeLhs()) {
    gradients = ofValues.getTransposeRhs() ? describe(right, value(), query(), {})
                                           : describe(right, query(), value(), {});
  } else if (right == weights && left != weights && !ofValues.getTransposeRhs()) {
    std::swap(row, column);
    gradients = ofValues.getTransposeLhs() ? describe(left, query(), value(), {})
                                           : describe(left, value(), query(), {});
  } else {
    return false;
  }
  loops[query()] = row;
  loops.back() = column;
  valueGradients = withTranspose(ofValues, loops);
  return valueGradients.loops.back() == value();
}

Value Attention::matchScoreGradients() {
  Value weightGradients = matchGradientsOfSoftmax();
  return weightGradients ? weightGradients : matchGradientsOfSteps();
}

/// (dP - sum(dP * P)) * P, in f32 or in 16 bits.
Value Attention::matchGradientsOfSoftmax() {
  for (Value factor : {weights, quotients}) {
    tg::SubOp difference;
    auto result = findUser<tg::MulOp>(factor, [&](tg::MulOp op) {
      Value other = op.getLhs() == factor ? op.getRhs() : op.getLhs();
      difference = other.getDefiningOp<tg::SubOp>();
      return bool(difference);
    });
    Value sum = result ? matchRowReduction(difference.getRhs(), tg::ReductionKind::Sum) : Value();
    if (!sum || !isProductOf(sum, difference.getLhs(), factor))
      continue;
    for (Operation *op : {result.getOperation(), difference.getOperation(), sum.getDefiningOp()})
      members.insert(op);
    scoreGradients = result;
    return skipFloatCasts(difference.getLhs(), members);
  }
  return {};
}

/// (dP / s + sum(dP * (-e / s / s))) * e of the exponentials e and their sum s.
Value Attention::matchGradientsOfSteps() {
  auto division = quotients.getDefiningOp<tg::DivOp>();
  Value exponential = division.getLhs(), total = division.getRhs(), weightGradients;
  auto result = findUser<tg::MulOp>(exponential, [&](tg::MulOp op) {
    Value other = op.getLhs() == exponential ? op.getRhs() : op.getLhs();
    auto sum = other.getDefiningOp<tg::AddOp>();
    if (!sum)
      return false;
    for (auto [first, second] : {std::pair(sum.getLhs(), sum.getRhs()), {sum.getRhs(), sum.getLhs()}}) {
      auto share = first.getDefiningOp<tg::DivOp>();
      Value products =
          share && share.getRhs() == total ? matchRowReduction(second, tg::ReductionKind::Sum) : Value();
      if (products && skipSameShape(products, total) != products) {
        members.insert(products.getDefiningOp());
        products = skipSameShape(products, total);
      }
      auto product = products ? products.getDefiningOp<tg::MulOp>() : tg::MulOp();
      if (!product)
        continue;
      weightGradients = share.getLhs();
      Value rate = product.getLhs() == weightGradients ? product.getRhs() : product.getLhs();
      auto outer = rate.getDefiningOp<tg::DivOp>();
      auto inner = outer && outer.getRhs() == total ? outer.getLhs().getDefiningOp<tg::DivOp>() : tg::DivOp();
      auto negation =
          inner && inner.getRhs() == total ? inner.getLhs().getDefiningOp<tg::NegOp>() : tg::NegOp();
      if (!negation || negation.getX() != exponential || !isProductOf(products, weightGradients, rate))
        continue;
      for (Operation *member :
           {op.getOperation(), sum.getOperation(), share.getOperation(), product.getOperation(),
            outer.getOperation(), inner.getOperation(), negation.getOperation()})
        members.insert(member);
      return true;
    }
    return false;
  });
  if (!result)
    return {};
  scoreGradients = result;
  return skipFloatCasts(weightGradients, members);
}

bool Attention::matchProductGradients() {
  productGradients = scoreGradients;
  while (productGradients.hasOneUse()) {
    Operation *step = *productGradients.user_begin();
    if (!isa<tg::ScalarOpInterface>(step) || step->getNumResults() != 1 || !isFloat(step->getResult(0)))
      break;
    gradientSteps.insert(step);
    productGradients = step->getResult(0);
  }
  for (Operation *user : productGradients.getUsers())
    if (auto product = dyn_cast<tg::MatMulOp>(user); !product || !matchProductGradient(product))
      return false;
  if (!ofQueries || !ofKeys || queryGradients.loops.back() != depth() || keyGradients.loops.back() != depth())
    return false;
  root = scoreGradients;
  rootMembers = &gradientSteps;
  if (!collectExtras(productGradients))
    return false;
  members.insert(gradientSteps.begin(), gradientSteps.end());
  return true;
}

bool Attention::matchProductGradient(tg::MatMulOp product) {
  bool isLeft = product.getLhs() == productGradients;
  Value other = isLeft ? product.getRhs() : product.getLhs();
  if (other == productGradients)
    return false;
  // What is summed over keys is a gradient of queries.
  bool sumsKeys = isLeft ? !product.getTransposeLhs() : product.getTransposeRhs();
  unsigned summed = sumsKeys ? key() : query(), kept = sumsKeys ? query() : key();
  bool hasSummedFirst = isLeft ? !product.getTransposeRhs() : product.getTransposeLhs();
  Operand factor =
      hasSummedFirst ? describe(other, summed, depth(), summed) : describe(other, depth(), summed, summed);
  tg::MatMulOp &found = sumsKeys ? ofQueries : ofKeys;
  if (found || !(factor == (sumsKeys ? keys : queries)))
    return false;
  found = product;
  SmallVector<unsigned> loops = allLoops(isLeft ? depth() : kept);
  loops[query()] = isLeft ? kept : depth();
  (sumsKeys ? queryGradients : keyGradients) = withTranspose(product, loops);
  return true;
}

bool Attention::findPlaceOfGradients() {
  Block *block = product->getBlock();
  placeOfGradients = product;
  auto wait = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (op && op->getBlock() == block && placeOfGradients->isBeforeInBlock(op))
      placeOfGradients = op;
  };
  wait(gradients.value);
  for (const Operand &extra : extras)
    wait(extra.value);
  return llvm::all_of(
      ArrayRef<Operation *>{queryGradients.replaced, keyGradients.replaced, valueGradients.replaced},
      [&](Operation *replaced) {
        return replaced->getBlock() == block && llvm::all_of(replaced->getUsers(), [&](Operation *user) {
                 Operation *outer = block->findAncestorOpInBlock(*user);
                 return outer && placeOfGradients->isBeforeInBlock(outer);
               });
      });
}

void Attention::replaceGradients(Value attended, ArrayRef<unsigned> loops, ValueRange statistics) {
  OpBuilder builder(placeOfGradients->getContext());
  builder.setInsertionPointAfter(placeOfGradients);
  Location loc = ofQueries.getLoc();
  SmallVector<AffineMap> maps = {getMap(queries.loops), getMap(keys.loops), getMap(values.loops),
                                 getMap(loops), getMap(gradients.loops)};
  maps.append(2, getMap(llvm::to_vector(llvm::seq<unsigned>(0, query() + 1))));
  SmallVector<Value> operands, inits;
  for (const Operand &extra : extras) {
    operands.push_back(asFloat(builder, extra.value));
    maps.push_back(getMap(extra.loops));
  }
  for (const AttentionResult &result : {queryGradients, keyGradients, valueGradients}) {
    inits.push_back(createInit(builder, result.loops, queries.getType().getElementType()));
    maps.push_back(getMap(result.loops));
  }
  auto gradient = kernel::AttentionGradOp::create(builder, loc, ValueRange(inits).getTypes(), queries.value,
                                                  keys.value, values.value, attended, gradients.value,
                                                  statistics[0], statistics[1], operands, inits[0], inits[1],
                                                  inits[2], builder.getAffineMapArrayAttr(maps));
  buildRegion(builder, gradient.getScores(), extras.size(), scores.getResult(), logits);
  buildRegion(builder, gradient.getGradient(), extras.size(), scoreGradients, productGradients);
  const AttentionResult *results[] = {&queryGradients, &keyGradients, &valueGradients};
  for (auto [result, made] : llvm::zip_equal(results, gradient.getResults()))
    result->replaced->getResult(0).replaceAllUsesWith(made);
}

} // namespace tgc

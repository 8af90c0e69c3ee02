//===- FormAttention.cpp - Softmax between two products as one kernel -----===//
//
// softmax(f(Q K^T)) V, where f computes each score on its own (scale, masks that are added or selected, ...),
// needs no matrix of scores in memory: Dao et al., "FlashAttention", 2022. Recognised on tg, where the
// softmax is still one piece and sizes are named; transposes and repetitions around it become maps of the
// kernel. Whatever else reads the scores or the weights (a gradient, a fetch) keeps them, and all of it as it
// was. Where the graph has f16 or bf16, the kernel has f32 from the products to the weights: of what is
// between only sums are rounded. A mask that is added leaves nothing of the scores it hides, so a query that
// sees no key at all gets the mean of the values.
//
//===----------------------------------------------------------------------===//

#include "compiler/Fusion/AttentionPattern.h"
#include "compiler/Fusion/Passes.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "dialects/Tg/IR/TgOps.h"
#include "dialects/Tg/IR/TgShapes.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_FORMATTENTIONPASS
#include "compiler/Fusion/Passes.h.inc"

namespace {

/// With fewer queries or keys, vectors of queries stay half empty and scores are few.
constexpr int64_t kLeastQueries = 8, kLeastKeys = 8;
/// Elements of a query, a key or a value: blocks of each lie on the stack.
constexpr int64_t kLargestDepth = 256;
/// Ops that compute a score.
constexpr size_t kMostScoreOps = 32;

/// The size of a dimension, from operands that stay when the ops between are gone.
OpFoldResult findSize(OpBuilder &builder, Value value, int64_t dim) {
  auto type = cast<RankedTensorType>(value.getType());
  if (!type.isDynamicDim(dim))
    return builder.getIndexAttr(type.getDimSize(dim));
  Operation *op = value.getDefiningOp();
  if (auto transpose = dyn_cast_or_null<tg::TransposeOp>(op))
    return findSize(builder, transpose.getX(), transpose.getPermutation()[dim]);
  if (auto broadcast = dyn_cast_or_null<tg::BroadcastToOp>(op))
    return tg::mixSizes(builder, type, broadcast.getSizes())[dim];
  if (auto reshape = dyn_cast_or_null<tg::ReshapeOp>(op))
    return tg::mixSizes(builder, type, reshape.getSizes())[dim];
  if (isa_and_nonnull<tg::ScalarOpInterface>(op))
    return findSize(builder, op->getOperand(0), dim);
  if (auto product = dyn_cast_or_null<tg::MatMulOp>(op)) {
    int64_t last = type.getRank() - 1;
    if (dim == last)
      return findSize(builder, product.getRhs(), product.getTransposeRhs() ? last - 1 : last);
    return findSize(builder, product.getLhs(), dim == last - 1 && product.getTransposeLhs() ? last : dim);
  }
  return tg::getSize(builder, value.getLoc(), value, dim);
}

} // namespace

bool Attention::match() {
  weights = product.getLhs();
  if (product.getTransposeLhs() || !isFloat(weights) || !matchSoftmax() || !findScores(logits) || !scores ||
      steps.size() > kMostScoreOps)
    return false;
  members.insert(scores);
  findOperands();
  Type type = queries.getType().getElementType();
  if (type != keys.getType().getElementType() || type != values.getType().getElementType() || !pays())
    return false;
  root = scores.getResult();
  rootMembers = &members;
  if (!collectExtras(logits))
    return false;
  numScoreExtras = extras.size();
  auto areMembersUsedHereOnly = [&] {
    return llvm::all_of(members, [&](Operation *member) {
      return llvm::all_of(member->getUsers(), [&](Operation *user) {
        // What is computed again has the sizes of what stays.
        bool countsOnly = isa<tensor::DimOp>(user) &&
                          llvm::all_of(user->getUsers(), [&](Operation *op) { return members.contains(op); });
        return user == product || members.contains(user) || countsOnly ||
               (hasGradients && llvm::is_contained({ofQueries, ofKeys, ofValues}, user));
      });
    });
  };
  if (areMembersUsedHereOnly())
    return true;
  hasGradients = matchGradients();
  return hasGradients && areMembersUsedHereOnly() && findPlaceOfGradients();
}

AttentionResult Attention::withTranspose(tg::MatMulOp product, SmallVector<unsigned> loops) {
  if (!product->hasOneUse())
    return {product, loops};
  auto transpose = dyn_cast<tg::TransposeOp>(*product->user_begin());
  if (!transpose)
    return {product, loops};
  SmallVector<unsigned> permuted;
  for (int64_t dim : transpose.getPermutation())
    permuted.push_back(loops[dim]);
  return {transpose, permuted};
}

Value Attention::createInit(OpBuilder &builder, ArrayRef<unsigned> loops, Type element) {
  SmallVector<OpFoldResult> sizes;
  for (unsigned loop : loops)
    sizes.push_back(findLoopSize(builder, loop));
  return tensor::EmptyOp::create(builder, product.getLoc(), sizes, element);
}

void Attention::buildRegion(OpBuilder &builder, Region &region, size_t numExtras, Value root, Value result) {
  OpBuilder::InsertionGuard guard(builder);
  Location loc = product.getLoc();
  SmallVector<Type> elements(numExtras + 1, builder.getF32Type());
  Block *body = builder.createBlock(&region, {}, elements, SmallVector<Location>(elements.size(), loc));
  DenseMap<Value, Value> scalars;
  scalars[root] = body->getArgument(0);
  kernel::YieldOp::create(builder, loc, buildScore(builder, *body, result, scalars));
}

void Attention::replace() {
  OpBuilder builder(product);
  Location loc = product.getLoc();
  AttentionResult result = withTranspose(product, allLoops(value()));
  Type element = cast<RankedTensorType>(product.getType()).getElementType();
  Value init = createInit(builder, result.loops, element);
  SmallVector<Value> operands, statistics;
  SmallVector<AffineMap> maps = {getMap(queries.loops), getMap(keys.loops), getMap(values.loops)};
  for (const Operand &extra : ArrayRef(extras).take_front(numScoreExtras)) {
    operands.push_back(asFloat(builder, extra.value));
    maps.push_back(getMap(extra.loops));
  }
  maps.push_back(getMap(result.loops));
  if (hasGradients) {
    SmallVector<unsigned> rows = llvm::to_vector(llvm::seq<unsigned>(0, query() + 1));
    for (unsigned i = 0; i < 2; ++i) {
      statistics.push_back(createInit(builder, rows, builder.getF32Type()));
      maps.push_back(getMap(rows));
    }
  }
  SmallVector<Type> types = {init.getType()};
  llvm::append_range(types, ValueRange(statistics).getTypes());
  auto attention =
      kernel::AttentionOp::create(builder, loc, types, queries.value, keys.value, values.value, operands,
                                  init, statistics, builder.getAffineMapArrayAttr(maps));
  buildRegion(builder, attention.getScores(), numScoreExtras, scores.getResult(), logits);
  result.replaced->getResult(0).replaceAllUsesWith(attention.getResult(0));
  if (hasGradients)
    replaceGradients(attention.getResult(0), result.loops, attention.getResults().drop_front());
}

Value Attention::matchRowReduction(Value value, tg::ReductionKind kind) {
  auto broadcast = value.getDefiningOp<tg::BroadcastToOp>();
  auto reshape = broadcast ? broadcast.getX().getDefiningOp<tg::ReshapeOp>() : tg::ReshapeOp();
  auto reduce = reshape ? reshape.getX().getDefiningOp<tg::ReduceOp>() : tg::ReduceOp();
  auto type = cast<RankedTensorType>(value.getType());
  int64_t last = type.getRank() - 1;
  if (!reduce || reduce.getKind() != kind || reduce.getDimensions() != ArrayRef<int64_t>(last))
    return {};
  // One number per row, in the order of the rows: sizes are those of what it is repeated to.
  auto column = cast<RankedTensorType>(reshape.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = 1;
  if (column.getShape() != ArrayRef(shape) ||
      ValueRange(reshape.getSizes()) !=
          ValueRange(broadcast.getSizes()).take_front(reshape.getSizes().size()))
    return {};
  members.insert(broadcast);
  members.insert(reshape);
  members.insert(reduce);
  return reduce.getX();
}

bool Attention::matchSoftmax() {
  quotients = skipFloatCasts(weights, members);
  auto division = quotients.getDefiningOp<tg::DivOp>();
  auto exponential = division ? division.getLhs().getDefiningOp<tg::ExpOp>() : tg::ExpOp();
  auto difference = exponential ? exponential.getX().getDefiningOp<tg::SubOp>() : tg::SubOp();
  if (!difference)
    return false;
  logits = difference.getLhs();
  for (Operation *op : {division.getOperation(), exponential.getOperation(), difference.getOperation()})
    members.insert(op);
  return matchRowReduction(division.getRhs(), tg::ReductionKind::Sum) == exponential.getResult() &&
         matchRowReduction(difference.getRhs(), tg::ReductionKind::Max) == logits;
}

bool Attention::findScores(Value value) {
  if (scores && value == scores.getResult())
    return true;
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  auto [known, isNew] = steps.try_emplace(op, false);
  if (!isNew || steps.size() > kMostScoreOps)
    return known->second;
  if (auto found = dyn_cast<tg::MatMulOp>(op)) {
    if (!scores && isFloat(value) && isFloat(found.getLhs()))
      scores = found;
    return scores == found;
  }
  if (!isa<tg::ScalarOpInterface, tg::BroadcastToOp>(op) || op->getNumResults() != 1)
    return false;
  bool depends = false;
  for (Value operand : op->getOperands())
    if (isa<RankedTensorType>(operand.getType()))
      depends |= findScores(operand);
  if (depends)
    members.insert(op);
  return steps[op] = depends;
}

SmallVector<unsigned> Attention::allLoops(unsigned last) const {
  SmallVector<unsigned> loops = llvm::to_vector(llvm::seq<unsigned>(0, numBatches() + 1));
  loops.push_back(last);
  return loops;
}

AffineMap Attention::getMap(ArrayRef<unsigned> loops) const {
  MLIRContext *context = weights.getContext();
  SmallVector<AffineExpr> dims;
  for (unsigned loop : loops)
    dims.push_back(getAffineDimExpr(loop, context));
  return AffineMap::get(numBatches() + 4, 0, dims, context);
}

AttentionOperand Attention::describe(Value matrix, unsigned row, unsigned column,
                                     ArrayRef<unsigned> spread) const {
  Operand operand{matrix, {}};
  unsigned rank = operand.getType().getRank();
  for (unsigned loop = numBatches() + 2 - rank; loop < numBatches(); ++loop)
    operand.loops.push_back(loop);
  operand.loops.append({row, column});
  for (;;) {
    Operation *op = operand.value.getDefiningOp();
    if (auto transpose = dyn_cast_or_null<tg::TransposeOp>(op)) {
      SmallVector<unsigned> loops(operand.loops);
      for (auto [dim, source] : llvm::enumerate(transpose.getPermutation()))
        operand.loops[source] = loops[dim];
      operand.value = transpose.getX();
    } else if (auto broadcast = dyn_cast_or_null<tg::BroadcastToOp>(op);
               broadcast && repeatsOnly(broadcast, operand.loops, spread)) {
      operand.value = broadcast.getX();
      operand.loops.erase(operand.loops.begin(),
                          operand.loops.end() - cast<RankedTensorType>(broadcast.getX().getType()).getRank());
    } else {
      return operand;
    }
  }
}

bool Attention::repeatsOnly(tg::BroadcastToOp broadcast, ArrayRef<unsigned> loops,
                            ArrayRef<unsigned> spread) const {
  auto from = cast<RankedTensorType>(broadcast.getX().getType()),
       to = cast<RankedTensorType>(broadcast.getType());
  int64_t added = to.getRank() - from.getRank();
  for (auto [dim, loop] : llvm::enumerate(loops)) {
    if (loop < numBatches() || (llvm::is_contained(spread, loop) && int64_t(dim) >= added))
      continue;
    bool isEqual = int64_t(dim) >= added &&
                   (llvm::is_contained(broadcast.getEqualDimensions(), int64_t(dim)) ||
                    (!to.isDynamicDim(dim) && from.getDimSize(dim - added) == to.getDimSize(dim)));
    if (!isEqual)
      return false;
  }
  return true;
}

void Attention::findOperands() {
  bool isTransposed = scores.getTransposeRhs();
  queries = scores.getTransposeLhs() ? describe(scores.getLhs(), depth(), query(), query())
                                     : describe(scores.getLhs(), query(), depth(), query());
  keys = isTransposed ? describe(scores.getRhs(), key(), depth(), key())
                      : describe(scores.getRhs(), depth(), key(), key());
  values = product.getTransposeRhs() ? describe(product.getRhs(), value(), key(), {})
                                     : describe(product.getRhs(), key(), value(), {});
}

int64_t Attention::getStaticSize(const Operand &operand, unsigned loop) const {
  return operand.getType().getDimSize(llvm::find(operand.loops, loop) - operand.loops.begin());
}

bool Attention::pays() const {
  auto shape = cast<RankedTensorType>(logits.getType()).getShape();
  auto isAtLeast = [](int64_t size, int64_t least) { return ShapedType::isDynamic(size) || size >= least; };
  auto fits = [](int64_t size) { return !ShapedType::isDynamic(size) && size > 0 && size <= kLargestDepth; };
  int64_t depthSize = getStaticSize(queries, depth());
  return fits(depthSize) && getStaticSize(keys, depth()) == depthSize &&
         fits(getStaticSize(values, value())) && isAtLeast(shape[shape.size() - 2], kLeastQueries) &&
         isAtLeast(shape.back(), kLeastKeys);
}

OpFoldResult Attention::findLoopSize(OpBuilder &builder, unsigned loop) const {
  if (loop == value())
    return builder.getIndexAttr(getStaticSize(values, loop));
  if (loop == depth())
    return builder.getIndexAttr(getStaticSize(queries, loop));
  return findSize(builder, logits, loop);
}

bool Attention::isInRegion(Operation *op) const {
  if (!op || rootMembers->contains(op))
    return op;
  return isa<tg::ScalarOpInterface>(op) && op->getNumResults() == 1 && op->hasOneUse() &&
         llvm::any_of(op->getOperands(),
                      [](Value operand) { return operand.getDefiningOp<tg::BroadcastToOp>(); });
}

Value Attention::skipBroadcasts(Value value) {
  while (auto broadcast = value.getDefiningOp<tg::BroadcastToOp>())
    value = broadcast.getX();
  return value;
}

std::optional<TypedAttr> Attention::getSplat(Value value) {
  ElementsAttr elements;
  if (!matchPattern(skipBroadcasts(value), m_Constant(&elements)) || !elements.isSplat() ||
      !elements.getElementType().isSignlessIntOrFloat())
    return std::nullopt;
  auto element = dyn_cast<TypedAttr>(elements.getSplatValue<Attribute>());
  return element ? std::optional(element) : std::nullopt;
}

bool Attention::collectExtras(Value value) {
  if (value == root || extraOf.contains(value) || getSplat(value))
    return true;
  Operation *op = value.getDefiningOp();
  // The region of gradients has no scores.
  if (rootMembers != &members && members.contains(op))
    return false;
  if (isInRegion(op)) {
    auto operands = isa<tg::BroadcastToOp>(op) ? op->getOperands().take_front() : op->getOperands();
    return !visited.insert(op).second ||
           llvm::all_of(operands, [&](Value operand) { return collectExtras(operand); });
  }
  Operand extra{skipBroadcasts(value), {}};
  SmallVector<unsigned> loops = allLoops(key());
  extra.loops.assign(loops.end() - extra.getType().getRank(), loops.end());
  extraOf[value] = extras.size();
  extras.push_back(extra);
  return isFloat(value) || extra.getType().getElementType().isInteger(1);
}

Value Attention::asFloat(OpBuilder &builder, Value extra) {
  if (cast<RankedTensorType>(extra.getType()).getElementType().isF32())
    return extra;
  return tg::CastOp::create(builder, product.getLoc(),
                            tg::withElementType(extra.getType(), builder.getF32Type()), extra);
}

TypedAttr Attention::widen(TypedAttr number) {
  bool losesInfo;
  llvm::APFloat value = cast<FloatAttr>(number).getValue();
  value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return FloatAttr::get(Float32Type::get(number.getContext()), value);
}

Value Attention::buildScore(OpBuilder &builder, Block &body, Value value, DenseMap<Value, Value> &scalars) {
  if (Value known = scalars.lookup(value))
    return known;
  Location loc = product.getLoc();
  Value scalar;
  if (auto splat = getSplat(value)) {
    scalar = arith::ConstantOp::create(builder, loc, isFloat(value) ? widen(*splat) : *splat);
  } else if (auto extra = extraOf.find(value); extra != extraOf.end()) {
    scalar = body.getArgument(extra->second + 1);
    if (!isFloat(value)) {
      Value zero = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
      scalar = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE, scalar, zero);
    }
  } else if (auto broadcast = value.getDefiningOp<tg::BroadcastToOp>()) {
    scalar = buildScore(builder, body, broadcast.getX(), scalars);
  } else if (isFloatCast(value.getDefiningOp())) {
    scalar = buildScore(builder, body, value.getDefiningOp()->getOperand(0), scalars);
  } else {
    auto op = value.getDefiningOp<tg::ScalarOpInterface>();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(buildScore(builder, body, operand, scalars));
    scalar = op.buildScalar(builder, loc, operands);
    Type element = getElementTypeOrSelf(value.getType());
    if (isa<tg::AddOp, tg::SubOp>(op) && isa<FloatType>(element) && element.getIntOrFloatBitWidth() == 16) {
      Value rounded = arith::TruncFOp::create(builder, loc, element, scalar);
      scalar = arith::ExtFOp::create(builder, loc, scalar.getType(), rounded);
    }
  }
  return scalars[value] = scalar;
}

namespace {

struct FormAttentionPass : impl::FormAttentionPassBase<FormAttentionPass> {
  using FormAttentionPassBase::FormAttentionPassBase;

  void runOnOperation() override {
    SmallVector<tg::MatMulOp> products;
    getOperation().walk([&](tg::MatMulOp op) { products.push_back(op); });
    for (tg::MatMulOp op : products)
      if (Attention attention(op); attention.match())
        attention.replace();
  }
};

} // namespace
} // namespace tgc

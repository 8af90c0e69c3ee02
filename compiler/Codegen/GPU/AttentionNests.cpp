//===- AttentionNests.cpp - Attention among the nests ---------------------===//

#include "compiler/Codegen/GPU/AttentionNests.h"
#include "dialects/Kernel/IR/KernelDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tgc {

/// What a nest is: "forward" or "gradient".
static constexpr const char kAttribute[] = "tgc.attention", kForward[] = "forward", kGradient[] = "gradient";
/// Queries, keys and values come before what scores are made of besides.
static constexpr unsigned kNumProducts = 3;

bool isAttention(linalg::GenericOp op) { return op->hasAttr(kAttribute); }

bool isAttentionGradient(linalg::GenericOp op) {
  auto kind = op->getAttrOfType<StringAttr>(kAttribute);
  return kind && kind == kGradient;
}

unsigned getFirstExtra(linalg::GenericOp op) {
  return isAttentionGradient(op) ? unsigned(kernel::AttentionGradOp::kExtras) : kNumProducts;
}

AttentionLoops getAttentionLoops(linalg::GenericOp op) {
  unsigned first = op.getNumLoops() - 4;
  return {llvm::to_vector(llvm::seq(first)), first, first + 1, first + 2, first + 3};
}

OpOperand &getCounter(linalg::GenericOp op, unsigned loop) {
  AttentionLoops loops = getAttentionLoops(op);
  if (loop == loops.key || (loop == loops.value && isAttentionGradient(op)))
    return *op.getDpsInputOperand(2);
  return loop == loops.depth ? *op.getDpsInputOperand(0) : op.getDpsInitsMutable()[0];
}

namespace {

/// One of both ops.
struct AttentionLike {
  template <typename Op>
  explicit AttentionLike(Op op)
      : op(op), init(op.getInitNumber()), firstExtra(init - op.getExtras().size()), query(op.getQueryLoop()) {
    for (unsigned i = 0; i < op->getNumOperands(); ++i)
      maps.push_back(op.getMap(i));
  }

  /// Whether a loop may find one element of an operand where it wants many.
  bool isRepeatable(unsigned operand, unsigned loop) const {
    if (operand >= init)
      return false;
    return loop < query || (operand >= firstExtra && loop <= query + 1);
  }

  Operation *op;
  unsigned init, firstExtra, query;
  SmallVector<AffineMap> maps;
};

} // namespace

/// Whether operands agree on the sizes of loops, but for those that are repeated.
static bool isNest(const AttentionLike &like) {
  SmallVector<int64_t> sizes(like.maps[0].getNumDims(), ShapedType::kDynamic);
  for (unsigned i = 0; i < like.maps.size(); ++i)
    for (auto [dim, size] : llvm::enumerate(cast<MemRefType>(like.op->getOperand(i).getType()).getShape())) {
      unsigned loop = like.maps[i].getDimPosition(dim);
      if (ShapedType::isDynamic(size) || (size == 1 && like.isRepeatable(i, loop)))
        continue;
      if (!ShapedType::isDynamic(sizes[loop]) && sizes[loop] != size)
        return false;
      sizes[loop] = size;
    }
  return true;
}

/// Drops a dimension of size one that a loop would repeat.
static std::pair<Value, AffineMap> withoutRepeated(OpBuilder &builder, const AttentionLike &like,
                                                   unsigned operand) {
  Value memory = like.op->getOperand(operand);
  AffineMap map = like.maps[operand];
  auto type = cast<MemRefType>(memory.getType());
  SmallVector<int64_t> kept;
  SmallVector<AffineExpr> exprs;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (size != 1 || !like.isRepeatable(operand, map.getDimPosition(dim))) {
      kept.push_back(size);
      exprs.push_back(map.getResult(dim));
    }
  if (kept.size() == size_t(type.getRank()))
    return {memory, map};
  Location loc = like.op->getLoc();
  SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0)),
      strides(type.getRank(), builder.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = memref::getMixedSizes(builder, loc, memory);
  MemRefType reduced = memref::SubViewOp::inferRankReducedResultType(kept, type, offsets, sizes, strides);
  Value view = memref::SubViewOp::create(builder, loc, reduced, memory, offsets, sizes, strides);
  return {view, AffineMap::get(map.getNumDims(), 0, exprs, builder.getContext())};
}

/// What a region makes of `first` and the extras among a nest's elements.
static Value inlineRegion(OpBuilder &builder, Region &region, Value first, ValueRange extras) {
  IRMapping mapping;
  Block &body = region.front();
  mapping.map(body.getArgument(0), first);
  mapping.map(body.getArguments().drop_front(), extras);
  for (Operation &one : body.without_terminator())
    builder.clone(one, mapping);
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}

/// `build` yields a value for each result.
static void turnIntoNest(const AttentionLike &like, StringRef kind,
                         function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> build) {
  OpBuilder builder(like.op);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (unsigned i = 0; i < like.init; ++i) {
    auto [memory, map] = withoutRepeated(builder, like, i);
    inputs.push_back(memory);
    maps.push_back(map);
  }
  llvm::append_range(maps, ArrayRef(like.maps).drop_front(like.init));
  SmallVector<utils::IteratorType> iterators(like.maps[0].getNumDims(), utils::IteratorType::parallel);
  iterators[like.query + 1] = iterators[like.query + 2] = utils::IteratorType::reduction;
  auto nest = linalg::GenericOp::create(builder, like.op->getLoc(), inputs,
                                        like.op->getOperands().drop_front(like.init), maps, iterators,
                                        [&](OpBuilder &inner, Location loc, ValueRange elements) {
                                          linalg::YieldOp::create(inner, loc, build(inner, elements));
                                        });
  nest->setAttr(kAttribute, builder.getStringAttr(kind));
  nest->setAttr(kAloneAttribute, builder.getUnitAttr());
  like.op->erase();
}

static void turnIntoNest(kernel::AttentionOp op) {
  AttentionLike like(op);
  turnIntoNest(like, kForward, [&](OpBuilder &builder, ValueRange elements) {
    ValueRange extras = elements.take_front(like.init).drop_front(like.firstExtra);
    Value score = inlineRegion(builder, op.getScores(), elements[0], extras);
    SmallVector<Value> yielded(elements.drop_front(like.init));
    yielded.front() = score;
    return yielded;
  });
}

static void turnIntoNest(kernel::AttentionGradOp op) {
  AttentionLike like(op);
  turnIntoNest(like, kGradient, [&](OpBuilder &builder, ValueRange elements) {
    ValueRange extras = elements.take_front(like.init).drop_front(like.firstExtra);
    Value score = inlineRegion(builder, op.getScores(), elements[0], extras);
    Value gradient = inlineRegion(builder, op.getGradient(), elements[1], extras);
    return SmallVector<Value>{score, gradient, elements.back()};
  });
}

template <typename Op> static void turnAllIntoNests(ModuleOp program) {
  SmallVector<Op> ops;
  program.walk([&](Op op) {
    // Nothing is launched by other functions, where a nest would stay one.
    if (op->template getParentOfType<func::FuncOp>()->hasAttr("rt.feeds") && isNest(AttentionLike(op)))
      ops.push_back(op);
  });
  for (Op op : ops)
    turnIntoNest(op);
}

void turnAttentionIntoNests(ModuleOp program) {
  turnAllIntoNests<kernel::AttentionOp>(program);
  turnAllIntoNests<kernel::AttentionGradOp>(program);
}

/// Clones what makes a value of the arguments that are mapped.
static Value cloneMaker(OpBuilder &builder, Value value, Block &body, IRMapping &mapping) {
  Operation *maker = value.getDefiningOp();
  if (mapping.contains(value) || !maker || maker->getBlock() != &body)
    return mapping.lookupOrDefault(value);
  for (Value operand : maker->getOperands())
    cloneMaker(builder, operand, body, mapping);
  builder.clone(*maker, mapping);
  return mapping.lookup(value);
}

/// The region that makes what a nest yields first or second, of the element of the same number and extras.
static void restoreRegion(OpBuilder &builder, linalg::GenericOp nest, unsigned number, Region &region) {
  OpBuilder::InsertionGuard guard(builder);
  Block &body = *nest.getBody(), *restored = builder.createBlock(&region);
  IRMapping mapping;
  auto addArgument = [&](Value element) {
    mapping.map(element, restored->addArgument(builder.getF32Type(), nest.getLoc()));
  };
  addArgument(body.getArgument(number));
  for (unsigned i = getFirstExtra(nest); i < nest.getNumDpsInputs(); ++i)
    addArgument(body.getArgument(i));
  Value yielded = cloneMaker(builder, body.getTerminator()->getOperand(number), body, mapping);
  kernel::YieldOp::create(builder, nest.getLoc(), yielded);
}

Operation *turnIntoAttention(linalg::GenericOp nest) {
  OpBuilder builder(nest);
  Location loc = nest.getLoc();
  SmallVector<Value> inputs = nest.getDpsInputs(), inits = llvm::to_vector(nest.getDpsInits());
  ValueRange extras = ValueRange(inputs).drop_front(getFirstExtra(nest));
  Operation *restored;
  if (isAttentionGradient(nest)) {
    using Op = kernel::AttentionGradOp;
    auto op =
        Op::create(builder, loc, TypeRange(), inputs[Op::kQueries], inputs[Op::kKeys], inputs[Op::kValues],
                   inputs[Op::kAttended], inputs[Op::kGradients], inputs[Op::kLargest], inputs[Op::kSums],
                   extras, inits[0], inits[1], inits[2], nest.getIndexingMaps());
    restoreRegion(builder, nest, 0, op.getScores());
    restoreRegion(builder, nest, 1, op.getGradient());
    restored = op;
  } else {
    auto op = kernel::AttentionOp::create(builder, loc, TypeRange(), inputs[0], inputs[1], inputs[2], extras,
                                          inits[0], ValueRange(inits).drop_front(), nest.getIndexingMaps());
    restoreRegion(builder, nest, 0, op.getScores());
    restored = op;
  }
  nest.erase();
  return restored;
}

} // namespace tgc

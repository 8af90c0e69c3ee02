//===- TgControlFlowOps.cpp - Conditions and loops ------------------------===//
//
// Text, verification and simplification. What is simplified here is what importing leaves behind: values that
// a branch or an iteration hands on unchanged, carried values that nobody reads, conditions that have become
// known.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace tgc::tg {

YieldOp IfOp::getThenYield() { return cast<YieldOp>(getThenRegion().front().getTerminator()); }
YieldOp IfOp::getElseYield() { return cast<YieldOp>(getElseRegion().front().getTerminator()); }
YieldOp WhileOp::getCondYield() { return cast<YieldOp>(getCond()->getTerminator()); }
YieldOp WhileOp::getBodyYield() { return cast<YieldOp>(getBody()->getTerminator()); }

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

void WhileOp::print(OpAsmPrinter &p) {
  auto printArguments = [&](ValueRange arguments) {
    llvm::interleaveComma(arguments, p,
                          [&](Value v) { p.printRegionArgument(cast<BlockArgument>(v), {}, true); });
  };
  p << " (";
  llvm::interleaveComma(llvm::zip_equal(getCond()->getArguments(), getInits()), p, [&](auto pair) {
    p.printRegionArgument(std::get<0>(pair), {}, true);
    p << " = " << std::get<1>(pair);
  });
  p << ") : (" << getResultTypes() << ") cond ";
  p.printRegion(getCondRegion(), false);
  p << " do ";
  if (!getInits().empty()) {
    p << '(';
    printArguments(getBody()->getArguments());
    p << ") ";
  }
  p.printRegion(getBodyRegion(), false);
  p.printOptionalAttrDict((*this)->getAttrs());
}

ParseResult WhileOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::Argument> condArguments, bodyArguments;
  SmallVector<OpAsmParser::UnresolvedOperand> inits;
  SmallVector<Type> types;
  SMLoc where = parser.getCurrentLocation();
  if (parser.parseAssignmentList(condArguments, inits) || parser.parseColon() || parser.parseLParen())
    return failure();
  if (failed(parser.parseOptionalRParen()) && (parser.parseTypeList(types) || parser.parseRParen()))
    return failure();
  if (types.size() != condArguments.size())
    return parser.emitError(where) << "has " << condArguments.size() << " carried values and " << types.size()
                                   << " types";
  if (parser.resolveOperands(inits, types, where, result.operands))
    return failure();
  result.addTypes(types);
  for (auto [argument, type] : llvm::zip_equal(condArguments, types))
    argument.type = type;
  if (parser.parseKeyword("cond") || parser.parseRegion(*result.addRegion(), condArguments) ||
      parser.parseKeyword("do") ||
      parser.parseArgumentList(bodyArguments, OpAsmParser::Delimiter::OptionalParen))
    return failure();
  if (bodyArguments.empty())
    bodyArguments = condArguments;
  if (bodyArguments.size() != types.size())
    return parser.emitError(where) << "has " << types.size() << " carried values, the second region "
                                   << bodyArguments.size() << " arguments";
  for (auto [argument, type] : llvm::zip_equal(bodyArguments, types))
    argument.type = type;
  if (parser.parseRegion(*result.addRegion(), bodyArguments) ||
      parser.parseOptionalAttrDict(result.attributes))
    return failure();
  for (auto &region : result.regions)
    ensureTerminator(*region, parser.getBuilder(), result.location);
  return success();
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

/// That values of `got` fit where `wanted` are expected.
static LogicalResult verifyTypes(Operation *op, const char *what, TypeRange got, TypeRange wanted) {
  if (got.size() != wanted.size())
    return op->emitOpError() << what << " " << got.size() << " values, expected " << wanted.size();
  for (auto [i, types] : llvm::enumerate(llvm::zip_equal(got, wanted)))
    if (std::get<0>(types) != std::get<1>(types))
      return op->emitOpError() << what << " " << std::get<0>(types) << " as value " << i << ", expected "
                               << std::get<1>(types);
  return success();
}

LogicalResult IfOp::verifyRegions() {
  if (failed(
          verifyTypes(*this, "first region yields", getThenYield().getValues().getTypes(), getResultTypes())))
    return failure();
  return verifyTypes(*this, "second region yields", getElseYield().getValues().getTypes(), getResultTypes());
}

LogicalResult WhileOp::verifyRegions() {
  if (failed(verifyTypes(*this, "condition takes", getCond()->getArgumentTypes(), getResultTypes())) ||
      failed(verifyTypes(*this, "body takes", getBody()->getArgumentTypes(), getResultTypes())) ||
      failed(verifyTypes(*this, "body yields", getBodyYield().getValues().getTypes(), getResultTypes())))
    return failure();
  auto condition = getCondYield().getValues();
  if (condition.size() != 1 || !condition[0].getType().isInteger(1))
    return emitOpError() << "condition must yield one i1";
  return success();
}

//===----------------------------------------------------------------------===//
// Simplification of tg.if
//===----------------------------------------------------------------------===//

namespace {

/// The op without the results that `isKept` does not name.
template <typename Op>
void eraseResults(PatternRewriter &rewriter, Op from, Op to, const llvm::BitVector &isKept) {
  SmallVector<Value> replacements;
  unsigned next = 0;
  for (unsigned i = 0; i < from->getNumResults(); ++i)
    replacements.push_back(isKept[i] ? Value(to->getResult(next++)) : Value());
  for (auto [old, replacement] : llvm::zip_equal(from->getResults(), replacements))
    if (replacement)
      rewriter.replaceAllUsesWith(old, replacement);
  rewriter.eraseOp(from);
}

struct InlineKnownIf : OpRewritePattern<IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IfOp op, PatternRewriter &rewriter) const override {
    APInt known;
    if (!matchPattern(op.getCondition(), m_ConstantInt(&known)))
      return rewriter.notifyMatchFailure(op, "condition is not known");
    Block &block = (known.isZero() ? op.getElseRegion() : op.getThenRegion()).front();
    auto yield = cast<YieldOp>(block.getTerminator());
    SmallVector<Value> values(yield.getValues());
    rewriter.eraseOp(yield);
    rewriter.inlineBlockBefore(&block, op);
    rewriter.replaceOp(op, values);
    return success();
  }
};

/// Inside the regions the condition is known.
struct PropagateCondition : OpRewritePattern<IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IfOp op, PatternRewriter &rewriter) const override {
    if (matchPattern(op.getCondition(), m_Constant()))
      return failure();
    bool changed = false;
    Value constants[2];
    auto replaceIn = [&](Region &region, bool value) {
      for (OpOperand &use : llvm::make_early_inc_range(op.getCondition().getUses())) {
        if (!region.isAncestor(use.getOwner()->getParentRegion()))
          continue;
        if (!constants[value])
          constants[value] = arith::ConstantOp::create(rewriter, op.getLoc(), rewriter.getBoolAttr(value));
        rewriter.modifyOpInPlace(use.getOwner(), [&] { use.set(constants[value]); });
        changed = true;
      }
    };
    replaceIn(op.getThenRegion(), true);
    replaceIn(op.getElseRegion(), false);
    return success(changed);
  }
};

/// Results that nobody uses, that are the same value from outside either way, or the condition itself.
struct DropIfResults : OpRewritePattern<IfOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(IfOp op, PatternRewriter &rewriter) const override {
    llvm::BitVector isKept(op.getNumResults(), true);
    for (auto [i, result] : llvm::enumerate(op.getResults())) {
      Value yes = op.getThenYield().getValues()[i], no = op.getElseYield().getValues()[i];
      if (yes == no)
        rewriter.replaceAllUsesWith(result, yes);
      else if (matchPattern(yes, m_One()) && matchPattern(no, m_Zero()) && result.getType().isInteger(1))
        rewriter.replaceAllUsesWith(result, op.getCondition());
      if (result.use_empty())
        isKept.reset(i);
    }
    if (isKept.all())
      return failure();
    SmallVector<Type> types;
    for (unsigned i : isKept.set_bits())
      types.push_back(op.getResult(i).getType());
    auto shrunk = IfOp::create(rewriter, op.getLoc(), types, op.getCondition());
    shrunk.getThenRegion().takeBody(op.getThenRegion());
    shrunk.getElseRegion().takeBody(op.getElseRegion());
    for (YieldOp yield : {shrunk.getThenYield(), shrunk.getElseYield()}) {
      SmallVector<Value> values;
      for (unsigned i : isKept.set_bits())
        values.push_back(yield.getValues()[i]);
      rewriter.modifyOpInPlace(yield, [&] { yield.getValuesMutable().assign(values); });
    }
    eraseResults(rewriter, op, shrunk, isKept);
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Simplification of tg.while
//===----------------------------------------------------------------------===//

/// A loop whose condition never holds.
struct DropIdleWhile : OpRewritePattern<WhileOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(WhileOp op, PatternRewriter &rewriter) const override {
    if (!matchPattern(op.getCondYield().getValues()[0], m_Zero()))
      return rewriter.notifyMatchFailure(op, "condition is not known");
    // The condition runs once; what it checks stays checked.
    Block *cond = op.getCond();
    rewriter.eraseOp(cond->getTerminator());
    SmallVector<Value> inits(op.getInits());
    rewriter.inlineBlockBefore(cond, op, inits);
    rewriter.replaceOp(op, inits);
    return success();
  }
};

/// Finds the carried values of a loop that matter: for its results, its condition or an op that must not go
/// away.
class CarriedLiveness {
public:
  explicit CarriedLiveness(WhileOp loop) : loop(loop), live(loop.getNumResults()) {
    for (Value result : loop.getResults())
      if (!result.use_empty())
        markCarried(cast<OpResult>(result).getResultNumber());
    for (Region *region : {&loop.getCondRegion(), &loop.getBodyRegion()})
      for (Operation &op : region->front())
        if (!isMemoryEffectFree(&op))
          markOp(&op);
    mark(loop.getCondYield().getValues()[0]);
    while (!work.empty())
      for (Value operand : work.pop_back_val())
        mark(operand);
  }
  const llvm::BitVector &get() const { return live; }

private:
  void markCarried(unsigned i) {
    if (live[i])
      return;
    live.set(i);
    work.push_back({loop.getBodyYield().getValues()[i]});
  }
  void mark(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      if (argument.getOwner() == loop.getCond() || argument.getOwner() == loop.getBody())
        markCarried(argument.getArgNumber());
      return;
    }
    if (Operation *op = value.getDefiningOp(); loop->isProperAncestor(op))
      markOp(op);
  }
  /// With all that its regions use.
  void markOp(Operation *op) {
    if (!visited.insert(op).second)
      return;
    op->walk([&](Operation *inner) { work.push_back(llvm::to_vector(inner->getOperands())); });
  }

  WhileOp loop;
  llvm::BitVector live;
  llvm::SmallPtrSet<Operation *, 16> visited;
  SmallVector<SmallVector<Value>> work;
};

/// Carried values that no iteration changes are their initial values; those that do not matter go away.
struct DropCarried : OpRewritePattern<WhileOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(WhileOp op, PatternRewriter &rewriter) const override {
    for (unsigned i = 0; i < op.getNumResults(); ++i) {
      Value next = op.getBodyYield().getValues()[i], init = op.getInits()[i];
      if (next != op.getBody()->getArgument(i) && next != init)
        continue;
      rewriter.replaceAllUsesWith(op.getResult(i), init);
      rewriter.replaceAllUsesWith(op.getCond()->getArgument(i), init);
      rewriter.replaceAllUsesWith(op.getBody()->getArgument(i), init);
    }
    llvm::BitVector isKept = CarriedLiveness(op).get();
    if (isKept.all())
      return failure();
    SmallVector<Value> inits, next;
    SmallVector<Type> types;
    for (unsigned i : isKept.set_bits()) {
      inits.push_back(op.getInits()[i]);
      types.push_back(inits.back().getType());
      next.push_back(op.getBodyYield().getValues()[i]);
    }
    YieldOp yield = op.getBodyYield();
    rewriter.modifyOpInPlace(yield, [&] { yield.getValuesMutable().assign(next); });
    // What is left of the others feeds nothing but itself.
    for (Block *block : {op.getCond(), op.getBody()})
      for (unsigned i = 0; i < isKept.size(); ++i)
        if (!isKept[i])
          rewriter.replaceAllUsesWith(block->getArgument(i), op.getInits()[i]);
    for (Block *block : {op.getCond(), op.getBody()})
      for (unsigned i = isKept.size(); i-- > 0;)
        if (!isKept[i])
          block->eraseArgument(i);
    auto shrunk = WhileOp::create(rewriter, op.getLoc(), types, inits);
    shrunk.getCondRegion().takeBody(op.getCondRegion());
    shrunk.getBodyRegion().takeBody(op.getBodyRegion());
    eraseResults(rewriter, op, shrunk, isKept);
    return success();
  }
};

} // namespace

void IfOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<InlineKnownIf, PropagateCondition, DropIfResults>(context);
}

void WhileOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropIdleWhile, DropCarried>(context);
}

} // namespace tgc::tg

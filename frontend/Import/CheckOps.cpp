//===- CheckOps.cpp - Assertions ------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/Messages.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

Value conjunction(NodeImporter &n, Value conditions) {
  SmallVector<int64_t> all =
      llvm::to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(conditions.getType()).getRank()));
  return tensor::ExtractOp::create(n.builder, n.loc, n.reduce(tg::ReductionKind::All, conditions, all),
                                   ValueRange());
}

/// The text of a tensor in a message, where it is known or made of sizes: up to `most` elements, as
/// TensorFlow shows them.
std::optional<std::string> describeKnown(NodeImporter &n, size_t i, int64_t most,
                                         SmallVectorImpl<Value> &values) {
  std::string text;
  auto add = [&](size_t k, const Twine &element) {
    if (most < 0 || static_cast<int64_t>(k) < most)
      text += ((k ? " " : "") + element).str();
    else if (static_cast<int64_t>(k) == most)
      text += "...";
    return most < 0 || static_cast<int64_t>(k) < most;
  };
  if (const HostTensor *host = n.getHost(i); host && host->shape.size() <= 1) {
    for (auto [k, element] : llvm::enumerate(host->elements))
      if (add(k, "%d"))
        values.push_back(n.sizes.get(element));
    return text;
  }
  if (n.getHost(i))
    return std::nullopt;
  auto constant = n.getTensor(i).getDefiningOp<tg::StringConstantOp>();
  if (!constant || n.getRank(i) > 1)
    return std::nullopt;
  for (auto [k, value] : llvm::enumerate(constant.getValues())) {
    std::string escaped;
    llvm::raw_string_ostream(escaped).write_escaped(cast<StringAttr>(value).getValue());
    add(k, escapeMessage(escaped));
  }
  return text;
}

/// Sizes that a condition compares are equal where it has been checked.
void learn(NodeImporter &n, Value condition) {
  if (auto both = condition.getDefiningOp<arith::AndIOp>()) {
    learn(n, both.getLhs());
    learn(n, both.getRhs());
  } else if (auto compared = condition.getDefiningOp<arith::CmpIOp>();
             compared && compared.getPredicate() == arith::CmpIPredicate::eq &&
             compared.getLhs().getType().isIndex()) {
    n.sizes.setEqual(compared.getLhs(), compared.getRhs());
  }
}

/// A check with a fixed text where the data is known; else a kernel shows it when the condition does not
/// hold.
LogicalResult importAssert(NodeImporter &n) {
  if (n.graph.entry.module.options.stripAsserts)
    return success();
  if (const HostTensor *host = n.getHost(0))
    if (auto known = host->getConstants(); known && !llvm::is_contained(*known, 0))
      return success();
  SmallVector<Value> values;
  std::string text = "assertion failed:";
  bool isKnown = true;
  for (size_t i = 1; i < n.getNumInputs() && isKnown; ++i) {
    auto shown = describeKnown(n, i, n.getInt("summarize"), values);
    isKnown = shown.has_value();
    text += " [" + shown.value_or("") + "]";
  }
  Value condition = conjunction(n, n.getTensor(0));
  if (isKnown) {
    n.check(condition, text, values);
    if (const HostTensor *host = n.getHost(0))
      for (Size element : host->elements)
        learn(n, n.sizes.isTrue(element));
    return success();
  }
  SmallVector<Value> operands{
      n.create<tensor::FromElementsOp>(RankedTensorType::get({}, n.builder.getI1Type()), condition)};
  llvm::append_range(operands, n.getTensors(1, n.getNumInputs()));
  n.hostCall("tgc_kernel_assert", operands, {}, std::to_string(n.getInt("summarize")), {}, /*isPure=*/false);
  return success();
}

/// Ends the run with "<message> : Tensor had NaN values", or Inf, or both.
LogicalResult importCheckNumerics(NodeImporter &n) {
  n.forward(0, 0);
  if (n.graph.entry.module.options.stripAsserts)
    return success();
  Value x = n.getTensor(0);
  bool isSigned = n.node.op() == "CheckNumericsV2";
  // Each as "there is none": of NaNs, and of infinities (of either sign, for V2).
  struct Kind {
    StringRef name;
    Value isAbsent;
  };
  auto absent = [&](Value elements) { return conjunction(n, n.create<tg::NotOp>(elements)); };
  SmallVector<Kind> kinds;
  if (isSigned) {
    Value isInf = n.create<tg::IsInfOp>(x), zero = n.splatLike(x, 0);
    kinds.push_back(
        {"-Inf", absent(n.create<tg::AndOp>(isInf, n.compare(tg::ComparisonDirection::LT, x, zero)))});
    kinds.push_back(
        {"+Inf", absent(n.create<tg::AndOp>(isInf, n.compare(tg::ComparisonDirection::GT, x, zero)))});
  } else {
    kinds.push_back({"Inf", absent(n.create<tg::IsInfOp>(x))});
  }
  kinds.push_back({"NaN", absent(n.create<tg::IsNanOp>(x))});
  // The message names exactly those that occur, so every combination has its own check; the fullest comes
  // first.
  std::string message = escapeMessage(n.getString("message"));
  for (unsigned set = (1u << kinds.size()) - 1; set > 0; --set) {
    Value isAnyAbsent;
    SmallVector<StringRef> names;
    for (auto [i, kind] : llvm::enumerate(kinds))
      if (set >> i & 1) {
        names.push_back(kind.name);
        isAnyAbsent = isAnyAbsent ? Value(arith::OrIOp::create(n.builder, n.loc, isAnyAbsent, kind.isAbsent))
                                  : kind.isAbsent;
      }
    std::string list = llvm::join(ArrayRef(names).drop_back(), ", ");
    list += (names.size() > 1 ? " and " : "") + names.back().str();
    n.check(isAnyAbsent, message + " : Tensor had " + list + " values");
  }
  return success();
}

/// The shape must be compatible; what it says more than the type is known from here on.
LogicalResult importEnsureShape(NodeImporter &n) {
  auto shape = getShapeAttr(n.node, "shape");
  Value x = n.getTensor(0);
  if (!shape) {
    n.forward(0, 0);
    return success();
  }
  SmallVector<Size> sizes = n.sizes.sizesOf(x);
  if (shape->size() != sizes.size())
    return n.error() << "Shape of tensor " << x.getType() << " is not compatible with expected rank "
                     << shape->size();
  for (auto [dim, size] : llvm::enumerate(*shape)) {
    if (size < 0)
      continue;
    Size wanted = n.sizes.constant(size);
    if (failed(n.requireEqual(sizes[dim], wanted,
                              "Shape of tensor is not compatible with expected shape: dimension " +
                                  Twine(dim) + " has %d elements, expected %d")))
      return failure();
    sizes[dim] = wanted;
  }
  Value refined = n.refine(x, tg::getTypeOfSizes(sizes, n.getElementType(0)));
  n.sizes.setSizes(refined, sizes);
  n.setResult(refined);
  return success();
}

/// What is left undefined by TensorFlow is zero here.
LogicalResult importEmpty(NodeImporter &n) {
  auto element = n.getElementTypeAttr("dtype");
  auto shape = n.getSizeOperand(0, "shape");
  if (failed(element) || failed(shape) || failed(checkSizes(n, *shape)))
    return failure();
  n.setResult(n.broadcastTo(n.scalar(*element, 0), *shape));
  return success();
}

} // namespace

void registerCheckOps(OpRegistry &registry) {
  registry.add({"Assert"}, importAssert);
  registry.add({"CheckNumerics", "CheckNumericsV2"}, importCheckNumerics);
  registry.add({"EnsureShape"}, importEnsureShape);
  registry.add({"Empty"}, importEmpty);
}

} // namespace tgc

//===- HostArithmeticOps.cpp - Arithmetic on shapes -----------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// Constants beyond these are no sizes to add, or to multiply with.
constexpr int64_t kMaxSum32 = 1 << 30, kMaxFactor32 = 1 << 16;

/// The value as its element type holds it: constants wrap, sizes never get that large.
Size wrap(NodeImporter &n, Size size, Type element) {
  auto value = IndexBuilder::getConstant(size);
  if (!value || element.getIntOrFloatBitWidth() == 64)
    return size;
  if (element.isInteger(1))
    return n.sizes.constant(*value != 0);
  return n.sizes.constant(static_cast<int32_t>(*value));
}

/// Elementwise on two host tensors, a scalar or one-element vector against any.
template <typename Fn> bool hostBinary(NodeImporter &n, Fn fn) {
  const HostTensor *a = n.getHost(0), *b = n.getHost(1);
  if (!a || !b || a->shape.size() > 1 || b->shape.size() > 1)
    return false;
  size_t aCount = a->elements.size(), bCount = b->elements.size();
  if (aCount != bCount && aCount != 1 && bCount != 1)
    return false;
  size_t count = aCount == 1 ? bCount : aCount;
  SmallVector<Size> elements;
  for (size_t i = 0; i < count; ++i) {
    std::optional<Size> element = fn(a->elements[aCount == 1 ? 0 : i], b->elements[bCount == 1 ? 0 : i]);
    if (!element)
      return false;
    elements.push_back(wrap(n, *element, a->elementType));
  }
  bool isScalar = a->isScalar() && b->isScalar();
  n.setHostResult({a->elementType,
                   isScalar ? SmallVector<int64_t>{} : SmallVector<int64_t>{static_cast<int64_t>(count)},
                   elements});
  return true;
}

/// Whether a size and this one may give what 32 bits do not hold: hashes multiply counters by large constants
/// and mean the low bits. Products of two sizes are taken for numbers of elements and do not wrap, though
/// TensorFlow's do from 2^31 on.
bool mayWrap(NodeImporter &n, Size a, Size b, int64_t limit) {
  auto x = IndexBuilder::getConstant(a), y = IndexBuilder::getConstant(b);
  return x.has_value() != y.has_value() && n.getHost(0)->elementType.isInteger(32) &&
         std::abs(x ? *x : *y) > limit;
}

bool hostAdd(NodeImporter &n) {
  return hostBinary(n, [&](Size a, Size b) {
    return mayWrap(n, a, b, kMaxSum32) ? std::nullopt : std::optional(n.sizes.add(a, b));
  });
}
bool hostSub(NodeImporter &n) {
  return hostBinary(n, [&](Size a, Size b) {
    return mayWrap(n, a, b, kMaxSum32) ? std::nullopt : std::optional(n.sizes.sub(a, b));
  });
}
bool hostMul(NodeImporter &n) {
  return hostBinary(n, [&](Size a, Size b) {
    return mayWrap(n, a, b, kMaxFactor32) ? std::nullopt : std::optional(n.sizes.mul(a, b));
  });
}
bool hostMax(NodeImporter &n) {
  return hostBinary(n, [&](Size a, Size b) { return std::optional(n.sizes.max(a, b)); });
}
bool hostMin(NodeImporter &n) {
  return hostBinary(n, [&](Size a, Size b) { return std::optional(n.sizes.min(a, b)); });
}

/// Division where the divisor is a constant other than zero.
bool hostFloorDiv(NodeImporter &n) {
  return hostBinary(n, [&](Size a, Size b) -> std::optional<Size> {
    auto divisor = IndexBuilder::getConstant(b);
    return divisor && *divisor != 0 ? std::optional(n.sizes.floorDiv(a, b)) : std::nullopt;
  });
}
bool hostFloorMod(NodeImporter &n) {
  return hostBinary(n, [&](Size a, Size b) -> std::optional<Size> {
    auto divisor = IndexBuilder::getConstant(b);
    return divisor && *divisor != 0 ? std::optional(n.sizes.floorMod(a, b)) : std::nullopt;
  });
}

/// As hostFloorDiv, and for sizes, which are divided as positive numbers, the same; for constants towards
/// zero.
bool hostTruncDiv(NodeImporter &n) {
  return hostBinary(n, [&](Size a, Size b) -> std::optional<Size> {
    auto x = IndexBuilder::getConstant(a), y = IndexBuilder::getConstant(b);
    return x && y && *y != 0 ? std::optional(n.sizes.constant(*x / *y)) : std::nullopt;
  });
}

bool hostNeg(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  if (!host)
    return false;
  HostTensor result = *host;
  for (Size &element : result.elements)
    element = wrap(n, n.sizes.sub(n.sizes.constant(0), element), host->elementType);
  n.setHostResult(result);
  return true;
}

/// Conversions between 32 and 64 bits.
bool hostCast(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  proto::DataType to = getTypeAttr(n.node, "DstT");
  if (!host || (to != proto::DT_INT32 && to != proto::DT_INT64))
    return false;
  HostTensor result = *host;
  if (host->elementType.isInteger(1))
    for (Size &element : result.elements)
      if (auto truth = IndexBuilder::getConstant(element))
        element = n.sizes.constant(*truth != 0);
  result.elementType = n.builder.getIntegerType(to == proto::DT_INT32 ? 32 : 64);
  for (Size &element : result.elements)
    element = wrap(n, element, result.elementType);
  n.setHostResult(result);
  return true;
}

/// A scalar input as a size: known as such, or an element of a tensor of integers or booleans; null for
/// others.
Size getScalar(NodeImporter &n, size_t i) {
  if (const HostTensor *host = n.getHost(i))
    return host->isScalar() ? host->elements.front() : Size();
  Value tensor = n.getInput(i).tensor;
  auto type = tensor ? mlir::cast<RankedTensorType>(tensor.getType()) : RankedTensorType();
  if (!type || type.getRank() != 0 ||
      !(type.getElementType().isSignlessInteger(32) || type.getElementType().isSignlessInteger(64) ||
        type.getElementType().isInteger(1)))
    return Size();
  if (!type.getElementType().isInteger(1))
    return n.extract(tensor, {});
  return n.sizes.fromBool(tensor::ExtractOp::create(n.builder, n.loc, tensor, ValueRange()));
}

/// Whether an input is a scalar that is known as a size and is not constant, such as the counter of a loop.
bool isVaryingScalar(NodeImporter &n, size_t i) {
  const HostTensor *host = n.getHost(i);
  return host && host->isScalar() && !host->getConstants();
}

void setBoolResult(NodeImporter &n, Value condition) {
  n.setHostResult({n.builder.getI1Type(), {}, {n.sizes.fromBool(condition)}});
}

/// Comparisons of scalars, one of which is a size: a loop's condition stays a number in a register.
bool compareScalars(NodeImporter &n, arith::CmpIPredicate predicate) {
  if (!isVaryingScalar(n, 0) && !isVaryingScalar(n, 1))
    return false;
  Size a = getScalar(n, 0), b = getScalar(n, 1);
  if (!a || !b)
    return false;
  setBoolResult(n, n.sizes.compare(predicate, a, b));
  return true;
}

/// Logical operators on such comparisons; `absorbing` is the constant that decides alone.
template <typename Op> bool hostLogical(NodeImporter &n, bool absorbing) {
  for (size_t i = 0; i < 2; ++i) {
    const HostTensor *host = n.getHost(i);
    auto known = host && host->isScalar() ? host->getConstants() : std::nullopt;
    const HostTensor *other = n.getHost(1 - i);
    if (!known || !(other ? other->isScalar() : n.getRank(1 - i) == 0))
      continue;
    n.forward(0, (known->front() != 0) == absorbing ? i : 1 - i);
    return true;
  }
  if (!isVaryingScalar(n, 0) && !isVaryingScalar(n, 1))
    return false;
  Size a = getScalar(n, 0), b = getScalar(n, 1);
  if (!a || !b)
    return false;
  setBoolResult(n, Op::create(n.builder, n.loc, n.sizes.isTrue(a), n.sizes.isTrue(b)));
  return true;
}

bool hostNot(NodeImporter &n) {
  if (!n.getHost(0) || !n.getHost(0)->isScalar())
    return false;
  Value yes = arith::ConstantOp::create(n.builder, n.loc, n.builder.getBoolAttr(true));
  setBoolResult(
      n, n.builder.createOrFold<arith::XOrIOp>(n.loc, n.sizes.isTrue(n.getHost(0)->elements.front()), yes));
  return true;
}

/// Comparisons of constants, scalars and shapes.
template <typename Fn> bool hostCompare(NodeImporter &n, arith::CmpIPredicate predicate, Fn fn) {
  if (compareScalars(n, predicate))
    return true;
  const HostTensor *a = n.getHost(0), *b = n.getHost(1);
  if (!a || !b || a->shape.size() > 1 || b->shape.size() > 1 ||
      (a->elements.size() != b->elements.size() && a->elements.size() != 1 && b->elements.size() != 1))
    return false;
  auto x = a->getConstants(), y = b->getConstants();
  size_t count = a->elements.size() == 1 ? b->elements.size() : a->elements.size();
  SmallVector<Size> elements;
  for (size_t i = 0; i < count; ++i) {
    size_t left = a->elements.size() == 1 ? 0 : i, right = b->elements.size() == 1 ? 0 : i;
    elements.push_back(
        x && y ? n.sizes.constant(fn((*x)[left], (*y)[right]))
               : n.sizes.fromBool(n.sizes.compare(predicate, a->elements[left], b->elements[right])));
  }
  bool isScalar = a->isScalar() && b->isScalar();
  n.setHostResult({n.builder.getI1Type(),
                   isScalar ? SmallVector<int64_t>{} : SmallVector<int64_t>{static_cast<int64_t>(count)},
                   elements});
  return true;
}

/// Where the condition is constant.
bool hostSelect(NodeImporter &n) {
  const HostTensor *condition = n.getHost(0), *x = n.getHost(1), *y = n.getHost(2);
  if (!condition || !x || !y || x->shape != y->shape ||
      (condition->shape != x->shape && !condition->isScalar()))
    return false;
  HostTensor result = *x;
  auto chosen = condition->getConstants();
  if (!chosen && condition->isScalar()) {
    Value holds = n.sizes.isTrue(condition->elements.front());
    for (auto [element, other] : llvm::zip_equal(result.elements, y->elements))
      element = n.sizes.select(holds, element, other);
    n.setHostResult(result);
    return true;
  }
  if (!chosen)
    return false;
  for (size_t i = 0; i < result.elements.size(); ++i)
    if (!(*chosen)[condition->isScalar() ? 0 : i])
      result.elements[i] = y->elements[i];
  n.setHostResult(result);
  return true;
}

/// A reduction of a vector over its one dimension.
template <typename Fn> bool hostReduce(NodeImporter &n, int64_t start, bool hasStart, Fn fn) {
  const HostTensor *host = n.getHost(0);
  if (!host || host->shape.size() > 1 || !n.getHost(1))
    return false;
  auto axes = n.getHost(1)->getConstants();
  if (!axes || (host->elements.empty() && !hasStart))
    return false;
  if (axes->empty() || host->isScalar()) {
    n.forward(0, 0);
    return true;
  }
  if (axes->size() != 1 || (axes->front() != 0 && axes->front() != -1))
    return false;
  Size result = hasStart ? n.sizes.constant(start) : host->elements[0];
  for (Size element : llvm::drop_begin(host->elements, hasStart ? 0 : 1))
    result = fn(result, element);
  SmallVector<int64_t> shape;
  if (n.getBool("keep_dims"))
    shape.push_back(1);
  n.setHostResult({host->elementType, shape, {wrap(n, result, host->elementType)}});
  return true;
}

/// Of comparisons: `absorbing` is what decides alone.
template <typename Op> bool hostReduceLogical(NodeImporter &n, bool absorbing) {
  return hostReduce(n, !absorbing, true, [&](Size a, Size b) {
    for (auto [size, other] : {std::pair(a, b), std::pair(b, a)})
      if (auto known = IndexBuilder::getConstant(size))
        return (*known != 0) == absorbing ? size : other;
    return n.sizes.fromBool(Op::create(n.builder, n.loc, n.sizes.isTrue(a), n.sizes.isTrue(b)));
  });
}

bool hostProd(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  // As IndexBuilder::product: equal products become one expression whatever the order of the sizes.
  if (host && host->shape.size() == 1 && n.getHost(1)) {
    Size product = n.sizes.product(host->elements);
    return hostReduce(n, 1, true, [&](Size, Size) { return product; });
  }
  return false;
}
bool hostSum(NodeImporter &n) {
  return hostReduce(n, 0, true, [&](Size a, Size b) { return n.sizes.add(a, b); });
}
bool hostReduceMax(NodeImporter &n) {
  return hostReduce(n, 0, false, [&](Size a, Size b) { return n.sizes.max(a, b); });
}
bool hostReduceMin(NodeImporter &n) {
  return hostReduce(n, 0, false, [&](Size a, Size b) { return n.sizes.min(a, b); });
}

} // namespace

void registerHostArithmeticOps(OpRegistry &registry) {
  using Predicate = arith::CmpIPredicate;
  registry.addHost({"Add", "AddV2"}, hostAdd);
  registry.addHost({"Sub"}, hostSub);
  registry.addHost({"Mul"}, hostMul);
  registry.addHost({"Maximum"}, hostMax);
  registry.addHost({"Minimum"}, hostMin);
  registry.addHost({"FloorDiv"}, hostFloorDiv);
  registry.addHost({"FloorMod"}, hostFloorMod);
  registry.addHost({"Div", "TruncateDiv", "RealDiv"}, hostTruncDiv);
  registry.addHost({"Neg"}, hostNeg);
  registry.addHost({"Cast"}, hostCast);
  registry.addHost({"Equal"},
                   [](NodeImporter &n) { return hostCompare(n, Predicate::eq, std::equal_to<int64_t>()); });
  registry.addHost({"NotEqual"}, [](NodeImporter &n) {
    return hostCompare(n, Predicate::ne, std::not_equal_to<int64_t>());
  });
  registry.addHost({"Less"},
                   [](NodeImporter &n) { return hostCompare(n, Predicate::slt, std::less<int64_t>()); });
  registry.addHost({"LessEqual"}, [](NodeImporter &n) {
    return hostCompare(n, Predicate::sle, std::less_equal<int64_t>());
  });
  registry.addHost({"Greater"},
                   [](NodeImporter &n) { return hostCompare(n, Predicate::sgt, std::greater<int64_t>()); });
  registry.addHost({"GreaterEqual"}, [](NodeImporter &n) {
    return hostCompare(n, Predicate::sge, std::greater_equal<int64_t>());
  });
  registry.addHost({"LogicalAnd"}, [](NodeImporter &n) { return hostLogical<arith::AndIOp>(n, false); });
  registry.addHost({"LogicalOr"}, [](NodeImporter &n) { return hostLogical<arith::OrIOp>(n, true); });
  registry.addHost({"LogicalNot"}, hostNot);
  registry.addHost({"Select", "SelectV2"}, hostSelect);
  registry.addHost({"Prod"}, hostProd);
  registry.addHost({"Sum"}, hostSum);
  registry.addHost({"All"}, [](NodeImporter &n) { return hostReduceLogical<arith::AndIOp>(n, false); });
  registry.addHost({"Any"}, [](NodeImporter &n) { return hostReduceLogical<arith::OrIOp>(n, true); });
  registry.addHost({"Max"}, hostReduceMax);
  registry.addHost({"Min"}, hostReduceMin);
}

} // namespace tgc

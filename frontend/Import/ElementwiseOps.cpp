//===- ElementwiseOps.cpp - Elementwise operators -------------------------===//
//
// Ops of tg that have TensorFlow's name import by one template: broadcast, then build. The rest is spelled
// out in terms of them, by the formulas of TensorFlow's CPU kernels.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Direction = tg::ComparisonDirection;

/// Ops whose operands say all: one or two of them, and no attribute.
template <typename Op>
concept UnaryOp = requires(OpBuilder &b, Location loc, Value x) { Op::create(b, loc, x); } &&
                  Op::template hasTrait<OpTrait::OneOperand>();
template <typename Op>
concept BinaryOp = requires(OpBuilder &b, Location loc, Value x) { Op::create(b, loc, x, x); } &&
                   Op::template hasTrait<OpTrait::NOperands<2>::Impl>();

/// The sum of strings is one behind the other.
LogicalResult setConcatenation(NodeImporter &n, ArrayRef<Value> strings) {
  SmallVector<OpFoldResult> sizes = n.sizes.sizesOf(strings.front());
  auto type = tg::getTypeOfSizes(sizes, n.getElementType(0));
  SmallVector<Value> operands{createStrings(n, StringRef(), /*isScalar=*/true)};
  llvm::append_range(operands, strings);
  Value result =
      n.hostCall("tgc_kernel_string_concat", operands, type, "", tg::getDynamicSizes(sizes)).front();
  n.sizes.setSizes(result, sizes);
  n.setResult(result);
  return success();
}

/// Imports a node whose inputs are the operands of Op, broadcast to one shape.
template <typename Op> LogicalResult importDirect(NodeImporter &n) {
  auto operands = n.broadcastTogether(n.getTensors(0, n.getNumInputs()));
  if (failed(operands))
    return failure();
  if constexpr (std::is_same_v<Op, tg::AddOp>)
    if (isa<tg::StringType>(n.getElementType(0)))
      return setConcatenation(n, *operands);
  if constexpr (UnaryOp<Op>)
    n.setResult(n.create<Op>(operands->front()));
  else
    n.setResult(n.create<Op>((*operands)[0], (*operands)[1]));
  return success();
}

/// Ops of the dialect that ScalarOpInterface knows register under their TensorFlow names.
template <typename... Ops> void registerDirectOps(OpRegistry &registry, tg::OpList<Ops...>) {
  auto registerOne = [&](auto *op) {
    using Op = std::remove_pointer_t<decltype(op)>;
    if constexpr (UnaryOp<Op> || BinaryOp<Op>)
      for (StringRef name : Op::getTfOpNames())
        registry.add(name, importDirect<Op>);
  };
  (registerOne(static_cast<Ops *>(nullptr)), ...);
}

/// Fails the run if an element of a boolean tensor is true.
void checkNone(NodeImporter &n, Value flags, StringRef message) {
  int64_t rank = cast<RankedTensorType>(flags.getType()).getRank();
  Value any = n.reduce(tg::ReductionKind::Any, flags, llvm::to_vector(llvm::seq<int64_t>(0, rank)));
  Value isAny = tensor::ExtractOp::create(n.builder, n.loc, any, ValueRange());
  Value yes = arith::ConstantOp::create(n.builder, n.loc, n.builder.getBoolAttr(true));
  n.check(arith::XOrIOp::create(n.builder, n.loc, isAny, yes), message);
}

/// Integer division and remainder: TensorFlow reports a zero divisor.
template <typename Op> LogicalResult importIntegerDivision(NodeImporter &n) {
  if (isa<IntegerType>(n.getElementType(0))) {
    Value divisor = n.getTensor(1);
    checkNone(n, n.compare(Direction::EQ, divisor, n.splatLike(divisor, 0)), "Integer division by zero");
  }
  return importDirect<Op>(n);
}

/// A quotient without its fraction, of floats too.
LogicalResult importTruncateDiv(NodeImporter &n) {
  if (!isa<FloatType>(n.getElementType(0)))
    return importIntegerDivision<tg::DivOp>(n);
  auto operands = n.broadcastTogether({n.getTensor(0), n.getTensor(1)});
  if (failed(operands))
    return failure();
  Value quotient = n.div((*operands)[0], (*operands)[1]);
  Value isNegative = n.compare(Direction::LT, quotient, n.splatLike(quotient, 0));
  n.setResult(n.select(isNegative, n.create<tg::CeilOp>(quotient), n.create<tg::FloorOp>(quotient)));
  return success();
}

/// A power of integers has no value for negative exponents.
LogicalResult importPow(NodeImporter &n) {
  Type element = n.getElementType(0);
  if (element.isSignlessInteger()) {
    Value exponent = n.getTensor(1);
    Value isNegative = n.compare(Direction::LT, exponent, n.splatLike(exponent, 0));
    checkNone(n, isNegative, "Integers to negative integer powers are not allowed");
  }
  return importDirect<tg::PowOp>(n);
}

template <Direction direction> LogicalResult importCompare(NodeImporter &n) {
  auto shapes = n.broadcastTogether({n.getTensor(0), n.getTensor(1)});
  if (failed(shapes))
    return failure();
  Value x = (*shapes)[0], y = (*shapes)[1];
  if (!isa<tg::StringType>(n.getElementType(0))) {
    n.setResult(n.compare(direction, x, y));
    return success();
  }
  // The signature lets strings through to Equal and NotEqual only.
  SmallVector<OpFoldResult> sizes = n.sizes.sizesOf(x);
  auto type = tg::getTypeOfSizes(sizes, n.builder.getI1Type());
  Value equal = n.hostCall("tgc_kernel_string_equal", {x, y}, type, "", tg::getDynamicSizes(sizes)).front();
  n.setResult(direction == Direction::EQ ? equal : n.create<tg::NotOp>(equal));
  return success();
}

/// A copy: of a reference the value of this moment.
LogicalResult importSnapshot(NodeImporter &n) {
  n.setResult(n.getTensor(0));
  return success();
}

LogicalResult importIdentity(NodeImporter &n) {
  for (size_t i = 0; i < n.getNumInputs() && i < n.getOutputs().size(); ++i)
    n.forward(i, i);
  return success();
}

LogicalResult importNoOp(NodeImporter &) { return success(); }

LogicalResult importCast(NodeImporter &n) {
  auto element = n.getElementTypeAttr("DstT");
  if (failed(element))
    return failure();
  Value x = n.getTensor(0);
  auto type = tg::withElementType(x.getType(), *element);
  n.setResult(
      type == x.getType() ? x : n.create<tg::CastOp>(type, x, n.builder.getBoolAttr(n.getBool("Truncate"))));
  return success();
}

/// The first form: a scalar chooses one of two tensors, a vector whole rows, others elements; nothing
/// broadcasts.
LogicalResult importSelect(NodeImporter &n) {
  auto values = n.withOneShape({n.getTensor(1), n.getTensor(2)});
  if (failed(values))
    return failure();
  Value condition = n.getTensor(0);
  SmallVector<OpFoldResult> shape = n.sizes.sizesOf(values->front());
  if (n.getRank(0) == 0) {
    condition = n.broadcastTo(condition, shape);
  } else if (n.getRank(0) == 1 && shape.size() > 1) {
    if (failed(n.requireEqual(n.sizes.sizeOf(condition, 0), shape[0],
                              "Number of batches of 'then' must match size of 'cond', but saw: %d vs. %d")))
      return failure();
    condition = n.broadcastAlong(condition, 0, shape);
  } else {
    // Each of the three may know sizes that the others do not.
    values = n.withOneShape({(*values)[0], (*values)[1], condition});
    if (failed(values))
      return failure();
    condition = values->back();
  }
  n.setResult(n.select(condition, (*values)[0], (*values)[1]));
  return success();
}

LogicalResult importSelectV2(NodeImporter &n) {
  auto operands = n.broadcastTogether({n.getTensor(0), n.getTensor(1), n.getTensor(2)});
  if (failed(operands))
    return failure();
  n.setResult(n.select((*operands)[0], (*operands)[1], (*operands)[2]));
  return success();
}

LogicalResult importSquare(NodeImporter &n) {
  Value x = n.getTensor(0);
  n.setResult(n.mul(x, x));
  return success();
}

LogicalResult importSquaredDifference(NodeImporter &n) {
  auto operands = n.broadcastTogether({n.getTensor(0), n.getTensor(1)});
  if (failed(operands))
    return failure();
  Value difference = n.sub((*operands)[0], (*operands)[1]);
  Value other = isa<ComplexType>(n.getElementType(0)) ? n.create<tg::ConjOp>(difference) : difference;
  n.setResult(n.mul(other, difference));
  return success();
}

LogicalResult importReciprocal(NodeImporter &n) {
  Value x = n.getTensor(0);
  n.setResult(n.div(n.splatLike(x, 1), x));
  return success();
}

/// x op y, and zero where x (or y, for those ending in NoNan) is zero. The unused quotient is one by one: its
/// gradient counts.
template <typename Op, bool tailIsSecond> LogicalResult importZeroSafe(NodeImporter &n) {
  auto operands = n.broadcastTogether({n.getTensor(0), n.getTensor(1)});
  if (failed(operands))
    return failure();
  Value x = (*operands)[0], y = (*operands)[1];
  Value zero = n.splatLike(x, 0);
  Value isZero = n.compare(Direction::EQ, tailIsSecond ? y : x, zero);
  if (n.wantsGradients()) {
    x = n.select(isZero, n.splatLike(x, 1), x);
    y = n.select(isZero, n.splatLike(y, 1), y);
  }
  Value result = n.select(isZero, zero, n.create<Op>(x, y));
  // TensorFlow differentiates this product as any other.
  bool isReal = isa<FloatType>(getElementTypeOrSelf(result.getType()));
  if (std::is_same_v<Op, tg::MulOp> && isReal)
    result = n.withPartials(result, *operands, {(*operands)[1], (*operands)[0]});
  n.setResult(result);
  return success();
}

/// x * f(y), zero where x is zero: Xlogy, Xlog1py.
template <typename Fn> LogicalResult importXFn(NodeImporter &n) {
  auto operands = n.broadcastTogether({n.getTensor(0), n.getTensor(1)});
  if (failed(operands))
    return failure();
  Value x = (*operands)[0], y = (*operands)[1];
  Value zero = n.splatLike(x, 0), isZero = n.compare(Direction::EQ, x, zero);
  if (n.wantsGradients())
    y = n.select(isZero, n.splatLike(y, 1), y);
  n.setResult(n.select(isZero, zero, n.mul(x, n.create<Fn>(y))));
  return success();
}

/// Halves to even. Of integers TensorFlow's kernel makes zeros: it takes each for a half, whose double is
/// rounded down to zero.
LogicalResult importRound(NodeImporter &n) {
  Value x = n.getTensor(0);
  Type element = n.getElementType(0);
  n.setResult(isa<FloatType>(element) ? n.create<tg::RoundEvenOp>(x)
              : element.isInteger()   ? n.splatLike(x, 0)
                                      : x);
  return success();
}

LogicalResult importClipByValue(NodeImporter &n) {
  auto operands = n.broadcastTogether({n.getTensor(0), n.getTensor(1), n.getTensor(2)});
  if (failed(operands))
    return failure();
  n.setResult(
      n.create<tg::MaximumOp>(n.create<tg::MinimumOp>((*operands)[0], (*operands)[2]), (*operands)[1]));
  return success();
}

LogicalResult importComplex(NodeImporter &n) {
  auto operands = n.broadcastTogether({n.getTensor(0), n.getTensor(1)});
  if (failed(operands))
    return failure();
  n.setResult(n.create<tg::ComplexOp>((*operands)[0], (*operands)[1]));
  return success();
}

template <typename Op> LogicalResult importComplexPart(NodeImporter &n) {
  n.setResult(n.create<Op>(n.getTensor(0)));
  return success();
}

LogicalResult importAngle(NodeImporter &n) {
  Value x = n.getTensor(0);
  n.setResult(n.create<tg::Atan2Op>(n.create<tg::ImagOp>(x), n.create<tg::RealOp>(x)));
  return success();
}

LogicalResult importConj(NodeImporter &n) {
  Value x = n.getTensor(0);
  n.setResult(isa<ComplexType>(n.getElementType(0)) ? n.create<tg::ConjOp>(x) : x);
  return success();
}

LogicalResult importApproximateEqual(NodeImporter &n) {
  auto operands = n.broadcastTogether({n.getTensor(0), n.getTensor(1)});
  if (failed(operands))
    return failure();
  Value difference = n.create<tg::AbsOp>(n.sub((*operands)[0], (*operands)[1]));
  n.setResult(n.compare(Direction::LT, difference, n.splatLike(difference, n.getFloat("tolerance"))));
  return success();
}

} // namespace

void registerElementwiseOps(OpRegistry &registry) {
  registerDirectOps(registry, tg::AllOps{});
  registry.add({"Div"}, importIntegerDivision<tg::DivOp>);
  registry.add({"TruncateDiv"}, importTruncateDiv);
  registry.add({"Pow"}, importPow);
  registry.add({"FloorDiv"}, importIntegerDivision<tg::FloorDivOp>);
  registry.add({"FloorMod"}, importIntegerDivision<tg::FloorModOp>);
  registry.add({"Mod", "TruncateMod"}, importIntegerDivision<tg::TruncModOp>);
  registry.add({"Equal"}, importCompare<Direction::EQ>);
  registry.add({"NotEqual"}, importCompare<Direction::NE>);
  registry.add({"Less"}, importCompare<Direction::LT>);
  registry.add({"LessEqual"}, importCompare<Direction::LE>);
  registry.add({"Greater"}, importCompare<Direction::GT>);
  registry.add({"GreaterEqual"}, importCompare<Direction::GE>);
  registry.add({"Identity", "IdentityN", "GuaranteeConst", "PlaceholderWithDefault", "RefIdentity"},
               importIdentity);
  registry.add({"Snapshot", "DeepCopy"}, importSnapshot);
  registry.add({"NoOp", "ControlTrigger"}, importNoOp);
  registry.add({"Cast"}, importCast);
  registry.add({"Select"}, importSelect);
  registry.add({"SelectV2"}, importSelectV2);
  registry.add({"Square"}, importSquare);
  registry.add({"SquaredDifference"}, importSquaredDifference);
  registry.add({"Reciprocal", "Inv"}, importReciprocal);
  registry.add({"DivNoNan"}, importZeroSafe<tg::DivOp, true>);
  registry.add({"MulNoNan"}, importZeroSafe<tg::MulOp, true>);
  registry.add({"Xdivy"}, importZeroSafe<tg::DivOp, false>);
  registry.add({"Xlogy"}, importXFn<tg::LogOp>);
  registry.add({"Xlog1py"}, importXFn<tg::Log1pOp>);
  registry.add({"Round"}, importRound);
  registry.add({"ClipByValue"}, importClipByValue);
  registry.add({"Complex"}, importComplex);
  registry.add({"Real"}, importComplexPart<tg::RealOp>);
  registry.add({"Imag"}, importComplexPart<tg::ImagOp>);
  registry.add({"ComplexAbs"}, importComplexPart<tg::ComplexAbsOp>);
  registry.add({"Angle"}, importAngle);
  registry.add({"Conj"}, importConj);
  registry.add({"ApproximateEqual"}, importApproximateEqual);
}

} // namespace tgc

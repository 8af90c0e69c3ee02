//===- OptimizerStep.cpp - What the formulas of optimizers work with ------===//

#include "frontend/Import/OptimizerStep.h"
#include "frontend/GraphDef/OpSignatures.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/Indexing.h"
#include "frontend/Import/RegionImporter.h"
#include "frontend/Import/StateOps.h"

using namespace mlir;

namespace tgc {

//===----------------------------------------------------------------------===//
// Term
//===----------------------------------------------------------------------===//

Term Term::number(double x) const { return {n, n->scalar(getElementTypeOrSelf(value.getType()), x)}; }

template <typename Op> static Term combine(Term a, Term b) {
  NodeImporter &n = *a.n;
  auto isScalar = [](Term x) { return cast<RankedTensorType>(x.value.getType()).getRank() == 0; };
  if (isScalar(a) && !isScalar(b))
    a.value = n.broadcastTo(a.value, n.sizes.sizesOf(b.value));
  if (isScalar(b) && !isScalar(a))
    b.value = n.broadcastTo(b.value, n.sizes.sizesOf(a.value));
  return {&n, n.create<Op>(a.value, b.value)};
}

template <typename Op> static Term apply(Term x) { return {x.n, x.n->create<Op>(x.value)}; }

Term operator+(Term a, Term b) { return combine<tg::AddOp>(a, b); }
Term operator-(Term a, Term b) { return combine<tg::SubOp>(a, b); }
Term operator*(Term a, Term b) { return combine<tg::MulOp>(a, b); }
Term operator/(Term a, Term b) { return combine<tg::DivOp>(a, b); }
Term operator-(Term a) { return apply<tg::NegOp>(a); }
Term abs(Term x) { return apply<tg::AbsOp>(x); }
Term exp(Term x) { return apply<tg::ExpOp>(x); }
Term max(Term a, Term b) { return combine<tg::MaximumOp>(a, b); }
Term pow(Term x, Term exponent) { return combine<tg::PowOp>(x, exponent); }
Term rsqrt(Term x) { return apply<tg::RsqrtOp>(x); }
Term sign(Term x) { return apply<tg::SignOp>(x); }
Term sqrt(Term x) { return apply<tg::SqrtOp>(x); }
Term square(Term x) { return x * x; }

//===----------------------------------------------------------------------===//
// OptimizerStep
//===----------------------------------------------------------------------===//

/// The number of the indices among the inputs; none: the gradient is dense.
static std::optional<size_t> findIndices(NodeImporter &n) {
  const OpSignature &signature = *lookupOpSignature(n.node.op());
  for (auto [i, input] : llvm::enumerate(signature.inputs))
    if (input.name == "indices")
      return i;
  return std::nullopt;
}

/// Row `number` of a tensor, as a tensor of one row.
static Value getRow(NodeImporter &n, Value tensor, OpFoldResult number) {
  SmallVector<OpFoldResult> sizes = n.sizes.sizesOf(tensor), offsets(sizes.size(), n.sizes.constant(0));
  sizes.front() = n.sizes.constant(1);
  offsets.front() = number;
  return n.slice(tensor, offsets, sizes);
}

/// What a dense gradient is called; that of plain gradient descent has a name of its own.
static bool isGradient(StringRef name) { return name == "grad" || name == "delta"; }

LogicalResult OptimizerStep::read(Numbers numbers) {
  Type element = n.getElementType(0);
  if (!isa<FloatType>(element) && (numbers == Numbers::Real || !isa<ComplexType>(element)))
    return n.error() << "is supported on " << (numbers == Numbers::Real ? "real" : "real and complex")
                     << " floating-point variables, got " << n.getType(0);
  const OpSignature &signature = *lookupOpSignature(n.node.op());
  if (auto indices = findIndices(n))
    rows = n.getTensor(*indices);
  if (rows && (cast<RankedTensorType>(rows.getType()).getRank() != 1 || n.getRank(0) == 0))
    return n.error() << "indices must be a vector and the variable at least 1-D, got " << rows.getType()
                     << " and " << n.getType(0);
  if (row)
    rows = getRow(n, rows, row);
  SmallVector<StringRef> shaped;
  SmallVector<Value> values;
  for (auto [i, input] : llvm::enumerate(signature.inputs)) {
    if (input.name == "indices")
      continue;
    bool isVariable = input.isRef || input.type == proto::DT_RESOURCE;
    Value value;
    if (isVariable) {
      auto variable = getVariable(n, i);
      if (failed(variable))
        return failure();
      variables[input.name] = *variable;
    }
    value = n.getTensor(i);
    if (!isVariable && !isGradient(input.name)) {
      if (n.getRank(i) != 0)
        return n.error() << input.name << " is not a scalar, got " << n.getType(i);
      operands[input.name] = n.cast(value, element);
      continue;
    }
    if (n.getElementType(i) != element)
      return n.error() << input.name << " has another element type than the variable, " << n.getType(i)
                       << " and " << n.getType(0);
    if (isVariable && rows) {
      auto part = gatherAlong(n, value, toIndices(n, rows), 0);
      if (failed(part))
        return failure();
      value = *part;
    } else if (row) {
      value = getRow(n, value, row);
    }
    shaped.push_back(input.name);
    values.push_back(value);
  }
  auto alike = n.withOneShape(values);
  if (failed(alike))
    return failure();
  for (auto [name, value] : llvm::zip_equal(shaped, *alike))
    operands[name] = value;
  return success();
}

Term OptimizerStep::get(StringRef name) const { return {&n, operands.at(name)}; }

Term OptimizerStep::getGradient() const { return get(operands.count("grad") ? "grad" : "delta"); }

void OptimizerStep::set(StringRef name, Term value) { results.emplace_back(name.str(), value.value); }

LogicalResult OptimizerStep::write() {
  for (auto &[input, value] : results) {
    StringRef name = variables.at(input);
    if (rows)
      value = scatterRows(n, tg::ScatterKind::Update, n.graph.entry.readVariable(name), rows, value);
    setVariable(n, name, value);
  }
  if (!n.getOutputs().empty())
    n.forward(0, 0);
  return success();
}

/// Whether a cast gives different numbers for different numbers: of integers, to no narrower ones.
static bool keepsDistinct(Operation *op) {
  auto cast = dyn_cast_or_null<tg::CastOp>(op);
  if (!cast)
    return isa_and_nonnull<tensor::CastOp>(op);
  Type from = getElementTypeOrSelf(cast->getOperand(0).getType()),
       to = getElementTypeOrSelf(cast->getResult(0).getType());
  return isa<IntegerType>(from) && isa<IntegerType>(to) &&
         to.getIntOrFloatBitWidth() >= from.getIntOrFloatBitWidth();
}

/// Whether no index can come twice: they are constants that differ, what Unique found, or one.
static bool areDistinct(NodeImporter &n, Value indices) {
  if (IndexBuilder::isConstant(n.sizes.sizeOf(indices, 0), 1))
    return true;
  while (keepsDistinct(indices.getDefiningOp()))
    indices = indices.getDefiningOp()->getOperand(0);
  DenseIntElementsAttr constants;
  if (matchPattern(indices, m_Constant(&constants))) {
    auto values = llvm::map_to_vector(constants.getValues<APInt>(), [](APInt x) { return x.getSExtValue(); });
    llvm::sort(values);
    return std::adjacent_find(values.begin(), values.end()) == values.end();
  }
  auto call = indices.getDefiningOp<tg::HostCallOp>();
  return call && call.getKernel() == "tgc_kernel_unique" && indices == call.getResult(0);
}

LogicalResult importOptimizerStep(NodeImporter &n, void (*formula)(OptimizerStep &), Numbers numbers) {
  auto import = [&](OpFoldResult row) -> LogicalResult {
    OptimizerStep step(n, row);
    if (failed(step.read(numbers)))
      return failure();
    formula(step);
    return step.write();
  };
  auto rows = findIndices(n);
  if (!rows || n.getRank(*rows) != 1 || areDistinct(n, n.getTensor(*rows)))
    return import({});
  // The gradient comes before its indices.
  Value gradient = n.getTensor(*rows - 1);
  if (n.getRank(*rows - 1) > 0 &&
      failed(n.requireEqual(n.sizes.sizeOf(gradient, 0), n.sizes.sizeOf(n.getTensor(*rows), 0),
                            "grad must be the same size as indices in the first dimension, got %d and %d")))
    return failure();
  auto done = RegionImporter(n.graph.entry, n.loc)
                  .importCounted(n.sizes.sizeOf(n.getTensor(*rows), 0), {},
                                 [&](OpFoldResult row, RegionImporter::Values values) {
                                   return failed(import(row)) ? FailureOr<RegionImporter::Values>()
                                                              : FailureOr<RegionImporter::Values>(values);
                                 });
  return success(succeeded(done));
}

} // namespace tgc

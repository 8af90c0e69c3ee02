//===- ReductionOps.cpp - Reductions, scans, arg max ----------------------===//

#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Kind = tg::ReductionKind;
using Size = OpFoldResult;

/// Sums along the axes of a gradient that are known at run time only. A dimension of n elements becomes one
/// of m, which is n or one: as [n / m, m] its first part is summed. The dimension stays, which the Reshape
/// behind the sum does not mind.
Value sumPossibleAxes(NodeImporter &n, Value x, const HostTensor &axes) {
  for (auto [dim, size] : axes.possibleAxes) {
    SmallVector<Size> shape = n.sizes.sizesOf(x);
    Size groups = n.sizes.floorDiv(shape[dim], n.sizes.max(size, n.sizes.constant(1)));
    shape[dim] = size;
    shape.insert(shape.begin() + dim, groups);
    x = n.reduce(Kind::Sum, n.reshape(x, shape), dim);
  }
  return x;
}

template <Kind kind> LogicalResult importReduce(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto axes = n.getAxes(1, n.getRank(0), "reduction axis");
  if (failed(axes))
    return failure();
  if (kind == Kind::Sum && n.getHost(1))
    x = sumPossibleAxes(n, x, *n.getHost(1));
  n.setResult(n.reduce(kind, x, *axes, n.getBool("keep_dims")));
  return success();
}

/// The number of elements that a reduction combines, as a tensor of rank 0.
Value countTensor(NodeImporter &n, Value x, ArrayRef<int64_t> axes, Type element) {
  SmallVector<Size> reduced;
  for (int64_t axis : axes)
    reduced.push_back(n.sizes.sizeOf(x, axis));
  Size count = n.sizes.product(reduced);
  if (auto value = IndexBuilder::getConstant(count))
    return n.scalar(element, *value);
  Value integer = arith::IndexCastOp::create(n.builder, n.loc, n.builder.getI64Type(), n.sizes.get(count));
  return n.cast(n.create<tensor::FromElementsOp>(RankedTensorType::get({}, n.builder.getI64Type()), integer),
                element);
}

LogicalResult importMean(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto axes = n.getAxes(1, n.getRank(0), "reduction axis");
  if (failed(axes))
    return failure();
  Type element = n.getElementType(0);
  // Half precision would lose the sum: Eigen's mean reducer keeps it in f32.
  Type wide = isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32 ? Type(n.builder.getF32Type())
                                                                              : element;
  Value sum = n.reduce(Kind::Sum, n.cast(x, wide), *axes, n.getBool("keep_dims"));
  Value count = n.broadcastTo(countTensor(n, x, *axes, wide), n.sizes.sizesOf(sum));
  n.setResult(n.cast(n.div(sum, count), element));
  return success();
}

LogicalResult importEuclideanNorm(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto axes = n.getAxes(1, n.getRank(0), "reduction axis");
  if (failed(axes))
    return failure();
  Type element = n.getElementType(0);
  Value other = isa<ComplexType>(element) ? n.create<tg::ConjOp>(x) : x;
  Value sum = n.reduce(Kind::Sum, n.mul(x, other), *axes, n.getBool("keep_dims"));
  // Of integers the root is a double, whose fraction is cut off.
  Value root = n.create<tg::SqrtOp>(isa<IntegerType>(element) ? n.cast(sum, n.builder.getF64Type()) : sum);
  n.setResult(n.cast(root, element));
  return success();
}

LogicalResult importL2Loss(NodeImporter &n) {
  Value x = n.getTensor(0);
  Value sum = n.reduce(Kind::Sum, n.mul(x, x), llvm::to_vector(llvm::seq<int64_t>(0, n.getRank(0))));
  n.setResult(n.mul(sum, n.splatLike(sum, 0.5)));
  return success();
}

template <Kind kind> LogicalResult importArgReduce(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto axis = n.getAxis(1, n.getRank(0), "dimension");
  auto element = n.getElementTypeAttr("output_type");
  if (failed(axis) || failed(element))
    return failure();
  Size size = n.sizes.sizeOf(x, *axis);
  if (IndexBuilder::isConstant(size, 0))
    return n.error() << "Reduction axis " << *axis << " is empty in shape " << x.getType();
  if (!IndexBuilder::getConstant(size))
    n.check(n.sizes.lessEqual(n.sizes.constant(1), size),
            "Reduction axis " + Twine(*axis) + " is empty: it has %d elements", n.sizes.get(size));
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  shape.erase(shape.begin() + *axis);
  n.setResult(n.create<tg::ArgReduceOp>(tg::getTypeOfSizes(shape, *element), kind, x, *axis));
  return success();
}

template <Kind kind> LogicalResult importScan(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto axis = n.getAxis(1, n.getRank(0), "axis");
  if (failed(axis))
    return failure();
  n.setResult(n.create<tg::ScanOp>(kind, x, *axis, n.getBool("exclusive"), n.getBool("reverse")));
  return success();
}

} // namespace

void registerReductionOps(OpRegistry &registry) {
  registry.add({"Sum"}, importReduce<Kind::Sum>);
  registry.add({"Prod"}, importReduce<Kind::Prod>);
  registry.add({"Max"}, importReduce<Kind::Max>);
  registry.add({"Min"}, importReduce<Kind::Min>);
  registry.add({"All"}, importReduce<Kind::All>);
  registry.add({"Any"}, importReduce<Kind::Any>);
  registry.add({"Mean"}, importMean);
  registry.add({"EuclideanNorm"}, importEuclideanNorm);
  registry.add({"L2Loss"}, importL2Loss);
  registry.add({"ArgMax"}, importArgReduce<Kind::Max>);
  registry.add({"ArgMin"}, importArgReduce<Kind::Min>);
  registry.add({"Cumsum"}, importScan<Kind::Sum>);
  registry.add({"Cumprod"}, importScan<Kind::Prod>);
}

} // namespace tgc

//===- ReshapeOps.cpp - The same elements in another shape or type --------===//

#include "frontend/Import/Indexing.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// The product of the sizes that are not zero.
Size productOfNonzero(NodeImporter &n, ArrayRef<Size> sizes) {
  Size product = n.sizes.constant(1);
  for (Size size : sizes)
    product = n.sizes.mul(product, n.sizes.max(size, n.sizes.constant(1)));
  return product;
}

/// The size that -1 stands for beside `others`. If one of them is zero, TensorFlow leaves zeros out on both
/// sides: [0,3] as [0,-1] is [0,3].
Size divideSizes(NodeImporter &n, ArrayRef<Size> from, ArrayRef<Size> others) {
  Size total = n.sizes.product(from), rest = n.sizes.product(others), one = n.sizes.constant(1);
  auto knownRest = IndexBuilder::getConstant(rest);
  if (knownRest && *knownRest != 0)
    return n.sizes.floorDiv(total, rest);
  Size withoutZeros = n.sizes.floorDiv(productOfNonzero(n, from), productOfNonzero(n, others));
  if (knownRest)
    return withoutZeros;
  Size quotient = n.sizes.floorDiv(total, rest);
  bool isFolded = !isa<Value>(quotient) || !cast<Value>(quotient).getDefiningOp<arith::FloorDivSIOp>();
  return isFolded ? quotient
                  : n.sizes.select(n.sizes.equals(rest, n.sizes.constant(0)), withoutZeros,
                                   n.sizes.floorDiv(total, n.sizes.max(rest, one)));
}

LogicalResult importReshape(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto wanted = n.getSizeOperand(1, "shape");
  if (failed(wanted))
    return failure();
  Size total = n.sizes.product(n.sizes.sizesOf(x));
  int64_t unknown = -1;
  SmallVector<Size> known;
  for (auto [i, size] : llvm::enumerate(*wanted)) {
    auto value = IndexBuilder::getConstant(size);
    if (value && *value < -1)
      return n.error() << "size " << *value << " of the shape is negative";
    if (value != -1) {
      known.push_back(size);
      continue;
    }
    if (unknown >= 0)
      return n.error() << "more than one -1 in the shape";
    unknown = i;
  }
  Size rest = n.sizes.product(known);
  auto totalCount = IndexBuilder::getConstant(total), restCount = IndexBuilder::getConstant(rest);
  if (unknown >= 0) {
    if (totalCount && restCount && (*restCount == 0 ? *totalCount != 0 : *totalCount % *restCount != 0))
      return n.error() << "cannot reshape " << *totalCount << " elements to a shape with a multiple of "
                       << *restCount;
    (*wanted)[unknown] = divideSizes(n, n.sizes.sizesOf(x), known);
  } else if (totalCount && restCount && *totalCount != *restCount) {
    auto diagnostic = n.error() << "cannot reshape " << *totalCount << " elements to [";
    llvm::interleave(
        *wanted, [&](Size size) { diagnostic << *IndexBuilder::getConstant(size); },
        [&] { diagnostic << ","; });
    return diagnostic << "]";
  }
  // Sizes that come from data may hold a -1 that shows only at run time, at most one in all.
  Size numUnknown = n.sizes.constant(unknown >= 0);
  for (Size size : *wanted)
    if (auto value = dyn_cast<Value>(size); value && value.getDefiningOp<arith::IndexCastOp>())
      numUnknown = n.sizes.add(numUnknown, n.sizes.select(n.sizes.equals(size, n.sizes.constant(-1)),
                                                          n.sizes.constant(1), n.sizes.constant(0)));
  if (!IndexBuilder::getConstant(numUnknown))
    n.check(n.sizes.lessEqual(numUnknown, n.sizes.constant(1)), "Only one input size may be -1, not %d",
            n.sizes.get(numUnknown));
  if (unknown < 0) {
    const SmallVector<Size> given(*wanted);
    for (auto [i, size] : llvm::enumerate(given)) {
      auto value = dyn_cast<Value>(size);
      if (!value || !value.getDefiningOp<arith::IndexCastOp>())
        continue;
      SmallVector<Size> others(given);
      others.erase(others.begin() + i);
      (*wanted)[i] = n.sizes.select(n.sizes.equals(size, n.sizes.constant(-1)),
                                    divideSizes(n, n.sizes.sizesOf(x), others), size);
    }
  }
  if (failed(checkSizes(n, *wanted)))
    return failure();
  Size product = n.sizes.product(*wanted);
  if (!IndexBuilder::isEqual(product, total) && !(totalCount && restCount)) {
    Value fits = n.sizes.equals(product, total);
    n.check(fits, "Input to reshape is a tensor with %d values, but the requested shape has %d",
            {n.sizes.get(total), n.sizes.get(product)});
  }
  n.setResult(n.reshape(x, *wanted));
  return success();
}

LogicalResult importExpandDims(NodeImporter &n) {
  Value x = n.getTensor(0);
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  auto axis = n.getAxis(1, shape.size() + 1, "dim");
  if (failed(axis))
    return failure();
  shape.insert(shape.begin() + *axis, n.sizes.constant(1));
  n.setResult(n.reshape(x, shape));
  return success();
}

LogicalResult importSqueeze(NodeImporter &n) {
  Value x = n.getTensor(0);
  SmallVector<Size> from = n.sizes.sizesOf(x), to;
  int64_t rank = from.size();
  llvm::DenseSet<int64_t> chosen;
  for (int64_t axis : n.getInts("squeeze_dims")) {
    auto normal = n.normalizeAxis(axis, rank, "squeeze_dims");
    if (failed(normal))
      return failure();
    chosen.insert(*normal);
  }
  for (auto [dim, size] : llvm::enumerate(from)) {
    auto value = IndexBuilder::getConstant(size);
    // The rank must be known here, so a size that is not known is taken to be none of those that go.
    if (chosen.empty() && !value)
      n.check(arith::CmpIOp::create(n.builder, n.loc, arith::CmpIPredicate::ne, n.sizes.get(size),
                                    n.sizes.get(n.sizes.constant(1))),
              "Squeeze without squeeze_dims: dimension " + Twine(dim) +
                  " is 1 in this run, which would lower the rank; compile for this size with --shape",
              {}, tg::StatusCode::Unimplemented);
    bool isGone = chosen.empty() ? value == 1 : chosen.contains(dim);
    if (!isGone) {
      to.push_back(size);
      continue;
    }
    if (value && *value != 1)
      return n.error() << "cannot squeeze dimension " << dim << ", expected a size of 1, got " << *value;
    if (!value)
      n.check(n.sizes.equals(size, n.sizes.constant(1)),
              "Can not squeeze dim[" + Twine(dim) + "], expected a dimension of 1, got %d",
              n.sizes.get(size));
  }
  n.setResult(n.reshape(x, to));
  return success();
}

LogicalResult importBroadcastTo(NodeImporter &n) {
  auto shape = n.getSizeOperand(1, "shape");
  if (failed(shape))
    return failure();
  Value x = n.getTensor(0);
  if (failed(checkSizes(n, *shape)))
    return failure();
  if (n.getRank(0) > static_cast<int64_t>(shape->size()))
    return n.error() << "cannot broadcast " << x.getType() << " to rank " << shape->size();
  auto both = n.broadcastSizes(n.sizes.sizesOf(x), *shape);
  if (failed(both))
    return failure();
  n.setResult(n.broadcastTo(x, *shape));
  return success();
}

LogicalResult importTranspose(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto permutation = n.getConstants(1, "perm");
  if (failed(permutation))
    return failure();
  int64_t rank = n.getRank(0);
  SmallVector<bool> seen(rank, false);
  for (int64_t &dim : *permutation) {
    auto normal = n.normalizeAxis(dim, rank, "perm");
    if (failed(normal))
      return failure();
    dim = *normal;
    if (seen[dim])
      return n.error() << "dimension " << dim << " stands twice in perm";
    seen[dim] = true;
  }
  if (static_cast<int64_t>(permutation->size()) != rank)
    return n.error() << "perm has " << permutation->size() << " numbers for rank " << rank;
  Value result = n.transpose(x, *permutation);
  if (n.node.op() == "ConjugateTranspose" && isa<ComplexType>(n.getElementType(0)))
    result = n.create<tg::ConjOp>(result);
  n.setResult(result);
  return success();
}

unsigned byteWidth(Type element) {
  if (auto complex = dyn_cast<ComplexType>(element))
    return 2 * byteWidth(complex.getElementType());
  return isa<tg::StringType>(element) ? 0 : (element.getIntOrFloatBitWidth() + 7) / 8;
}

/// The same bytes as another type: a narrower one adds a last dimension, a wider one takes it away.
LogicalResult importBitcast(NodeImporter &n) {
  auto element = n.getElementTypeAttr("type");
  if (failed(element))
    return failure();
  Value x = n.getTensor(0);
  Type from = n.getElementType(0);
  unsigned fromWidth = byteWidth(from), toWidth = byteWidth(*element);
  if (!fromWidth || !toWidth || from.isInteger(1) != element->isInteger(1))
    return n.error() << "Cannot bitcast " << from << " to " << *element;
  if (from == *element) {
    n.setResult(x);
    return success();
  }
  SmallVector<Size> shape = n.sizes.sizesOf(x);
  if (fromWidth > toWidth) {
    shape.push_back(n.sizes.constant(fromWidth / toWidth));
  } else if (fromWidth < toWidth) {
    Size ratio = n.sizes.constant(toWidth / fromWidth);
    if (shape.empty())
      return n.error() << "Cannot bitcast the scalar " << x.getType() << " to the wider " << *element;
    if (failed(n.requireEqual(shape.back(), ratio,
                              "Cannot bitcast: the last dimension has %d elements, the wider type takes %d")))
      return failure();
    shape.back() = ratio;
    x = n.refine(x, tg::getTypeOfSizes(shape, from));
    shape.pop_back();
  }
  n.setResult(n.create<tg::BitcastOp>(tg::getTypeOfSizes(shape, *element), x));
  n.sizes.setSizes(n.getOutputs()[0].tensor, shape);
  return success();
}

} // namespace

void registerReshapeOps(OpRegistry &registry) {
  registry.add({"Reshape"}, importReshape);
  registry.add({"ExpandDims"}, importExpandDims);
  registry.add({"Squeeze"}, importSqueeze);
  registry.add({"BroadcastTo"}, importBroadcastTo);
  registry.add({"Bitcast"}, importBitcast);
  registry.add({"Transpose", "ConjugateTranspose"}, importTranspose);
}

} // namespace tgc

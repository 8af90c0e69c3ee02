//===- EinsumOps.cpp - Einsum by transposes, sums and matrix products -----===//
//
// Every label of an operand is one of four: in both operands and the result (batch), in both operands only
// (contracted), in one operand and the result (free), or in one operand only (summed). Doubled labels are
// diagonals. With these settled, a product of two operands is one batched matrix product between transposes,
// or an elementwise product if nothing is contracted.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/Indexing.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// A letter, or a dimension of the ellipsis, counted from its last one.
using Label = int;
using Labels = SmallVector<Label>;
constexpr Label kEllipsis = 1000;
bool isEllipsis(Label label) { return label >= kEllipsis; }

struct Operand {
  Value value;
  Labels labels;
};

Labels without(ArrayRef<Label> labels, ArrayRef<Label> excluded) {
  return llvm::to_vector(
      llvm::make_filter_range(labels, [&](Label label) { return !llvm::is_contained(excluded, label); }));
}

Labels common(ArrayRef<Label> labels, ArrayRef<Label> others) {
  return llvm::to_vector(
      llvm::make_filter_range(labels, [&](Label label) { return llvm::is_contained(others, label); }));
}

/// "ab...c" as labels; the ellipsis stands for `dimensions` of them.
FailureOr<Labels> parseLabels(NodeImporter &n, StringRef text, int64_t dimensions) {
  Labels labels;
  bool hasEllipsis = false;
  for (text = text.trim(); !text.empty();) {
    if (text.consume_front("...")) {
      if (hasEllipsis) {
        n.error() << "more than one ellipsis in a subscript of equation " << n.getString("equation");
        return failure();
      }
      hasEllipsis = true;
      for (int64_t i = dimensions - 1; i >= 0; --i)
        labels.push_back(kEllipsis + i);
      continue;
    }
    if (!llvm::isAlpha(text.front())) {
      n.error() << "subscript " << text << " of equation " << n.getString("equation") << " is no letter";
      return failure();
    }
    labels.push_back(text.front());
    text = text.drop_front();
  }
  return labels;
}

/// The operand with its dimensions in the order of `labels`, which are the same ones.
Operand permute(NodeImporter &n, const Operand &x, ArrayRef<Label> labels) {
  SmallVector<int64_t> permutation;
  for (Label label : labels)
    permutation.push_back(llvm::find(x.labels, label) - x.labels.begin());
  return {n.transpose(x.value, permutation), Labels(labels)};
}

/// Doubled labels as diagonals.
FailureOr<Operand> takeDiagonals(NodeImporter &n, Operand x) {
  for (size_t first = 0; first < x.labels.size(); ++first) {
    Label label = x.labels[first];
    auto second = std::find(x.labels.begin() + first + 1, x.labels.end(), label);
    if (second == x.labels.end())
      continue;
    // [..., size * size], of which every (size + 1)th element is kept.
    int64_t other = second - x.labels.begin();
    SmallVector<int64_t> permutation;
    Labels rest;
    for (size_t dim = 0; dim < x.labels.size(); ++dim)
      if (dim != first && static_cast<int64_t>(dim) != other) {
        permutation.push_back(dim);
        rest.push_back(x.labels[dim]);
      }
    permutation.push_back(first);
    permutation.push_back(other);
    Size size = n.sizes.sizeOf(x.value, first);
    if (failed(n.requireEqual(size, n.sizes.sizeOf(x.value, other),
                              "a label that occurs twice stands for dimensions of %d and %d elements")))
      return failure();
    Value turned = n.transpose(x.value, permutation);
    SmallVector<Size> flat = n.sizes.sizesOf(turned);
    flat.pop_back();
    flat.back() = n.sizes.mul(size, size);
    Type element = n.builder.getI64Type();
    Value step = n.sizeTensor(n.sizes.add(size, n.sizes.constant(1)), element, {size});
    auto diagonal =
        gatherAlong(n, n.reshape(turned, flat), n.mul(n.iota({size}, element, 0), step), flat.size() - 1);
    if (failed(diagonal))
      return failure();
    rest.push_back(label);
    x = {*diagonal, rest};
    first = -1;
  }
  return x;
}

/// The sum over all labels but `kept`.
Operand sumOut(NodeImporter &n, Operand x, ArrayRef<Label> kept) {
  SmallVector<int64_t> dims;
  for (auto [dim, label] : llvm::enumerate(x.labels))
    if (!llvm::is_contained(kept, label))
      dims.push_back(dim);
  if (dims.empty())
    return x;
  return {n.reduce(tg::ReductionKind::Sum, x.value, dims), common(x.labels, kept)};
}

/// Dimensions of the same label get one size: equal for letters, broadcast for those of the ellipsis.
LogicalResult unify(NodeImporter &n, Operand &x, Operand &y) {
  SmallVector<Size> xs = n.sizes.sizesOf(x.value), ys = n.sizes.sizesOf(y.value);
  for (auto [i, label] : llvm::enumerate(x.labels)) {
    auto it = llvm::find(y.labels, label);
    if (it == y.labels.end())
      continue;
    size_t j = it - y.labels.begin();
    if (!isEllipsis(label)) {
      if (failed(n.requireEqual(xs[i], ys[j],
                                Twine("label ") + Twine(static_cast<char>(label)) +
                                    " of the equation stands for dimensions of %d and %d elements")))
        return failure();
      (IndexBuilder::getConstant(xs[i]) ? ys[j] : xs[i]) = IndexBuilder::getConstant(xs[i]) ? xs[i] : ys[j];
      continue;
    }
    auto both = n.broadcastSizes({xs[i]}, {ys[j]});
    if (failed(both))
      return failure();
    xs[i] = ys[j] = both->front();
  }
  x.value = n.broadcastTo(x.value, xs);
  y.value = n.broadcastTo(y.value, ys);
  return success();
}

SmallVector<Size> sizesOfLabels(NodeImporter &n, const Operand &x, ArrayRef<Label> labels) {
  SmallVector<Size> sizes;
  for (Label label : labels)
    sizes.push_back(n.sizes.sizeOf(x.value, llvm::find(x.labels, label) - x.labels.begin()));
  return sizes;
}

/// The operand as [batch..., product of `first`, product of `second`].
Value toMatrices(NodeImporter &n, const Operand &x, ArrayRef<Label> batch, ArrayRef<Label> first,
                 ArrayRef<Label> second) {
  Labels order(batch);
  llvm::append_range(order, first);
  llvm::append_range(order, second);
  SmallVector<Size> shape = sizesOfLabels(n, x, batch);
  shape.push_back(n.sizes.product(sizesOfLabels(n, x, first)));
  shape.push_back(n.sizes.product(sizesOfLabels(n, x, second)));
  return n.reshape(permute(n, x, order).value, shape);
}

bool isInOrder(const Operand &x, ArrayRef<Label> batch, ArrayRef<Label> first, ArrayRef<Label> second) {
  Labels order(batch);
  llvm::append_range(order, first);
  llvm::append_range(order, second);
  return order == x.labels;
}

FailureOr<Operand> multiply(NodeImporter &n, Operand x, Operand y, ArrayRef<Label> result) {
  x = sumOut(n, x, [&] {
    Labels kept(y.labels);
    llvm::append_range(kept, result);
    return kept;
  }());
  y = sumOut(n, y, [&] {
    Labels kept(x.labels);
    llvm::append_range(kept, result);
    return kept;
  }());
  if (failed(unify(n, x, y)))
    return failure();
  Labels shared = common(x.labels, y.labels), batch = common(shared, result),
         contracted = without(shared, result);
  Labels xFree = without(x.labels, shared), yFree = without(y.labels, shared);
  Operand product{Value(), batch};
  llvm::append_range(product.labels, xFree);
  llvm::append_range(product.labels, yFree);
  SmallVector<Size> shape = sizesOfLabels(n, x, batch), xSizes = sizesOfLabels(n, x, xFree),
                    ySizes = sizesOfLabels(n, y, yFree);
  SmallVector<Size> full = shape;
  llvm::append_range(full, xSizes);
  llvm::append_range(full, ySizes);
  if (contracted.empty()) {
    Labels xOrder(batch), yOrder(batch);
    llvm::append_range(xOrder, xFree);
    llvm::append_range(yOrder, yFree);
    Value a = broadcastTrailing(n, permute(n, x, xOrder).value, full);
    SmallVector<Size> spaced(shape);
    spaced.append(xFree.size(), n.sizes.constant(1));
    llvm::append_range(spaced, ySizes);
    product.value = n.mul(a, n.broadcastTo(n.reshape(permute(n, y, yOrder).value, spaced), full));
    return product;
  }
  // A transposed operand is taken as it lies where that needs no transpose.
  bool transposeX = isInOrder(x, batch, contracted, xFree),
       transposeY = isInOrder(y, batch, yFree, contracted);
  Value lhs =
      transposeX ? toMatrices(n, x, batch, contracted, xFree) : toMatrices(n, x, batch, xFree, contracted);
  Value rhs =
      transposeY ? toMatrices(n, y, batch, yFree, contracted) : toMatrices(n, y, batch, contracted, yFree);
  auto matmul = n.tryCreate<tg::MatMulOp>(lhs, rhs, transposeX, transposeY);
  if (failed(matmul))
    return failure();
  product.value = n.reshape(*matmul, full);
  return product;
}

/// The operand spread onto diagonals for labels that occur twice in the result.
Operand spreadDiagonals(NodeImporter &n, Operand x, ArrayRef<Label> result) {
  for (auto [i, label] : llvm::enumerate(result)) {
    if (llvm::count(result.take_front(i), label) == 0)
      continue;
    int64_t dim = llvm::find(x.labels, label) - x.labels.begin();
    SmallVector<Size> shape = n.sizes.sizesOf(x.value);
    shape.push_back(shape[dim]);
    Type element = n.builder.getI64Type();
    Value isDiagonal = n.compare(tg::ComparisonDirection::EQ, n.iota(shape, element, dim),
                                 n.iota(shape, element, shape.size() - 1));
    Value spread = broadcastTrailing(n, x.value, shape);
    x.value = n.select(isDiagonal, spread, n.splatLike(spread, 0));
    // The new dimension is the next occurrence of the label.
    x.labels.push_back(label);
  }
  return x;
}

LogicalResult importEinsum(NodeImporter &n) {
  std::string equation = n.getString("equation").str();
  llvm::erase(equation, ' ');
  size_t arrow = equation.find("->");
  if (arrow == std::string::npos)
    return n.error() << "equation " << equation << " has no ->";
  SmallVector<StringRef> subscripts;
  StringRef(equation).take_front(arrow).split(subscripts, ',');
  size_t count = n.getNumInputs();
  if (subscripts.size() != count || count == 0 || count > 2)
    return n.error() << "equation " << equation << " has " << subscripts.size() << " operands, the node has "
                     << count << "; one or two are supported";
  SmallVector<Operand> operands;
  int64_t ellipsisRank = 0;
  for (auto [i, text] : llvm::enumerate(subscripts)) {
    int64_t letters = llvm::count_if(text, [](char c) { return llvm::isAlpha(c); }),
            dimensions = n.getRank(i) - letters;
    bool hasEllipsis = text.contains("...");
    if (dimensions < 0 || (dimensions > 0 && !hasEllipsis))
      return n.error() << "subscript " << text << " of equation " << equation << " does not fit input " << i
                       << " of type " << n.getType(i);
    auto labels = parseLabels(n, text, dimensions);
    if (failed(labels))
      return failure();
    ellipsisRank = std::max(ellipsisRank, dimensions);
    auto operand = takeDiagonals(n, {n.getTensor(i), *labels});
    if (failed(operand))
      return failure();
    operands.push_back(*operand);
  }
  auto result = parseLabels(n, StringRef(equation).drop_front(arrow + 2), ellipsisRank);
  if (failed(result))
    return failure();
  for (Label label : *result)
    if (llvm::none_of(operands, [&](const Operand &x) { return llvm::is_contained(x.labels, label); }))
      return n.error() << "output label " << static_cast<char>(label) << " of equation " << equation
                       << " is in no operand";
  Operand product = operands[0];
  if (count == 2) {
    auto both = multiply(n, operands[0], operands[1], *result);
    if (failed(both))
      return failure();
    product = *both;
  } else {
    product = sumOut(n, product, *result);
  }
  product = spreadDiagonals(n, product, *result);
  // Occurrences of a doubled label are interchangeable, but each dimension is used once.
  SmallVector<int64_t> permutation;
  for (Label label : *result)
    for (auto [dim, other] : llvm::enumerate(product.labels))
      if (other == label && !llvm::is_contained(permutation, static_cast<int64_t>(dim))) {
        permutation.push_back(dim);
        break;
      }
  n.setResult(n.transpose(product.value, permutation));
  return success();
}

} // namespace

void registerEinsumOps(OpRegistry &registry) { registry.add({"Einsum"}, importEinsum); }

} // namespace tgc

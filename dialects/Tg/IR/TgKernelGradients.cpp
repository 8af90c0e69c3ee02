//===- TgKernelGradients.cpp - Gradients of transforms and sparse kernels -===//
//
// The transforms are linear: their gradients are the adjoint transforms, with TensorFlow's convention that
// the gradient of a complex number is the conjugate of the derivative. Sparse tensors are their values;
// indices have no gradient.
//
//===----------------------------------------------------------------------===//

#include "dialects/Tg/IR/MatrixCall.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tgc::tg {
namespace {

using Direction = ComparisonDirection;
using Gradients = SmallVector<Value>;
using Size = OpFoldResult;

//===----------------------------------------------------------------------===//
// Fourier transforms
//===----------------------------------------------------------------------===//

bool isComplex(Value x) { return isa<ComplexType>(getElementTypeOrSelf(x.getType())); }

/// Zeros behind each dimension, or less of it, so that it has these sizes.
Value fitTo(GradientBuilder &g, Value x, ArrayRef<Size> sizes) {
  SmallVector<Size> from = g.getSizes(x), none(sizes.size(), g.size(0)), missing, common;
  for (auto [have, want] : llvm::zip_equal(from, sizes)) {
    missing.push_back(g.maxSizes(g.subSizes(want, have), g.size(0)));
    common.push_back(g.subSizes(want, missing.back()));
  }
  return g.pad(g.slice(x, none, common), none, missing);
}

/// A number as a tensor like `like`, which may be complex.
Value fill(GradientBuilder &g, Value like, Size value) {
  Type real = isComplex(like) ? cast<ComplexType>(g.getType(like).getElementType()).getElementType()
                              : g.getType(like).getElementType();
  Value index = getValueOrCreateConstantIndexOp(g.builder, g.loc, value);
  Value integer = arith::IndexCastOp::create(g.builder, g.loc, g.builder.getI64Type(), index);
  Value tensor =
      tensor::FromElementsOp::create(g.builder, g.loc, RankedTensorType::get({}, integer.getType()), integer);
  tensor = g.cast(tensor, RankedTensorType::get({}, real));
  if (isComplex(like))
    tensor = g.complex(tensor, g.scalar(real, 0));
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, g.getRank(like)));
  return g.refine(g.broadcastAlong(tensor, all, g.getSizes(like)), like.getType());
}

Value transform(const MatrixCall &c, Value x, ArrayRef<Size> sizes, Type element, int64_t rank,
                bool isInverse) {
  Type types[] = {getTypeOfSizes(sizes, element)};
  std::string config = std::to_string(rank) + (isInverse ? " 1" : " 0");
  return c.callAll("tgc_kernel_fourier", {x, c.operand(1)}, types, sizes, config).front();
}

/// Of y = transform(x) over the last `rank` dimensions, with the lengths as second operand.
Value buildFourier(const MatrixCall &c, Value dy) {
  GradientBuilder &g = c.g;
  auto [rankText, inverseText] = c.op.getConfig().split(' ');
  int64_t rank = 0;
  (void)rankText.getAsInteger(10, rank);
  bool isInverse = inverseText == "1";
  Value x = c.operand(0), y = c.op.getResult(0);
  // The real side, or either one, has the lengths of the transform.
  SmallVector<Size> lengths = g.getSizes(isComplex(y) && !isComplex(x) ? x : y);
  Value result;
  if (isComplex(x) && isComplex(y)) {
    result = transform(c, dy, g.getSizes(dy), g.getType(x).getElementType(), rank, !isInverse);
    lengths = g.getSizes(y);
  } else if (isComplex(y)) {
    // The half that is there, and zeros: the real part of the whole adjoint transform.
    for (int64_t dim = 0; dim < rank; ++dim) {
      Value at = arith::ConstantIndexOp::create(g.builder, g.loc, dim);
      Value length = tensor::ExtractOp::create(g.builder, g.loc, c.operand(1), at);
      size_t place = lengths.size() - rank + dim;
      lengths[place] = getAsOpFoldResult(
          g.builder.createOrFold<arith::IndexCastOp>(g.loc, g.builder.getIndexType(), length));
    }
    Value whole = fitTo(g, dy, lengths);
    whole = transform(c, whole, lengths, g.getType(y).getElementType(), rank, true);
    result = g.unary<RealOp>(whole, withElementType(whole.getType(), g.getType(x).getElementType()));
  } else {
    // Every frequency but the first, and the last of an even length, stands for its mirror image too.
    SmallVector<Size> half = lengths;
    half.back() = g.addSizes(g.divSizes(lengths.back(), g.size(2)), g.size(1));
    result = transform(c, dy, half, g.getType(x).getElementType(), rank, false);
    Type i64 = g.builder.getI64Type();
    Value frequency = g.iota(g.getSizes(result), i64, half.size() - 1), twice = g.add(frequency, frequency);
    Value isAlone = g.compare(Direction::EQ, frequency, g.number(frequency, 0));
    isAlone = g.binary<OrOp>(isAlone, g.compare(Direction::EQ, twice, fill(g, twice, lengths.back())));
    result = g.select(isAlone, result, g.add(result, result));
  }
  Size count = g.product(ArrayRef(lengths).take_back(rank));
  if (!isComplex(y) || (isComplex(x) && isInverse))
    result = g.div(result, fill(g, result, count));
  else
    result = g.mul(result, fill(g, result, count));
  return g.refine(fitTo(g, result, g.getSizes(x)), x.getType());
}

//===----------------------------------------------------------------------===//
// Cumulative sums of exponentials
//===----------------------------------------------------------------------===//

/// dx_i = exp(x_i) sum_j dy_j exp(-y_j) over the j that x_i goes into, as exponentials of sums of logarithms.
Value buildLogCumulativeSum(const MatrixCall &c, Value dy) {
  GradientBuilder &g = c.g;
  Value x = c.operand(0), y = c.op.getResult(0), zero = g.number(dy, 0), least = g.number(dy, -1e30);
  StringRef config = c.op.getConfig();
  std::string other = config.drop_back(1).str() + (config.ends_with("1") ? "0" : "1");
  auto part = [&](Value weight) {
    Value isThere = g.compare(Direction::GT, weight, zero);
    Value log = g.unary<LogOp>(g.select(isThere, weight, g.number(dy, 1)));
    Value terms = g.select(isThere, g.sub(log, y), least);
    return g.unary<ExpOp>(g.add(c.call("tgc_kernel_cumulative_logsumexp", terms, terms, other), x));
  };
  return g.sub(part(dy), part(g.neg(dy)));
}

//===----------------------------------------------------------------------===//
// Sparse tensors
//===----------------------------------------------------------------------===//

/// Columns [from, from + 1) of indices.
Value getColumn(GradientBuilder &g, Value indices, int64_t from) {
  return g.slice(indices, {g.size(0), g.size(from)}, {g.getSizes(indices).front(), g.size(1)});
}

/// Of the values that were summed into a dense tensor along the dimensions that `reduced` marks with 1.
Value buildSparseSum(const MatrixCall &c, Value dy, StringRef reduced) {
  GradientBuilder &g = c.g;
  Value indices = c.operand(0);
  Size count = g.getSizes(indices).front();
  bool keepsDims = g.getRank(dy) == static_cast<int64_t>(reduced.size());
  SmallVector<Value> columns;
  for (auto [dim, mark] : llvm::enumerate(reduced)) {
    if (mark == '1' && !keepsDims)
      continue;
    Value column = getColumn(g, indices, dim);
    columns.push_back(mark == '1' ? g.number(column, 0) : column);
  }
  if (columns.empty())
    return g.refine(g.broadcastAlong(g.reshape(dy, {}), {0}, {count}), c.operand(1).getType());
  Value places = columns.size() == 1 ? columns.front() : g.concat(columns, 1);
  return g.refine(g.gatherNd(dy, places, BoundsMode::Error), c.operand(1).getType());
}

/// Of each row's exponentials over their sum: y (dy - sum of y dy over the row).
Value buildSparseSoftmax(const MatrixCall &c, Value dy) {
  GradientBuilder &g = c.g;
  Value y = c.op.getResult(0), product = g.mul(y, dy);
  int64_t rank = g.getType(c.operand(0)).getDimSize(1);
  if (ShapedType::isDynamic(rank))
    return Value();
  SmallVector<Size> sizes;
  for (int64_t dim = 0; dim + 1 < rank; ++dim) {
    Value at = arith::ConstantIndexOp::create(g.builder, g.loc, dim);
    Value size = tensor::ExtractOp::create(g.builder, g.loc, c.operand(2), at);
    sizes.push_back(arith::IndexCastOp::create(g.builder, g.loc, g.builder.getIndexType(), size).getResult());
  }
  Type types[] = {getTypeOfSizes(sizes, g.getType(y).getElementType())};
  std::string reduced = std::string(rank - 1, '0') + "1";
  Value sums = c.callAll("tgc_kernel_sparse_reduce", {c.operand(0), product, c.operand(2)}, types, sizes,
                         "sum " + reduced)
                   .front();
  return g.mul(y, g.sub(dy, g.refine(buildSparseSum(c, sums, reduced), dy.getType())));
}

/// Of entries combined with the elements of a dense tensor that is repeated to the sparse one's shape.
FailureOr<Gradients> buildSparseDense(const MatrixCall &c, Value dy) {
  GradientBuilder &g = c.g;
  Value indices = c.operand(0), x = c.operand(1), dense = c.operand(3);
  int64_t rank = g.getType(indices).getDimSize(1), denseRank = g.getRank(dense);
  if (ShapedType::isDynamic(rank))
    return FailureOr<Gradients>(mlir::emitError(c.op.getLoc())
                                << "the gradient needs a sparse tensor of known rank, got indices "
                                << indices.getType());
  SmallVector<Value> columns;
  for (auto [dim, size] : llvm::enumerate(g.getSizes(dense))) {
    Value column = getColumn(g, indices, rank - denseRank + dim);
    // A size of one stands for all places: nothing of the index counts, else all of it.
    Size factor = g.mulSizes(g.maxSizes(g.subSizes(g.size(1), size), g.size(-1)), g.size(-1));
    columns.push_back(g.mul(column, fill(g, column, factor)));
  }
  SmallVector<Size> sizes = g.getSizes(dense);
  if (columns.empty()) {
    sizes.push_back(g.size(1));
    columns.push_back(g.zeros({g.getSizes(x).front(), g.size(1)}, g.builder.getI64Type()));
  }
  Value places = columns.size() == 1 ? columns.front() : g.concat(columns, 1);
  Value elements = g.reshape(dense, sizes);
  Value at = g.refine(g.gatherNd(elements, places, BoundsMode::Error), x.getType()), dx = dy, dAt = dy;
  if (c.op.getConfig() == "mul") {
    dx = g.mul(dy, at);
    dAt = g.mul(dy, x);
  } else if (c.op.getConfig() == "div") {
    dx = g.div(dy, at);
    dAt = g.neg(g.mul(dy, g.div(x, g.square(at))));
  }
  Gradients result(c.op.getNumOperands());
  result[1] = dx;
  Value sum = g.scatterAdd(g.number(elements, 0), places, dAt, BoundsMode::Error);
  result[3] = g.refine(g.reshape(sum, g.getSizes(dense)), dense.getType());
  return result;
}

/// Moves what came out of a kernel back to where it came from: `order` are the old places.
Value moveBack(GradientBuilder &g, Value order, Value dy, Size count) {
  Value zeros = g.zeros({count}, g.getType(dy).getElementType());
  return g.scatterAdd(zeros, g.reshape(order, {g.getSizes(order).front(), g.size(1)}), dy, BoundsMode::Error);
}

/// Of sorted entries: the kernel sorts their numbers.
Value buildSparseReorder(const MatrixCall &c, Value dy) {
  GradientBuilder &g = c.g;
  Value indices = c.operand(0), x = c.operand(1);
  SmallVector<Size> sizes = g.getSizes(indices), count = g.getSizes(x);
  Value numbers = g.iota(count, g.builder.getI64Type(), 0);
  llvm::append_range(sizes, count);
  Type types[] = {indices.getType(), numbers.getType()};
  Value order = c.callAll("tgc_kernel_sparse_reorder", {indices, numbers}, types, sizes, "")[1];
  return g.refine(moveBack(g, order, dy, count.front()), x.getType());
}

/// The same of several tensors, whose entries are numbered through.
Gradients buildSparseConcat(const MatrixCall &c, Value dy) {
  GradientBuilder &g = c.g;
  int64_t count = c.op.getInputs().size() / 3;
  SmallVector<Value> inputs(c.op.getInputs());
  SmallVector<Size> begins{g.size(0)};
  for (int64_t i = 0; i < count; ++i) {
    Value numbers = g.iota(g.getSizes(inputs[count + i]), g.builder.getI64Type(), 0);
    begins.push_back(g.addSizes(begins.back(), g.getSizes(numbers).front()));
    inputs[count + i] = g.add(numbers, fill(g, numbers, begins[i]));
  }
  Type numbers = RankedTensorType::get({ShapedType::kDynamic}, g.builder.getI64Type());
  Type types[] = {c.op.getResult(0).getType(), numbers, c.op.getResult(2).getType()};
  auto sorted = HostCallOp::create(g.builder, g.loc, types, inputs, ValueRange(), c.op.getKernel(),
                                   c.op.getConfig(), /*pure=*/true, /*finds_sizes=*/true);
  Value all = moveBack(g, sorted.getResult(1), dy, begins.back());
  Gradients result(c.op.getNumOperands());
  for (int64_t i = 0; i < count; ++i) {
    Value values = c.operand(count + i);
    result[count + i] = g.refine(g.slice(all, begins[i], g.getSizes(values)), values.getType());
  }
  return result;
}

/// The gradients of kernels of sparse tensors; none where the kernel is no such one.
FailureOr<Gradients> buildSparseGradients(const MatrixCall &c, ArrayRef<Value> gradients) {
  GradientBuilder &g = c.g;
  StringRef kernel = c.op.getKernel(), config = c.op.getConfig();
  Gradients result(c.op.getNumOperands());
  Value dValues = gradients.size() > 1 ? gradients[1] : Value();
  if (kernel == "tgc_kernel_sparse_reduce" && config.consume_front("sum ")) {
    result[1] = buildSparseSum(c, gradients[0], config);
    return result;
  }
  if (kernel == "tgc_kernel_sparse_softmax") {
    result[1] = buildSparseSoftmax(c, gradients[0]);
    return result[1] ? result : Gradients();
  }
  if (kernel == "tgc_kernel_sparse_dense")
    return buildSparseDense(c, gradients[0]);
  if (kernel == "tgc_kernel_sparse_dense_add") {
    result[1] = g.refine(g.gatherNd(gradients[0], c.operand(0), BoundsMode::Error), c.operand(1).getType());
    result[3] = gradients[0];
    return result;
  }
  if (kernel == "tgc_kernel_sparse_reorder" && dValues) {
    result[1] = buildSparseReorder(c, dValues);
    return result;
  }
  if (kernel == "tgc_kernel_sparse_concat" && dValues)
    return buildSparseConcat(c, dValues);
  if (kernel == "tgc_kernel_sparse_add" && dValues) {
    Value a = c.operand(1), b = c.operand(4);
    Type types[] = {a.getType(), b.getType()};
    SmallVector<Size> sizes = g.getSizes(a);
    llvm::append_range(sizes, g.getSizes(b));
    auto parts = c.callAll("tgc_kernel_sparse_add_grad",
                           {dValues, c.operand(0), c.operand(3), c.op.getResult(0)}, types, sizes, "");
    result[1] = parts[0];
    result[4] = parts[1];
    return result;
  }
  if (kernel == "tgc_kernel_sparse_fill_empty_rows" && dValues) {
    Type types[] = {c.operand(1).getType(), c.operand(3).getType()};
    auto parts = c.callAll("tgc_kernel_sparse_fill_empty_rows_grad", {c.op.getResult(3), dValues}, types,
                           g.getSizes(c.operand(1)), "");
    result[1] = parts[0];
    result[3] = parts[1];
    return result;
  }
  if (kernel == "tgc_kernel_sparse_slice" && dValues) {
    result[1] =
        c.callAll("tgc_kernel_sparse_slice_grad", {dValues, c.operand(0), c.operand(3), c.op.getResult(0)},
                  c.operand(1).getType(), g.getSizes(c.operand(1)), "")
            .front();
    return result;
  }
  return Gradients();
}

} // namespace

FailureOr<Gradients> buildKernelGradients(const MatrixCall &c, ArrayRef<Value> gradients) {
  StringRef kernel = c.op.getKernel();
  Gradients result(c.op.getNumOperands());
  if (kernel == "tgc_kernel_fourier") {
    result[0] = buildFourier(c, gradients[0]);
    return result;
  }
  if (kernel == "tgc_kernel_cumulative_logsumexp") {
    result[0] = buildLogCumulativeSum(c, gradients[0]);
    return result;
  }
  if (kernel == "tgc_kernel_ctc_loss" && gradients[0]) {
    // The kernel computes the gradient of each loss beside it.
    GradientBuilder &g = c.g;
    Value partial = c.op.getResult(1);
    Value spread = g.broadcastAlong(gradients[0], {0, 2}, g.getSizes(partial));
    result[0] = g.refine(g.mul(g.refine(spread, partial.getType()), partial), c.operand(0).getType());
    return result;
  }
  if (Gradients images = buildImageGradients(c, gradients); !images.empty())
    return images;
  auto sparse = buildSparseGradients(c, gradients);
  if (failed(sparse) || !sparse->empty())
    return sparse;
  return FailureOr<Gradients>(mlir::emitError(c.op.getLoc())
                              << "no gradient is known of the kernel " << kernel);
}

} // namespace tgc::tg

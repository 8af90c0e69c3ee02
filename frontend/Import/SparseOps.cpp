//===- SparseOps.cpp - Sparse tensors -------------------------------------===//
//
// Sparse tensors are three dense ones: indices, values, shape. Kernels of runtime/kernels/sparse work on
// them; how many entries come out they find.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/NodeImporter.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

constexpr int64_t kDynamic = ShapedType::kDynamic;

/// A sparse operand: inputs first (indices), first + 1 (values) and `shape`.
struct Sparse {
  Value indices, values, shape;
  int64_t rank;
};

FailureOr<Sparse> getSparse(NodeImporter &n, size_t indices, size_t values, size_t shape) {
  Sparse sparse{n.getTensor(indices), n.getTensor(values), n.getTensor(shape),
                n.getType(indices).getRank() == 2 ? n.getType(indices).getDimSize(1) : 0};
  if (n.getRank(indices) != 2 || n.getRank(values) != 1 || n.getRank(shape) != 1) {
    n.error() << "indices must be a matrix, values and shape vectors, got " << sparse.indices.getType()
              << ", " << sparse.values.getType() << " and " << sparse.shape.getType();
    return failure();
  }
  int64_t known = n.getType(shape).getDimSize(0);
  if (ShapedType::isDynamic(sparse.rank))
    sparse.rank = known;
  if (ShapedType::isDynamic(sparse.rank)) {
    n.error() << "the rank of the sparse tensor is not known; give the shape of a feed with --shape";
    return failure();
  }
  if (failed(n.requireEqual(n.sizes.sizeOf(sparse.indices, 1), n.sizes.sizeOf(sparse.shape, 0),
                            "indices have %d columns, the shape has %d elements")) ||
      failed(n.requireEqual(n.sizes.sizeOf(sparse.indices, 0), n.sizes.sizeOf(sparse.values, 0),
                            "there are %d indices and %d values")))
    return failure();
  return sparse;
}

Type getIndices(NodeImporter &n, int64_t rank) {
  return RankedTensorType::get({kDynamic, rank}, n.builder.getI64Type());
}
Type getShape(NodeImporter &n, int64_t rank) { return RankedTensorType::get({rank}, n.builder.getI64Type()); }
Type getVector(Type element) { return RankedTensorType::get({kDynamic}, element); }

LogicalResult setFound(NodeImporter &n, StringRef kernel, ValueRange operands, ArrayRef<Type> types,
                       StringRef config = "") {
  SmallVector<Value> results =
      n.hostCall(kernel, operands, types, config, {}, /*isPure=*/true, /*findsSizes=*/true);
  for (auto [i, result] : llvm::enumerate(ArrayRef(results).take_front(n.getOutputs().size())))
    n.setResult(i, result);
  return success();
}

/// Results of the operands' own sizes.
LogicalResult setLike(NodeImporter &n, StringRef kernel, ValueRange operands, ArrayRef<Value> like,
                      StringRef config = "") {
  SmallVector<Type> types;
  SmallVector<Value> extents;
  for (Value value : like) {
    SmallVector<Size> sizes = n.sizes.sizesOf(value);
    types.push_back(tg::getTypeOfSizes(sizes, getElementTypeOrSelf(value.getType())));
    llvm::append_range(extents, tg::getDynamicSizes(sizes));
  }
  SmallVector<Value> results = n.hostCall(kernel, operands, types, config, extents);
  for (auto [i, result] : llvm::enumerate(results)) {
    n.sizes.setSizes(result, n.sizes.sizesOf(like[i]));
    n.setResult(i, result);
  }
  return success();
}

LogicalResult importReorder(NodeImporter &n) {
  auto x = getSparse(n, 0, 1, 2);
  if (failed(x))
    return failure();
  return setLike(n, "tgc_kernel_sparse_reorder", {x->indices, x->values}, {x->indices, x->values});
}

LogicalResult importReshape(NodeImporter &n) {
  RankedTensorType wanted = n.getType(2);
  if (n.getRank(0) != 2 || n.getRank(1) != 1 || wanted.getRank() != 1 || !wanted.hasStaticShape())
    return n.error()
           << "indices must be a matrix, shape and new_shape vectors, the new one of known length, got "
           << n.getType(0) << ", " << n.getType(1) << " and " << wanted;
  Size count = n.sizes.sizeOf(n.getTensor(0), 0);
  SmallVector<Size> sizes{count, n.sizes.constant(wanted.getDimSize(0))};
  Type types[] = {tg::getTypeOfSizes(sizes, n.builder.getI64Type()), wanted};
  SmallVector<Value> results =
      n.hostCall("tgc_kernel_sparse_reshape", n.getTensors(0, 3), types, "", tg::getDynamicSizes(sizes));
  n.sizes.setSizes(results[0], sizes);
  n.setResult(0, results[0]);
  n.setResult(1, results[1]);
  return success();
}

LogicalResult importConcat(NodeImporter &n) {
  size_t count = n.getNumInputs() / 3;
  if (count == 0)
    return n.error() << "concatenates nothing";
  auto first = getSparse(n, 0, count, 2 * count);
  if (failed(first))
    return failure();
  for (size_t i = 1; i < count; ++i)
    if (auto x = getSparse(n, i, count + i, 2 * count + i); failed(x) || x->rank != first->rank)
      return failed(x) ? failure()
                       : LogicalResult(n.error()
                                       << "the operands have ranks " << first->rank << " and " << x->rank);
  auto dim = n.normalizeAxis(n.getInt("concat_dim"), first->rank, "concat_dim");
  if (failed(dim))
    return failure();
  return setFound(n, "tgc_kernel_sparse_concat", n.getTensors(0, n.getNumInputs()),
                  {getIndices(n, first->rank), getVector(n.getElementType(count)), getShape(n, first->rank)},
                  std::to_string(*dim) + " " + std::to_string(count));
}

LogicalResult importSlice(NodeImporter &n) {
  auto x = getSparse(n, 0, 1, 2);
  if (failed(x))
    return failure();
  for (size_t i = 3; i < 5; ++i)
    if (n.getRank(i) != 1 ||
        failed(n.requireEqual(n.sizes.sizeOf(n.getTensor(i), 0), n.sizes.constant(x->rank),
                              "start and size have %d elements, the rank is %d")))
      return failure();
  return setFound(n, "tgc_kernel_sparse_slice", n.getTensors(0, 5),
                  {getIndices(n, x->rank), getVector(n.getElementType(1)), getShape(n, x->rank)});
}

LogicalResult importSplit(NodeImporter &n) {
  auto x = getSparse(n, 1, 2, 3);
  auto axis = n.getConstant(0, "split_dim");
  if (failed(x) || failed(axis))
    return failure();
  auto dim = n.normalizeAxis(*axis, x->rank, "split_dim");
  int64_t count = n.getInt("num_split");
  if (failed(dim) || count < 1)
    return failed(dim) ? failure()
                       : LogicalResult(n.error() << "num_split must be at least 1, got " << count);
  SmallVector<Type> types(count, getIndices(n, x->rank));
  types.append(count, getVector(n.getElementType(2)));
  types.append(count, getShape(n, x->rank));
  return setFound(n, "tgc_kernel_sparse_split", n.getTensors(1, 4), types,
                  std::to_string(*dim) + " " + std::to_string(count));
}

LogicalResult importSliceGrad(NodeImporter &n) {
  if (n.getRank(0) != 1 || n.getRank(1) != 2 || n.getRank(3) != 2)
    return n.error() << "expected gradients as a vector and indices as matrices, got " << n.getType(0) << ", "
                     << n.getType(1) << " and " << n.getType(3);
  Size count = n.sizes.sizeOf(n.getTensor(1), 0);
  Value result =
      n.hostCall("tgc_kernel_sparse_slice_grad", n.getTensors(0, 4),
                 tg::getTypeOfSizes({count}, n.getElementType(0)), "", tg::getDynamicSizes({count}))
          .front();
  n.setResult(result);
  return success();
}

LogicalResult importFillEmptyRows(NodeImporter &n) {
  auto x = getSparse(n, 0, 1, 2);
  if (failed(x))
    return failure();
  if (n.getRank(3) != 0)
    return n.error() << "default_value must be a scalar, got " << n.getType(3);
  return setFound(n, "tgc_kernel_sparse_fill_empty_rows", n.getTensors(0, 4),
                  {getIndices(n, x->rank), getVector(n.getElementType(1)), getVector(n.builder.getI1Type()),
                   getVector(n.builder.getI64Type())});
}

LogicalResult importFillEmptyRowsGrad(NodeImporter &n) {
  if (n.getRank(0) != 1 || n.getRank(1) != 1)
    return n.error() << "reverse_index_map and grad_values must be vectors, got " << n.getType(0) << " and "
                     << n.getType(1);
  Size count = n.sizes.sizeOf(n.getTensor(0), 0);
  Type element = n.getElementType(1),
       types[] = {tg::getTypeOfSizes({count}, element), RankedTensorType::get({}, element)};
  SmallVector<Value> results = n.hostCall("tgc_kernel_sparse_fill_empty_rows_grad", n.getTensors(0, 2), types,
                                          "", tg::getDynamicSizes({count}));
  n.setResult(0, results[0]);
  n.setResult(1, results[1]);
  return success();
}

/// (a, b[, threshold]), each as indices, values, shape.
FailureOr<Sparse> getPair(NodeImporter &n) {
  auto a = getSparse(n, 0, 1, 2), b = getSparse(n, 3, 4, 5);
  if (failed(a) || failed(b))
    return failure();
  if (a->rank != b->rank) {
    n.error() << "the operands have ranks " << a->rank << " and " << b->rank;
    return failure();
  }
  return a;
}

LogicalResult importAdd(NodeImporter &n) {
  auto a = getPair(n);
  if (failed(a))
    return failure();
  if (n.getRank(6) != 0)
    return n.error() << "thresh must be a scalar, got " << n.getType(6);
  return setFound(n, "tgc_kernel_sparse_add", n.getTensors(0, 7),
                  {getIndices(n, a->rank), getVector(n.getElementType(1)), getShape(n, a->rank)});
}

template <bool isMaximum> LogicalResult importExtreme(NodeImporter &n) {
  auto a = getPair(n);
  if (failed(a))
    return failure();
  return setFound(n, "tgc_kernel_sparse_extreme", n.getTensors(0, 6),
                  {getIndices(n, a->rank), getVector(n.getElementType(1))}, isMaximum ? "max" : "min");
}

LogicalResult importAddGrad(NodeImporter &n) {
  for (size_t i = 1; i < 4; ++i)
    if (n.getRank(i) != 2)
      return n.error() << "indices must be matrices, got " << n.getType(i);
  SmallVector<Type> types;
  SmallVector<Value> extents;
  for (size_t i = 1; i < 3; ++i) {
    SmallVector<Size> sizes{n.sizes.sizeOf(n.getTensor(i), 0)};
    types.push_back(tg::getTypeOfSizes(sizes, n.getElementType(0)));
    llvm::append_range(extents, tg::getDynamicSizes(sizes));
  }
  SmallVector<Value> results =
      n.hostCall("tgc_kernel_sparse_add_grad", n.getTensors(0, 4), types, "", extents);
  n.setResult(0, results[0]);
  n.setResult(1, results[1]);
  return success();
}

template <StringLiteral const &config> LogicalResult importWithDense(NodeImporter &n) {
  auto x = getSparse(n, 0, 1, 2);
  if (failed(x))
    return failure();
  return setLike(n, "tgc_kernel_sparse_dense", {x->indices, x->values, x->shape, n.getTensor(3)}, x->values,
                 config);
}

LogicalResult importDenseAdd(NodeImporter &n) {
  auto x = getSparse(n, 0, 1, 2);
  if (failed(x))
    return failure();
  if (n.getRank(3) != x->rank)
    return n.error() << "the dense operand must have rank " << x->rank << ", got " << n.getType(3);
  return setLike(n, "tgc_kernel_sparse_dense_add", n.getTensors(0, 4), n.getTensor(3));
}

LogicalResult importSoftmax(NodeImporter &n) {
  auto x = getSparse(n, 0, 1, 2);
  if (failed(x))
    return failure();
  if (x->rank < 2)
    return n.error() << "the sparse tensor must have rank 2 or more, got " << x->rank;
  return setLike(n, "tgc_kernel_sparse_softmax", {x->indices, x->values, x->shape}, x->values);
}

/// Axes as "0110": 1 where a dimension is reduced.
FailureOr<std::string> getReducedDims(NodeImporter &n, int64_t rank) {
  auto axes = n.getAxes(3, rank, "reduction_axes");
  if (failed(axes))
    return failure();
  std::string text(rank, '0');
  for (int64_t axis : *axes)
    text[axis] = '1';
  return text;
}

template <StringLiteral const &kind> LogicalResult importReduce(NodeImporter &n) {
  auto x = getSparse(n, 0, 1, 2);
  if (failed(x))
    return failure();
  auto reduced = getReducedDims(n, x->rank);
  auto shape = n.getSizeOperand(2, "input_shape");
  if (failed(reduced) || failed(shape))
    return failure();
  SmallVector<Size> sizes;
  for (auto [isReduced, size] : llvm::zip_equal(*reduced, *shape))
    if (isReduced == '0' || n.getBool("keep_dims"))
      sizes.push_back(isReduced == '0' ? size : n.sizes.constant(1));
  Value result = n.hostCall("tgc_kernel_sparse_reduce", n.getTensors(0, 3),
                            tg::getTypeOfSizes(sizes, n.getElementType(1)), (kind + " " + *reduced).str(),
                            tg::getDynamicSizes(sizes))
                     .front();
  n.sizes.setSizes(result, sizes);
  n.setResult(result);
  return success();
}

template <StringLiteral const &kind> LogicalResult importReduceSparse(NodeImporter &n) {
  auto x = getSparse(n, 0, 1, 2);
  if (failed(x))
    return failure();
  auto reduced = getReducedDims(n, x->rank);
  if (failed(reduced))
    return failure();
  bool keepsDims = n.getBool("keep_dims");
  int64_t rank = keepsDims ? x->rank : llvm::count(*reduced, '0');
  return setFound(n, "tgc_kernel_sparse_reduce_sparse", n.getTensors(0, 3),
                  {getIndices(n, rank), getVector(n.getElementType(1)), getShape(n, rank)},
                  (kind + (keepsDims ? " keep " : " drop ") + *reduced).str());
}

/// Values, as `values` or by rows of a matrix, a sparse or a ragged tensor, then weights.
LogicalResult importCounts(NodeImporter &n) {
  size_t count = n.getNumInputs();
  int64_t least = n.getInt("minlength"), most = n.getInt("maxlength"), rank = 2;
  if (least < -1 || most < -1)
    return n.error() << "minlength and maxlength must be at least -1, got " << least << " and " << most;
  if (count == 4) {
    auto x = getSparse(n, 0, 1, 2);
    if (failed(x))
      return failure();
    rank = x->rank == 1 ? 1 : 2;
  } else if (count == 3) {
    if (n.getRank(0) != 1 || n.getRank(1) != 1)
      return n.error() << "splits and values must be vectors, got " << n.getType(0) << " and "
                       << n.getType(1);
  } else {
    rank = n.getRank(0);
    if (rank != 1 && rank != 2)
      return n.error() << "Input must be a 1 or 2-dimensional tensor. Got: " << n.getType(0);
  }
  return setFound(n, "tgc_kernel_sparse_counts", n.getTensors(0, count),
                  {getIndices(n, rank), getVector(n.getElementType(count - 1)), getShape(n, rank)},
                  std::to_string(least) + " " + std::to_string(most) +
                      (n.getBool("binary_output") ? " 1" : " 0"));
}

constexpr StringLiteral kAdd = "add", kMul = "mul", kDiv = "div", kMax = "max", kSum = "sum";

} // namespace

void registerSparseOps(OpRegistry &registry) {
  registry.add({"DenseCountSparseOutput", "RaggedCountSparseOutput", "SparseCountSparseOutput"},
               importCounts);
  registry.add({"SparseReorder"}, importReorder);
  registry.add({"SparseReshape"}, importReshape);
  registry.add({"SparseConcat"}, importConcat);
  registry.add({"SparseSlice"}, importSlice);
  registry.add({"SparseSliceGrad"}, importSliceGrad);
  registry.add({"SparseSplit"}, importSplit);
  registry.add({"SparseFillEmptyRows"}, importFillEmptyRows);
  registry.add({"SparseFillEmptyRowsGrad"}, importFillEmptyRowsGrad);
  registry.add({"SparseAdd"}, importAdd);
  registry.add({"SparseAddGrad"}, importAddGrad);
  registry.add({"SparseSparseMaximum"}, importExtreme<true>);
  registry.add({"SparseSparseMinimum"}, importExtreme<false>);
  registry.add({"SparseDenseCwiseAdd"}, importWithDense<kAdd>);
  registry.add({"SparseDenseCwiseMul"}, importWithDense<kMul>);
  registry.add({"SparseDenseCwiseDiv"}, importWithDense<kDiv>);
  registry.add({"SparseTensorDenseAdd"}, importDenseAdd);
  registry.add({"SparseSoftmax"}, importSoftmax);
  registry.add({"SparseReduceMax"}, importReduce<kMax>);
  registry.add({"SparseReduceSum"}, importReduce<kSum>);
  registry.add({"SparseReduceMaxSparse"}, importReduceSparse<kMax>);
  registry.add({"SparseReduceSumSparse"}, importReduceSparse<kSum>);
}

} // namespace tgc

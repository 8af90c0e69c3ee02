//===- SequenceOps.cpp - Alignments of sequences, counting ----------------===//

#include "frontend/Import/SequenceOps.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

constexpr int64_t kDynamic = ShapedType::kDynamic;

/// A result of these sizes from a kernel.
Value callSized(NodeImporter &n, StringRef kernel, ValueRange operands, ArrayRef<Size> sizes, Type element,
                StringRef config = "") {
  Value result =
      n.hostCall(kernel, operands, tg::getTypeOfSizes(sizes, element), config, tg::getDynamicSizes(sizes))
          .front();
  n.sizes.setSizes(result, sizes);
  return result;
}

/// Of two sparse tensors of sequences, which lie along the last dimension.
LogicalResult importEditDistance(NodeImporter &n) {
  for (size_t i : {0, 3})
    if (n.getRank(i) != 2 || n.getRank(i + 1) != 1 || n.getRank(i + 2) != 1)
      return n.error() << "indices must be matrices, values and shapes vectors, got " << n.getType(i) << ", "
                       << n.getType(i + 1) << " and " << n.getType(i + 2);
  auto shape = n.getSizeOperand(2, "hypothesis_shape"), truth = n.getSizeOperand(5, "truth_shape");
  if (failed(shape) || failed(truth))
    return failure();
  if (shape->size() != truth->size() || shape->size() < 2)
    return n.error() << "the shapes must have one length of 2 or more, got " << shape->size() << " and "
                     << truth->size();
  SmallVector<Size> sizes;
  for (size_t dim = 0; dim + 1 < shape->size(); ++dim)
    sizes.push_back(n.sizes.max((*shape)[dim], (*truth)[dim]));
  n.setResult(callSized(n, "tgc_kernel_edit_distance", n.getTensors(0, 6), sizes, n.builder.getF32Type(),
                        n.getBool("normalize") ? "normalize" : ""));
  return success();
}

LogicalResult importGreedyDecoder(NodeImporter &n) {
  if (n.getRank(0) != 3 || n.getRank(1) != 1)
    return n.error() << "inputs must be 3-D and sequence_length 1-D, got " << n.getType(0) << " and "
                     << n.getType(1);
  SmallVector<Size> shape = n.sizes.sizesOf(n.getTensor(0));
  if (failed(n.requireEqual(shape[1], n.sizes.sizeOf(n.getTensor(1), 0), "a batch of %d, but %d lengths")))
    return failure();
  Type i64 = n.builder.getI64Type();
  Type types[] = {RankedTensorType::get({kDynamic, 2}, i64), RankedTensorType::get({kDynamic}, i64),
                  RankedTensorType::get({2}, i64),
                  tg::getTypeOfSizes({shape[1], n.sizes.constant(1)}, n.getElementType(0))};
  if (!cast<RankedTensorType>(types[3]).hasStaticShape())
    return n.error() << "the batch size must be known at compile time; give the shape of a feed with --shape";
  std::string config =
      std::to_string(n.getBool("merge_repeated")) + " " + std::to_string(n.getInt("blank_index"));
  SmallVector<Value> results = n.hostCall("tgc_kernel_ctc_greedy", n.getTensors(0, 2), types, config, {},
                                          /*isPure=*/true, /*findsSizes=*/true);
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
  return success();
}

LogicalResult importBeamSearch(NodeImporter &n) {
  int64_t width = n.getInt("beam_width"), paths = n.getInt("top_paths");
  if (n.getRank(0) != 3 || n.getRank(1) != 1)
    return n.error() << "inputs must be 3-D and sequence_length 1-D, got " << n.getType(0) << " and "
                     << n.getType(1);
  if (width < 1 || paths < 1 || paths > width || width > (1 << 20))
    return n.error() << "beam_width " << width << " must be positive and at least top_paths " << paths;
  Size batch = n.sizes.sizeOf(n.getTensor(0), 1);
  if (failed(n.requireEqual(batch, n.sizes.sizeOf(n.getTensor(1), 0), "a batch of %d, but %d lengths")))
    return failure();
  Type i64 = n.builder.getI64Type();
  SmallVector<Type> types(paths, RankedTensorType::get({kDynamic, 2}, i64));
  types.append(paths, RankedTensorType::get({kDynamic}, i64));
  types.append(paths, RankedTensorType::get({2}, i64));
  types.push_back(tg::getTypeOfSizes({batch, n.sizes.constant(paths)}, n.getElementType(0)));
  std::string config =
      std::to_string(width) + " " + std::to_string(paths) + (n.getBool("merge_repeated") ? " 1" : " 0");
  SmallVector<Value> results = n.hostCall("tgc_kernel_ctc_beam_search", n.getTensors(0, 2), types, config, {},
                                          /*isPure=*/true, /*findsSizes=*/true);
  n.sizes.setSizes(results.back(), {batch, n.sizes.constant(paths)});
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
  return success();
}

/// The blank is the last class, of V2 the first.
LogicalResult importCTCLoss(NodeImporter &n) {
  if (n.getRank(0) != 3 || n.getRank(1) != 2 || n.getRank(2) != 1 || n.getRank(3) != 1)
    return n.error() << "expected inputs of rank 3, labels_indices of rank 2, labels_values and "
                        "sequence_length of rank 1, got "
                     << n.getType(0) << ", " << n.getType(1) << ", " << n.getType(2) << " and "
                     << n.getType(3);
  SmallVector<Size> shape = n.sizes.sizesOf(n.getTensor(0)), batch{shape[1]};
  if (failed(n.requireEqual(shape[1], n.sizes.sizeOf(n.getTensor(3), 0), "a batch of %d, but %d lengths")) ||
      failed(n.requireEqual(n.sizes.sizeOf(n.getTensor(1), 0), n.sizes.sizeOf(n.getTensor(2), 0),
                            "%d indices, but %d labels")))
    return failure();
  std::string config;
  for (StringRef name :
       {"preprocess_collapse_repeated", "ctc_merge_repeated", "ignore_longer_outputs_than_inputs"})
    config += n.getBool(name) ? "1 " : "0 ";
  config += n.node.op() == "CTCLossV2" ? "1" : "0";
  Type types[] = {tg::getTypeOfSizes(batch, n.getElementType(0)),
                  tg::getTypeOfSizes(shape, n.getElementType(0))};
  SmallVector<Value> extents(tg::getDynamicSizes(batch));
  llvm::append_range(extents, tg::getDynamicSizes(shape));
  SmallVector<Value> results = n.hostCall("tgc_kernel_ctc_loss", n.getTensors(0, 4), types, config, extents);
  n.sizes.setSizes(results[0], batch);
  n.sizes.setSizes(results[1], shape);
  n.setResult(0, results[0]);
  n.setResult(1, results[1]);
  return success();
}

LogicalResult importHistogram(NodeImporter &n) {
  auto element = n.getElementTypeAttr("dtype");
  auto bins = n.getScalarSize(2, "nbins");
  if (failed(element) || failed(bins) ||
      failed(n.requireAtMost(n.sizes.constant(1), *bins, "nbins should be at least %d, got %d")))
    return failure();
  if (n.getRank(1) != 1 || failed(n.requireEqual(n.sizes.sizeOf(n.getTensor(1), 0), n.sizes.constant(2),
                                                 "value_range should have %d elements, expected %d")))
    return failure();
  n.setResult(callSized(n, "tgc_kernel_histogram", n.getTensors(0, 2), {*bins}, *element));
  return success();
}

LogicalResult importCumulativeLogsumexp(NodeImporter &n) {
  Value x = n.getTensor(0);
  auto axis = n.getAxis(1, n.getRank(0));
  if (failed(axis))
    return failure();
  std::string config = std::to_string(*axis) + " " + std::to_string(n.getBool("exclusive")) + " " +
                       std::to_string(n.getBool("reverse"));
  n.setResult(
      callSized(n, "tgc_kernel_cumulative_logsumexp", x, n.sizes.sizesOf(x), n.getElementType(0), config));
  return success();
}

/// Of matrices of floats or bfloat16s; which of them have many zeros matters for speed only.
LogicalResult importSparseMatMul(NodeImporter &n) {
  if (n.getRank(0) != 2 || n.getRank(1) != 2)
    return n.error() << "expects matrices, got " << n.getType(0) << " and " << n.getType(1);
  Value lhs = n.cast(n.getTensor(0), n.builder.getF32Type()),
        rhs = n.cast(n.getTensor(1), n.builder.getF32Type());
  bool transposesLhs = n.getBool("transpose_a"), transposesRhs = n.getBool("transpose_b");
  if (failed(n.requireEqual(n.sizes.sizeOf(lhs, transposesLhs ? 0 : 1),
                            n.sizes.sizeOf(rhs, transposesRhs ? 1 : 0),
                            "Matrix size-incompatible: inner dimensions are %d and %d")))
    return failure();
  auto product = n.tryCreate<tg::MatMulOp>(lhs, rhs, transposesLhs, transposesRhs);
  if (failed(product))
    return failure();
  n.setResult(*product);
  return success();
}

/// Sizes of the sets that a sparse tensor holds along its last dimension.
LogicalResult importSetSize(NodeImporter &n) {
  auto shape = n.getSizeOperand(2, "set_shape");
  if (failed(shape))
    return failure();
  if (n.getRank(0) != 2 || shape->empty())
    return n.error() << "set_indices must be a matrix and set_shape not empty, got " << n.getType(0)
                     << " and " << shape->size();
  SmallVector<Size> sizes(ArrayRef(*shape).drop_back(1));
  n.setResult(callSized(n, "tgc_kernel_set_size", n.getTensors(0, 3), sizes, n.builder.getI32Type()));
  return success();
}

/// Of two dense tensors, of a dense and a sparse one, or of two sparse ones: a sparse one is its indices,
/// values and shape.
LogicalResult importSetOperation(NodeImporter &n) {
  SmallVector<Value> sets = n.getTensors(0, n.getNumInputs());
  StringRef operation = n.getString("set_operation");
  bool isSparse = n.getNumInputs() == 6;
  auto getSetRank = [&](size_t i, bool isSparse) -> FailureOr<int64_t> {
    if (!isSparse)
      return n.getRank(i);
    auto rank = IndexBuilder::getConstant(n.sizes.sizeOf(sets[i + 2], 0));
    if (rank && n.getRank(i) == 2 && n.getRank(i + 1) == 1) {
      if (failed(n.requireEqual(n.sizes.sizeOf(sets[i], 1), n.sizes.constant(*rank),
                                "the indices have %d numbers each, the shape has %d")) ||
          failed(n.requireEqual(n.sizes.sizeOf(sets[i], 0), n.sizes.sizeOf(sets[i + 1], 0),
                                "there are %d indices and %d values")))
        return failure();
      return *rank;
    }
    n.error() << "the rank of the sparse set is not known; give the shape of a feed with --shape";
    return failure();
  };
  auto rank = getSetRank(0, isSparse), other = getSetRank(isSparse ? 3 : 1, n.getNumInputs() > 2);
  if (failed(rank) || failed(other))
    return failure();
  if (*rank < 1 || *rank != *other)
    return n.error() << "the sets must have one rank of 1 or more, got " << *rank << " and " << *other;
  if (!llvm::is_contained({"a-b", "b-a", "intersection", "union"}, operation.lower()))
    return n.error() << "set_operation " << operation << " is not known";
  Type i64 = n.builder.getI64Type();
  Type types[] = {RankedTensorType::get({kDynamic, *rank}, i64),
                  RankedTensorType::get({kDynamic}, n.getElementType(isSparse ? 1 : 0)),
                  RankedTensorType::get({*rank}, i64)};
  SmallVector<Value> results = n.hostCall("tgc_kernel_set_operation", sets, types, operation.lower(), {},
                                          /*isPure=*/true, /*findsSizes=*/true);
  for (auto [i, result] : llvm::enumerate(results))
    n.setResult(i, result);
  return success();
}

} // namespace

void registerSequenceOps(OpRegistry &registry) {
  registry.add({"EditDistance"}, importEditDistance);
  registry.add({"CTCGreedyDecoder"}, importGreedyDecoder);
  registry.add({"CTCBeamSearchDecoder"}, importBeamSearch);
  registry.add({"CTCLoss", "CTCLossV2"}, importCTCLoss);
  registry.add({"HistogramFixedWidth"}, importHistogram);
  registry.add({"CumulativeLogsumexp"}, importCumulativeLogsumexp);
  registry.add({"SparseMatMul"}, importSparseMatMul);
  registry.add({"SetSize"}, importSetSize);
  registry.add({"DenseToDenseSetOperation", "DenseToSparseSetOperation", "SparseToSparseSetOperation"},
               importSetOperation);
}

} // namespace tgc

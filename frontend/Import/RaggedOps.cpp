//===- RaggedOps.cpp - Tensors with rows of different lengths -------------===//
//
// A ragged tensor is a dense tensor of all values and, for each ragged dimension, a vector that says where
// its rows begin and end. What the ranks of the results are, the node says; all sizes are the kernels' to
// find.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/RaggedOps.h"
#include "frontend/Import/KernelCalls.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr int64_t kDynamic = ShapedType::kDynamic;

/// Calls a kernel that finds the sizes of its results, which are all of the node's.
LogicalResult setFound(NodeImporter &n, StringRef kernel, TypeRange types, StringRef config = "") {
  setResults(n, n.hostCall(kernel, n.getTensors(0, n.getNumInputs()), types, config, {}, /*isPure=*/true,
                           /*findsSizes=*/true));
  return success();
}

/// The values' type with a leading dimension of any size.
RankedTensorType withRows(RankedTensorType values) {
  SmallVector<int64_t> dims(values.getShape());
  dims[0] = kDynamic;
  return RankedTensorType::get(dims, values.getElementType());
}

/// Inputs [first, first + count) must be vectors.
LogicalResult requireVectors(NodeImporter &n, size_t first, size_t count) {
  return requireRanks(n, first, SmallVector<int64_t>(count, 1));
}

/// (shape, values, default, partitions...): padded with the default. Each partition says of one dimension,
/// from the outermost on, which row a value belongs to (R), or where rows begin and end (S); the first may be
/// the number of rows (F).
LogicalResult importToTensor(NodeImporter &n) {
  std::string kinds;
  for (const std::string &type : getStringListAttr(n.node, "row_partition_types")) {
    char kind = type == "FIRST_DIM_SIZE" ? 'F'
                : type == "VALUE_ROWIDS" ? 'R'
                : type == "ROW_SPLITS"   ? 'S'
                                         : 0;
    if (!kind || (kind == 'F' && !kinds.empty()) || (kind == 'R' && kinds.empty()))
      return n.error() << "the row partition " << type << " is not supported"
                       << (kind ? " for this dimension" : "");
    kinds += kind;
  }
  if (kinds.size() + 3 != n.getNumInputs() || kinds.empty() || kinds == "F")
    return n.error() << "has " << n.getNumInputs() - 3 << " partitions and names " << kinds.size();
  for (auto [i, kind] : llvm::enumerate(kinds))
    if (failed(requireRanks(n, 3 + i, {kind == 'F' ? 0 : 1})))
      return failure();
  auto values = n.getType(1);
  if (values.getRank() == 0)
    return n.error() << "values must have a dimension at least, got " << values;
  int64_t numRagged = kinds.size() - (kinds[0] == 'F'), rank = numRagged + values.getRank();
  if (n.getRank(2) >= values.getRank())
    return n.error() << "default_value must broadcast to the elements of values, got " << n.getType(2)
                     << " for " << values;
  SmallVector<int64_t> dims(numRagged + 1, kDynamic);
  llvm::append_range(dims, values.getShape().drop_front());
  if (n.getRank(0) > 1 ||
      (n.getRank(0) == 1 && n.getType(0).hasStaticShape() && n.getType(0).getDimSize(0) != rank))
    return n.error() << "shape must have " << rank << " sizes, or be the scalar -1, got " << n.getType(0);
  if (const HostTensor *host = n.getHost(0); host && !host->isScalar())
    for (auto [dim, size] : llvm::enumerate(host->elements))
      if (auto known = IndexBuilder::getConstant(size); known && *known >= 0) {
        if (dims[dim] != kDynamic && dims[dim] != *known)
          return n.error() << "shape asks for " << *known << " elements along dimension " << dim
                           << ", values have " << dims[dim];
        dims[dim] = *known;
      }
  return setFound(n, "tgc_kernel_ragged_to_tensor", RankedTensorType::get(dims, values.getElementType()),
                  kinds);
}

/// (starts, limits, deltas), each a scalar or a vector.
LogicalResult importRange(NodeImporter &n) {
  for (size_t i = 0; i < 3; ++i)
    if (n.getRank(i) > 1)
      return n.error() << "starts, limits and deltas must be scalars or vectors, got " << n.getType(i);
  auto splits = n.getElementTypeAttr("Tsplits");
  if (failed(splits))
    return failure();
  return setFound(
      n, "tgc_kernel_ragged_range",
      {RankedTensorType::get({kDynamic}, *splits), RankedTensorType::get({kDynamic}, n.getElementType(0))});
}

/// (splits..., values, indices): rows of the outermost dimension, or one of them.
LogicalResult importGather(NodeImporter &n) {
  size_t numSplits = n.getInt("PARAMS_RAGGED_RANK");
  int64_t rank = n.getRank(numSplits + 1);
  if (failed(requireVectors(n, 0, numSplits)))
    return failure();
  if (numSplits == 0 || n.getRank(numSplits) == 0 ||
      n.getInt("OUTPUT_RAGGED_RANK") != static_cast<int64_t>(numSplits) + rank - 1)
    return n.error() << "indices " << n.getType(numSplits + 1) << " of a tensor with " << numSplits
                     << " ragged dimensions do not give " << n.getInt("OUTPUT_RAGGED_RANK") << " of them";
  SmallVector<Type> types(n.getInt("OUTPUT_RAGGED_RANK"),
                          RankedTensorType::get({kDynamic}, n.getElementType(0)));
  types.push_back(withRows(n.getType(numSplits)));
  return setFound(n, "tgc_kernel_ragged_gather", types);
}

/// (splits..., values): indices, values and shape of a sparse tensor.
LogicalResult importToSparse(NodeImporter &n) {
  size_t numSplits = n.getInt("RAGGED_RANK");
  if (failed(requireVectors(n, 0, numSplits)))
    return failure();
  auto values = n.getType(numSplits);
  if (values.getRank() == 0)
    return n.error() << "values must have a dimension at least, got " << values;
  int64_t rank = static_cast<int64_t>(numSplits) + values.getRank();
  Type i64 = n.builder.getI64Type();
  return setFound(n, "tgc_kernel_ragged_to_sparse",
                  {RankedTensorType::get({kDynamic, rank}, i64),
                   RankedTensorType::get({kDynamic}, values.getElementType()),
                   RankedTensorType::get({rank}, i64)});
}

} // namespace

void registerRaggedOps(OpRegistry &registry) {
  registry.add({"RaggedTensorToTensor"}, importToTensor);
  registry.add({"RaggedRange"}, importRange);
  registry.add({"RaggedGather"}, importGather);
  registry.add({"RaggedTensorToSparse"}, importToSparse);
  registerRaggedVariantOps(registry);
}

} // namespace tgc

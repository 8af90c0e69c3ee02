//===- ParseOps.cpp - Records of tf.Example -------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/KernelCalls.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

/// What is read from each example.
struct Features {
  SmallVector<std::string> sparseNames, denseNames;
  SmallVector<Type> sparseTypes;
  size_t firstDefault; ///< the input that holds the first dense default
};

/// The strings of inputs [first, first + count), or of the one vector at `first` if `isVector`; they must be
/// constant.
FailureOr<SmallVector<std::string>> getNames(NodeImporter &n, size_t first, size_t count, bool isVector) {
  SmallVector<std::string> names;
  for (size_t i = first; i < first + (isVector ? 1 : count); ++i) {
    auto constant = n.getTensor(i).getDefiningOp<tg::StringConstantOp>();
    if (!constant) {
      n.error() << "the names of the features must be known at compile time";
      return failure();
    }
    for (Attribute name : constant.getValues())
      names.push_back(cast<StringAttr>(name).str());
  }
  names.resize(count, names.empty() ? std::string() : names.front());
  return names;
}

LogicalResult getTypes(NodeImporter &n, StringRef attr, SmallVectorImpl<Type> &types) {
  const proto::AttrValue *list = findAttr(n.node, attr);
  for (int i = 0; list && i < list->list().type_size(); ++i) {
    Type element = getElementType(n.builder.getContext(), list->list().type(i));
    if (!element)
      return n.error() << "a feature has a type that tgc has no tensors of";
    types.push_back(element);
  }
  return success();
}

/// Indices, values and shapes of the sparse features, then the dense ones; `shapesAttr` lists the shapes of
/// those.
FailureOr<SmallVector<Value>> readFeatures(NodeImporter &n, const Features &features, bool isSingle,
                                           StringRef shapesAttr) {
  Value serialized = n.getTensor(0);
  if (n.getRank(0) > 1 || (isSingle && n.getRank(0) != 0)) {
    n.error() << "serialized must be a " << (isSingle ? "scalar" : "vector") << ", got "
              << serialized.getType();
    return failure();
  }
  // A scalar given to ParseExampleV2 is one example too.
  isSingle = n.getRank(0) == 0;
  SmallVector<Size> batch = n.sizes.sizesOf(serialized);
  SmallVector<Type> types;
  Type i64 = n.builder.getI64Type();
  int64_t rank = isSingle ? 1 : 2, numSparse = features.sparseNames.size();
  types.append(numSparse, RankedTensorType::get({ShapedType::kDynamic, rank}, i64));
  for (Type element : features.sparseTypes)
    types.push_back(RankedTensorType::get({ShapedType::kDynamic}, element));
  types.append(numSparse, RankedTensorType::get({rank}, i64));
  const proto::AttrValue *shapes = findAttr(n.node, shapesAttr);
  SmallVector<int64_t> extents; // of each dense shape its rank and its dimensions
  SmallVector<Value> defaults;
  SmallVector<SmallVector<Size>> denseSizes;
  for (size_t i = 0; i < features.denseNames.size(); ++i) {
    auto shape = shapes && static_cast<int>(i) < shapes->list().shape_size()
                     ? shapeFromProto(shapes->list().shape(i))
                     : std::nullopt;
    if (!shape || llvm::is_contained(ArrayRef(*shape).drop_front(shape->empty() ? 0 : 1), -1)) {
      n.error() << "the shape of the dense feature " << features.denseNames[i]
                << " must be known but for its first dimension";
      return failure();
    }
    bool isVariable = !shape->empty() && shape->front() < 0;
    SmallVector<Size> sizes(batch);
    SmallVector<int64_t> dims(tg::getTypeOfSizes(batch, i64).getShape());
    extents.push_back(shape->size());
    llvm::append_range(extents, *shape);
    for (int64_t size : *shape) {
      dims.push_back(size < 0 ? ShapedType::kDynamic : size);
      sizes.push_back(n.sizes.constant(size));
    }
    Value fallback = n.getTensor(features.firstDefault + i);
    defaults.push_back(fallback);
    // The kernel finds all sizes of a result that has an unknown one.
    types.push_back(RankedTensorType::get(dims, getElementTypeOrSelf(fallback.getType())));
    denseSizes.push_back(isVariable ? SmallVector<Size>() : sizes);
  }
  SmallVector<StringRef> sparseNames(features.sparseNames.begin(), features.sparseNames.end());
  SmallVector<StringRef> denseNames(features.denseNames.begin(), features.denseNames.end());
  SmallVector<Value> operands{serialized, createStrings(n, sparseNames, /*isScalar=*/false),
                              createStrings(n, denseNames, /*isScalar=*/false), n.constantInts(extents, i64)};
  llvm::append_range(operands, defaults);
  std::string config = std::to_string(isSingle) + " " + std::to_string(numSparse) + " " +
                       std::to_string(features.denseNames.size());
  SmallVector<Value> results = n.hostCall("tgc_kernel_parse_example", operands, types, config, {},
                                          /*isPure=*/true, /*findsSizes=*/true);
  for (auto [i, result] : llvm::enumerate(results)) {
    size_t dense = i - 3 * numSparse;
    if (static_cast<int64_t>(i) >= 3 * numSparse && !denseSizes[dense].empty())
      n.sizes.setSizes(result, denseSizes[dense]);
  }
  return results;
}

/// The first results of the node.
LogicalResult importFeatures(NodeImporter &n, const Features &features, bool isSingle,
                             StringRef shapesAttr = "dense_shapes") {
  auto results = readFeatures(n, features, isSingle, shapesAttr);
  if (failed(results))
    return failure();
  for (auto [i, result] : llvm::enumerate(*results))
    n.setResult(i, result);
  return success();
}

/// (serialized, names, sparse keys..., dense keys..., dense defaults...).
LogicalResult importParseExample(NodeImporter &n) {
  size_t sparse = n.getInt("Nsparse"), dense = n.getInt("Ndense");
  auto sparseNames = getNames(n, 2, sparse, false), denseNames = getNames(n, 2 + sparse, dense, false);
  Features features;
  if (failed(sparseNames) || failed(denseNames) || failed(getTypes(n, "sparse_types", features.sparseTypes)))
    return failure();
  features.sparseNames = *sparseNames;
  features.denseNames = *denseNames;
  features.firstDefault = 2 + sparse + dense;
  return importFeatures(n, features, /*isSingle=*/false);
}

/// Ragged features that are read beside others.
struct RaggedFeatures {
  SmallVector<std::string> names;
  SmallVector<Type> types, splitTypes;
};

/// The features whose keys are inputs `firstKeys` (sparse), the next (dense) and the one behind (ragged); the
/// attributes that list types begin with `prefix`.
LogicalResult getFeatures(NodeImporter &n, size_t firstKeys, StringRef prefix, StringRef denseTypes,
                          Features &features, RaggedFeatures &ragged) {
  SmallVector<Type> dense;
  std::string start = prefix.str();
  if (failed(getTypes(n, start + "sparse_types", features.sparseTypes)) ||
      failed(getTypes(n, denseTypes, dense)) ||
      failed(getTypes(n, start + "ragged_value_types", ragged.types)) ||
      failed(getTypes(n, start + "ragged_split_types", ragged.splitTypes)))
    return failure();
  auto sparseNames = getNames(n, firstKeys, features.sparseTypes.size(), true),
       denseNames = getNames(n, firstKeys + 1, dense.size(), true),
       raggedNames = getNames(n, firstKeys + 2, ragged.types.size(), true);
  if (failed(sparseNames) || failed(denseNames) || failed(raggedNames))
    return failure();
  features.sparseNames = *sparseNames;
  features.denseNames = *denseNames;
  ragged.names = *raggedNames;
  if (ragged.splitTypes.size() != ragged.types.size())
    return n.error() << "there are " << ragged.types.size() << " ragged features, but "
                     << ragged.splitTypes.size() << " types of splits";
  return success();
}

/// The first results of the node: of sparse, dense and ragged features. A ragged feature is read as a sparse
/// one, whose indices say how many values each example has; the splits of a single example are
/// `splitsOfOne`. Gives the number of results.
FailureOr<size_t> importWithRagged(NodeImporter &n, Features features, const RaggedFeatures &ragged,
                                   StringRef shapesAttr, ArrayRef<Size> splitsOfOne) {
  size_t numSparse = features.sparseNames.size(), numAll = numSparse + ragged.names.size();
  llvm::append_range(features.sparseNames, ragged.names);
  llvm::append_range(features.sparseTypes, ragged.types);
  auto results = readFeatures(n, features, /*isSingle=*/false, shapesAttr);
  if (failed(results))
    return failure();
  size_t next = 0;
  for (size_t kind = 0; kind < 3; ++kind)
    for (size_t i = 0; i < numSparse; ++i)
      n.setResult(next++, (*results)[kind * numAll + i]);
  for (Value result : ArrayRef(*results).drop_front(3 * numAll))
    n.setResult(next++, result);
  for (size_t i = 0; i < ragged.names.size(); ++i)
    n.setResult(next++, (*results)[numAll + numSparse + i]);
  for (size_t i = 0; i < ragged.names.size(); ++i) {
    if (n.getRank(0) == 0) {
      n.setResult(next++, n.sizeTensor(n.sizes.constant(0), ragged.splitTypes[i], splitsOfOne));
      continue;
    }
    Size numSplits = n.sizes.add(n.sizes.sizeOf(n.getTensor(0), 0), n.sizes.constant(1));
    n.setResult(next++, callKernel(n, "tgc_kernel_rows_to_splits", (*results)[numSparse + i],
                                   KernelResult{{numSplits}, ragged.splitTypes[i]})
                            .front());
  }
  return next;
}

/// (serialized, names, sparse keys, dense keys, ragged keys, dense defaults...).
LogicalResult importParseExampleV2(NodeImporter &n) {
  Features features;
  RaggedFeatures ragged;
  if (failed(getFeatures(n, 2, "", "Tdense", features, ragged)))
    return failure();
  features.firstDefault = 5;
  return success(succeeded(importWithRagged(n, features, ragged, "dense_shapes", n.sizes.constant(0))));
}

SmallVector<std::string> getStringList(NodeImporter &n, StringRef attr) {
  SmallVector<std::string> strings;
  if (const proto::AttrValue *list = findAttr(n.node, attr))
    strings.assign(list->list().s().begin(), list->list().s().end());
  return strings;
}

/// (serialized, dense defaults...); names are attributes.
LogicalResult importParseSingleExample(NodeImporter &n) {
  Features features;
  if (failed(getTypes(n, "sparse_types", features.sparseTypes)))
    return failure();
  features.sparseNames = getStringList(n, "sparse_keys");
  features.denseNames = getStringList(n, "dense_keys");
  features.firstDefault = 1;
  if (features.sparseNames.size() != features.sparseTypes.size() ||
      n.getNumInputs() != 1 + features.denseNames.size())
    return n.error() << "there are " << features.sparseNames.size() << " sparse and "
                     << features.denseNames.size() << " dense names, but " << features.sparseTypes.size()
                     << " types and " << n.getNumInputs() - 1 << " defaults";
  return importFeatures(n, features, /*isSingle=*/true);
}

/// The lists of features of sequence examples, one feature a step.
struct FeatureLists {
  SmallVector<std::string> sparseNames, denseNames;
  SmallVector<Type> sparseTypes, denseTypes;
  SmallVector<bool> mayLack; ///< by dense list
};

/// Indices, values and shapes of the sparse lists, then the dense ones, then their lengths. `serialized` is a
/// vector.
FailureOr<SmallVector<Value>> readLists(NodeImporter &n, Value serialized, const FeatureLists &lists) {
  const auto &[sparse, dense, sparseTypes, denseTypes, mayLack] = lists;
  Type i64 = n.builder.getI64Type();
  SmallVector<Type> types(sparse.size(), RankedTensorType::get({ShapedType::kDynamic, 3}, i64));
  for (Type element : sparseTypes)
    types.push_back(RankedTensorType::get({ShapedType::kDynamic}, element));
  types.append(sparse.size(), RankedTensorType::get({3}, i64));
  Size batch = n.sizes.sizeOf(serialized, 0);
  const proto::AttrValue *shapes = findAttr(n.node, "feature_list_dense_shapes");
  SmallVector<int64_t> extents; // of each dense list whether it may be missing, a step's rank and dimensions
  for (auto [i, name] : llvm::enumerate(dense)) {
    auto shape = shapes && static_cast<int>(i) < shapes->list().shape_size()
                     ? shapeFromProto(shapes->list().shape(i))
                     : std::nullopt;
    if (!shape || llvm::is_contained(*shape, -1))
      return n.error() << "the shape of the feature list " << name << " must be known";
    SmallVector<int64_t> dims{tg::getTypeOfSizes({batch}, i64).getDimSize(0), ShapedType::kDynamic};
    llvm::append_range(dims, *shape);
    types.push_back(RankedTensorType::get(dims, denseTypes[i]));
    extents.push_back(mayLack[i]);
    extents.push_back(shape->size());
    llvm::append_range(extents, *shape);
  }
  types.append(dense.size(), tg::getTypeOfSizes({batch}, i64));
  SmallVector<StringRef> sparseNames(sparse.begin(), sparse.end()), denseNames(dense.begin(), dense.end());
  SmallVector<Value> operands{serialized, createStrings(n, sparseNames, /*isScalar=*/false),
                              createStrings(n, denseNames, /*isScalar=*/false), n.constantInts(extents, i64)};
  return n.hostCall("tgc_kernel_parse_sequence_example", operands, types,
                    std::to_string(sparse.size()) + " " + std::to_string(dense.size()), {}, /*isPure=*/true,
                    /*findsSizes=*/true);
}

LogicalResult getListTypes(NodeImporter &n, FeatureLists &lists) {
  return success(succeeded(getTypes(n, "feature_list_sparse_types", lists.sparseTypes)) &&
                 succeeded(getTypes(n, "feature_list_dense_types", lists.denseTypes)));
}

/// (serialized, debug_name, dense defaults of the context...): the context as of an Example, then the lists.
LogicalResult importParseSequenceExample(NodeImporter &n) {
  Features context;
  FeatureLists lists;
  if (failed(getTypes(n, "context_sparse_types", context.sparseTypes)) || failed(getListTypes(n, lists)))
    return failure();
  context.sparseNames = getStringList(n, "context_sparse_keys");
  context.denseNames = getStringList(n, "context_dense_keys");
  context.firstDefault = 2;
  lists.sparseNames = getStringList(n, "feature_list_sparse_keys");
  lists.denseNames = getStringList(n, "feature_list_dense_keys");
  SmallVector<std::string> missing = getStringList(n, "feature_list_dense_missing_assumed_empty");
  for (const std::string &name : lists.denseNames)
    lists.mayLack.push_back(llvm::is_contained(missing, name));
  if (n.getRank(0) != 1 || context.sparseNames.size() != context.sparseTypes.size() ||
      n.getNumInputs() != 2 + context.denseNames.size() ||
      lists.sparseNames.size() != lists.sparseTypes.size() ||
      lists.denseNames.size() != lists.denseTypes.size())
    return n.error() << "serialized must be a vector, and there must be a type for each key; got "
                     << n.getType(0);
  if (failed(importFeatures(n, context, /*isSingle=*/false, "context_dense_shapes")))
    return failure();
  auto results = readLists(n, n.getTensor(0), lists);
  if (failed(results))
    return failure();
  size_t first = 3 * context.sparseNames.size() + context.denseNames.size();
  for (auto [i, result] : llvm::enumerate(*results))
    n.setResult(first + i, result);
  return success();
}

/// What `result` is for one example that is no vector of examples.
Value dropBatch(NodeImporter &n, Value result, bool isIndices, bool isShape) {
  SmallVector<Size> sizes = n.sizes.sizesOf(result), offsets(sizes.size(), n.sizes.constant(0));
  if (!isIndices && !isShape)
    return n.reshape(result, ArrayRef(sizes).drop_front());
  // The first of the three coordinates is that of the example.
  offsets.back() = n.sizes.constant(1);
  sizes.back() = n.sizes.constant(2);
  return n.slice(result, offsets, sizes);
}

/// Results from `first` on: the values of ragged lists, the splits of the examples' steps, those of the
/// steps' values. A single example has no splits of the first kind.
LogicalResult importRaggedLists(NodeImporter &n, size_t first) {
  SmallVector<Type> elements, splits;
  if (failed(getTypes(n, "feature_list_ragged_value_types", elements)) ||
      failed(getTypes(n, "feature_list_ragged_split_types", splits)))
    return failure();
  auto names = getNames(n, 7, elements.size(), true);
  if (failed(names))
    return failure();
  if (splits.size() != elements.size())
    return n.error() << "there are " << elements.size() << " ragged feature lists, but " << splits.size()
                     << " types of splits";
  if (elements.empty())
    return success();
  bool isSingle = n.getRank(0) == 0;
  Value serialized = isSingle ? n.reshape(n.getTensor(0), n.sizes.constant(1)) : n.getTensor(0);
  SmallVector<Type> types;
  for (Type element : elements)
    types.push_back(RankedTensorType::get({ShapedType::kDynamic}, element));
  for (int i = 0; i < 2; ++i)
    for (Type split : splits)
      types.push_back(RankedTensorType::get({ShapedType::kDynamic}, split));
  SmallVector<StringRef> keys(names->begin(), names->end());
  SmallVector<Value> results =
      n.hostCall("tgc_kernel_parse_ragged_lists", {serialized, createStrings(n, keys, /*isScalar=*/false)},
                 types, "", {}, /*isPure=*/true, /*findsSizes=*/true);
  for (auto [i, result] : llvm::enumerate(results)) {
    bool isOuter = i / elements.size() == 1;
    n.setResult(first + i,
                isSingle && isOuter ? n.scalar(getElementTypeOrSelf(result.getType()), 0) : result);
  }
  return success();
}

/// (serialized, debug_name, keys of the context: sparse, dense, ragged, keys of the lists: the same, which
/// dense lists may be missing, dense defaults of the context...).
LogicalResult importParseSequenceExampleV2(NodeImporter &n) {
  Features context;
  RaggedFeatures ragged;
  FeatureLists lists;
  if (failed(getFeatures(n, 2, "context_", "Tcontext_dense", context, ragged)) ||
      failed(getListTypes(n, lists)))
    return failure();
  context.firstDefault = 9;
  auto sparseNames = getNames(n, 5, lists.sparseTypes.size(), true),
       denseNames = getNames(n, 6, lists.denseTypes.size(), true);
  if (failed(sparseNames) || failed(denseNames))
    return failure();
  lists.sparseNames = *sparseNames;
  lists.denseNames = *denseNames;
  DenseElementsAttr mayLack;
  if (!matchPattern(n.getTensor(8), m_Constant(&mayLack)) ||
      mayLack.getNumElements() != static_cast<int64_t>(lists.denseNames.size()))
    return n.error()
           << "feature_list_dense_missing_assumed_empty must be known at compile time, one for each "
              "of "
           << lists.denseNames.size() << " lists; got " << n.getType(8);
  llvm::append_range(lists.mayLack, mayLack.getValues<bool>());
  auto first = importWithRagged(n, context, ragged, "context_dense_shapes", {});
  if (failed(first))
    return failure();
  bool isSingle = n.getRank(0) == 0;
  auto results =
      readLists(n, isSingle ? n.reshape(n.getTensor(0), n.sizes.constant(1)) : n.getTensor(0), lists);
  if (failed(results))
    return failure();
  size_t numSparse = lists.sparseNames.size();
  for (auto [i, result] : llvm::enumerate(*results)) {
    bool isValues = i >= numSparse && i < 2 * numSparse;
    n.setResult(*first + i, isSingle && !isValues
                                ? dropBatch(n, result, i < numSparse, i >= 2 * numSparse && i < 3 * numSparse)
                                : result);
  }
  return importRaggedLists(n, *first + results->size());
}

} // namespace

void registerParseOps(OpRegistry &registry) {
  registry.add({"ParseExample"}, importParseExample);
  registry.add({"ParseExampleV2"}, importParseExampleV2);
  registry.add({"ParseSingleExample"}, importParseSingleExample);
  registry.add({"ParseSequenceExample"}, importParseSequenceExample);
  registry.add({"ParseSequenceExampleV2"}, importParseSequenceExampleV2);
}

} // namespace tgc

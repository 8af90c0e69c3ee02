//===- HandleVectorOps.cpp - Vectors of lists -----------------------------===//
//
// A tensor of variants that is no scalar. It is kept as a list of its elements is (NestedList.cpp), so that
// branches and loops carry it like one; only what makes, indexes and unpacks it knows the difference.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {

using Size = OpFoldResult;

void setHandleVector(NodeImporter &n, ListValue vector) {
  vector.isVector = true;
  setList(n, std::move(vector));
}

FailureOr<ListValue> gatherHandles(NodeImporter &n, const ListValue &source, size_t indicesInput) {
  ListValue result = createHandleVector(n);
  Value indices = n.getTensor(indicesInput);
  if (failed(forEachIndex(n, result, n.sizes.sizeOf(indices, 0), [&](ListValue &next, Size number) {
        ListValue from = source;
        Size index = n.extract(getRow(n, indices, number), {});
        if (!checkListIndex(n, index, from.length, "index %d is not in [0, %d)"))
          return LogicalResult(n.error() << "an index is outside of the vector");
        return appendListElement(n, next, getListElement(n, from, index));
      })))
    return failure();
  return result;
}

ListValue createHandleVector(NodeImporter &n) {
  ListValue vector = createList(n, Type(), SmallVector<Size>(), n.sizes.constant(0));
  vector.mayDiffer = true;
  return vector;
}

namespace {

FailureOr<ListValue> getHandleVector(NodeImporter &n, size_t i) {
  if (n.getInput(i).list && n.getInput(i).list->isVector)
    return *n.getInput(i).list;
  return n.error() << "input " << i << " is a single variant, expected a vector of them";
}

bool isScalarHandle(const ImportedValue &value) {
  return value.optional || (value.list && !value.list->isVector);
}

LogicalResult setElement(NodeImporter &n, size_t output, ListValue vector, Size index) {
  if (!checkListIndex(n, index, vector.length, "index %d is not in [0, %d)"))
    return n.error() << "index " << *IndexBuilder::getConstant(index) << " is not in the vector";
  n.setOutput(output, getListElement(n, vector, index));
  return success();
}

/// The vector of the first `count` inputs.
LogicalResult pack(NodeImporter &n, size_t count) {
  ListValue vector = createHandleVector(n);
  for (size_t i = 0; i < count; ++i) {
    if (!isScalarHandle(n.getInput(i)))
      return n.error() << "input " << i << " is no single variant; only such can be packed";
    if (failed(pushListElement(n, vector, i)))
      return failure();
  }
  setHandleVector(n, std::move(vector));
  return success();
}

LogicalResult importPack(NodeImporter &n) { return pack(n, n.getNumInputs()); }

LogicalResult importUnpack(NodeImporter &n) {
  auto vector = getHandleVector(n, 0);
  if (failed(vector) || failed(n.requireEqual(vector->length, n.sizes.constant(n.getOutputs().size()),
                                              "the vector has %d elements, expected %d")))
    return failure();
  for (size_t i = 0; i < n.getOutputs().size(); ++i)
    if (failed(setElement(n, i, *vector, n.sizes.constant(i))))
      return failure();
  return success();
}

LogicalResult importTile(NodeImporter &n) {
  auto vector = getHandleVector(n, 0);
  auto multiples = n.getSizeOperand(1, "multiples");
  if (failed(vector) || failed(multiples))
    return failure();
  if (multiples->size() != 1)
    return n.error() << "a vector takes one multiple, got " << multiples->size();
  ListValue result = createHandleVector(n);
  if (failed(forEachIndex(n, result, multiples->front(), [&](ListValue &copies, Size) {
        return forEachIndex(n, copies, vector->length, [&](ListValue &next, Size index) {
          ListValue source = *vector;
          return appendListElement(n, next, getListElement(n, source, index));
        });
      })))
    return failure();
  setHandleVector(n, std::move(result));
  return success();
}

/// Reshape and ExpandDims: between one variant and a vector of one.
LogicalResult importReshape(NodeImporter &n) {
  bool isScalar = isScalarHandle(n.getInput(0)), isExpansion = n.node.op() == "ExpandDims";
  size_t rank = isScalar ? 1 : 2;
  if (!isExpansion) {
    auto shape = n.getSizeOperand(1, "shape");
    if (failed(shape))
      return failure();
    rank = shape->size();
    Size count = isScalar ? n.sizes.constant(1) : n.getInput(0).list->length;
    if (rank == 0 && failed(n.requireEqual(count, n.sizes.constant(1), "%d variants cannot be %d")))
      return failure();
    if (rank == 1 && !IndexBuilder::isConstant(shape->front(), -1) &&
        failed(n.requireEqual(count, shape->front(), "%d variants cannot be a vector of %d")))
      return failure();
  }
  if (rank > 1)
    return n.error() << "tensors of variants of rank " << rank << " are not supported; vectors are";
  if (isScalar == (rank == 0)) {
    n.forward(0, 0);
    return success();
  }
  return isScalar ? pack(n, 1) : setElement(n, 0, *n.getInput(0).list, n.sizes.constant(0));
}

LogicalResult importGather(NodeImporter &n) {
  auto vector = getHandleVector(n, 0);
  if (failed(vector))
    return failure();
  int64_t rank = n.getHost(1) ? n.getHost(1)->shape.size() : n.getRank(1);
  if (rank == 0) {
    auto index = n.getScalarSize(1, "indices");
    return failed(index) ? failure() : setElement(n, 0, *vector, *index);
  }
  if (rank != 1)
    return n.error() << "indices of a vector of variants must be a scalar or a vector, got rank " << rank;
  auto result = gatherHandles(n, *vector, 1);
  if (failed(result))
    return failure();
  setHandleVector(n, std::move(*result));
  return success();
}

LogicalResult importStridedSlice(NodeImporter &n) {
  auto vector = getHandleVector(n, 0);
  auto begin = n.getSizeOperand(1, "begin");
  if (failed(vector) || failed(begin))
    return failure();
  if (begin->size() != 1 || n.getInt("shrink_axis_mask") != 1 || n.getInt("begin_mask") ||
      n.getInt("ellipsis_mask") || n.getInt("new_axis_mask"))
    return n.error() << "only single elements of a vector of variants can be taken, as by v[i]; tf.gather "
                        "takes several";
  Size index = begin->front();
  if (auto known = IndexBuilder::getConstant(index); known && *known < 0)
    index = n.sizes.add(vector->length, index);
  else if (!known && !IndexBuilder::isNonNegative(index))
    index = n.sizes.select(n.sizes.compare(arith::CmpIPredicate::slt, index, n.sizes.constant(0)),
                           n.sizes.add(vector->length, index), index);
  return setElement(n, 0, *vector, index);
}

LogicalResult importShape(NodeImporter &n) {
  SmallVector<Size> shape;
  if (!isScalarHandle(n.getInput(0)))
    shape.push_back(n.getInput(0).list->length);
  Type type = n.builder.getIntegerType(getTypeAttr(n.node, "out_type") == proto::DT_INT64 ? 64 : 32);
  if (n.node.op() == "Size")
    n.setHostResult({type, {}, {n.sizes.product(shape)}});
  else
    n.setSizesResult(0, shape, type);
  return success();
}

LogicalResult importFromVector(NodeImporter &n) {
  auto vector = getHandleVector(n, 0);
  if (failed(vector))
    return failure();
  vector->isVector = false;
  setList(n, std::move(*vector));
  return success();
}

/// TensorFlow's gradients end here.
void stopGradients(NodeImporter &n, ListValue &list) {
  if (list.buffer)
    list.buffer = n.stopGradient(list.buffer);
  for (ListValue &part : list.parts)
    stopGradients(n, part);
}

LogicalResult importPushBackBatch(NodeImporter &n) {
  auto handles = getHandleVector(n, 0);
  if (failed(handles))
    return failure();
  Value rows = n.getTensor(1);
  if (n.getRank(1) == 0)
    return n.error() << "Expected tensor to be at least a vector, but got shape: []";
  if (failed(n.requireEqual(n.sizes.sizeOf(rows, 0), handles->length,
                            "Expected tensor.shape[0] == input_handles.size, but saw %d vs. %d")))
    return failure();
  ListValue result = createHandleVector(n);
  auto push = [&](ListValue &next, Size index) -> LogicalResult {
    ListValue source = *handles;
    ImportedValue element = getListElement(n, source, index);
    if (!element.list)
      return n.error() << "the elements of input_handles are no lists";
    ListValue list = *element.list;
    if (failed(requireElementType(n, list, "element_dtype")))
      return failure();
    // TensorFlow does not ask for max_num_elements here; and the room that a loop makes is for its own list.
    list.limit = Size();
    list.room.reset();
    ImportedValue row;
    row.tensor = getRow(n, rows, index);
    if (failed(appendListElement(n, list, row)))
      return failure();
    return appendListElement(n, next, asValue(std::move(list)));
  };
  if (failed(forEachIndex(n, result, handles->length, push)))
    return failure();
  stopGradients(n, result);
  setHandleVector(n, std::move(result));
  return success();
}

} // namespace

void registerHandleVectorOps(OpRegistry &registry) {
  registry.add({"TensorListPushBackBatch"}, importPushBackBatch);
  registry.addForHandles({"Pack"}, importPack);
  registry.addForHandles({"Unpack"}, importUnpack);
  registry.addForHandles({"Tile"}, importTile);
  registry.addForHandles({"Reshape", "ExpandDims"}, importReshape);
  registry.addForHandles({"Gather", "GatherV2"}, importGather);
  registry.addForHandles({"StridedSlice"}, importStridedSlice);
  registry.addForHandles({"Shape", "Size"}, importShape);
  registry.addForHandles({"TensorListFromTensor"}, importFromVector);
}

} // namespace tgc

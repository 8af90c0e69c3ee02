//===- HostElementOps.cpp - Moving the elements of known shapes -----------===//
//
// Pack, StridedSlice, Reshape and their like on small integer tensors whose elements are known as sizes. What
// is known stays known, so that a Reshape far behind still has a type as static as can be.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/HostElementOps.h"
#include "frontend/Import/NodeImporter.h"
#include "frontend/Import/OpRegistry.h"
#include "frontend/Import/SliceSpec.h"

using namespace mlir;

namespace tgc {

SmallVector<const HostTensor *> getHosts(NodeImporter &n, size_t begin, size_t end) {
  SmallVector<const HostTensor *> hosts;
  for (size_t i = begin; i < end; ++i) {
    if (!n.getHost(i))
      return {};
    hosts.push_back(n.getHost(i));
  }
  return hosts;
}

namespace {

using Size = OpFoldResult;

int64_t countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

bool hostIdentity(NodeImporter &n) {
  if (getHosts(n, 0, n.getNumInputs()).empty())
    return false;
  for (size_t i = 0; i < n.getOutputs().size(); ++i)
    n.forward(i, i);
  return true;
}

/// Known vectors of one length as the rows of a matrix, as paddings are put together.
bool packRows(NodeImporter &n) {
  SmallVector<Size> elements;
  for (size_t i = 0; i < n.getNumInputs(); ++i) {
    const HostTensor *row = n.getHost(i);
    if (!row || row->shape.size() != 1 || !row->possibleAxes.empty() || !row->broadcastShapes[0].empty() ||
        row->shape != n.getHost(0)->shape)
      return false;
    llvm::append_range(elements, row->elements);
  }
  if (elements.empty() || n.getInt("axis") != 0 || static_cast<int64_t>(elements.size()) > kMaxHostElements)
    return false;
  const HostTensor *first = n.getHost(0);
  int64_t rows = n.getNumInputs();
  n.setHostResult({first->elementType, {rows, first->shape.front()}, std::move(elements)});
  return true;
}

/// Scalars of which at least one is known: the others are taken out of their tensors; or rows.
bool hostPack(NodeImporter &n) {
  if (packRows(n))
    return true;
  const HostTensor *known = nullptr;
  for (size_t i = 0; i < n.getNumInputs(); ++i) {
    if (const HostTensor *host = n.getHost(i))
      known = host;
    if (n.getHost(i) ? !n.getHost(i)->isScalar() : n.getInput(i).restored || n.getRank(i) != 0)
      return false;
  }
  if (!known || known->elementType.isInteger(1))
    return false;
  SmallVector<Size> elements;
  for (size_t i = 0; i < n.getNumInputs(); ++i)
    elements.push_back(n.getHost(i) ? n.getHost(i)->elements[0] : n.extract(n.getTensor(i), {}));
  n.setSizesResult(0, elements, known->elementType);
  return true;
}

bool hostUnpack(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  if (!host || host->shape.size() != 1 || static_cast<int64_t>(n.getOutputs().size()) != host->shape[0])
    return false;
  for (size_t i = 0; i < host->elements.size(); ++i)
    n.setHostResult(i, {host->elementType, {}, {host->elements[i]}});
  return true;
}

/// Vectors one behind the other; the axis must be 0 or -1.
bool concatHosts(NodeImporter &n, ArrayRef<const HostTensor *> hosts, size_t axisInput) {
  if (hosts.empty() || !n.getHost(axisInput))
    return false;
  auto axis = n.getHost(axisInput)->getConstants();
  if (!axis || axis->size() != 1 || (axis->front() != 0 && axis->front() != -1))
    return false;
  SmallVector<Size> elements;
  for (const HostTensor *host : hosts) {
    if (host->shape.size() != 1)
      return false;
    llvm::append_range(elements, host->elements);
  }
  if (static_cast<int64_t>(elements.size()) > kMaxHostElements)
    return false;
  n.setSizesResult(0, elements, hosts[0]->elementType);
  return true;
}

bool hostConcat(NodeImporter &n) { return concatHosts(n, getHosts(n, 1, n.getNumInputs()), 0); }
bool hostConcatV2(NodeImporter &n) {
  return concatHosts(n, getHosts(n, 0, n.getNumInputs() - 1), n.getNumInputs() - 1);
}

/// Reshape, ExpandDims, Squeeze: the elements stay.
bool hostReshape(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  if (!host || !n.getHost(1))
    return false;
  auto wanted = n.getHost(1)->getConstants();
  if (!wanted)
    return false;
  int64_t known = 1, unknowns = 0, count = host->elements.size();
  for (int64_t size : *wanted) {
    unknowns += size == -1;
    known *= size == -1 ? 1 : size;
  }
  if (unknowns > 1 || known < 0 || (unknowns == 1 && (known == 0 || count % known)) ||
      (unknowns == 0 && known != count))
    return false;
  for (int64_t &size : *wanted)
    if (size == -1)
      size = count / known;
  n.setHostResult({host->elementType, *wanted, host->elements});
  return true;
}

bool hostExpandDims(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  if (!host || !n.getHost(1))
    return false;
  auto axis = n.getHost(1)->getConstants();
  int64_t rank = host->shape.size();
  if (!axis || axis->size() != 1 || axis->front() < -rank - 1 || axis->front() > rank)
    return false;
  SmallVector<int64_t> shape(host->shape);
  shape.insert(shape.begin() + (axis->front() < 0 ? axis->front() + rank + 1 : axis->front()), 1);
  n.setHostResult({host->elementType, shape, host->elements});
  return true;
}

bool hostSqueeze(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  if (!host)
    return false;
  std::vector<int64_t> axes = n.getInts("squeeze_dims");
  int64_t rank = host->shape.size();
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < rank; ++dim) {
    bool isChosen = axes.empty() ? host->shape[dim] == 1
                                 : llvm::is_contained(axes, dim) || llvm::is_contained(axes, dim - rank);
    if (isChosen && host->shape[dim] != 1)
      return false;
    if (!isChosen)
      shape.push_back(host->shape[dim]);
  }
  n.setHostResult({host->elementType, shape, host->elements});
  return true;
}

bool hostStridedSlice(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  if (!host || host->shape.size() != 1 || !n.getHost(1) || !n.getHost(2) || !n.getHost(3))
    return false;
  auto begin = n.getHost(1)->getConstants(), end = n.getHost(2)->getConstants(),
       stride = n.getHost(3)->getConstants();
  if (!begin || !end || !stride || begin->size() != 1 || end->size() != 1 || stride->size() != 1 ||
      stride->front() == 0)
    return false;
  // The handler reports masks that are too large.
  auto isTooLarge = [&](StringRef mask) { return !llvm::isInt<32>(n.getInt(mask)); };
  if (n.getInt("ellipsis_mask") || n.getInt("new_axis_mask") || isTooLarge("begin_mask") ||
      isTooLarge("end_mask") || isTooLarge("shrink_axis_mask"))
    return false;
  int64_t size = host->shape[0], first = begin->front(), step = stride->front();
  if (n.getInt("shrink_axis_mask") & 1) {
    first = first < 0 ? first + size : first;
    if (first < 0 || first >= size)
      return false;
    n.setHostResult({host->elementType, {}, {host->elements[first]}});
    return true;
  }
  StaticRange range =
      resolveRange(size, n.getInt("begin_mask") & 1 ? std::nullopt : std::optional(first),
                   n.getInt("end_mask") & 1 ? std::nullopt : std::optional(end->front()), step);
  SmallVector<Size> elements;
  for (int64_t i = 0; i < range.count; ++i)
    elements.push_back(host->elements[range.first + i * step]);
  n.setSizesResult(0, elements, host->elementType);
  return true;
}

bool hostSlice(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  if (!host || host->shape.size() != 1 || !n.getHost(1) || !n.getHost(2))
    return false;
  auto begin = n.getHost(1)->getConstants(), size = n.getHost(2)->getConstants();
  if (!begin || !size || begin->size() != 1 || size->size() != 1)
    return false;
  int64_t total = host->shape[0], first = begin->front(),
          count = size->front() == -1 ? total - first : size->front();
  if (first < 0 || count < 0 || first + count > total)
    return false;
  n.setSizesResult(0, ArrayRef(host->elements).slice(first, count), host->elementType);
  return true;
}

/// Elements of a vector by constant indices.
bool hostGather(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  if (!host || host->shape.size() != 1 || !n.getHost(1) || n.getInt("batch_dims") != 0)
    return false;
  auto indices = n.getHost(1)->getConstants();
  if (!indices || llvm::any_of(*indices, [&](int64_t index) { return index < 0 || index >= host->shape[0]; }))
    return false;
  SmallVector<Size> elements;
  for (int64_t index : *indices)
    elements.push_back(host->elements[index]);
  n.setHostResult({host->elementType, n.getHost(1)->shape, elements});
  return true;
}

bool hostFill(NodeImporter &n) {
  if (!n.getHost(0) || !n.getHost(1) || !n.getHost(1)->isScalar())
    return false;
  auto shape = n.getHost(0)->getConstants();
  if (!shape || llvm::any_of(*shape, [](int64_t size) { return size < 0 || size > kMaxHostElements; }) ||
      shape->size() > 4 || countElements(*shape) > kMaxHostElements)
    return false;
  n.setHostResult({n.getHost(1)->elementType, *shape,
                   SmallVector<Size>(countElements(*shape), n.getHost(1)->elements[0])});
  return true;
}

bool hostRange(NodeImporter &n) {
  auto hosts = getHosts(n, 0, n.getNumInputs());
  if (hosts.size() != 3)
    return false;
  auto start = hosts[0]->getConstants(), limit = hosts[1]->getConstants(), delta = hosts[2]->getConstants();
  if (!start || !limit || !delta || start->size() != 1 || limit->size() != 1 || delta->size() != 1 ||
      delta->front() == 0 ||
      (start->front() != limit->front() && (start->front() < limit->front()) != (delta->front() > 0)))
    return false;
  SmallVector<Size> elements;
  for (int64_t v = start->front(); delta->front() > 0 ? v < limit->front() : v > limit->front();
       v += delta->front()) {
    elements.push_back(n.sizes.constant(v));
    if (static_cast<int64_t>(elements.size()) > kMaxHostElements)
      return false;
  }
  n.setSizesResult(0, elements, hosts[0]->elementType);
  return true;
}

bool hostTile(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  if (!host || host->shape.size() != 1 || !n.getHost(1))
    return false;
  auto times = n.getHost(1)->getConstants();
  if (!times || times->size() != 1 || times->front() < 0 ||
      times->front() * host->shape[0] > kMaxHostElements)
    return false;
  SmallVector<Size> elements;
  for (int64_t i = 0; i < times->front(); ++i)
    llvm::append_range(elements, host->elements);
  n.setSizesResult(0, elements, host->elementType);
  return true;
}

bool hostReverse(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  if (!host || host->shape.size() != 1 || !n.getHost(1))
    return false;
  auto axes = n.getHost(1)->getConstants();
  if (!axes || axes->size() != 1 || n.node.op() == "Reverse")
    return false;
  n.setSizesResult(0, llvm::to_vector(llvm::reverse(host->elements)), host->elementType);
  return true;
}

/// Elements of a vector overwritten at constant indices.
bool hostScatterUpdate(NodeImporter &n) {
  const HostTensor *host = n.getHost(0), *updates = n.getHost(2);
  if (!host || host->shape.size() != 1 || !n.getHost(1) || n.getHost(1)->shape.size() != 2 ||
      n.getHost(1)->shape[1] != 1 || !updates || updates->shape.size() != 1)
    return false;
  auto indices = n.getHost(1)->getConstants();
  if (!indices || indices->size() != updates->elements.size() ||
      llvm::any_of(*indices, [&](int64_t index) { return index < 0 || index >= host->shape[0]; }))
    return false;
  SmallVector<Size> elements = host->elements;
  for (auto [index, update] : llvm::zip_equal(*indices, updates->elements))
    elements[index] = update;
  n.setSizesResult(0, elements, host->elementType);
  return true;
}

bool hostTranspose(NodeImporter &n) {
  const HostTensor *host = n.getHost(0);
  if (!host || host->shape.size() > 1 || !n.getHost(1))
    return false;
  n.forward(0, 0);
  return true;
}

/// The permutation that undoes a constant one.
bool hostInvertPermutation(NodeImporter &n) {
  auto values = n.getHost(0) ? n.getHost(0)->getConstants() : std::nullopt;
  if (!values)
    return false;
  SmallVector<Size> inverse(values->size());
  for (auto [i, v] : llvm::enumerate(*values)) {
    if (v < 0 || v >= static_cast<int64_t>(values->size()) || inverse[v])
      return false;
    inverse[v] = n.sizes.constant(i);
  }
  n.setSizesResult(0, inverse, n.getHost(0)->elementType);
  return true;
}

} // namespace

void registerHostElementOps(OpRegistry &registry) {
  registry.addHost(
      {"Identity", "IdentityN", "StopGradient", "PreventGradient", "Snapshot", "PlaceholderWithDefault"},
      hostIdentity);
  registry.addHost({"Pack"}, hostPack);
  registry.addHost({"Unpack"}, hostUnpack);
  registry.addHost({"Concat"}, hostConcat);
  registry.addHost({"ConcatV2"}, hostConcatV2);
  registry.addHost({"Reshape"}, hostReshape);
  registry.addHost({"ExpandDims"}, hostExpandDims);
  registry.addHost({"Squeeze"}, hostSqueeze);
  registry.addHost({"StridedSlice"}, hostStridedSlice);
  registry.addHost({"Slice"}, hostSlice);
  registry.addHost({"Gather", "GatherV2"}, hostGather);
  registry.addHost({"Fill"}, hostFill);
  registry.addHost({"Range"}, hostRange);
  registry.addHost({"Tile"}, hostTile);
  registry.addHost({"ReverseV2"}, hostReverse);
  registry.addHost({"TensorScatterUpdate"}, hostScatterUpdate);
  registry.addHost({"Transpose"}, hostTranspose);
  registry.addHost({"InvertPermutation"}, hostInvertPermutation);
}

} // namespace tgc

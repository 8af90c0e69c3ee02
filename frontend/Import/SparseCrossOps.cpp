//===- SparseCrossOps.cpp - Crossed features ------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/KernelCalls.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr int64_t kDynamic = ShapedType::kDynamic;

/// (indices..., values..., shapes..., dense columns...); all columns hold strings, or all numbers that are
/// hashes.
LogicalResult importSparseCross(NodeImporter &n) {
  auto element = n.getElementTypeAttr("out_type"), inner = n.getElementTypeAttr("internal_type");
  int64_t sparse = n.getInt("N"), dense = n.getNumInputs() - 3 * sparse;
  if (failed(element) || failed(inner))
    return failure();
  if (sparse + dense < 1)
    return n.error() << "crosses no columns";
  bool isHashed = n.getBool("hashed_output");
  if (isHashed ? !element->isSignlessInteger(64)
               : !isa<tg::StringType>(*element) || !isa<tg::StringType>(*inner))
    return n.error() << "crosses are int64 if they are hashed, else strings of strings; got " << *element
                     << " of " << *inner;
  for (int64_t i = 0; i < sparse; ++i)
    if (failed(requireRanks(n, i, {2})) || failed(requireRanks(n, sparse + i, {1})) ||
        failed(requireRanks(n, 2 * sparse + i, {1})) ||
        failed(n.requireEqual(n.sizes.sizeOf(n.getTensor(i), 1), n.sizes.constant(2),
                              "indices have %d columns, expected %d")) ||
        failed(n.requireEqual(n.sizes.sizeOf(n.getTensor(2 * sparse + i), 0), n.sizes.constant(2),
                              "a shape has %d elements, expected %d")) ||
        failed(n.requireEqual(n.sizes.sizeOf(n.getTensor(i), 0), n.sizes.sizeOf(n.getTensor(sparse + i), 0),
                              "there are %d indices and %d values")))
      return failure();
  for (int64_t i = 0; i < dense; ++i)
    if (failed(requireRanks(n, 3 * sparse + i, {2})))
      return failure();
  for (int64_t i = 0; i < sparse + dense; ++i) {
    Type type = n.getElementType(i < sparse ? sparse + i : 2 * sparse + i);
    if (type != *inner)
      return n.error() << "Input values should be of internal type " << *inner << " but received " << type;
  }
  Type i64 = n.builder.getI64Type();
  Type types[] = {RankedTensorType::get({kDynamic, 2}, i64), RankedTensorType::get({kDynamic}, *element),
                  RankedTensorType::get({2}, i64)};
  std::string config = (Twine(sparse) + " " + Twine(dense) + " " + Twine(n.getInt("num_buckets")) + " " +
                        Twine(n.getInt("hash_key")))
                           .str();
  setResults(n, n.hostCall("tgc_kernel_sparse_cross", n.getTensors(0, n.getNumInputs()), types, config, {},
                           /*isPure=*/true, /*findsSizes=*/true));
  return success();
}

} // namespace

void registerSparseCrossOps(OpRegistry &registry) { registry.add({"SparseCross"}, importSparseCross); }

} // namespace tgc

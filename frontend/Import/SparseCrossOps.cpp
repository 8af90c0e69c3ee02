//===- SparseCrossOps.cpp - Crossed features ------------------------------===//

#include "frontend/Import/HostFamilies.h"
#include "frontend/Import/KernelCalls.h"

using namespace mlir;

namespace tgc {
namespace {

constexpr int64_t kDynamic = ShapedType::kDynamic;

/// How many columns of each kind stand before the operands that say how to cross.
struct Columns {
  int64_t sparse, dense;

  size_t numInputs() const { return 3 * sparse + dense; }
  /// The input that holds the values of column `i`.
  size_t values(int64_t i) const { return i < sparse ? sparse + i : 2 * sparse + i; }
};

/// (indices..., values..., shapes..., dense columns...), then `numOthers` others.
FailureOr<Columns> getColumns(NodeImporter &n, size_t numOthers) {
  int64_t sparse = n.getInt("N"), dense = n.getNumInputs() - numOthers - 3 * sparse;
  if (sparse + dense < 1) {
    n.error() << "crosses no columns";
    return failure();
  }
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
  return Columns{sparse, dense};
}

/// Calls the kernel; `config`: its words after the numbers of columns.
LogicalResult setCrosses(NodeImporter &n, const Columns &columns, Type element, const Twine &config) {
  Type i64 = n.builder.getI64Type();
  Type types[] = {RankedTensorType::get({kDynamic, 2}, i64), RankedTensorType::get({kDynamic}, element),
                  RankedTensorType::get({2}, i64)};
  std::string words = (Twine(columns.sparse) + " " + Twine(columns.dense) + " " + config).str();
  setResults(n, n.hostCall("tgc_kernel_sparse_cross", n.getTensors(0, n.getNumInputs()), types, words, {},
                           /*isPure=*/true, /*findsSizes=*/true));
  return success();
}

/// Columns of strings, of numbers or of both: of text the hash is taken, unless strings are to be joined.
LogicalResult importSparseCross(NodeImporter &n) {
  auto element = n.getElementTypeAttr("out_type"), inner = n.getElementTypeAttr("internal_type");
  if (failed(element) || failed(inner))
    return failure();
  bool isHashed = n.getBool("hashed_output");
  if (isHashed ? !element->isSignlessInteger(64)
               : !isa<tg::StringType>(*element) || !isa<tg::StringType>(*inner))
    return n.error() << "crosses are int64 if they are hashed, else strings of strings; got " << *element
                     << " of " << *inner;
  auto columns = getColumns(n, 0);
  if (failed(columns))
    return failure();
  bool hashesText = isHashed && isa<tg::StringType>(*inner);
  for (int64_t i = 0; i < columns->sparse + columns->dense; ++i)
    if (Type type = n.getElementType(columns->values(i)); hashesText && type != *inner)
      return n.error() << "Input values should be of internal type " << *inner << " but received " << type;
  return setCrosses(n, *columns, *element,
                    Twine(n.getInt("num_buckets")) + " " + Twine(n.getInt("hash_key")));
}

/// Strings and numbers joined with a separator.
LogicalResult importSparseCrossV2(NodeImporter &n) {
  auto columns = getColumns(n, 1);
  if (failed(columns) || failed(requireRanks(n, columns->numInputs(), {0})))
    return failure();
  return setCrosses(n, *columns, tg::StringType::get(n.builder.getContext()), "joined");
}

/// Strings hashed: into so many buckets, with a salt where the hash is a strong one.
LogicalResult importSparseCrossHashed(NodeImporter &n) {
  auto columns = getColumns(n, 3);
  if (failed(columns))
    return failure();
  size_t others = columns->numInputs();
  for (int64_t i = 0; i < columns->sparse + columns->dense; ++i)
    if (!isa<tg::StringType>(n.getElementType(columns->values(i))))
      return n.error() << "columns of strings are supported, got " << n.getType(columns->values(i));
  if (failed(requireRanks(n, others, {0, 0, 1})) ||
      failed(n.requireEqual(n.sizes.sizeOf(n.getTensor(others + 2), 0), n.sizes.constant(2),
                            "salt has %d elements, expected %d")))
    return failure();
  return setCrosses(n, *columns, n.builder.getI64Type(), "salted");
}

} // namespace

void registerSparseCrossOps(OpRegistry &registry) {
  registry.add({"SparseCross"}, importSparseCross);
  registry.add({"SparseCrossV2"}, importSparseCrossV2);
  registry.add({"SparseCrossHashed"}, importSparseCrossHashed);
}

} // namespace tgc

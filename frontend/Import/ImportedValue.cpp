//===- ImportedValue.cpp - What a tensor of the graph has become ----------===//

#include "frontend/Import/ImportedValue.h"
#include "dialects/Tg/IR/TgOps.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/ListRegions.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace tgc {

std::optional<SmallVector<int64_t>> HostTensor::getConstants() const {
  SmallVector<int64_t> values;
  for (OpFoldResult element : elements) {
    auto value = getConstantIntValue(element);
    if (!value)
      return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

bool isSame(const ImportedValue &a, const ImportedValue &b) {
  if (a.variable || b.variable)
    return a.variable && b.variable && a.variable->name == b.variable->name;
  if (a.restored || b.restored)
    return a.restored == b.restored;
  if (a.listObject || b.listObject)
    return a.listObject && b.listObject && a.listObject->name == b.listObject->name;
  if (a.list && b.list)
    return a.list == b.list || isSameList(*a.list, *b.list);
  if (a.optional || b.optional)
    return a.optional == b.optional;
  if (a.tensor && a.tensor == b.tensor)
    return true;
  if (!a.host || !b.host)
    return false;
  if (a.host == b.host)
    return true;
  return a.host->elementType == b.host->elementType && a.host->shape == b.host->shape &&
         a.host->broadcastShapes[0].empty() && b.host->broadcastShapes[0].empty() &&
         llvm::all_of(llvm::zip_equal(a.host->elements, b.host->elements), [](auto pair) {
           return isEqualConstantIntOrValue(std::get<0>(pair), std::get<1>(pair));
         });
}

/// A host tensor as data.
static Value materialize(EntryImporter &entry, Location loc, const HostTensor &host) {
  OpBuilder &builder = entry.builder;
  auto type = RankedTensorType::get(host.shape, host.elementType);
  if (auto constants = host.getConstants()) {
    unsigned width = host.elementType.getIntOrFloatBitWidth();
    auto elements = llvm::map_to_vector(
        *constants, [&](int64_t v) { return APInt(width, static_cast<uint64_t>(v), false, true); });
    return tg::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, elements));
  }
  Type signless = tg::withoutSign(host.elementType);
  SmallVector<Value> elements;
  for (OpFoldResult element : host.elements)
    elements.push_back(signless.isInteger(1) ? entry.sizes.isTrue(element)
                                             : builder.createOrFold<arith::IndexCastOp>(
                                                   loc, signless, entry.sizes.get(element)));
  return tensor::FromElementsOp::create(builder, loc, RankedTensorType::get(host.shape, signless), elements);
}

/// The axes of a gradient's sum that only the run tells, as data.
static Value materializeAxes(EntryImporter &entry, Location loc, const HostTensor &axes) {
  Value shapes[2];
  for (auto [shape, sizes] : llvm::zip_equal(shapes, axes.broadcastShapes))
    shape = materialize(entry, loc,
                        {axes.elementType,
                         {static_cast<int64_t>(sizes.size())},
                         SmallVector<OpFoldResult>(sizes.begin(), sizes.end())});
  Type type = RankedTensorType::get({ShapedType::kDynamic}, tg::withoutSign(axes.elementType));
  auto call = tg::HostCallOp::create(entry.builder, loc, {type, type}, shapes, /*extents=*/ValueRange(),
                                     kBroadcastGradientArgsKernel, /*config=*/"", /*isPure=*/true,
                                     /*finds_sizes=*/true);
  return call.getResult(axes.broadcastOperand);
}

Value BufferAlias::holds(OpBuilder &builder, Location loc) const {
  Value yes = arith::ConstantIntOp::create(builder, loc, 1, 1);
  if (!condition)
    return yes;
  return whenTrue ? condition : arith::XOrIOp::create(builder, loc, condition, yes);
}

std::vector<BufferAlias> getAliases(EntryImporter &entry, const ImportedValue &value, Value tensor) {
  if (!value.variable)
    return value.aliases;
  const std::string &name = value.variable->name;
  auto variable = entry.module.variables.find(name);
  auto type = cast<RankedTensorType>(tensor.getType());
  if (variable == entry.module.variables.end() || !type.hasStaticShape())
    return {};
  Value seen = entry.readVariable(name);
  auto whole = cast<RankedTensorType>(seen.getType());
  bool fits = whole.hasStaticShape() && whole.getElementType() == type.getElementType() &&
              whole.getNumElements() == type.getNumElements();
  return fits ? std::vector<BufferAlias>{{name, seen, Value(), true}} : std::vector<BufferAlias>();
}

/// A tensor, or what an update has put into the buffer that it lies in.
static Value readThroughAliases(EntryImporter &entry, Location loc, const ImportedValue &value) {
  OpBuilder &builder = entry.builder;
  Value result = value.tensor;
  for (const BufferAlias &alias : value.aliases) {
    Value now = entry.readVariable(alias.variable);
    if (now == alias.seen)
      continue;
    if (now.getType() != result.getType())
      now = tg::ReshapeOp::create(builder, loc, result.getType(), now, ValueRange());
    if (!alias.condition) {
      result = now;
      continue;
    }
    auto choice = tg::IfOp::create(builder, loc, TypeRange{result.getType()}, alias.condition);
    for (auto [k, region] : llvm::enumerate(choice->getRegions())) {
      OpBuilder::InsertionGuard guard(builder);
      builder.createBlock(&region);
      tg::YieldOp::create(builder, loc, alias.whenTrue == (k == 0) ? now : result);
    }
    result = choice.getResult(0);
  }
  return result;
}

FailureOr<Value> getTensor(EntryImporter &entry, Location loc, const ImportedValue &value) {
  if (value.tensor)
    return readThroughAliases(entry, loc, value);
  if (value.host && !value.host->broadcastShapes[0].empty())
    return materializeAxes(entry, loc, *value.host);
  if (value.host)
    return materialize(entry, loc, *value.host);
  if (value.restored)
    return emitError(loc) << "the shape of the restored tensor " << value.restored->name
                          << " is not known; only assignments to variables can use it";
  // The flow of a tensor array is a number that nobody looks at.
  if (value.listObject)
    return Value(tg::ConstantOp::create(
        entry.builder, loc,
        DenseElementsAttr::get(RankedTensorType::get({}, entry.builder.getF32Type()), 0.0f)));
  if (!value.variable)
    return emitError(loc) << "an input is " << (value.list ? "a list of tensors" : "an optional")
                          << ", expected a tensor";
  if (!entry.module.variables.count(value.variable->name))
    return emitError(loc) << "an input is the handle of a queue or a table, which has no value";
  return entry.readVariable(value.variable->name);
}

} // namespace tgc

//===- OptionalOps.cpp - Variants that hold tensors or nothing ------------===//
//
// Gradients of conditions in TensorFlow 2 carry what a branch left as an optional, which is empty if the
// other was taken.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

void setOptional(NodeImporter &n, OptionalValue optional) {
  ImportedValue value;
  value.optional = std::make_shared<const OptionalValue>(std::move(optional));
  n.setOutput(0, std::move(value));
}

Value constantBool(NodeImporter &n, bool value) {
  return arith::ConstantOp::create(n.builder, n.loc, n.builder.getBoolAttr(value));
}

LogicalResult importNone(NodeImporter &n) {
  setOptional(n, {constantBool(n, false), {}});
  return success();
}

/// The branch whose function the node stands in: the last of the calls that lead to it.
std::string getBranch(NodeImporter &n) {
  auto path = n.loc->findInstanceOf<NameLoc>();
  StringRef calls = path ? path.getName().getValue() : StringRef();
  if (!calls.consume_back(n.node.name()) || !calls.consume_back("/"))
    return "";
  return calls.substr(calls.rfind('/') + 1).str();
}

LogicalResult importFromValue(NodeImporter &n) {
  OptionalValue optional{constantBool(n, true), {}};
  optional.branches.insert(getBranch(n));
  for (size_t i = 0; i < n.getNumInputs(); ++i)
    optional.components.push_back(n.getInput(i));
  setOptional(n, std::move(optional));
  return success();
}

LogicalResult importHasValue(NodeImporter &n) {
  const auto &optional = n.getInput(0).optional;
  if (!optional)
    return n.error() << "input 0 is no optional";
  Value isPresent = optional->isPresent;
  for (const OptionalValue *other = optional->other.get(); other; other = other->other.get())
    isPresent = n.create<arith::OrIOp>(isPresent, other->isPresent);
  n.setResult(n.create<tensor::FromElementsOp>(RankedTensorType::get({}, n.builder.getI1Type()), isPresent));
  return success();
}

/// Whether these are the values that the node asks for.
bool fits(NodeImporter &n, const OptionalValue &optional) {
  const proto::AttrValue *types = findAttr(n.node, "output_types"),
                         *shapes = findAttr(n.node, "output_shapes");
  if (!types || optional.components.size() != static_cast<size_t>(types->list().type_size()))
    return false;
  for (auto [i, component] : llvm::enumerate(optional.components)) {
    bool isVariant = component.list || component.optional;
    auto dtype = types->list().type(i);
    if (isVariant != (dtype == proto::DT_VARIANT))
      return false;
    bool isTensor = component.tensor || component.host;
    if (isVariant || !isTensor)
      continue;
    Type element =
        component.host ? component.host->elementType : getElementTypeOrSelf(component.tensor.getType());
    int64_t rank = component.host ? component.host->shape.size()
                                  : cast<RankedTensorType>(component.tensor.getType()).getRank();
    auto shape = shapes && static_cast<int>(i) < shapes->list().shape_size()
                     ? shapeFromProto(shapes->list().shape(i))
                     : std::nullopt;
    if (getDataType(element) != dtype || (shape && static_cast<int64_t>(shape->size()) != rank))
      return false;
  }
  return true;
}

LogicalResult importGetValue(NodeImporter &n) {
  const OptionalValue *optional = n.getInput(0).optional.get();
  if (!optional)
    return n.error() << "input 0 is no optional";
  // Variants look all alike: what was made in the branch that this one is the gradient of goes first.
  const OptionalValue *chosen = nullptr;
  bool isOfBranch = false;
  for (std::string branch = getBranch(n); optional && !isOfBranch; optional = optional->other.get()) {
    bool doesFit = fits(n, *optional);
    isOfBranch = doesFit && optional->branches.count(branch);
    if (isOfBranch || !chosen || (doesFit && !fits(n, *chosen)))
      chosen = optional;
  }
  optional = chosen;
  n.check(optional->isPresent, "The given optional does not have a value.");
  if (optional->components.size() != n.getOutputs().size())
    return n.error() << "the optional has " << optional->components.size() << " components, asked for "
                     << n.getOutputs().size();
  for (auto [i, component] : llvm::enumerate(optional->components))
    n.setOutput(i, component);
  return success();
}

} // namespace

/// Whether the elements of two lists can be elements of one, as far as they are known.
static bool haveSameElements(const ListValue &a, const ListValue &b) {
  if (a.isVector != b.isVector || (a.kind == ListValue::Spelled) != (b.kind == ListValue::Spelled) ||
      !a.elementType != !b.elementType || a.elementType != b.elementType)
    return false;
  if (a.form && b.form)
    return isSameForm(*a.form, *b.form);
  return !a.elementSizes || !b.elementSizes || a.elementSizes->size() == b.elementSizes->size();
}

bool haveSameTypes(const OptionalValue &a, const OptionalValue &b) {
  if (a.components.empty() || b.components.empty())
    return true;
  if (a.components.size() != b.components.size())
    return false;
  auto typeOf = [](const ImportedValue &value) -> std::pair<Type, int64_t> {
    if (value.host)
      return {value.host->elementType, value.host->shape.size()};
    if (!value.tensor)
      return {Type(), value.list ? -2 : value.optional ? -3 : -1};
    auto type = cast<RankedTensorType>(value.tensor.getType());
    return {type.getElementType(), type.getRank()};
  };
  return llvm::equal(a.components, b.components, [&](const ImportedValue &x, const ImportedValue &y) {
    if (x.isNull() || y.isNull())
      return true;
    if (x.optional && y.optional)
      return haveSameTypes(*x.optional, *y.optional);
    if (x.list && y.list)
      return haveSameElements(*x.list, *y.list);
    return typeOf(x) == typeOf(y);
  });
}

void registerOptionalOps(OpRegistry &registry) {
  registry.add({"OptionalNone"}, importNone);
  registry.add({"OptionalFromValue"}, importFromValue);
  registry.add({"OptionalHasValue"}, importHasValue);
  registry.add({"OptionalGetValue"}, importGetValue);
}

} // namespace tgc

//===- ListObjects.cpp - What the handle of a list names ------------------===//
//
// Tensor arrays and stacks are state of the entry, as variables are.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/ArrayAccesses.h"

using namespace mlir;

namespace tgc {

FailureOr<Type> getListElementType(NodeImporter &n, StringRef typeAttr) {
  if (getTypeAttr(n.node, typeAttr) == proto::DT_VARIANT)
    return Type();
  return n.getElementTypeAttr(typeAttr);
}

LogicalResult requireElementType(NodeImporter &n, const ListValue &list, StringRef typeAttr) {
  if (typeAttr.empty())
    return success();
  auto type = getListElementType(n, typeAttr);
  if (failed(type))
    return failure();
  if (*type == list.elementType)
    return success();
  auto name = [](Type element) {
    return element ? dataTypeName(getDataType(element)) : dataTypeName(proto::DT_VARIANT);
  };
  return n.error() << "Invalid data types; op elements " << name(*type) << " but list elements "
                   << name(list.elementType);
}

FailureOr<ListObject> getListObject(NodeImporter &n, bool isStack, StringRef typeAttr) {
  const auto &reference = n.getInput(0).listObject;
  auto &objects = n.graph.entry.listObjects;
  auto it = reference ? objects.find(reference->name) : objects.end();
  if (it == objects.end() || it->second->isStack != isStack)
    return n.error() << "input 0 is no " << (isStack ? "stack" : "tensor array");
  if (it->second->isClosed)
    return n.error() << (isStack ? "Stack " : "TensorArray ") << it->second->name
                     << " has already been closed.";
  if (failed(requireElementType(n, it->second->list, typeAttr)))
    return failure();
  StringRef op = n.node.op();
  if (it->second->isShell && !op.starts_with("TensorArrayGrad") && !op.starts_with("TensorArraySize") &&
      !op.starts_with("TensorArrayClose"))
    return n.error()
           << "TensorArray " << it->second->name
           << " was made in a branch or an iteration that is over; only gradients of it can be used";
  return *it->second;
}

void createListObject(NodeImporter &n, ListObject object) {
  ImportedValue value;
  value.listObject = ListReference{ListReference::kPrefix.str() + cast<NameLoc>(n.loc).getName().str()};
  dropFlags(n.graph.entry, value.listObject->name);
  n.graph.entry.listObjects[value.listObject->name] = std::make_shared<const ListObject>(std::move(object));
  for (size_t i = 0; i < n.getOutputs().size(); ++i)
    n.setOutput(i, value);
}

void setListObject(NodeImporter &n, ListObject object) {
  n.graph.entry.listObjects[n.getInput(0).listObject->name] =
      std::make_shared<const ListObject>(std::move(object));
}

void endIteration(EntryImporter &entry, const EntryImporter::State &before) {
  for (auto it = entry.listObjects.begin(); it != entry.listObjects.end();) {
    // Its gradients go with an array; those of an iteration around this one stay.
    size_t suffix = it->first.find(kPoppedSuffix.str());
    if (suffix != std::string::npos &&
        !before.listObjects.count(it->first.substr(0, suffix + kPoppedSuffix.size()))) {
      it = entry.listObjects.erase(it);
      continue;
    }
    if (llvm::any_of(it->second->accesses, [](const ArrayAccess &access) { return !access.isOver; })) {
      ListObject object = *it->second;
      for (ArrayAccess &access : object.accesses)
        access.isOver = true;
      it->second = std::make_shared<const ListObject>(std::move(object));
    }
    ++it;
  }
}

ListValue getShell(const ListValue &list) {
  auto keepConstants = [](PartialSizes sizes) {
    if (sizes)
      for (OpFoldResult &size : *sizes)
        if (size && !isa<Attribute>(size))
          size = OpFoldResult();
    return sizes;
  };
  ListValue shell;
  shell.elementType = list.elementType;
  shell.declaredSizes = keepConstants(list.declaredSizes);
  shell.elementSizes = keepConstants(list.elementSizes);
  shell.mayDiffer = list.mayDiffer;
  shell.length = shell.capacity = list.length;
  return shell;
}

std::shared_ptr<const ListObject> createGradientArray(const EntryImporter &entry, StringRef name) {
  auto it = entry.gradientArrays.find(name.str());
  if (it == entry.gradientArrays.end())
    return nullptr;
  auto source = entry.listObjects.find(it->second.source);
  if (source == entry.listObjects.end())
    return nullptr;
  ListObject object;
  const ListValue &list = source->second->list;
  object.list.elementType = list.elementType;
  object.list.elementSizes = list.elementSizes;
  if (object.list.elementSizes)
    object.list.elementSizes->insert(object.list.elementSizes->begin(), it->second.leadingSizes.begin(),
                                     it->second.leadingSizes.end());
  object.list.declaredSizes = object.list.elementSizes;
  object.list.length = object.list.capacity = list.length;
  // Each element has the shape of the one it is the gradient of.
  if (list.kind == ListValue::Ragged && it->second.leadingSizes.empty()) {
    object.list.kind = ListValue::Ragged;
    object.list.parts = list.parts;
    object.list.parts[1].buffer = nullptr;
    object.list.parts[1].onlyElement.reset();
    object.list.capacity = list.capacity;
  }
  object.list.mayDiffer = list.mayDiffer || list.kind == ListValue::Ragged;
  object.name = source->second->name + "@" + it->second.label;
  object.isGradient = true;
  return std::make_shared<const ListObject>(std::move(object));
}

} // namespace tgc

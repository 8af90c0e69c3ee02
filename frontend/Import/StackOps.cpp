//===- StackOps.cpp - Stack and StackV2 -----------------------------------===//
//
// The stacks in which TensorFlow's backward loops find what forward loops left: objects of the entry as
// tensor arrays are. Their order is that of the control edges. A loop that makes a tensor array in each
// iteration leaves their handles.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/CompositeList.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/ListValue.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

LogicalResult importStack(NodeImporter &n) {
  // Of a handle there is a number on the stack: how long its array is.
  bool isOfHandles = getTypeAttr(n.node, "elem_type") == proto::DT_RESOURCE;
  auto element = isOfHandles ? FailureOr<Type>(n.builder.getI64Type()) : getListElementType(n, "elem_type");
  if (failed(element))
    return failure();
  ListObject object;
  object.isStack = true;
  object.list = createList(n, *element, isOfHandles ? PartialSizes(SmallVector<Size>()) : PartialSizes(),
                           n.sizes.constant(0));
  object.list.mayDiffer = true;
  object.name = n.getString("stack_name").empty() ? n.node.name() : n.getString("stack_name").str();
  if (n.getNumInputs()) {
    auto most = n.getScalarSize(0, "max_size");
    if (failed(most))
      return failure();
    auto known = IndexBuilder::getConstant(*most);
    if (known ? *known >= 0 : IndexBuilder::isNonNegative(*most))
      object.list.limit = *most;
  }
  createListObject(n, std::move(object));
  return success();
}

/// The length of the array that input 1 names goes onto the stack; what else is known of the array is the
/// same each time, and is what all elements have in common.
LogicalResult pushHandle(NodeImporter &n, ListValue &stack) {
  EntryImporter &entry = n.graph.entry;
  const auto &reference = n.getInput(1).listObject;
  auto array = reference ? entry.listObjects.find(reference->name) : entry.listObjects.end();
  if (array == entry.listObjects.end() || array->second->isStack)
    return n.error() << "only handles of tensor arrays can be pushed on a stack of resources";
  const ListValue &list = array->second->list;
  ListValue like = getShell(list);
  like.length = like.capacity = n.sizes.constant(0);
  ImportedValue handle, length;
  handle.listObject = reference;
  handle.list = std::make_shared<const ListValue>(std::move(like));
  if (!stack.mayBeUniform || (stack.uniformElement && !isSame(*stack.uniformElement, handle)))
    return n.error() << "a stack of resources can hold the handles of one tensor array only";
  length.tensor = n.sizeTensor(list.length, n.builder.getI64Type());
  if (failed(appendListElement(n, stack, length)))
    return failure();
  stack.mayBeUniform = true;
  stack.uniformElement = std::move(handle);
  return success();
}

/// The array whose handle was pushed, as gradients of it need it: its length and the type of its elements.
LogicalResult popHandle(NodeImporter &n, ListValue &stack, StringRef name) {
  if (!stack.uniformElement)
    return n.error() << "nothing was pushed on the stack of resources " << name;
  EntryImporter &entry = n.graph.entry;
  Size last = n.sizes.sub(stack.length, n.sizes.constant(1));
  ImportedValue handle;
  handle.listObject = ListReference{(Twine(stack.uniformElement->listObject->name) + kPoppedSuffix).str()};
  // Two stacks may hold one handle.
  if (!entry.listObjects.count(handle.listObject->name)) {
    ListObject array;
    array.name =
        StringRef(stack.uniformElement->listObject->name).drop_front(ListReference::kPrefix.size()).str();
    array.list = *stack.uniformElement->list;
    array.isShell = true;
    array.list.length = array.list.capacity = n.extract(readListElement(n, stack, last), {});
    entry.listObjects[handle.listObject->name] = std::make_shared<const ListObject>(std::move(array));
  }
  stack.length = last;
  n.setOutput(0, std::move(handle));
  return success();
}

LogicalResult importPush(NodeImporter &n) {
  bool isHandle = getTypeAttr(n.node, "T") == proto::DT_RESOURCE;
  auto stack = getListObject(n, true, isHandle ? "" : "T");
  if (failed(stack))
    return failure();
  ListValue &list = stack->list;
  if (!list.limit.isNull())
    n.check(n.sizes.compare(arith::CmpIPredicate::slt, list.length, list.limit),
            "Stack[" + stack->name + "] overflowed its max_size (%d)", n.sizes.get(list.limit));
  n.forward(0, 1);
  if (failed(isHandle ? pushHandle(n, list) : pushListElement(n, list, 1)))
    return failure();
  setListObject(n, std::move(*stack));
  return success();
}

LogicalResult importPop(NodeImporter &n) {
  bool isHandle = getTypeAttr(n.node, "elem_type") == proto::DT_RESOURCE;
  auto stack = getListObject(n, true, isHandle ? "" : "elem_type");
  if (failed(stack))
    return failure();
  ListValue &list = stack->list;
  std::string message = "Stack[" + stack->name + "] is empty when calling Pop().";
  if (failed(requireElementSizes(n, list, message)) ||
      failed(requireSpelled(n, list, n.sizes.sub(list.length, n.sizes.constant(1)))))
    return failure();
  ImportedValue element;
  bool isEmpty = !checkNotEmpty(n, list, message);
  if (isHandle) {
    if (failed(popHandle(n, list, stack->name)))
      return failure();
    setListObject(n, std::move(*stack));
    return success();
  }
  if (!isEmpty)
    element = popListElement(n, list);
  else if (list.hasKnownElements())
    element.tensor = n.broadcastTo(n.scalar(list.elementType, 0), *list.elementSizes);
  else
    return n.error() << message;
  n.setOutput(0, std::move(element));
  setListObject(n, std::move(*stack));
  return success();
}

LogicalResult importClose(NodeImporter &n) {
  auto stack = getListObject(n, true, "");
  if (failed(stack))
    return failure();
  stack->isClosed = true;
  setListObject(n, std::move(*stack));
  return success();
}

} // namespace

void registerStackOps(OpRegistry &registry) {
  registry.add({"Stack", "StackV2"}, importStack);
  registry.add({"StackPush", "StackPushV2"}, importPush);
  registry.add({"StackPop", "StackPopV2"}, importPop);
  registry.add({"StackClose", "StackCloseV2"}, importClose);
}

} // namespace tgc

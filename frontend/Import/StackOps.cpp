//===- StackOps.cpp - Stack and StackV2 -----------------------------------===//
//
// The stacks in which TensorFlow's backward loops find what forward loops left: objects of the entry as
// tensor arrays are. Their order is that of the control edges.
//
//===----------------------------------------------------------------------===//

#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/ListValue.h"
#include "frontend/Import/OpRegistry.h"

using namespace mlir;

namespace tgc {
namespace {

using Size = OpFoldResult;

LogicalResult importStack(NodeImporter &n) {
  auto element = n.getElementTypeAttr("elem_type");
  if (failed(element))
    return failure();
  ListObject object;
  object.isStack = true;
  object.list = createList(n, *element, std::nullopt, n.sizes.constant(0));
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

LogicalResult importPush(NodeImporter &n) {
  auto stack = getListObject(n, true, "T");
  if (failed(stack))
    return failure();
  ListValue &list = stack->list;
  if (!list.limit.isNull())
    n.check(n.sizes.compare(arith::CmpIPredicate::slt, list.length, list.limit),
            "Stack[" + stack->name + "] overflowed its max_size (%d)", n.sizes.get(list.limit));
  n.forward(0, 1);
  if (failed(pushListElement(n, list, 1)))
    return failure();
  setListObject(n, std::move(*stack));
  return success();
}

LogicalResult importPop(NodeImporter &n) {
  auto stack = getListObject(n, true, "elem_type");
  if (failed(stack))
    return failure();
  ListValue &list = stack->list;
  std::string message = "Stack[" + stack->name + "] is empty when calling Pop().";
  if (failed(requireElementSizes(n, list, message)))
    return failure();
  ImportedValue element;
  if (checkNotEmpty(n, list, message))
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

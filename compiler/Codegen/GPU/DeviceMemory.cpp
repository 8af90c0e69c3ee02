//===- DeviceMemory.cpp - Memory of an entry, and what it may be ----------===//

#include "compiler/Codegen/GPU/DeviceMemory.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace tgc {

Value findRoot(Value memory) {
  while (auto view = memory.getDefiningOp<ViewLikeOpInterface>())
    memory = view.getViewSource();
  return memory;
}

/// Of an argument of a loop's block.
static SmallVector<Value> getSourcesOfArgument(BlockArgument argument) {
  unsigned number = argument.getArgNumber();
  Operation *parent = argument.getOwner()->getParentOp();
  if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
    if (argument.getOwner() == loop.getAfterBody())
      return {loop.getConditionOp().getArgs()[number]};
    return {loop.getInits()[number], loop.getYieldOp().getOperand(number)};
  }
  auto loop = dyn_cast<scf::ForOp>(parent);
  if (!loop || number == 0)
    return {};
  return {loop.getInitArgs()[number - 1], loop.getBody()->getTerminator()->getOperand(number - 1)};
}

SmallVector<Value> getSources(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return getSourcesOfArgument(argument);
  Operation *op = value.getDefiningOp();
  unsigned number = cast<OpResult>(value).getResultNumber();
  if (auto choice = dyn_cast<arith::SelectOp>(op))
    return {choice.getTrueValue(), choice.getFalseValue()};
  if (auto choice = dyn_cast<scf::IfOp>(op))
    return {choice.thenYield().getOperand(number), choice.elseYield().getOperand(number)};
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return {loop.getConditionOp().getArgs()[number]};
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return {loop.getInitArgs()[number], loop.getBody()->getTerminator()->getOperand(number)};
  return {};
}

/// Memory that a mirror can be made of.
static bool isMirrored(Operation *op) {
  return isa_and_nonnull<memref::AllocOp, memref::GetGlobalOp, rt::FeedOp, rt::FetchOp, rt::WeightsOp,
                         rt::VariableOp, rt::BufferOp>(op);
}

DeviceMemory::DeviceMemory(func::FuncOp entry) {
  auto visit = [&](Value value) {
    if (!isa<MemRefType>(value.getType()) || findRoot(value) != value)
      return;
    numberOf(value);
    for (Value source : getSources(value))
      join(value, findRoot(source));
    if (auto variable = value.getDefiningOp<rt::VariableOp>())
      readVariables.try_emplace(variable.getIndex(), value);
  };
  entry.walk<WalkOrder::PreOrder>([&](Operation *op) {
    llvm::for_each(op->getResults(), visit);
    for (Region &region : op->getRegions())
      llvm::for_each(region.getArguments(), visit);
  });
}

unsigned DeviceMemory::numberOf(Value root) {
  auto [it, isNew] = numbers.try_emplace(root, classes.size());
  if (!isNew)
    return it->second;
  Class added;
  added.members.push_back(root);
  added.isJoined = !getSources(root).empty();
  if (added.isJoined) {
    // Copies take the whole memory.
    added.canMirror = cast<MemRefType>(root.getType()).getLayout().isIdentity();
  } else {
    Operation *op = root.getDefiningOp();
    added.base = root;
    added.canMirror = isMirrored(op);
    added.isUnknown =
        !isMirrored(op) && !isa_and_nonnull<memref::AllocaOp, rt::HostCallOp, rt::NewVariableOp>(op);
  }
  classes.push_back(added);
  return it->second;
}

void DeviceMemory::join(Value a, Value b) {
  unsigned kept = numberOf(a), taken = numberOf(b);
  if (kept == taken)
    return;
  Class other = std::move(classes[taken]);
  classes[taken] = Class();
  for (Value member : other.members)
    numbers[member] = kept;
  Class &result = classes[kept];
  result.members.append(other.members);
  result.base = result.base ? result.base : other.base;
  result.canMirror &= other.canMirror;
  result.isUnknown |= other.isUnknown;
  result.isJoined = true;
}

Memory DeviceMemory::find(Value value) {
  bool isWhole = true;
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>()) {
    isWhole &= isa<memref::ExpandShapeOp, memref::CollapseShapeOp, memref::CastOp>(view);
    value = view.getViewSource();
  }
  auto number = numbers.find(value);
  if (number == numbers.end() || classes[number->second].isUnknown)
    return {Value(), false};
  const Class &found = classes[number->second];
  return {found.base, isWhole && !found.isJoined};
}

/// Whether a value is there when an op runs, both in structured control flow.
static bool isSeenAt(Value value, Operation *point) {
  Operation *ancestor = value.getParentBlock()->findAncestorOpInBlock(*point);
  Operation *op = value.getDefiningOp();
  return ancestor && (!op || (op != ancestor && op->isBeforeInBlock(ancestor)));
}

SmallVector<Value> DeviceMemory::getMembersAt(Value base, Operation *point) const {
  SmallVector<Value> own, handed;
  bool isAllSeen = true;
  for (Value member : getMembers(base)) {
    bool isSeen = isSeenAt(member, point), isOwn = getSources(member).empty();
    isAllSeen &= isSeen || !isOwn;
    if (isSeen)
      (isOwn ? own : handed).push_back(member);
  }
  if (!isAllSeen)
    own.append(handed);
  return own;
}

SmallVector<Value> DeviceMemory::getBases() const {
  SmallVector<Value> bases;
  for (const Class &one : classes)
    if (one.base && !one.isUnknown)
      bases.push_back(one.base);
  return bases;
}

} // namespace tgc

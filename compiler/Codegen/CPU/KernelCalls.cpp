//===- KernelCalls.cpp - Functions of kernels and calls of them -----------===//

#include "compiler/Codegen/CPU/KernelCalls.h"
#include "compiler/Codegen/CPU/LinearAccess.h"
#include "compiler/Codegen/CPU/SelectTiling.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace tgc {

KernelCalls::KernelCalls(ModuleOp module) : module(module) {
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    names.insert(function.getName());
}

func::FuncOp KernelCalls::getFunction(OpBuilder &builder, Location loc, StringRef prefix,
                                      ArrayRef<Value> arguments,
                                      function_ref<void(OpBuilder &, Block &)> emit) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(module.getBody());
  SmallVector<Type> types(ValueRange(arguments).getTypes());
  types.append(2, builder.getIndexType());
  auto function = func::FuncOp::create(builder, loc, "kernel", builder.getFunctionType(types, {}));
  function.setPrivate();
  // One entry would hold all of them otherwise, and LLVM takes more than linear time for it.
  function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  emit(builder, function.front());
  func::ReturnOp::create(builder, loc);
  std::string text;
  llvm::raw_string_ostream stream(text);
  function->print(stream, OpPrintingFlags().useLocalScope());
  auto [known, isNew] = functions.try_emplace(text, function);
  if (!isNew) {
    function.erase();
    return known->second;
  }
  size_t number = functions.size() - 1;
  std::string name;
  do
    name = (prefix + Twine(number++)).str();
  while (!names.insert(name).second);
  function.setName(name);
  return function;
}

int64_t getCostOfElement(Operation *nest) {
  int64_t cost = kProductsPerPackedElement;
  nest->walk([&](Operation *inner) {
    if (isa<math::MathDialect>(inner->getDialect()))
      cost += kProductsPerFunction;
  });
  return cost;
}

/// The frame of the entry that is built in; null in a function of another kind.
static Value getFrame(OpBuilder &builder) {
  Block *block = builder.getInsertionBlock();
  auto function = dyn_cast<func::FuncOp>(block->getParentOp());
  if (!function)
    function = block->getParentOp()->getParentOfType<func::FuncOp>();
  return function && function->hasAttr("rt.feeds") ? function.getArgument(0) : Value();
}

void KernelCalls::call(OpBuilder &builder, Location loc, func::FuncOp function, ArrayRef<Value> arguments,
                       OpFoldResult count, OpFoldResult work) {
  IndexMath math(builder, loc);
  auto callAll = [&](OpBuilder &b) {
    SmallVector<Value> all(arguments);
    all.append({math.materialize(math.known(0)), math.materialize(count)});
    auto call = func::CallOp::create(b, loc, function, all);
    if (auto products = getConstantIntValue(work))
      call->setAttr(kWork, b.getI64IntegerAttr(*products));
  };
  Value frame = getFrame(builder);
  auto known = getConstantIntValue(work);
  bool areScalarsShort = llvm::all_of(arguments, [](Value argument) {
    Type type = argument.getType();
    return isa<MemRefType, IndexType>(type) || (type.isIntOrFloat() && type.getIntOrFloatBitWidth() <= 64);
  });
  if (!frame || !areScalarsShort || isConstantIntValue(count, 1) ||
      (known && *known < kLeastParallelProducts))
    return callAll(builder);
  auto callPieces = [&](OpBuilder &b) {
    OpFoldResult grain = math.ceilDiv(count, math.known(kParallelPieces));
    rt::ParallelForOp::create(b, loc, frame, function.getName(), math.materialize(count),
                              math.materialize(grain), arguments);
  };
  if (known)
    return callPieces(builder);
  Value isLarge = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, math.materialize(work),
                                        math.materialize(math.known(kLeastParallelProducts)));
  auto choice = scf::IfOp::create(builder, loc, isLarge, /*withElseRegion=*/true);
  choice->setAttr(kChoice, builder.getUnitAttr());
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(choice.thenBlock());
  callPieces(builder);
  builder.setInsertionPointToStart(choice.elseBlock());
  callAll(builder);
}

} // namespace tgc

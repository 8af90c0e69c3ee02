//===- DescribeModule.cpp - Record what the descriptor says ---------------===//

#include "compiler/ABI/Dtypes.h"
#include "compiler/ABI/Passes.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace tgc {
#define GEN_PASS_DEF_DESCRIBEMODULEPASS
#include "compiler/ABI/Passes.h.inc"

namespace {

/// {name, dtype, dims} of a tensor that crosses the ABI; null after a diagnostic if it cannot.
DictionaryAttr describe(Operation *where, StringAttr name, Type type, ArrayRef<NamedAttribute> more = {}) {
  Builder builder(where->getContext());
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || dtypeOf(tensor.getElementType()) == TGC_DTYPE_INVALID || tensor.getRank() > TGC_MAX_RANK) {
    where->emitError() << "'" << name.getValue() << "' has type " << type << ", expected a tensor of rank "
                       << TGC_MAX_RANK << " or less of an element type of TensorFlow";
    return {};
  }
  SmallVector<int64_t> dims(tensor.getShape());
  for (int64_t &dim : dims)
    dim = ShapedType::isDynamic(dim) ? -1 : dim;
  SmallVector<NamedAttribute> fields = {
      builder.getNamedAttr("name", name),
      builder.getNamedAttr("dtype", builder.getI32IntegerAttr(dtypeOf(tensor.getElementType()))),
      builder.getNamedAttr("dims", builder.getDenseI64ArrayAttr(dims))};
  fields.append(more.begin(), more.end());
  return builder.getDictionaryAttr(fields);
}

struct DescribeModulePass : impl::DescribeModulePassBase<DescribeModulePass> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    bool ok = describeVariables(module);
    for (func::FuncOp func : module.getOps<func::FuncOp>())
      ok &= !func->hasAttr("tg.entry") || describeEntry(func);
    module.walk([&](tg::HostCallOp call) { describeHostCall(call); });
    if (!ok)
      signalPassFailure();
  }

  bool describeVariables(ModuleOp module) {
    Builder builder(&getContext());
    SmallVector<Attribute> variables;
    for (tg::VariableOp variable : llvm::make_early_inc_range(module.getOps<tg::VariableOp>())) {
      SmallVector<NamedAttribute> more;
      if (variable.getTrainable())
        more.push_back(builder.getNamedAttr("trainable", builder.getUnitAttr()));
      if (ElementsAttr value = variable.getInitialValueAttr())
        more.push_back(builder.getNamedAttr("initial_value", value));
      DictionaryAttr described = describe(variable, variable.getSymNameAttr(), variable.getType(), more);
      if (!described)
        return false;
      variables.push_back(described);
      variable.erase();
    }
    module->setAttr("rt.variables", builder.getArrayAttr(variables));
    return true;
  }

  bool describeEntry(func::FuncOp func) {
    Builder builder(&getContext());
    SmallVector<Attribute> feeds, fetches;
    for (unsigned i = 0; i < func.getNumArguments(); ++i)
      if (auto name = func.getArgAttrOfType<StringAttr>(i, "tg.feed"))
        feeds.push_back(describe(func, name, func.getArgumentTypes()[i]));
      else if (!func.getArgAttr(i, "tg.variable"))
        return func.emitError() << "argument " << i << " of the entry is neither a feed nor a variable",
               false;
    for (unsigned i = 0; i < func.getNumResults(); ++i)
      if (auto name = func.getResultAttrOfType<StringAttr>(i, "tg.fetch"))
        fetches.push_back(describe(func, name, func.getResultTypes()[i]));
      else if (!func.getResultAttr(i, "tg.variable"))
        return func.emitError() << "result " << i << " of the entry is neither a fetch nor a variable", false;
    if (llvm::is_contained(feeds, Attribute()) || llvm::is_contained(fetches, Attribute()))
      return false;
    func->setAttr("rt.feeds", builder.getArrayAttr(feeds));
    func->setAttr("rt.fetches", builder.getArrayAttr(fetches));
    func->setAttr("rt.targets",
                  func->hasAttr("tg.targets") ? func->getAttr("tg.targets") : builder.getArrayAttr({}));
    return true;
  }

  void describeHostCall(tg::HostCallOp call) {
    SmallVector<int32_t> dtypes;
    for (Type type : llvm::concat<const Type>(call.getInputs().getTypes(), call.getResultTypes()))
      dtypes.push_back(dtypeOf(cast<RankedTensorType>(type).getElementType()));
    call->setAttr("rt.dtypes", DenseI32ArrayAttr::get(&getContext(), dtypes));
  }
};

} // namespace
} // namespace tgc

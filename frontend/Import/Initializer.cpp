//===- Initializer.cpp - What a model runs when it is loaded --------------===//

#include "frontend/Import/Initializer.h"
#include "dialects/Tg/IR/TgOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tgc {

Initializer::Initializer(ModuleImport &module) : module(module) {
  if (!module.model.initOp.empty())
    spec = {"__saved_model_init_op", {}, {}, {module.model.initOp}};
}

void Initializer::import(ImportEntryFn importEntry) {
  if (spec.targets.empty())
    return;
  ScopedDiagnosticHandler silence(module.module.getContext(), [](Diagnostic &) { return success(); });
  importing = true;
  llvm::Error error = importEntry(spec);
  importing = false;
  function = module.module.lookupSymbol<func::FuncOp>(spec.name);
  if (!error) {
    for (const auto &[name, variable] : module.variables)
      ownVariables.push_back(name);
    return;
  }
  llvm::consumeError(std::move(error));
  hasFailed = true;
  if (function)
    function.erase();
  function = nullptr;
  module.variables.clear();
}

/// Whether the function works on objects of the session, as kernels know them by name.
static bool usesObjects(func::FuncOp function) {
  return function
      .walk([](tg::HostCallOp call) {
        return call.getPure() ? WalkResult::advance() : WalkResult::interrupt();
      })
      .wasInterrupted();
}

bool Initializer::isNeeded() {
  llvm::StringSet<> written;
  bool hasObjects = !function || usesObjects(function);
  if (function)
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (auto name = function.getResultAttrOfType<StringAttr>(i, "tg.variable"))
        written.insert(name.getValue());
  for (func::FuncOp entry : module.module.getOps<func::FuncOp>()) {
    if (entry == function)
      continue;
    if (hasObjects && usesObjects(entry))
      return true;
    for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
      auto name = entry.getArgAttrOfType<StringAttr>(i, "tg.variable");
      bool lacksValue = name && !name.getValue().starts_with(kRandomStatePrefix) &&
                        !module.variables[name.str()].initialValue;
      if (name && (function ? written.contains(name) : lacksValue))
        return true;
    }
  }
  return false;
}

/// Takes the function away, and the variables that only it knows.
void Initializer::dropOwnVariables() {
  llvm::StringSet<> used;
  function.erase();
  for (func::FuncOp entry : module.module.getOps<func::FuncOp>()) {
    auto note = [&](StringAttr name) {
      if (name)
        used.insert(name.getValue());
    };
    for (unsigned i = 0; i < entry.getNumArguments(); ++i)
      note(entry.getArgAttrOfType<StringAttr>(i, "tg.variable"));
    for (unsigned i = 0; i < entry.getNumResults(); ++i)
      note(entry.getResultAttrOfType<StringAttr>(i, "tg.variable"));
    entry.walk([&](tg::HostCallOp call) { used.insert(call.getConfig()); });
  }
  std::erase_if(module.variables, [&](const auto &variable) {
    return llvm::is_contained(ownVariables, variable.first) && !used.contains(variable.first);
  });
}

llvm::Error Initializer::finish(ImportEntryFn importEntry) {
  if (spec.targets.empty())
    return llvm::Error::success();
  bool needed = isNeeded();
  if (!function) {
    // Once more, to say why not.
    importing = needed;
    return needed ? importEntry(spec) : llvm::Error::success();
  }
  // What users ask for comes first.
  if (needed)
    function->moveBefore(module.module.getBody(), module.module.getBody()->end());
  else
    dropOwnVariables();
  return llvm::Error::success();
}

} // namespace tgc

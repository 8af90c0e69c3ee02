//===- EntryImporter.cpp - State of the entry that is imported ------------===//

#include "dialects/Tg/IR/Placement.h"
#include "frontend/Import/GraphImporter.h"
#include "frontend/Import/ListValue.h"

using namespace mlir;

namespace tgc {

EntryImporter::EntryImporter(ModuleImport &module, func::FuncOp function)
    : module(module), function(function), builder(OpBuilder::atBlockEnd(&function.getBody().front())),
      sizes(builder) {}

LogicalResult EntryImporter::declareVariable(StringRef name, RankedTensorType type, Location loc) {
  auto [it, isNew] = module.variables.insert({name.str(), ModuleVariable{type, false, nullptr}});
  it->second.isOnHost |= isPlacedOnHost(loc);
  if (!isNew && it->second.type != type)
    return emitError(loc) << "variable " << name << " has type " << it->second.type << " elsewhere, got "
                          << type;
  if (!isNew || !module.readCheckpoint || name.starts_with(kRandomStatePrefix))
    return success();
  auto value = module.readCheckpoint(name, type);
  if (!value)
    return emitError(loc) << llvm::toString(value.takeError());
  if (*value && isa<tg::StringType>(type.getElementType()))
    return emitError(loc) << "variable " << name << " holds strings, which cannot be initial values";
  it->second.initialValue = *value;
  return success();
}

Value EntryImporter::readVariable(StringRef name) {
  VariableState &state = variables[name.str()];
  if (state.value)
    return state.value;
  ModuleVariable &variable = module.variables[name.str()];
  if (module.options.freeze && variable.initialValue) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(&function.getBody().front());
    state.initial = tg::ConstantOp::create(builder, builder.getUnknownLoc(), variable.initialValue);
  } else {
    StringAttr node = builder.getStringAttr(name);
    Location loc = variable.isOnHost ? placeOnHost(node, builder.getStringAttr("VarHandleOp"))
                                     : Location(NameLoc::get(node));
    state.initial = function.getBody().front().addArgument(variable.type, loc);
  }
  state.value = state.initial;
  return state.value;
}

void EntryImporter::writeVariable(StringRef name, Value value) {
  VariableState &state = variables[name.str()];
  state.value = value;
  state.isWritten = true;
}

void EntryImporter::restoreState(const State &old) {
  for (auto &[name, state] : variables) {
    auto it = old.variables.find(name);
    Value initial = state.initial;
    bool hadValue = it != old.variables.end() && it->second.value;
    state = hadValue ? it->second : VariableState{initial, initial, false};
    state.initial = initial;
  }
  listObjects = old.listObjects;
}

std::vector<std::string> EntryImporter::getStateKeys() const {
  std::vector<std::string> keys;
  for (const auto &[name, state] : variables)
    if (state.value)
      keys.push_back(name);
  for (const auto &[name, object] : listObjects)
    keys.push_back(name);
  return keys;
}

bool EntryImporter::hasState(StringRef key) const {
  return !ListReference::isName(key) || listObjects.count(key.str()) || createGradientArray(*this, key);
}

ImportedValue EntryImporter::readState(StringRef key) {
  ImportedValue value;
  if (ListReference::isName(key)) {
    auto it = listObjects.find(key.str());
    auto object = it == listObjects.end() ? createGradientArray(*this, key) : it->second;
    value.list = std::shared_ptr<const ListValue>(object, &object->list);
  } else {
    value.tensor = readVariable(key);
  }
  return value;
}

LogicalResult EntryImporter::writeState(StringRef key, const ImportedValue &value, Location loc) {
  if (ListReference::isName(key)) {
    auto it = listObjects.find(key.str());
    ListObject object = it == listObjects.end() ? *createGradientArray(*this, key) : *it->second;
    object.list = *value.list;
    listObjects[key.str()] = std::make_shared<const ListObject>(std::move(object));
    return success();
  }
  auto tensor = getTensor(*this, loc, value);
  if (failed(tensor))
    return failure();
  RankedTensorType type = module.variables[key.str()].type;
  if (tensor->getType() != type)
    tensor = tensor::CastOp::create(builder, loc, type, *tensor).getResult();
  writeVariable(key, *tensor);
  return success();
}

} // namespace tgc

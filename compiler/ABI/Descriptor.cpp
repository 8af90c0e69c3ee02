//===- Descriptor.cpp - What tgc_module_query returns ---------------------===//
//
// Constants of the shapes of runtime/include/tgc/abi.h, made as LLVM IR: there is no pass after it that would
// gain from seeing them.
//
//===----------------------------------------------------------------------===//

#include "compiler/ABI/Descriptor.h"
#include "compiler/ABI/RtToLLVM.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "tgc/abi.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace tgc {

bool isFar(const llvm::Triple &triple, uint64_t numBytes) {
  return triple.isX86_64() && numBytes >= uint64_t(1) << 30;
}

ArrayRef<char> weightsOf(ModuleOp module) {
  auto data = module->getAttrOfType<DenseResourceElementsAttr>("rt.weights_data");
  AsmResourceBlob *blob = data ? data.getRawHandle().getBlob() : nullptr;
  return blob ? blob->getData() : ArrayRef<char>();
}

namespace {

struct DescriptorEmitter {
  ModuleOp module;
  const DescriptorOptions &options;
  llvm::Module &code;
  llvm::LLVMContext &context;
  llvm::Type *i8, *i32, *i64;
  llvm::PointerType *pointer;

  DescriptorEmitter(ModuleOp module, const DescriptorOptions &options, llvm::Module &code)
      : module(module), options(options), code(code), context(code.getContext()),
        i8(llvm::Type::getInt8Ty(context)), i32(llvm::Type::getInt32Ty(context)),
        i64(llvm::Type::getInt64Ty(context)), pointer(llvm::PointerType::get(context, 0)) {}

  llvm::Constant *null() { return llvm::ConstantPointerNull::get(pointer); }
  llvm::Constant *number(llvm::Type *type, int64_t value) {
    return llvm::ConstantInt::getSigned(type, value);
  }

  llvm::Constant *global(llvm::Constant *value, const llvm::Twine &name) {
    auto *result = new llvm::GlobalVariable(code, value->getType(), /*isConstant=*/true,
                                            llvm::GlobalValue::PrivateLinkage, value, name);
    result->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    return result;
  }
  llvm::Constant *text(StringRef value) {
    return global(llvm::ConstantDataArray::getString(context, value), "tgc.name");
  }
  llvm::Constant *numbers(ArrayRef<int64_t> values) {
    return values.empty() ? null()
                          : global(llvm::ConstantDataArray::get(
                                       context, ArrayRef(reinterpret_cast<const uint64_t *>(values.data()),
                                                         values.size())),
                                   "tgc.dims");
  }
  llvm::Constant *array(ArrayRef<llvm::Constant *> values, const llvm::Twine &name) {
    return values.empty()
               ? null()
               : global(llvm::ConstantArray::get(
                            llvm::ArrayType::get(values.front()->getType(), values.size()), values),
                        name);
  }

  /// tgc_tensor_info_t.
  llvm::Constant *tensorInfo(DictionaryAttr tensor) {
    ArrayRef<int64_t> dims = tensor.getAs<DenseI64ArrayAttr>("dims").asArrayRef();
    return llvm::ConstantStruct::getAnon({text(tensor.getAs<StringAttr>("name")),
                                          number(i32, tensor.getAs<IntegerAttr>("dtype").getInt()),
                                          number(i32, dims.size()), numbers(dims)});
  }
  llvm::Constant *tensorInfos(ArrayAttr tensors) {
    SmallVector<llvm::Constant *> infos;
    for (auto tensor : tensors.getAsRange<DictionaryAttr>())
      infos.push_back(tensorInfo(tensor));
    return array(infos, "tgc.tensors");
  }

  /// tgc_variable_info_t.
  llvm::Constant *variableInfo(DictionaryAttr variable) {
    llvm::Constant *value = null(), *dims = null();
    if (auto offset = variable.getAs<IntegerAttr>("initial_offset")) {
      value = llvm::ConstantExpr::getGetElementPtr(i8, weights(), number(i64, offset.getInt()));
      dims = numbers(variable.getAs<DenseI64ArrayAttr>("initial_dims").asArrayRef());
      if (variable.getAs<DenseI64ArrayAttr>("initial_dims").empty())
        dims = null();
    }
    return llvm::ConstantStruct::getAnon(
        {tensorInfo(variable), number(i8, variable.contains("trainable")), value, dims});
  }

  llvm::GlobalVariable *weights() {
    if (auto *known = code.getNamedGlobal(kWeightsSymbol))
      return known;
    return new llvm::GlobalVariable(code, llvm::ArrayType::get(i8, 0), /*isConstant=*/true,
                                    llvm::GlobalValue::ExternalLinkage, nullptr, kWeightsSymbol);
  }

  /// Says how the symbol of rt.weights is defined.
  void linkWeights() {
    llvm::GlobalVariable *declared = code.getNamedGlobal(kWeightsSymbol);
    if (!declared || options.weights == WeightsLinkage::External)
      return;
    uint64_t size = weightsOf(module).size();
    llvm::GlobalVariable *data =
        options.weights == WeightsLinkage::File ? defineRoom(size) : declareData(size);
    if (isFar(code.getTargetTriple(), size))
      data->setCodeModel(llvm::CodeModel::Large);
    declared->replaceAllUsesWith(data);
    declared->eraseFromParent();
  }

  llvm::GlobalVariable *declareData(uint64_t size) {
    auto *data = new llvm::GlobalVariable(code, llvm::ArrayType::get(i8, size), /*isConstant=*/true,
                                          llvm::GlobalValue::ExternalLinkage, nullptr, options.weightsSymbol);
    data->setVisibility(llvm::GlobalValue::HiddenVisibility);
    data->setAlignment(llvm::Align(kWeightsAlignment));
    return data;
  }

  /// Zeros that the file is mapped over, so LLVM must not take them for what is read.
  llvm::GlobalVariable *defineRoom(uint64_t size) {
    uint64_t page = code.getTargetTriple().isAArch64() ? 65536 : 4096;
    auto *type = llvm::ArrayType::get(i8, llvm::alignTo(size, page));
    auto *room =
        new llvm::GlobalVariable(code, type, /*isConstant=*/false, llvm::GlobalValue::InternalLinkage,
                                 llvm::ConstantAggregateZero::get(type), "tgc_weights_room");
    room->setAlignment(llvm::Align(page));
    room->setExternallyInitialized(true);
    return room;
  }

  /// tgc_entry_info_t; the entry's function becomes `tgc.run.<name>`.
  llvm::Constant *entryInfo(LLVM::LLVMFuncOp entry) {
    auto feeds = entry->getAttrOfType<ArrayAttr>("rt.feeds");
    auto fetches = entry->getAttrOfType<ArrayAttr>("rt.fetches");
    auto targets = entry->getAttrOfType<ArrayAttr>("rt.targets");
    StringRef name = entry->getAttrOfType<StringAttr>("tg.entry");
    auto numBuffers = entry->getAttrOfType<IntegerAttr>("rt.num_buffers");
    SmallVector<llvm::Constant *> targetNames;
    for (auto target : targets.getAsRange<StringAttr>())
      targetNames.push_back(text(target));
    llvm::Function *function = code.getFunction(entry.getName());
    function->setName("tgc.run." + name);
    function->setLinkage(llvm::GlobalValue::InternalLinkage);
    return llvm::ConstantStruct::getAnon(
        {text(name), number(i32, feeds.size()), number(i32, fetches.size()), number(i32, targets.size()),
         number(i32, 0), tensorInfos(feeds), tensorInfos(fetches), array(targetNames, "tgc.targets"),
         number(i32, numBuffers ? numBuffers.getInt() : 0), number(i32, 0), function});
  }

  llvm::Function *run() {
    SmallVector<llvm::Constant *> entries, variables, onDevice;
    bool hasDevice = false;
    for (auto entry : module.getOps<LLVM::LLVMFuncOp>())
      if (entry->hasAttr("tg.entry")) {
        entries.push_back(entryInfo(entry));
        onDevice.push_back(number(i8, entry->hasAttr(kOnDeviceAttribute)));
        hasDevice |= entry->hasAttr(kOnDeviceAttribute);
      }
    if (auto described = module->getAttrOfType<ArrayAttr>("rt.variables"))
      for (auto variable : described.getAsRange<DictionaryAttr>())
        variables.push_back(variableInfo(variable));
    llvm::Constant *api = null();
    if (options.hasRuntimeAPI) {
      auto *declared = new llvm::GlobalVariable(
          code, i8, /*isConstant=*/true, llvm::GlobalValue::ExternalLinkage, nullptr, "tgc_runtime_api");
      declared->setVisibility(llvm::GlobalValue::HiddenVisibility);
      api = declared;
    }
    bool hasFile = options.weights == WeightsLinkage::File && !weightsOf(module).empty();
    llvm::Constant *info = llvm::ConstantStruct::getAnon(
        {number(i32, sizeof(tgc_module_info_t)), number(i32, TGC_ABI_VERSION), text(options.target),
         text(options.fingerprint), number(i32, entries.size()), number(i32, variables.size()),
         array(entries, "tgc.entries"), array(variables, "tgc.variables"), api, number(i32, 0),
         number(i32, 0), hasFile ? text(options.weightsFile) : null(),
         hasFile ? static_cast<llvm::Constant *>(weights()) : null(),
         number(i64, hasFile ? weightsOf(module).size() : 0),
         hasDevice ? array(onDevice, "tgc.on_device") : null()});
    llvm::Function *query = emitQuery(global(info, "tgc.module"));
    linkWeights();
    return query;
  }

  llvm::Function *emitQuery(llvm::Constant *info) {
    auto *type = llvm::FunctionType::get(pointer, {i32}, /*isVarArg=*/false);
    auto *query = llvm::Function::Create(
        type, llvm::GlobalValue::ExternalLinkage,
        options.querySymbol.empty() ? TGC_MODULE_QUERY_SYMBOL : options.querySymbol, code);
    query->addFnAttr(llvm::Attribute::NoUnwind);
    llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "", query));
    llvm::Value *isKnown = builder.CreateICmpUGE(query->getArg(0), number(i32, TGC_ABI_VERSION));
    builder.CreateRet(builder.CreateSelect(isKnown, info, null()));
    return query;
  }
};

} // namespace

llvm::Function *emitDescriptor(ModuleOp module, const DescriptorOptions &options, llvm::Module &code) {
  return DescriptorEmitter(module, options, code).run();
}

} // namespace tgc

//===- DeviceCode.cpp - A program's part for a GPU ------------------------===//

#include "compiler/API/DeviceCode.h"
#include "compiler/ABI/RtToLLVM.h"
#include "compiler/Codegen/CPU/ReadBytes.h"
#include "compiler/Codegen/Common/Bufferize.h"
#include "compiler/Codegen/Common/Passes.h"
#include "compiler/Codegen/GPU/AttentionNests.h"
#include "compiler/Codegen/GPU/FunctionCalls.h"
#include "compiler/Codegen/GPU/OpNests.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/Placement.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/Process.h"

using namespace mlir;

namespace tgc {

/// Gives the program buffers and writes its kernels, up to calls of functions that no device has.
static llvm::Expected<DeviceProgram> makeKernels(ModuleOp program, GpuF32 products) {
  program.walk([](linalg::GenericOp op) { readBytes(op); });
  PassManager before(program.getContext());
  buildBufferizationPipeline(before);
  before.addPass(createRotateLoopBuffersPass());
  before.addPass(createLinalgGeneralizeNamedOpsPass());
  if (failed(before.run(program)))
    return llvm::createStringError("the program cannot be given buffers");
  copyWhatHostFinds(program);
  turnCopiesIntoNests(program);
  turnAttentionIntoNests(program);
  turnOpsIntoNests(program);
  for (;;) {
    DeviceProgram device = writeKernels(program, products);
    PassManager passes(program.getContext());
    buildKernelPipeline(passes);
    if (failed(passes.run(*device.kernels)) || failed(passes.run(*device.wgmmaKernels)))
      return llvm::createStringError("the kernels cannot be lowered");
    callFunctions(*device.kernels);
    callFunctions(*device.wgmmaKernels);
    if (partUnsupported(device))
      continue;
    moveUnsupportedToHost(device);
    return device;
  }
}

llvm::Expected<std::string> emitDeviceKernels(ModuleOp program, const CompileOptions &options) {
  llvm::Expected<DeviceProgram> device = makeKernels(program, options.gpuF32);
  if (!device)
    return device.takeError();
  llvm::Expected<DeviceImage> image = makeImage(*device, options.device, options.profile);
  if (!image)
    return image.takeError();
  return describeKernels(*device, options.device) + image->ptx;
}

/// On a device's entry: the name of the entry that it stands for.
static constexpr const char kEntryAttribute[] = "rt.device_of";

/// An end that no symbol of the module has: entries have the names that users gave them.
static std::string findSuffix(ModuleOp program, std::string suffix) {
  while (llvm::any_of(program.getOps(), [&](Operation &op) {
    auto name = op.getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName());
    return name && name.getValue().ends_with(suffix);
  }))
    suffix += "_";
  return suffix;
}

/// A function of a library has one name in all programs.
static bool isExternal(Operation &op) {
  auto function = dyn_cast<func::FuncOp>(op);
  return function && function.isExternal();
}

/// Lets names of the device's branch differ from those of the program that it joins.
static void renameSymbols(ModuleOp program) {
  std::string suffix = findSuffix(program, ".device");
  for (auto entry : program.getOps<func::FuncOp>())
    if (entry->hasAttr("rt.feeds"))
      entry->setAttr(kEntryAttribute, entry.getNameAttr());
  for (Operation &op : program.getOps())
    if (auto name = op.getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName()); name && !isExternal(op)) {
      auto renamed = StringAttr::get(program.getContext(), name.getValue() + suffix);
      if (failed(SymbolTable::replaceAllSymbolUses(name, renamed, program)))
        llvm_unreachable("a symbol of the module has no unknown uses");
      op.setAttr(SymbolTable::getSymbolAttrName(), renamed);
    }
}

std::string getAssembler() { return llvm::sys::Process::GetEnv("TGC_PTXAS").value_or(""); }

llvm::Expected<DeviceCode> compileForDevice(ModuleOp program, const CompileOptions &options) {
  DeviceCode code;
  code.chip = options.device;
  code.isRequired = options.requiresDevice;
  code.program = program.clone();
  llvm::Expected<DeviceProgram> device = makeKernels(*code.program, options.gpuF32);
  if (!device)
    return device.takeError();
  code.kernels = std::move(*device);
  code.transfers = launchKernels(*code.program, code.kernels);
  for (const std::string &chip : getChips(code.kernels, code.chip)) {
    llvm::Expected<DeviceImage> image = makeImage(code.kernels, chip, options.profile);
    if (!image)
      return image.takeError();
    if (std::string assembler = getAssembler(); !assembler.empty())
      if (llvm::Error error = assemble(*image, assembler))
        return error;
    code.images.push_back(std::move(*image));
  }
  renameSymbols(*code.program);
  return code;
}

void addDeviceEntries(ModuleOp module, const DeviceCode &code) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  for (Operation &op : code.program.get().getOps())
    if (!isExternal(op) || !module.lookupSymbol(cast<func::FuncOp>(op).getName()))
      builder.clone(op)->removeAttr("tg.entry");
}

/// For each GPU what says that no other may stand in for it; empty: another may.
static SmallVector<StringRef> getDemands(ModuleOp module) {
  SmallVector<StringRef> demands(getGpus(module).size());
  if (auto all = module->getAttrOfType<ArrayAttr>(kGpuDemandsAttribute))
    llvm::copy(all.getAsValueRange<StringAttr>(), demands.begin());
  return demands;
}

/// Opens the first of the program's GPUs, and all others that must be there, whether the entry uses them or
/// not: a graph is placed as a whole. Returns the first.
static Value openDemanded(OpBuilder &builder, Location loc, Value frame, ArrayRef<StringRef> demands) {
  Value first;
  for (auto [number, demand] : llvm::enumerate(demands)) {
    if (number && demand.empty())
      continue;
    Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
    auto handle = rt::DeviceOp::create(builder, loc, pointer, frame);
    if (number)
      handle->setAttr(kGpuNumberAttribute, builder.getI32IntegerAttr(number));
    else
      first = handle;
  }
  return first;
}

/// Renames an entry and puts a function in its place that runs `device` where there is one.
static void dispatch(func::FuncOp entry, func::FuncOp device, StringRef suffix, ArrayRef<StringRef> demands) {
  OpBuilder builder(entry);
  Location loc = entry.getLoc();
  auto choice = func::FuncOp::create(builder, loc, entry.getName(), entry.getFunctionType());
  choice->setDiscardableAttrs(entry->getDiscardableAttrDictionary());
  auto buffersOf = [](func::FuncOp function) {
    auto count = function->getAttrOfType<IntegerAttr>("rt.num_buffers");
    return count ? count.getInt() : 0;
  };
  choice->setAttr(kOnDeviceAttribute, builder.getUnitAttr());
  choice->setAttr("rt.num_buffers", builder.getI64IntegerAttr(std::max(buffersOf(entry), buffersOf(device))));
  entry.setName((entry.getName() + suffix).str());
  entry->removeAttr("tg.entry");
  builder.setInsertionPointToStart(choice.addEntryBlock());
  Value frame = choice.getArgument(0);
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Value handle = openDemanded(builder, loc, frame, demands);
  Value null = LLVM::ZeroOp::create(builder, loc, pointer);
  Value hasDevice = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, handle, null);
  auto callOf = [&](func::FuncOp callee) {
    return [=](OpBuilder &inner, Location loc) {
      auto call = func::CallOp::create(inner, loc, callee, frame);
      scf::YieldOp::create(inner, loc, call.getResults());
    };
  };
  auto status = scf::IfOp::create(builder, loc, hasDevice, callOf(device), callOf(entry));
  func::ReturnOp::create(builder, loc, status.getResults());
}

/// An entry that launches nothing ends all the same if it needs a device that is not there.
static void askForDevice(func::FuncOp entry, ArrayRef<StringRef> demands) {
  OpBuilder builder = OpBuilder::atBlockBegin(&entry.front());
  openDemanded(builder, entry.getLoc(), entry.getArgument(0), demands);
}

LogicalResult dispatchEntries(ModuleOp module, DeviceCode &code) {
  FailureOr<MirrorPlan> plan = mirrorBuffers(module);
  if (failed(plan))
    return failure();
  code.memory = plan->gpus;
  // One image after the other, as tgc_device_open wants them.
  std::string chips, texts, kernels;
  auto add = [&](const std::string &chip, const std::string &text, const std::string &lines) {
    chips += (chips.empty() ? "" : " ") + chip;
    texts += text;
    kernels += lines + '\0';
  };
  for (const DeviceImage &image : code.images) {
    if (size_t size = image.machineCode.size())
      add(image.chip + ":" + std::to_string(size), image.machineCode, image.kernels);
    add(image.chip, image.ptx + '\0', image.kernels);
  }
  OpBuilder builder(module.getContext());
  SmallVector<StringRef> demands = getDemands(module);
  auto described = [&](StringRef key, Attribute value) { return builder.getNamedAttr(key, value); };
  module->setAttr(kDeviceAttribute, builder.getDictionaryAttr(
                                        {described("chip", builder.getStringAttr(chips)),
                                         described("code", builder.getStringAttr(texts)),
                                         described("kernels", builder.getStringAttr(kernels)),
                                         described("gpus", builder.getDenseI32ArrayAttr(getGpus(module))),
                                         described("demands", builder.getStrArrayAttr(demands)),
                                         described("slots", builder.getI32IntegerAttr(plan->numMirrors)),
                                         described("required", builder.getI32IntegerAttr(code.isRequired))}));
  llvm::StringMap<func::FuncOp> devices;
  SmallVector<func::FuncOp> entries;
  for (auto function : module.getOps<func::FuncOp>())
    if (auto name = function->getAttrOfType<StringAttr>(kEntryAttribute))
      devices[name] = function;
    else if (function->hasAttr("rt.feeds"))
      entries.push_back(function);
  std::string suffix = findSuffix(module, ".cpu");
  for (func::FuncOp entry : entries)
    if (func::FuncOp device = devices.lookup(entry.getName()))
      dispatch(entry, device, suffix, demands);
    else if (code.isRequired || !demands.front().empty())
      askForDevice(entry, demands);
  return success();
}

} // namespace tgc

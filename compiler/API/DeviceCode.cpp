//===- DeviceCode.cpp - A program's part for a GPU ------------------------===//

#include "compiler/API/DeviceCode.h"
#include "compiler/ABI/RtToLLVM.h"
#include "compiler/Codegen/Common/Bufferize.h"
#include "compiler/Codegen/Common/Passes.h"
#include "compiler/Target/PtxEmitter.h"
#include "dialects/Rt/IR/RtDialect.h"
#include "dialects/Tg/IR/Placement.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tgc {

/// What a host must know, as comments.
static std::string describe(const DeviceProgram &program) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (const KernelRecord &record : program.records) {
    out << "// " << record.name << ": " << (record.node.empty() ? "no node" : record.node) << " of "
        << record.entry << "; ";
    llvm::SmallVector<Extent> extents;
    unsigned pointsPerBlock = 1;
    for (const Space &space : record.spaces) {
      extents.append(space.extents);
      pointsPerBlock *= space.pointsPerBlock;
    }
    if (extents.empty())
      out << 1;
    llvm::interleave(
        extents, out,
        [&](const Extent &extent) {
          if (extent.number < 0)
            out << extent.fixed;
          else
            out << StringRef(record.arguments[record.memories.size() + extent.number]).drop_front(5);
        },
        " * ");
    out << " results, " << pointsPerBlock << " for a block of " << record.threads << " threads\n//   ";
    llvm::interleaveComma(record.arguments, out);
    out << "\n";
  }
  for (const HostWork &work : program.host)
    out << "// host: " << (work.node.empty() ? "no node" : work.node) << " (" << work.op
        << "): " << work.reason << "\n";
  return text;
}

/// Gives the program buffers and writes its kernels, up to calls of functions that no device has.
static llvm::Expected<DeviceProgram> makeKernels(ModuleOp program, GpuF32 products) {
  PassManager before(program.getContext());
  buildBufferizationPipeline(before);
  before.addPass(createRotateLoopBuffersPass());
  before.addPass(createLinalgGeneralizeNamedOpsPass());
  if (failed(before.run(program)))
    return llvm::createStringError("the program cannot be given buffers");
  turnCopiesIntoNests(program);
  for (;;) {
    DeviceProgram device = writeKernels(program, products);
    PassManager passes(program.getContext());
    buildKernelPipeline(passes);
    if (failed(passes.run(*device.kernels)))
      return llvm::createStringError("the kernels cannot be lowered");
    if (partUnsupported(device))
      continue;
    moveUnsupportedToHost(device);
    return device;
  }
}

static llvm::Expected<std::string> makeText(DeviceProgram &device, StringRef chip) {
  PassManager last(device.kernels->getContext());
  last.addPass(createConvertToLLVMPass());
  last.addPass(createReconcileUnrealizedCastsPass());
  if (failed(last.run(*device.kernels)))
    return llvm::createStringError("the kernels cannot be lowered to LLVM");
  llvm::StringMap<std::string> nodes;
  for (const KernelRecord &record : device.records)
    nodes[record.name] = record.node;
  return emitPtx(*device.kernels, nodes, chip);
}

llvm::Expected<std::string> emitDeviceKernels(ModuleOp program, const CompileOptions &options) {
  llvm::Expected<DeviceProgram> device = makeKernels(program, options.gpuF32);
  if (!device)
    return device.takeError();
  llvm::Expected<std::string> text = makeText(*device, options.device);
  if (!text)
    return text.takeError();
  return describe(*device) + *text;
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
  llvm::Expected<std::string> text = makeText(code.kernels, code.chip);
  if (!text)
    return text.takeError();
  code.ptx = std::move(*text);
  renameSymbols(*code.program);
  return code;
}

void addDeviceEntries(ModuleOp module, const DeviceCode &code) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  for (Operation &op : code.program.get().getOps())
    if (!isExternal(op) || !module.lookupSymbol(cast<func::FuncOp>(op).getName()))
      builder.clone(op)->removeAttr("tg.entry");
}

/// What names the GPU that no other may stand in for; empty: there is none such.
static StringRef getDemand(ModuleOp module) {
  auto demand = module->getAttrOfType<StringAttr>(kGpuDemandAttribute);
  return demand ? demand.getValue() : "";
}

int32_t getGpu(ModuleOp module) {
  auto number = module->getAttrOfType<IntegerAttr>(kGpuAttribute);
  return number ? number.getInt() : 0;
}

/// Renames an entry and puts a function in its place that runs `device` where there is one.
static void dispatch(func::FuncOp entry, func::FuncOp device, StringRef suffix) {
  OpBuilder builder(entry);
  Location loc = entry.getLoc();
  auto choice = func::FuncOp::create(builder, loc, entry.getName(), entry.getFunctionType());
  choice->setDiscardableAttrs(entry->getDiscardableAttrDictionary());
  auto buffersOf = [](func::FuncOp function) {
    auto count = function->getAttrOfType<IntegerAttr>("rt.num_buffers");
    return count ? count.getInt() : 0;
  };
  choice->setAttr("rt.num_buffers", builder.getI64IntegerAttr(std::max(buffersOf(entry), buffersOf(device))));
  entry.setName((entry.getName() + suffix).str());
  entry->removeAttr("tg.entry");
  builder.setInsertionPointToStart(choice.addEntryBlock());
  Value frame = choice.getArgument(0);
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Value handle = rt::DeviceOp::create(builder, loc, pointer, frame);
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
static void askForDevice(func::FuncOp entry) {
  OpBuilder builder = OpBuilder::atBlockBegin(&entry.front());
  rt::DeviceOp::create(builder, entry.getLoc(), LLVM::LLVMPointerType::get(entry.getContext()),
                       entry.getArgument(0));
}

LogicalResult dispatchEntries(ModuleOp module, const DeviceCode &code) {
  FailureOr<unsigned> slots = mirrorBuffers(module);
  if (failed(slots))
    return failure();
  std::string kernels;
  for (const KernelRecord &record : code.kernels.records)
    kernels += record.name + "=" + record.node + "\n";
  OpBuilder builder(module.getContext());
  auto described = [&](StringRef key, Attribute value) { return builder.getNamedAttr(key, value); };
  module->setAttr(kDeviceAttribute, builder.getDictionaryAttr(
                                        {described("chip", builder.getStringAttr(code.chip)),
                                         described("code", builder.getStringAttr(code.ptx)),
                                         described("kernels", builder.getStringAttr(kernels)),
                                         described("gpu", builder.getI32IntegerAttr(getGpu(module))),
                                         described("demand", builder.getStringAttr(getDemand(module))),
                                         described("slots", builder.getI32IntegerAttr(*slots)),
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
      dispatch(entry, device, suffix);
    else if (code.isRequired || !getDemand(module).empty())
      askForDevice(entry);
  return success();
}

} // namespace tgc

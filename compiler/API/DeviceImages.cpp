//===- DeviceImages.cpp - Kernels as a driver takes them ------------------===//
//
// Code for sm_90a runs on no other capability. So a program whose kernels have forms for it has two images,
// and a host takes the first that its GPU can run. What it asks to be launched is the same: a line of text
// for each kernel says what else a form needs.
//
//===----------------------------------------------------------------------===//

#include "compiler/API/DeviceImages.h"
#include "compiler/Target/PtxEmitter.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tgc {

static constexpr StringRef kWgmmaChip = "sm_90a";

static const KernelRecord *findNamed(const std::vector<KernelRecord> &records, StringRef name) {
  auto found = llvm::find_if(records, [&](const KernelRecord &record) { return record.name == name; });
  return found == records.end() ? nullptr : &*found;
}

/// The form for sm_90a, where that is asked for and there is one.
static const KernelRecord *findForm(const DeviceProgram &program, StringRef name, StringRef chip) {
  return chip == kWgmmaChip ? findNamed(program.wgmmaRecords, name) : nullptr;
}

std::vector<std::string> getChips(const DeviceProgram &program, StringRef chip) {
  bool hasForms = llvm::any_of(program.records, [&](const KernelRecord &record) {
    return findForm(program, record.name, kWgmmaChip);
  });
  if (hasForms && chip != kWgmmaChip)
    return {kWgmmaChip.str(), chip.str()};
  return {chip.str()};
}

/// Puts the forms for sm_90a in the place of the others, with the memory that they declare.
static void takeForms(const DeviceProgram &program, ModuleOp kernels) {
  OpBuilder builder = OpBuilder::atBlockEnd(kernels.getBody());
  for (const KernelRecord &form : program.wgmmaRecords) {
    Operation *function = kernels.lookupSymbol(form.name);
    if (!function)
      continue;
    function->erase();
    Operation *taken = program.wgmmaKernels.get().lookupSymbol(form.name);
    builder.clone(*taken);
    taken->walk([&](LLVM::AddressOfOp address) {
      if (!kernels.lookupSymbol(address.getGlobalName()))
        builder.clone(*program.wgmmaKernels.get().lookupSymbol(address.getGlobalName()));
    });
  }
}

/// A product of the form's numbers, as numbers of the launch.
static void print(llvm::raw_ostream &out, const Product &product, ArrayRef<unsigned> arguments) {
  out << product.fixed;
  for (unsigned number : product.numbers)
    out << "*#" << arguments[number];
}

/// The line of a form; `record` is what is launched.
static void printForm(llvm::raw_ostream &out, const KernelRecord &form, const KernelRecord &record) {
  SmallVector<unsigned> arguments;
  for (const KernelNumber &number : form.numbers)
    arguments.push_back(record.memories.size() +
                        (llvm::find(record.numbers, number) - record.numbers.begin()));
  out << ' ' << form.threads << ' ' << form.sharedBytes << ' ' << form.cluster;
  for (const TensorMap &map : form.maps) {
    out << " @" << map.memory << ':' << static_cast<int>(map.type);
    for (const TensorMap::Dim &dim : map.dims) {
      out << ':';
      print(out, dim.size, arguments);
      out << ',';
      print(out, dim.stride, arguments);
      out << ',' << dim.box;
    }
  }
  for (size_t memory = 0; memory < form.memories.size(); ++memory)
    out << ' ' << memory;
  for (unsigned argument : arguments)
    out << ' ' << argument;
}

/// The unit that does most of a kernel's work, as runtime/kernels/device/peaks.h names it.
static StringRef findUnit(Operation *kernel) {
  StringRef unit = "f32";
  kernel->walk([&](Operation *op) {
    auto call = dyn_cast<LLVM::CallIntrinsicOp>(op);
    auto text = dyn_cast<LLVM::InlineAsmOp>(op);
    StringRef name = call ? call.getIntrin() : text ? text.getAsmString() : StringRef();
    if (name.contains(".mma.") || name.contains("mma_async")) {
      unit = name.contains("tf32") ? "tf32" : "f16";
      return WalkResult::interrupt();
    }
    if (llvm::any_of(op->getResultTypes(), [](Type type) { return type.isF64(); }))
      unit = "f64";
    return WalkResult::advance();
  });
  return unit;
}

/// Two sums and a unit, as runtime/kernels/device/parameters.h reads them.
static void printWork(llvm::raw_ostream &out, const KernelRecord &record, StringRef unit) {
  SmallVector<unsigned> arguments;
  for (unsigned number = 0; number < record.numbers.size(); ++number)
    arguments.push_back(record.memories.size() + number);
  char before = '\t';
  for (const std::vector<Product> *sum : {&record.bytes, &record.operations}) {
    out << before << (sum->empty() ? "0" : "");
    llvm::interleave(*sum, out, [&](const Product &product) { print(out, product, arguments); }, "+");
    before = ' ';
  }
  out << ' ' << unit;
}

llvm::Expected<DeviceImage> makeImage(const DeviceProgram &program, StringRef chip, bool describesWork) {
  OwningOpRef<ModuleOp> kernels = program.kernels.get().clone();
  if (chip == kWgmmaChip)
    takeForms(program, *kernels);
  PassManager last(kernels->getContext());
  last.addPass(createConvertToLLVMPass());
  last.addPass(createReconcileUnrealizedCastsPass());
  if (failed(last.run(*kernels)))
    return llvm::createStringError("the kernels cannot be lowered to LLVM");
  DeviceImage image;
  image.chip = chip.str();
  llvm::raw_string_ostream lines(image.kernels);
  llvm::StringMap<PtxKernel> described;
  for (const KernelRecord &record : program.records) {
    const KernelRecord *form = findForm(program, record.name, chip);
    lines << record.name;
    if (form)
      printForm(lines, *form, record);
    else if (record.sharedBytes)
      lines << ' ' << record.threads << ' ' << record.sharedBytes << ' ' << record.cluster;
    lines << '=' << record.node;
    if (describesWork)
      printWork(lines, record, findUnit(kernels->lookupSymbol(record.name)));
    lines << '\n';
    described[record.name] = {record.node, form ? form->threads : record.threads, form != nullptr,
                              form ? form->cluster : record.cluster};
  }
  llvm::Expected<std::string> text = emitPtx(*kernels, described, chip);
  if (!text)
    return text.takeError();
  image.ptx = std::move(*text);
  return image;
}

llvm::Error assemble(DeviceImage &image, StringRef assembler) {
  SmallString<128> input, output, log;
  auto fail = [&](const llvm::Twine &text) {
    return llvm::createStringError("the assembler " + assembler + ": " + text);
  };
  llvm::ErrorOr<std::string> program = llvm::sys::findProgramByName(assembler);
  if (!program)
    return fail(program.getError().message());
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("tgc", "ptx", input))
    return fail(code.message());
  llvm::FileRemover removeInput(input);
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("tgc", "cubin", output))
    return fail(code.message());
  llvm::FileRemover removeOutput(output);
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("tgc", "log", log))
    return fail(code.message());
  llvm::FileRemover removeLog(log);
  std::error_code code;
  llvm::raw_fd_ostream file(input, code);
  file << image.ptx;
  file.close();
  if (code || file.has_error())
    return fail("cannot write " + input);
  std::string arch = "-arch=" + image.chip, message;
  std::optional<StringRef> redirects[] = {std::nullopt, StringRef(log), StringRef(log)};
  int status = llvm::sys::ExecuteAndWait(*program, {*program, arch, input, "-o", output}, std::nullopt,
                                         redirects, 0, 0, &message);
  auto said = llvm::MemoryBuffer::getFile(log);
  if (status)
    return fail(message.empty() && said ? (*said)->getBuffer() : StringRef(message));
  auto made = llvm::MemoryBuffer::getFile(output, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!made)
    return fail(made.getError().message());
  image.machineCode = (*made)->getBuffer().str();
  return llvm::Error::success();
}

std::string describeKernels(const DeviceProgram &program, StringRef chip) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (const KernelRecord &record : program.records) {
    const KernelRecord *form = findForm(program, record.name, chip);
    llvm::SmallVector<Extent> extents;
    unsigned pointsPerBlock = 1;
    for (const Space &space : form ? form->spaces : record.spaces) {
      extents.append(space.extents);
      pointsPerBlock *= space.pointsPerBlock;
    }
    out << "// " << record.name << ": " << (record.node.empty() ? "no node" : record.node) << " of "
        << record.entry << "; ";
    if (extents.empty())
      out << 1;
    llvm::interleave(
        extents, out,
        [&](const Extent &extent) {
          if (extent.number < 0)
            out << extent.fixed;
          else {
            StringRef size = record.arguments[record.memories.size() + extent.number];
            size.consume_front("size ");
            out << size;
          }
        },
        " * ");
    out << " results, " << pointsPerBlock << " for a block of " << (form ? form->threads : record.threads)
        << " threads\n//   ";
    llvm::interleaveComma(record.arguments, out);
    out << "\n";
  }
  for (const HostWork &work : program.host)
    out << "// host: " << (work.node.empty() ? "no node" : work.node) << " (" << work.op
        << "): " << work.reason << "\n";
  return text;
}

} // namespace tgc

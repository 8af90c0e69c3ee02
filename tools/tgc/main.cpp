//===- main.cpp - tgc, the compiler ---------------------------------------===//

#include "compiler/API/Compilation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;
using namespace tgc;

namespace {

enum class Emit { Library, Object, Assembly, LLVM, MLIR };

cl::OptionCategory category("tgc options");
cl::opt<std::string> modelPath(cl::Positional, cl::desc("MODEL"), cl::cat(category));
cl::opt<std::string> outputPath("o", cl::desc("Output file"), cl::value_desc("file"), cl::cat(category));
cl::opt<std::string> target("target", cl::init("cpu"), cl::desc("cpu, cpu:native, cpu:<CPU name>"), cl::cat(category));
cl::opt<unsigned> level("O", cl::Prefix, cl::init(2), cl::desc("Optimisation level, 0 to 3"), cl::cat(category));
cl::opt<Emit> emit("emit", cl::desc("What to write"), cl::init(Emit::Library), cl::cat(category),
                   cl::values(clEnumValN(Emit::Library, "so", "a shared library"), clEnumValN(Emit::Object, "obj", "an object file"),
                              clEnumValN(Emit::Assembly, "asm", "assembly"), clEnumValN(Emit::LLVM, "llvm", "LLVM IR"),
                              clEnumValN(Emit::MLIR, "mlir", "MLIR after the phase of --compile-to")));
cl::opt<std::string> compileTo("compile-to", cl::desc("Stop after a phase and print the program"), cl::value_desc("phase"), cl::cat(category));
cl::opt<bool> printIRAfterAll("print-ir-after-all", cl::desc("Print the program after each pass to stderr"), cl::cat(category));
cl::opt<bool> timePhases("time-phases", cl::desc("Print the time of each step to stderr"), cl::cat(category));
cl::opt<bool> debugInfo("g", cl::desc("Keep names and line tables"), cl::cat(category));

Error writeText(function_ref<void(raw_ostream &)> print) {
  std::error_code error;
  ToolOutputFile file(outputPath.empty() ? StringRef("-") : StringRef(outputPath), error, sys::fs::OF_None);
  if (error)
    return createStringError("cannot write '" + outputPath + "': " + error.message());
  print(file.os());
  file.keep();
  return Error::success();
}

Error writeBytes(Expected<SmallVector<char, 0>> bytes) {
  if (!bytes)
    return bytes.takeError();
  return writeText([&](raw_ostream &stream) { stream << StringRef(bytes->data(), bytes->size()); });
}

Error compile() {
  CompileOptions options;
  options.target = target;
  options.optimizationLevel = level;
  options.printIRAfterAll = printIRAfterAll;
  options.debugInfo = debugInfo;
  options.timing = timePhases ? &errs() : nullptr;
  if (!compileTo.empty()) {
    std::optional<Phase> phase = findPhase(compileTo);
    if (!phase) {
      std::string known;
      for (const PhaseInfo &info : kPhases)
        known += (known.empty() ? "" : ", ") + info.name.str();
      return createStringError("unknown phase '" + compileTo + "', expected one of " + known);
    }
    options.compileTo = *phase;
  }
  if (modelPath.empty())
    return createStringError("no model given; try tgc --help");
  bool printsIR = emit == Emit::MLIR || !compileTo.empty();
  if (!printsIR && emit == Emit::Library && outputPath.empty())
    return createStringError("no output file given; add -o <file>");

  auto compilation = Compilation::create(options);
  if (!compilation)
    return compilation.takeError();
  if (Error error = (*compilation)->load(modelPath, {}))
    return error;
  if (Error error = (*compilation)->runPhases())
    return error;
  if (printsIR)
    return writeText([&](raw_ostream &stream) { (*compilation)->printIR(stream); });
  if (Error error = (*compilation)->optimizeCode(/*externalWeights=*/false))
    return error;
  switch (emit) {
  case Emit::Library:
    return (*compilation)->writeLibrary(outputPath);
  case Emit::Object:
    return writeBytes((*compilation)->emitObject());
  case Emit::Assembly:
    return writeBytes((*compilation)->emitAssembly());
  case Emit::LLVM:
    return writeText([&](raw_ostream &stream) { (*compilation)->printLLVMIR(stream); });
  case Emit::MLIR:
    break;
  }
  return Error::success();
}

} // namespace

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::ParseCommandLineOptions(argc, argv, "tgc: compiles TensorFlow graphs to native code\n");
  if (Error error = compile()) {
    handleAllErrors(std::move(error), [](const ErrorInfoBase &info) { WithColor::error(errs(), "tgc") << info.message() << "\n"; });
    return 1;
  }
  return 0;
}

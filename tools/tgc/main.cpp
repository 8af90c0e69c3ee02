//===- main.cpp - tgc, the compiler ---------------------------------------===//

#include "compiler/API/Compilation.h"
#include "frontend/Import/OpRegistry.h"
#include "tools/tgc/Explain.h"
#include "tools/tgc/Options.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;
using namespace tgc;

static Error write(StringRef path, function_ref<void(raw_ostream &)> print) {
  std::error_code error;
  ToolOutputFile file(path.empty() ? "-" : path, error, sys::fs::OF_None);
  if (error)
    return createStringError("cannot write '" + path + "': " + error.message());
  print(file.os());
  file.os().flush();
  if (file.os().has_error()) {
    error = file.os().error();
    file.os().clear_error();
    return createStringError("cannot write '" + path + "': " + error.message());
  }
  file.keep();
  return Error::success();
}

static Error write(StringRef path, Expected<SmallVector<char, 0>> bytes) {
  if (!bytes)
    return bytes.takeError();
  return write(path, [&](raw_ostream &stream) { stream << StringRef(bytes->data(), bytes->size()); });
}

static Error writeHeader(Compilation &compilation, const CommandLine &command) {
  if (command.headerPath.empty())
    return Error::success();
  Expected<std::string> text = makeHeader(compilation.module(), command.className, command.aliases);
  if (!text)
    return text.takeError();
  return write(command.headerPath, [&](raw_ostream &stream) { stream << *text; });
}

static Error emit(Compilation &compilation, const CommandLine &command) {
  if (!command.weightsPath.empty())
    if (Error error =
            write(command.weightsPath, [&](raw_ostream &stream) { compilation.printWeights(stream); }))
      return error;
  switch (command.emit) {
  case EmitKind::Library:
    return compilation.writeLibrary(command.outputPath);
  case EmitKind::Program:
    return compilation.writeProgram(command.outputPath);
  case EmitKind::Object:
    if (Error error = writeHeader(compilation, command))
      return error;
    return write(command.outputPath, compilation.emitObject());
  case EmitKind::Assembly:
    return write(command.outputPath, compilation.emitAssembly());
  case EmitKind::LLVM:
    return write(command.outputPath, [&](raw_ostream &stream) { compilation.printLLVMIR(stream); });
  case EmitKind::MLIR:
    return write(command.outputPath, [&](raw_ostream &stream) { compilation.printIR(stream); });
  case EmitKind::PTX:
    break; // made of an earlier phase, see compile
  }
  llvm_unreachable("unknown kind of output");
}

static Error compile(const CommandLine &command) {
  auto compilation = Compilation::create(command.compile);
  if (!compilation)
    return compilation.takeError();
  if (Error error = (*compilation)->load(StringRef(command.modelPath), command.entries))
    return error;
  bool isCode = command.emit == EmitKind::Library || command.emit == EmitKind::Program ||
                command.emit == EmitKind::Object;
  if (isCode)
    if (Error error = (*compilation)->addVariants())
      return error;
  // Only code is kept: what is asked of the program's other forms needs the phases.
  bool needsPhases = !isCode || command.explains || !command.headerPath.empty();
  if (!needsPhases && (*compilation)->loadFromCache(/*externalWeights=*/false))
    return emit(**compilation, command);
  Explanation explanation((*compilation)->getVectorUnit());
  if (Error error = (*compilation)->runPhases([&](Phase phase, mlir::ModuleOp module) {
        if (command.explains)
          explanation.observe(phase, module);
      }))
    return error;
  if (const DeviceCode *device = (*compilation)->getDeviceCode())
    explanation.observeDevice(*device);
  if (command.explains)
    if (Error error = write(command.explainPath, [&](raw_ostream &stream) {
          explanation.print(stream, /*asJson=*/!command.explainPath.empty());
        }))
      return error;
  if (command.emit == EmitKind::PTX) {
    Expected<std::string> text = (*compilation)->emitKernels();
    if (!text)
      return text.takeError();
    return write(command.outputPath, [&](raw_ostream &stream) { stream << *text; });
  }
  if (command.emit != EmitKind::MLIR)
    if (Error error = (*compilation)->translateCode(/*externalWeights=*/false))
      return error;
  if (command.emit == EmitKind::LLVM || command.emit == EmitKind::Assembly)
    (*compilation)->optimizeCode();
  Error error = emit(**compilation, command);
  if (StringRef warning = (*compilation)->warning(); !warning.empty())
    WithColor::warning(errs(), "tgc") << warning << "\n";
  return error;
}

static Error run(int argc, char **argv) {
  Expected<CommandLine> command = parseCommandLine(argc, argv);
  if (!command)
    return command.takeError();
  if (command->listsOps) {
    for (StringRef op : getOpRegistry().list())
      outs() << op << "\n";
    return Error::success();
  }
  return compile(*command);
}

int main(int argc, char **argv) {
  InitLLVM init(argc, argv);
  Error error = run(argc, argv);
  if (!error)
    return 0;
  handleAllErrors(std::move(error), [](const ErrorInfoBase &info) {
    WithColor::error(errs(), "tgc") << info.message() << "\n";
  });
  return 1;
}

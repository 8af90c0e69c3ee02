//===- Loader.cpp - A module, ready to run ------------------------------------===//
#include "tools/ptx/Decode.h"
#include "tools/ptx/Lexer.h"
#include "tools/ptx/Parser.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace tgc::ptx;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

/// Memory for global variables that a module may ask for.
static constexpr uint64_t kMaxGlobalBytes = uint64_t(1) << 30;

const Kernel *Module::find(StringRef name) const {
  for (const auto &kernel : kernels)
    if (kernel->name == name)
      return kernel.get();
  return nullptr;
}

StringRef Module::lineText(uint32_t line) const {
  StringRef rest = text;
  for (uint32_t i = 1; i < line; ++i)
    rest = rest.split('\n').second;
  return rest.split('\n').first.trim();
}

static Error placeGlobals(Module &module, const Syntax &syntax) {
  uint64_t at = kModuleBase, total = 0;
  for (const Variable &variable : syntax.variables) {
    if (variable.space != Space::Global && variable.space != Space::Const)
      continue;
    if (variable.isExtern || variable.isUnsized)
      return errorAt(module.file, variable.line,
                     "'" + variable.name + "' is defined elsewhere, modules are not linked here");
    total += variable.size();
    if (total > kMaxGlobalBytes)
      return errorAt(module.file, variable.line, "'" + variable.name + "' is too large");
    auto region = std::make_unique<Region>();
    region->name = variable.name.str();
    region->isReadOnly = variable.space == Space::Const;
    region->base = at = llvm::alignTo(at, std::max<uint64_t>(variable.align, 256));
    region->size = variable.size();
    region->owned.assign(region->size, 0);
    region->bytes = region->owned.data();
    at += region->size + 256;
    module.globals.push_back(std::move(region));
  }
  for (const Variable &variable : syntax.variables) {
    auto region = llvm::find_if(module.globals, [&](const auto &r) { return r->name == variable.name; });
    for (size_t i = 0; region != module.globals.end() && i < variable.initial.size(); ++i) {
      uint64_t bits = variable.initial[i].bits;
      if (StringRef symbol = variable.initial[i].symbol; !symbol.empty()) {
        auto other = llvm::find_if(module.globals, [&](const auto &r) { return r->name == symbol; });
        if (other == module.globals.end())
          return errorAt(module.file, variable.line, "there is no global variable '" + symbol + "'");
        bits += (*other)->base;
      }
      unsigned size = sizeOf(variable.type);
      std::memcpy((*region)->bytes + i * size, &bits, std::min(size, 8u));
    }
  }
  return Error::success();
}

/// Rows of constants get their places, since all special registers are known now.
static void placeConstants(Kernel &kernel) {
  kernel.constantsOffset = llvm::alignTo(kernel.registerBytes, 64);
  auto fix = [&](uint32_t &row) {
    if (row != kNone && (row & kConstantBit))
      row = (row & ~kConstantBit) + kernel.constantsOffset;
  };
  for (Instr &in : kernel.code) {
    fix(in.dst);
    fix(in.dst2);
    for (uint32_t &row : in.src)
      fix(row);
    fix(in.predicate);
  }
  for (uint32_t &row : kernel.lists)
    fix(row);
  for (AddressOperand &address : kernel.addresses)
    fix(address.row);
}

static Error decodeKernel(Module &module, const Syntax &syntax, const Function &function) {
  module.kernels.push_back(std::make_unique<Kernel>());
  Kernel &kernel = *module.kernels.back();
  kernel.module = &module;
  kernel.name = function.name;
  kernel.requiredThreads = function.requiredThreads;
  kernel.maxThreads = function.maxThreads;
  kernel.requiredCluster = function.requiredCluster;
  for (const SourceLocation &location : function.locations)
    kernel.locations.push_back({location.file, location.line});
  for (const Variable &parameter : function.parameters)
    if (parameter.size() > 4096)
      return errorAt(module.file, parameter.line, "parameter '" + parameter.name + "' is too large");
  for (const auto *variables : {&syntax.variables, &function.variables})
    for (const Variable &variable : *variables)
      if ((variable.space == Space::Shared || variable.space == Space::Local) && variable.size() > (1 << 24))
        return errorAt(module.file, variable.line, "'" + variable.name + "' is too large for its memory");
  Frame frame(module, syntax, function, kernel);
  for (const Statement &statement : function.statements) {
    Instr in;
    in.line = statement.line;
    in.location = statement.location;
    in.number = kernel.code.size();
    if (statement.predicate >= 0) {
      in.predicate = frame.registerRow(statement.predicate);
      in.predicateNegated = statement.predicateNegated;
    }
    Decode decode(frame, statement, in);
    DecodeFunction function = decoderOf(in.opcode);
    if (!function)
      return errorAt(module.file, statement.line, "instruction '" + statement.opcode + "' is not known");
    function(decode);
    if (!decode.hasFailed())
      decode.expectNoModifiers();
    if (decode.hasFailed())
      return errorAt(module.file, statement.line, decode.message);
    if (!in.run)
      return errorAt(module.file, statement.line, "'" + statement.opcode + "' is not there for this type");
    kernel.code.push_back(in);
  }
  // Running off the end is a return, and gives a label at the end something to name.
  if (kernel.code.empty() || kernel.code.back().opcode != "ret" || kernel.code.back().predicate != kNone ||
      llvm::any_of(kernel.code, [&](const Instr &in) { return in.target == kernel.code.size(); })) {
    Statement end;
    end.opcode = "ret";
    end.line = function.line;
    Instr in;
    in.line = function.line;
    in.number = kernel.code.size();
    Decode decode(frame, end, in);
    decoderOf("ret")(decode);
    kernel.code.push_back(in);
  }
  placeConstants(kernel);
  findJoins(kernel.code);
  return Error::success();
}

Expected<std::unique_ptr<Module>> tgc::ptx::loadModule(std::string text, StringRef file) {
  auto module = std::make_unique<Module>();
  module->file = file.str();
  module->text = std::move(text);
  Expected<Syntax> syntax = parse(module->text, module->file);
  if (!syntax)
    return syntax.takeError();
  module->target = syntax->target.str();
  module->files = syntax->files;
  if (Error error = placeGlobals(*module, *syntax))
    return std::move(error);
  for (const Function &function : syntax->functions) {
    if (module->find(function.name))
      return errorAt(file, function.line, "kernel '" + function.name + "' is defined twice");
    if (Error error = decodeKernel(*module, *syntax, function))
      return std::move(error);
  }
  return std::move(module);
}

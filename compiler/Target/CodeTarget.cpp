//===- CodeTarget.cpp - The machine that code is made for -----------------===//

#include "compiler/Target/CodeTarget.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include <mutex>

using namespace llvm;

namespace tgc {

std::string CodeTarget::describe() const {
  Triple parsed(triple);
  return (parsed.getArchName() + "-" + parsed.getOSName() + "-" + parsed.getEnvironmentName() + " " + cpu)
      .str();
}

bool CodeTarget::isHost() const {
  return Triple(triple).getArch() == Triple(sys::getProcessTriple()).getArch();
}

CodeTarget hostTarget() {
  CodeTarget target = {sys::getProcessTriple(), sys::getHostCPUName().str(), ""};
  SmallVector<std::string> features;
  for (const auto &feature : sys::getHostCPUFeatures())
    features.push_back((feature.second ? "+" : "-") + feature.first().str());
  llvm::sort(features);
  target.features = join(features, ",");
  return target;
}

static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeAllTargetInfos();
    InitializeAllTargets();
    InitializeAllTargetMCs();
    InitializeAllAsmPrinters();
    InitializeAllAsmParsers();
  });
}

Expected<CodeTarget> parseTarget(StringRef target) {
  auto [device, cpu] = target.split(':');
  if (device != "cpu")
    return createStringError("unknown target '" + target + "', expected cpu, cpu:native or cpu:<CPU>");
  if (cpu == "native")
    return hostTarget();
  CodeTarget result = {sys::getProcessTriple(), cpu.str(), ""};
  if (cpu == "aarch64")
    result = {"aarch64-unknown-linux-gnu", "generic", ""};
  else if (cpu.empty())
    result.cpu = Triple(result.triple).getArch() == Triple::x86_64 ? "x86-64-v3" : "generic";
  Expected<std::unique_ptr<TargetMachine>> machine = createTargetMachine(result, 0);
  if (!machine)
    return machine.takeError();
  if (!(*machine)->getMCSubtargetInfo()->isCPUStringValid(result.cpu))
    return createStringError(
        "unknown CPU '" + cpu + "' for " + Triple(result.triple).getArchName() +
        ", expected native, x86-64, x86-64-v2, x86-64-v3, x86-64-v4, aarch64 or a CPU that LLVM names");
  return result;
}

Expected<std::unique_ptr<TargetMachine>> createTargetMachine(const CodeTarget &target,
                                                             unsigned optimizationLevel) {
  initializeTargets();
  std::string error;
  Triple triple(target.triple);
  const Target *found = TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return createStringError(error);
  TargetOptions options;
  // Multiply and add stay two roundings unless the program says fma.
  options.AllowFPOpFusion = FPOpFusion::Strict;
  options.DataSections = options.FunctionSections = true;
  auto level = CodeGenOpt::getLevel(static_cast<int>(optimizationLevel)).value_or(CodeGenOptLevel::Default);
  return std::unique_ptr<TargetMachine>(found->createTargetMachine(
      triple, target.cpu, target.features, options, Reloc::PIC_, std::nullopt, level));
}

/// Whether the machine has all of the features, separated by spaces.
static bool hasFeatures(const TargetMachine &machine, StringRef features) {
  return all_of(split(features, ' '), [&](StringRef feature) {
    return machine.getMCSubtargetInfo()->checkFeatures(("+" + feature).str());
  });
}

std::string describeNeeds(const CodeTarget &target, const TargetMachine &machine) {
  std::string text = target.describe();
  if (machine.getTargetTriple().getArch() != Triple::x86_64 || StringRef(target.cpu).starts_with("x86-64"))
    return text;
  if (hasFeatures(machine, "avx512f avx512bw avx512cd avx512dq avx512vl"))
    return text + " x86-64-v4" +
           (hasFeatures(machine, "avx512vnni avx512bf16") ? "+avx512bf16"
            : hasFeatures(machine, "avx512vnni")          ? "+avx512vnni"
                                                          : "");
  if (hasFeatures(machine, "avxvnni"))
    return text + " x86-64-v3+avxvnni";
  return text + (hasFeatures(machine, "avx") ? " x86-64-v3" : " x86-64");
}

VectorUnit getVectorUnit(const TargetMachine &machine) {
  if (machine.getTargetTriple().getArch() == Triple::aarch64)
    return {16, 32};
  if (hasFeatures(machine, "avx512f"))
    return {64,
            32,
            0,
            hasFeatures(machine, "avx512bf16 avx512vnni avx512vl"),
            hasFeatures(machine, "avx512vnni avx512vl"),
            hasFeatures(machine, "avx512bw")};
  if (hasFeatures(machine, "avx"))
    return {32, 16, 0, false, hasFeatures(machine, "avxvnni"), hasFeatures(machine, "avx2")};
  return {16, 16, 0, false, false, hasFeatures(machine, "sse2")};
}

} // namespace tgc

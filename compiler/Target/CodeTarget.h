//===- CodeTarget.h - The machine that code is made for --------*- C++ -*-===//
#ifndef TGC_COMPILER_TARGET_CODETARGET_H
#define TGC_COMPILER_TARGET_CODETARGET_H

#include "compiler/Codegen/CPU/SelectTiling.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>
#include <string>

namespace tgc {

struct CodeTarget {
  std::string triple;
  /// As LLVM names it.
  std::string cpu;
  /// "+avx2,-foo", beyond what the CPU's name implies.
  std::string features;

  /// "x86_64-linux-gnu x86-64-v3".
  std::string describe() const;
  bool isHost() const;
};

/// Understands "cpu", "cpu:native", "cpu:<LLVM CPU name>" and "cpu:aarch64". Plain "cpu" is x86-64-v3 on
/// x86-64: every machine since 2015, and what a library that travels should assume.
llvm::Expected<CodeTarget> parseTarget(llvm::StringRef target);

/// The machine that runs the compiler, with all its features.
CodeTarget hostTarget();

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const CodeTarget &target,
                                                                         unsigned optimizationLevel);

/// For the descriptor of a module that may travel: what `target` describes and, if its CPU is no level of
/// x86-64, the level that code for it needs. "x86_64-linux-gnu znver4 x86-64-v4".
std::string describeNeeds(const CodeTarget &target, const llvm::TargetMachine &machine);

/// The vector registers of the machine.
VectorUnit getVectorUnit(const llvm::TargetMachine &machine);

} // namespace tgc

#endif // TGC_COMPILER_TARGET_CODETARGET_H

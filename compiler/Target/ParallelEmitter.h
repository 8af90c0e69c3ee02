//===- ParallelEmitter.h - Object code on all CPUs -------------*- C++ -*-===//
//
// LLVM works on one thread per context. Modules that are worth it are cut into parts, each of which is
// optimised and emitted in a context of its own. How a module is cut does not depend on the number of CPUs,
// so neither do the bytes.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_TARGET_PARALLELEMITTER_H
#define TGC_COMPILER_TARGET_PARALLELEMITTER_H

#include "compiler/Target/CodeTarget.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"

namespace tgc {

/// A module to make code of, which uses it up. Units are in contexts of their own.
struct CodeUnit {
  llvm::Module *code;
  const CodeTarget *target;
  llvm::TargetMachine *machine;
  /// What the names of symbols that parts share begin with; no other unit of a program has it.
  std::string prefix;
};

/// One object file of the code of all units, optimised.
llvm::Expected<llvm::SmallVector<char, 0>> emitObject(llvm::ArrayRef<CodeUnit> units, unsigned level);

} // namespace tgc

#endif // TGC_COMPILER_TARGET_PARALLELEMITTER_H

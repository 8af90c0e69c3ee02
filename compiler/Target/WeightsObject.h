//===- WeightsObject.h - Weights as a relocatable file ---------*- C++ -*-===//
//
// Weights may take gigabytes. As a constant of LLVM they would be copied by the context, the assembler and
// the writer of the object; here they stay where they are, between two small pieces of an ELF file.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_TARGET_WEIGHTSOBJECT_H
#define TGC_COMPILER_TARGET_WEIGHTSOBJECT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Triple.h"

namespace tgc {

/// A relocatable file of x86-64 or AArch64 that defines one hidden symbol: `weights`, aligned to
/// kWeightsAlignment.
class WeightsObject {
public:
  /// The bytes stay the caller's.
  WeightsObject(const llvm::Triple &triple, llvm::StringRef symbol, llvm::ArrayRef<char> weights);

  /// The file is these one after another; they live as long as the object and the weights.
  llvm::SmallVector<llvm::ArrayRef<char>, 3> pieces() const { return {head, weights, tail}; }

private:
  llvm::SmallVector<char, 0> head, tail;
  llvm::ArrayRef<char> weights;
};

} // namespace tgc

#endif // TGC_COMPILER_TARGET_WEIGHTSOBJECT_H

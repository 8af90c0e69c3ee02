//===- KernelWork.h - How much a kernel does ------------------*- C++ -*-===//
//
// Operations on floats and bytes of operands, as sums of products of numbers and of sizes of feeds:
// "3136*0.1+64", in which 0.1 is the size of dimension 1 of feed 0. Whoever feeds an entry knows these.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_CODEGEN_COMMON_KERNELWORK_H
#define TGC_COMPILER_CODEGEN_COMMON_KERNELWORK_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <optional>
#include <string>

namespace tgc {

struct KernelWork {
  /// Of the op that had it first.
  int64_t number = 0;
  /// Whether that is a loop nest, and stays one whatever it becomes a part of.
  bool isNest = false;
  /// Empty if they have sizes that only the run shows.
  std::string operations, bytes;
  /// What is computed: f32 (and f16, through it), f64, bf16 (in pairs), i8.
  std::string type = "f32";

  bool isKnown() const { return !operations.empty() && !bytes.empty(); }
};

/// The location with the work written into it.
mlir::Location describeWork(mlir::Location location, const KernelWork &work);
/// Writes the work down in the op's location.
void setWork(mlir::Operation *op, const KernelWork &work);
/// What setWork wrote into it, if anything.
std::optional<KernelWork> getWork(mlir::Location location);

/// Of works together: f64 if one is, the common one if there is one, else f32.
std::string joinTypes(llvm::ArrayRef<KernelWork> works);

/// "64+3136*0.1" and "8" are "72+3136*0.1".
std::string addFormulas(llvm::StringRef a, llvm::StringRef b);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_COMMON_KERNELWORK_H

//===- CodeCache.h - Compiled code, kept between processes -----*- C++ -*-===//
//
// One file per program in a directory. A file appears whole, by its last name, so processes may share a
// directory; one that is damaged is as good as none.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_COMPILER_API_CODECACHE_H
#define TGC_COMPILER_API_CODECACHE_H

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <string>

namespace tgc {

/// What linking and loading need of a compilation; the weights are not in the object. Code expects them to be
/// aligned.
struct CachedCode {
  llvm::SmallVector<char, 0> object;
  mlir::AsmResourceBlob weights;
  std::string fingerprint;
};

/// Makes the directory and a file in it that appears whole; `warning` says what went wrong.
void writeWhole(llvm::StringRef directory, llvm::StringRef path,
                llvm::function_ref<void(llvm::raw_ostream &)> print, std::string &warning);

/// The name under which code for the program is kept: of its ops, its constants, `options`, and of the
/// compiler that runs.
std::string makeCacheKey(mlir::ModuleOp program, llvm::StringRef options);

/// Nothing if there is no such file; also with a warning in `warning`, if it is damaged.
std::optional<CachedCode> readFromCache(llvm::StringRef directory, llvm::StringRef key, std::string &warning);

/// Makes the directory too; `warning` says what went wrong.
void writeToCache(llvm::StringRef directory, llvm::StringRef key, const CachedCode &code,
                  std::string &warning);

} // namespace tgc

#endif // TGC_COMPILER_API_CODECACHE_H

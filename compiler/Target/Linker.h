//===- Linker.h - Objects and the runtime, to libraries and programs -*- C++ -*-===//
#ifndef TGC_COMPILER_TARGET_LINKER_H
#define TGC_COMPILER_TARGET_LINKER_H

#include "compiler/Target/CodeTarget.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace tgc {

struct LinkOptions {
  CodeTarget target;
  /// Keep names and line tables.
  bool debugInfo = false;
};

/// A relocatable file: these bytes, one piece after another.
using ObjectPieces = llvm::SmallVector<llvm::ArrayRef<char>, 3>;

/// Links object files with the runtime and writes the library to `path`. It exports tgc_module_query only
/// and needs libc and libm.
llvm::Error linkSharedLibrary(llvm::ArrayRef<ObjectPieces> objects, llvm::StringRef path,
                              const LinkOptions &options);

/// Links object files with the runtime and a main function to a program. Start-up code comes from the
/// compiler too: what the program needs of a machine is its dynamic loader, libc and libm.
llvm::Error linkProgram(llvm::ArrayRef<ObjectPieces> objects, llvm::StringRef path,
                        const LinkOptions &options);

/// One relocatable object of several; what they share by name is bound.
llvm::Expected<llvm::SmallVector<char, 0>> mergeObjects(llvm::ArrayRef<ObjectPieces> objects);

} // namespace tgc

#endif // TGC_COMPILER_TARGET_LINKER_H

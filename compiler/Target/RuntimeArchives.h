//===- RuntimeArchives.h - The runtime inside the compiler -----*- C++ -*-===//
#ifndef TGC_COMPILER_TARGET_RUNTIMEARCHIVES_H
#define TGC_COMPILER_TARGET_RUNTIMEARCHIVES_H

#include "llvm/ADT/StringRef.h"

namespace tgc {

/// The runtime as a static archive of the host's objects.
llvm::StringRef runtimeArchive();

/// The hand-written kernels, from which a module takes those that it calls.
llvm::StringRef kernelArchive();

/// What makes a program of a module: its start, its main function, and arrays in files.
llvm::StringRef programArchive();

/// Functions for GPUs, as LLVM's bitcode.
llvm::StringRef gpuFunctions();

} // namespace tgc

#endif // TGC_COMPILER_TARGET_RUNTIMEARCHIVES_H

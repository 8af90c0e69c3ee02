//===- Print.h - Modules and arrays as text -----------------------------------===//
#ifndef TGC_TOOLS_TGC_RUN_PRINT_H
#define TGC_TOOLS_TGC_RUN_PRINT_H

#include "tgc/abi.h"
#include "tools/npz/Npz.h"
#include "llvm/Support/raw_ostream.h"

namespace tgc {

/// The entries with their feeds, fetches and targets, then the variables.
void printModule(const tgc_module_info_t &module, llvm::raw_ostream &out);

/// Name, element type, shape and the first elements of each array.
void printArrays(const NamedArrays &arrays, llvm::raw_ostream &out);

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_PRINT_H

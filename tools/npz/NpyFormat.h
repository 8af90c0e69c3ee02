//===- NpyFormat.h - numpy's .npy format --------------------------------------===//
//
// One array: a magic number, a header that is a Python dict literal, then the elements. Versions 1 to 3 are
// read, 1 (or 2, for a header beyond 64 KB) is written.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_NPZ_NPYFORMAT_H
#define TGC_TOOLS_NPZ_NPYFORMAT_H

#include "tools/npz/NumpyArray.h"
#include "llvm/Support/Error.h"

namespace tgc {

/// Whether `bytes` begin as a .npy file does.
bool isNpy(llvm::StringRef bytes);

/// Reads one array that fills `bytes` exactly. Messages do not name the file; the caller does.
llvm::Expected<NumpyArray> parseNpy(llvm::StringRef bytes);

/// An array as .npy bytes in two parts, so that numbers need no copy.
struct NpyParts {
  std::string header;
  llvm::StringRef numbers; // points into the array
  std::string strings;     // padded to one width

  llvm::StringRef elements() const { return strings.empty() ? numbers : llvm::StringRef(strings); }
};
llvm::Expected<NpyParts> formatNpy(const NumpyArray &array);

} // namespace tgc

#endif // TGC_TOOLS_NPZ_NPYFORMAT_H

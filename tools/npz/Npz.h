//===- Npz.h - numpy's .npz archives ------------------------------------------===//
//
// Reads what numpy.savez and savez_compressed write, and single .npy files; writes what numpy.load reads.
// Malformed files give a message, never a crash and never an allocation beyond what the file's own size
// allows.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_NPZ_NPZ_H
#define TGC_TOOLS_NPZ_NPZ_H

#include "tools/npz/NumpyArray.h"
#include "llvm/Support/Error.h"
#include <string>
#include <utility>
#include <vector>

namespace tgc {

/// Arrays by name, in the order of the file.
using NamedArrays = std::vector<std::pair<std::string, NumpyArray>>;

/// The arrays of an archive; names are without the ".npy" of its members.
llvm::Expected<NamedArrays> readNpz(llvm::StringRef path);

/// The same from memory; messages do not name a file.
llvm::Expected<NamedArrays> parseNpz(llvm::StringRef archive);

llvm::Expected<NumpyArray> readNpy(llvm::StringRef path);

/// Writes the archive to a temporary name in the same folder, then renames it: `path` never holds half a
/// file.
llvm::Error writeNpz(llvm::StringRef path, llvm::ArrayRef<std::pair<std::string, NumpyArray>> arrays);
llvm::Error writeNpy(llvm::StringRef path, const NumpyArray &array);

} // namespace tgc

#endif // TGC_TOOLS_NPZ_NPZ_H

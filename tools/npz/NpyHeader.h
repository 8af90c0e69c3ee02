//===- NpyHeader.h - The dict literal at the start of a .npy file -------------===//
#ifndef TGC_TOOLS_NPZ_NPYHEADER_H
#define TGC_TOOLS_NPZ_NPYHEADER_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace tgc {

/// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
struct NpyHeader {
  std::string descr;
  bool isFortranOrder = false;
  std::vector<int64_t> shape;
};

/// Parses the literal; all three keys must be there, in any order, and no other.
llvm::Expected<NpyHeader> parseNpyHeader(llvm::StringRef text);

/// The literal as numpy writes it, without padding.
std::string formatNpyHeader(const NpyHeader &header);

} // namespace tgc

#endif // TGC_TOOLS_NPZ_NPYHEADER_H

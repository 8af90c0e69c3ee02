//===- ZipReader.h - The members of a zip archive -----------------------------===//
//
// As much of the format as npz files use: stored and deflated members, ZIP64, data descriptors.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_NPZ_ZIPREADER_H
#define TGC_TOOLS_NPZ_ZIPREADER_H

#include "tools/npz/AlignedBuffer.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>
#include <vector>

namespace tgc {

struct ZipMember {
  std::string name;
  uint16_t method; // 0 stored, 8 deflated
  uint32_t crc;
  uint64_t packedSize, size;
  uint64_t offset; // of the packed bytes, in the archive
};

/// The members in the order of the central directory. Checks that each lies inside the archive, that no two
/// share bytes, and that a method and size are believable; messages do not name the archive.
llvm::Expected<std::vector<ZipMember>> readZipDirectory(llvm::StringRef archive);

/// The unpacked bytes of a member, checked against its checksum. A stored member is returned as a view of the
/// archive; a deflated one is unpacked into `storage`.
llvm::Expected<llvm::StringRef> readZipMember(llvm::StringRef archive, const ZipMember &member,
                                              AlignedBuffer &storage);

} // namespace tgc

#endif // TGC_TOOLS_NPZ_ZIPREADER_H

//===- ZipWriter.h - Writing a zip archive of stored members ------------------===//
//
// The same members give the same bytes: dates are fixed, nothing is compressed.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_NPZ_ZIPWRITER_H
#define TGC_TOOLS_NPZ_ZIPWRITER_H

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdint>
#include <string>
#include <vector>

namespace tgc {

class ZipWriter {
public:
  /// Sizes and offsets from `limit32` on are written with 64 bits; only tests need another limit than the
  /// format's.
  explicit ZipWriter(llvm::raw_ostream &out, uint64_t limit32 = UINT32_MAX) : out(out), limit32(limit32) {}

  /// Adds a member whose bytes are the pieces one after the other.
  llvm::Error addMember(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> pieces);

  /// Writes the directory; the last call.
  void finish();

private:
  struct Member {
    std::string name;
    uint32_t crc;
    uint64_t size, offset;
  };

  void write16(uint16_t value);
  void write32(uint32_t value);
  void write64(uint64_t value);
  void write(llvm::StringRef bytes);
  void writeSizes(const Member &member, bool isWide);
  void writeCentral(const Member &member);

  llvm::raw_ostream &out;
  uint64_t limit32;
  uint64_t position = 0;
  std::vector<Member> members;
};

} // namespace tgc

#endif // TGC_TOOLS_NPZ_ZIPWRITER_H

//===- ZipWriter.cpp - Writing a zip archive of stored members ----------------===//
#include "tools/npz/ZipWriter.h"
#include "tools/npz/ZipFormat.h"
#include "llvm/Support/Endian.h"
#include <zlib.h>

using namespace tgc;
using namespace tgc::zip;
using llvm::StringRef;

/// 1 January 1980, midnight: the first date that the format has.
static constexpr uint32_t kDate = (1 << 5 | 1) << 16;
/// "Version needed": 2.0, and 4.5 for 64-bit sizes. Made by: Unix, so that the permissions below are
/// understood.
static constexpr uint16_t kVersion = 20, kVersion64 = 45, kMadeByUnix = 3 << 8;
/// A regular file, rw-r--r--.
static constexpr uint32_t kPermissions = 0100644u << 16;

void ZipWriter::write(StringRef bytes) {
  out << bytes;
  position += bytes.size();
}

void ZipWriter::write16(uint16_t value) {
  char bytes[2];
  llvm::support::endian::write16le(bytes, value);
  write({bytes, sizeof(bytes)});
}

void ZipWriter::write32(uint32_t value) {
  char bytes[4];
  llvm::support::endian::write32le(bytes, value);
  write({bytes, sizeof(bytes)});
}

void ZipWriter::write64(uint64_t value) {
  char bytes[8];
  llvm::support::endian::write64le(bytes, value);
  write({bytes, sizeof(bytes)});
}

/// What local and central headers share: from the flags to the length of the name.
void ZipWriter::writeSizes(const Member &member, bool isWide) {
  bool isAscii = llvm::all_of(member.name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  write16(isAscii ? 0 : kFlagUtf8);
  write16(kStored);
  write32(kDate);
  write32(member.crc);
  write32(isWide ? kMax32 : uint32_t(member.size)); // packed
  write32(isWide ? kMax32 : uint32_t(member.size));
  write16(member.name.size());
}

llvm::Error ZipWriter::addMember(StringRef name, llvm::ArrayRef<StringRef> pieces) {
  if (name.size() > kMax16)
    return llvm::createStringError("the name of a zip member has more than 65535 bytes");
  Member member{name.str(), 0, 0, position};
  for (StringRef piece : pieces) {
    if (piece.empty()) // a null pointer would start zlib's checksum anew
      continue;
    member.crc = crc32_z(member.crc, reinterpret_cast<const Bytef *>(piece.data()), piece.size());
    member.size += piece.size();
  }
  bool isWide = member.size >= limit32;
  write32(kLocalSignature);
  write16(isWide ? kVersion64 : kVersion);
  writeSizes(member, isWide);
  write16(isWide ? 20 : 0);
  write(name);
  if (isWide) {
    write16(kExtra64);
    write16(16);
    write64(member.size);
    write64(member.size);
  }
  for (StringRef piece : pieces)
    write(piece);
  members.push_back(std::move(member));
  return llvm::Error::success();
}

void ZipWriter::writeCentral(const Member &member) {
  bool isWide = member.size >= limit32, isFar = member.offset >= limit32;
  unsigned extraSize = (isWide ? 16 : 0) + (isFar ? 8 : 0);
  uint16_t version = extraSize ? kVersion64 : kVersion;
  write32(kCentralSignature);
  write16(kMadeByUnix | version);
  write16(version);
  writeSizes(member, isWide);
  write16(extraSize ? extraSize + 4 : 0);
  write16(0); // comment
  write16(0); // disk
  write16(0); // internal attributes
  write32(kPermissions);
  write32(isFar ? kMax32 : uint32_t(member.offset));
  write(member.name);
  if (!extraSize)
    return;
  write16(kExtra64);
  write16(extraSize);
  if (isWide) {
    write64(member.size);
    write64(member.size);
  }
  if (isFar)
    write64(member.offset);
}

void ZipWriter::finish() {
  uint64_t start = position;
  for (const Member &member : members)
    writeCentral(member);
  uint64_t size = position - start, count = members.size(), end = position;
  bool isWide = start >= limit32 || size >= limit32 || count >= kMax16;
  if (isWide) {
    write32(kEnd64Signature);
    write64(kEnd64Size - 12); // what follows this field
    write16(kMadeByUnix | kVersion64);
    write16(kVersion64);
    write32(0); // this disk, and that of the directory
    write32(0);
    write64(count); // on this disk, and in all
    write64(count);
    write64(size);
    write64(start);
    write32(kLocator64Signature);
    write32(0);
    write64(end);
    write32(1); // disks
  }
  write32(kEndSignature);
  write32(0);
  write16(isWide ? kMax16 : uint16_t(count));
  write16(isWide ? kMax16 : uint16_t(count));
  write32(isWide ? kMax32 : uint32_t(size));
  write32(isWide ? kMax32 : uint32_t(start));
  write16(0); // comment
}

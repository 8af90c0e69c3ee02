//===- ZipReader.cpp - The members of a zip archive ---------------------------===//
//
// The central directory at the end of the archive is the truth; local headers only tell where their data
// begin.
//
//===----------------------------------------------------------------------===//
#include "tools/npz/ZipReader.h"
#include "tools/npz/ZipFormat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"
#include <zlib.h>

using namespace tgc;
using namespace tgc::zip;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
using llvm::Twine;

static uint16_t read16(StringRef bytes, size_t offset) {
  return llvm::support::endian::read16le(bytes.data() + offset);
}
static uint32_t read32(StringRef bytes, size_t offset) {
  return llvm::support::endian::read32le(bytes.data() + offset);
}
static uint64_t read64(StringRef bytes, size_t offset) {
  return llvm::support::endian::read64le(bytes.data() + offset);
}

/// Whether [offset, offset + size) lies inside `bytes`.
static bool contains(StringRef bytes, uint64_t offset, uint64_t size) {
  return offset <= bytes.size() && size <= bytes.size() - offset;
}

static bool hasSignature(StringRef bytes, uint64_t offset, uint32_t signature, uint64_t size) {
  return contains(bytes, offset, size) && read32(bytes, offset) == signature;
}

namespace {
struct Directory {
  uint64_t offset, size, count;
};
} // namespace

/// The last "end of central directory" whose comment reaches exactly to the end of the archive.
static Expected<uint64_t> findEnd(StringRef archive) {
  uint64_t first = archive.size() > kEndSize + kMax16 ? archive.size() - kEndSize - kMax16 : 0;
  for (uint64_t at = archive.size() < kEndSize ? 0 : archive.size() - kEndSize + 1; at-- > first;)
    if (hasSignature(archive, at, kEndSignature, kEndSize) &&
        at + kEndSize + read16(archive, at + 20) == archive.size())
      return at;
  return createStringError("not a complete zip archive (no directory at its end)");
}

static Expected<Directory> findDirectory(StringRef archive) {
  Expected<uint64_t> end = findEnd(archive);
  if (!end)
    return end.takeError();
  if (read16(archive, *end + 4) != read16(archive, *end + 6) ||
      read16(archive, *end + 8) != read16(archive, *end + 10))
    return createStringError("zip archives in several parts are not supported");
  Directory directory{read32(archive, *end + 16), read32(archive, *end + 12), read16(archive, *end + 10)};
  if (*end >= kLocator64Size &&
      hasSignature(archive, *end - kLocator64Size, kLocator64Signature, kLocator64Size)) {
    uint64_t at = read64(archive, *end - kLocator64Size + 8);
    if (!hasSignature(archive, at, kEnd64Signature, kEnd64Size))
      return createStringError("the zip archive's 64-bit directory is damaged");
    directory = {read64(archive, at + 48), read64(archive, at + 40), read64(archive, at + 32)};
  }
  if (!contains(archive, directory.offset, directory.size) || directory.count > directory.size / kCentralSize)
    return createStringError("the zip archive's directory is damaged");
  return directory;
}

/// Replaces the fields that are too small for their value by those of the 64-bit extra field, which holds
/// them in the order of the calls of `widen`.
static Error readExtra64(StringRef extra, ZipMember &member, uint64_t &localOffset) {
  while (extra.size() >= 4) {
    uint16_t id = read16(extra, 0), size = read16(extra, 2);
    extra = extra.drop_front(4);
    if (size > extra.size())
      break;
    StringRef field = extra.take_front(size);
    extra = extra.drop_front(size);
    if (id != kExtra64)
      continue;
    for (uint64_t *value : {&member.size, &member.packedSize, &localOffset}) {
      if (*value != kMax32)
        continue;
      if (field.size() < 8)
        return createStringError("member '" + member.name + "': the 64-bit sizes are cut off");
      *value = read64(field, 0);
      field = field.drop_front(8);
    }
    break;
  }
  return Error::success();
}

/// Deflate cannot pack better than 1032:1 (zlib's technical notes), so a size beyond that is a lie.
static bool isBelievable(const ZipMember &member) {
  if (member.method == kStored)
    return member.size == member.packedSize;
  return member.size / 1032 <= member.packedSize + 1;
}

/// Reads the directory entry at `at`, which it moves behind the entry.
static Expected<ZipMember> readEntry(StringRef archive, const Directory &directory, uint64_t &at) {
  StringRef bytes = archive.substr(directory.offset, directory.size);
  if (!hasSignature(bytes, at, kCentralSignature, kCentralSize))
    return createStringError("the zip archive's directory is damaged");
  uint16_t flags = read16(bytes, at + 8), nameSize = read16(bytes, at + 28),
           extraSize = read16(bytes, at + 30);
  uint64_t rest = uint64_t(nameSize) + extraSize + read16(bytes, at + 32),
           localOffset = read32(bytes, at + 42);
  if (!contains(bytes, at + kCentralSize, rest))
    return createStringError("the zip archive's directory is damaged");
  ZipMember member;
  member.name = bytes.substr(at + kCentralSize, nameSize).str();
  member.method = read16(bytes, at + 10);
  member.crc = read32(bytes, at + 16);
  member.packedSize = read32(bytes, at + 20);
  member.size = read32(bytes, at + 24);
  if (Error error = readExtra64(bytes.substr(at + kCentralSize + nameSize, extraSize), member, localOffset))
    return std::move(error);
  at += kCentralSize + rest;

  std::string prefix = "member '" + member.name + "': ";
  if (flags & kFlagEncrypted)
    return createStringError(prefix + "encrypted members are not supported");
  if (member.method != kStored && member.method != kDeflated)
    return createStringError(prefix + "compression method " + Twine(member.method) +
                             " is not supported, stored and deflated are");
  if (!hasSignature(archive, localOffset, kLocalSignature, kLocalSize))
    return createStringError(prefix + "no local header where the directory says");
  member.offset =
      localOffset + kLocalSize + read16(archive, localOffset + 26) + read16(archive, localOffset + 28);
  if (!contains(archive, localOffset + kLocalSize, nameSize) ||
      archive.substr(localOffset + kLocalSize, nameSize) != member.name ||
      read16(archive, localOffset + 26) != nameSize)
    return createStringError(prefix + "its local header has another name");
  if (!contains(archive, member.offset, member.packedSize))
    return createStringError(prefix + "its data are cut off");
  if (!isBelievable(member))
    return createStringError(prefix + Twine(member.packedSize) + " bytes cannot unpack to " +
                             Twine(member.size));
  return member;
}

Expected<std::vector<ZipMember>> tgc::readZipDirectory(StringRef archive) {
  Expected<Directory> directory = findDirectory(archive);
  if (!directory)
    return directory.takeError();
  std::vector<ZipMember> members;
  llvm::StringSet<> names;
  uint64_t at = 0;
  for (uint64_t i = 0; i < directory->count; ++i) {
    Expected<ZipMember> member = readEntry(archive, *directory, at);
    if (!member)
      return member.takeError();
    if (!names.insert(member->name).second)
      return createStringError("member '" + member->name + "' is there twice");
    members.push_back(std::move(*member));
  }
  // Members that share bytes are how a small archive unpacks to a huge one.
  std::vector<const ZipMember *> order;
  for (const ZipMember &member : members)
    order.push_back(&member);
  llvm::sort(order, [](const ZipMember *a, const ZipMember *b) { return a->offset < b->offset; });
  for (size_t i = 1; i < order.size(); ++i)
    if (order[i - 1]->offset + order[i - 1]->packedSize > order[i]->offset)
      return createStringError("members '" + order[i - 1]->name + "' and '" + order[i]->name + "' overlap");
  return members;
}

/// Unpacks a raw deflate stream that fills `target` exactly. zlib counts in 32 bits, hence the pieces.
static Error inflateInto(StringRef packed, llvm::MutableArrayRef<char> target) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return createStringError("zlib cannot start");
  constexpr size_t kPiece = 1u << 30;
  size_t consumed = 0, produced = 0;
  char nothing;
  int status = Z_OK;
  while (status == Z_OK) {
    size_t in = std::min(kPiece, packed.size() - consumed), out = std::min(kPiece, target.size() - produced);
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.data() + consumed));
    stream.avail_in = in;
    stream.next_out = reinterpret_cast<Bytef *>(out ? target.data() + produced : &nothing);
    stream.avail_out = out;
    status = inflate(&stream, Z_NO_FLUSH);
    consumed += in - stream.avail_in;
    produced += out - stream.avail_out;
  }
  inflateEnd(&stream);
  if (status != Z_STREAM_END || produced != target.size())
    return createStringError("its compressed data are damaged");
  return Error::success();
}

static uint32_t checksum(StringRef bytes) {
  return crc32_z(0, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size());
}

Expected<StringRef> tgc::readZipMember(StringRef archive, const ZipMember &member, AlignedBuffer &storage) {
  StringRef bytes = archive.substr(member.offset, member.packedSize);
  if (member.method == kDeflated) {
    storage = AlignedBuffer(member.size);
    if (Error error = inflateInto(bytes, {storage.data(), storage.size()}))
      return createStringError("member '" + member.name + "': " + llvm::toString(std::move(error)));
    bytes = {storage.data(), storage.size()};
  }
  if (checksum(bytes) != member.crc)
    return createStringError("member '" + member.name +
                             "': the checksum does not match, the file is damaged");
  return bytes;
}

//===- NpzTest.cpp - zip archives of arrays, whole and damaged ----------------===//
#include "tools/npz/Npz.h"
#include "tools/npz/NpyFormat.h"
#include "tools/npz/ZipReader.h"
#include "tools/npz/ZipWriter.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"
#include <zlib.h>

using namespace tgc;
using llvm::StringRef;

static NumpyArray floats(std::vector<int64_t> shape, std::vector<float> values) {
  NumpyArray array;
  array.dtype = TGC_FLOAT32;
  array.shape = std::move(shape);
  array.bytes = AlignedBuffer(values.data(), values.size() * sizeof(float));
  return array;
}

static std::string npyBytes(const NumpyArray &array) {
  NpyParts parts = llvm::cantFail(formatNpy(array));
  return parts.header + parts.elements().str();
}

/// The value, or a failed test and an empty one.
template <typename T> static T valueOf(llvm::Expected<T> value) {
  if (value)
    return std::move(*value);
  ADD_FAILURE() << llvm::toString(value.takeError());
  return T();
}

static std::string rawDeflate(StringRef bytes) {
  std::string packed(bytes.size() + 1000, '\0');
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
  stream.avail_in = bytes.size();
  stream.next_out = reinterpret_cast<Bytef *>(packed.data());
  stream.avail_out = packed.size();
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

static void put(std::string &out, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i)
    out += char(i < 8 ? value >> (8 * i) : 0);
}

/// A one-member archive as streaming writers make it: the local header has no sizes, a data descriptor
/// follows.
static std::string streamedZip(StringRef name, StringRef content, uint32_t sizeOffBy = 0) {
  std::string packed = rawDeflate(content), zip;
  uint32_t crc = crc32_z(0, reinterpret_cast<const Bytef *>(content.data()), content.size());
  auto header = [&](bool isLocal) {
    put(zip, 20, 2);
    put(zip, 8, 2); // sizes follow the data
    put(zip, 8, 2); // deflated
    put(zip, 0, 4);
    put(zip, isLocal ? 0 : crc, 4);
    put(zip, isLocal ? 0 : packed.size(), 4);
    put(zip, isLocal ? 0 : content.size() + sizeOffBy, 4);
    put(zip, name.size(), 2);
    put(zip, 0, 2);
  };
  put(zip, 0x04034b50, 4);
  header(true);
  zip += name.str() + packed;
  put(zip, 0x08074b50, 4);
  put(zip, crc, 4);
  put(zip, packed.size(), 4);
  put(zip, content.size(), 4);
  size_t start = zip.size();
  put(zip, 0x02014b50, 4);
  put(zip, 20, 2);
  header(false);
  put(zip, 0, 14); // comment, disk, attributes, offset
  zip += name.str();
  size_t size = zip.size() - start;
  put(zip, 0x06054b50, 4);
  put(zip, 0, 4);
  put(zip, 1, 2);
  put(zip, 1, 2);
  put(zip, size, 4);
  put(zip, start, 4);
  put(zip, 7, 2);
  return zip + "comment";
}

static std::string storedZip(llvm::ArrayRef<std::pair<StringRef, std::string>> members,
                             uint64_t limit32 = UINT32_MAX) {
  std::string bytes;
  llvm::raw_string_ostream out(bytes);
  ZipWriter zip(out, limit32);
  for (const auto &[name, content] : members)
    EXPECT_FALSE(bool(zip.addMember(name, {StringRef(content)})));
  zip.finish();
  return bytes;
}

static std::string messageOf(StringRef archive) {
  llvm::Expected<NamedArrays> arrays = parseNpz(archive);
  return arrays ? "no error" : llvm::toString(arrays.takeError());
}

namespace {
class NpzFileTest : public ::testing::Test {
protected:
  void SetUp() override { ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("tgc-npz", folder)); }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }
  std::string pathOf(StringRef name) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, name);
    return path.str().str();
  }
  llvm::SmallString<128> folder;
};
} // namespace

TEST_F(NpzFileTest, ArraysComeBackByName) {
  NamedArrays arrays;
  arrays.emplace_back("scope/x:0", floats({2, 2}, {1, 2, 3, 4}));
  arrays.emplace_back("empty:0", floats({0, 3}, {}));
  arrays.emplace_back("\xc3\xa9", floats({}, {5}));
  ASSERT_EQ(llvm::toString(writeNpz(pathOf("a.npz"), arrays)), "");
  NamedArrays back = valueOf(readNpz(pathOf("a.npz")));
  ASSERT_EQ(back.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(back[i].first, arrays[i].first);
    EXPECT_EQ(back[i].second.shape, arrays[i].second.shape);
    EXPECT_EQ(back[i].second.bytes.ref(), arrays[i].second.bytes.ref());
  }
}

TEST_F(NpzFileTest, FailedWriteKeepsTheOldFileAndLeavesNothing) {
  NamedArrays good, bad;
  good.emplace_back("x", floats({1}, {1}));
  bad.emplace_back("x", floats({3}, {1}));
  ASSERT_EQ(llvm::toString(writeNpz(pathOf("a.npz"), good)), "");
  EXPECT_EQ(llvm::toString(writeNpz(pathOf("a.npz"), bad)),
            pathOf("a.npz") + ": array 'x': an array of shape [3] has 4 bytes");
  EXPECT_EQ(valueOf(readNpz(pathOf("a.npz"))).size(), 1u);
  std::error_code code;
  unsigned numFiles = 0;
  for (llvm::sys::fs::directory_iterator file(folder, code), end; file != end && !code; file.increment(code))
    ++numFiles;
  EXPECT_EQ(numFiles, 1u);
}

TEST_F(NpzFileTest, MessagesNameTheFile) {
  std::string path = pathOf("none.npz");
  EXPECT_EQ(llvm::toString(readNpz(path).takeError()), path + ": No such file or directory");
  EXPECT_NE(llvm::toString(writeNpz(pathOf("no/such/a.npz"), {})).find(pathOf("no/such/a.npz") + ": "),
            std::string::npos);
  ASSERT_EQ(llvm::toString(writeNpy(path, floats({}, {1}))), "");
  EXPECT_EQ(llvm::toString(readNpz(path).takeError()),
            path + ": a single .npy array, but an .npz archive is expected; write it with numpy.savez");
  EXPECT_EQ(valueOf(readNpy(path)).bytes.size(), 4u);
}

TEST(NpzTest, SameArraysSameBytes) {
  std::string npy = npyBytes(floats({2}, {1, 2}));
  EXPECT_EQ(storedZip({{"x.npy", npy}}), storedZip({{"x.npy", npy}}));
}

TEST(NpzTest, ReadsDataDescriptorsAndComments) {
  NamedArrays arrays = valueOf(parseNpz(streamedZip("a/b:0.npy", npyBytes(floats({3}, {1, 2, 3})))));
  ASSERT_EQ(arrays.size(), 1u);
  EXPECT_EQ(arrays[0].first, "a/b:0");
  EXPECT_EQ(arrays[0].second.shape, std::vector<int64_t>({3}));
}

TEST(NpzTest, SixtyFourBitFieldsComeBack) {
  // A limit of one byte forces the wide form of every field that has one.
  std::string zip =
      storedZip({{"a.npy", npyBytes(floats({1}, {1}))}, {"b.npy", npyBytes(floats({2}, {2, 3}))}}, 1);
  EXPECT_NE(zip.find(std::string("PK\6\6", 4)), std::string::npos);
  NamedArrays arrays = valueOf(parseNpz(zip));
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays[1].second.shape, std::vector<int64_t>({2}));
}

TEST(NpzTest, ManyMembersNeedTheWideDirectory) {
  std::string bytes, npy = npyBytes(floats({}, {1}));
  llvm::raw_string_ostream out(bytes);
  ZipWriter zip(out);
  for (int i = 0; i < 65536; ++i)
    EXPECT_FALSE(bool(zip.addMember(std::to_string(i), {StringRef(npy)})));
  zip.finish();
  EXPECT_EQ(valueOf(readZipDirectory(bytes)).size(), 65536u);
}

TEST(NpzTest, RefusesDamage) {
  std::string npy = npyBytes(floats({2}, {1, 2}));
  std::string zip = storedZip({{"x.npy", npy}});
  std::string flipped = zip;
  flipped[30 + 5 + npy.size() - 1] ^= 1; // the last element, behind the local header and the name
  EXPECT_EQ(messageOf(flipped), "member 'x.npy': the checksum does not match, the file is damaged");
  EXPECT_EQ(messageOf(""), "not a complete zip archive (no directory at its end)");
  EXPECT_EQ(messageOf(storedZip({{"x.npy", npy}, {"x.npy", npy}})), "member 'x.npy' is there twice");
  EXPECT_EQ(messageOf(storedZip({{"x.txt", "hello"}})),
            "array 'x.txt': not a .npy array (its first bytes are not \\x93NUMPY)");
  EXPECT_EQ(messageOf(streamedZip("x.npy", npy, 1)), "member 'x.npy': its compressed data are damaged");
  EXPECT_NE(messageOf(streamedZip("x.npy", npy, 1u << 30)).find("bytes cannot unpack to"), std::string::npos);
}

TEST(NpzTest, RefusesMembersThatShareBytes) {
  std::string zip = storedZip({{"a.npy", npyBytes(floats({1}, {1}))}, {"b.npy", npyBytes(floats({1}, {1}))}});
  // The first member's sizes in the directory, grown over the second member.
  size_t entry = zip.find(std::string("PK\1\2", 4));
  llvm::support::endian::write32le(&zip[entry + 20], 200);
  llvm::support::endian::write32le(&zip[entry + 24], 200);
  EXPECT_EQ(messageOf(zip), "members 'a.npy' and 'b.npy' overlap");
}

TEST(NpzTest, EveryTruncationIsAnError) {
  std::string zip =
      storedZip({{"a.npy", npyBytes(floats({1}, {1}))}, {"b.npy", npyBytes(floats({}, {2}))}}, 1);
  for (size_t size = 0; size < zip.size(); ++size)
    EXPECT_NE(messageOf(StringRef(zip).take_front(size)), "no error") << size;
}

TEST(NpzTest, NoFlippedByteCrashes) {
  for (std::string zip : {storedZip({{"a.npy", npyBytes(floats({1}, {1}))}}, 1),
                          streamedZip("a.npy", npyBytes(floats({1}, {1})))})
    for (size_t i = 0; i < zip.size(); ++i)
      for (unsigned char value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
        std::string damaged = zip;
        damaged[i] = char(value);
        EXPECT_FALSE(messageOf(damaged).empty());
      }
}

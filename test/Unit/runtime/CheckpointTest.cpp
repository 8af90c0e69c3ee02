//===- CheckpointTest.cpp - Reading checkpoints, TensorFlow's and made ones ---===//
//
// The files under Inputs were written by TensorFlow 2.19.1; Inputs/bad has one that was damaged in every way
// that its name says. Values: v = 0..7 as [4,2]; in Inputs/functions w = linspace(-1, 1, 12) as [4,3], scale
// = 2, n = 0.
//
//===----------------------------------------------------------------------===//
#include "CheckpointBuilder.h"
#include "TestModule.h"

extern "C" {
#include "runtime/src/checkpoint/crc32c.h"
#include "runtime/src/checkpoint/reader.h"
}

#include <fstream>
#include <iterator>

using namespace tgc::test;

namespace {

const std::string kInputs = TGC_TEST_INPUTS;

class Checkpoint {
public:
  explicit Checkpoint(const std::string &prefix) {
    status = tgc_checkpoint_open(prefix.c_str(), &handle, &error);
  }
  Checkpoint(const Checkpoint &) = delete;
  ~Checkpoint() { tgc_checkpoint_close(handle); }

  /// Looks a tensor up and reads it; `bytes` keeps its memory, `status` and `error` say how it went.
  tgc_status_t read(const std::string &name) {
    status = tgc_checkpoint_lookup(handle, name.c_str(), &entry, &error);
    if (status != TGC_OK)
      return status;
    bytes.assign(entry.byte_size / 8 + 1, 0);
    return status = tgc_checkpoint_read(handle, name.c_str(), bytes.data(), entry.byte_size, &error);
  }
  template <typename T> std::vector<T> values(const std::string &name) {
    EXPECT_EQ(read(name), TGC_OK) << error.message;
    const T *data = reinterpret_cast<const T *>(bytes.data());
    return status == TGC_OK ? std::vector<T>(data, data + entry.num_elements) : std::vector<T>();
  }

  tgc_checkpoint_t *handle = nullptr;
  tgc_checkpoint_entry_t entry;
  tgc_status_t status;
  tgc_error_t error;
  std::vector<uint64_t> bytes;
};

std::string readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

/// The message behind "PREFIX: ".
std::string reason(const tgc_error_t &error, const std::string &prefix) {
  std::string message = error.message;
  EXPECT_EQ(message.compare(0, prefix.size() + 2, prefix + ": "), 0) << message;
  return message.substr(std::min(message.size(), prefix.size() + 2));
}

TEST(Crc32c, KnownAnswers) {
  // The check value of the CRC catalogue, and iSCSI's test vectors (RFC 3720, B.4).
  for (auto extend : {tgc_crc32c_extend, tgc_crc32c_extend_by_tables}) {
    EXPECT_EQ(extend(0, "123456789", 9), 0xe3069283u);
    EXPECT_EQ(extend(0, std::string(32, '\0').data(), 32), 0x8a9136aau);
    EXPECT_EQ(extend(0, std::string(32, '\xff').data(), 32), 0x62a8ab43u);
    EXPECT_EQ(extend(extend(0, "1234", 4), "56789", 5), 0xe3069283u);
  }
}

TEST(Checkpoint, ReadsTensorFlowsVariables) {
  Checkpoint c(kInputs + "/bad/good");
  ASSERT_EQ(c.status, TGC_OK) << c.error.message;
  ASSERT_EQ(tgc_checkpoint_num_tensors(c.handle), 1u);
  EXPECT_STREQ(tgc_checkpoint_name(c.handle, 0), "v");
  EXPECT_EQ(c.values<float>("v"), (std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(c.entry.dtype, TGC_FLOAT32);
  ASSERT_EQ(c.entry.rank, 2);
  EXPECT_EQ(c.entry.dims[0], 4);
  EXPECT_EQ(c.entry.dims[1], 2);
  EXPECT_EQ(c.entry.num_slices, 0u);
}

TEST(Checkpoint, ReadsTensorFlowsSavedModel) {
  Checkpoint c(kInputs + "/functions/variables");
  ASSERT_EQ(c.status, TGC_OK) << c.error.message;
  ASSERT_EQ(tgc_checkpoint_num_tensors(c.handle), 4u);
  EXPECT_STREQ(tgc_checkpoint_name(c.handle, 0), "_CHECKPOINTABLE_OBJECT_GRAPH");
  EXPECT_TRUE(tgc_checkpoint_contains(c.handle, "w/.ATTRIBUTES/VARIABLE_VALUE"));
  EXPECT_FALSE(tgc_checkpoint_contains(c.handle, "w"));
  EXPECT_FALSE(tgc_checkpoint_contains(c.handle, ""));
  std::vector<float> w = c.values<float>("w/.ATTRIBUTES/VARIABLE_VALUE");
  ASSERT_EQ(w.size(), 12u);
  for (int i = 0; i < 12; ++i)
    EXPECT_FLOAT_EQ(w[i], static_cast<float>(-1.0 + 2.0 * i / 11));
  EXPECT_EQ(c.values<float>("scale/.ATTRIBUTES/VARIABLE_VALUE"), std::vector<float>{2});
  EXPECT_EQ(c.values<int32_t>("n/.ATTRIBUTES/VARIABLE_VALUE"), std::vector<int32_t>{0});
  std::vector<tgc_string_t> graph = c.values<tgc_string_t>("_CHECKPOINTABLE_OBJECT_GRAPH");
  EXPECT_EQ(c.entry.rank, 0);
  ASSERT_EQ(graph.size(), 1u);
  EXPECT_NE(text(graph[0]).find("w/.ATTRIBUTES/VARIABLE_VALUE"), std::string::npos);
}

TEST(Checkpoint, NamesWhatIsWrong) {
  struct {
    const char *file;
    tgc_status_t status;
    const char *message;
  } cases[] = {
      {"bad_crc", TGC_DATA_LOSS, "checkpoint: checksum of tensor v does not match"},
      {"truncated_data", TGC_DATA_LOSS,
       "checkpoint: data file is shorter (10 bytes) than tensor v needs (32)"},
      {"no_data_file", TGC_NOT_FOUND, "checkpoint: data file is missing"},
      {"no_index_file", TGC_NOT_FOUND, "checkpoint: index file is missing"},
      {"truncated_index", TGC_DATA_LOSS, "checkpoint: index file truncated (no table footer)"},
      {"index_bad_magic", TGC_DATA_LOSS, "checkpoint: index file has a bad table magic number"},
      {"index_block_crc", TGC_DATA_LOSS, "checkpoint: checksum of an index block does not match"},
      {"empty_index", TGC_DATA_LOSS, "checkpoint: index file is empty"},
      {"missing_variable", TGC_NOT_FOUND, "checkpoint has no tensor v (it has: other)"},
  };
  for (const auto &c : cases) {
    std::string prefix = kInputs + "/bad/" + c.file;
    Checkpoint checkpoint(prefix);
    if (checkpoint.status == TGC_OK)
      checkpoint.read("v");
    EXPECT_EQ(checkpoint.status, c.status) << c.file;
    EXPECT_EQ(reason(checkpoint.error, prefix).compare(0, strlen(c.message), c.message), 0)
        << checkpoint.error.message;
  }
}

TEST(Checkpoint, RefusesADirectory) {
  std::string prefix = ::testing::TempDir() + "tgc-directory";
  ASSERT_EQ(system(("mkdir -p " + prefix + ".index").c_str()), 0);
  Checkpoint c(prefix);
  EXPECT_EQ(c.status, TGC_INVALID_ARGUMENT);
  EXPECT_NE(std::string(c.error.message).find("is not a file"), std::string::npos) << c.error.message;
}

TEST(Checkpoint, ReadsManyBlocks) {
  CheckpointBuilder builder;
  builder.entriesPerBlock = 7;
  for (int i = 0; i < 500; ++i)
    builder.add("layer/" + std::to_string(i) + "/kernel/Adam", TGC_INT32, {1}, bytesOf<int32_t>({i * i}));
  Checkpoint c(builder.write("blocks"));
  ASSERT_EQ(c.status, TGC_OK) << c.error.message;
  ASSERT_EQ(tgc_checkpoint_num_tensors(c.handle), 500u);
  for (int i = 0; i < 500; ++i)
    ASSERT_EQ(c.values<int32_t>("layer/" + std::to_string(i) + "/kernel/Adam"), std::vector<int32_t>{i * i});
  EXPECT_FALSE(tgc_checkpoint_contains(c.handle, "layer/500/kernel/Adam"));
  std::string before;
  for (uint64_t i = 0; i < 500; ++i) {
    std::string name = tgc_checkpoint_name(c.handle, i);
    ASSERT_LT(before, name);
    before = name;
  }
}

TEST(Checkpoint, ReadsAllElementTypes) {
  CheckpointBuilder builder;
  std::string bytes;
  for (int i = 0; i < 64; ++i)
    bytes += static_cast<char>(i * 37);
  std::vector<int> dtypes;
  for (int dtype = 1; dtype < 24; ++dtype)
    if (dtype != TGC_STRING && tgc_dtype_size(dtype)) {
      dtypes.push_back(dtype);
      builder.add(tgc_dtype_name(dtype), dtype, {2, 2}, bytes.substr(0, 4 * tgc_dtype_size(dtype)));
    }
  EXPECT_EQ(dtypes.size(), 20u);
  Checkpoint c(builder.write("types"));
  for (int dtype : dtypes) {
    ASSERT_EQ(c.read(tgc_dtype_name(dtype)), TGC_OK) << c.error.message;
    EXPECT_EQ(c.entry.dtype, dtype);
    EXPECT_EQ(memcmp(c.bytes.data(), bytes.data(), 4 * tgc_dtype_size(dtype)), 0);
  }
}

TEST(Checkpoint, ReadsStrings) {
  CheckpointBuilder builder;
  std::vector<std::string> values = {"", "one", std::string(300, 'x'), std::string("a\0b", 3), ""};
  builder.addStrings("names", {5}, values);
  builder.addStrings("none", {0}, {});
  Checkpoint c(builder.write("strings"));
  std::vector<tgc_string_t> strings = c.values<tgc_string_t>("names");
  ASSERT_EQ(strings.size(), 5u);
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(text(strings[i]), values[i]);
  EXPECT_TRUE(c.values<tgc_string_t>("none").empty());
}

TEST(Checkpoint, ChecksStrings) {
  CheckpointBuilder builder;
  builder.addStrings("s", {2}, {"abc", "defg"});
  const std::string good = builder.shards[0];
  for (size_t i = 0; i < good.size(); ++i) {
    builder.shards[0] = good;
    builder.shards[0][i] ^= 1;
    Checkpoint c(builder.write("bad-strings"));
    EXPECT_EQ(c.read("s"), TGC_DATA_LOSS) << i;
  }
}

TEST(Checkpoint, ReadsSeveralDataFiles) {
  CheckpointBuilder builder;
  builder.header = numberField(1, 3);
  builder.add("a", TGC_INT64, {2}, bytesOf<int64_t>({1, 2}), 0);
  builder.add("b", TGC_INT64, {1}, bytesOf<int64_t>({3}), 1);
  builder.add("c", TGC_INT64, {}, bytesOf<int64_t>({4}), 2);
  builder.add("d", TGC_INT64, {0, 5}, "", 2);
  Checkpoint c(builder.write("shards"));
  EXPECT_EQ(c.values<int64_t>("a"), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(c.values<int64_t>("b"), std::vector<int64_t>{3});
  EXPECT_EQ(c.values<int64_t>("c"), std::vector<int64_t>{4});
  EXPECT_TRUE(c.values<int64_t>("d").empty());
}

/// The keys are written out: 00 | name 00 01 | 01 rank | start, length ...; signed numbers are 80 + n for
/// small n, 7f for -1, two bytes c0.. from 64 on, three bytes e0.. from 8192 on.
TEST(Checkpoint, ReadsPartitionedTensors) {
  CheckpointBuilder builder;
  builder.header = numberField(1, 2);
  auto key = [](const char *name, std::initializer_list<int> place) {
    std::string result = std::string("\0", 1) + name + std::string("\0\1", 2);
    for (int byte : place)
      result += static_cast<char>(byte);
    return result;
  };
  // [4,3] as rows 0-1 and rows 2-3 of all columns.
  builder.addPartitioned("rows", TGC_INT32, {4, 3}, {{{0, 2}, {0, -1}}, {{2, 2}, {0, -1}}});
  builder.addSlice(key("rows", {1, 2, 0x80, 0x82, 0x80, 0x7f}), TGC_INT32, {2, 3},
                   bytesOf<int32_t>({0, 1, 2, 3, 4, 5}));
  builder.addSlice(key("rows", {1, 2, 0x82, 0x82, 0x80, 0x7f}), TGC_INT32, {2, 3},
                   bytesOf<int32_t>({6, 7, 8, 9, 10, 11}), 1);
  // [2,2,3] with its last dimension as 1 + 2.
  builder.addPartitioned("inner", TGC_UINT8, {2, 2, 3},
                         {{{0, -1}, {0, -1}, {0, 1}}, {{0, -1}, {0, -1}, {1, 2}}});
  builder.addSlice(key("inner", {1, 3, 0x80, 0x7f, 0x80, 0x7f, 0x80, 0x81}), TGC_UINT8, {2, 2, 1},
                   bytesOf<uint8_t>({0, 3, 6, 9}));
  builder.addSlice(key("inner", {1, 3, 0x80, 0x7f, 0x80, 0x7f, 0x81, 0x82}), TGC_UINT8, {2, 2, 2},
                   bytesOf<uint8_t>({1, 2, 4, 5, 7, 8, 10, 11}));
  // Long numbers: 100, 100000, 199900.
  std::vector<uint8_t> numbers(200000);
  for (size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<uint8_t>(i * 7 + i / 256);
  auto part = [&](size_t first, size_t count) {
    return std::string(reinterpret_cast<const char *>(&numbers[first]), count);
  };
  builder.addPartitioned("long", TGC_UINT8, {200000}, {{{0, 100}}, {{100, 100000}}, {{100100, 99900}}});
  builder.addSlice(key("long", {1, 1, 0x80, 0xc0, 0x64}), TGC_UINT8, {100}, part(0, 100));
  builder.addSlice(key("long", {1, 1, 0xc0, 0x64, 0xe1, 0x86, 0xa0}), TGC_UINT8, {100000}, part(100, 100000));
  builder.addSlice(key("long", {1, 1, 0xe1, 0x87, 0x04, 0xe1, 0x86, 0x3c}), TGC_UINT8, {99900},
                   part(100100, 99900), 1);
  Checkpoint c(builder.write("slices"));
  ASSERT_EQ(c.status, TGC_OK) << c.error.message;
  EXPECT_EQ(tgc_checkpoint_num_tensors(c.handle), 3u);
  EXPECT_EQ(c.values<int32_t>("rows"), (std::vector<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(c.entry.num_slices, 2u);
  EXPECT_EQ(c.values<uint8_t>("inner"), (std::vector<uint8_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(c.values<uint8_t>("long"), numbers);
}

TEST(Checkpoint, ChecksPartitionedTensors) {
  auto message = [](std::vector<Slice> slices, std::vector<std::pair<std::string, int>> stored) {
    CheckpointBuilder builder;
    builder.addPartitioned("p", TGC_UINT8, {4}, slices);
    for (const auto &[place, size] : stored)
      builder.addSlice(std::string("\0p\0\1\1\1", 6) + place, TGC_UINT8, {size}, std::string(size, 'x'));
    std::string prefix = builder.write("bad-slices");
    Checkpoint c(prefix);
    EXPECT_EQ(c.read("p"), TGC_DATA_LOSS);
    return reason(c.error, prefix);
  };
  EXPECT_EQ(message({{{0, 2}}, {{2, 2}}}, {{"\x80\x82", 2}}),
            "checkpoint: a slice of tensor p is missing in the index");
  EXPECT_EQ(message({{{0, 2}}}, {{"\x80\x82", 2}}),
            "checkpoint: the slices of tensor p have 2 elements, the tensor has 4");
  EXPECT_EQ(message({{{0, 2}}, {{1, 2}}}, {{"\x80\x82", 2}, {"\x81\x82", 2}}),
            "checkpoint: the slices of tensor p overlap");
  EXPECT_EQ(message({{{3, 2}}}, {{"\x83\x82", 2}}), "checkpoint: a slice of tensor p lies outside of it");
  EXPECT_EQ(message({{{0, 4}}}, {{"\x80\x84", 3}}),
            "checkpoint: a slice of tensor p has another type or size than it");
  EXPECT_EQ(message({{{0, 2}, {0, 2}}}, {}), "checkpoint: a slice of tensor p lies outside of it");
}

/// The message of opening and reading "v" after `change`.
template <typename Change> std::string messageAfter(Change change) {
  CheckpointBuilder builder;
  builder.add("v", TGC_FLOAT32, {2}, bytesOf<float>({1, 2}));
  change(builder);
  std::string prefix = builder.write("changed");
  Checkpoint c(prefix);
  if (c.status == TGC_OK)
    c.read("v");
  EXPECT_NE(c.status, TGC_OK);
  return std::string(tgc_status_name(c.status)) + ": " + reason(c.error, prefix);
}

TEST(Checkpoint, SaysWhatItCannotRead) {
  EXPECT_EQ(messageAfter([](CheckpointBuilder &b) { b.header += numberField(2, 1); }),
            "UNIMPLEMENTED: checkpoint: the data is big-endian, tgc reads little-endian checkpoints only");
  EXPECT_EQ(messageAfter([](CheckpointBuilder &b) { b.header += bytesField(3, numberField(2, 9)); }),
            "UNIMPLEMENTED: checkpoint: it needs a reader of version 9, this one has version 1");
  EXPECT_EQ(
      messageAfter([](CheckpointBuilder &b) { b.blockType = 1; }),
      "UNIMPLEMENTED: checkpoint: index file is compressed with Snappy, which tgc does not read; TensorFlow "
      "writes it uncompressed when it saves the checkpoint again");
  EXPECT_EQ(messageAfter([](CheckpointBuilder &b) { b.blockType = 9; }),
            "UNIMPLEMENTED: checkpoint: index file has a block of unknown type 9");
  EXPECT_EQ(messageAfter([](CheckpointBuilder &b) { b.add("v", 21, {}, "variant"); }),
            "UNIMPLEMENTED: checkpoint: tensor v has element type 21, which tgc does not know");
  EXPECT_EQ(
      messageAfter([](CheckpointBuilder &b) { b.add("v", TGC_UINT8, std::vector<int64_t>(17, 1), "x"); }),
      "UNIMPLEMENTED: checkpoint: tensor v has too many dimensions, tgc handles 16");
}

TEST(Checkpoint, BelievesNoLies) {
  const char *v = "v";
  auto entry = [](const std::string &dims, uint64_t shard, uint64_t offset, uint64_t size) {
    return numberField(1, TGC_FLOAT32) + bytesField(2, dims) + numberField(3, shard) +
           numberField(4, offset) + numberField(5, size);
  };
  auto dim = [](int64_t size) { return bytesField(2, numberField(1, static_cast<uint64_t>(size))); };
  EXPECT_EQ(messageAfter([&](CheckpointBuilder &b) { b.entries[v] = entry(dim(1 << 30), 0, 0, 8); }),
            "DATA_LOSS: checkpoint: tensor v has 8 bytes, shape [1073741824] of float32 needs 4294967296");
  EXPECT_EQ(messageAfter([&](CheckpointBuilder &b) { b.entries[v] = entry(dim(1 << 30), 0, 0, 1ull << 32); }),
            "DATA_LOSS: checkpoint: data file is shorter (8 bytes) than tensor v needs (4294967296)");
  EXPECT_EQ(messageAfter([&](CheckpointBuilder &b) {
              b.entries[v] = entry(dim(int64_t(1) << 40) + dim(int64_t(1) << 40), 0, 0, 8);
            }),
            "DATA_LOSS: checkpoint: tensor v has the impossible shape [1099511627776,1099511627776]");
  EXPECT_EQ(messageAfter([&](CheckpointBuilder &b) { b.entries[v] = entry(dim(-2), 0, 0, 8); }),
            "DATA_LOSS: checkpoint: tensor v has the impossible shape [-2]");
  EXPECT_EQ(messageAfter([&](CheckpointBuilder &b) { b.entries[v] = entry(dim(2), 5, 0, 8); }),
            "DATA_LOSS: checkpoint: tensor v lies at an impossible place (file 5 of 1, offset 0, 8 bytes)");
  EXPECT_EQ(messageAfter([&](CheckpointBuilder &b) { b.entries[v] = entry(dim(2), 0, INT64_MAX, 8); }),
            "DATA_LOSS: checkpoint: tensor v lies at an impossible place (file 0 of 1, offset "
            "9223372036854775807, 8 "
            "bytes)");
  EXPECT_EQ(messageAfter([&](CheckpointBuilder &b) { b.entries[v] = entry(dim(2), 0, 0, 8).substr(0, 5); }),
            "DATA_LOSS: checkpoint: the index entry of tensor v is malformed");
  EXPECT_EQ(messageAfter([&](CheckpointBuilder &b) { b.header = numberField(1, 1u << 31); }),
            "DATA_LOSS: checkpoint: index file is malformed: 2147483648 data files");
  EXPECT_EQ(messageAfter([&](CheckpointBuilder &b) { b.header = "\xff"; }),
            "DATA_LOSS: checkpoint: index file is malformed: it has no header");
  EXPECT_EQ(messageAfter([&](CheckpointBuilder &b) {
              // A long name of which every further one shares all but the last bytes.
              b.restartInterval = 1 << 20;
              b.entriesPerBlock = 1 << 20;
              for (int i = 0; i < 3000; ++i)
                b.entries[std::string(5000, 'n') + std::to_string(i)] = "";
            }),
            "DATA_LOSS: checkpoint: index file is malformed: its names are longer than the file explains");
}

/// Every single-byte change and every cut of a real index is an error or harmless, never a crash.
TEST(Checkpoint, SurvivesDamage) {
  const std::string index = readFile(kInputs + "/functions/variables.index");
  const std::string data = readFile(kInputs + "/functions/variables.data-00000-of-00001");
  ASSERT_EQ(index.size(), 290u);
  int numAccepted = 0;
  auto visit = [&](const std::string &bytes) {
    // Heap copies, so that AddressSanitizer sees a read behind the end.
    std::vector<uint8_t> i(bytes.begin(), bytes.end()), d(data.begin(), data.end());
    tgc_checkpoint_t *checkpoint = nullptr;
    tgc_error_t error;
    if (tgc_checkpoint_from_bytes("memory", i.data(), i.size(), d.data(), d.size(), &checkpoint, &error) ==
        TGC_OK)
      ++numAccepted;
    else
      EXPECT_GT(strlen(error.message), strlen("memory: checkpoint: "));
    tgc_checkpoint_close(checkpoint);
  };
  for (size_t i = 0; i < index.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = index;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      visit(changed);
    }
  // Only the padding of the footer is free to change.
  EXPECT_LE(numAccepted, 8 * 36);
  numAccepted = 0;
  for (size_t size = 0; size < index.size(); ++size)
    visit(index.substr(0, size));
  EXPECT_EQ(numAccepted, 0);
}

} // namespace

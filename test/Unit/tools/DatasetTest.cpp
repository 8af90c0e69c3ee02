//===- DatasetTest.cpp - The formats of examples ----------------------------===//
#include "tools/train/Dataset.h"
#include "gtest/gtest.h"

using namespace tgc;
using Shape = std::vector<int64_t>;

namespace {

std::string failureOf(llvm::Error error) { return llvm::toString(std::move(error)); }

template <typename T> std::vector<T> numbersOf(const NumpyArray &array) {
  auto *begin = reinterpret_cast<const T *>(array.bytes.data());
  return std::vector<T>(begin, begin + array.numElements());
}

const NumpyArray &column(const NamedArrays &columns, llvm::StringRef name) {
  for (const auto &[known, array] : columns)
    if (known == name)
      return array;
  ADD_FAILURE() << "no column " << name.str();
  return columns.front().second;
}

TEST(DatasetTest, ReadsWhatASpecSays) {
  auto spec = parseDataSpec("tfrecord:a.bin,b.bin:label=int64:image=uint8[28,28,1]");
  ASSERT_TRUE(bool(spec)) << failureOf(spec.takeError());
  EXPECT_EQ(spec->paths, (std::vector<std::string>{"a.bin", "b.bin"}));
  ASSERT_EQ(spec->fields.size(), 2u);
  EXPECT_EQ(spec->fields[1].shape, (Shape{28, 28, 1}));
  EXPECT_EQ(spec->fields[1].dtype, TGC_UINT8);
  EXPECT_EQ(parseDataSpec("x/train-images-idx3-ubyte.gz")->format, "idx");
  EXPECT_EQ(parseDataSpec("corpus.txt:length=5")->options.at("length"), "5");
  EXPECT_NE(failureOf(parseDataSpec("strange.bin").takeError()).find("does not tell its format"),
            std::string::npos);
  EXPECT_NE(failureOf(parseDataSpec("records:a.bin").takeError()).find("needs its fields"),
            std::string::npos);
  EXPECT_NE(failureOf(parseDataSpec("records:a.bin:x=uint8[4294967296,4294967296]").takeError())
                .find("an example has more than 2147483648 elements"),
            std::string::npos);
  EXPECT_NE(failureOf(parseDataSpec("records:a.bin:x=uint8[0]").takeError()).find("'0' is no size"),
            std::string::npos);
}

TEST(DatasetTest, Csv) {
  auto columns = parseCsv("a,\"b,c\",name\r\n1,2.5,\"x \"\"y\"\"\"\r\n-3,4,z\n");
  ASSERT_TRUE(bool(columns)) << failureOf(columns.takeError());
  EXPECT_EQ(numbersOf<double>(column(*columns, "a")), (std::vector<double>{1, -3}));
  EXPECT_EQ(numbersOf<double>(column(*columns, "b,c")), (std::vector<double>{2.5, 4}));
  EXPECT_EQ(column(*columns, "name").strings, (std::vector<std::string>{"x \"y\"", "z"}));
  auto plain = parseCsv("1,2\n3,4\n");
  EXPECT_EQ(numbersOf<double>(column(*plain, "column1")), (std::vector<double>{2, 4}));
  EXPECT_EQ(failureOf(parseCsv("1,\"2\n\"\n\n3\n").takeError()), "line 4 has 1 cells, the first has 2");
  EXPECT_EQ(failureOf(parseCsv("a\n\"1\n2\n").takeError()), "line 2 opens a quote that nothing closes");
  auto marked = parseCsv("\xef\xbb\xbf"
                         "a,b\n1,\n,2\n",
                         {{"missing", "-1"}});
  ASSERT_TRUE(bool(marked)) << failureOf(marked.takeError());
  EXPECT_EQ(numbersOf<double>(column(*marked, "a")), (std::vector<double>{1, -1}));
  EXPECT_EQ(numbersOf<double>(column(*marked, "b")), (std::vector<double>{-1, 2}));
  EXPECT_EQ(failureOf(parseCsv("a\n1\n", {{"missing", "x"}}).takeError()),
            "'missing=x' is no option of csv; missing=NUMBER is what empty cells are");
}

TEST(DatasetTest, Idx) {
  std::string bytes("\0\0\x0b\2\0\0\0\2\0\0\0\2\0\1\xff\xfe\1\0\0\7", 20);
  auto columns = parseIdx(bytes);
  ASSERT_TRUE(bool(columns)) << failureOf(columns.takeError());
  EXPECT_EQ(numbersOf<int16_t>(column(*columns, "images")), (std::vector<int16_t>{1, -2, 256, 7}));
  EXPECT_EQ(failureOf(parseIdx(bytes.substr(0, 19)).takeError()),
            "is an IDX file of shape [2,2] with 7 bytes of data");
  EXPECT_NE(failureOf(parseIdx("P5 640").takeError()).find("is no IDX file"), std::string::npos);
  // Sizes whose product overflows.
  std::string huge("\0\0\x08\3\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16);
  EXPECT_NE(failureOf(parseIdx(huge).takeError()).find("with 0 bytes"), std::string::npos);
}

TEST(DatasetTest, FixedLengthRecords) {
  std::string bytes("\1\2\0\3\4\0", 6);
  auto columns = parseRecords(bytes, {{"a", TGC_UINT8, {}}, {"b", TGC_UINT16, {1}}});
  ASSERT_TRUE(bool(columns)) << failureOf(columns.takeError());
  EXPECT_EQ(numbersOf<uint8_t>(column(*columns, "a")), (std::vector<uint8_t>{1, 3}));
  EXPECT_EQ(numbersOf<uint16_t>(column(*columns, "b")), (std::vector<uint16_t>{2, 4}));
  EXPECT_EQ(failureOf(parseRecords(bytes, {{"a", TGC_UINT8, {4}}}).takeError()),
            "has 6 bytes, which is no multiple of a record's 4");
}

/// Inputs/examples.tfrecord: three examples that TensorFlow 2.19.1's TFRecordWriter wrote; example i has
/// label i-1, weights i+0.5 and -i, the raw bytes i and 200+i, and the name "n<i>".
TEST(DatasetTest, Examples) {
  std::string bytes = llvm::cantFail(readFileBytes(TGC_TEST_INPUTS "/examples.tfrecord"));
  std::vector<FieldSpec> fields = {{"label", TGC_INT32, {}},
                                   {"weights", TGC_FLOAT32, {2}},
                                   {"raw", TGC_UINT8, {2}},
                                   {"name", TGC_STRING, {}}};
  auto columns = parseTfRecords(bytes, fields);
  ASSERT_TRUE(bool(columns)) << failureOf(columns.takeError());
  EXPECT_EQ(numbersOf<int32_t>(column(*columns, "label")), (std::vector<int32_t>{-1, 0, 1}));
  EXPECT_EQ(numbersOf<float>(column(*columns, "weights")), (std::vector<float>{0.5, 0, 1.5, -1, 2.5, -2}));
  EXPECT_EQ(numbersOf<uint8_t>(column(*columns, "raw")), (std::vector<uint8_t>{0, 200, 1, 201, 2, 202}));
  EXPECT_EQ(column(*columns, "name").strings, (std::vector<std::string>{"n0", "n1", "n2"}));
  EXPECT_EQ(failureOf(parseTfRecords(bytes, {{"colour", TGC_INT64, {}}}).takeError()),
            "record 0 has no feature 'colour'");
  EXPECT_EQ(failureOf(parseTfRecords(bytes, {{"weights", TGC_FLOAT32, {3}}}).takeError()),
            "record 0: feature 'weights' has 2 floats, the parse spec wants 3");
  std::string damaged = bytes;
  damaged[20] ^= 1;
  EXPECT_EQ(failureOf(parseTfRecords(damaged, fields).takeError()),
            "record 0: the checksum of a record does not match");
  EXPECT_EQ(failureOf(parseTfRecords(bytes.substr(0, bytes.size() - 3), fields).takeError()),
            "record 2: the last record is cut");
}

TEST(DatasetTest, Text) {
  Vocabulary vocabulary;
  auto columns = parseText("b a b\nb c\n", {{"unit", "word"}, {"length", "2"}}, vocabulary);
  ASSERT_TRUE(bool(columns)) << failureOf(columns.takeError());
  // b three times, <eos> twice, then a and c.
  EXPECT_EQ(vocabulary.ids, (std::map<std::string, int32_t>{{"b", 0}, {"<eos>", 1}, {"a", 2}, {"c", 3}}));
  EXPECT_EQ(column(*columns, "input").shape, (Shape{3, 2}));
  EXPECT_EQ(numbersOf<int32_t>(column(*columns, "input")), (std::vector<int32_t>{0, 2, 0, 1, 0, 3}));
  EXPECT_EQ(numbersOf<int32_t>(column(*columns, "target")), (std::vector<int32_t>{2, 0, 1, 0, 3, 1}));
  EXPECT_NE(failureOf(parseText("d d d", {{"unit", "word"}, {"length", "2"}}, vocabulary).takeError())
                .find("'d' is not in the vocabulary"),
            std::string::npos);
  Vocabulary small;
  auto limited = parseText("b a b\nb c\n", {{"unit", "word"}, {"length", "5"}, {"vocabulary", "3"}}, small);
  ASSERT_TRUE(bool(limited)) << failureOf(limited.takeError());
  EXPECT_EQ(numbersOf<int32_t>(column(*limited, "input")), (std::vector<int32_t>{0, 2, 0, 1, 0}));
}

} // namespace

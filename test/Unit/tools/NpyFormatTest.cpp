//===- NpyFormatTest.cpp - numpy's .npy format, byte by byte ------------------===//
//
// The inputs are written out after numpy's description of the format, NEP 1.
//
//===----------------------------------------------------------------------===//
#include "tools/npz/NpyFormat.h"
#include "llvm/Support/Endian.h"
#include "gtest/gtest.h"

using namespace tgc;
using llvm::StringRef;

/// A file of the given version with this header and these elements.
static std::string npy(StringRef header, StringRef elements, int version = 1) {
  std::string file = "\x93NUMPY";
  file += char(version);
  file += '\0';
  char length[4];
  llvm::support::endian::write32le(length, header.size());
  file.append(length, version == 1 ? 2 : 4);
  return file + header.str() + elements.str();
}

static std::string npyOf(StringRef descr, StringRef shape, StringRef elements, StringRef order = "False") {
  return npy(("{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n").str(),
             elements);
}

template <typename T> static std::vector<T> elementsOf(const NumpyArray &array) {
  auto *data = reinterpret_cast<const T *>(array.bytes.data());
  return {data, data + array.bytes.size() / sizeof(T)};
}

static NumpyArray parsed(StringRef file) {
  llvm::Expected<NumpyArray> array = parseNpy(file);
  if (array)
    return std::move(*array);
  ADD_FAILURE() << llvm::toString(array.takeError());
  return {};
}

static std::string messageOf(StringRef file) {
  llvm::Expected<NumpyArray> array = parseNpy(file);
  return array ? "no error" : llvm::toString(array.takeError());
}

using Shape = std::vector<int64_t>;
using Strings = std::vector<std::string>;

TEST(NpyFormatTest, ReadsBothByteOrders) {
  NumpyArray little = parsed(npyOf("<i4", "(2,)", StringRef("\1\0\0\0\0\1\0\0", 8)));
  EXPECT_EQ(little.dtype, TGC_INT32);
  EXPECT_EQ(little.shape, Shape({2}));
  EXPECT_EQ(elementsOf<int32_t>(little), std::vector<int32_t>({1, 256}));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(little.bytes.data()) % AlignedBuffer::kAlignment, 0u);
  NumpyArray big = parsed(npyOf(">i4", "(2,)", StringRef("\0\0\0\1\0\0\1\0", 8)));
  EXPECT_EQ(elementsOf<int32_t>(big), std::vector<int32_t>({1, 256}));
  // 1 + 2i: each half is swapped on its own. 1.0f is 0x3f800000, 2.0f is 0x40000000.
  NumpyArray complex = parsed(npyOf(">c8", "()", StringRef("\x3f\x80\0\0\x40\0\0\0", 8)));
  EXPECT_EQ(complex.dtype, TGC_COMPLEX64);
  EXPECT_EQ(complex.shape, Shape());
  EXPECT_EQ(elementsOf<float>(complex), std::vector<float>({1, 2}));
}

TEST(NpyFormatTest, ReadsEveryElementType) {
  const std::pair<const char *, tgc_dtype_t> cases[] = {
      {"<f2", TGC_FLOAT16},   {"<f4", TGC_FLOAT32},    {"<f8", TGC_FLOAT64}, {"|i1", TGC_INT8},
      {"<i2", TGC_INT16},     {"<i4", TGC_INT32},      {"<i8", TGC_INT64},   {"|u1", TGC_UINT8},
      {"<u2", TGC_UINT16},    {"<u4", TGC_UINT32},     {"<u8", TGC_UINT64},  {"|b1", TGC_BOOL},
      {"<c8", TGC_COMPLEX64}, {"<c16", TGC_COMPLEX128}};
  for (auto [descr, dtype] : cases) {
    size_t size = std::stoul(descr + 2);
    NumpyArray array = parsed(npyOf(descr, "(3,)", std::string(3 * size, '\1')));
    EXPECT_EQ(array.dtype, dtype) << descr;
    EXPECT_EQ(array.bytes.size(), 3 * size) << descr;
  }
}

TEST(NpyFormatTest, BoolsAreZeroOrOne) {
  EXPECT_EQ(elementsOf<uint8_t>(parsed(npyOf("|b1", "(3,)", StringRef("\0\1\x80", 3)))),
            std::vector<uint8_t>({0, 1, 1}));
}

TEST(NpyFormatTest, FortranOrderBecomesRowMajor) {
  // Column-major 2x3 of [[1,2,3],[4,5,6]].
  NumpyArray array = parsed(npyOf("|i1", "(2, 3)", "\1\4\2\5\3\6", "True"));
  EXPECT_EQ(elementsOf<int8_t>(array), std::vector<int8_t>({1, 2, 3, 4, 5, 6}));
  // 2x2x2, element (i,j,k) = 4i+2j+k is stored at i+2j+4k.
  array = parsed(npyOf("|i1", "(2, 2, 2)", StringRef("\0\4\2\6\1\5\3\7", 8), "True"));
  EXPECT_EQ(elementsOf<int8_t>(array), std::vector<int8_t>({0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(parsed(npyOf("|S1", "(2, 2)", "acbd", "True")).strings, Strings({"a", "b", "c", "d"}));
  EXPECT_EQ(parsed(npyOf("<f4", "(0, 9223372036854775807, 4)", "", "True")).bytes.size(), 0u);
}

TEST(NpyFormatTest, StringsLoseTheirPadding) {
  NumpyArray array = parsed(npyOf("|S3", "(3,)", StringRef("abc\0\0\0a\0b", 9)));
  EXPECT_EQ(array.dtype, TGC_STRING);
  EXPECT_EQ(array.strings, Strings({"abc", "", std::string("a\0b", 3)}));
  EXPECT_EQ(parsed(npyOf("|S0", "(2,)", "")).strings, Strings({"", ""}));
}

TEST(NpyFormatTest, UnicodeBecomesUtf8) {
  // U+00E9, U+4E2D, U+1F600 in the first element, 'x' in the second.
  NumpyArray array = parsed(
      npyOf("<U3", "(2,)", StringRef("\xe9\0\0\0\x2d\x4e\0\0\0\xf6\x01\0x\0\0\0\0\0\0\0\0\0\0\0", 24)));
  EXPECT_EQ(array.strings, Strings({"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80", "x"}));
  EXPECT_EQ(parsed(npyOf(">U1", "()", StringRef("\0\0\0x", 4))).strings, Strings({"x"}));
  EXPECT_EQ(messageOf(npyOf("<U1", "()", "\xff\xff\xff\xff")),
            "a string holds 4294967295, which is not a Unicode character");
}

TEST(NpyFormatTest, ReadsVersionsTwoAndThree) {
  StringRef header = "{'shape': (1,), 'fortran_order': False, 'descr': \"<u2\"}  \n";
  for (int version : {2, 3})
    EXPECT_EQ(elementsOf<uint16_t>(parsed(npy(header, StringRef("\7\0", 2), version))),
              std::vector<uint16_t>({7}));
  EXPECT_EQ(messageOf(npy(header, "", 4)), ".npy format version 4.0 is not supported, 1 to 3 are");
}

TEST(NpyFormatTest, RefusesWhatItCannotRepresent) {
  EXPECT_EQ(messageOf(npyOf("|O", "(1,)", "x")),
            "Python objects ('|O') cannot be read; save strings as an 'S' or 'U' array");
  EXPECT_EQ(
      messageOf(npyOf("<V2", "(1,)", "xx")),
      "element type '<V2' has no TensorFlow type; store bfloat16 as its bits: array.view(numpy.uint16)");
  EXPECT_EQ(messageOf(npyOf("<f16", "()", std::string(16, 'x'))),
            "element type '<f16' has no TensorFlow type");
  EXPECT_EQ(messageOf(npyOf("<M8[ns]", "()", "12345678")), "element type '<M8[ns]' is not understood");
  EXPECT_EQ(messageOf(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}", "")),
            "structured arrays are not supported; save each field as an array of its own");
}

TEST(NpyFormatTest, RefusesSizesThatLie) {
  EXPECT_EQ(messageOf(npyOf("<f4", "(3,)", "12345678")),
            "shape [3] of '<f4' takes 12 bytes, but 8 follow the header");
  EXPECT_EQ(messageOf(npyOf("<f4", "(1,)", "12345678")),
            "shape [1] of '<f4' takes 4 bytes, but 8 follow the header");
  EXPECT_EQ(messageOf(npyOf("<f8", "(4294967296, 4294967296)", "")),
            "shape [4294967296,4294967296] of '<f8' is too large");
  EXPECT_EQ(messageOf(npyOf("|S0", "(1099511627776,)", "")), "shape [1099511627776] of '|S0' is too large");
  EXPECT_EQ(messageOf(npyOf("|S99999999999", "(1,)", "")), "element type '|S99999999999' is too wide");
}

TEST(NpyFormatTest, RefusesMalformedHeaders) {
  EXPECT_EQ(messageOf("hello"), "not a .npy array (its first bytes are not \\x93NUMPY)");
  EXPECT_EQ(messageOf("\x93NUMPY"), "the header is cut off");
  EXPECT_EQ(messageOf(StringRef("\x93NUMPY\1\0\xff\xff", 10)),
            "the header is cut off: 65535 bytes announced, 0 left");
  EXPECT_EQ(messageOf(npy("[]", "")), "header: '{' is expected at '[]'");
  EXPECT_EQ(messageOf(npy("{'descr': '<f4'}", "")),
            "header: 'descr', 'fortran_order' and 'shape' are expected");
  EXPECT_EQ(messageOf(npy("{'descr': '<f4', 'descr': '<f4'}", "")), "header: unexpected key 'descr'");
  EXPECT_EQ(messageOf(npy("{'shape': (-1,)}", "")), "header: a dimension is expected at '-1,)}'");
  EXPECT_EQ(messageOf(npy("{'shape': (99999999999999999999,)}", "")),
            "header: a dimension is expected at '9999999999999999'");
  EXPECT_EQ(messageOf(npy("{'fortran_order': 1}", "")), "header: True or False is expected at '1}'");
  EXPECT_EQ(messageOf(npy("{'descr", "")), "header: a string is expected at ''descr'");
}

TEST(NpyFormatTest, WritesTheBytesOfNumpy) {
  NumpyArray array;
  array.dtype = TGC_INT16;
  array.shape = {2};
  int16_t values[] = {1, 2};
  array.bytes = AlignedBuffer(values, sizeof(values));
  NpyParts parts = llvm::cantFail(formatNpy(array));
  // What numpy 1.24's save writes: the header ends at a multiple of 64 with a line feed.
  std::string literal = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }";
  EXPECT_EQ(parts.header,
            std::string("\x93NUMPY\1\0\x76\0", 10) + literal + std::string(117 - literal.size(), ' ') + "\n");
  EXPECT_EQ(parts.elements(), StringRef("\1\0\2\0", 4));
}

TEST(NpyFormatTest, WritesTypesThatNumpyLacksAsIntegers) {
  NumpyArray array;
  array.dtype = TGC_BFLOAT16;
  uint16_t bits = 0x3f80;
  array.bytes = AlignedBuffer(&bits, sizeof(bits));
  EXPECT_NE(
      llvm::cantFail(formatNpy(array)).header.find("'descr': '<u2', 'fortran_order': False, 'shape': (), }"),
      std::string::npos);
}

TEST(NpyFormatTest, StringsComeBack) {
  NumpyArray array;
  array.dtype = TGC_STRING;
  array.shape = {2, 1};
  array.strings = {"longest", ""};
  NpyParts parts = llvm::cantFail(formatNpy(array));
  NumpyArray back = parsed(parts.header + parts.elements().str());
  EXPECT_EQ(back.shape, array.shape);
  EXPECT_EQ(back.strings, array.strings);
}

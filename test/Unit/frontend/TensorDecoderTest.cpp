//===- TensorDecoderTest.cpp - Constants in every spelling ---------------------===//
//
// The same eight numbers as content, as a list, as a list that stops early; and what must be refused.
//
//===----------------------------------------------------------------------===//

#include "Inputs.h"

using namespace tgc;
using namespace tgc::test;

namespace {

/// The elements of a decoded constant, as they lie in memory.
template <typename T> std::vector<T> elements(const TensorData &data) {
  const T *begin = reinterpret_cast<const T *>(data.bytes.data());
  return {begin, begin + data.bytes.size() / sizeof(T)};
}

TensorData decode(const char *text) {
  // The data may refer to the message.
  static std::vector<std::unique_ptr<proto::TensorProto>> kept;
  kept.push_back(std::make_unique<proto::TensorProto>(parse<proto::TensorProto>(text)));
  return llvm::cantFail(decodeTensor(*kept.back(), "node w (Const)"));
}

std::string problem(const char *text) {
  auto tensor = parse<proto::TensorProto>(text);
  return message(decodeTensor(tensor, "node w (Const)"));
}

TEST(TensorDecoder, Content) {
  TensorData data = decode("dtype: DT_INT32 tensor_shape { dim { size: 2 } } tensor_content: "
                           "'\\001\\0\\0\\0\\377\\377\\377\\377'");
  EXPECT_EQ(elements<int32_t>(data), (std::vector<int32_t>{1, -1}));
  EXPECT_FALSE(data.isSplat);
}

TEST(TensorDecoder, LastValueRepeats) {
  TensorData data =
      decode("dtype: DT_FLOAT tensor_shape { dim { size: 2 } dim { size: 2 } } float_val: [1, 2.5]");
  EXPECT_EQ(elements<float>(data), (std::vector<float>{1, 2.5, 2.5, 2.5}));
  data = decode("dtype: DT_INT8 tensor_shape { dim { size: 3 } } int_val: [-1, -2]");
  EXPECT_EQ(elements<int8_t>(data), (std::vector<int8_t>{-1, -2, -2}));
}

TEST(TensorDecoder, SplatStaysOneElement) {
  TensorData data = decode("dtype: DT_FLOAT tensor_shape { dim { size: 1000000000000 } } float_val: 3");
  EXPECT_TRUE(data.isSplat);
  EXPECT_EQ(data.elementCount, 1000000000000);
  EXPECT_EQ(elements<float>(data), std::vector<float>{3});
}

TEST(TensorDecoder, NoValuesAreZeros) {
  TensorData data = decode("dtype: DT_INT64 tensor_shape { dim { size: 5 } }");
  EXPECT_TRUE(data.isSplat);
  EXPECT_EQ(elements<int64_t>(data), std::vector<int64_t>{0});
}

TEST(TensorDecoder, ScalarsAndEmptyTensors) {
  TensorData scalar = decode("dtype: DT_DOUBLE tensor_shape { } double_val: 0.5");
  EXPECT_TRUE(scalar.shape.empty());
  EXPECT_FALSE(scalar.isSplat);
  EXPECT_EQ(elements<double>(scalar), std::vector<double>{0.5});
  TensorData empty = decode("dtype: DT_INT32 tensor_shape { dim { size: 0 } dim { size: 3 } }");
  EXPECT_EQ(empty.elementCount, 0);
  EXPECT_TRUE(empty.bytes.empty());
}

TEST(TensorDecoder, TypesThatAreStoredWider) {
  // 1.0 is 0x3c00 in float16 and 0x3f80 in bfloat16.
  EXPECT_EQ(elements<uint16_t>(decode("dtype: DT_HALF tensor_shape { } half_val: 15360")),
            std::vector<uint16_t>{0x3c00});
  EXPECT_EQ(elements<uint16_t>(decode("dtype: DT_BFLOAT16 tensor_shape { } half_val: 16256")),
            std::vector<uint16_t>{0x3f80});
  EXPECT_EQ(
      elements<uint8_t>(decode("dtype: DT_BOOL tensor_shape { dim { size: 2 } } bool_val: [true, false]")),
      (std::vector<uint8_t>{1, 0}));
  EXPECT_EQ(elements<uint8_t>(decode("dtype: DT_UINT8 tensor_shape { } int_val: 200")),
            std::vector<uint8_t>{200});
  EXPECT_EQ(elements<int16_t>(decode("dtype: DT_INT16 tensor_shape { } int_val: -300")),
            std::vector<int16_t>{-300});
}

TEST(TensorDecoder, BoolContentBecomesZeroOrOne) {
  TensorData data = decode("dtype: DT_BOOL tensor_shape { dim { size: 3 } } tensor_content: '\\002\\0\\001'");
  EXPECT_EQ(elements<uint8_t>(data), (std::vector<uint8_t>{1, 0, 1}));
}

TEST(TensorDecoder, ComplexPairs) {
  TensorData data = decode("dtype: DT_COMPLEX64 tensor_shape { dim { size: 2 } } scomplex_val: [1, 2, 3, 4]");
  EXPECT_EQ(elements<float>(data), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_TRUE(
      contains(problem("dtype: DT_COMPLEX64 tensor_shape { } scomplex_val: [1, 2, 3]"), "come in pairs"));
}

TEST(TensorDecoder, Strings) {
  TensorData data =
      decode("dtype: DT_STRING tensor_shape { dim { size: 3 } } string_val: 'a' string_val: 'bc'");
  EXPECT_EQ(data.strings, (std::vector<std::string>{"a", "bc", "bc"}));
  // Lengths 1 and 2, then the bytes.
  data = decode("dtype: DT_STRING tensor_shape { dim { size: 2 } } tensor_content: '\\001\\002abc'");
  EXPECT_EQ(data.strings, (std::vector<std::string>{"a", "bc"}));
  EXPECT_TRUE(
      contains(problem("dtype: DT_STRING tensor_shape { dim { size: 2 } } tensor_content: '\\001\\005abc'"),
               "too short for its strings"));
}

TEST(TensorDecoder, DataMovesWithItsBytes) {
  TensorData first = decode("dtype: DT_BOOL tensor_shape { } bool_val: true");
  TensorData second = std::move(first);
  EXPECT_EQ(second.bytes.data(), second.owned.data());
  EXPECT_EQ(elements<uint8_t>(second), std::vector<uint8_t>{1});
}

TEST(TensorDecoder, RefusesWhatCannotBe) {
  auto expect = [](const char *tensor, const char *expected) {
    std::string text = problem(tensor);
    EXPECT_TRUE(contains(text, std::string("node w (Const): ") + expected)) << text;
  };
  expect("dtype: DT_HALF tensor_shape { dim { size: 1099511627776 } } half_val: [1, 2]",
         "shape [1099511627776]");
  expect("dtype: DT_RESOURCE tensor_shape { }", "constants of type resource are not supported");
  expect("dtype: DT_INT4 tensor_shape { } int_val: 1", "constants of type int4 are not supported");
  expect("dtype: DT_FLOAT_REF tensor_shape { }", "the constant has float32 reference");
  expect("dtype: DT_FLOAT tensor_shape { unknown_rank: true }", "a constant must have a known shape");
  expect("dtype: 77 tensor_shape { }", "the constant has dtype 77");
}

TEST(TensorDecoder, RefusesRanksBeyondTensorFlow) {
  proto::TensorProto tensor;
  tensor.set_dtype(proto::DT_FLOAT);
  for (int i = 0; i < 20000; ++i)
    tensor.mutable_tensor_shape()->add_dim()->set_size(1);
  EXPECT_TRUE(contains(message(decodeTensor(tensor, "node w (Const)")),
                       "node w (Const): rank 20000 is more than the supported maximum (TensorFlow: 254)"));
}

struct BadConstant {
  const char *name;
  const char *expected;
};

class DecodeBadConstant : public testing::TestWithParam<BadConstant> {};

TEST_P(DecodeBadConstant, SaysWhy) {
  auto model = llvm::cantFail(readModel(inputPath(GetParam().name)));
  std::string text;
  for (const proto::NodeDef &node : model->graph.node())
    if (const proto::AttrValue *value = findAttr(node, "value"))
      text += message(decodeTensor(value->tensor(), "node " + describeNode(node)));
  EXPECT_TRUE(contains(text, std::string("node w (Const): ") + GetParam().expected)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Files, DecodeBadConstant,
    testing::Values(BadConstant{"bad/const_length.pb",
                                "tensor_content has 13 bytes, shape [4,2] float32 needs 32"},
                    BadConstant{"bad/const_too_many_values.pb", "11 values for 8 elements"},
                    BadConstant{"bad/const_negative_dim.pb", "negative dimension -4 in a constant"},
                    BadConstant{"bad/shape_overflow.pb", "number of elements overflows"},
                    BadConstant{"bad/claimed_200MB.pb",
                                "tensor_content has 4 bytes, shape [25000000,2] float32 needs 200000000"}));

} // namespace

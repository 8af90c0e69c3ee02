//===- NodeAccessTest.cpp - Tensor names and attributes ------------------------===//

#include "Inputs.h"

using namespace tgc;
using namespace tgc::test;

namespace {

TEST(TensorName, OfGraphs) {
  auto name = parseTensorName("scope/node:3");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->node, "scope/node");
  EXPECT_EQ(name->index, 3);
  EXPECT_EQ(name->str(), "scope/node:3");
  EXPECT_EQ(parseTensorName("node")->str(), "node:0");
}

TEST(TensorName, OfControlEdges) {
  auto name = parseTensorName("^node");
  ASSERT_TRUE(name);
  EXPECT_TRUE(name->isControl);
  EXPECT_EQ(name->node, "node");
}

TEST(TensorName, OfFunctionBodies) {
  auto name = parseTensorName("node:values:2");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->node, "node");
  EXPECT_EQ(name->outputArg, "values");
  EXPECT_EQ(name->index, 2);
}

TEST(TensorName, RefusesOthers) {
  for (const char *text :
       {"", "^", ":0", "a:", "a:b", "a:-1", "a:99999999999", "^a:0", "a:b:c:0", "a::0", "a:0:"})
    EXPECT_FALSE(parseTensorName(text)) << text;
}

TEST(Attributes, OfTheRightKindOnly) {
  auto node =
      parse<proto::NodeDef>("attr { key: 'axis' value { i: 7 } } attr { key: 'T' value { type: DT_HALF } } "
                            "attr { key: 's' value { list { i: [1, 2] } } } "
                            "attr { key: 'shape' value { shape { dim { size: -1 } dim { size: 4 } } } }");
  EXPECT_EQ(getIntAttr(node, "axis", 1), 7);
  EXPECT_EQ(getIntAttr(node, "T", 1), 1);
  EXPECT_EQ(getIntAttr(node, "gone", 1), 1);
  EXPECT_EQ(getTypeAttr(node, "T"), proto::DT_HALF);
  EXPECT_EQ(getIntListAttr(node, "s"), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(shapeToString(getShapeAttr(node, "shape")), "[?,4]");
  EXPECT_EQ(shapeToString(getShapeAttr(node, "gone")), "[unknown rank]");
}

TEST(DataTypes, NamesAndSizes) {
  EXPECT_EQ(dataTypeName(proto::DT_BFLOAT16), "bfloat16");
  EXPECT_EQ(dataTypeName(proto::DT_FLOAT_REF), "float32 reference");
  EXPECT_EQ(dataTypeName(static_cast<proto::DataType>(77)), "dtype 77");
  EXPECT_EQ(withoutReference(proto::DT_INT64_REF), proto::DT_INT64);
  EXPECT_EQ(dataTypeSize(proto::DT_COMPLEX128), 16u);
  EXPECT_FALSE(isKnownDataType(proto::DT_INVALID));
}

} // namespace

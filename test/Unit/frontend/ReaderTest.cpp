//===- ReaderTest.cpp - Formats, and files that are none of them --------------===//
//
// Expectations about the inputs come from the programs that wrote them.
//
//===----------------------------------------------------------------------===//

#include "Inputs.h"

using namespace tgc;
using namespace tgc::test;

namespace {

struct BadFile {
  const char *name;
  const char *expected;
};

class ReadBadFile : public testing::TestWithParam<BadFile> {};

TEST_P(ReadBadFile, SaysWhy) {
  std::string path = inputPath(GetParam().name);
  std::string text = message(readModel(path));
  EXPECT_TRUE(contains(text, GetParam().expected)) << text;
  EXPECT_TRUE(contains(text, path)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Files, ReadBadFile,
    testing::Values(
        BadFile{"bad/truncated.pb", "length 82 of 'node' of GraphDef at byte 61 exceeds the file"},
        BadFile{"bad/truncated.pb", "unexpected end of file"},
        BadFile{"bad/garbage.pb", "not a GraphDef: malformed protobuf"},
        BadFile{"bad/huge_length_varint.pb", "length 4294967295 of 'node'"},
        BadFile{"bad/nested_protobuf_bomb.pb", "malformed protobuf"},
        BadFile{"bad/bad_text.pbtxt", "line 3, column 1"},
        BadFile{"bad/unknown_enum.pbtxt", "line 1, column 79: Unknown enumeration value of \"DT_FLOTA\""},
        BadFile{"bad/saved_model_no_tag", "SavedModel has no MetaGraph with tag serve"},
        BadFile{"bad/saved_model_garbage", "not a SavedModel: malformed protobuf"},
        BadFile{"bad/ckpt", "neither saved_model.pb nor saved_model.pbtxt"},
        BadFile{"bad/does_not_exist.pb", "no such file"}));

/// A length-delimited field on the wire. protobuf itself would refuse to nest as deep as these tests do.
std::string field(int number, const std::string &content) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  size_t length = content.size();
  for (; length >= 0x80; length >>= 7)
    out += static_cast<char>((length & 0x7f) | 0x80);
  return out + static_cast<char>(length) + content;
}

/// A map entry "a" -> `value`.
std::string entry(const std::string &value) { return field(1, "a") + field(2, value); }

/// A node with an attribute that is a function, with an attribute that is a function, ...
std::string nestedFunctions(int depth) {
  std::string value;
  for (int i = 0; i < depth; ++i)
    value = field(10, field(2, entry(value)));
  return field(1, field(2, "Op") + field(5, entry(value)));
}

TEST(Reader, RefusesDeepNesting) {
  std::string text = message(readModelFromBytes(nestedFunctions(2000), "deep.pb"));
  EXPECT_TRUE(contains(text, "nested too deeply")) << text;
}

TEST(Reader, RefusesDeepNestingInText) {
  std::string text = "node { attr { key: 'a' value {";
  for (int i = 0; i < 20000; ++i)
    text += " func { attr { key: 'a' value {";
  EXPECT_FALSE(message(readModelFromBytes(text, "deep.pbtxt")).empty());
}

TEST(Reader, ReadsGraphDef) {
  auto model = llvm::cantFail(readModel(inputPath("bad/good_reference.pb")));
  EXPECT_EQ(model->format, ModelFormat::GraphDefBinary);
  ASSERT_EQ(model->graph.node_size(), 3);
  EXPECT_EQ(model->graph.node(2).op(), "MatMul");
}

TEST(Reader, AcceptsTextUnderAnyName) {
  auto model = llvm::cantFail(readModel(inputPath("bad/text_in_pb.pb")));
  EXPECT_EQ(model->format, ModelFormat::GraphDefText);
  EXPECT_EQ(model->graph.node(0).op(), "Placeholder");
}

TEST(Reader, ReadsEmptyGraph) {
  auto model = llvm::cantFail(readModel(inputPath("bad/empty.pb")));
  EXPECT_EQ(model->graph.node_size(), 0);
}

TEST(Reader, SkipsFieldsItDoesNotKnow) {
  // Field 1000 of a node, in both forms.
  auto binary = llvm::cantFail(readModelFromBytes("\x0a\x0a\x0a\x01x\x12\x02Op\xc0\x3e\x05", "unknown.pb"));
  EXPECT_EQ(binary->graph.node(0).op(), "Op");
  auto text =
      llvm::cantFail(readModelFromBytes("node { name: 'x' op: 'Op' experimental_type { a: 1 } }", "u.pbtxt"));
  EXPECT_EQ(text->graph.node(0).name(), "x");
}

TEST(Reader, ReadsMetaGraph) {
  auto model = llvm::cantFail(readModel(inputPath("linreg.meta")));
  EXPECT_EQ(model->format, ModelFormat::MetaGraph);
  ASSERT_EQ(model->variables.size(), 8u);
  EXPECT_EQ(model->variables[0].name, "W:0");
  EXPECT_EQ(model->variables[0].initializerName, "W/Assign");
  EXPECT_EQ(model->variables[0].snapshotName, "W/read:0");
  EXPECT_TRUE(model->variables[1].trainable);
  EXPECT_FALSE(model->variables[2].trainable);
  EXPECT_EQ(model->nodeCollections["train_op"], std::vector<std::string>{"train"});
  ASSERT_TRUE(model->saver);
  EXPECT_EQ(model->saver->restore_op_name(), "save/restore_all");
  EXPECT_EQ(model->variableKeys["W/Adam_1"], "W/Adam_1");
}

TEST(Reader, ReadsSavedModel) {
  auto model = llvm::cantFail(readModel(inputPath("saved_model")));
  EXPECT_EQ(model->format, ModelFormat::SavedModel);
  EXPECT_EQ(model->tags, std::vector<std::string>{"serve"});
  EXPECT_EQ(model->checkpointPrefix, inputPath("saved_model/variables/variables"));
  EXPECT_EQ(model->initOp, "NoOp");
  ASSERT_EQ(model->signatures.size(), 2u);
  const Signature &serving = model->signatures[0];
  EXPECT_EQ(serving.name, "serving_default");
  EXPECT_EQ(serving.methodName, "tensorflow/serving/predict");
  ASSERT_EQ(serving.inputs.size(), 1u);
  EXPECT_EQ(serving.inputs[0].tensor, "serving_default_x:0");
  EXPECT_EQ(shapeToString(serving.inputs[0].shape), "[?,100]");
  EXPECT_EQ(serving.outputs[0].key, "probs");
  EXPECT_EQ(serving.outputs[0].dtype, proto::DT_FLOAT);
}

TEST(Reader, FindsKeysOfObjects) {
  auto model = llvm::cantFail(readModel(inputPath("saved_model")));
  EXPECT_EQ(model->variableKeys["dense/kernel"],
            "net/layer_with_weights-0/kernel/.ATTRIBUTES/VARIABLE_VALUE");
  EXPECT_EQ(model->variableKeys["dense_1/bias"], "net/layer_with_weights-1/bias/.ATTRIBUTES/VARIABLE_VALUE");
  EXPECT_EQ(model->variableKeys.size(), 4u);
}

TEST(Reader, ListsTagsThatExist) {
  ReadOptions options;
  options.tags = {"serve", "gpu"};
  std::string text = message(readModel(inputPath("saved_model"), options));
  EXPECT_TRUE(contains(text, "no MetaGraph with tags serve, gpu; it has [serve]")) << text;
}

} // namespace

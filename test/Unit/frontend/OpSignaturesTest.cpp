//===- OpSignaturesTest.cpp - Nodes against the tables of ops ------------------===//
//
// The graphs that TensorFlow wrote must agree with the tables in every type; the broken ones must not.
//
//===----------------------------------------------------------------------===//

#include "Inputs.h"

#include "frontend/GraphDef/OpSignatures.h"

using namespace tgc;
using namespace tgc::test;

namespace {

using Nodes = google::protobuf::RepeatedPtrField<proto::NodeDef>;

/// Types of all tensors of a graph or function, and of its arguments.
class TensorTypes {
public:
  TensorTypes(const Nodes &nodes, const proto::OpDef &signature) {
    for (const proto::NodeDef &node : nodes)
      byName[node.name()] = &node;
    for (const proto::OpDef::ArgDef &arg : signature.input_arg())
      arguments[arg.name()] = arg.type();
  }

  std::optional<proto::DataType> operator()(llvm::StringRef tensor) const {
    TensorName name = *parseTensorName(tensor);
    if (auto arg = arguments.find(name.node); arg != arguments.end())
      return arg->second;
    const proto::NodeDef *node = byName.lookup(name.node);
    const OpSignature *signature = node ? lookupOpSignature(node->op()) : nullptr;
    if (!signature)
      return std::nullopt;
    auto types = outputTypes(*node, *signature);
    if (!types) {
      llvm::consumeError(types.takeError());
      return std::nullopt;
    }
    int index = name.index;
    if (!name.outputArg.empty())
      index += llvm::cantFail(outputRange(*node, *signature, name.outputArg)).first;
    EXPECT_LT(index, static_cast<int>(types->size())) << tensor.str();
    return (*types)[index];
  }

private:
  llvm::StringMap<const proto::NodeDef *> byName;
  llvm::StringMap<proto::DataType> arguments;
};

std::string problemsOf(const Nodes &nodes, const proto::OpDef &arguments = {}) {
  TensorTypes types(nodes, arguments);
  std::string text;
  for (const proto::NodeDef &node : nodes) {
    const OpSignature *signature = lookupOpSignature(node.op());
    if (!signature) {
      text += "no signature of " + node.op() + "\n";
      continue;
    }
    text += message(checkNode(node, *signature, [&](int input) { return types(node.input(input)); }));
  }
  return text;
}

class CheckGoodModel : public testing::TestWithParam<const char *> {};

TEST_P(CheckGoodModel, AgreesInEveryType) {
  auto model = llvm::cantFail(readModel(inputPath(GetParam())));
  EXPECT_EQ(problemsOf(model->graph.node()), "");
  for (const proto::FunctionDef &function : model->graph.library().function())
    EXPECT_EQ(problemsOf(function.node_def(), function.signature()), "") << function.signature().name();
}

INSTANTIATE_TEST_SUITE_P(Files, CheckGoodModel,
                         testing::Values("bad/good_reference.pb", "bad/variable.pb", "linreg.meta",
                                         "saved_model"));

struct BadNode {
  const char *name;
  const char *expected;
};

class CheckBadNode : public testing::TestWithParam<BadNode> {};

TEST_P(CheckBadNode, SaysWhy) {
  auto model = llvm::cantFail(readModel(inputPath(GetParam().name)));
  std::string text = problemsOf(model->graph.node());
  EXPECT_TRUE(contains(text, GetParam().expected)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Files, CheckBadNode,
    testing::Values(
        BadNode{"bad/too_few_inputs.pb", "node y (MatMul): 2 inputs expected, 1 given"},
        BadNode{"bad/too_many_inputs.pb", "node y (MatMul): 2 inputs expected, 3 given"},
        BadNode{"bad/wrong_dtype_attr.pb", "node y (MatMul): attr T is int32 but input x is float32"},
        BadNode{"bad/missing_attr.pb", "node y (MatMul): required attr T is missing"},
        BadNode{"bad/placeholder_without_dtype.pb", "node x (Placeholder): required attr dtype is missing"},
        BadNode{"bad/const_dtype_disagrees.pb", "node w (Const): attr dtype float32, tensor dtype float64"},
        BadNode{"bad/conv_padding.pb", "padding SAMEISH is neither SAME nor VALID nor EXPLICIT"},
        BadNode{"bad/unsupported_ops.pb", "no signature of MyCustomOp"}));

TEST(OpSignatures, EveryRowIsReadable) {
  // Reading stops the program at a malformed row.
  std::vector<llvm::StringRef> ops = listOpSignatures();
  EXPECT_GT(ops.size(), 850u);
  for (llvm::StringRef op : ops) {
    const OpSignature *signature = lookupOpSignature(op);
    ASSERT_TRUE(signature) << op.str();
    EXPECT_EQ(signature->name, op);
  }
  EXPECT_EQ(lookupOpSignature("NoSuchOp"), nullptr);
}

TEST(OpSignatures, DefaultsAreApplied) {
  auto node = parse<proto::NodeDef>("name: 'y' op: 'Conv2D' attr { key: 'T' value { type: DT_FLOAT } }");
  const OpSignature *signature = lookupOpSignature("Conv2D");
  ASSERT_TRUE(signature);
  EXPECT_EQ(findAttrOrDefault(node, *signature, "data_format")->s(), "NHWC");
  EXPECT_EQ(findAttrOrDefault(node, *signature, "strides"), nullptr);
  addDefaultAttrs(node, *signature);
  EXPECT_EQ(getIntListAttr(node, "dilations"), (std::vector<int64_t>{1, 1, 1, 1}));
  EXPECT_TRUE(getBoolAttr(node, "use_cudnn_on_gpu", false));
}

TEST(OpSignatures, ListsAreUnrolled) {
  auto node = parse<proto::NodeDef>("name: 's' op: 'SparseSplit' attr { key: 'T' value { type: DT_HALF } } "
                                    "attr { key: 'num_split' value { i: 2 } }");
  const OpSignature *signature = lookupOpSignature("SparseSplit");
  auto types = llvm::cantFail(outputTypes(node, *signature));
  EXPECT_EQ(types, (llvm::SmallVector<proto::DataType>{proto::DT_INT64, proto::DT_INT64, proto::DT_HALF,
                                                       proto::DT_HALF, proto::DT_INT64, proto::DT_INT64}));
  OutputRange values = llvm::cantFail(outputRange(node, *signature, "output_values"));
  EXPECT_EQ(values.first, 2);
  EXPECT_EQ(values.count, 2);
}

TEST(OpSignatures, AbsurdNumbersAreRefused) {
  auto node = parse<proto::NodeDef>("name: 's' op: 'Split' attr { key: 'T' value { type: DT_HALF } } "
                                    "attr { key: 'num_split' value { i: 1000000000000 } }");
  EXPECT_TRUE(
      contains(message(outputTypes(node, *lookupOpSignature("Split"))), "attr num_split is 1000000000000"));
}

TEST(OpSignatures, ReferencesStayReferences) {
  auto node =
      parse<proto::NodeDef>("name: 'v' op: 'VariableV2' attr { key: 'dtype' value { type: DT_FLOAT } }");
  EXPECT_EQ(llvm::cantFail(outputTypes(node, *lookupOpSignature("VariableV2")))[0], proto::DT_FLOAT_REF);
  auto assign = parse<proto::NodeDef>(
      "name: 'a' op: 'Assign' input: 'x' input: 'x' attr { key: 'T' value { type: DT_FLOAT } }");
  std::string text =
      message(checkNode(assign, *lookupOpSignature("Assign"), [](int) { return proto::DT_FLOAT; }));
  EXPECT_TRUE(contains(text, "node a (Assign): input ref must be a variable, x is a value of type float32"))
      << text;
}

TEST(OpSignatures, KindsOfAttributesAreChecked) {
  auto node = parse<proto::NodeDef>("name: 'y' op: 'Neg' input: 'x' attr { key: 'T' value { i: 1 } }");
  std::string text = message(checkNode(node, *lookupOpSignature("Neg")));
  EXPECT_TRUE(contains(text, "node y (Neg): attr T is of kind int, type is expected")) << text;
}

} // namespace

//===- ValidateTest.cpp - Graphs that make no sense ----------------------------===//
//
// Each broken file has one problem; the message must name it.
//
//===----------------------------------------------------------------------===//

#include "Inputs.h"

using namespace tgc;
using namespace tgc::test;

namespace {

struct BadGraph {
  const char *name;
  const char *expected;
};

class ValidateBadGraph : public testing::TestWithParam<BadGraph> {};

TEST_P(ValidateBadGraph, SaysWhy) {
  auto model = llvm::cantFail(readModel(inputPath(GetParam().name)));
  std::string text = message(validateGraph(model->graph, model->path));
  EXPECT_TRUE(contains(text, model->path + ": " + GetParam().expected)) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Files, ValidateBadGraph,
    testing::Values(
        BadGraph{"bad/cycle.pb", "graph has a cycle through nodes a, b (without NextIteration)"},
        BadGraph{"bad/missing_input.pb", "node y (MatMul): input weights_that_are_missing does not exist"},
        BadGraph{"bad/missing_control_input.pb", "node y (MatMul): control input nowhere does not exist"},
        BadGraph{"bad/control_before_data.pb", "node y (MatMul): control input before data input"},
        BadGraph{"bad/unknown_dtype.pb",
                 "node x (Placeholder): attr dtype: dtype 77 is not a known data type"},
        BadGraph{"bad/duplicate_name.pb", "two nodes are named w"},
        BadGraph{"bad/illegal_name.pb", "illegal node name 'bad name!'"},
        BadGraph{"bad/min_consumer.pb", "graph requires a consumer of version 99999 or newer"},
        BadGraph{"bad/missing_function.pb",
                 "node y (PartitionedCall) calls function no_such_function, which is not in the library"},
        BadGraph{"bad/missing_function.meta",
                 "node y (PartitionedCall) calls function no_such_function, which is not in the library"},
        BadGraph{"bad/recursive_function.pb", "function no_such_function calls itself without end"},
        BadGraph{"bad/function_return_missing.pb",
                 "function no_such_function: return value b refers to node gone, which does not exist"}));

class ValidateGoodGraph : public testing::TestWithParam<const char *> {};

TEST_P(ValidateGoodGraph, HasNoProblem) {
  auto model = llvm::cantFail(readModel(inputPath(GetParam())));
  EXPECT_EQ(message(validateGraph(model->graph, model->path)), "");
}

INSTANTIATE_TEST_SUITE_P(Files, ValidateGoodGraph,
                         testing::Values("bad/good_reference.pb", "bad/variable.pb",
                                         "bad/placeholder_without_shape.pb", "linreg.meta", "saved_model"));

std::string problemsOf(const char *text) {
  return message(validateGraph(parse<proto::GraphDef>(text), "g.pb"));
}

TEST(Validate, JoinsAllProblems) {
  std::string text =
      problemsOf("node { name: 'a' op: 'Neg' input: 'b' } node { name: 'c' op: 'Neg' input: 'd:x' }");
  EXPECT_TRUE(contains(text, "node a (Neg): input b does not exist")) << text;
  EXPECT_TRUE(contains(text, "node c (Neg): 'd:x' is not the name of a tensor")) << text;
}

TEST(Validate, AllowsLoopsThroughNextIteration) {
  EXPECT_EQ(
      problemsOf(
          "node { name: 'm' op: 'Merge' input: 'n' } node { name: 'n' op: 'NextIteration' input: 'm' }"),
      "");
}

TEST(Validate, IgnoresFunctionsThatNothingCalls) {
  EXPECT_EQ(problemsOf("node { name: 'a' op: 'NoOp' } library { function { signature { name: 'f' } "
                       "node_def { name: 'x' op: 'Neg' input: 'gone' } } }"),
            "");
}

TEST(Validate, FollowsCallsByOpName) {
  std::string text = problemsOf("node { name: 'a' op: 'f' } library { function { signature { name: 'f' } "
                                "node_def { name: 'x' op: 'Neg' input: 'gone' } } }");
  EXPECT_TRUE(contains(text, "function f: node x (Neg): input gone does not exist")) << text;
}

TEST(Validate, SurvivesDeepChains) {
  proto::GraphDef graph;
  for (int i = 0; i < 200000; ++i) {
    proto::NodeDef &node = *graph.add_node();
    node.set_name("n" + std::to_string(i));
    node.set_op("Neg");
    if (i != 0)
      node.add_input("n" + std::to_string(i - 1));
  }
  EXPECT_EQ(message(validateGraph(graph, "chain.pb")), "");
  graph.mutable_node(0)->add_input("n199999");
  std::string text = message(validateGraph(graph, "chain.pb"));
  EXPECT_TRUE(contains(text, "graph has a cycle through nodes n0, n1")) << text;
}

} // namespace

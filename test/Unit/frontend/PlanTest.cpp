//===- PlanTest.cpp - Conditions of TensorFlow's first control flow ---------===//

#include "FlowGraphText.h"

using namespace tgc::test;

namespace {

TEST(Plan, WithoutControlFlowIsFlat) {
  EXPECT_EQ(FlowGraphText("x Placeholder\n a Neg x\n b Neg x\n c Add a b").plan("c"), "x\na\nb\nc\n");
}

TEST(Plan, PivotAndPredicateIdAreOnePredicate) {
  // What tf.cond writes: the pivots are of p, the captured values of p's Identity.
  EXPECT_EQ(FlowGraphText(R"(
  p Placeholder
  x Placeholder
  pivot Switch p p
  t Identity pivot:1
  f Identity pivot
  id Identity p
  xs Switch x id
  two Const ^t
  mul Mul xs:1 two
  three Const ^f
  add Add xs three
  out Merge add mul
)")
                .plan("out"),
            R"(two
three
p
x
pivot
id
xs
if p == 0
  f
  add
if p == 1
  t
  mul
merge out = add mul
)");
}

TEST(Plan, Nested) {
  EXPECT_EQ(FlowGraphText(R"(
  p Placeholder
  q Placeholder
  x Placeholder
  xs Switch x p
  qs Switch q p
  inner Switch xs:1 qs:1
  a Neg inner
  b Abs inner:1
  m Merge a b
  c Exp xs
  out Merge c m
)")
                .plan("out"),
            R"(p
q
x
xs
qs
if p == 0
  c
if p == 1
  inner
  if qs:1 == 0
    a
  if qs:1 == 1
    b
  merge m = a b
merge out = c m
)");
}

TEST(Plan, MergeOfThree) {
  EXPECT_EQ(FlowGraphText(R"(
  p Placeholder
  q Placeholder
  x Placeholder
  xs Switch x p
  qs Switch q p
  inner Switch xs:1 qs:1
  out Merge xs inner inner:1
  y Identity out:1
)")
                .plan("y"),
            R"(p
q
x
xs
qs
if p == 0
if p == 1
  inner
  if qs:1 == 0
  if qs:1 == 1
  merge out = inner inner:1
merge out = xs out
y
)");
}

TEST(Plan, MergeOfUnrelatedPredicates) {
  // Where p does not give the value, q may; whether it does the run shows.
  EXPECT_EQ(FlowGraphText(R"(
  p Placeholder
  q Placeholder
  x Placeholder
  s Switch x p
  u Switch x q
  m Merge s:1 u:1
)")
                .plan("m"),
            R"(p
q
x
s
u
if p == 0
  if q == 0
  if q == 1
  merge m = - u:1
if p == 1
merge m = m s:1
)");
}

TEST(Plan, MergeOfOneSideOfAnInnerPredicate) {
  // Nothing comes from where q chooses the other output; the run shows whether it does.
  EXPECT_EQ(FlowGraphText(R"(
  p Placeholder
  q Placeholder
  x Placeholder
  s Switch x p
  u Switch s:1 q
  m Merge s u
)")
                .plan("m"),
            R"(p
q
x
s
if p == 0
if p == 1
  u
  if q == 0
  if q == 1
  merge m = u -
merge m = s m
)");
}

TEST(Plan, NegatedPredicateIsTheOtherSide) {
  EXPECT_EQ(FlowGraphText("p Placeholder\n x Placeholder\n n LogicalNot p\n a Switch x p\n b Switch x n\n na "
                          "Neg a:1\n out Merge na b:1")
                .plan("out"),
            R"(p
x
n
a
b
if p == 0
if p == 1
  na
merge out = b:1 na
)");
}

TEST(Plan, GradientUsesValuesOfTheBranch) {
  // The second condition of the same predicate takes `e` from the branch of the first.
  EXPECT_EQ(FlowGraphText(R"(
  p Placeholder
  x Placeholder
  xs Switch x p
  e Exp xs:1
  m Merge xs e
  g Square m
  gs Switch g p
  ge Mul gs:1 e
  out Merge gs ge
)")
                .plan("out"),
            R"(p
x
xs
if p == 0
if p == 1
  e
merge m = xs e
export e = - e
g
gs
if p == 0
if p == 1
  ge
merge out = gs ge
)");
}

TEST(Plan, ConditionsOfOnePredicateInARow) {
  // Constants and pivots of the second do not draw it into the first.
  EXPECT_EQ(FlowGraphText(R"(
  p Placeholder
  x Placeholder
  pivot Switch p p
  t Identity pivot:1
  early Range ^t
  xs Switch x p
  a Neg xs:1
  m Merge xs a
  h Exp m
  hs Switch h p
  b Mul hs:1 early
  out Merge hs b
)")
                .plan("out"),
            R"(p
x
pivot
xs
if p == 0
if p == 1
  a
merge m = xs a
h
hs
if p == 0
if p == 1
  t
  early
  b
merge out = hs b
)");
}

TEST(Plan, FetchInABranchIsChecked) {
  EXPECT_EQ(
      FlowGraphText("p Placeholder\n q Placeholder\n x Placeholder\n s Switch x p\n u Switch s:1 q\n y Neg u")
          .plan("x,y"),
      R"(p
q
x
s
if p == 0
if p == 1
  u
  if q == 0
    y
  if q == 1
  export y = y -
  check fetch 1: q == 0
export y = - y
check fetch 1: p == 1
)");
}

TEST(Plan, UpdatesStayInTheirBranchAndComeLate) {
  EXPECT_EQ(FlowGraphText(R"(
  p Placeholder
  x Placeholder
  v VariableV2
  vs RefSwitch v p
  xs Switch x p
  up Assign vs:1 xs:1
  read Identity v
  y Neg read
)")
                .plan("y", "", "up"),
            R"(p
x
v
vs
xs
read
y
if p == 0
if p == 1
  up
)");
}

TEST(Plan, FeedCutsInsideABranch) {
  EXPECT_EQ(
      FlowGraphText("p Placeholder\n x Placeholder\n s Switch x p\n a Neg s:1\n b Exp a\n out Merge s b")
          .plan("out", "a:0"),
      "p\nx\ns\nb\nout\n");
}

TEST(Plan, FeedOfASwitch) {
  EXPECT_EQ(
      FlowGraphText("p Placeholder\n x Placeholder\n s Switch x p\n a Neg s:1\n b Exp a").plan("b", "s:1"),
      "a\nb\n");
}

/// Conditions inside of one another, and a value that passes out through all of them.
std::string nestedGraph(int depth) {
  std::string text = "x Placeholder\n";
  std::string value = "x";
  for (int i = 0; i < depth; ++i) {
    std::string n = std::to_string(i);
    text += "p" + n + " Test " + value + "\ns" + n + " Switch " + value + " p" + n + "\n";
    value = "s" + n + ":1";
  }
  for (int i = depth; i-- > 0;) {
    std::string n = std::to_string(i);
    text += "m" + n + " Merge s" + n + " " + value + "\n";
    value = "m" + n;
  }
  return text + "out Identity " + value + "\n";
}

TEST(Plan, DeeplyNested) {
  std::string plan = FlowGraphText(nestedGraph(400)).plan("out");
  EXPECT_NE(plan.find(std::string(2 * 399, ' ') + "merge m399 = s399 s399:1"), std::string::npos);
  EXPECT_EQ(FlowGraphText(nestedGraph(2000)).plan("out"),
            "node s1000 (Switch): conditions are nested more than 1000 deep");
}

TEST(Plan, LongLoopBody) {
  std::string text =
      "x Placeholder\ne Enter x frame=f\nm Merge e n\nt Test m\ngo LoopCond t\ns Switch m go\n";
  std::string value = "s:1";
  for (int i = 0; i < 20000; ++i) {
    text += "a" + std::to_string(i) + " Neg " + value + "\n";
    value = "a" + std::to_string(i);
  }
  std::string plan = FlowGraphText(text + "n NextIteration " + value + "\ny Exit s").plan("y");
  EXPECT_EQ(llvm::StringRef(plan).count('\n'), 20000u + 11);
}

struct BadCondition {
  const char *name;
  const char *graph;
  const char *fetch;
  const char *message;
};

class BadConditions : public testing::TestWithParam<BadCondition> {};

TEST_P(BadConditions, SaysWhy) {
  EXPECT_EQ(FlowGraphText(GetParam().graph).plan(GetParam().fetch), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Graphs, BadConditions,
    testing::Values(BadCondition{"SwitchWithoutPredicate", "x Placeholder\n s Switch x", "s",
                                 "node s (Switch): exactly 2 inputs are expected, 1 given"},
                    BadCondition{"MergeOfNothing", "m Merge", "m",
                                 "node m (Merge): at least 1 input is expected, 0 given"},
                    BadCondition{"ExcludedInputs",
                                 "p Placeholder\n x Placeholder\n s Switch x p\n y Add s s:1", "y",
                                 "fetch y:0: node y (Add) never runs, since its inputs exclude each other"}),
    [](const testing::TestParamInfo<BadCondition> &info) { return std::string(info.param.name); });

} // namespace

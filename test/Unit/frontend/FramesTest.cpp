//===- FramesTest.cpp - Loops of TensorFlow's first control flow ------------===//

#include "FlowGraphText.h"

using namespace tgc::test;

namespace {

/// while i < n: i = i + one; n and one are loop invariants.
constexpr const char *kCount = R"(
  n Placeholder
  zero Const
  enter Enter zero frame=f
  limit Enter n frame=f constant
  i Merge enter next
  less Less i limit
  go LoopCond less
  s Switch i go
  body Identity s:1
  one Const ^body
  add Add body one
  next NextIteration add
  exit Exit s
)";

TEST(Frames, LoopWithInvariants) {
  EXPECT_EQ(FlowGraphText(kCount).plan("exit"), R"(zero
one
n
loop f carries i
condition
  less
  go
body
  s
  body
  add
  next
after
  s
  exit
)");
}

TEST(Frames, ExitsThatNobodyUsesAreNotCarried) {
  std::string graph = std::string(kCount) + R"(
  enter2 Enter n frame=f
  x Merge enter2 next2
  s2 Switch x go
  twice Add s2:1 s2:1
  next2 NextIteration twice
  exit2 Exit s2
)";
  std::string plan = FlowGraphText(graph).plan("exit");
  EXPECT_EQ(plan.find("next2"), std::string::npos) << plan;
  plan = FlowGraphText(graph).plan("exit,exit2");
  EXPECT_NE(plan.find("carries i x"), std::string::npos) << plan;
}

TEST(Frames, BodyRepeatsWhatItUsesOfTheCondition) {
  EXPECT_EQ(FlowGraphText(R"(
  x Placeholder
  enter Enter x frame=f
  i Merge enter next
  square Mul i i
  less Less square i
  go LoopCond less
  s Switch i go
  add Add s:1 square
  next NextIteration add
  exit Exit s
)")
                .plan("exit"),
            R"(x
loop f carries i
condition
  square
  less
  go
body
  square
  s
  add
  next
after
  s
  exit
)");
}

TEST(Frames, BodyTakesEffectsOfTheCondition) {
  // The update happens once per turn: the body does not repeat it.
  EXPECT_EQ(FlowGraphText(R"(
  x Placeholder
  v VariableV2
  e Enter x frame=f
  ev RefEnter v frame=f constant
  m Merge e n
  up AssignAdd ev m
  t Less m up
  go LoopCond t
  s Switch m go
  a Add s:1 up
  n NextIteration a
  y Exit s
)")
                .plan("y"),
            R"(x
v
loop f carries m
condition
  up
  t
  go
body
  s
  a
  n
after
  s
  y
)");
}

TEST(Frames, EqualNamesInDifferentParents) {
  // Two loops inside of one another and both called f.
  EXPECT_EQ(FlowGraphText(R"(
  x Placeholder
  c Const
  e Enter x frame=f
  m Merge e n
  lc Enter c frame=f constant
  less Less m lc
  go LoopCond less
  s Switch m go
  ie Enter s:1 frame=f
  im Merge ie in
  ilc Enter c frame=f constant
  ic Enter lc frame=f constant
  iless Less im ic
  igo LoopCond iless
  is Switch im igo
  iadd Add is:1 is:1
  in NextIteration iadd
  iexit Exit is
  n NextIteration iexit
  exit Exit s
)")
                .plan("exit"),
            R"(c
x
loop f carries m
condition
  less
  go
body
  s
  loop f carries im
  condition
    iless
    igo
  body
    is
    iadd
    in
  after
    is
    iexit
  n
after
  s
  exit
)");
}

TEST(Frames, NextIterationOfAnInvariant) {
  EXPECT_EQ(FlowGraphText(R"(
  x Placeholder
  y Placeholder
  e Enter x frame=f
  ey Enter y frame=f constant
  m Merge e n
  less Less m ey
  go LoopCond less
  s Switch m go
  pivot Identity s:1
  n NextIteration ey ^pivot
  exit Exit s
)")
                .plan("exit"),
            R"(x
y
loop f carries m
condition
  less
  go
body
  s
  pivot
  n
after
  s
  exit
)");
}

TEST(Frames, LoopInsideABranch) {
  EXPECT_EQ(FlowGraphText(R"(
  x Placeholder
  p Placeholder
  sw Switch x p
  e Enter sw:1 frame=f
  m Merge e n
  test Test m
  go LoopCond test
  s Switch m go
  add Add s:1 s:1
  n NextIteration add
  exit Exit s
  out Merge sw exit
)")
                .plan("out"),
            R"(x
p
sw
if p == 0
if p == 1
  loop f carries m
  condition
    test
    go
  body
    s
    add
    n
  after
    s
    exit
merge out = sw exit
)");
}

TEST(Frames, ConditionInsideALoop) {
  EXPECT_EQ(FlowGraphText(R"(
  x Placeholder
  e Enter x frame=f
  m Merge e n
  test Test m
  go LoopCond test
  s Switch m go
  p Odd s:1
  b Switch s:1 p
  t Neg b:1
  j Merge b t
  n NextIteration j
  exit Exit s
)")
                .plan("exit"),
            R"(x
loop f carries m
condition
  test
  go
body
  s
  p
  b
  if p == 0
  if p == 1
    t
  merge j = b t
  n
after
  s
  exit
)");
}

struct BadLoop {
  const char *name;
  const char *graph;
  const char *fetch;
  const char *message;
};

class BadFrames : public testing::TestWithParam<BadLoop> {};

TEST_P(BadFrames, SaysWhy) {
  EXPECT_EQ(FlowGraphText(GetParam().graph).plan(GetParam().fetch), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Loops, BadFrames,
    testing::Values(
        BadLoop{"ExitWithoutEnter", "x Placeholder\n y Exit x", "y",
                "node y (Exit) is outside of all loops: no Enter leads to it"},
        BadLoop{"NoMerge", "x Placeholder\n p Const\n e Enter x frame=f\n s Switch e p\n y Exit s", "y",
                "loop frame f has Enter (e) and Exit (y) but no Merge/NextIteration/LoopCond"},
        BadLoop{"MergeOfThree",
                "x Placeholder\n e Enter x frame=f\n e2 Enter x frame=f\n m Merge e e2 n\n t Test m\n go "
                "LoopCond t\n s Switch m go\n"
                "n NextIteration s:1\n y Exit s",
                "y",
                "node m (Merge) starts a turn of loop frame f and has 3 inputs; one Enter and one "
                "NextIteration are expected"},
        BadLoop{"CycleWithoutNextIteration", "x Placeholder\n m Merge x a\n a Add m m", "a",
                "the graph has a cycle through nodes m, a (without NextIteration)"},
        BadLoop{"TwoFrameNames",
                "x Placeholder\n e Enter x frame=f\n e2 Enter x frame=g\n m Merge e n\n t Less m e2\n go "
                "LoopCond t\n s Switch m go\n"
                "n NextIteration s:1\n y Exit s",
                "y",
                "node t (Less) has inputs from different loop frames: m (Merge) is in loop frame f, e2 "
                "(Enter) is in loop frame g; a value "
                "comes into a frame by Enter and leaves it by Exit"},
        BadLoop{"NoLoopCond",
                "x Placeholder\n e Enter x frame=f\n m Merge e n\n t Test m\n s Switch m t\n n NextIteration "
                "s:1\n y Exit s",
                "y", "loop frame f has Enter (e) and Exit (y) but no LoopCond"},
        BadLoop{"TwoLoopConds",
                "x Placeholder\n e Enter x frame=f\n m Merge e n\n t Test m\n go LoopCond t\n go2 LoopCond "
                "t\n s Switch m go\n"
                "a Add s:1 s2:1\n n NextIteration a\n s2 Switch m go2\n y Exit s",
                "y", "loop frame f has two conditions, go and go2; two loops need frames of different names"},
        BadLoop{"MissingExit",
                "x Placeholder\n e Enter x frame=f\n m Merge e n\n t Test m\n go LoopCond t\n s Switch m "
                "go\n n NextIteration s:1\n"
                "y Identity s",
                "y",
                "node y (Identity) is inside of loop frame f and is asked for outside of it (missing Exit)"},
        BadLoop{"MissingEnter",
                "x Placeholder\n w Placeholder\n e Enter x frame=f\n m Merge e n\n t Less m w\n go LoopCond "
                "t\n s Switch m go\n"
                "n NextIteration s:1\n y Exit s",
                "y",
                "node t (Less) has inputs from different loop frames: m (Merge) is in loop frame f, w "
                "(Placeholder) is outside of all "
                "loops; a value comes into a frame by Enter and leaves it by Exit"},
        BadLoop{"MissingNextIteration",
                "x Placeholder\n e Enter x frame=f\n m Merge e x2\n x2 Enter x frame=f\n t Test m\n go "
                "LoopCond t\n s Switch m go\n y Exit s",
                "y",
                "node m (Merge) has the Enter x2 but no NextIteration; a loop carries a value by a Merge of "
                "both"},
        BadLoop{"ConditionalNextIteration",
                "x Placeholder\n e Enter x frame=f\n m Merge e n\n t Test m\n go LoopCond t\n s Switch m "
                "go\n p Odd s:1\n b Switch s:1 p\n"
                "n NextIteration b:1\n y Exit s",
                "y",
                "node n (NextIteration) takes b (Switch), which is there only in a branch in the turns of "
                "loop frame f"},
        BadLoop{"ResultBeforeItsLoop",
                "x Placeholder\n e Enter x frame=f\n ey Enter y frame=f constant\n m Merge e n\n t Test m\n "
                "go LoopCond t\n s Switch m go\n"
                "a Add s:1 ey\n n NextIteration a\n y Exit s",
                "y", "loop frame f needs a value that depends on its own result (Enter e)"}),
    [](const testing::TestParamInfo<BadLoop> &info) { return std::string(info.param.name); });

} // namespace

//===- WarpTest.cpp - Lanes together: shuffles, votes, divergence -------------===//
#include "test/Unit/tools/ptx/Harness.h"

using namespace tgc::ptx;

static std::vector<uint32_t> iota(unsigned n) {
  std::vector<uint32_t> values(n);
  for (unsigned i = 0; i < n; ++i)
    values[i] = i;
  return values;
}

template <typename F> static void expectLanes(const std::string &body, F want) {
  auto got = evaluate<uint32_t>(body, iota(64));
  for (unsigned i = 0; i < 64; ++i)
    EXPECT_EQ(got[i], uint32_t(want(i % 32, i))) << body << " lane " << i;
}

TEST(PtxWarp, Shuffles) {
  expectLanes("shfl.sync.bfly.b32 %d, %a, 5, 31, -1;",
              [](unsigned l, unsigned i) { return i - l + (l ^ 5); });
  expectLanes("shfl.sync.down.b32 %d, %a, 3, 31, -1;",
              [](unsigned l, unsigned i) { return l + 3 < 32 ? i + 3 : i; });
  expectLanes("shfl.sync.up.b32 %d, %a, 3, 0, -1;",
              [](unsigned l, unsigned i) { return l >= 3 ? i - 3 : i; });
  // Segments of 8 lanes: c holds 31 - 7 in its upper field.
  expectLanes("shfl.sync.idx.b32 %d, %a, 2, 0x181F, -1;", [](unsigned, unsigned i) { return i / 8 * 8 + 2; });
  expectLanes("shfl.sync.down.b32 %t|%p, %a, 1, 31, -1;\nselp.b32 %d, 1, 0, %p;",
              [](unsigned l, unsigned) { return l < 31; });
}

TEST(PtxWarp, VotesMatchesReductions) {
  expectLanes("setp.lt.u32 %p, %a, 40;\nvote.sync.ballot.b32 %d, %p, -1;",
              [](unsigned, unsigned i) { return i < 32 ? ~0u : 0xFFu; });
  expectLanes("setp.lt.u32 %p, %a, 40;\nvote.sync.all.pred %q, %p, -1;\nselp.b32 %d, 1, 0, %q;",
              [](unsigned, unsigned i) { return i < 32; });
  expectLanes("setp.lt.u32 %p, %a, 40;\nvote.sync.any.pred %q, !%p, -1;\nselp.b32 %d, 1, 0, %q;",
              [](unsigned, unsigned i) { return i >= 32; });
  expectLanes("redux.sync.add.u32 %d, %a, -1;",
              [](unsigned, unsigned i) { return i < 32 ? 31 * 16 : 31 * 16 + 32 * 32; });
  expectLanes("and.b32 %t, %a, 1;\nmatch.any.sync.b32 %d, %t, -1;",
              [](unsigned l, unsigned) { return l & 1 ? 0xAAAAAAAA : 0x55555555; });
  // elect.sync chooses one lane.
  expectLanes("elect.sync %t|%p, -1;\nvote.sync.ballot.b32 %d, %p, -1;\npopc.b32 %d, %d;",
              [](unsigned, unsigned) { return 1; });
}

TEST(PtxWarp, PartsAndMeetsAgain) {
  // Lanes below 7 take a longer way; all are together again after it.
  expectLanes("setp.lt.u32 %p, %a, 7;\n@%p bra LESS;\nmov.u32 %d, 1;\nbra DONE;\nLESS:\nmov.u32 %d, 2;\n"
              "activemask.b32 %t;\nadd.u32 %d, %d, %t;\nDONE:\nactivemask.b32 %t;\npopc.b32 %t, %t;\n"
              "mad.lo.u32 %d, %t, 1000, %d;",
              [](unsigned, unsigned i) { return i < 7 ? 32000 + 2 + 0x7F : 32001; });
  // A loop that each lane leaves after another number of turns: sums 0 + 1 + ... + lane.
  expectLanes("mov.u32 %d, 0;\nmov.u32 %t, 0;\nLOOP:\nadd.u32 %d, %d, %t;\nadd.u32 %t, %t, 1;\n"
              "setp.le.u32 %p, %t, %a;\n@%p bra LOOP;\nactivemask.b32 %t;\nsetp.eq.u32 %q, %t, -1;\n"
              "@!%q mov.u32 %d, 9999;",
              [](unsigned, unsigned i) { return i * (i + 1) / 2; });
}

TEST(PtxWarp, SyncOfLanesInDifferentPlaces) {
  // Both sides of a branch meet in bar.warp.sync at two places.
  EXPECT_EQ(
      runBody(
          ".visible .entry k()\n{\n.reg .pred %p;\n.reg .b32 %l;\nmov.u32 %l, %laneid;\n"
          "setp.lt.u32 %p, %l, 9;\n@%p bra A;\nbar.warp.sync -1;\nbra B;\nA:\nbar.warp.sync -1;\nB:\nret;\n}",
          32),
      "");
  // One side never comes: nothing can go on.
  std::string error =
      runBody(".visible .entry k()\n{\n.reg .pred %p, %q;\n.reg .b32 %l, %t;\nmov.u32 %l, %laneid;\n"
              "setp.lt.u32 %p, %l, 9;\n@%p bra A;\nshfl.sync.idx.b32 %t, %l, 0, 31, -1;\nbra B;\nA:\n"
              "vote.sync.any.pred %q, %p, -1;\nB:\nret;\n}",
              32);
  EXPECT_NE(error.find("deadlock"), std::string::npos) << error;
  error =
      runBody(".visible .entry k()\n{\n.reg .b32 %t;\nshfl.sync.idx.b32 %t, 1, 0, 31, 0xFF;\nret;\n}", 32);
  EXPECT_NE(error.find("lane 8"), std::string::npos) << error;
}

TEST(PtxWarp, AtomicsOfAllLanes) {
  Device device;
  std::vector<uint32_t> cells{0, 100, 0, 7};
  std::vector<float> sum{0};
  LaunchConfig config;
  config.block = {96, 1, 1};
  config.grid = {3, 1, 1};
  std::string error = launchText(
      ".visible .entry k(.param .u64 c, .param .u64 f)\n{\n.reg .b64 %c, %f;\n.reg .b32 %t, %o, %id;\n"
      "ld.param.u64 %c, [c];\nld.param.u64 %f, [f];\nmov.u32 %t, %tid.x;\nmov.u32 %id, %ctaid.x;\n"
      "mad.lo.u32 %id, %id, 96, %t;\natom.global.add.u32 %o, [%c], 2;\nred.global.min.u32 [%c+4], %id;\n"
      "red.global.max.u32 [%c+8], %id;\natom.global.inc.u32 %o, [%c+12], 9;\nred.global.add.f32 [%f], "
      "0f3F000000;\n"
      "ret;\n}",
      config,
      {KernelArgument::of(device.map(cells.data(), 16, "c", false)),
       KernelArgument::of(device.map(sum.data(), 4, "f", false))},
      device);
  EXPECT_EQ(error, "");
  EXPECT_EQ(cells[0], 576u);
  EXPECT_EQ(cells[1], 0u);
  EXPECT_EQ(cells[2], 287u);
  EXPECT_EQ(cells[3], (7u + 288) % 10);
  EXPECT_EQ(sum[0], 144.0f);
}

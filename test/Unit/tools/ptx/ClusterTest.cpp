//===- ClusterTest.cpp - Blocks of a cluster, plain bulk copies, multicast ----===//
#include "test/Unit/tools/ptx/Harness.h"
#include <numeric>

using namespace tgc::ptx;

namespace {
struct Outcome {
  std::string error;
  std::vector<uint32_t> y;
};
} // namespace

/// Two blocks of 32 threads in a cluster; x and y have 64 words each. %i is the lane, %r the rank, %s the
/// tile's address, %m the mbarrier's; %o points to the block's half of y.
static Outcome runCluster(const std::string &body, uint64_t seed) {
  Device device;
  std::vector<uint32_t> x(64);
  Outcome run;
  run.y.assign(64, 0);
  std::iota(x.begin(), x.end(), 1000);
  LaunchConfig config;
  config.grid = config.cluster = {2, 1, 1};
  config.block = {32, 1, 1};
  config.seed = seed;
  run.error = launchText(
      ".visible .entry k(.param .u64 x, .param .u64 y)\n{\n.shared .align 128 .b8 tile[256];\n.shared .align "
      "8 .b64 bar;\n"
      ".reg .pred %p, %q;\n.reg .b16 %h;\n.reg .b32 %i, %r, %s, %m, %v, %w, %peer;\n.reg .b64 %x, %y, %o;\n"
      "ld.param.u64 %x, [x];\nld.param.u64 %y, [y];\nmov.u32 %i, %tid.x;\nmov.u32 %r, %cluster_ctarank;\n"
      "mov.u32 %s, tile;\nmov.u32 %m, bar;\nxor.b32 %peer, %r, 1;\nmad.lo.u32 %v, %r, 32, %i;\n"
      "mad.wide.u32 %o, %v, 4, %y;\nsetp.eq.u32 %p, %i, 0;\n" +
          body + "\nret;\n}",
      config,
      {KernelArgument::of(device.map(x.data(), 256, "x", true)),
       KernelArgument::of(device.map(run.y.data(), 256, "y", false))},
      device);
  return run;
}

static const std::string kMeet = "barrier.cluster.arrive.aligned;\nbarrier.cluster.wait.aligned;\n";

TEST(PtxCluster, BlocksWriteIntoEachOther) {
  std::string write =
      "mapa.shared::cluster.u32 %w, %s, %peer;\nmad.lo.u32 %w, %i, 4, %w;\nmad.lo.u32 %v, %r, 100, %i;\n"
      "st.shared::cluster.u32 [%w], %v;\n";
  std::string read = "mad.lo.u32 %w, %i, 4, %s;\nld.shared.u32 %v, [%w];\nst.global.u32 [%o], %v;";
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Outcome run = runCluster(kMeet + write + kMeet + read, seed);
    EXPECT_EQ(run.error, "");
    for (unsigned i = 0; i < 64; ++i)
      EXPECT_EQ(run.y[i], (i < 32 ? 100 : 0) + i % 32);
  }
  // Whichever block comes first, it is a race.
  for (uint64_t seed = 0; seed < 6; ++seed)
    EXPECT_NE(runCluster(write + read, seed).error.find("race"), std::string::npos);
}

TEST(PtxCluster, MulticastReachesBothAndCountsInBoth) {
  std::string begin = "@%p mbarrier.init.shared.b64 [%m], 1;\n@%p fence.proxy.async;\n@%p "
                      "mbarrier.arrive.expect_tx.shared.b64 "
                      "_, [%m], 256;\n" +
                      kMeet;
  std::string copy =
      "mov.u16 %h, 3;\nsetp.eq.and.u32 %q, %r, 0, %p;\n@%q cp.async.bulk.shared::cluster.global."
      "mbarrier::complete_tx::bytes.multicast::cluster [%s], [%x], 256, [%m], %h;\n";
  std::string wait = "W:\nmbarrier.try_wait.parity.shared.b64 %q, [%m], 0;\n@!%q bra W;\n";
  std::string read = "mad.lo.u32 %w, %i, 8, %s;\nld.shared.u32 %v, [%w];\nst.global.u32 [%o], %v;";
  for (uint64_t seed = 0; seed < 6; ++seed) {
    Outcome run = runCluster(begin + copy + wait + read, seed);
    EXPECT_EQ(run.error, "");
    for (unsigned i = 0; i < 64; ++i)
      EXPECT_EQ(run.y[i], 1000 + 2 * (i % 32));
    // Without the wait a block reads what is not there yet, or ends before it is.
    std::string unready = runCluster(begin + copy + read, seed).error;
    EXPECT_TRUE(unready.find("race") != std::string::npos || unready.find("has ended") != std::string::npos)
        << unready;
    // Bytes that nobody sends are waited for in vain.
    std::string error = runCluster(begin + wait + read, seed).error;
    EXPECT_NE(error.find("deadlock"), std::string::npos) << error;
    EXPECT_NE(error.find("256 bytes missing"), std::string::npos) << error;
  }
}

TEST(PtxCluster, BulkStoresNeedTheProxyFence) {
  std::string write = "mad.lo.u32 %w, %i, 4, %s;\nmad.lo.u32 %v, %r, 7, %i;\nst.shared.u32 [%w], %v;\n";
  std::string store =
      "bar.sync 0;\nmul.lo.u32 %w, %r, 128;\ncvt.u64.u32 %x, %w;\nadd.s64 %y, %y, %x;\n"
      "@%p cp.async.bulk.global.shared::cta.bulk_group [%y], [%s], 128;\n@%p cp.async.bulk.commit_group;\n";
  std::string wait = "@%p cp.async.bulk.wait_group.read 0;\nbar.sync 0;\n";
  for (uint64_t seed = 0; seed < 4; ++seed) {
    Outcome run = runCluster(write + "fence.proxy.async;\n" + store + wait + write, seed);
    EXPECT_EQ(run.error, "");
    for (unsigned i = 0; i < 64; ++i)
      EXPECT_EQ(run.y[i], i / 32 * 7 + i % 32);
    EXPECT_NE(runCluster(write + store + wait, seed).error.find("missing fence.proxy.async"),
              std::string::npos);
    // The source may not be written before the copy has read it.
    EXPECT_NE(
        runCluster(write + "fence.proxy.async;\n" + store + "bar.sync 0;\n" + write, seed).error.find("race"),
        std::string::npos);
  }
  // A block may not end before its shared memory has been read, or while something comes into it.
  EXPECT_NE(runCluster(write + "fence.proxy.async;\n" + store, 0).error.find("without a wait for this copy"),
            std::string::npos);
  std::string errors;
  for (uint64_t seed = 0; seed < 10; ++seed)
    errors += runCluster("@%p mbarrier.init.shared.b64 [%m], 1;\n@%p cp.async.bulk.shared::cluster.global."
                         "mbarrier::complete_tx::bytes [%s], [%x], 256, [%m];",
                         seed)
                  .error;
  EXPECT_NE(errors.find("ended while this copy"), std::string::npos);
  EXPECT_NE(runCluster("cp.async.bulk.global.shared::cta.bulk_group [%y], [%s], 128;", 0)
                .error.find("32 lanes issue"),
            std::string::npos);
}

TEST(PtxCluster, RemoteArrivalsAndBadRanks) {
  std::string begin = "@%p mbarrier.init.shared.b64 [%m], 32;\n" + kMeet;
  std::string arrive = "mapa.shared::cluster.u32 %w, %m, %peer;\n"
                       "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%w];\n";
  std::string wait =
      "W:\nmbarrier.try_wait.parity.shared.b64 %q, [%m], 0;\n@!%q bra W;\nst.global.u32 [%o], %i;\n" + kMeet;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    EXPECT_EQ(runCluster(begin + arrive + wait, seed).error, "");
    EXPECT_NE(runCluster(begin + wait, seed).error.find("32 of 32 arrivals"), std::string::npos);
  }
  EXPECT_NE(runCluster("mapa.shared::cluster.u32 %w, %m, 2;", 0).error.find("block rank 2"),
            std::string::npos);
  // Remote memory needs the space that says so.
  EXPECT_NE(runCluster("mapa.shared::cluster.u32 %w, %s, %peer;\nld.shared.u32 %v, [%w];", 0)
                .error.find("shared::cluster"),
            std::string::npos);
}

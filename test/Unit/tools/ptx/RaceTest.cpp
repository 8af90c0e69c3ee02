//===- RaceTest.cpp - What a launch must not do, and that it is named ---------===//
#include "test/Unit/tools/ptx/Harness.h"

using namespace tgc::ptx;

/// A kernel with 1024 bytes of shared memory, the thread's number %i, its place %s there, and an mbarrier.
static std::string kernel(const std::string &body) {
  return ".file 1 \"conv1/Conv2D\"\n.visible .entry k()\n{\n.shared .align 16 .b8 tile[1024];\n"
         ".shared .align 8 .b64 bar;\n.reg .pred %p, %q;\n.reg .b32 %i, %s, %v, %w, %m;\n.reg .b64 %state;\n"
         ".loc 1 7 0\nmov.u32 %i, %tid.x;\nmov.u32 %s, tile;\nmov.u32 %m, bar;\nmad.lo.u32 %s, %i, 4, %s;\n"
         "setp.eq.u32 %p, %i, 0;\n" +
         body + "\nret;\n}\n";
}

static void expectGood(const std::string &body, unsigned threads = 64) {
  for (uint64_t seed = 0; seed < 8; ++seed)
    EXPECT_EQ(runBody(kernel(body), threads, seed), "");
}

/// Whatever the order of warps: the error is there with every seed.
static std::string expectError(const std::string &body, const std::string &text, unsigned threads = 64) {
  std::string error;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    error = runBody(kernel(body), threads, seed);
    EXPECT_NE(error.find(text), std::string::npos) << "seed " << seed << ": " << error;
  }
  return error;
}

TEST(PtxRace, WarpsNeedABarrier) {
  std::string write = "st.shared.u32 [%s], %i;\n", read = "xor.b32 %w, %s, 128;\nld.shared.u32 %v, [%w];";
  expectGood(write + "bar.sync 0;\n" + read);
  std::string error = expectError(write + read, "race");
  EXPECT_NE(error.find("k.ptx:"), std::string::npos) << error;
  EXPECT_NE(error.find("conv1/Conv2D:7"), std::string::npos) << error;
  EXPECT_NE(error.find("the other:"), std::string::npos) << error;
  // Reading, then writing what the other warp may still read.
  expectError(write + "bar.sync 0;\n" + read + "\nst.shared.u32 [%s], %v;", "race");
  expectGood(write + "bar.sync 0;\n" + read + "\nbar.sync 0;\nst.shared.u32 [%s], %v;");
}

TEST(PtxRace, LanesNeedAWarpBarrier) {
  std::string write = "st.shared.u32 [%s], %i;\n", read = "xor.b32 %w, %s, 8;\nld.shared.u32 %v, [%w];";
  expectError(write + read, "race", 32);
  expectGood(write + "bar.warp.sync -1;\n" + read, 32);
  // Own words need nothing, and equal values may meet in one place.
  expectGood(write + "ld.shared.u32 %v, [%s];", 32);
  expectGood("st.shared.u32 [tile], 5;", 32);
  expectError("st.shared.u32 [tile], %i;", "race", 32);
}

TEST(PtxRace, OnlyBarriersOfAllWarpsEndAPhase) {
  // Two of three warps meet; the third reads what they wrote.
  std::string some = "st.shared.u32 [%s], %i;\nsetp.lt.u32 %q, %i, 64;\n@!%q bra R;\nbar.sync 1, 64;\nR:\n"
                     "xor.b32 %w, %s, 256;\n";
  expectError(some + "ld.shared.u32 %v, [%w];", "race", 96);
  expectGood(some + "bar.sync 0;\nld.shared.u32 %v, [%w];", 96);
  // A warp that only arrives goes on, and writes.
  expectError("setp.lt.u32 %q, %i, 32;\n@!%q bra B;\nbar.arrive 1, 64;\nst.shared.u32 [%s], %i;\nret;\nB:\n"
              "bar.sync 1, 64;\nxor.b32 %w, %s, 128;\nld.shared.u32 %v, [%w];",
              "race");
  // All warps read a word that one of them writes.
  std::string readers = "@%p st.shared.u32 [tile], 1;\nbar.sync 0;\nld.shared.u32 %v, [tile];\n";
  expectError(readers + "@%p st.shared.u32 [tile], 2;", "race");
  expectGood(readers + "bar.sync 0;\n@%p st.shared.u32 [tile], 2;");
  // Lanes that write bytes of one word.
  std::string bytes = "mov.u32 %w, tile;\nadd.u32 %w, %w, %i;\nst.shared.u8 [%w], %i;\n";
  std::string other = "xor.b32 %w, %w, 32;\nld.shared.u8 %v, [%w];";
  expectGood(bytes + "bar.sync 0;\n" + other);
  expectError(bytes + other, "race");
}

TEST(PtxRace, AtomicsAndFlagsOrder) {
  expectGood("red.shared.add.u32 [tile], 1;");
  expectError("red.shared.add.u32 [tile], 1;\nld.shared.u32 %v, [tile];", "race");
  std::string begin = "@%p st.shared.u32 [tile+8], 0;\nbar.sync 0;\n";
  std::string produce =
      "setp.lt.u32 %p, %i, 32;\n@!%p bra WAIT;\nst.shared.u32 [tile+64], 1;\nbar.warp.sync -1;\n";
  std::string wait =
      "ret;\nWAIT:\nld.acquire.cta.shared.u32 %v, [tile+8];\nsetp.eq.u32 %q, %v, 0;\n@%q bra WAIT;\n"
      "ld.shared.u32 %v, [tile+64];";
  expectGood(begin + produce + "st.release.cta.shared.u32 [tile+8], 1;\n" + wait);
  expectGood(begin + produce + "fence.acq_rel.cta;\nst.relaxed.cta.shared.u32 [tile+8], 1;\n" + wait);
  expectError(begin + produce + "st.relaxed.cta.shared.u32 [tile+8], 1;\n" + wait, "race");
}

TEST(PtxRace, BlocksDoNotShareWrites) {
  Device device;
  std::vector<uint32_t> cell(64);
  LaunchConfig config;
  config.block = {32, 1, 1};
  config.grid = {2, 1, 1};
  std::vector<KernelArgument> arguments{KernelArgument::of(device.map(cell.data(), 256, "y", false))};
  std::string head =
      ".visible .entry k(.param .u64 y)\n{\n.reg .b64 %y;\n.reg .b32 %i, %b;\nld.param.u64 %y, [y];\n"
      "mov.u32 %i, %laneid;\nmov.u32 %b, %ctaid.x;\n";
  std::string error = launchText(head + "mad.wide.u32 %y, %i, 4, %y;\nst.global.u32 [%y], %b;\nret;\n}",
                                 config, arguments, device);
  EXPECT_NE(error.find("race"), std::string::npos) << error;
  EXPECT_NE(error.find("another block"), std::string::npos) << error;
}

/// Reads of global memory are remembered only where something writes, too, which a first run finds out.
TEST(PtxRace, ReadsThatOthersOverwriteAreMet) {
  std::string head =
      ".visible .entry k(.param .u64 y)\n{\n.reg .b64 %y, %o;\n.reg .b32 %i, %b, %v;\nld.param.u64 %y, [y];\n"
      "mov.u32 %i, %laneid;\nmov.u32 %b, %ctaid.x;\nmad.lo.u32 %b, %b, 32, %i;\nmad.wide.u32 %o, %b, 4, "
      "%y;\n";
  auto run = [&](const std::string &body, std::vector<uint32_t> &cells) {
    Device device;
    LaunchConfig config;
    config.block = {32, 1, 1};
    config.grid = {2, 1, 1};
    std::vector<KernelArgument> arguments{
        KernelArgument::of(device.map(cells.data(), 4 * cells.size(), "y", false))};
    return launchText(head + body + "ret;\n}", config, arguments, device);
  };
  std::vector<uint32_t> cells(64, 5);
  // Each thread changes its own element, once.
  EXPECT_EQ(run("ld.global.u32 %v, [%o];\nadd.u32 %v, %v, 1;\nst.global.u32 [%o], %v;\n", cells), "");
  EXPECT_EQ(cells, std::vector<uint32_t>(64, 6));
  // One that another block reads.
  std::string error = run("ld.global.u32 %v, [%y+128];\nst.global.u32 [%o], %v;\n", cells);
  EXPECT_NE(error.find("race: this write of byte 128 of 'y' and the read"), std::string::npos) << error;
  // One that another block has written, and beyond the first piece of a shadow.
  std::vector<uint32_t> many(4096, 5);
  error = run("st.global.u32 [%o+8192], %b;\nld.global.u32 %v, [%y+8192];\n", many);
  EXPECT_NE(error.find("race: this read of byte 8192 of 'y' and the write"), std::string::npos) << error;
}

TEST(PtxAccess, BoundsAndAlignment) {
  std::string error = expectError("ld.shared.u32 %v, [%s+1000];", "outside", 64);
  EXPECT_NE(error.find("lane"), std::string::npos) << error;
  expectError("ld.shared.u32 %v, [%s+2];", "misaligned");
  expectError("ld.shared.v4.u32 {%v, %v, %v, %v}, [tile+8];", "misaligned");
  Device device;
  std::vector<uint32_t> x(4);
  LaunchConfig config;
  config.block = {8, 1, 1};
  std::string text =
      ".visible .entry k(.param .u64 x)\n{\n.reg .b64 %x;\n.reg .b32 %i;\nld.param.u64 %x, [x];\n"
      "mov.u32 %i, %tid.x;\nmad.wide.u32 %x, %i, 4, %x;\nld.global.u32 %i, [%x];\nst.global.u32 [%x], %i;\n"
      "ret;\n}";
  error = launchText(text, config, {KernelArgument::of(device.map(x.data(), 16, "x", false))}, device);
  EXPECT_NE(error.find("4 bytes past the end of 'x'"), std::string::npos) << error;
  config.block = {4, 1, 1};
  error = launchText(text, config, {KernelArgument::of(device.map(x.data(), 16, "x", true))}, device);
  EXPECT_NE(error.find("read only"), std::string::npos) << error;
  error = launchText(text, config, {KernelArgument::of(uint64_t(0))}, device);
  EXPECT_NE(error.find("no allocation"), std::string::npos) << error;
}

TEST(PtxBarrier, DeadlocksAreNamed) {
  std::string error = expectError("setp.lt.u32 %q, %i, 32;\n@%q bra END;\nbar.sync 0;\nEND:", "deadlock");
  EXPECT_NE(error.find("bar.sync 0"), std::string::npos) << error;
  expectError("@%p bra END;\nbar.sync 0;\nEND:", "divergent");
  expectError("bar.sync 16;", "barrier 16 does not exist");
  expectGood("setp.lt.u32 %q, %i, 32;\n@%q bra A;\nbar.sync 1, 64;\nbra B;\nA:\nbar.arrive 1, 64;\nB:");
}

TEST(PtxMBarrier, PhasesOrderAndDeadlock) {
  std::string init = "@%p mbarrier.init.shared.b64 [%m], 64;\nbar.sync 0;\n";
  std::string wait = "W:\nmbarrier.try_wait.parity.shared.b64 %q, [%m], 0;\n@!%q bra W;\n";
  std::string write = "st.shared.u32 [%s], %i;\n", read = "xor.b32 %w, %s, 128;\nld.shared.u32 %v, [%w];\n";
  expectGood(init + write + "mbarrier.arrive.shared.b64 %state, [%m];\n" + wait + read);
  expectGood(init + write +
             "mbarrier.arrive.shared.b64 %state, [%m];\nW:\nmbarrier.test_wait.shared.b64 %q, [%m], "
             "%state;\n@!%q bra W;\n" +
             read);
  // Reading before the phase is over.
  expectError(init + write + "mbarrier.arrive.shared.b64 %state, [%m];\n" + read + wait, "race");
  // One arrival is missing.
  std::string error = expectError(init + "@!%p mbarrier.arrive.shared.b64 _, [%m];\n" + wait, "deadlock");
  EXPECT_NE(error.find("1 of 64 arrivals"), std::string::npos) << error;
  expectError(init + "@%p mbarrier.arrive.shared.b64 _, [%m], 65;", "more than the 64 arrivals");
  // Nothing orders the initialisation.
  expectError("@%p mbarrier.init.shared.b64 [%m], 64;\nsetp.lt.u32 %q, %i, 32;\n@%q bra B;\nbar.arrive 3, "
              "64;\nbra C;\nB:\n"
              "bar.sync 3, 64;\nC:\n@!%q mbarrier.arrive.shared.b64 _, [%m];",
              "k.ptx:");
  expectError("mbarrier.arrive.shared.b64 _, [%m];", "no mbarrier has been initialised");
  expectError(init + "st.shared.u32 [%m], 1;", "overlaps the mbarrier");
}

TEST(PtxText, BadModulesAreRefused) {
  auto refuse = [](const std::string &text, const std::string &what) {
    auto module = loadModule(kHead + text, "bad.ptx");
    ASSERT_FALSE(bool(module)) << text;
    std::string error = llvm::toString(module.takeError());
    EXPECT_NE(error.find(what), std::string::npos) << error;
    EXPECT_NE(error.find("bad.ptx:"), std::string::npos) << error;
  };
  auto body = [](const std::string &text) {
    return ".visible .entry k()\n{\n.reg .pred %p;\n.reg .b32 %r<4>;\n.reg .b64 %d;\n" + text + "\n}\n";
  };
  refuse(body("add.u32 %r1, %r2, %d;"), "needs 32 bits");
  refuse(body("add.u32 %r1, %r2;"), "takes 3 operands, got 2");
  refuse(body("add.u32 %r9, %r2, 1;"), "'%r9'");
  refuse(body("frobnicate.u32 %r1, %r2;"), "'frobnicate.u32' is not known");
  refuse(body("add.wild.u32 %r1, %r2, 1;"), "'.wild'");
  refuse(body("bra NOWHERE;"), "no label 'NOWHERE'");
  refuse(body("L:\nL:\nret;"), "second time");
  refuse(body("fma.f32 %r1, %r1, %r1, %r1;"), "rounding mode");
  refuse(body("ld.global.v4.u32 {%r1, %r2}, [%d];"), "4 registers, got 2");
  refuse(body("mov.u32 %r1, nothing;"), "'nothing' is not declared");
  refuse(body("mov.u32 %r1, %frontier;"), "%frontier");
  refuse(".visible .entry k()\n{\nret;", "no end");
  refuse(".func f() { ret; }", "device functions");
}

TEST(PtxText, BrokenTextNeverCrashes) {
  std::string good =
      kHead + kernel("st.shared.v2.u32 [%s+0], {%i, %v};\n@!%p bra X;\nX:\nmov.b64 %state, {%i, %v};\n"
                     "shfl.sync.idx.b32 %v|%q, %i, 0, 31, -1;\n{ .reg .b32 %z; mov.u32 %z, 0x1F; }");
  ASSERT_TRUE(bool(loadModule(good, "good.ptx")));
  uint32_t state = 7;
  auto next = [&](uint32_t n) { return (state = state * 1664525 + 1013904223) / 65536 % n; };
  const std::string pieces = "{}[]();,.:@!%|-+<>0123x \n\"/*abcu";
  for (int i = 0; i < 4000; ++i) {
    std::string text = good;
    for (unsigned k = 0; k <= next(3); ++k) {
      size_t at = next(text.size());
      switch (next(3)) {
      case 0:
        text.erase(at, 1 + next(12));
        break;
      case 1:
        text.insert(at, 1, pieces[next(pieces.size())]);
        break;
      default:
        text[at] = pieces[next(pieces.size())];
      }
    }
    auto module = loadModule(text, "fuzz.ptx");
    if (!module) {
      llvm::consumeError(module.takeError());
      continue;
    }
    Device device;
    LaunchConfig config;
    config.block = {33, 1, 1};
    config.maxInstructions = 10000;
    auto stats = launch(device, **module, "k", config, {});
    if (!stats)
      llvm::consumeError(stats.takeError());
  }
}

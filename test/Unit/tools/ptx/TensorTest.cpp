//===- TensorTest.cpp - Asynchronous copies and matrix instructions -----------===//
#include "test/Unit/tools/ptx/Harness.h"
#include <numeric>

using namespace tgc::ptx;

/// Halves with exact sums: small integers.
static std::vector<_Float16> smallHalves(size_t n, unsigned seed) {
  std::vector<_Float16> values(n);
  for (size_t i = 0; i < n; ++i)
    values[i] = _Float16(int((i * 7 + seed * 5 + i / 13) % 11) - 5);
  return values;
}

static TensorMap mapOf(uint64_t address, uint32_t rows, uint32_t columns, uint32_t boxRows,
                       uint32_t boxColumns, uint8_t size, uint8_t swizzle) {
  TensorMap map;
  map.address = address;
  map.rank = 2;
  map.elementSize = size;
  map.swizzle = swizzle;
  map.dims[0] = columns;
  map.dims[1] = rows;
  map.strides[0] = uint64_t(columns) * size;
  map.box[0] = boxColumns;
  map.box[1] = boxRows;
  auto encoded = encodeTensorMap(map);
  EXPECT_TRUE(bool(encoded));
  return *encoded;
}

TEST(PtxMatrix, LoadMatrixGivesRowsToQuads) {
  std::string load =
      ".visible .entry k(.param .u64 y)\n{\n.shared .align 16 .b16 tile[64];\n.reg .b32 %i, %s, %v;\n"
      ".reg .b16 %h;\n.reg .b64 %y;\nld.param.u64 %y, [y];\nmov.u32 %i, %laneid;\nmov.u32 %s, tile;\n"
      "mad.lo.u32 %v, %i, 4, %s;\nmul.lo.u32 %i, %i, 2;\ncvt.u16.u32 %h, %i;\nst.shared.b16 [%v], %h;\n"
      "add.u16 %h, %h, 1;\nst.shared.b16 [%v+2], %h;\nbar.warp.sync -1;\nmov.u32 %i, %laneid;\n"
      "and.b32 %v, %i, 7;\nmad.lo.u32 %s, %v, 16, %s;\n";
  for (bool isTransposed : {false, true}) {
    Device device;
    std::vector<uint16_t> y(64);
    LaunchConfig config;
    config.block = {32, 1, 1};
    std::string error = launchText(
        load + "ldmatrix.sync.aligned.m8n8.x1" + (isTransposed ? ".trans" : "") +
            ".shared.b16 {%v}, [%s];\nmad.wide.u32 %y, %i, 4, %y;\nst.global.u32 [%y], %v;\nret;\n}",
        config, {KernelArgument::of(device.map(y.data(), 128, "y", false))}, device);
    EXPECT_EQ(error, "");
    for (unsigned i = 0; i < 64; ++i)
      EXPECT_EQ(y[i], isTransposed ? i % 8 * 8 + i / 8 : i) << i;
  }
}

/// The fragments' places as the PTX manual draws them.
TEST(PtxMatrix, MultipliesFragments) {
  std::vector<_Float16> a = smallHalves(16 * 16, 1), b = smallHalves(16 * 8, 2);
  std::vector<uint32_t> fa(4 * 32), fb(2 * 32);
  auto pair = [](_Float16 low, _Float16 high) {
    return uint32_t(llvm::bit_cast<uint16_t>(high)) << 16 | llvm::bit_cast<uint16_t>(low);
  };
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned r = lane / 4, c = lane % 4 * 2;
    for (unsigned i = 0; i < 4; ++i) {
      unsigned row = r + 8 * (i % 2), k = c + 8 * (i / 2);
      fa[i * 32 + lane] = pair(a[row * 16 + k], a[row * 16 + k + 1]);
    }
    for (unsigned i = 0; i < 2; ++i)
      fb[i * 32 + lane] = pair(b[(c + 8 * i) * 8 + r], b[(c + 8 * i + 1) * 8 + r]);
  }
  std::string body =
      ".visible .entry k(.param .u64 a, .param .u64 b, .param .u64 y)\n{\n.reg .b32 %a<4>, %b<2>, %c<4>, "
      "%i;\n"
      ".reg .b64 %x, %y, %z;\nld.param.u64 %x, [a];\nld.param.u64 %y, [b];\nld.param.u64 %z, [y];\n"
      "mov.u32 %i, %laneid;\nmad.wide.u32 %x, %i, 4, %x;\nmad.wide.u32 %y, %i, 4, %y;\n"
      "mad.wide.u32 %z, %i, 16, %z;\n";
  for (unsigned i = 0; i < 4; ++i)
    body += "ld.global.u32 %a" + std::to_string(i) + ", [%x+" + std::to_string(128 * i) + "];\nmov.b32 %c" +
            std::to_string(i) + ", 0f3F800000;\n";
  body +=
      "ld.global.u32 %b0, [%y];\nld.global.u32 %b1, [%y+128];\n"
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%c0,%c1,%c2,%c3}, {%a0,%a1,%a2,%a3}, {%b0,%b1}, "
      "{%c0,%c1,%c2,%c3};\nst.global.v4.b32 [%z], {%c0,%c1,%c2,%c3};\nret;\n}";
  Device device;
  std::vector<float> y(128);
  LaunchConfig config;
  config.block = {32, 1, 1};
  std::string error = launchText(body, config,
                                 {KernelArgument::of(device.map(fa.data(), 512, "a", true)),
                                  KernelArgument::of(device.map(fb.data(), 256, "b", true)),
                                  KernelArgument::of(device.map(y.data(), 512, "y", false))},
                                 device);
  EXPECT_EQ(error, "");
  for (unsigned row = 0; row < 16; ++row)
    for (unsigned n = 0; n < 8; ++n) {
      float want = 1;
      for (unsigned k = 0; k < 16; ++k)
        want += float(a[row * 16 + k]) * float(b[k * 8 + n]);
      EXPECT_EQ(y[(row % 8 * 4 + n / 2) * 4 + row / 8 * 2 + n % 2], want) << row << "," << n;
    }
}

static std::string runCopies(const std::string &tail, uint64_t seed) {
  Device device;
  std::vector<uint32_t> x(64), y(64, 0);
  std::iota(x.begin(), x.end(), 100);
  LaunchConfig config;
  config.block = {64, 1, 1};
  config.seed = seed;
  std::string error =
      launchText(".visible .entry k(.param .u64 x, .param .u64 y)\n{\n.shared .align 16 .b8 tile[256];\n.reg "
                 ".b32 %i, %s, %v;\n"
                 ".reg .b64 %x, %y;\nld.param.u64 %x, [x];\nld.param.u64 %y, [y];\nmov.u32 %i, %tid.x;\n"
                 "mad.wide.u32 %x, %i, 4, %x;\nmad.wide.u32 %y, %i, 4, %y;\nmov.u32 %s, tile;\nmad.lo.u32 "
                 "%s, %i, 4, %s;\n"
                 "cp.async.ca.shared.global [%s], [%x], 4;\ncp.async.commit_group;\n" +
                     tail + "\nst.global.u32 [%y], %v;\nret;\n}",
                 config,
                 {KernelArgument::of(device.map(x.data(), 256, "x", true)),
                  KernelArgument::of(device.map(y.data(), 256, "y", false))},
                 device);
  if (error.empty())
    EXPECT_EQ(y[5], (5u ^ 32) + 100);
  return error;
}

TEST(PtxCopies, WaitThenBarrier) {
  std::string read = "xor.b32 %s, %s, 128;\nld.shared.u32 %v, [%s];";
  for (uint64_t seed = 0; seed < 6; ++seed) {
    EXPECT_EQ(runCopies("cp.async.wait_group 0;\nbar.sync 0;\n" + read, seed), "");
    EXPECT_NE(runCopies("bar.sync 0;\n" + read, seed).find("race"), std::string::npos);
    EXPECT_NE(runCopies("cp.async.wait_group 1;\nbar.sync 0;\n" + read, seed).find("race"),
              std::string::npos);
    EXPECT_NE(runCopies("cp.async.wait_all;\n" + read, seed).find("race"), std::string::npos);
  }
}

/// One tile of 64 x 64 halves: TMA in, wgmma 64 x 64 x 64, TMA out. Parts of the kernel can be left out.
struct Product {
  bool fencesRegisters = true, waits = true, commits = true, fencesProxy = true, waitsForTile = true,
       barrier = true;
  unsigned rows = 64;
  std::string run(uint64_t seed, std::vector<float> *result = nullptr) const;
  std::vector<_Float16> a = smallHalves(64 * 64, 3), b = smallHalves(64 * 64, 4);
};

std::string Product::run(uint64_t seed, std::vector<float> *result) const {
  std::string registers, zeros;
  for (unsigned i = 0; i < 32; ++i) {
    registers += (i ? ", %c" : "%c") + std::to_string(i);
    zeros += "mov.b32 %c" + std::to_string(i) + ", 0;\n";
  }
  std::string text =
      ".extern .shared .align 1024 .b8 smem[];\n.visible .entry k(.param .align 64 .b8 a[128], .param .align "
      "64 .b8 b[128], "
      ".param .align 64 .b8 y[128])\n.reqntid 128\n{\n.reg .pred %p, %q;\n.reg .b32 %c<32>, %i, %m, %t, %u, "
      "%w;\n"
      ".reg .b64 %ma, %mb, %my, %da, %db;\nmov.u32 %i, %tid.x;\nsetp.eq.u32 %p, %i, 0;\nmov.u32 %t, smem;\n"
      "add.u32 %m, %t, 32768;\nmov.b64 %ma, a;\ncvta.param.u64 %ma, %ma;\nmov.b64 %mb, b;\ncvta.param.u64 "
      "%mb, %mb;\n"
      "mov.b64 %my, y;\ncvta.param.u64 %my, %my;\n@!%p bra READY;\nmbarrier.init.shared.b64 [%m], 1;\n"
      "fence.proxy.async;\nmbarrier.arrive.expect_tx.shared.b64 _, [%m], 16384;\n"
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%t], [%ma, {0, 0}], "
      "[%m];\n"
      "add.u32 %u, %t, 8192;\n"
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%u], [%mb, {0, 0}], "
      "[%m];\n"
      "READY:\nbar.sync 0;\n";
  if (waitsForTile)
    text += "W:\nmbarrier.try_wait.parity.shared.b64 %q, [%m], 0;\n@!%q bra W;\n";
  // 128-byte swizzle, rows of 128 bytes, 1024 bytes from one eight to the next.
  text += "shr.u32 %w, %t, 4;\ncvt.u64.u32 %da, %w;\nor.b64 %da, %da, 0x4000004000010000;\nadd.s64 %db, %da, "
          "512;\n" +
          zeros;
  if (fencesRegisters)
    text += "wgmma.fence.sync.aligned;\n";
  for (unsigned k = 0; k < 4; ++k)
    text += "wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {" + registers +
            "}, %da, %db, 1, 1, 1, 0, 0;\n"
            "add.s64 %da, %da, 2;\nadd.s64 %db, %db, 2;\n";
  if (commits)
    text += "wgmma.commit_group.sync.aligned;\n";
  if (waits)
    text += "wgmma.wait_group.sync.aligned 0;\n";
  // Rows of 64 floats behind the operands, in two boxes of 32 columns without swizzle.
  text += "shr.u32 %u, %i, 2;\nand.b32 %u, %u, 7;\nshr.u32 %w, %i, 5;\nmad.lo.u32 %u, %w, 16, %u;\n"
          "and.b32 %w, %i, 3;\nshl.b32 %u, %u, 7;\nmad.lo.u32 %u, %w, 8, %u;\nadd.u32 %u, %u, %t;\n";
  for (unsigned j = 0; j < 8; ++j)
    for (unsigned h = 0; h < 2; ++h) {
      unsigned offset = 16384 + j / 4 * 8192 + h * 1024 + j % 4 * 32;
      text += "st.shared.v2.b32 [%u+" + std::to_string(offset) + "], {%c" + std::to_string(4 * j + 2 * h) +
              ", %c" + std::to_string(4 * j + 2 * h + 1) + "};\n";
    }
  if (fencesProxy)
    text += "fence.proxy.async;\n";
  if (barrier)
    text += "bar.sync 0;\n";
  text +=
      "@!%p bra END;\nadd.u32 %u, %t, 16384;\n"
      "cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%my, {0, 0}], [%u];\nadd.u32 %u, %u, 8192;\n"
      "cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%my, {32, 0}], "
      "[%u];\ncp.async.bulk.commit_group;\n"
      "cp.async.bulk.wait_group 0;\nEND:\nret;\n}\n";
  Device device;
  std::vector<float> y(size_t(rows) * 64, -1);
  std::vector<_Float16> left = a, right = b;
  LaunchConfig config;
  config.block = {128, 1, 1};
  config.dynamicShared = 40960;
  config.seed = seed;
  uint64_t da = device.map(left.data(), left.size() * 2, "a", true),
           db = device.map(right.data(), 8192, "b", true),
           dy = device.map(y.data(), y.size() * 4, "y", false);
  std::string error = launchText(text, config,
                                 {KernelArgument::of(mapOf(da, rows, 64, 64, 64, 2, 128)),
                                  KernelArgument::of(mapOf(db, 64, 64, 64, 64, 2, 128)),
                                  KernelArgument::of(mapOf(dy, rows, 64, 64, 32, 4, 0))},
                                 device);
  if (result)
    *result = y;
  return error;
}

TEST(PtxWgmma, TileOfAProduct) {
  for (unsigned rows : {64u, 37u}) {
    Product product;
    product.rows = rows;
    std::vector<float> y;
    for (uint64_t seed = 0; seed < 4; ++seed) {
      ASSERT_EQ(product.run(seed, &y), "");
      for (unsigned i = 0; i < rows; ++i)
        for (unsigned j = 0; j < 64; ++j) {
          float want = 0;
          for (unsigned k = 0; k < 64; ++k)
            want += float(product.a[i * 64 + k]) * float(product.b[j * 64 + k]);
          ASSERT_EQ(y[i * 64 + j], want) << i << "," << j;
        }
    }
  }
}

TEST(PtxWgmma, EachOmissionIsNamed) {
  auto expect = [](Product product, const std::string &text) {
    for (uint64_t seed = 0; seed < 6; ++seed) {
      std::string error = product.run(seed);
      EXPECT_NE(error.find(text), std::string::npos) << "seed " << seed << ": " << error;
    }
  };
  Product product;
  product.fencesRegisters = false;
  expect(product, "missing wgmma.fence");
  product = {};
  product.waits = false;
  expect(product, "before wgmma.wait_group");
  product = {};
  product.commits = false;
  expect(product, "before wgmma.wait_group");
  product = {};
  product.fencesProxy = false;
  expect(product, "missing fence.proxy.async");
  product = {};
  product.barrier = false;
  expect(product, "race");
  product = {};
  product.waitsForTile = false;
  expect(product, "race");
}

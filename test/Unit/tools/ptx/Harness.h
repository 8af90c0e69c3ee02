//===- Harness.h - Runs a few instructions on arrays ----------------*- C++ -*-===//
#ifndef TGC_TEST_UNIT_TOOLS_PTX_HARNESS_H
#define TGC_TEST_UNIT_TOOLS_PTX_HARNESS_H

#include "tools/ptx/Simulator.h"
#include "gtest/gtest.h"
#include <string>
#include <vector>

namespace tgc::ptx {

inline std::string bits(size_t size) { return std::to_string(8 * size); }

inline const char *kHead = ".version 8.0\n.target sm_90a\n.address_size 64\n";

/// Loads `module` and launches its kernel "k"; the message of the error, or nothing.
inline std::string launchText(const std::string &module, LaunchConfig config,
                              llvm::ArrayRef<KernelArgument> arguments, Device &device) {
  auto loaded = loadModule(kHead + module, "k.ptx");
  if (!loaded)
    return llvm::toString(loaded.takeError());
  auto stats = launch(device, **loaded, "k", config, arguments);
  return stats ? "" : llvm::toString(stats.takeError());
}

/// The body of a kernel without arguments; `declarations` stand before it.
inline std::string runBody(const std::string &body, unsigned threads, uint64_t seed = 0,
                           unsigned blocks = 1) {
  Device device;
  LaunchConfig config;
  config.block = {threads, 1, 1};
  config.grid = {blocks, 1, 1};
  config.seed = seed;
  return launchText(body, config, {}, device);
}

/// Runs `body` in one thread per element: registers %a, %b, %c hold elements of the inputs, %d becomes the
/// result. %p and %q are predicates, %t a 32-bit register, %id the thread's number.
template <typename R, typename A, typename B = A, typename C = B>
std::vector<R> evaluate(const std::string &body, std::vector<A> a, std::vector<B> b = {},
                        std::vector<C> c = {}) {
  size_t n = a.size();
  b.resize(n);
  c.resize(n);
  std::vector<R> result(n);
  Device device;
  std::string text =
      ".visible .entry k(.param .u64 a, .param .u64 b, .param .u64 c, .param .u64 d, .param .u32 n)\n{\n"
      ".reg .pred %p, %q;\n.reg .b32 %t, %id, %n, %block, %threads;\n.reg .b64 %base, %at;\n";
  text += ".reg .b" + bits(sizeof(A)) + " %a;\n.reg .b" + bits(sizeof(B)) + " %b;\n.reg .b" +
          bits(sizeof(C)) + " %c;\n.reg .b" + bits(sizeof(R)) + " %d;\n";
  text += "mov.u32 %block, %ctaid.x;\nmov.u32 %threads, %ntid.x;\nmov.u32 %t, %tid.x;\n"
          "mad.lo.u32 %id, %block, %threads, %t;\nld.param.u32 %n, [n];\n"
          "setp.ge.u32 %p, %id, %n;\n@%p ret;\n";
  auto access = [&](const char *name, size_t size, bool isStore) {
    std::string reg = std::string("%") + name;
    text += std::string("ld.param.u64 %base, [") + name + "];\nmad.wide.u32 %at, %id, " +
            std::to_string(size) + ", %base;\n";
    text += (isStore ? "st.global.b" + bits(size) + " [%at], " + reg
                     : "ld.global.b" + bits(size) + " " + reg + ", [%at]") +
            ";\n";
  };
  access("a", sizeof(A), false);
  access("b", sizeof(B), false);
  access("c", sizeof(C), false);
  text += body + "\n";
  access("d", sizeof(R), true);
  text += "ret;\n}\n";
  LaunchConfig config;
  config.block = {64, 1, 1};
  config.grid = {uint32_t((n + 63) / 64), 1, 1};
  std::string error = launchText(text, config,
                                 {KernelArgument::of(device.map(a.data(), n * sizeof(A), "a", true)),
                                  KernelArgument::of(device.map(b.data(), n * sizeof(B), "b", true)),
                                  KernelArgument::of(device.map(c.data(), n * sizeof(C), "c", true)),
                                  KernelArgument::of(device.map(result.data(), n * sizeof(R), "d", false)),
                                  KernelArgument::of(uint32_t(n))},
                                 device);
  EXPECT_EQ(error, "");
  return result;
}

} // namespace tgc::ptx

#endif // TGC_TEST_UNIT_TOOLS_PTX_HARNESS_H

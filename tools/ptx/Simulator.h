//===- Simulator.h - Runs PTX kernels without a GPU -----------------*- C++ -*-===//
//
// The interface for programs: read a module, give it memory, launch a kernel. Asynchronous copies land late
// and in random order, warps take turns at random: a seed names the run. The first race, deadlock, misaligned
// access or access outside of memory ends the launch with an error that names the line of PTX and the source
// that .loc gives. docs/gpu-simulator.md says what is not found.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_SIMULATOR_H
#define TGC_TOOLS_PTX_SIMULATOR_H

#include "tools/ptx/Memory.h"
#include "tools/ptx/Program.h"
#include "tools/ptx/TensorMap.h"
#include "llvm/ADT/SmallVector.h"

namespace tgc::ptx {

struct LaunchConfig {
  Dim3 grid, block, cluster;
  uint32_t dynamicShared = 0;
  uint64_t seed = 0;
  bool checksRaces = true;
  /// Blocks' clusters that run at the same time.
  uint32_t resident = 1;
  /// Instructions of warps after which a launch without an end is given up.
  uint64_t maxInstructions = uint64_t(1) << 36;
};

struct LaunchStats {
  uint64_t instructions = 0; ///< of warps
  uint64_t blocks = 0;
};

/// A kernel's argument: its bytes.
class KernelArgument {
public:
  template <typename T> static KernelArgument of(const T &value) {
    return ofBytes({reinterpret_cast<const uint8_t *>(&value), sizeof(T)});
  }
  static KernelArgument ofBytes(llvm::ArrayRef<uint8_t> bytes) {
    KernelArgument argument;
    argument.data.assign(bytes.begin(), bytes.end());
    return argument;
  }
  llvm::ArrayRef<uint8_t> bytes() const { return data; }

private:
  llvm::SmallVector<uint8_t, 16> data;
};

llvm::Expected<LaunchStats> launch(Device &device, const Module &module, llvm::StringRef kernel,
                                   const LaunchConfig &config, llvm::ArrayRef<KernelArgument> arguments);

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_SIMULATOR_H

//===- Launch.h - One run of a kernel -------------------------------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_LAUNCH_H
#define TGC_TOOLS_PTX_LAUNCH_H

#include "tools/ptx/Machine.h"
#include "tools/ptx/Simulator.h"
#include <array>
#include <random>
#include <unordered_map>

namespace tgc::ptx {

/// What an access does with memory.
enum class Use : uint8_t { Read, Write, Atomic };

/// Memory that an access has been granted.
struct Place {
  uint8_t *bytes = nullptr;
  Region *region = nullptr;
  uint64_t offset = 0;
};

class Launch {
public:
  Launch(Device &device, const Kernel &kernel, const LaunchConfig &config, ReadChecks reads)
      : device(device), kernel(kernel), config(config), reads(reads),
        usesPhases(reads == ReadChecks::Later && !kernel.needsClocks && config.cluster.count() == 1),
        random(config.seed) {}

  llvm::Expected<LaunchStats> run(llvm::ArrayRef<KernelArgument> arguments);

  /// Finds the memory of an access, or reports why it has none: alignment, bounds, writing what is read only.
  /// `lane` is -1 where the warp acts as one.
  bool locate(Warp &warp, const Instr &in, int lane, Space space, uint64_t address, uint64_t size,
              uint64_t align, Use use, Place &place);
  /// Notes an access for the race check, or reports the race. Flags are those of Event.
  bool noteRead(Warp &warp, const Instr &in, uint8_t lane, const Place &place, uint64_t size,
                const Access &access);
  bool noteWrite(Warp &warp, const Instr &in, uint8_t lane, const Place &place, uint64_t size,
                 const Access &access, const uint8_t *after = nullptr);
  /// The event of an instruction that a warp runs now.
  uint32_t eventOf(Warp &warp, const Instr &in, uint8_t flags = 0);
  uint32_t engineEvent(Warp &warp, const Instr &in, uint32_t slot, uint32_t clock, uint8_t flags);
  void report(Warp &warp, const Instr &in, int lane, const llvm::Twine &message);
  bool hasFailed() const { return failed; }
  /// Whether granules were read that were written, too, and their reads have not been checked.
  bool hasUncheckedReads() const { return isMixed; }
  /// Gives the device's memory its values from before the launch, which is ReadChecks::Later.
  void undo();

  /// True once in `n` times, by chance.
  bool chance(unsigned n) { return random() % n == 0; }
  uint32_t draw(uint32_t n) { return n ? random() % n : 0; }
  /// The number of what follows a barrier of a whole block, from 1.
  uint32_t nextPhase() { return ++numPhases; }

  Device &device;
  const Kernel &kernel;
  const LaunchConfig &config;
  RaceChecker races;
  LaunchStats stats;
  std::vector<uint8_t> parameters;
  /// What is known to whoever reads a synchronisation variable, by its address.
  std::unordered_map<uint64_t, Knowledge> syncVariables;
  uint32_t sharedBytes = 0;

private:
  llvm::Error checkConfig();
  llvm::Error setParameters(llvm::ArrayRef<KernelArgument> arguments);
  std::unique_ptr<Cluster> start(uint64_t number);
  std::unique_ptr<Warp> startWarp(Cta &cta, uint32_t index, uint64_t numThreads);
  void fillSpecials(Warp &warp);
  /// True while the cluster has something to do.
  bool turn(Cluster &cluster);
  bool isFinished(const Cluster &cluster) const;
  void checkEnd(Cluster &cluster);
  void reportDeadlock(Cluster &cluster, llvm::StringRef what);
  bool reportConflict(Warp &warp, const Instr &in, int lane, const Place &place, const Conflict &conflict,
                      bool isWrite, bool isAsync);
  void note(Region &region, uint64_t offset, uint64_t size, Region::Known what);
  bool checksRead(const Place &place, uint64_t size) const;
  std::string whereIs(const Region &region, uint64_t offset) const;
  std::string locationText(const Instr &in) const;

  /// What a granule held before it was written.
  struct Before {
    Region *region;
    uint64_t granule;
    std::array<uint8_t, Region::kGranule> bytes;
  };

  bool noteInPhase(Warp &warp, uint8_t lane, const Place &place, uint64_t size, const Access &access,
                   Use use);
  uint32_t specialValue(const Warp &warp, llvm::StringRef name, uint32_t lane) const;
  /// Takes from a cluster that has ended what others can use.
  void recycle(Cluster &cluster);

  const ReadChecks reads;
  const bool usesPhases;
  uint32_t numPhases = 0;
  std::vector<std::vector<uint8_t>> spareRows;
  std::vector<std::unique_ptr<PhaseMarks>> spareMarks;
  std::vector<Before> undone;
  bool isMixed = false;
  std::mt19937_64 random;
  bool failed = false;
  std::string message;
};

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_LAUNCH_H

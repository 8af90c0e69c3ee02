//===- Phases.h - Shared memory between barriers of the whole block -*- C++ -*-===//
//
// A quick look at a block's shared memory, for kernels whose warps meet at barriers of the whole block only.
// The time between two of these is a phase. An access is in order with one of an earlier phase, of the same
// lane, or of the same warp before a bar.warp.sync. What is not seen to be in order so may be by other means,
// which vector clocks know (Race.h): the launch is run again with these, and they alone report races.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_PTX_PHASES_H
#define TGC_TOOLS_PTX_PHASES_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tgc::ptx {

/// The last access to a unit of memory.
struct PhaseMark {
  uint32_t phase = 0; ///< 0: there was none
  uint32_t epoch = 0; ///< of the warp
  uint16_t warp = 0;
  uint8_t lane = 0;
};

/// Marks of shared memory, `unit` bytes each. They serve block after block, since phases of a launch have one
/// count.
class PhaseMarks {
public:
  PhaseMarks(size_t bytes, size_t unit) : marks((bytes + unit - 1) / unit), unit(unit) {}

  /// False if the access is not seen to be in order with those before it.
  bool read(size_t offset, size_t size, const PhaseMark &access);
  bool write(size_t offset, size_t size, const PhaseMark &access);

private:
  struct Unit {
    PhaseMark written, read;
  };
  bool isWhole(size_t offset, size_t size) const { return offset % unit == 0 && size % unit == 0; }

  std::vector<Unit> marks;
  size_t unit;
};

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_PHASES_H

//===- Phases.cpp - Shared memory between barriers of the whole block ---------===//
#include "tools/ptx/Phases.h"
#include "tools/ptx/Race.h"

using namespace tgc::ptx;

/// Stands for the warps that have read the same unit in one phase.
static constexpr uint16_t kManyWarps = UINT16_MAX;

static bool isBefore(const PhaseMark &mark, const PhaseMark &access) {
  return mark.phase < access.phase || (mark.warp == access.warp && mark.epoch < access.epoch);
}

static bool isOrdered(const PhaseMark &mark, const PhaseMark &access) {
  return isBefore(mark, access) ||
         (mark.warp == access.warp && mark.lane == access.lane && access.lane != kAllLanes);
}

bool PhaseMarks::read(size_t offset, size_t size, const PhaseMark &access) {
  if (!isWhole(offset, size))
    return false;
  for (size_t i = offset / unit; i < (offset + size) / unit; ++i) {
    if (!isOrdered(marks[i].written, access))
      return false;
    PhaseMark &mark = marks[i].read;
    if (isBefore(mark, access))
      mark = access;
    else if (mark.warp != access.warp)
      mark.warp = kManyWarps;
    else if (mark.lane != access.lane)
      mark.lane = kAllLanes;
  }
  return true;
}

bool PhaseMarks::write(size_t offset, size_t size, const PhaseMark &access) {
  if (!isWhole(offset, size))
    return false;
  for (size_t i = offset / unit; i < (offset + size) / unit; ++i) {
    if (!isOrdered(marks[i].written, access) || !isOrdered(marks[i].read, access))
      return false;
    marks[i] = {access, {}};
  }
  return true;
}

//===- MBarriers.h - Arrivals at mbarriers --------------------------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_OPS_MBARRIERS_H
#define TGC_TOOLS_PTX_OPS_MBARRIERS_H

#include "tools/ptx/Launch.h"

namespace tgc::ptx {

struct FoundMBarrier {
  MBarrier *barrier = nullptr;
  Cta *cta = nullptr;
  uint32_t offset = 0;
};

/// The mbarrier at an address, which must have been initialised; reports if there is none.
FoundMBarrier findMBarrier(Warp &warp, const Instr &in, int lane, Space space, uint64_t address,
                           bool isWrite);
/// Ends the phase if nothing is missing.
void settle(MBarrier &barrier);
/// Counts arrivals and bytes that are to come (or, negative, have come); false after a report.
bool arriveAt(Warp &warp, const Instr &in, int lane, MBarrier &barrier, uint32_t count, int64_t transactions);

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_OPS_MBARRIERS_H

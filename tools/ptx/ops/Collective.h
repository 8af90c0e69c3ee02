//===- Collective.h - Instructions that lanes of a warp run together *- C++ -*-===//
#ifndef TGC_TOOLS_PTX_OPS_COLLECTIVE_H
#define TGC_TOOLS_PTX_OPS_COLLECTIVE_H

#include "tools/ptx/ops/Lanes.h"

namespace tgc::ptx {

/// What Fragment::waitState says of a fragment that has come to a .sync of its warp.
inline constexpr uint32_t kWaitsForLanes = 1;

/// Gathers the lanes that `members` names. `run` is called once, with all of them; lanes that are in other
/// fragments wait at the same place (or, for `anywhere`, at any instruction with the same mask).
template <typename Run>
Step runTogether(Warp &warp, const Instr &in, uint32_t mask, uint32_t members, bool anywhere, Run run) {
  if (mask & ~members)
    return warp.fail(in, llvm::countr_zero(mask & ~members), "this lane is not in the mask of its own .sync");
  uint32_t needed = members & warp.live;
  if (mask == needed)
    return run(mask);
  Fragment &at = warp.fragment();
  at.waitState = kWaitsForLanes;
  at.waitValue = uint64_t(members) << 32 | mask;
  uint32_t pc = at.pc, gathered = 0;
  auto isPartner = [&](const Fragment &other) {
    return other.waitState == kWaitsForLanes && other.waitValue >> 32 == members &&
           (anywhere || other.pc == pc);
  };
  for (const Fragment &other : warp.fragments)
    if (isPartner(other))
      gathered |= uint32_t(other.waitValue);
  if (gathered != needed)
    return Step::Wait;
  Step step = run(gathered);
  if (step == Step::Next)
    for (size_t i = 0; i < warp.fragments.size(); ++i)
      if (i != warp.current && isPartner(warp.fragments[i])) {
        ++warp.fragments[i].pc;
        warp.fragments[i].waitState = 0;
      }
  return step;
}

/// The member mask in `row`, which must be the same in all lanes; false after a report.
inline bool readMembers(Warp &warp, const Instr &in, uint32_t mask, uint32_t row, uint32_t &members) {
  const uint32_t *values = warp.row<uint32_t>(row);
  members = values[llvm::countr_zero(mask)];
  bool isSame = true;
  forEachLane(mask, [&](unsigned lane) { isSame &= values[lane] == members; });
  if (!isSame)
    warp.fail(in, -1, "lanes give different member masks");
  return isSame;
}

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_OPS_COLLECTIVE_H

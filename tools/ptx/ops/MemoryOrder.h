//===- MemoryOrder.h - What strong accesses and fences order --------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_OPS_MEMORYORDER_H
#define TGC_TOOLS_PTX_OPS_MEMORYORDER_H

#include "tools/ptx/Decode.h"
#include "tools/ptx/Launch.h"

namespace tgc::ptx {

inline constexpr uint32_t kStrong = 1 << 20, kAcquire = 1 << 21, kRelease = 1 << 22, kWholeDevice = 1 << 23;

/// Flags from .relaxed, .acquire, .volatile and the scopes.
inline uint32_t takeOrder(Decode &d) {
  static constexpr uint32_t kOrders[] = {
      kStrong, kStrong | kAcquire,           kStrong | kRelease, kStrong | kAcquire | kRelease,
      kStrong, kStrong | kAcquire | kRelease};
  int order = d.takeOneOf({"relaxed", "acquire", "release", "acq_rel", "volatile", "sc"});
  d.take("weak");
  d.take("mmio");
  int scope = d.takeOneOf({"cta", "cluster", "gpu", "sys"});
  return (order < 0 ? 0 : kOrders[order]) | (scope >= 2 ? kWholeDevice : 0);
}

/// After reading a synchronisation variable: what its writer published is known here, at once or after a
/// fence.
inline void acquire(Warp &warp, const Place &place, bool atOnce) {
  auto it = warp.launch->syncVariables.find(reinterpret_cast<uintptr_t>(place.bytes));
  if (it == warp.launch->syncVariables.end())
    return;
  (atOnce ? warp.knowledge : warp.pendingAcquire).join(it->second);
}

/// Before others read it: a release publishes all that is known, another write what was known at the last
/// fence.
inline void release(Warp &warp, const Place &place, bool all) {
  warp.launch->syncVariables[reinterpret_cast<uintptr_t>(place.bytes)].join(all ? warp.knowledge
                                                                                : warp.fenced);
}

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_OPS_MEMORYORDER_H

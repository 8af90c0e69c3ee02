//===- Lanes.h - A function of values as a handler of 32 lanes ------*- C++ -*-===//
#ifndef TGC_TOOLS_PTX_OPS_LANES_H
#define TGC_TOOLS_PTX_OPS_LANES_H

#include "tools/ptx/Decode.h"
#include "tools/ptx/Launch.h"
#include "llvm/ADT/bit.h"
#include <utility>

namespace tgc::ptx {

/// Calls `visit` with each lane of a mask, lowest first.
template <typename Visit> inline void forEachLane(uint32_t mask, Visit visit) {
  for (; mask; mask &= mask - 1)
    visit(unsigned(llvm::countr_zero(mask)));
}

template <auto Fn, typename Signature> struct LaneOp;
template <auto Fn, typename R, typename... A> struct LaneOp<Fn, R (*)(A...)> {
  static Step run(Warp &warp, const Instr &in, uint32_t mask) {
    return apply(warp, in, mask, std::index_sequence_for<A...>());
  }
  template <size_t... I>
  static Step apply(Warp &warp, const Instr &in, uint32_t mask, std::index_sequence<I...>) {
    R *to = warp.row<R>(in.dst);
    if (mask == ~uint32_t(0)) {
      R result[kWarpSize];
      for (unsigned lane = 0; lane < kWarpSize; ++lane)
        result[lane] = Fn(warp.row<A>(in.src[I])[lane]...);
      std::memcpy(to, result, sizeof(result));
      return Step::Next;
    }
    forEachLane(mask, [&](unsigned lane) { to[lane] = Fn(warp.row<A>(in.src[I])[lane]...); });
    return Step::Next;
  }
};

/// The handler that gives dst the value of `Fn`, a lambda without captures, of the sources.
template <auto Fn> constexpr Handler lanes() { return &LaneOp<Fn, decltype(+Fn)>::run; }

} // namespace tgc::ptx

#endif // TGC_TOOLS_PTX_OPS_LANES_H

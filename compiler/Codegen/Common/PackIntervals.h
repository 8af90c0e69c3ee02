//===- PackIntervals.h - Offsets of what lives for a while -----*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_COMMON_PACKINTERVALS_H
#define TGC_COMPILER_CODEGEN_COMMON_PACKINTERVALS_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace tgc {

/// Memory of `size` bytes at `offset` that is in use from the point in time `begin` to `end`, both included.
struct Interval {
  int64_t begin, end, size;
  int64_t offset = 0;

  bool livesWith(const Interval &other) const { return begin <= other.end && other.begin <= end; }
};

/// The most bytes of intervals that live at one time: no offsets need less.
int64_t countLiveBytes(llvm::ArrayRef<Interval> intervals);

/// Sets offsets so that intervals that live at the same time do not overlap; returns the bytes that they need
/// together. Finding the least is NP-hard. This takes the best of a thousand orders at most in which
/// intervals get the lowest place that is free (fewer if there are thousands of intervals): the first two are
/// by size and by size times lifetime ("Efficient memory management for deep neural net inference", Pisarchyk
/// and Lee 2020), and each further one places first what reached highest in the one before; the later ones
/// have two intervals exchanged at random too. Where none needs the live bytes only, intervals are also
/// placed in the order of time between 0 and that limit, at the side of the neighbour that lives longest:
/// steps of a loop that was unrolled hand their memory on in turns, which an order by size does not find.
int64_t packIntervals(llvm::MutableArrayRef<Interval> intervals);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_COMMON_PACKINTERVALS_H

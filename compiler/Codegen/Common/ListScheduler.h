//===- ListScheduler.h - Orders of steps that need little memory -*- C++ -*-===//
#ifndef TGC_COMPILER_CODEGEN_COMMON_LISTSCHEDULER_H
#define TGC_COMPILER_CODEGEN_COMMON_LISTSCHEDULER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <vector>

namespace tgc {

/// Steps, numbered in an order that keeps what they need, and the buffers that they touch. A buffer lives
/// from the first step that touches it to the last.
struct StepGraph {
  struct Step {
    /// Each once.
    llvm::SmallVector<unsigned, 4> before, after, buffers;
    /// Bytes that live during the step alone.
    int64_t inner = 0;
  };
  std::vector<Step> steps;
  /// Of buffers, in bytes.
  std::vector<int64_t> sizes;

  /// `first` comes before `second`; what is said twice counts once.
  void addOrder(unsigned first, unsigned second);
};

/// The most bytes that live at one time.
int64_t countLiveBytes(const StepGraph &graph, llvm::ArrayRef<unsigned> order);

/// The best of a few orders, or nothing if none needs less than the steps' own. Finding the least is NP-hard
/// (Sethi 1975). Each order takes, step by step, one that can be next: what frees more than it asks for, else
/// what goes on with what was begun last, or what asks for least. Half of the orders are made from the last
/// step to the first, where what is freed is asked for. Takes O(n log n).
llvm::SmallVector<unsigned> schedule(const StepGraph &graph);

} // namespace tgc

#endif // TGC_COMPILER_CODEGEN_COMMON_LISTSCHEDULER_H

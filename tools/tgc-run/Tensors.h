//===- Tensors.h - Between numpy arrays and the runtime's tensors -------------===//
#ifndef TGC_TOOLS_TGC_RUN_TENSORS_H
#define TGC_TOOLS_TGC_RUN_TENSORS_H

#include "tgc/runtime.h"
#include "tools/npz/Npz.h"
#include "llvm/Support/Error.h"
#include <deque>

namespace tgc {

/// The feeds of an entry in its order. Borrows the arrays.
struct FeedTensors {
  std::vector<tgc_tensor_t> tensors;
  std::deque<std::vector<tgc_string_t>> strings; // what string tensors point to
};

/// Finds each feed of the entry among the arrays, by name. An array that the entry does not take is an error
/// unless `allowsUnused`; so is one of another element type, where uint16 stands for bfloat16.
llvm::Expected<FeedTensors> bindFeeds(const tgc_entry_info_t &entry, const NamedArrays *arrays,
                                      bool allowsUnused);

/// A feed for each of the entry, to measure with: unknown dimensions are 1, numbers are spread over [0, 1).
NamedArrays inventFeeds(const tgc_entry_info_t &entry);

/// A copy of what a run has fetched.
llvm::Expected<NumpyArray> copyTensor(const tgc_tensor_t &tensor);

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_TENSORS_H

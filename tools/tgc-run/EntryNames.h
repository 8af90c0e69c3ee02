//===- EntryNames.h - The names that an entry of a module has -----------------===//
#ifndef TGC_TOOLS_TGC_RUN_ENTRYNAMES_H
#define TGC_TOOLS_TGC_RUN_ENTRYNAMES_H

#include "tgc/abi.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include <vector>

namespace tgc {

using Names = std::vector<llvm::StringRef>;

inline Names feedNames(const tgc_entry_info_t &entry) {
  Names names;
  for (const tgc_tensor_info_t &feed : llvm::ArrayRef(entry.feeds, entry.num_feeds))
    names.push_back(feed.name);
  return names;
}

inline Names fetchNames(const tgc_entry_info_t &entry) {
  Names names;
  for (const tgc_tensor_info_t &fetch : llvm::ArrayRef(entry.fetches, entry.num_fetches))
    names.push_back(fetch.name);
  return names;
}

inline Names targetNames(const tgc_entry_info_t &entry) {
  return Names(entry.targets, entry.targets + entry.num_targets);
}

/// "a, b", or "none", for messages.
inline std::string listed(const Names &names) { return names.empty() ? "none" : llvm::join(names, ", "); }

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_ENTRYNAMES_H

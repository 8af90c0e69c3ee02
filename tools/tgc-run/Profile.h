//===- Profile.h - How long each kernel takes ---------------------------------===//
#ifndef TGC_TOOLS_TGC_RUN_PROFILE_H
#define TGC_TOOLS_TGC_RUN_PROFILE_H

#include "compiler/Codegen/CPU/Roofline.h"
#include "tgc/runtime.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <vector>

namespace tgc {

/// Collects the times of a session's kernels. Must stay where it is while the session lives.
class Profiler {
public:
  void attach(tgc_session_options_t &options);
  /// Forgets what was measured: it was the warm-up. What kernels do depends on the sizes of the feeds.
  void restart(llvm::ArrayRef<tgc_tensor_t> feeds);
  /// A line per kernel, the slowest first; an error if the module has no hooks.
  llvm::Error print(llvm::raw_ostream &out) const;
  /// The last run, for the viewers of Chrome and Perfetto.
  llvm::Error writeTrace(llvm::StringRef path) const;

private:
  struct Event {
    const char *kernel, *nodes;
    uint64_t begin, end;
    bool isOfDevice = false;
    uint64_t bytes = 0, operations = 0;
  };
  struct Total {
    bool isOfDevice = false;
    uint64_t time = 0, calls = 0, bytes = 0, operations = 0;
    /// What is computed, if not f32.
    llvm::StringRef type;
  };
  void record(const Event &event);
  /// Adds what the host's kernel of that name does in all calls, if that is known.
  void addWork(const char *kernel, Total &total) const;
  std::optional<uint64_t> evaluate(llvm::StringRef formula) const;
  void printWork(llvm::raw_ostream &out, llvm::StringRef kernel, const Total &total,
                 const Roofline &roofline) const;

  std::vector<std::vector<int64_t>> shapes; // of the feeds
  llvm::MapVector<std::pair<const char *, const char *>, Total> totals;
  std::vector<Event> lastRun;
  uint64_t numRuns = 0;
};

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_PROFILE_H

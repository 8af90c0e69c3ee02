//===- Script.h - The steps of one session ------------------------------------===//
//
// A script is a JSON list. Each step is one of
//   {"feeds": "s0.npz" or null, "fetch": ["a:0", ...], "target": ["op", ...], "entry": "name"}   as
//   Session.run
//   {"load": "checkpoint prefix", "only": "REGEX", "renames": {"variable": "tensor"}}
//       variables by name, those it lacks stay as they are
//   {"save": "checkpoint prefix"}
// Paths are relative to the script. All keys of the first form but one may be missing; "entry" is optional.
//
//===----------------------------------------------------------------------===//
#ifndef TGC_TOOLS_TGC_RUN_SCRIPT_H
#define TGC_TOOLS_TGC_RUN_SCRIPT_H

#include "tools/tgc-run/Restore.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace tgc {

struct Step {
  enum class Kind { Run, Load, Save };
  Kind kind = Kind::Run;
  std::string path;  // Run: the feeds' npz, or empty; else the checkpoint's prefix
  std::string entry; // by name; empty: the one that fits
  std::vector<std::string> fetches, targets;
  bool fetchesAll = false;    // all that the entry has, where none were named
  RestoreSelection selection; // Load
};

llvm::Expected<std::vector<Step>> readScript(llvm::StringRef path);

/// The same from text; relative paths are taken from `folder`.
llvm::Expected<std::vector<Step>> parseScript(llvm::StringRef text, llvm::StringRef folder);

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_SCRIPT_H

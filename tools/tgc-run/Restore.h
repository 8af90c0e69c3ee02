//===- Restore.h - Which variables take which values of a checkpoint -*- C++ -*-===//
#ifndef TGC_TOOLS_TGC_RUN_RESTORE_H
#define TGC_TOOLS_TGC_RUN_RESTORE_H

#include "tgc/runtime.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace tgc {

/// What a restore takes of a checkpoint: everything, unless something is said.
struct RestoreSelection {
  std::string only; ///< regular expression that a variable's whole name matches; empty: all variables
  std::vector<std::pair<std::string, std::string>> renames; ///< variable, name in the checkpoint
};

/// "VARIABLE=TENSOR".
llvm::Expected<std::pair<std::string, std::string>> parseRename(llvm::StringRef text);

/// Gives a session's variables their values in the checkpoint. `isPartial`: those that the checkpoint lacks
/// keep what they have, unless it lacks all.
llvm::Error restoreVariables(tgc_session_t *session, const std::string &prefix,
                             const RestoreSelection &selection, bool isPartial);

} // namespace tgc

#endif // TGC_TOOLS_TGC_RUN_RESTORE_H

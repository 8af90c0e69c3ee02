//===- Restore.cpp - Which variables take which values of a checkpoint ------===//

#include "tools/tgc-run/Restore.h"
#include "tools/tgc-run/LoadModule.h"
#include "llvm/Support/Regex.h"

using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

namespace tgc {

Expected<std::pair<std::string, std::string>> parseRename(StringRef text) {
  auto [variable, tensor] = text.split('=');
  if (variable.empty() || tensor.empty())
    return createStringError("'" + text + "': VARIABLE=TENSOR is expected");
  return std::pair(variable.str(), tensor.str());
}

Error restoreVariables(tgc_session_t *session, const std::string &prefix, const RestoreSelection &selection,
                       bool isPartial) {
  tgc_restore_options_t options = {};
  options.size = sizeof options;
  options.partial = isPartial;
  std::vector<tgc_rename_t> renames;
  for (const auto &[variable, tensor] : selection.renames)
    renames.push_back({variable.c_str(), tensor.c_str()});
  options.renames = renames.data();
  options.num_renames = static_cast<uint32_t>(renames.size());
  const llvm::Regex only("^(" + selection.only + ")$");
  if (std::string problem; !only.isValid(problem))
    return createStringError("'" + selection.only + "' is no regular expression: " + problem);
  if (!selection.only.empty()) {
    options.selects = [](void *user, const char *variable) -> uint8_t {
      return static_cast<const llvm::Regex *>(user)->match(variable);
    };
    options.user = const_cast<llvm::Regex *>(&only);
  }
  tgc_error_t error = {};
  return tgc_session_restore(session, prefix.c_str(), &options, &error) == TGC_OK ? Error::success()
                                                                                  : runtimeError(error);
}

} // namespace tgc

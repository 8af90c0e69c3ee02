//===- DeviceName.h - Names of devices --------------------------*- C++ -*-===//
#ifndef TGC_FRONTEND_GRAPHDEF_DEVICENAME_H
#define TGC_FRONTEND_GRAPHDEF_DEVICENAME_H

#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace tgc {

/// What "/job:localhost/replica:0/task:0/device:GPU:1", "/gpu:1" or a part of it says; nothing where it says
/// nothing or "*".
struct DeviceName {
  std::optional<std::string> job;
  std::optional<int> replica, task;
  std::optional<std::string> type; ///< "CPU", "GPU"; others as they are written
  std::optional<int> number;

  /// Whether this process may be meant.
  bool isLocal() const {
    return job.value_or("localhost") == "localhost" && replica.value_or(0) == 0 && task.value_or(0) == 0;
  }
};

/// None if the text is not of that form.
std::optional<DeviceName> parseDeviceName(llvm::StringRef text);

} // namespace tgc

#endif // TGC_FRONTEND_GRAPHDEF_DEVICENAME_H

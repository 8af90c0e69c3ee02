//===- EventWriter.h - Files for TensorBoard --------------------*- C++ -*-===//
#ifndef TGC_TOOLS_TRAIN_EVENTWRITER_H
#define TGC_TOOLS_TRAIN_EVENTWRITER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>

namespace tgc::proto {
class Event;
class Histogram;
} // namespace tgc::proto

namespace tgc {

/// One event file of a folder that TensorBoard watches. What was added is on its way to the disk after flush.
class EventWriter {
public:
  static llvm::Expected<std::unique_ptr<EventWriter>> create(llvm::StringRef folder);

  void addScalar(llvm::StringRef tag, int64_t step, double value);
  void addHistogram(llvm::StringRef tag, int64_t step, llvm::ArrayRef<double> values);
  /// A Summary, as a graph's own summary nodes make it.
  void addSummary(llvm::StringRef summary, int64_t step);
  /// A GraphDef.
  void addGraph(llvm::StringRef graph);
  llvm::Error flush();

private:
  EventWriter(std::unique_ptr<llvm::raw_fd_ostream> stream, std::string path)
      : stream(std::move(stream)), path(std::move(path)) {}
  void add(proto::Event &event, int64_t step);

  std::unique_ptr<llvm::raw_fd_ostream> stream;
  std::string path;
};

/// TensorFlow's buckets: exponential ones with a ratio of 1.1 on both sides of zero; what is not finite is
/// left out.
proto::Histogram makeHistogram(llvm::ArrayRef<double> values);

} // namespace tgc

#endif // TGC_TOOLS_TRAIN_EVENTWRITER_H

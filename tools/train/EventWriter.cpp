//===- EventWriter.cpp - Files for TensorBoard ----------------------------===//

#include "tools/train/EventWriter.h"
#include "runtime/kernels/summary/histogram.h"
#include "tools/train/Records.pb.h"
#include "tools/train/TfRecord.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include <chrono>
#include <unistd.h>

using namespace llvm;

namespace tgc {

static double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

proto::Histogram makeHistogram(ArrayRef<double> values) {
  auto made = std::make_unique<tgc_histogram_t>();
  tgc_histogram_make(values.data(), values.size(), made.get());
  proto::Histogram histogram;
  histogram.set_min(made->min);
  histogram.set_max(made->max);
  histogram.set_num(made->num);
  histogram.set_sum(made->sum);
  histogram.set_sum_squares(made->sum_squares);
  histogram.mutable_bucket_limit()->Add(made->limits, made->limits + made->num_buckets);
  histogram.mutable_bucket()->Add(made->counts, made->counts + made->num_buckets);
  return histogram;
}

Expected<std::unique_ptr<EventWriter>> EventWriter::create(StringRef folder) {
  if (std::error_code code = sys::fs::create_directories(folder))
    return createStringError(code, folder + ": " + code.message());
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  SmallString<256> path(folder);
  std::string name;
  raw_string_ostream(name) << "events.out.tfevents." << format("%010lld", static_cast<long long>(now()))
                           << '.' << host << '.' << sys::Process::getProcessId();
  sys::path::append(path, name);
  std::error_code code;
  auto stream = std::make_unique<raw_fd_ostream>(path, code, sys::fs::OF_None);
  if (code)
    return createStringError(code, path + ": " + code.message());
  std::unique_ptr<EventWriter> writer(new EventWriter(std::move(stream), path.str().str()));
  proto::Event version;
  version.set_file_version("brain.Event:2");
  writer->add(version, 0);
  return writer;
}

void EventWriter::add(proto::Event &event, int64_t step) {
  event.set_wall_time(now());
  event.set_step(step);
  *stream << frameRecord(event.SerializeAsString());
}

void EventWriter::addScalar(StringRef tag, int64_t step, double value) {
  proto::Summary summary;
  proto::Summary::Value *entry = summary.add_value();
  entry->set_tag(tag.str());
  entry->set_simple_value(static_cast<float>(value));
  addSummary(summary.SerializeAsString(), step);
}

void EventWriter::addHistogram(StringRef tag, int64_t step, ArrayRef<double> values) {
  proto::Summary summary;
  proto::Summary::Value *entry = summary.add_value();
  entry->set_tag(tag.str());
  *entry->mutable_histo() = makeHistogram(values);
  addSummary(summary.SerializeAsString(), step);
}

void EventWriter::addSummary(StringRef summary, int64_t step) {
  proto::Event event;
  event.set_summary(summary.str());
  add(event, step);
}

void EventWriter::addGraph(StringRef graph) {
  proto::Event event;
  event.set_graph_def(graph.str());
  add(event, 0);
}

Error EventWriter::flush() {
  stream->flush();
  if (!stream->has_error())
    return Error::success();
  std::error_code code = stream->error();
  stream->clear_error();
  return createStringError(code, path + ": " + code.message());
}

} // namespace tgc

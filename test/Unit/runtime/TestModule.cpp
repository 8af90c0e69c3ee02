//===- TestModule.cpp - A module written by hand, as the compiler would emit it ---===//
#include "TestModule.h"

#include <atomic>
#include <sched.h>

namespace tgc::test {
namespace {

enum Variable : uint32_t { kStep, kUnset, kLabel, kWeights };

template <typename T> const T *feed(tgc_frame_t *frame, uint32_t index) {
  return static_cast<const T *>(frame->feeds[index].data);
}

int32_t scale(tgc_frame_t *frame) {
  const tgc_tensor_t &x = frame->feeds[0];
  int64_t count = x.dims[0] * 2;
  auto *y = static_cast<float *>(tgc_rt_fetch(frame, 0, x.dims, count * sizeof(float)));
  for (int64_t i = 0; i < count; ++i)
    y[i] = 2 * static_cast<const float *>(x.data)[i];
  return TGC_OK;
}

int32_t nothing(tgc_frame_t *) { return TGC_OK; }

int32_t increment(tgc_frame_t *frame) {
  int64_t next = *static_cast<int64_t *>(tgc_rt_variable_read(frame, kStep, "step/read (Identity)")) + 1;
  *static_cast<int64_t *>(tgc_rt_variable_write(frame, kStep, nullptr, sizeof next)) = next;
  *static_cast<int64_t *>(tgc_rt_fetch(frame, 0, nullptr, sizeof next)) = next;
  return TGC_OK;
}

int32_t readUnset(tgc_frame_t *frame) {
  const int64_t dims[] = {2};
  const void *value = tgc_rt_variable_read(frame, kUnset, "unset/read (Identity)");
  memcpy(tgc_rt_fetch(frame, 0, dims, 8), value, 8);
  return TGC_OK;
}

int32_t fail(tgc_frame_t *frame) {
  const int64_t values[] = {7, reinterpret_cast<intptr_t>("seven"), -1};
  tgc_rt_fail(frame, *feed<int32_t>(frame, 0), "layer/Gather (GatherV2)",
              "index %d (%s) is not in [0, %d), 100%% sure", values, 3);
  return TGC_OK;
}

struct Loop {
  tgc_frame_t *frame;
  void *out;
};

void sumPiece(void *context, int64_t begin, int64_t end) {
  auto *out = static_cast<float *>(static_cast<Loop *>(context)->out);
  float sum = 0;
  for (int64_t i = begin; i < end; ++i)
    sum += 1.0f / static_cast<float>(i + 1);
  out[begin / 100] = sum;
}

int32_t sumPieces(tgc_frame_t *frame) {
  int64_t count = *feed<int64_t>(frame, 0);
  int64_t dims[] = {(count + 99) / 100};
  Loop loop = {frame, tgc_rt_fetch(frame, 0, dims, dims[0] * sizeof(float))};
  tgc_rt_parallel_for(frame, sumPiece, &loop, count, 100);
  return TGC_OK;
}

void failPiece(void *context, int64_t begin, int64_t) {
  if (begin == 3)
    tgc_rt_fail(static_cast<Loop *>(context)->frame, TGC_OUT_OF_RANGE, "loop (While)", "piece %d", &begin, 1);
}

int32_t failPieces(tgc_frame_t *frame) {
  Loop loop = {frame, nullptr};
  tgc_rt_parallel_for(frame, failPiece, &loop, *feed<int64_t>(frame, 0), 1);
  return TGC_OK;
}

void innerPiece(void *context, int64_t begin, int64_t end) {
  *static_cast<int64_t *>(static_cast<Loop *>(context)->out) += end - begin;
}

void outerPiece(void *context, int64_t begin, int64_t) {
  auto *outer = static_cast<Loop *>(context);
  Loop inner = {outer->frame, static_cast<int64_t *>(outer->out) + begin};
  tgc_rt_parallel_for(inner.frame, innerPiece, &inner, 1000, 10);
}

int32_t nested(tgc_frame_t *frame) {
  const int64_t *count = feed<int64_t>(frame, 0);
  auto *sums = static_cast<int64_t *>(tgc_rt_fetch(frame, 0, count, *count * sizeof(int64_t)));
  memset(sums, 0, *count * sizeof(int64_t));
  Loop loop = {frame, sums};
  tgc_rt_parallel_for(frame, outerPiece, &loop, *count, 1);
  return TGC_OK;
}

int32_t greet(tgc_frame_t *frame) {
  const tgc_tensor_t &names = frame->feeds[0];
  const auto *name = feed<tgc_string_t>(frame, 0);
  auto *out =
      static_cast<tgc_string_t *>(tgc_rt_fetch(frame, 0, names.dims, names.dims[0] * sizeof(tgc_string_t)));
  uint64_t room = 0;
  for (int64_t i = 0; i < names.dims[0]; ++i)
    room += name[i].size + 6;
  auto *at = static_cast<char *>(tgc_rt_buffer(frame, 0, room));
  for (int64_t i = 0; i < names.dims[0]; ++i) {
    memcpy(at, "Hello ", 6);
    memcpy(at + 6, name[i].data, name[i].size);
    out[i] = {at, name[i].size + 6};
    at += out[i].size;
  }
  auto *label =
      static_cast<tgc_string_t *>(tgc_rt_variable_write(frame, kLabel, nullptr, sizeof(tgc_string_t)));
  if (names.dims[0])
    *label = name[0];
  return TGC_OK;
}

int32_t dynamic(tgc_frame_t *frame) {
  const int64_t *count = feed<int64_t>(frame, 0);
  uint64_t bytes;
  if (__builtin_mul_overflow(static_cast<uint64_t>(*count), sizeof(float), &bytes))
    bytes = UINT64_MAX;
  auto *buffer = static_cast<float *>(tgc_rt_buffer(frame, 0, bytes));
  auto *scratch = static_cast<float *>(tgc_rt_workspace(frame, bytes));
  for (int64_t i = 0; i < *count; ++i)
    buffer[i] = scratch[i] = 1;
  auto *out = static_cast<float *>(tgc_rt_fetch(frame, 0, count, bytes));
  for (int64_t i = 0; i < *count; ++i)
    out[i] = buffer[i];
  return TGC_OK;
}

int32_t hostOutput(tgc_frame_t *frame) {
  tgc_tensor_t output = {};
  output.dtype = TGC_FLOAT32;
  output.rank = 2;
  output.dims[0] = 5;
  output.dims[1] = -1;
  tgc_rt_host_output(frame, 0, &output, 2, feed<int64_t>(frame, 0));
  *static_cast<int64_t *>(tgc_rt_fetch(frame, 0, nullptr, 8)) = static_cast<int64_t>(output.byte_size);
  return TGC_OK;
}

int32_t randomState(tgc_frame_t *frame) {
  *static_cast<int64_t *>(tgc_rt_fetch(frame, 0, nullptr, 8)) = static_cast<int64_t>(tgc_rt_seed(frame));
  *static_cast<int64_t *>(tgc_rt_fetch(frame, 1, nullptr, 8)) =
      static_cast<int64_t>(++*tgc_rt_counter(frame, 1));
  return TGC_OK;
}

std::atomic<int> numWaiting{0};
std::atomic<bool> mayLeave{false};

int32_t wait(tgc_frame_t *) {
  ++numWaiting;
  while (!mayLeave)
    sched_yield();
  return TGC_OK;
}

const int64_t kRows[] = {-1, 2};
const int64_t kTwo[] = {2};
const int64_t kAny[] = {-1};
const int64_t kFourByTwo[] = {4, 2};

const tgc_tensor_info_t kX[] = {{"x:0", TGC_FLOAT32, 2, kRows}};
const tgc_tensor_info_t kY[] = {{"y:0", TGC_FLOAT32, 2, kRows}};
const tgc_tensor_info_t kN[] = {{"n:0", TGC_INT64, 0, nullptr}};
const tgc_tensor_info_t kU[] = {{"u:0", TGC_FLOAT32, 1, kTwo}};
const tgc_tensor_info_t kCode[] = {{"code:0", TGC_INT32, 0, nullptr}};
const tgc_tensor_info_t kSums[] = {{"sums:0", TGC_FLOAT32, 1, kAny}};
const tgc_tensor_info_t kCounts[] = {{"sums:0", TGC_INT64, 1, kAny}};
const tgc_tensor_info_t kName[] = {{"name:0", TGC_STRING, 1, kAny}};
const tgc_tensor_info_t kGreeting[] = {{"greeting:0", TGC_STRING, 1, kAny}};
const tgc_tensor_info_t kOnes[] = {{"ones:0", TGC_FLOAT32, 1, kAny}};
const tgc_tensor_info_t kDims[] = {{"dims:0", TGC_INT64, 1, kTwo}};
const tgc_tensor_info_t kBytes[] = {{"bytes:0", TGC_INT64, 0, nullptr}};
const tgc_tensor_info_t kState[] = {{"seed:0", TGC_INT64, 0, nullptr}, {"count:0", TGC_INT64, 0, nullptr}};

const tgc_entry_info_t kEntries[kNumEntries] = {
    {"scale", 1, 1, 0, kX, kY, nullptr, 0, scale},
    {"nothing", 0, 0, 0, nullptr, nullptr, nullptr, 0, nothing},
    {"increment", 0, 1, 0, nullptr, kN, nullptr, 0, increment},
    {"read_unset", 0, 1, 0, nullptr, kU, nullptr, 0, readUnset},
    {"fail", 1, 0, 0, kCode, nullptr, nullptr, 0, fail},
    {"sum_pieces", 1, 1, 0, kN, kSums, nullptr, 0, sumPieces},
    {"fail_pieces", 1, 0, 0, kN, nullptr, nullptr, 0, failPieces},
    {"nested", 1, 1, 0, kN, kCounts, nullptr, 0, nested},
    {"greet", 1, 1, 0, kName, kGreeting, nullptr, 1, greet},
    {"dynamic", 1, 1, 0, kN, kOnes, nullptr, 1, dynamic},
    {"host_output", 1, 1, 0, kDims, kBytes, nullptr, 1, hostOutput},
    {"random_state", 0, 2, 0, nullptr, kState, nullptr, 0, randomState},
    {"wait", 0, 0, 0, nullptr, nullptr, nullptr, 0, wait},
};

const int64_t kInitialStep = 41;

const tgc_variable_info_t kVariables[] = {
    {{"step", TGC_INT64, 0, nullptr}, 0, &kInitialStep, nullptr},
    {{"unset", TGC_FLOAT32, 1, kTwo}, 1, nullptr, nullptr},
    {{"label", TGC_STRING, 0, nullptr}, 0, nullptr, nullptr},
    {{"v", TGC_FLOAT32, 2, kFourByTwo}, 1, nullptr, nullptr},
};

const tgc_module_info_t kModule = {sizeof(tgc_module_info_t),
                                   TGC_ABI_VERSION,
                                   "test",
                                   "0",
                                   kNumEntries,
                                   4,
                                   kEntries,
                                   kVariables,
                                   &tgc_runtime_api,
                                   2,
                                   nullptr,
                                   nullptr,
                                   0};

} // namespace

const tgc_module_info_t &moduleInfo() { return kModule; }

void releaseWaiters() { mayLeave = true; }
int waitersInside() { return numWaiting; }
void resetWaiters() {
  mayLeave = false;
  numWaiting = 0;
}

Session::Session(uint32_t numThreads, const tgc_services_t *services, uint64_t seed) {
  tgc_session_options_t options = {sizeof options, numThreads, seed, nullptr, nullptr};
  EXPECT_EQ(tgc_module_from_info(&kModule, services, &module, &error), TGC_OK) << error.message;
  EXPECT_EQ(tgc_session_create(module, &options, &session, &error), TGC_OK) << error.message;
}

Session::~Session() {
  tgc_session_release(session);
  tgc_module_release(module);
}

tgc_status_t Session::run(uint32_t entry, std::vector<tgc_tensor_t> feeds,
                          std::vector<tgc_tensor_t> &fetches) {
  fetches.resize(kEntries[entry].num_fetches);
  return tgc_session_run(session, entry, feeds.data(), static_cast<uint32_t>(feeds.size()), fetches.data(),
                         static_cast<uint32_t>(fetches.size()), &error);
}

tgc_status_t Session::run(uint32_t entry, std::vector<tgc_tensor_t> feeds) {
  std::vector<tgc_tensor_t> fetches;
  return run(entry, std::move(feeds), fetches);
}

} // namespace tgc::test

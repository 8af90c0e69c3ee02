//===- TestModule.h - A module written by hand, as the compiler would emit it ---===//
#ifndef TGC_TEST_UNIT_RUNTIME_TESTMODULE_H
#define TGC_TEST_UNIT_RUNTIME_TESTMODULE_H

#include "tgc/runtime.h"

#include "gtest/gtest.h"

#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

namespace tgc::test {

/// The entries of the test module, in order.
enum Entry : uint32_t {
  kScale,       // x:0 float32 [?,2] -> y:0 = 2 x
  kNothing,     // no feeds, no fetches
  kIncrement,   // step += 1, n:0 = step (int64 scalar)
  kReadUnset,   // u:0 = unset (float32 [2])
  kFail,        // code:0 int32 scalar: fails with it
  kSumPieces,   // n:0 int64 scalar -> sums:0 float32 [?]: one number for each piece of 100
  kFailPieces,  // n:0 int64 scalar: a parallel region whose piece 3 fails
  kNested,      // n:0 int64 scalar -> sums:0 int64 [?]: a region in a region
  kGreet,       // name:0 string [?] -> greeting:0 string [?]; label = the first name
  kDynamic,     // n:0 int64 scalar -> ones:0 float32 [?], by way of a buffer and the workspace
  kHostOutput,  // dims:0 int64 [2] -> bytes:0 int64 scalar
  kRandomState, // seed:0, count:0 int64 scalars
  kWait,        // runs until releaseWaiters()
  kNumEntries
};

const tgc_module_info_t &moduleInfo();

/// Lets entries of kWait return; waitersInside() says how many there are.
void releaseWaiters();
int waitersInside();
void resetWaiters();

/// A module and a session over it, released in order.
class Session {
public:
  explicit Session(uint32_t numThreads = 1, const tgc_services_t *services = nullptr, uint64_t seed = 0);
  Session(const Session &) = delete;
  ~Session();

  tgc_status_t run(uint32_t entry, std::vector<tgc_tensor_t> feeds, std::vector<tgc_tensor_t> &fetches);
  tgc_status_t run(uint32_t entry, std::vector<tgc_tensor_t> feeds = {});

  tgc_module_t *module = nullptr;
  tgc_session_t *session = nullptr;
  tgc_error_t error = {};
};

/// A tensor over the caller's elements.
template <typename T>
tgc_tensor_t tensor(int32_t dtype, std::vector<T> &values, std::initializer_list<int64_t> dims) {
  tgc_tensor_t result = {};
  result.data = values.data();
  result.byte_size = values.size() * sizeof(T);
  result.dtype = dtype;
  for (int64_t dim : dims)
    result.dims[result.rank++] = dim;
  return result;
}

/// A scalar over the caller's variable.
template <typename T> tgc_tensor_t scalar(int32_t dtype, T &value) {
  tgc_tensor_t result = {};
  result.data = &value;
  result.byte_size = sizeof(T);
  result.dtype = dtype;
  return result;
}

inline std::string text(const tgc_string_t &string) { return std::string(string.data, string.size); }

} // namespace tgc::test

#endif // TGC_TEST_UNIT_RUNTIME_TESTMODULE_H

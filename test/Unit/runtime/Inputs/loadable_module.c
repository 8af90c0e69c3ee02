/*===- loadable_module.c - A module as a shared library, written by hand ----===*
 *
 * One entry, squares: n:0 int64 scalar -> y:0 int64 [?], y[i] = i * i, in a parallel region of pieces of 10.
 * With TGC_TEST_NEWER it claims to need a newer ABI.
 *
 *===----------------------------------------------------------------------===*/
#include "tgc/abi.h"

#include <stddef.h>

static void square(void *context, int64_t begin, int64_t end) {
  int64_t *y = context;
  for (int64_t i = begin; i < end; ++i)
    y[i] = i * i;
}

static int32_t run_squares(tgc_frame_t *frame) {
  const int64_t *n = frame->feeds[0].data;
  if (*n < 0)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, "range (Range)", "n is %d", n, 1);
  int64_t *y = tgc_rt_fetch(frame, 0, n, (uint64_t)*n * sizeof *y);
  tgc_rt_parallel_for(frame, square, y, *n, 10);
  return TGC_OK;
}

static const int64_t dims[] = {-1};
static const tgc_tensor_info_t feeds[] = {{"n:0", TGC_INT64, 0, NULL}};
static const tgc_tensor_info_t fetches[] = {{"y:0", TGC_INT64, 1, dims}};
static const tgc_entry_info_t entries[] = {{"squares", 1, 1, 0, feeds, fetches, NULL, 0, run_squares}};
static const tgc_module_info_t info = {
    .size = sizeof info,
    .version = TGC_ABI_VERSION,
    .target = "test",
    .fingerprint = "0",
    .num_entries = 1,
    .entries = entries,
    .api = &tgc_runtime_api,
};

#ifdef TGC_TEST_NEWER
enum { NEEDED_VERSION = TGC_ABI_VERSION + 1 };
#else
enum { NEEDED_VERSION = TGC_ABI_VERSION };
#endif

__attribute__((visibility("default"))) const tgc_module_info_t *tgc_module_query(uint32_t max_version) {
  return max_version < NEEDED_VERSION ? NULL : &info;
}

/*===- runtime_overhead.c - What a run costs besides its work ---------------===
 *
 * Prints the median over batches, in nanoseconds, of: a run of an entry that does nothing; one with two feeds
 * and a lent fetch; an empty parallel region of as many pieces as threads. Usage: tgc-runtime-overhead
 * [THREADS]
 *
 *===----------------------------------------------------------------------===*/
#include "tgc/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NUM_BATCHES = 101, BATCH = 2000 };

static int64_t num_pieces = 2;

static int32_t run_nothing(tgc_frame_t *frame) {
  (void)frame;
  return TGC_OK;
}

static int32_t run_add(tgc_frame_t *frame) {
  const float *a = frame->feeds[0].data, *b = frame->feeds[1].data;
  float *sum = tgc_rt_fetch(frame, 0, frame->feeds[0].dims, sizeof(float));
  *sum = *a + *b;
  return TGC_OK;
}

static void do_piece(void *context, int64_t begin, int64_t end) {
  (void)context;
  (void)begin;
  (void)end;
}

static int32_t run_region(tgc_frame_t *frame) {
  tgc_rt_parallel_for(frame, do_piece, NULL, num_pieces, 1);
  return TGC_OK;
}

static const int64_t dims[] = {-1};
static const tgc_tensor_info_t feeds[] = {{"a:0", TGC_FLOAT32, 1, dims}, {"b:0", TGC_FLOAT32, 1, dims}};
static const tgc_tensor_info_t fetches[] = {{"sum:0", TGC_FLOAT32, 1, dims}};
static const tgc_entry_info_t entries[] = {
    {.name = "nothing", .run = run_nothing},
    {.name = "add", .num_feeds = 2, .num_fetches = 1, .feeds = feeds, .fetches = fetches, .run = run_add},
    {.name = "region", .run = run_region},
};
static const tgc_module_info_t info = {.size = sizeof info,
                                       .version = TGC_ABI_VERSION,
                                       .target = "benchmark",
                                       .fingerprint = "0",
                                       .num_entries = 3,
                                       .entries = entries};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int measure(tgc_session_t *session, uint32_t entry) {
  double batches[NUM_BATCHES];
  float a = 1, b = 2;
  tgc_tensor_t inputs[2] = {{.data = &a, .byte_size = 4, .dtype = TGC_FLOAT32, .rank = 1, .dims = {1}},
                            {.data = &b, .byte_size = 4, .dtype = TGC_FLOAT32, .rank = 1, .dims = {1}}};
  tgc_tensor_t output = {0};
  tgc_error_t error;
  for (int i = 0; i < NUM_BATCHES; ++i) {
    double start = now();
    for (int j = 0; j < BATCH; ++j) {
      if (tgc_session_run(session, entry, inputs, entries[entry].num_feeds, &output,
                          entries[entry].num_fetches, &error) != TGC_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
      }
    }
    batches[i] = (now() - start) / BATCH;
  }
  qsort(batches, NUM_BATCHES, sizeof *batches, compare);
  printf("%-8s %8.1f ns per run\n", entries[entry].name, batches[NUM_BATCHES / 2]);
  return 0;
}

int main(int argc, char **argv) {
  tgc_error_t error;
  tgc_module_t *module;
  tgc_session_t *session;
  tgc_session_options_t options = {.size = sizeof options,
                                   .num_threads = argc > 1 ? (uint32_t)atoi(argv[1]) : 0};
  if (options.num_threads)
    num_pieces = options.num_threads;
  if (tgc_module_from_info(&info, NULL, &module, &error) != TGC_OK ||
      tgc_session_create(module, &options, &session, &error) != TGC_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  int status = 0;
  for (uint32_t entry = 0; entry < info.num_entries; ++entry)
    status |= measure(session, entry);
  tgc_session_release(session);
  tgc_module_release(module);
  return status;
}

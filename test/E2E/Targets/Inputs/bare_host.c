/* A host of one module for machines without a C library: the functions that generated code calls, on a fixed
 * piece of memory. Reads from standard input what sizes that the module leaves open are (one number for all),
 * then the bytes of the feeds; writes the bytes of the fetches of the first entry. */
#include "tgc/abi.h"

const tgc_module_info_t *tgc_module_query(uint32_t max_version);

#define LARGEST 32
#define SIZE (32u << 20)

static _Alignas(64) char memory[SIZE];
static uint64_t used;
static tgc_tensor_t feeds[LARGEST], fetches[LARGEST];

static long system_call(long number, long a, long b, long c) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
}

_Noreturn static void leave(int status) {
  for (;;)
    system_call(94, status, 0, 0);
}

static void transfer(long number, long file, char *bytes, uint64_t count) {
  for (uint64_t done = 0; done < count;) {
    long moved = system_call(number, file, (long)(bytes + done), (long)(count - done));
    if (moved <= 0)
      leave(2);
    done += (uint64_t)moved;
  }
}

static void *allocate(uint64_t bytes) {
  void *result = memory + used;
  used += (bytes + 63) / 64 * 64;
  if (used > SIZE)
    leave(3);
  return result;
}

void *memcpy(void *restrict to, const void *restrict from, unsigned long count) {
  for (unsigned long i = 0; i < count; ++i)
    ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int value, unsigned long count) {
  for (unsigned long i = 0; i < count; ++i)
    ((volatile char *)to)[i] = (char)value;
  return to;
}

/* Nobody asks this host for an API. */
struct tgc_runtime_api {
  char nothing;
};
const struct tgc_runtime_api tgc_runtime_api;

void *tgc_rt_workspace(tgc_frame_t *frame, uint64_t bytes) { return allocate(bytes); }
void *tgc_rt_buffer(tgc_frame_t *frame, uint32_t index, uint64_t bytes) { return allocate(bytes); }

void *tgc_rt_fetch(tgc_frame_t *frame, uint32_t index, const int64_t *dims, uint64_t bytes) {
  fetches[index].byte_size = bytes;
  return fetches[index].data = allocate(bytes);
}

void tgc_rt_parallel_for(tgc_frame_t *frame, tgc_loop_body_fn body, void *context, int64_t count,
                         int64_t grain) {
  for (int64_t begin = 0; begin < count; begin += grain)
    body(context, begin, begin + grain < count ? begin + grain : count);
}

void tgc_rt_fail(tgc_frame_t *frame, int32_t code, const char *node, const char *text, const int64_t *values,
                 uint32_t num_values) {
  leave(code);
}

void _start(void) {
  const tgc_entry_info_t *entry = &tgc_module_query(TGC_ABI_VERSION)->entries[0];
  int64_t open;
  transfer(63, 0, (char *)&open, sizeof open);
  for (uint32_t i = 0; i < entry->num_feeds; ++i) {
    uint64_t bytes = 4; /* float32 and int32 */
    feeds[i].rank = entry->feeds[i].rank;
    for (int32_t dim = 0; dim < feeds[i].rank; ++dim) {
      feeds[i].dims[dim] = entry->feeds[i].dims[dim] < 0 ? open : entry->feeds[i].dims[dim];
      bytes *= (uint64_t)feeds[i].dims[dim];
    }
    feeds[i].byte_size = bytes;
    transfer(63, 0, feeds[i].data = allocate(bytes), bytes);
  }
  tgc_frame_t frame = {.feeds = feeds, .fetches = fetches};
  if (entry->run(&frame) != TGC_OK)
    leave(4);
  for (uint32_t i = 0; i < entry->num_fetches; ++i)
    transfer(64, 1, fetches[i].data, fetches[i].byte_size);
  leave(0);
}

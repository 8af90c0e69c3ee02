/*===- allocator.c - The services table's defaults and growing blocks -------===*/
#include "session.h"

#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint64_t alignment = 64;

/* Large blocks ask for pages of 2 MiB: kernels that stream through small ones wait for addresses as much as
 * for data. The end of a block that is less than a page keeps small ones. */
static const uint64_t large_page = UINT64_C(2) << 20;

static void *default_allocate(void *user, uint64_t bytes, uint64_t align) {
  (void)user;
#ifdef MADV_HUGEPAGE
  if (bytes >= large_page) {
    void *memory;
    if (posix_memalign(&memory, large_page, bytes) != 0)
      return NULL;
    /* A wish: pages of any size will do. */
    (void)madvise(memory, bytes / large_page * large_page, MADV_HUGEPAGE);
    return memory;
  }
#endif
  return aligned_alloc(align, bytes);
}

static void default_release(void *user, void *memory) {
  (void)user;
  free(memory);
}

/* CPUs that this process may run on: less than the machine has in a container or under taskset. */
static uint32_t count_cpus(void) {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return (uint32_t)CPU_COUNT(&set);
#endif
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (uint32_t)count : 1;
}

tgc_status_t tgc_services_complete(const tgc_services_t *services, tgc_services_t *out_services,
                                   tgc_error_t *error) {
  memset(out_services, 0, sizeof *out_services);
  if (services) {
    if (services->size < offsetof(tgc_services_t, user))
      return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                           "tgc_services_t: size is %u; set it to sizeof(tgc_services_t)", services->size);
    memcpy(out_services, services,
           services->size < sizeof *out_services ? services->size : sizeof *out_services);
    if (!out_services->allocate != !out_services->release)
      return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                           "tgc_services_t: allocate and release must be given together");
  }
  out_services->size = sizeof *out_services;
  if (!out_services->num_threads)
    out_services->num_threads = count_cpus();
  if (!out_services->allocate) {
    out_services->allocate = default_allocate;
    out_services->release = default_release;
  }
  return TGC_OK;
}

/* Memory of a multiple of 64 bytes, so that generated code may read whole vectors at the end. */
static void *allocate(const tgc_services_t *services, uint64_t bytes) {
  if (bytes > (uint64_t)PTRDIFF_MAX / 2)
    return NULL;
  return services->allocate(services->user, (bytes + alignment - 1) / alignment * alignment, alignment);
}

void *tgc_allocate_zeroed(const tgc_services_t *services, uint64_t count, uint64_t size) {
  uint64_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes))
    return NULL;
  void *memory = allocate(services, bytes ? bytes : 1);
  if (memory)
    memset(memory, 0, bytes);
  return memory;
}

void tgc_release_memory(const tgc_services_t *services, void *memory) {
  if (memory)
    services->release(services->user, memory);
}

uint8_t tgc_block_reserve(const tgc_services_t *services, tgc_block_t *block, uint64_t bytes) {
  if (block->data && block->capacity >= bytes)
    return 1;
  tgc_block_release(services, block);
  block->data = allocate(services, bytes ? bytes : 1);
  block->capacity = block->data ? bytes : 0;
  return block->data != NULL;
}

void tgc_block_release(const tgc_services_t *services, tgc_block_t *block) {
  tgc_release_memory(services, block->data);
  block->data = NULL;
  block->capacity = 0;
}

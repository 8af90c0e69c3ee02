/*===- count-allocations.c - Allocations of a run and of its iterations -------===*
 *
 * count-allocations MODULE.so: feeds `x`, n = 3 twice and then n = 3000 twice, and says how often memory was
 * asked for in the last three runs, of the services and of the C library.
 *
 *===----------------------------------------------------------------------===*/
#define _GNU_SOURCE
#include "tgc/runtime.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t bytes);

static long numAllocations;

void *malloc(size_t bytes) {
  ++numAllocations;
  return __libc_malloc(bytes);
}

static void *countedAllocate(void *user, uint64_t bytes, uint64_t alignment) {
  (void)user;
  ++numAllocations;
  return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void countedRelease(void *user, void *memory) {
  (void)user;
  free(memory);
}

static int run(const tgc_runtime_api_t *api, tgc_session_t *session, int32_t n) {
  static float x[6] = {1, 2, 3, 4, 5, 6};
  tgc_error_t error = {0};
  tgc_tensor_t feeds[2] = {{0}, {0}}, fetch = {0};
  feeds[0].data = x;
  feeds[0].byte_size = sizeof x;
  feeds[0].dtype = TGC_FLOAT32;
  feeds[0].rank = 2;
  feeds[0].dims[0] = 2;
  feeds[0].dims[1] = 3;
  feeds[1].data = &n;
  feeds[1].byte_size = sizeof n;
  feeds[1].dtype = TGC_INT32;
  tgc_status_t status = api->session_run(session, 0, feeds, 2, &fetch, 1, &error);
  if (status)
    printf("%s\n", error.message);
  return !status;
}

int main(int argc, char **argv) {
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
  if (!library)
    return 1;
  const tgc_module_info_t *(*query)(uint32_t) =
      (const tgc_module_info_t *(*)(uint32_t))dlsym(library, "tgc_module_query");
  const tgc_module_info_t *info = query(TGC_ABI_VERSION);
  const tgc_runtime_api_t *api = info->api;
  tgc_services_t services = {
      .size = sizeof services, .num_threads = 1, .allocate = countedAllocate, .release = countedRelease};
  tgc_error_t error = {0};
  tgc_module_t *module;
  tgc_session_t *session;
  if (api->module_from_info(info, &services, &module, &error) ||
      api->session_create(module, NULL, &session, &error)) {
    printf("%s\n", error.message);
    return 1;
  }
  run(api, session, 3);
  long before = numAllocations;
  run(api, session, 3);
  printf("3 iterations: %ld\n", numAllocations - before);
  before = numAllocations;
  run(api, session, 3000);
  printf("3000 iterations: %ld\n", numAllocations - before);
  before = numAllocations;
  run(api, session, 3000);
  printf("3000 once more: %ld\n", numAllocations - before);
  return 0;
}

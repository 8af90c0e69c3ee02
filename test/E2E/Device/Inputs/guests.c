/*===- guests.c - Feeds and fetches that lie on the device -----------------===*
 *
 * guests MODULE STEP...: a step "7" runs entry 0 on 7 rows of 64 numbers x that lie on the GPU and checks the
 * fetches there: x * x + 1 and, if there is a second one, x + 1. "7a" runs it without waiting, "7o" says that
 * x lies on another GPU, "7s" gives a fetch too little memory, "7u" feeds from the second number on, "7h"
 * from the host; "7i" has x, "7j" the fetches, "7k" both on a second GPU. Prints each step's status.
 *
 *===----------------------------------------------------------------------===*/
#include "tgc/runtime.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 64 };

static struct {
  int (*cuInit)(unsigned flags);
  int (*cuDevicePrimaryCtxRetain)(void **context, int device);
  int (*cuDevicePrimaryCtxRelease_v2)(int device);
  int (*cuCtxPushCurrent_v2)(void *context);
  int (*cuCtxPopCurrent_v2)(void **context);
  int (*cuMemAlloc_v2)(uint64_t *address, size_t bytes);
  int (*cuMemFree_v2)(uint64_t address);
  int (*cuMemcpyHtoDAsync_v2)(uint64_t to, const void *from, size_t bytes, void *stream);
  int (*cuMemcpyDtoHAsync_v2)(void *to, uint64_t from, size_t bytes, void *stream);
} cu;

static void load_driver(void) {
  void *library = dlopen(getenv("TGC_CUDA_DRIVER"), RTLD_NOW);
#define FIND(name) *(void **)&cu.name = dlsym(library, #name)
  FIND(cuInit);
  FIND(cuDevicePrimaryCtxRetain);
  FIND(cuDevicePrimaryCtxRelease_v2);
  FIND(cuCtxPushCurrent_v2);
  FIND(cuCtxPopCurrent_v2);
  FIND(cuMemAlloc_v2);
  FIND(cuMemFree_v2);
  FIND(cuMemcpyHtoDAsync_v2);
  FIND(cuMemcpyDtoHAsync_v2);
}

static void require(int result) {
  if (result) {
    fprintf(stderr, "the driver says %d\n", result);
    exit(1);
  }
}

/* Of both GPUs; the second's is taken when it is asked for. */
static void *contexts[2];

static void enter(int device) {
  if (!contexts[device])
    require(cu.cuDevicePrimaryCtxRetain(&contexts[device], device));
  require(cu.cuCtxPushCurrent_v2(contexts[device]));
}

static void leave(void) {
  void *context;
  require(cu.cuCtxPopCurrent_v2(&context));
}

static const char *run(tgc_session_t *session, uint32_t num_fetches, const char *step, tgc_error_t *error) {
  char *kind;
  int64_t rows = strtoll(step, &kind, 10), count = rows * COLUMNS;
  uint64_t bytes = (uint64_t)count * sizeof(float), room = bytes + 1, memory[3];
  float *x = malloc(room), *y = malloc(room);
  for (int64_t i = 0; i < count; ++i)
    x[i] = (float)(i % 101);
  int device_of_feed = *kind == 'i' || *kind == 'k', device_of_fetches = *kind == 'j' || *kind == 'k';
  enter(device_of_feed);
  require(cu.cuMemAlloc_v2(&memory[0], room));
  require(cu.cuMemcpyHtoDAsync_v2(memory[0], x, bytes, NULL));
  leave();
  enter(device_of_fetches);
  for (int i = 1; i < 3; ++i)
    require(cu.cuMemAlloc_v2(&memory[i], room));
  leave();
  fprintf(stderr, "the run begins\n");
  tgc_tensor_t feed = {(void *)(uintptr_t)memory[0], bytes, TGC_FLOAT32, 2, {rows, COLUMNS}},
               fetches[2] = {0};
  tgc_place_t place = {TGC_DEVICE_CUDA, *kind == 'o' || device_of_feed, NULL};
  tgc_place_t places[2] = {{TGC_DEVICE_CUDA, device_of_fetches, NULL}};
  places[1] = places[0];
  if (*kind == 'h') {
    feed.data = x;
    place.device_type = TGC_DEVICE_CPU;
  }
  if (*kind == 'u')
    feed.data = (void *)(uintptr_t)(memory[0] + sizeof(float));
  for (int i = 0; i < 2; ++i) {
    fetches[i].data = (void *)(uintptr_t)memory[i + 1];
    fetches[i].byte_size = *kind == 's' ? bytes - 1 : room;
  }
  tgc_run_request_t request = {sizeof request, 0, &feed, fetches, 1, num_fetches, &place, places};
  if (*kind == 'a') {
    if (tgc_session_run_async(session, &request, error) == TGC_OK)
      tgc_session_wait(session, error);
  } else {
    tgc_session_run_request(session, &request, error);
  }
  fprintf(stderr, "the run ends\n");
  const char *status = tgc_status_name(error->code);
  enter(device_of_fetches);
  for (uint32_t f = 0; f < num_fetches && error->code == TGC_OK; ++f) {
    require(cu.cuMemcpyDtoHAsync_v2(y, memory[f + 1], bytes, NULL));
    if (fetches[f].dims[0] != rows || fetches[f].data != (void *)(uintptr_t)memory[f + 1])
      status = "WRONG DIMS";
    for (int64_t i = 0; i < count; ++i)
      if (y[i] != (f ? x[i] : x[i] * x[i]) + 1)
        status = "WRONG";
  }
  for (int i = 1; i < 3; ++i)
    require(cu.cuMemFree_v2(memory[i]));
  leave();
  enter(device_of_feed);
  require(cu.cuMemFree_v2(memory[0]));
  leave();
  free(x);
  free(y);
  return status;
}

int main(int argc, char **argv) {
  tgc_session_t *session;
  tgc_module_t *module;
  tgc_error_t error = {0};
  load_driver();
  require(cu.cuInit(0));
  enter(0);
  if (argc < 2 || tgc_module_load(argv[1], NULL, &module, &error) != TGC_OK ||
      tgc_session_create(module, NULL, &session, &error) != TGC_OK) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  uint32_t num_fetches = tgc_module_info(module)->entries[0].num_fetches;
  for (int i = 2; i < argc; ++i) {
    const char *status = run(session, num_fetches, argv[i], &error);
    printf("%s %s%s%s\n", argv[i], status, error.code ? ": " : "", error.message);
  }
  tgc_session_release(session);
  tgc_module_release(module);
  leave();
  for (int device = 0; device < 2; ++device)
    if (contexts[device])
      cu.cuDevicePrimaryCtxRelease_v2(device);
  return 0;
}

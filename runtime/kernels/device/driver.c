/*===- driver.c - The GPU's driver, loaded when it is asked for -------------===*/
#define _GNU_SOURCE
#include "runtime/kernels/device/driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* The first driver that reads version 8.0 of PTX: CUDA 12.0. */
enum { OLDEST_VERSION = 12000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static tgc_driver_t driver;
static enum { UNKNOWN, LOADED, MISSING } state;
static char why_missing[512];

static int find_functions(void *library) {
#define FIND(name, signature)                                                                                \
  if (!(*(void **)&driver.name = dlsym(library, #name))) {                                                   \
    snprintf(why_missing, sizeof why_missing, "the driver has no function %s", #name);                       \
    return 0;                                                                                                \
  }
  TGC_DRIVER_FUNCTIONS(FIND)
#undef FIND
  return 1;
}

static int load(void) {
  const char *path = getenv("TGC_CUDA_DRIVER");
  if (!path || !*path)
    path = "libcuda.so.1";
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    snprintf(why_missing, sizeof why_missing, "no driver: %s", reason ? reason : path);
    return 0;
  }
  if (!find_functions(library))
    return 0;
  tgc_cu_result result = driver.cuInit(0);
  if (result != TGC_CU_SUCCESS) {
    snprintf(why_missing, sizeof why_missing, "the driver does not start: %s",
             tgc_driver_error(&driver, result));
    return 0;
  }
  int version = 0;
  if (driver.cuDriverGetVersion(&version) != TGC_CU_SUCCESS || version < OLDEST_VERSION) {
    snprintf(why_missing, sizeof why_missing, "the driver is made for CUDA %d.%d, 12.0 or later is needed",
             version / 1000, version % 1000 / 10);
    return 0;
  }
  return 1;
}

const tgc_driver_t *tgc_driver_load(char *reason, size_t size) {
  pthread_mutex_lock(&mutex);
  if (state == UNKNOWN)
    state = load() ? LOADED : MISSING;
  if (state == MISSING)
    snprintf(reason, size, "%s", why_missing);
  pthread_mutex_unlock(&mutex);
  return state == LOADED ? &driver : NULL;
}

const char *tgc_driver_error(const tgc_driver_t *driver, tgc_cu_result result) {
  const char *text = NULL;
  if (driver->cuGetErrorString(result, &text) == TGC_CU_SUCCESS && text)
    return text;
  return "an error without a text";
}

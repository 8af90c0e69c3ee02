/*===- device.c - A session's device ----------------------------------------===*/
#define _GNU_SOURCE
#include "runtime/kernels/device/device.h"
#include "runtime/kernels/device/driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A kernel has at most 4096 bytes of parameters. */
enum { MOST_ARGUMENTS = 512 };

typedef struct mirror {
  tgc_cu_address address;
  uint64_t capacity;
  uint32_t kind;
} mirror_t;

typedef struct kernel {
  void *function;
  const char *node;
} kernel_t;

struct tgc_device {
  const tgc_driver_t *driver; /* NULL: the CPU is to be used */
  tgc_frame_t *frame;         /* of the run */
  int number;
  void *context, *module, *stream;
  char *names; /* of kernels and nodes, zero-terminated */
  kernel_t *kernels;
  mirror_t *mirrors;
  uint32_t num_kernels, num_mirrors;
  uint8_t is_lost;
  char reason[2048]; /* why there is no device, or why it was lost */
};

static const char *const kind_names[TGC_NUM_MIRROR_KINDS] = {"constants", "the arena", "buffers",
                                                             "feeds",     "fetches",   "variables"};

static _Noreturn void fail(tgc_device_t *device, int32_t code, const char *node, const char *text) {
  int64_t value = (int64_t)(intptr_t)text;
  tgc_rt_fail(device->frame, code, node, "%s", &value, 1);
  __builtin_unreachable(); /* it does not return */
}

/* After an error of the driver nothing of the context can be used any more. */
static void check(tgc_device_t *device, tgc_cu_result result, const char *what, const char *node) {
  if (result == TGC_CU_SUCCESS)
    return;
  device->is_lost = 1;
  snprintf(device->reason, sizeof device->reason, "the GPU failed at %s: %s", what,
           tgc_driver_error(device->driver, result));
  fail(device, TGC_INTERNAL, node, device->reason);
}

/*===----------------------------------------------------------------------===*
 * Opening.
 *===----------------------------------------------------------------------===*/

/* Says why there is no device; 0, for the caller to return. */
static int missing(tgc_device_t *device, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int missing(tgc_device_t *device, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(device->reason, sizeof device->reason, format, arguments);
  va_end(arguments);
  return 0;
}

static int is_good(tgc_device_t *device, tgc_cu_result result, const char *what) {
  return result == TGC_CU_SUCCESS ||
         missing(device, "%s fails: %s", what, tgc_driver_error(device->driver, result));
}

static int can_run(tgc_device_t *device, const char *chip) {
  const tgc_driver_t *cu = device->driver;
  int major = 0, minor = 0;
  if (!is_good(device, cu->cuDeviceGetAttribute(&major, TGC_CU_CAPABILITY_MAJOR, device->number),
               "cuDeviceGetAttribute") ||
      !is_good(device, cu->cuDeviceGetAttribute(&minor, TGC_CU_CAPABILITY_MINOR, device->number),
               "cuDeviceGetAttribute"))
    return 0;
  char *end;
  long wanted = strtol(chip + strlen("sm_"), &end, 10), found = 10 * major + minor;
  if (*end ? found == wanted : found >= wanted)
    return 1;
  return missing(device, "the GPU has compute capability %d.%d, the code is for %s%s", major, minor, chip,
                 *end ? " only" : " and later");
}

static int load_code(tgc_device_t *device, const char *code) {
  char log[1024] = "";
  int options[] = {TGC_CU_ERROR_LOG, TGC_CU_ERROR_LOG_SIZE};
  void *values[] = {log, (void *)(uintptr_t)sizeof log};
  tgc_cu_result result = device->driver->cuModuleLoadDataEx(&device->module, code, 2, options, values);
  if (result == TGC_CU_SUCCESS)
    return 1;
  return missing(device, "the driver refuses the code: %s; %.*s", tgc_driver_error(device->driver, result),
                 (int)sizeof log - 1, log);
}

/* Takes the lines "NAME=NODE" apart. */
static int find_kernels(tgc_device_t *device, const char *kernels) {
  uint32_t count = 0;
  for (const char *c = kernels; *c; ++c)
    count += *c == '\n';
  device->names = strdup(kernels);
  device->kernels = calloc(count ? count : 1, sizeof *device->kernels);
  if (!device->names || !device->kernels)
    return missing(device, "no memory for the names of kernels");
  for (char *line = device->names; *line;) {
    char *end = strchr(line, '\n'), *node = strchr(line, '=');
    *end = *node = '\0';
    kernel_t *kernel = &device->kernels[device->num_kernels++];
    kernel->node = node + 1;
    if (!is_good(device, device->driver->cuModuleGetFunction(&kernel->function, device->module, line), line))
      return 0;
    line = end + 1;
  }
  return 1;
}

static int open_device(tgc_device_t *device, const char *chip, const char *code, const char *kernels) {
  const char *wish = getenv("TGC_DEVICE");
  if (wish && strcmp(wish, "cpu") == 0)
    return missing(device, "TGC_DEVICE=cpu asks for none");
  const tgc_driver_t *cu = device->driver = tgc_driver_load(device->reason, sizeof device->reason);
  if (!cu)
    return 0;
  int count = 0;
  if (!is_good(device, cu->cuDeviceGetCount(&count), "cuDeviceGetCount"))
    return 0;
  if (!count)
    return missing(device, "the driver finds no GPU");
  if (!is_good(device, cu->cuDeviceGet(&device->number, 0), "cuDeviceGet") || !can_run(device, chip) ||
      !is_good(device, cu->cuDevicePrimaryCtxRetain(&device->context, device->number),
               "cuDevicePrimaryCtxRetain"))
    return 0;
  return is_good(device, cu->cuCtxSetCurrent(device->context), "cuCtxSetCurrent") &&
         is_good(device, cu->cuStreamCreate(&device->stream, 0), "cuStreamCreate") &&
         load_code(device, code) && find_kernels(device, kernels);
}

/* Gives back what the driver gave. Of a lost device it takes nothing but the context. */
static void close_device(tgc_device_t *device) {
  const tgc_driver_t *cu = device->driver;
  if (cu && device->context) {
    cu->cuCtxSetCurrent(device->context);
    for (uint32_t i = 0; i < device->num_mirrors; ++i)
      if (device->mirrors[i].address)
        cu->cuMemFree_v2(device->mirrors[i].address);
    if (device->module)
      cu->cuModuleUnload(device->module);
    if (device->stream)
      cu->cuStreamDestroy_v2(device->stream);
    cu->cuDevicePrimaryCtxRelease_v2(device->number);
  }
  free(device->names);
  free(device->kernels);
  device->names = NULL;
  device->kernels = NULL;
  device->context = device->module = device->stream = NULL;
  device->driver = NULL;
}

static void release(void *object) {
  tgc_device_t *device = object;
  close_device(device);
  free(device->mirrors);
  free(device);
}

static tgc_device_t *create(uint32_t num_slots) {
  tgc_device_t *device = calloc(1, sizeof *device);
  mirror_t *mirrors = calloc(num_slots ? num_slots : 1, sizeof *mirrors);
  if (!device || !mirrors) {
    free(device);
    free(mirrors);
    return NULL;
  }
  device->mirrors = mirrors;
  device->num_mirrors = num_slots;
  return device;
}

tgc_device_t *tgc_device_open(tgc_frame_t *frame, const char *chip, const char *code, const char *kernels,
                              uint32_t num_slots, uint32_t is_required) {
  void **object = tgc_rt_object(frame, "tgc.device", release);
  tgc_device_t *device = *object;
  if (!device) {
    device = *object = create(num_slots);
    if (!device) {
      tgc_rt_fail(frame, TGC_RESOURCE_EXHAUSTED, NULL, "cannot allocate a session's device", NULL, 0);
      return NULL;
    }
    if (!open_device(device, chip, code, kernels))
      close_device(device);
  }
  device->frame = frame;
  if (device->is_lost)
    fail(device, TGC_FAILED_PRECONDITION, NULL, device->reason);
  if (device->driver) {
    /* Runs may come on any thread. */
    check(device, device->driver->cuCtxSetCurrent(device->context), "the beginning of a run", NULL);
    return device;
  }
  const char *wish = getenv("TGC_DEVICE");
  if (is_required || (wish && strcmp(wish, "cuda") == 0))
    fail(device, TGC_UNAVAILABLE, NULL, device->reason);
  return NULL;
}

/*===----------------------------------------------------------------------===*
 * Memory.
 *===----------------------------------------------------------------------===*/

static _Noreturn void fail_for_memory(tgc_device_t *device, uint64_t bytes, uint32_t kind) {
  uint64_t held[TGC_NUM_MIRROR_KINDS] = {0};
  for (uint32_t i = 0; i < device->num_mirrors; ++i)
    held[device->mirrors[i].kind] += device->mirrors[i].capacity;
  char text[512];
  int length = snprintf(text, sizeof text, "the GPU has no memory for %llu bytes of %s; the session holds",
                        (unsigned long long)bytes, kind_names[kind]);
  for (uint32_t i = 0; i < TGC_NUM_MIRROR_KINDS; ++i)
    length += snprintf(text + length, sizeof text - (size_t)length, "%s %llu bytes of %s", i ? "," : "",
                       (unsigned long long)held[i], kind_names[i]);
  fail(device, TGC_RESOURCE_EXHAUSTED, NULL, text);
}

int64_t tgc_device_mirror(tgc_device_t *device, uint32_t slot, uint32_t kind, uint64_t host, uint64_t bytes) {
  const tgc_driver_t *cu = device->driver;
  mirror_t *mirror = &device->mirrors[slot];
  mirror->kind = kind;
  if (mirror->capacity < bytes) {
    if (mirror->address) /* what runs may still use it; cuMemFree waits for that */
      check(device, cu->cuMemFree_v2(mirror->address), "the release of memory", NULL);
    *mirror = (mirror_t){.kind = kind};
    tgc_cu_result result = cu->cuMemAlloc_v2(&mirror->address, bytes);
    if (result == TGC_CU_OUT_OF_MEMORY)
      fail_for_memory(device, bytes, kind);
    check(device, result, "the allocation of memory", NULL);
    mirror->capacity = bytes;
    if (kind == TGC_MIRROR_CONSTANT)
      tgc_device_upload(device, NULL, host, (int64_t)(mirror->address - host), bytes);
  }
  return (int64_t)(mirror->address - host);
}

void tgc_device_upload(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                       uint64_t bytes) {
  if (bytes)
    check(device,
          device->driver->cuMemcpyHtoDAsync_v2(host + (uint64_t)distance, (const void *)(uintptr_t)host,
                                               bytes, device->stream),
          "a copy to it", node);
}

void tgc_device_download(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                         uint64_t bytes) {
  if (!bytes)
    return;
  check(device,
        device->driver->cuMemcpyDtoHAsync_v2((void *)(uintptr_t)host, host + (uint64_t)distance, bytes,
                                             device->stream),
        "a copy from it", node);
  check(device, device->driver->cuStreamSynchronize(device->stream), "the kernels before a copy from it",
        node);
}

/*===----------------------------------------------------------------------===*
 * Kernels.
 *===----------------------------------------------------------------------===*/

void tgc_device_launch(tgc_device_t *device, uint32_t kernel, uint64_t blocks, uint32_t threads,
                       const int64_t *arguments, uint32_t num_arguments) {
  if (!blocks)
    return;
  void *parameters[MOST_ARGUMENTS];
  for (uint32_t i = 0; i < num_arguments; ++i)
    parameters[i] = (void *)(uintptr_t)&arguments[i];
  check(device,
        device->driver->cuLaunchKernel(device->kernels[kernel].function, (unsigned)blocks, 1, 1, threads, 1,
                                       1, 0, device->stream, parameters, NULL),
        "a kernel", device->kernels[kernel].node);
}

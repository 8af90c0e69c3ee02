/*===- device.c - A session's device ----------------------------------------===*/
#define _GNU_SOURCE
#include "runtime/kernels/device/device.h"
#include "runtime/kernels/device/driver.h"
#include "runtime/kernels/device/parameters.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct mirror {
  tgc_cu_address address;
  uint64_t capacity;
  uint32_t kind;
  uint64_t host, bytes; /* what it was last asked for */
  uint64_t turn;        /* the number of that call */
  /* The rest is a resident variable's. */
  tgc_device_t *device;
  tgc_residence_t *residence;
  uint8_t has_value;
  uint64_t version; /* of that value */
} mirror_t;

typedef struct kernel {
  void *function;
  const char *node;
  /* What it needs besides the launch, tgc_parameters_fill's text; NULL: nothing. */
  const char *parameters;
  uint32_t threads, shared_bytes;
} kernel_t;

struct tgc_device {
  enum { CLOSED, OPEN, ABSENT, LOST } state;
  const tgc_driver_t *driver;
  tgc_frame_t *frame; /* of the run */
  int number, num_processors;
  void *context, *module, *stream;
  char *names; /* of kernels and nodes, zero-terminated */
  kernel_t *kernels;
  mirror_t *mirrors;
  uint32_t num_kernels, num_mirrors;
  uint64_t num_turns; /* calls of tgc_device_mirror */
  uint8_t is_wanted;  /* a run fails without the device */
  uint32_t ordinal;   /* of the GPU that the graph names */
  const char *demand; /* the beginning of the error if it is not there; "": another will do */
  int num_found;      /* GPUs */
  char reason[2048];  /* why there is no device, or why it was lost */
};

static const char *const kind_names[TGC_NUM_MIRROR_KINDS] = {"constants", "the arena", "buffers",
                                                             "feeds",     "fetches",   "variables"};

static _Noreturn void fail(tgc_device_t *device, int32_t code, const char *node, const char *text) {
  int64_t value = (int64_t)(intptr_t)text;
  tgc_rt_fail(device->frame, code, node, "%s", &value, 1);
  __builtin_unreachable(); /* it does not return */
}

static void close_device(tgc_device_t *device);

/* What an error means. No memory is no fault: the context and all in it stay as they are. After any other
 * nothing of the context can be used any more, and it is given back at once, for whoever holds it keeps it
 * broken. */
static int32_t judge(tgc_device_t *device, tgc_cu_result result, const char *what) {
  if (result == TGC_CU_SUCCESS)
    return TGC_OK;
  int is_full = result == TGC_CU_OUT_OF_MEMORY;
  snprintf(device->reason, sizeof device->reason, "the GPU %s %s: %s",
           is_full ? "has no memory for" : "failed at", what, tgc_driver_error(device->driver, result));
  if (is_full)
    return TGC_RESOURCE_EXHAUSTED;
  close_device(device);
  device->state = LOST;
  return TGC_INTERNAL;
}

/* Ends the run after an error. */
static void check(tgc_device_t *device, tgc_cu_result result, const char *what, const char *node) {
  int32_t status = judge(device, result, what);
  if (status != TGC_OK)
    fail(device, status, node, device->reason);
}

/* Calls of the driver for the context stand between these two; the thread's own comes back after them. */
static void enter(tgc_device_t *device, const char *what, const char *node) {
  check(device, device->driver->cuCtxPushCurrent_v2(device->context), what, node);
}

static void leave(const tgc_device_t *device) {
  void *context;
  device->driver->cuCtxPopCurrent_v2(&context);
}

/*===----------------------------------------------------------------------===*
 * Opening.
 *===----------------------------------------------------------------------===*/

/* Says why there is no device, and returns the status for that. */
static int32_t missing(tgc_device_t *device, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int32_t missing(tgc_device_t *device, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(device->reason, sizeof device->reason, format, arguments);
  va_end(arguments);
  return TGC_UNAVAILABLE;
}

/* What a result says of the device: it is full, or broken by whoever used it before, or it will not do. */
static int32_t status_of(tgc_device_t *device, tgc_cu_result result, const char *what) {
  if (result == TGC_CU_SUCCESS)
    return TGC_OK;
  missing(device, "%s fails: %s", what, tgc_driver_error(device->driver, result));
  if (result == TGC_CU_OUT_OF_MEMORY)
    return TGC_RESOURCE_EXHAUSTED;
  int is_fault = result >= TGC_CU_FIRST_FAULT && result <= TGC_CU_LAST_FAULT;
  return is_fault || result == TGC_CU_UNCORRECTABLE ? TGC_INTERNAL : TGC_UNAVAILABLE;
}

/* Takes the first image that the GPU can run: leaves its code and its kernels. */
static int32_t choose_image(tgc_device_t *device, const char *chips, const char **code,
                            const char **kernels) {
  const tgc_driver_t *cu = device->driver;
  int major = 0, minor = 0;
  tgc_cu_result result = cu->cuDeviceGetAttribute(&major, TGC_CU_CAPABILITY_MAJOR, device->number);
  if (result == TGC_CU_SUCCESS)
    result = cu->cuDeviceGetAttribute(&minor, TGC_CU_CAPABILITY_MINOR, device->number);
  if (result != TGC_CU_SUCCESS)
    return status_of(device, result, "cuDeviceGetAttribute");
  for (;;) {
    char *end;
    long wanted = strtol(chips + strlen("sm_"), &end, 10), found = 10 * major + minor;
    int is_exact = *end == 'a';
    if (is_exact ? found == wanted : found >= wanted)
      return TGC_OK;
    if (!end[is_exact])
      return missing(device, "the GPU has compute capability %d.%d, the code is for %s%s", major, minor,
                     chips, is_exact ? " only" : " and later");
    chips = end + is_exact + 1;
    *code += strlen(*code) + 1;
    *kernels += strlen(*kernels) + 1;
  }
}

static int32_t load_code(tgc_device_t *device, const char *code) {
  char log[1024] = "";
  int options[] = {TGC_CU_ERROR_LOG, TGC_CU_ERROR_LOG_SIZE};
  void *values[] = {log, (void *)(uintptr_t)sizeof log};
  tgc_cu_result result = device->driver->cuModuleLoadDataEx(&device->module, code, 2, options, values);
  int32_t status = status_of(device, result, "cuModuleLoadDataEx");
  if (status != TGC_UNAVAILABLE)
    return status;
  return missing(device, "the driver refuses the code: %s; %.*s", tgc_driver_error(device->driver, result),
                 (int)sizeof log - 1, log);
}

/* Takes the lines "NAME=NODE" apart. */
static int32_t find_kernels(tgc_device_t *device, const char *kernels) {
  uint32_t count = 0, next = 0;
  for (const char *c = kernels; *c; ++c)
    count += *c == '\n';
  free(device->names); /* of an attempt before */
  free(device->kernels);
  device->names = strdup(kernels);
  device->kernels = calloc(count ? count : 1, sizeof *device->kernels);
  if (!device->names || !device->kernels)
    return missing(device, "no memory for the names of kernels"), TGC_RESOURCE_EXHAUSTED;
  for (char *line = device->names; *line;) {
    char *end = strchr(line, '\n'), *node = strchr(line, '='), *needs = strchr(line, ' ');
    kernel_t *kernel = &device->kernels[next++];
    *end = *node = '\0';
    if (needs && needs < node) {
      *needs = '\0';
      kernel->parameters = tgc_parameters_begin(needs + 1, &kernel->threads, &kernel->shared_bytes);
    }
    kernel->node = node + 1;
    int32_t status =
        status_of(device, device->driver->cuModuleGetFunction(&kernel->function, device->module, line), line);
    if (status == TGC_OK && kernel->shared_bytes)
      status = status_of(device,
                         device->driver->cuFuncSetAttribute(kernel->function, TGC_CU_MOST_SHARED_BYTES,
                                                            (int)kernel->shared_bytes),
                         line);
    if (status != TGC_OK)
      return status;
    line = end + 1;
  }
  return TGC_OK;
}

/* What is done inside the context. */
static int32_t fill_context(tgc_device_t *device, const char *code, const char *kernels) {
  int32_t status = status_of(device, device->driver->cuStreamCreate(&device->stream, 0), "cuStreamCreate");
  if (status == TGC_OK)
    status = load_code(device, code);
  return status == TGC_OK ? find_kernels(device, kernels) : status;
}

static int32_t open_device(tgc_device_t *device, const char *chips, const char *code, const char *kernels) {
  const char *wish = getenv("TGC_DEVICE");
  device->is_wanted |= wish && strcmp(wish, "cuda") == 0;
  if (wish && strcmp(wish, "cpu") == 0)
    return missing(device, "TGC_DEVICE=cpu asks for none");
  const tgc_driver_t *cu = device->driver = tgc_driver_load(device->reason, sizeof device->reason);
  if (!cu)
    return TGC_UNAVAILABLE;
  int32_t status = status_of(device, cu->cuDeviceGetCount(&device->num_found), "cuDeviceGetCount");
  if (status == TGC_OK && !device->num_found)
    return missing(device, "the driver finds no GPU");
  int ordinal = (int)device->ordinal < device->num_found ? (int)device->ordinal : 0;
  if (status == TGC_OK && *device->demand && ordinal != (int)device->ordinal)
    return missing(device, "the driver finds %d of them", device->num_found);
  if (status == TGC_OK)
    status = status_of(device, cu->cuDeviceGet(&device->number, ordinal), "cuDeviceGet");
  if (status == TGC_OK)
    status = choose_image(device, chips, &code, &kernels);
  if (status == TGC_OK)
    status = status_of(
        device, cu->cuDeviceGetAttribute(&device->num_processors, TGC_CU_NUM_PROCESSORS, device->number),
        "cuDeviceGetAttribute");
  if (status != TGC_OK)
    return status;
  status = status_of(device, cu->cuDevicePrimaryCtxRetain(&device->context, device->number),
                     "cuDevicePrimaryCtxRetain");
  if (status != TGC_OK) {
    device->context = NULL;
    return status;
  }
  status = status_of(device, cu->cuCtxPushCurrent_v2(device->context), "cuCtxPushCurrent");
  if (status != TGC_OK)
    return status;
  status = fill_context(device, code, kernels);
  leave(device);
  return status;
}

/* Gives back what the driver gave; names stay, for the error. Of a broken context all calls but the last
 * fail, which does no harm. */
static void close_device(tgc_device_t *device) {
  const tgc_driver_t *cu = device->driver;
  if (cu && device->context) {
    int is_inside = cu->cuCtxPushCurrent_v2(device->context) == TGC_CU_SUCCESS;
    for (uint32_t i = 0; i < device->num_mirrors; ++i)
      if (device->mirrors[i].address)
        cu->cuMemFree_v2(device->mirrors[i].address);
    if (device->module)
      cu->cuModuleUnload(device->module);
    if (device->stream)
      cu->cuStreamDestroy_v2(device->stream);
    if (is_inside)
      leave(device);
    cu->cuDevicePrimaryCtxRelease_v2(device->number);
  }
  for (uint32_t i = 0; i < device->num_mirrors; ++i) {
    device->mirrors[i].address = device->mirrors[i].capacity = 0;
    device->mirrors[i].has_value = 0;
  }
  device->context = device->module = device->stream = NULL;
  device->driver = NULL;
}

static void release(void *object) {
  tgc_device_t *device = object;
  close_device(device);
  free(device->names);
  free(device->kernels);
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

/* Leaves a device with a state, or CLOSED and the run ended: the next one tries again. */
static void try_device(tgc_device_t *device, const char *chips, const char *code, const char *kernels) {
  int32_t status = open_device(device, chips, code, kernels);
  device->state = status == TGC_OK            ? OPEN
                  : status == TGC_UNAVAILABLE ? ABSENT
                  : status == TGC_INTERNAL    ? LOST
                                              : CLOSED;
  if (status == TGC_OK)
    return;
  close_device(device);
  if (status != TGC_UNAVAILABLE)
    fail(device, status, NULL, device->reason);
}

/* Ends the run as TensorFlow would, whose text this is, and says why. */
static _Noreturn void fail_for_demand(tgc_device_t *device) {
  static const char local[] = "/job:localhost/replica:0/task:0/device:";
  char text[2048];
  int length =
      snprintf(text, sizeof text, "%.512s but available devices are [ %sCPU:0", device->demand, local);
  for (int i = 0; i < device->num_found && i < 16; ++i)
    length += snprintf(text + length, sizeof text - (size_t)length, ", %sGPU:%d", local, i);
  snprintf(text + length, sizeof text - (size_t)length,
           " ]. Make sure the device specification refers to a valid device: %.256s", device->reason);
  fail(device, TGC_INVALID_ARGUMENT, NULL, text);
}

tgc_device_t *tgc_device_open(tgc_frame_t *frame, const char *chips, const char *code, const char *kernels,
                              uint32_t num_slots, uint32_t is_required, uint32_t number, const char *demand) {
  void **object = tgc_rt_object(frame, "tgc.device", release);
  tgc_device_t *device = *object;
  if (!device) {
    device = *object = create(num_slots);
    if (!device) {
      tgc_rt_fail(frame, TGC_RESOURCE_EXHAUSTED, NULL, "cannot allocate a session's device", NULL, 0);
      return NULL;
    }
    device->is_wanted = is_required != 0;
    device->ordinal = number;
    device->demand = demand;
  }
  device->frame = frame;
  if (device->state == CLOSED)
    try_device(device, chips, code, kernels);
  if (device->state == OPEN)
    return device;
  if (device->state == LOST)
    fail(device, TGC_FAILED_PRECONDITION, NULL, device->reason);
  if (*device->demand)
    fail_for_demand(device);
  if (device->is_wanted)
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
  mirror->host = host;
  mirror->bytes = bytes;
  mirror->turn = ++device->num_turns;
  if (mirror->capacity < bytes) {
    enter(device, "the allocation of memory", NULL);
    /* What runs may still use the old memory; cuMemFree waits for that. */
    tgc_cu_result result = mirror->address ? cu->cuMemFree_v2(mirror->address) : TGC_CU_SUCCESS;
    mirror->address = mirror->capacity = 0;
    mirror->has_value = 0;
    if (result == TGC_CU_SUCCESS)
      result = cu->cuMemAlloc_v2(&mirror->address, bytes);
    leave(device);
    if (result == TGC_CU_OUT_OF_MEMORY) {
      mirror->address = 0;
      fail_for_memory(device, bytes, kind);
    }
    check(device, result, "the allocation of memory", NULL);
    if (kind == TGC_MIRROR_CONSTANT)
      tgc_device_upload(device, NULL, host, (int64_t)(mirror->address - host), bytes);
    mirror->capacity = bytes;
  }
  return (int64_t)(mirror->address - host);
}

/* The mirror of the memory at `host`. Memory of former runs may have lain where another's lies now: the last
 * counts. */
static const mirror_t *find_mirror(const tgc_device_t *device, uint64_t host) {
  const mirror_t *found = NULL;
  for (uint32_t i = 0; i < device->num_mirrors; ++i) {
    const mirror_t *mirror = &device->mirrors[i];
    if (host - mirror->host < mirror->bytes && (!found || mirror->turn > found->turn))
      found = mirror;
  }
  return found;
}

int64_t tgc_device_find(const tgc_device_t *device, uint64_t host) {
  const mirror_t *found = find_mirror(device, host);
  return found ? (int64_t)(found->address - found->host) : 0;
}

/* The host's memory is its own again when this returns. The driver sees to that for most memory; from
 * page-locked memory, which callers may feed, the device reads on its own. */
void tgc_device_upload(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                       uint64_t bytes) {
  if (!bytes)
    return;
  const tgc_driver_t *cu = device->driver;
  enter(device, "a copy to it", node);
  tgc_cu_result result = cu->cuMemcpyHtoDAsync_v2(host + (uint64_t)distance, (const void *)(uintptr_t)host,
                                                  bytes, device->stream);
  int type = 0;
  if (result == TGC_CU_SUCCESS &&
      cu->cuPointerGetAttribute(&type, TGC_CU_MEMORY_TYPE, host) == TGC_CU_SUCCESS &&
      type == TGC_CU_MEMORY_OF_HOST)
    result = cu->cuStreamSynchronize(device->stream);
  leave(device);
  check(device, result, "a copy to it", node);
}

void tgc_device_download(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                         uint64_t bytes) {
  const mirror_t *mirror = find_mirror(device, host);
  /* What a loop hands on may be what nobody writes to, and may not be written to. */
  if (!bytes || (mirror && (mirror->kind == TGC_MIRROR_FEED || mirror->kind == TGC_MIRROR_CONSTANT)))
    return;
  const tgc_driver_t *cu = device->driver;
  enter(device, "a copy from it", node);
  tgc_cu_result copied =
      cu->cuMemcpyDtoHAsync_v2((void *)(uintptr_t)host, host + (uint64_t)distance, bytes, device->stream);
  tgc_cu_result done = copied == TGC_CU_SUCCESS ? cu->cuStreamSynchronize(device->stream) : TGC_CU_SUCCESS;
  leave(device);
  check(device, copied, "a copy from it", node);
  check(device, done, "the kernels before a copy from it", node);
}

/*===----------------------------------------------------------------------===*
 * Resident variables.
 *===----------------------------------------------------------------------===*/

void *tgc_device_variable(tgc_frame_t *frame, uint32_t index, const char *node) {
  const tgc_variable_t *variable = &frame->variables[index];
  return variable->is_initialized ? variable->value.data : tgc_rt_variable_read(frame, index, node);
}

int64_t tgc_device_resident(tgc_device_t *device, uint32_t slot, uint32_t index, uint64_t host,
                            uint64_t bytes) {
  mirror_t *mirror = &device->mirrors[slot];
  mirror->device = device;
  mirror->residence = tgc_rt_variable_residence(device->frame, index);
  return tgc_device_mirror(device, slot, TGC_MIRROR_VARIABLE, host, bytes);
}

void tgc_device_need(tgc_device_t *device, const char *node, uint32_t slot) {
  mirror_t *mirror = &device->mirrors[slot];
  if (mirror->has_value && mirror->version == mirror->residence->version)
    return;
  tgc_device_upload(device, node, mirror->host, (int64_t)(mirror->address - mirror->host), mirror->bytes);
  mirror->has_value = 1;
  mirror->version = mirror->residence->version;
}

/* tgc_residence_t::bring, which may be asked outside of runs. */
static int32_t bring(void *holder, void *data, uint64_t bytes, const char **out_reason) {
  const mirror_t *mirror = holder;
  tgc_device_t *device = mirror->device;
  *out_reason = device->reason;
  if (device->state != OPEN)
    return TGC_DATA_LOSS;
  if (!bytes)
    return TGC_OK;
  const tgc_driver_t *cu = device->driver;
  tgc_cu_result result = cu->cuCtxPushCurrent_v2(device->context);
  if (result == TGC_CU_SUCCESS) {
    result = cu->cuMemcpyDtoHAsync_v2(data, mirror->address, bytes, device->stream);
    if (result == TGC_CU_SUCCESS)
      result = cu->cuStreamSynchronize(device->stream);
    leave(device);
  }
  return judge(device, result, "a copy of a variable from it");
}

void tgc_device_bring(tgc_device_t *device, const char *node, uint32_t slot) {
  mirror_t *mirror = &device->mirrors[slot];
  const char *reason = "";
  if (!mirror->residence->holder)
    return;
  int32_t status = bring(mirror, (void *)(uintptr_t)mirror->host, mirror->bytes, &reason);
  if (status != TGC_OK)
    fail(device, status, node, reason);
  mirror->residence->holder = NULL;
}

void tgc_device_own(tgc_device_t *device, uint32_t slot) {
  mirror_t *mirror = &device->mirrors[slot];
  mirror->has_value = 1;
  mirror->version = mirror->residence->version;
  mirror->residence->holder = mirror;
  mirror->residence->bring = bring;
}

void tgc_device_disown(tgc_device_t *device, uint32_t slot) { ++device->mirrors[slot].residence->version; }

/*===----------------------------------------------------------------------===*
 * Kernels.
 *===----------------------------------------------------------------------===*/

void tgc_device_launch(tgc_device_t *device, uint32_t kernel, uint64_t blocks, uint32_t threads,
                       const int64_t *arguments, uint32_t num_arguments) {
  if (!blocks)
    return;
  const kernel_t *started = &device->kernels[kernel];
  const char *node = started->node;
  tgc_parameters_t parameters;
  enter(device, "a kernel", node);
  tgc_cu_result result =
      tgc_parameters_fill(&parameters, device->driver, started->parameters, arguments, num_arguments);
  /* Blocks that need a processor each stay on it and go from tile to tile. */
  if (started->parameters && blocks > (uint64_t)device->num_processors)
    blocks = (uint64_t)device->num_processors;
  if (result == TGC_CU_SUCCESS)
    result = device->driver->cuLaunchKernel(started->function, (unsigned)blocks, 1, 1,
                                            started->parameters ? started->threads : threads, 1, 1,
                                            started->shared_bytes, device->stream, parameters.list, NULL);
  leave(device);
  check(device, result, "a kernel", node);
}

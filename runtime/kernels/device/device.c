/*===- device.c - A session's device ----------------------------------------===*/
#define _GNU_SOURCE
#include "runtime/kernels/device/images.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void tgc_device_fail(tgc_device_t *device, int32_t code, const char *node, const char *text) {
  int64_t value = (int64_t)(intptr_t)text;
  tgc_rt_fail(device->frame, code, node, "%s", &value, 1);
  __builtin_unreachable(); /* it does not return */
}

void tgc_device_name(const tgc_device_t *device, char *text, size_t size) {
  for (uint32_t i = 0; i < TGC_MOST_DEVICES; ++i)
    if (device->first->places[i] && device->first->places[i] != device) {
      snprintf(text, size, "GPU %d", device->number);
      return;
    }
  snprintf(text, size, "the GPU");
}

static void close_device(tgc_device_t *device);

static void close_shares(tgc_device_t *first, int is_broken) {
  if (first->shares.close)
    first->shares.close(&first->shares, is_broken);
}

int32_t tgc_device_judge(tgc_device_t *device, tgc_cu_result result, const char *what) {
  if (result == TGC_CU_SUCCESS)
    return TGC_OK;
  int is_full = result == TGC_CU_OUT_OF_MEMORY;
  char name[16];
  tgc_device_name(device, name, sizeof name);
  snprintf(device->reason, sizeof device->reason, "%s %s %s: %s", name,
           is_full ? "has no memory for" : "failed at", what, tgc_driver_error(device->driver, result));
  if (is_full)
    return TGC_RESOURCE_EXHAUSTED;
  close_shares(device->first, /*is_broken=*/1);
  close_device(device);
  device->state = LOST;
  return TGC_INTERNAL;
}

void tgc_device_check(tgc_device_t *device, tgc_cu_result result, const char *what, const char *node) {
  int32_t status = tgc_device_judge(device, result, what);
  if (status != TGC_OK)
    tgc_device_fail(device, status, node, device->reason);
}

void tgc_device_enter(tgc_device_t *device, const char *what, const char *node) {
  tgc_device_check(device, device->driver->cuCtxPushCurrent_v2(device->context), what, node);
}

void tgc_device_leave(const tgc_device_t *device) {
  void *context;
  device->driver->cuCtxPopCurrent_v2(&context);
}

/*===----------------------------------------------------------------------===*
 * Opening.
 *===----------------------------------------------------------------------===*/

int32_t tgc_device_missing(tgc_device_t *device, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(device->reason, sizeof device->reason, format, arguments);
  va_end(arguments);
  return TGC_UNAVAILABLE;
}

int32_t tgc_device_status(tgc_device_t *device, tgc_cu_result result, const char *what) {
  if (result == TGC_CU_SUCCESS)
    return TGC_OK;
  tgc_device_missing(device, "%s fails: %s", what, tgc_driver_error(device->driver, result));
  if (result == TGC_CU_OUT_OF_MEMORY)
    return TGC_RESOURCE_EXHAUSTED;
  int is_fault = result >= TGC_CU_FIRST_FAULT && result <= TGC_CU_LAST_FAULT;
  return is_fault || result == TGC_CU_UNCORRECTABLE ? TGC_INTERNAL : TGC_UNAVAILABLE;
}

/* What is done inside the context. */
static int32_t fill_context(tgc_device_t *device, image_t *image) {
  int32_t status =
      tgc_device_status(device, device->driver->cuStreamCreate(&device->stream, 0), "cuStreamCreate");
  if (status == TGC_OK)
    status = tgc_device_status(device, tgc_copies_open(device), "cuEventCreate");
  if (status == TGC_OK)
    status = tgc_image_load(device, image);
  return status == TGC_OK ? tgc_image_find_kernels(device, image->kernels) : status;
}

static int32_t open_device(tgc_device_t *device, const char *chips, const char *code, const char *kernels) {
  const char *wish = getenv("TGC_DEVICE");
  image_t image = {.chips = chips, .code = code, .kernels = kernels};
  tgc_image_read_chip(&image);
  device->is_wanted |= wish && strcmp(wish, "cuda") == 0;
  if (wish && strcmp(wish, "cpu") == 0)
    return tgc_device_missing(device, "TGC_DEVICE=cpu asks for none");
  const tgc_driver_t *cu = device->driver = tgc_driver_load(device->reason, sizeof device->reason);
  if (!cu)
    return TGC_UNAVAILABLE;
  int32_t status = tgc_device_status(device, cu->cuDeviceGetCount(&device->num_found), "cuDeviceGetCount");
  if (status == TGC_OK && !device->num_found)
    return tgc_device_missing(device, "the driver finds no GPU");
  device->ordinal = (int)device->wanted < device->num_found ? device->wanted : 0;
  if (status == TGC_OK && *device->demand && device->ordinal != device->wanted)
    return tgc_device_missing(device, "the driver finds %d of them", device->num_found);
  if (status == TGC_OK)
    status = tgc_device_status(device, cu->cuDeviceGet(&device->number, (int)device->ordinal), "cuDeviceGet");
  if (status == TGC_OK)
    status = tgc_image_choose(device, &image);
  if (status == TGC_OK)
    status = tgc_device_status(
        device, cu->cuDeviceGetAttribute(&device->num_processors, TGC_CU_NUM_PROCESSORS, device->number),
        "cuDeviceGetAttribute");
  if (status != TGC_OK)
    return status;
  status = tgc_device_status(device, cu->cuDevicePrimaryCtxRetain(&device->context, device->number),
                             "cuDevicePrimaryCtxRetain");
  if (status != TGC_OK) {
    device->context = NULL;
    return status;
  }
  status = tgc_device_status(device, cu->cuCtxPushCurrent_v2(device->context), "cuCtxPushCurrent");
  if (status != TGC_OK)
    return status;
  status = fill_context(device, &image);
  tgc_device_leave(device);
  return status;
}

/* Gives back what the driver gave; names stay, for the error. Of a broken context all calls but the last
 * fail, which does no harm. */
static void close_device(tgc_device_t *device) {
  const tgc_driver_t *cu = device->driver;
  if (cu && device->context) {
    int is_inside = cu->cuCtxPushCurrent_v2(device->context) == TGC_CU_SUCCESS;
    tgc_launches_drop(device);
    for (uint32_t i = 0; i < device->num_mirrors; ++i)
      if (device->mirrors[i].capacity)
        cu->cuMemFree_v2(device->mirrors[i].address);
    if (device->module)
      cu->cuModuleUnload(device->module);
    tgc_copies_close(device);
    tgc_times_close(device);
    if (device->stream)
      cu->cuStreamDestroy_v2(device->stream);
    if (is_inside)
      tgc_device_leave(device);
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
  close_shares(device, /*is_broken=*/0); /* those of the first */
  close_device(device);
  free(device->pending.words);
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
    tgc_device_fail(device, status, NULL, device->reason);
}

/* Starts what a failed run did not, and looks after the caller's tensors. */
static void begin_run(tgc_device_t *device) {
  tgc_device_flush(device);
  if (!device->guests || device != device->first)
    return;
  device->guests->holder = device;
  device->guests->finish = tgc_device_finish_guests;
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
  tgc_device_fail(device, TGC_INVALID_ARGUMENT, NULL, text);
}

/* The device of an earlier place that is the GPU which stands in for this one; NULL: there is none. The first
 * is open. */
static tgc_device_t *find_same(tgc_device_t *first, uint32_t place, uint32_t wanted, const char *demand) {
  uint32_t ordinal = (int)wanted < first->num_found ? wanted : 0;
  if (*demand && ordinal != wanted)
    return NULL;
  for (uint32_t i = 0; i < place; ++i)
    if (first->places[i] && first->places[i]->state == OPEN && first->places[i]->ordinal == ordinal)
      return first->places[i];
  return NULL;
}

tgc_device_t *tgc_device_open(tgc_frame_t *frame, const char *chips, const char *code, const char *kernels,
                              uint32_t num_slots, uint32_t is_required, uint32_t place, uint32_t number,
                              const char *demand) {
  static const char *const names[TGC_MOST_DEVICES] = {
      "tgc.device",    "tgc.device.1",  "tgc.device.2",  "tgc.device.3", "tgc.device.4",  "tgc.device.5",
      "tgc.device.6",  "tgc.device.7",  "tgc.device.8",  "tgc.device.9", "tgc.device.10", "tgc.device.11",
      "tgc.device.12", "tgc.device.13", "tgc.device.14", "tgc.device.15"};
  tgc_device_t *first = NULL, *same = NULL;
  if (place) {
    first = *tgc_rt_object(frame, names[0], release);
    same = first->places[place] ? NULL : find_same(first, place, number, demand);
    if (same)
      return same;
  }
  void **object = tgc_rt_object(frame, names[place], release);
  tgc_device_t *device = *object;
  if (!device) {
    device = *object = create(num_slots);
    if (!device) {
      tgc_rt_fail(frame, TGC_RESOURCE_EXHAUSTED, NULL, "cannot allocate a session's device", NULL, 0);
      return NULL;
    }
    device->is_wanted = is_required != 0;
    device->wanted = number;
    device->demand = demand;
    device->first = first ? first : device;
    device->first->places[place] = device;
  }
  device->frame = frame;
  device->guests = tgc_rt_guests(frame);
  if (device->state == CLOSED)
    try_device(device, chips, code, kernels);
  if (device->state == OPEN) {
    begin_run(device);
    return device;
  }
  if (device->state == LOST)
    tgc_device_fail(device, TGC_FAILED_PRECONDITION, NULL, device->reason);
  if (*device->demand)
    fail_for_demand(device);
  if (place)
    return first;
  if (device->is_wanted || device->guests)
    tgc_device_fail(device, TGC_UNAVAILABLE, NULL, device->reason);
  return NULL;
}

/*===- device.c - A session's device ----------------------------------------===*/
#define _GNU_SOURCE
#include "runtime/kernels/device/parameters.h"
#include "runtime/kernels/device/peaks.h"
#include "runtime/kernels/device/state.h"

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

/* One of the images that there are, or those behind the last. */
typedef struct image {
  const char *chips; /* its own, and those of the images behind it */
  const char *code, *kernels;
  long capability;
  int is_exact;          /* it runs on no other capability */
  uint64_t machine_code; /* bytes of it; 0: it is PTX */
} image_t;

/* Reads "sm_90a", which is PTX, or "sm_90a:20768", which is machine code of so many bytes. */
static void read_chip(image_t *image) {
  char *end;
  image->capability = strtol(image->chips + strlen("sm_"), &end, 10);
  image->is_exact = *end == 'a';
  end += image->is_exact;
  image->machine_code = *end == ':' ? strtoull(end + 1, NULL, 10) : 0;
}

/* Goes on to the next image; 0: there is none. */
static int next_image(image_t *image) {
  const char *next = strchr(image->chips, ' ');
  if (!next)
    return 0;
  image->chips = next + 1;
  image->code += image->machine_code ? image->machine_code : strlen(image->code) + 1;
  image->kernels += strlen(image->kernels) + 1;
  read_chip(image);
  return 1;
}

/* Whether the GPU can run it: machine code serves later chips of the same generation, PTX all later ones. */
static int can_run(const image_t *image, long capability) {
  if (image->is_exact)
    return capability == image->capability;
  return capability >= image->capability &&
         (!image->machine_code || capability / 10 == image->capability / 10);
}

/* Goes on to the first image that the GPU can run, from this one on. */
static int32_t choose_image(tgc_device_t *device, image_t *image) {
  const tgc_driver_t *cu = device->driver;
  int major = 0, minor = 0;
  tgc_cu_result result = cu->cuDeviceGetAttribute(&major, TGC_CU_CAPABILITY_MAJOR, device->number);
  if (result == TGC_CU_SUCCESS)
    result = cu->cuDeviceGetAttribute(&minor, TGC_CU_CAPABILITY_MINOR, device->number);
  if (result != TGC_CU_SUCCESS)
    return status_of(device, result, "cuDeviceGetAttribute");
  while (!can_run(image, 10 * major + minor))
    if (!next_image(image))
      return missing(device, "the GPU has compute capability %d.%d, the code is for sm_%ld%s", major, minor,
                     image->capability, image->is_exact ? "a only" : " and later");
  return TGC_OK;
}

static int32_t load_image(tgc_device_t *device, const image_t *image) {
  char log[1024] = "";
  int options[] = {TGC_CU_ERROR_LOG, TGC_CU_ERROR_LOG_SIZE};
  void *values[] = {log, (void *)(uintptr_t)sizeof log};
  const char *code = image->code;
  char *copy = NULL;
  if (image->machine_code) { /* it lies anywhere in the library */
    code = copy = malloc(image->machine_code);
    if (!copy)
      return missing(device, "no memory for machine code"), TGC_RESOURCE_EXHAUSTED;
    memcpy(copy, image->code, image->machine_code);
  }
  tgc_cu_result result = device->driver->cuModuleLoadDataEx(&device->module, code, 2, options, values);
  free(copy);
  int32_t status = status_of(device, result, "cuModuleLoadDataEx");
  if (status != TGC_UNAVAILABLE)
    return status;
  return missing(device, "the driver refuses the code: %s; %.*s", tgc_driver_error(device->driver, result),
                 (int)sizeof log - 1, log);
}

/* Machine code that this driver does not take has the same as PTX behind it. */
static int32_t load_code(tgc_device_t *device, image_t *image) {
  int32_t status = load_image(device, image);
  while (status == TGC_UNAVAILABLE && image->machine_code && next_image(image)) {
    status = choose_image(device, image);
    if (status == TGC_OK)
      status = load_image(device, image);
  }
  return status;
}

/* What profiles call a kernel, and how fast it could be. */
static void label_kernel(const tgc_device_t *device, const tgc_peaks_t *peaks, kernel_t *kernel) {
  char place[16] = "";
  if (device->ordinal)
    snprintf(place, sizeof place, "%u:", device->ordinal);
  size_t length = (size_t)snprintf(kernel->label, sizeof kernel->label, "%s%s", place, kernel->name);
  if (kernel->work && length < sizeof kernel->label)
    snprintf(kernel->label + length, sizeof kernel->label - length, "\t%llu\t%llu",
             (unsigned long long)peaks->bytes,
             (unsigned long long)tgc_peaks_of(peaks, strrchr(kernel->work, ' ') + 1));
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
  tgc_peaks_t peaks = tgc_peaks_read(device->driver, device->number);
  for (char *line = device->names; *line;) {
    char *end = strchr(line, '\n'), *node = strchr(line, '='), *needs = strchr(line, ' ');
    kernel_t *kernel = &device->kernels[next++];
    char *work = strchr(line, '\t');
    *end = *node = '\0';
    if (work && work < end) {
      *work = '\0';
      kernel->work = work + 1;
      device->times.are_wanted = tgc_rt_profile_device(device->frame, NULL);
    }
    if (needs && needs < node) {
      *needs = '\0';
      kernel->parameters =
          tgc_parameters_begin(needs + 1, &kernel->threads, &kernel->shared_bytes, &kernel->cluster);
      if (!*kernel->parameters)
        kernel->parameters = NULL; /* those of the launch, as they are */
    }
    kernel->name = line;
    kernel->node = node + 1;
    label_kernel(device, &peaks, kernel);
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
static int32_t fill_context(tgc_device_t *device, image_t *image) {
  int32_t status = status_of(device, device->driver->cuStreamCreate(&device->stream, 0), "cuStreamCreate");
  if (status == TGC_OK)
    status = status_of(device, tgc_copies_open(device), "cuEventCreate");
  if (status == TGC_OK)
    status = load_code(device, image);
  return status == TGC_OK ? find_kernels(device, image->kernels) : status;
}

static int32_t open_device(tgc_device_t *device, const char *chips, const char *code, const char *kernels) {
  const char *wish = getenv("TGC_DEVICE");
  image_t image = {.chips = chips, .code = code, .kernels = kernels};
  read_chip(&image);
  device->is_wanted |= wish && strcmp(wish, "cuda") == 0;
  if (wish && strcmp(wish, "cpu") == 0)
    return missing(device, "TGC_DEVICE=cpu asks for none");
  const tgc_driver_t *cu = device->driver = tgc_driver_load(device->reason, sizeof device->reason);
  if (!cu)
    return TGC_UNAVAILABLE;
  int32_t status = status_of(device, cu->cuDeviceGetCount(&device->num_found), "cuDeviceGetCount");
  if (status == TGC_OK && !device->num_found)
    return missing(device, "the driver finds no GPU");
  device->ordinal = (int)device->wanted < device->num_found ? device->wanted : 0;
  if (status == TGC_OK && *device->demand && device->ordinal != device->wanted)
    return missing(device, "the driver finds %d of them", device->num_found);
  if (status == TGC_OK)
    status = status_of(device, cu->cuDeviceGet(&device->number, (int)device->ordinal), "cuDeviceGet");
  if (status == TGC_OK)
    status = choose_image(device, &image);
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

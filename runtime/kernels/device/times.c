/*===- times.c - How long kernels take on the device ------------------------===
 *
 * Where somebody wants to know, an event stands before each kernel and one behind it, and the host waits for
 * the last. The moment at which it sees that one puts the others on the host's clock.
 *
 *===----------------------------------------------------------------------===*/
#include "runtime/kernels/device/parameters.h"
#include "runtime/kernels/device/state.h"

#include <stdlib.h>
#include <time.h>

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Makes `count` events at least. */
static tgc_cu_result reserve(tgc_device_t *device, size_t count) {
  times_t *times = &device->times;
  if (count > times->capacity) {
    size_t capacity = count > 2 * times->capacity ? count : 2 * times->capacity;
    void **events = realloc(times->events, capacity * sizeof *events);
    if (!events)
      return TGC_CU_OUT_OF_MEMORY;
    times->events = events;
    times->capacity = capacity;
  }
  for (; times->count < count; ++times->count) {
    tgc_cu_result result =
        device->driver->cuEventCreate(&times->events[times->count], TGC_CU_EVENT_WITH_TIME);
    if (result != TGC_CU_SUCCESS)
      return result;
  }
  return TGC_CU_SUCCESS;
}

/* Nanoseconds from one event to another. */
static tgc_cu_result measure(const tgc_device_t *device, void *begin, void *end, uint64_t *out_time) {
  float milliseconds = 0;
  tgc_cu_result result = device->driver->cuEventElapsedTime(&milliseconds, begin, end);
  *out_time = milliseconds > 0 ? (uint64_t)((double)milliseconds * 1e6) : 0;
  return result;
}

static tgc_cu_result report(tgc_device_t *device, const launches_t *launches, void *last, uint64_t seen) {
  void **event = device->times.events;
  for (size_t at = 0; at < launches->count; event += 2) {
    const uint64_t *launch = launches->words + at;
    const kernel_t *kernel = &device->kernels[launch[LAUNCH_KERNEL]];
    uint64_t before = 0, time = 0;
    tgc_cu_result result = measure(device, event[0], last, &before);
    if (result == TGC_CU_SUCCESS)
      result = measure(device, event[0], event[1], &time);
    if (result != TGC_CU_SUCCESS)
      return result;
    tgc_device_work_t work = {.size = sizeof work, .kernel = kernel->label, .nodes = kernel->node};
    work.begin = seen > before ? seen - before : 0;
    work.end = work.begin + time;
    const char *text = kernel->work;
    work.bytes = tgc_parameters_sum(&text, (const int64_t *)(launch + LAUNCH_HEAD));
    work.operations = tgc_parameters_sum(&text, (const int64_t *)(launch + LAUNCH_HEAD));
    tgc_rt_profile_device(device->frame, &work);
    at += LAUNCH_HEAD + launch[LAUNCH_NUM_ARGUMENTS];
  }
  return TGC_CU_SUCCESS;
}

tgc_cu_result tgc_times_start(tgc_device_t *device, const launches_t *launches, const char **out_node) {
  const tgc_driver_t *cu = device->driver;
  size_t next = 0;
  for (size_t at = 0; at < launches->count;) {
    const uint64_t *launch = launches->words + at;
    *out_node = device->kernels[launch[LAUNCH_KERNEL]].node;
    tgc_cu_result result = reserve(device, next + 2);
    if (result == TGC_CU_SUCCESS)
      result = cu->cuEventRecord(device->times.events[next++], device->stream);
    if (result == TGC_CU_SUCCESS)
      result = tgc_launches_start_one(device, launch);
    if (result == TGC_CU_SUCCESS)
      result = cu->cuEventRecord(device->times.events[next++], device->stream);
    if (result != TGC_CU_SUCCESS)
      return result;
    at += LAUNCH_HEAD + launch[LAUNCH_NUM_ARGUMENTS];
  }
  void *last = device->times.events[next - 1];
  tgc_cu_result result = cu->cuEventSynchronize(last);
  return result == TGC_CU_SUCCESS ? report(device, launches, last, now()) : result;
}

tgc_cu_result tgc_times_begin(tgc_device_t *device) {
  tgc_cu_result result = reserve(device, 2);
  return result == TGC_CU_SUCCESS ? device->driver->cuEventRecord(device->times.events[0], device->stream)
                                  : result;
}

tgc_cu_result tgc_times_end(tgc_device_t *device) {
  return device->driver->cuEventRecord(device->times.events[1], device->stream);
}

tgc_cu_result tgc_times_report(tgc_device_t *device, const char *kernel, const char *node, uint64_t bytes) {
  void **event = device->times.events;
  uint64_t time = 0;
  tgc_cu_result result = device->driver->cuEventSynchronize(event[1]);
  uint64_t seen = now();
  if (result == TGC_CU_SUCCESS)
    result = measure(device, event[0], event[1], &time);
  if (result != TGC_CU_SUCCESS)
    return result;
  tgc_device_work_t work = {.size = sizeof work, .kernel = kernel, .nodes = node, .bytes = bytes};
  work.begin = seen > time ? seen - time : 0;
  work.end = work.begin + time;
  tgc_rt_profile_device(device->frame, &work);
  return TGC_CU_SUCCESS;
}

void tgc_times_close(tgc_device_t *device) {
  times_t *times = &device->times;
  for (size_t i = 0; i < times->count; ++i)
    device->driver->cuEventDestroy_v2(times->events[i]);
  free(times->events);
  times->events = NULL;
  times->count = times->capacity = 0;
}

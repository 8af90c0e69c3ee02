/*===- copies.c - Copies on a stream of their own ---------------------------===
 *
 * What goes to the device goes by a second stream, while kernels run: events keep each behind what it needs
 * of the other. Larger pieces of memory that the device cannot read on its own go through two pieces of
 * page-locked memory in turn, so one is filled or emptied while the other is on its way. What goes to another
 * device goes by that one's second stream, behind the kernels of both.
 *
 *===----------------------------------------------------------------------===*/
#include "runtime/kernels/device/state.h"

#include <string.h>

/* A piece of staging memory; what the driver copies as fast by itself. */
enum { PIECE = 256 * 1024, SMALL = 64 * 1024 };

tgc_cu_result tgc_copies_open(tgc_device_t *device) {
  const tgc_driver_t *cu = device->driver;
  copies_t *copies = &device->copies;
  tgc_cu_result result = cu->cuStreamCreate(&copies->stream, 0);
  void **events[] = {&copies->worked, &copies->uploaded, &copies->staging[0].event,
                     &copies->staging[1].event};
  for (size_t i = 0; i < sizeof events / sizeof *events && result == TGC_CU_SUCCESS; ++i)
    result = cu->cuEventCreate(events[i], TGC_CU_EVENT_WITHOUT_TIME);
  return result;
}

void tgc_copies_close(tgc_device_t *device) {
  const tgc_driver_t *cu = device->driver;
  copies_t *copies = &device->copies;
  void *events[] = {copies->worked, copies->uploaded, copies->staging[0].event, copies->staging[1].event};
  for (size_t i = 0; i < sizeof events / sizeof *events; ++i)
    if (events[i])
      cu->cuEventDestroy_v2(events[i]);
  if (copies->memory)
    cu->cuMemFreeHost(copies->memory);
  if (copies->stream)
    cu->cuStreamDestroy_v2(copies->stream);
  memset(copies, 0, sizeof *copies);
}

/* Whether the device reads and writes the host's memory on its own. */
static int is_page_locked(const tgc_device_t *device, const void *host) {
  int type = 0;
  return device->driver->cuPointerGetAttribute(&type, TGC_CU_MEMORY_TYPE, (uint64_t)(uintptr_t)host) ==
             TGC_CU_SUCCESS &&
         type == TGC_CU_MEMORY_OF_HOST;
}

/* Without staging memory the driver does what it can. */
static int has_staging(tgc_device_t *device) {
  copies_t *copies = &device->copies;
  if (!copies->memory && device->driver->cuMemHostAlloc(&copies->memory, (size_t)2 * PIECE, TGC_CU_PORTABLE))
    copies->memory = NULL;
  for (size_t i = 0; i < 2; ++i)
    copies->staging[i].memory = copies->memory ? (char *)copies->memory + i * PIECE : NULL;
  return copies->memory != NULL;
}

static staging_t *next_staging(copies_t *copies) { return &copies->staging[copies->num_pieces++ % 2]; }

static uint64_t size_of_piece(uint64_t rest) { return rest < PIECE ? rest : PIECE; }

tgc_cu_result tgc_copies_await(tgc_device_t *device) {
  copies_t *copies = &device->copies;
  tgc_cu_result result = TGC_CU_SUCCESS;
  if (copies->has_uploads)
    result = device->driver->cuStreamWaitEvent(device->stream, copies->uploaded, 0);
  copies->has_uploads = 0;
  copies->has_work = 1; /* whoever asks is about to use the stream of kernels */
  return result;
}

/* Lets copies come after all that was started on the stream of kernels, which may use what they change. */
static tgc_cu_result follow_kernels(tgc_device_t *device) {
  const tgc_driver_t *cu = device->driver;
  copies_t *copies = &device->copies;
  if (!copies->has_work)
    return TGC_CU_SUCCESS;
  copies->has_work = 0;
  tgc_cu_result result = cu->cuEventRecord(copies->worked, device->stream);
  return result == TGC_CU_SUCCESS ? cu->cuStreamWaitEvent(copies->stream, copies->worked, 0) : result;
}

static tgc_cu_result stage_up(tgc_device_t *device, tgc_cu_address to, const char *from, uint64_t bytes) {
  const tgc_driver_t *cu = device->driver;
  copies_t *copies = &device->copies;
  tgc_cu_result result = TGC_CU_SUCCESS;
  for (uint64_t at = 0; at < bytes && result == TGC_CU_SUCCESS; at += PIECE) {
    staging_t *piece = next_staging(copies);
    result = cu->cuEventSynchronize(piece->event);
    if (result != TGC_CU_SUCCESS)
      return result;
    memcpy(piece->memory, from + at, size_of_piece(bytes - at));
    result = cu->cuMemcpyHtoDAsync_v2(to + at, piece->memory, size_of_piece(bytes - at), copies->stream);
    if (result == TGC_CU_SUCCESS)
      result = cu->cuEventRecord(piece->event, copies->stream);
  }
  return result;
}

tgc_cu_result tgc_copies_up(tgc_device_t *device, tgc_cu_address to, const void *from, uint64_t bytes) {
  const tgc_driver_t *cu = device->driver;
  copies_t *copies = &device->copies;
  int is_locked = is_page_locked(device, from);
  tgc_cu_result result = follow_kernels(device);
  if (result != TGC_CU_SUCCESS)
    return result;
  if (bytes > SMALL && !is_locked && has_staging(device))
    result = stage_up(device, to, from, bytes);
  else
    result = cu->cuMemcpyHtoDAsync_v2(to, from, bytes, copies->stream);
  if (result == TGC_CU_SUCCESS && is_locked)
    result = cu->cuStreamSynchronize(copies->stream);
  if (result == TGC_CU_SUCCESS)
    result = cu->cuEventRecord(copies->uploaded, copies->stream);
  copies->has_uploads = 1;
  return result;
}

/* Each piece is emptied when the next is on its way. */
static tgc_cu_result stage_down(tgc_device_t *device, char *to, tgc_cu_address from, uint64_t bytes) {
  const tgc_driver_t *cu = device->driver;
  staging_t *last = NULL;
  tgc_cu_result result = TGC_CU_SUCCESS;
  for (uint64_t at = 0; at < bytes + PIECE && result == TGC_CU_SUCCESS; at += PIECE) {
    staging_t *piece = NULL;
    if (at < bytes) {
      piece = next_staging(&device->copies);
      result = cu->cuEventSynchronize(piece->event);
      if (result == TGC_CU_SUCCESS)
        result =
            cu->cuMemcpyDtoHAsync_v2(piece->memory, from + at, size_of_piece(bytes - at), device->stream);
      if (result == TGC_CU_SUCCESS)
        result = cu->cuEventRecord(piece->event, device->stream);
    }
    if (last && result == TGC_CU_SUCCESS) {
      result = cu->cuEventSynchronize(last->event);
      if (result == TGC_CU_SUCCESS)
        memcpy(to + at - PIECE, last->memory, size_of_piece(bytes - (at - PIECE)));
    }
    last = piece;
  }
  return result;
}

tgc_cu_result tgc_copies_down(tgc_device_t *device, void *to, tgc_cu_address from, uint64_t bytes) {
  const tgc_driver_t *cu = device->driver;
  tgc_cu_result result = tgc_copies_await(device);
  if (result != TGC_CU_SUCCESS)
    return result;
  if (bytes > SMALL && !is_page_locked(device, to) && has_staging(device))
    return stage_down(device, to, from, bytes);
  result = cu->cuMemcpyDtoHAsync_v2(to, from, bytes, device->stream);
  return result == TGC_CU_SUCCESS ? cu->cuStreamSynchronize(device->stream) : result;
}

/*===----------------------------------------------------------------------===*
 * From device to device.
 *===----------------------------------------------------------------------===*/

static tgc_cu_result enter(const tgc_device_t *device) {
  return device->driver->cuCtxPushCurrent_v2(device->context);
}

/* Starts what was launched, and marks the end of all that `from` was asked for. */
static tgc_cu_result close_source(tgc_device_t *from) {
  const char *node = NULL;
  tgc_cu_result result = enter(from);
  if (result != TGC_CU_SUCCESS)
    return result;
  result = tgc_launches_start(from, &node);
  if (result == TGC_CU_SUCCESS)
    result = tgc_copies_await(from);
  if (result == TGC_CU_SUCCESS)
    result = from->driver->cuEventRecord(from->copies.worked, from->stream);
  tgc_device_leave(from);
  return result;
}

/* One piece through the host; `memory` is the host's, and free when `to` has come to `done`, if that is an
 * event. */
static tgc_cu_result carry(tgc_device_t *from, tgc_cu_address source, tgc_device_t *to, tgc_cu_address target,
                           uint64_t bytes, void *memory, void *done, tgc_device_t **out_failed) {
  const tgc_driver_t *cu = from->driver;
  tgc_cu_result result = done ? cu->cuEventSynchronize(done) : TGC_CU_SUCCESS;
  if (result != TGC_CU_SUCCESS)
    return result;
  result = enter(from);
  if (result == TGC_CU_SUCCESS) {
    result = cu->cuMemcpyDtoHAsync_v2(memory, source, bytes, from->stream);
    if (result == TGC_CU_SUCCESS)
      result = cu->cuStreamSynchronize(from->stream);
    tgc_device_leave(from);
  }
  if (result != TGC_CU_SUCCESS) {
    *out_failed = from;
    return result;
  }
  result = cu->cuMemcpyHtoDAsync_v2(target, memory, bytes, to->copies.stream);
  return result == TGC_CU_SUCCESS && done ? cu->cuEventRecord(done, to->copies.stream) : result;
}

/* For a driver that does not copy between its devices. */
static tgc_cu_result carry_all(tgc_device_t *from, tgc_cu_address source, tgc_device_t *to,
                               tgc_cu_address target, uint64_t bytes, tgc_device_t **out_failed) {
  char few[4096]; /* the driver has read it when it is back: it is not page-locked */
  int is_staged = has_staging(to);
  uint64_t size = is_staged ? PIECE : sizeof few;
  tgc_cu_result result = TGC_CU_SUCCESS;
  for (uint64_t at = 0; at < bytes && result == TGC_CU_SUCCESS; at += size) {
    staging_t *piece = is_staged ? next_staging(&to->copies) : NULL;
    result = carry(from, source + at, to, target + at, bytes - at < size ? bytes - at : size,
                   piece ? piece->memory : few, piece ? piece->event : NULL, out_failed);
  }
  return result;
}

/* In the context of `to`. */
static tgc_cu_result copy_across(tgc_device_t *from, tgc_cu_address source, tgc_device_t *to,
                                 tgc_cu_address target, uint64_t bytes, tgc_device_t **out_failed) {
  const tgc_driver_t *cu = to->driver;
  copies_t *copies = &to->copies;
  const char *node = NULL;
  tgc_cu_result result = tgc_launches_start(to, &node);
  if (result == TGC_CU_SUCCESS)
    result = follow_kernels(to);
  if (result == TGC_CU_SUCCESS)
    result = cu->cuStreamWaitEvent(copies->stream, from->copies.worked, 0);
  if (result != TGC_CU_SUCCESS)
    return result;
  tgc_device_t *first = to->first;
  if (!first->has_no_peers) {
    result = cu->cuMemcpyPeerAsync(target, to->context, source, from->context, bytes, copies->stream);
    first->has_no_peers = result == TGC_CU_NOT_SUPPORTED || result == TGC_CU_PEERS_UNSUPPORTED;
  }
  if (first->has_no_peers)
    result = carry_all(from, source, to, target, bytes, out_failed);
  if (result == TGC_CU_SUCCESS)
    result = cu->cuEventRecord(copies->uploaded, copies->stream);
  copies->has_uploads = 1;
  return result;
}

tgc_cu_result tgc_copies_across(tgc_device_t *from, tgc_cu_address source, tgc_device_t *to,
                                tgc_cu_address target, uint64_t bytes, tgc_device_t **out_failed) {
  *out_failed = from;
  tgc_cu_result result = close_source(from);
  if (result != TGC_CU_SUCCESS)
    return result;
  *out_failed = to;
  result = enter(to);
  if (result != TGC_CU_SUCCESS)
    return result;
  result = copy_across(from, source, to, target, bytes, out_failed);
  tgc_device_leave(to);
  if (result != TGC_CU_SUCCESS)
    return result;
  *out_failed = from;
  result = enter(from);
  if (result != TGC_CU_SUCCESS)
    return result;
  /* What changes the source comes after the copy. */
  result = from->driver->cuStreamWaitEvent(from->stream, to->copies.uploaded, 0);
  from->copies.has_work = 1;
  tgc_device_leave(from);
  return result;
}

/*===- guests.c - The caller's tensors on devices ---------------------------===
 *
 * A tensor of the caller's is the mirror on its own device; others of the session copy it from there or to
 * there. Generated code knows it by host memory that stands for it.
 *
 *===----------------------------------------------------------------------===*/
#include "runtime/kernels/device/state.h"

#include <stdio.h>

tgc_guest_t *tgc_guest_of(const tgc_device_t *device, uint64_t host) {
  const tgc_guests_t *guests = device->first->guests;
  for (uint32_t i = 0; guests && i < guests->count; ++i)
    if ((uint64_t)(uintptr_t)guests->guests[i].tensor->data == host)
      return &guests->guests[i];
  return NULL;
}

tgc_guest_t *tgc_guest_on(const tgc_device_t *device, uint64_t host) {
  tgc_guest_t *guest = tgc_guest_of(device, host);
  return guest && guest->device_id == device->number ? guest : NULL;
}

/* NULL, with the first's reason: the session does not run there. */
static tgc_device_t *find_owner(const tgc_device_t *device, const tgc_guest_t *guest) {
  tgc_device_t *first = device->first;
  char devices[256] = "";
  for (uint32_t i = 0, length = 0; i < TGC_MOST_DEVICES; ++i) {
    tgc_device_t *place = first->places[i];
    if (!place || place->state != OPEN)
      continue;
    if (place->number == guest->device_id)
      return place;
    length += (uint32_t)snprintf(devices + length, sizeof devices - length, "%s%d", length ? ", " : "",
                                 place->number);
  }
  snprintf(first->reason, sizeof first->reason, "a %s lies on GPU %d, the session runs on GPU %s",
           guest->is_fetch ? "fetch" : "feed", guest->device_id, devices);
  return NULL;
}

tgc_device_t *tgc_guest_owner(const tgc_device_t *device, const tgc_guest_t *guest) {
  tgc_device_t *owner = find_owner(device, guest);
  if (!owner)
    tgc_device_fail(device->first, TGC_INVALID_ARGUMENT, NULL, device->first->reason);
  return owner;
}

/* Whether the caller's memory has room; if not, `device` has the reason. */
static int has_room(tgc_device_t *device, const tgc_guest_t *guest, uint64_t bytes) {
  if (guest->byte_size >= bytes)
    return 1;
  snprintf(device->reason, sizeof device->reason,
           "a fetch on the GPU needs %llu bytes, the memory given has %llu", (unsigned long long)bytes,
           (unsigned long long)guest->byte_size);
  return 0;
}

void tgc_guest_check_room(tgc_device_t *device, const tgc_guest_t *guest, uint64_t bytes) {
  if (!has_room(device, guest, bytes))
    tgc_device_fail(device, TGC_INVALID_ARGUMENT, NULL, device->reason);
}

void tgc_device_expose(tgc_device_t *device, const char *node, uint64_t host, int64_t unused,
                       uint64_t bytes) {
  (void)unused; /* a copy has a distance, but there is no mirror */
  tgc_guest_t *guest = tgc_guest_of(device, host);
  if (!guest || guest->is_fetch || guest->is_done || !bytes)
    return;
  tgc_device_copy_back(tgc_guest_owner(device, guest), node, (void *)(uintptr_t)host, guest->address, bytes);
  guest->is_done = 1;
}

void tgc_device_deliver(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                        uint64_t bytes) {
  tgc_guest_t *guest = tgc_guest_of(device, host);
  if (!guest || !guest->is_fetch) {
    tgc_device_download(device, node, host, distance, bytes);
    return;
  }
  tgc_device_t *owner = tgc_guest_owner(device, guest);
  tgc_guest_check_room(device, guest, bytes);
  tgc_device_pass(device, host + (uint64_t)distance, owner, guest->address, node, bytes);
  guest->is_done = 1;
}

/* Copies a fetch of the host's to where the caller wants it. */
static int32_t lift(tgc_device_t *first, const tgc_guest_t *guest) {
  uint64_t bytes = guest->tensor->byte_size; /* the host's memory is lent: as large as the value */
  if (!guest->is_fetch || guest->is_done || !bytes)
    return TGC_OK;
  tgc_device_t *owner = find_owner(first, guest);
  if (!owner || !has_room(first, guest, bytes))
    return TGC_INVALID_ARGUMENT;
  tgc_cu_result result = owner->driver->cuCtxPushCurrent_v2(owner->context);
  if (result == TGC_CU_SUCCESS) {
    const char *node = NULL;
    result = tgc_launches_start(owner, &node);
    if (result == TGC_CU_SUCCESS)
      result = tgc_copies_up(owner, guest->address, guest->tensor->data, bytes);
    tgc_device_leave(owner);
  }
  return tgc_device_judge(owner, result, "a copy of a fetch to it");
}

/* Waits for all that a device was asked for. */
static int32_t finish(tgc_device_t *device) {
  tgc_cu_result result = device->driver->cuCtxPushCurrent_v2(device->context);
  if (result == TGC_CU_SUCCESS) {
    const char *node = NULL;
    result = tgc_launches_start(device, &node);
    if (result == TGC_CU_SUCCESS)
      result = tgc_copies_await(device);
    if (result == TGC_CU_SUCCESS)
      result = device->driver->cuStreamSynchronize(device->stream);
    tgc_device_leave(device);
  }
  return tgc_device_judge(device, result, "the kernels before the end of a run");
}

int32_t tgc_device_finish_guests(void *holder, const char **out_reason) {
  tgc_device_t *first = holder;
  int32_t status = TGC_OK;
  *out_reason = first->reason;
  for (uint32_t i = 0; i < first->guests->count && status == TGC_OK; ++i)
    status = lift(first, &first->guests->guests[i]);
  for (uint32_t i = 0; i < TGC_MOST_DEVICES; ++i) {
    tgc_device_t *device = first->places[i];
    if (!device || device->state != OPEN)
      continue;
    int32_t finished = finish(device);
    if (finished != TGC_OK && status == TGC_OK) {
      status = finished;
      *out_reason = device->reason;
    }
  }
  return status;
}

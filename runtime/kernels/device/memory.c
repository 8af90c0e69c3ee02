/*===- memory.c - Mirrors, and copies between them and the host -------------===*/
#include "runtime/kernels/device/state.h"

#include <stdio.h>

static const char *const kind_names[TGC_NUM_MIRROR_KINDS] = {"constants", "the arena", "buffers",
                                                             "feeds",     "fetches",   "variables"};

static _Noreturn void fail_for_memory(tgc_device_t *device, uint64_t bytes, uint32_t kind) {
  uint64_t held[TGC_NUM_MIRROR_KINDS] = {0};
  for (uint32_t i = 0; i < device->num_mirrors; ++i)
    held[device->mirrors[i].kind] += device->mirrors[i].capacity;
  char text[512], name[16];
  tgc_device_name(device, name, sizeof name);
  int length = snprintf(text, sizeof text, "%s has no memory for %llu bytes of %s; the session holds", name,
                        (unsigned long long)bytes, kind_names[kind]);
  for (uint32_t i = 0; i < TGC_NUM_MIRROR_KINDS; ++i)
    length += snprintf(text + length, sizeof text - (size_t)length, "%s %llu bytes of %s", i ? "," : "",
                       (unsigned long long)held[i], kind_names[i]);
  tgc_device_fail(device, TGC_RESOURCE_EXHAUSTED, NULL, text);
}

/* Gives back a mirror's memory, which launches may still use; cuMemFree waits for those that were started. */
static tgc_cu_result empty(tgc_device_t *device, mirror_t *mirror) {
  const char *node = NULL;
  tgc_cu_result result = TGC_CU_SUCCESS;
  if (mirror->capacity) {
    result = tgc_launches_start(device, &node);
    if (result == TGC_CU_SUCCESS)
      result = device->driver->cuMemFree_v2(mirror->address);
  }
  mirror->address = mirror->capacity = 0;
  mirror->has_value = 0;
  return result;
}

/* Makes the caller's memory the mirror. */
static void take_guest(tgc_device_t *device, mirror_t *mirror, const tgc_guest_t *guest) {
  tgc_guest_check_room(device, guest, mirror->bytes);
  if (mirror->capacity) {
    tgc_device_enter(device, "the release of memory", NULL);
    tgc_cu_result result = empty(device, mirror);
    tgc_device_leave(device);
    tgc_device_check(device, result, "the release of memory", NULL);
  }
  mirror->address = guest->address;
}

int64_t tgc_device_mirror(tgc_device_t *device, uint32_t slot, uint32_t kind, uint64_t host, uint64_t bytes) {
  mirror_t *mirror = &device->mirrors[slot];
  mirror->kind = kind;
  mirror->host = host;
  mirror->bytes = bytes;
  mirror->turn = ++device->num_turns;
  const tgc_guest_t *guest =
      bytes && (kind == TGC_MIRROR_FEED || kind == TGC_MIRROR_FETCH) ? tgc_guest_on(device, host) : NULL;
  if (guest) {
    take_guest(device, mirror, guest);
  } else if (mirror->capacity < bytes) {
    tgc_device_enter(device, "the allocation of memory", NULL);
    tgc_cu_result result = empty(device, mirror);
    if (result == TGC_CU_SUCCESS)
      result = device->driver->cuMemAlloc_v2(&mirror->address, bytes);
    tgc_device_leave(device);
    if (result == TGC_CU_OUT_OF_MEMORY) {
      mirror->address = 0;
      fail_for_memory(device, bytes, kind);
    }
    tgc_device_check(device, result, "the allocation of memory", NULL);
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

/* What copies wait for on one device lets the others work. */
static void flush_all(tgc_device_t *device) {
  tgc_device_flush(device);
  for (uint32_t i = 0; i < TGC_MOST_DEVICES; ++i)
    if (device->first->places[i] && device->first->places[i]->state == OPEN)
      tgc_device_flush(device->first->places[i]);
}

void tgc_device_pass(tgc_device_t *from, tgc_cu_address source, tgc_device_t *to, tgc_cu_address target,
                     const char *node, uint64_t bytes) {
  if (from == to || !bytes)
    return;
  flush_all(to);
  tgc_device_t *failed = to;
  tgc_cu_result result = tgc_copies_across(from, source, to, target, bytes, &failed);
  tgc_device_check(failed, result, failed == to ? "a copy from another" : "a copy to another", node);
}

void tgc_device_give(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                     uint64_t bytes) {
  (void)node;
  (void)bytes;
  device->first->given.device = device;
  device->first->given.address = host + (uint64_t)distance;
}

void tgc_device_take(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                     uint64_t bytes) {
  tgc_device_t *first = device->first;
  const tgc_guest_t *guest = tgc_guest_on(device, host);
  if (!guest || guest->is_fetch) /* the caller's feeds have their values */
    tgc_device_pass(first->given.device, first->given.address, device, host + (uint64_t)distance, node,
                    bytes);
}

void tgc_device_upload(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                       uint64_t bytes) {
  const tgc_guest_t *guest = tgc_guest_of(device, host);
  if (guest && !guest->is_fetch) {
    tgc_device_t *owner = tgc_guest_owner(device, guest);
    tgc_device_pass(owner, guest->address, device, host + (uint64_t)distance, node, bytes);
    return;
  }
  if (!bytes)
    return;
  flush_all(device);
  tgc_device_enter(device, "a copy to it", node);
  tgc_cu_result result =
      tgc_copies_up(device, host + (uint64_t)distance, (const void *)(uintptr_t)host, bytes);
  tgc_device_leave(device);
  tgc_device_check(device, result, "a copy to it", node);
}

void tgc_device_copy_back(tgc_device_t *device, const char *node, void *to, tgc_cu_address from,
                          uint64_t bytes) {
  flush_all(device);
  tgc_device_enter(device, "a copy from it", node);
  tgc_cu_result result = tgc_copies_down(device, to, from, bytes);
  tgc_device_leave(device);
  tgc_device_check(device, result, "a copy from it or a kernel before it", node);
}

void tgc_device_download(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                         uint64_t bytes) {
  const mirror_t *mirror = find_mirror(device, host);
  /* What a loop hands on may be what nobody writes to, and may not be written to. */
  if (!bytes || (mirror && (mirror->kind == TGC_MIRROR_FEED || mirror->kind == TGC_MIRROR_CONSTANT)))
    return;
  tgc_device_copy_back(device, node, (void *)(uintptr_t)host, host + (uint64_t)distance, bytes);
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
  if (mirror->residence->holder != mirror)
    tgc_device_bring(device, node, slot); /* another device has it: another entry's */
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
  const char *node = NULL;
  tgc_cu_result result = cu->cuCtxPushCurrent_v2(device->context);
  if (result == TGC_CU_SUCCESS) {
    result = tgc_launches_start(device, &node);
    if (result == TGC_CU_SUCCESS)
      result = tgc_copies_down(device, data, mirror->address, bytes);
    tgc_device_leave(device);
  }
  return tgc_device_judge(device, result, "a copy of a variable from it");
}

void tgc_device_bring(tgc_device_t *device, const char *node, uint32_t slot) {
  mirror_t *mirror = &device->mirrors[slot];
  const char *reason = "";
  tgc_residence_t *residence = mirror->residence;
  if (!residence->holder)
    return;
  int32_t status =
      residence->bring(residence->holder, (void *)(uintptr_t)mirror->host, mirror->bytes, &reason);
  if (status != TGC_OK)
    tgc_device_fail(device, status, node, reason);
  residence->holder = NULL;
}

void tgc_device_own(tgc_device_t *device, uint32_t slot) {
  mirror_t *mirror = &device->mirrors[slot];
  mirror->has_value = 1;
  mirror->version = ++mirror->residence->version; /* copies that others keep are old now */
  mirror->residence->holder = mirror;
  mirror->residence->bring = bring;
}

void tgc_device_disown(tgc_device_t *device, uint32_t slot) { ++device->mirrors[slot].residence->version; }

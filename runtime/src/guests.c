/*===- guests.c - Feeds and fetches that lie on a device --------------------===
 *
 * Generated code knows the host's memory only; memory of the host stands for that of the device, and is
 * written only where the host's part of the entry reads a feed or writes a fetch. What runs the entry on a
 * device (runtime/kernels/device) asks which tensors those are and takes their memory for its own.
 *
 *===----------------------------------------------------------------------===*/
#include "session.h"
#include "shape.h"

#include <stddef.h>
#include <string.h>

enum {
  ALIGNMENT = 64,
  /* Of memory on a device, which its kernels read so many bytes at a time. */
  DEVICE_ALIGNMENT = 16
};

static uint8_t is_on_device(const tgc_place_t *places, uint32_t index) {
  return places && places[index].device_type == TGC_DEVICE_CUDA;
}

static uint8_t is_row_major(const tgc_tensor_t *tensor, const int64_t *strides) {
  int64_t expected = 1;
  for (int32_t d = tensor->rank; d-- > 0;) {
    if (tensor->dims[d] > 1 && strides[d] != expected)
      return 0;
    expected *= tensor->dims[d];
  }
  return 1;
}

/* What feeds and fetches have in common. */
static tgc_status_t check_place(const char *what, const tgc_tensor_info_t *info, const tgc_tensor_t *tensor,
                                const tgc_place_t *place, uint8_t has_code, tgc_error_t *error) {
  if (place->device_type < TGC_DEVICE_CPU || place->device_type > TGC_DEVICE_CUDA_HOST)
    return tgc_error_set(
        error, TGC_INVALID_ARGUMENT,
        "%s '%s': device type %d is none of 1 (the CPU), 2 (CUDA) and 3 (CUDA's host memory)", what,
        info->name, place->device_type);
  if (place->device_type != TGC_DEVICE_CUDA)
    return TGC_OK;
  if (!has_code)
    return tgc_error_set(
        error, TGC_FAILED_PRECONDITION,
        "%s '%s' lies on a GPU, for which the entry has no code; compile with --target cpu,cuda", what,
        info->name);
  if (info->dtype == TGC_STRING)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "%s '%s': strings cannot lie on a GPU", what,
                         info->name);
  if ((uintptr_t)tensor->data % DEVICE_ALIGNMENT)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "%s '%s': its memory on the GPU begins at %p, expected a multiple of %d bytes", what,
                         info->name, tensor->data, DEVICE_ALIGNMENT);
  return TGC_OK;
}

tgc_status_t tgc_places_check(const tgc_module_info_t *info, const tgc_run_request_t *request,
                              tgc_error_t *error) {
  const tgc_entry_info_t *entry = &info->entries[request->entry];
  uint8_t knows_device =
      info->size >= offsetof(tgc_module_info_t, entries_on_device) + sizeof info->entries_on_device;
  uint8_t has_code = knows_device && info->entries_on_device && info->entries_on_device[request->entry];
  for (uint32_t i = 0; request->feed_places && i < request->num_feeds; ++i) {
    const tgc_place_t *place = &request->feed_places[i];
    tgc_status_t status = check_place("feed", &entry->feeds[i], &request->feeds[i], place, has_code, error);
    if (status != TGC_OK)
      return status;
    if (place->strides && !is_row_major(&request->feeds[i], place->strides))
      return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                           "feed '%s': its strides are not those of a row-major "
                           "tensor without gaps",
                           entry->feeds[i].name);
  }
  for (uint32_t i = 0; request->fetch_places && i < request->num_fetches; ++i) {
    const tgc_place_t *place = &request->fetch_places[i];
    tgc_status_t status =
        check_place("fetch", &entry->fetches[i], &request->fetches[i], place, has_code, error);
    if (status != TGC_OK)
      return status;
    if (place->strides)
      return tgc_error_set(error, TGC_INVALID_ARGUMENT, "fetch '%s' is written row-major: give no strides",
                           entry->fetches[i].name);
    if (is_on_device(request->fetch_places, i) && !request->fetches[i].data)
      return tgc_error_set(error, TGC_INVALID_ARGUMENT, "fetch '%s' on a GPU needs the caller's memory",
                           entry->fetches[i].name);
  }
  return TGC_OK;
}

/* Some bytes for each feed, so that each has an address of its own. */
static uint64_t get_room(uint64_t bytes) { return (bytes / ALIGNMENT + 1) * ALIGNMENT; }

/* Fills `stand_ins`, which generated code sees in place of `tensors`, and lists those of a device. `memory`
 * has room for the stand-ins of feeds; those of fetches have no memory, and it is NULL. */
static void add_guests(tgc_guests_t *list, tgc_tensor_t *stand_ins, const tgc_tensor_t *tensors,
                       const tgc_place_t *places, uint32_t count, char *memory) {
  for (uint32_t i = 0; i < count; ++i) {
    stand_ins[i] = tensors[i];
    if (!is_on_device(places, i))
      continue;
    list->guests[list->count++] = (tgc_guest_t){.tensor = &stand_ins[i],
                                                .address = (uint64_t)(uintptr_t)tensors[i].data,
                                                .byte_size = tensors[i].byte_size,
                                                .device_id = places[i].device_id,
                                                .is_fetch = !memory};
    stand_ins[i].data = memory;
    if (memory)
      memory += get_room(tensors[i].byte_size);
  }
}

tgc_status_t tgc_guests_prepare(tgc_session_t *session, const tgc_run_request_t *request,
                                tgc_error_t *error) {
  const tgc_services_t *services = &session->module->services;
  tgc_guest_state_t *state = &session->guests;
  uint64_t num_tensors = (uint64_t)request->num_feeds + request->num_fetches, bytes = 0;
  for (uint32_t i = 0; i < request->num_feeds; ++i)
    if (is_on_device(request->feed_places, i))
      bytes += get_room(request->feeds[i].byte_size);
  if (!tgc_block_reserve(services, &state->tables,
                         num_tensors * (sizeof(tgc_tensor_t) + sizeof(tgc_guest_t))) ||
      !tgc_block_reserve(services, &state->memory, bytes))
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED,
                         "entry %s: cannot allocate %llu bytes of the host's for feeds on a GPU",
                         session->entry->name, (unsigned long long)bytes);
  tgc_tensor_t *feeds = state->tables.data, *fetches = feeds + request->num_feeds;
  state->list = (tgc_guests_t){.guests = (tgc_guest_t *)(fetches + request->num_fetches)};
  add_guests(&state->list, feeds, request->feeds, request->feed_places, request->num_feeds,
             state->memory.data);
  add_guests(&state->list, fetches, request->fetches, request->fetch_places, request->num_fetches, NULL);
  session->frame.feeds = feeds;
  session->frame.fetches = fetches;
  return TGC_OK;
}

tgc_status_t tgc_guests_finish(tgc_session_t *session, const tgc_run_request_t *request, tgc_error_t *error) {
  tgc_guests_t *list = &session->guests.list;
  const char *reason = "";
  int32_t status = list->finish ? list->finish(list->holder, &reason) : TGC_OK;
  if (status != TGC_OK)
    return tgc_error_set(error, (tgc_status_t)status, "%s", reason);
  for (uint32_t i = 0; i < request->num_fetches; ++i) {
    tgc_tensor_t tensor = session->frame.fetches[i];
    if (is_on_device(request->fetch_places, i)) {
      tensor.data = request->fetches[i].data;
      tensor.byte_size = request->fetches[i].byte_size;
    }
    request->fetches[i] = tensor;
  }
  return TGC_OK;
}

void tgc_guests_leave(tgc_session_t *session) {
  tgc_guests_t *list = &session->guests.list;
  const char *reason = "";
  for (uint32_t i = 0; i < list->count; ++i)
    list->guests[i].is_done = 1;
  if (list->finish)
    list->finish(list->holder, &reason);
}

tgc_guests_t *tgc_frame_guests(tgc_frame_t *frame) {
  tgc_guests_t *list = &frame->session->guests.list;
  return list->count ? list : NULL;
}

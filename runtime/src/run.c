/*===- run.c - One run of an entry ------------------------------------------===
 *
 * The price of a run that does nothing is a few tens of nanoseconds: no allocation, no lock but one atomic
 * exchange, one setjmp that saves no signal mask.
 *
 *===----------------------------------------------------------------------===*/
#include "float_environment.h"
#include "session.h"

#include <stddef.h>
#include <string.h>

static tgc_status_t check_call(const tgc_module_info_t *info, const tgc_run_request_t *request,
                               tgc_error_t *error) {
  if (request->entry >= info->num_entries)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "entry number %u: the module has %u", request->entry,
                         info->num_entries);
  const tgc_entry_info_t *entry = &info->entries[request->entry];
  uint8_t lacks_feeds = request->num_feeds && !request->feeds;
  if (lacks_feeds || (request->num_fetches && !request->fetches))
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "entry %s: the array of %s is NULL", entry->name,
                         lacks_feeds ? "feeds" : "fetches");
  if (request->num_fetches != entry->num_fetches) {
    tgc_name_list_t list = {.length = 0};
    for (uint32_t i = 0; i < entry->num_fetches; ++i)
      tgc_name_list_add(&list, entry->fetches[i].name);
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "entry %s has %u fetches (%s), %u are asked for",
                         entry->name, entry->num_fetches, tgc_name_list_finish(&list), request->num_fetches);
  }
  return tgc_feeds_check(entry, request->feeds, request->num_feeds, error);
}

tgc_status_t tgc_request_check(const tgc_session_t *session, const tgc_run_request_t *request,
                               tgc_run_request_t *out_request, tgc_error_t *error) {
  const tgc_module_info_t *info = session->module->info;
  memset(out_request, 0, sizeof *out_request);
  if (!request || request->size < offsetof(tgc_run_request_t, feed_places))
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "tgc_run_request_t: size is %u; set it to sizeof(tgc_run_request_t)",
                         request ? request->size : 0);
  memcpy(out_request, request, request->size < sizeof *out_request ? request->size : sizeof *out_request);
  tgc_status_t status = check_call(info, out_request, error);
  return status == TGC_OK ? tgc_places_check(info, out_request, error) : status;
}

/* A loop feeds what it fetched last. Such memory is not lent a second time in this run: the fetch goes
 * elsewhere. */
static void spare_fed_fetches(tgc_entry_state_t *state, const tgc_entry_info_t *entry,
                              const tgc_tensor_t *feeds) {
  for (uint32_t i = 0; i < entry->num_feeds; ++i) {
    uintptr_t feed = (uintptr_t)feeds[i].data;
    if (feed < state->lent_begin || feed >= state->lent_end)
      continue;
    for (uint32_t f = 0; f < entry->num_fetches; ++f) {
      tgc_fetch_state_t *fetch = &state->fetches[f];
      uintptr_t begin = (uintptr_t)fetch->memory.data;
      if (feed < begin || feed - begin >= fetch->memory.capacity)
        continue;
      tgc_block_t lent = fetch->memory;
      fetch->memory = fetch->spare;
      fetch->spare = lent;
      break;
    }
  }
}

/* Gives fetched strings bytes of their own. */
static tgc_status_t own_string_fetches(tgc_session_t *session, tgc_error_t *error) {
  for (uint32_t i = 0; i < session->entry->num_fetches; ++i) {
    tgc_tensor_t *fetch = &session->frame.fetches[i];
    uint64_t count = 1;
    if (session->entry->fetches[i].dtype != TGC_STRING)
      continue;
    for (int32_t d = 0; d < fetch->rank; ++d)
      count *= (uint64_t)fetch->dims[d];
    if (!tgc_strings_own(&session->module->services, &session->entry_state->fetches[i].bytes, fetch->data,
                         count))
      return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "fetch '%s': cannot allocate its strings",
                           session->entry->fetches[i].name);
  }
  return TGC_OK;
}

/* Runs the entry; comes back from wherever it fails. */
static tgc_status_t call_entry(tgc_session_t *session) {
  if (_setjmp(session->leave))
    return session->status;
  int32_t code = session->entry->run(&session->frame);
  if (code == TGC_OK)
    return TGC_OK;
  return tgc_error_set(session->error, (tgc_status_t)code, "entry %s returned %s", session->entry->name,
                       tgc_status_name(code));
}

tgc_status_t tgc_run_entered(tgc_session_t *session, const tgc_run_request_t *request, tgc_error_t *error) {
  session->frame.feeds = request->feeds;
  session->frame.fetches = request->fetches;
  session->entry = &session->module->info->entries[request->entry];
  session->entry_state = &session->entries[request->entry];
  session->error = error;
  atomic_store_explicit(&session->has_failed, 0, memory_order_relaxed);
  uint8_t has_guests = request->feed_places || request->fetch_places;
  tgc_status_t status = has_guests ? tgc_guests_prepare(session, request, error) : TGC_OK;
  if (status != TGC_OK)
    return status;
  for (uint32_t i = 0; i < request->num_fetches; ++i) {
    session->frame.fetches[i].dtype = session->entry->fetches[i].dtype;
    session->frame.fetches[i].rank = session->entry->fetches[i].rank;
  }
  spare_fed_fetches(session->entry_state, session->entry, session->frame.feeds);
  if (session->scratch)
    tgc_scratch_reset(session);
  tgc_error_clear(error);
  tgc_float_mode_t mode = tgc_float_mode_enter();
  status = call_entry(session);
  tgc_float_mode_leave(mode);
  if (session->has_string_variables) {
    tgc_status_t owned = tgc_variables_own_strings(session, status == TGC_OK ? error : NULL);
    status = status == TGC_OK ? owned : status;
  }
  if (status == TGC_OK && session->entry_state->has_string_fetches)
    status = own_string_fetches(session, error);
  if (status == TGC_OK && has_guests)
    status = tgc_guests_finish(session, request, error);
  if (status != TGC_OK && has_guests)
    tgc_guests_leave(session);
  session->guests.list.count = 0;
  return status;
}

/* Does a run that was checked. */
static tgc_status_t run_checked(tgc_session_t *session, const tgc_run_request_t *request,
                                tgc_error_t *error) {
  tgc_status_t status = tgc_session_enter(session, error);
  if (status != TGC_OK)
    return status;
  status = tgc_run_entered(session, request, error);
  tgc_session_leave(session);
  return status;
}

tgc_status_t tgc_session_run(tgc_session_t *session, uint32_t entry, const tgc_tensor_t *feeds,
                             uint32_t num_feeds, tgc_tensor_t *fetches, uint32_t num_fetches,
                             tgc_error_t *error) {
  tgc_run_request_t request = {sizeof request, entry, feeds, fetches, num_feeds, num_fetches, NULL, NULL};
  tgc_status_t status = check_call(session->module->info, &request, error);
  return status == TGC_OK ? run_checked(session, &request, error) : status;
}

tgc_status_t tgc_session_run_request(tgc_session_t *session, const tgc_run_request_t *request,
                                     tgc_error_t *error) {
  tgc_run_request_t complete;
  tgc_status_t status = tgc_request_check(session, request, &complete, error);
  return status == TGC_OK ? run_checked(session, &complete, error) : status;
}

/*===- session.c - Making and releasing sessions ----------------------------===*/
#include "session.h"
#include "shape.h"
#include "thread_pool.h"

#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* Gives variable `index` the value that the module brings, if it does. */
static tgc_status_t initialize_variable(tgc_session_t *session, uint32_t index, tgc_error_t *error) {
  const tgc_variable_info_t *info = &session->module->info->variables[index];
  const tgc_tensor_info_t *tensor = &info->tensor;
  const int64_t *dims = info->initial_dims ? info->initial_dims : tensor->dims;
  uint64_t bytes;
  if (!info->initial_value)
    return TGC_OK;
  if (tensor->rank < 0 || !tgc_shape_byte_size(tensor->dtype, tensor->rank, dims, &bytes))
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "variable %s: the module gives a value without a known shape", tensor->name);
  return tgc_variable_assign(session, index, tensor->rank, dims, info->initial_value, bytes, error);
}

static tgc_status_t prepare_variables(tgc_session_t *session, tgc_error_t *error) {
  const tgc_module_info_t *info = session->module->info;
  const tgc_services_t *services = &session->module->services;
  session->frame.variables = tgc_allocate_zeroed(services, info->num_variables, sizeof(tgc_variable_t));
  session->variable_states = tgc_allocate_zeroed(services, info->num_variables, sizeof(tgc_variable_state_t));
  session->counters = tgc_allocate_zeroed(services, session->module->num_counters, sizeof(uint64_t));
  if (!session->frame.variables || !session->variable_states || !session->counters)
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "cannot allocate the variables of a session");
  for (uint32_t i = 0; i < info->num_variables; ++i) {
    tgc_tensor_t *value = &session->frame.variables[i].value;
    value->dtype = info->variables[i].tensor.dtype;
    value->rank = info->variables[i].tensor.rank < 0 ? 0 : info->variables[i].tensor.rank;
    session->has_string_variables |= value->dtype == TGC_STRING;
    tgc_status_t status = initialize_variable(session, i, error);
    if (status != TGC_OK)
      return status;
  }
  return TGC_OK;
}

static tgc_status_t prepare_entries(tgc_session_t *session, tgc_error_t *error) {
  const tgc_module_info_t *info = session->module->info;
  const tgc_services_t *services = &session->module->services;
  session->entries = tgc_allocate_zeroed(services, info->num_entries, sizeof(tgc_entry_state_t));
  uint8_t is_complete = session->entries != NULL;
  for (uint32_t i = 0; is_complete && i < info->num_entries; ++i) {
    tgc_entry_state_t *state = &session->entries[i];
    const tgc_entry_info_t *entry = &info->entries[i];
    state->buffers = tgc_allocate_zeroed(services, entry->num_buffers, sizeof(tgc_block_t));
    state->fetches = tgc_allocate_zeroed(services, entry->num_fetches, sizeof(tgc_fetch_state_t));
    for (uint32_t f = 0; f < entry->num_fetches; ++f)
      state->has_string_fetches |= entry->fetches[f].dtype == TGC_STRING;
    is_complete = state->buffers && state->fetches;
  }
  return is_complete
             ? TGC_OK
             : tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "cannot allocate the entries of a session");
}

/* Fills the tables and sets the variables that no checkpoint holds. */
static tgc_status_t initialize_objects(tgc_session_t *session, tgc_error_t *error) {
  const tgc_module_info_t *info = session->module->info;
  for (uint32_t i = 0; i < info->num_entries; ++i)
    if (!strcmp(info->entries[i].name, TGC_INITIALIZER_NAME) && !info->entries[i].num_feeds &&
        !info->entries[i].num_fetches)
      return tgc_session_run(session, i, NULL, 0, NULL, 0, error);
  return TGC_OK;
}

/* What the caller left out of an older or missing options structure is zero. */
static tgc_status_t read_options(const tgc_session_options_t *options, tgc_session_options_t *out_options,
                                 tgc_error_t *error) {
  memset(out_options, 0, sizeof *out_options);
  if (!options)
    return TGC_OK;
  if (options->size < sizeof options->size)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "tgc_session_options_t: size is %u; set it to sizeof(tgc_session_options_t)",
                         options->size);
  memcpy(out_options, options, options->size < sizeof *options ? options->size : sizeof *options);
  return TGC_OK;
}

/* A seed of the operating system's, or else of the clock's. */
static uint64_t make_seed(void) {
  uint64_t seed;
  struct timespec now;
  if (getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed)
    return seed;
  timespec_get(&now, TIME_UTC);
  return ((uint64_t)now.tv_sec << 30) ^ (uint64_t)now.tv_nsec;
}

tgc_status_t tgc_session_create(tgc_module_t *module, const tgc_session_options_t *options,
                                tgc_session_t **out_session, tgc_error_t *error) {
  tgc_session_options_t given;
  tgc_status_t status = read_options(options, &given, error);
  if (status != TGC_OK)
    return status;
  tgc_session_t *session = tgc_allocate_zeroed(&module->services, 1, sizeof *session);
  if (!session)
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "cannot allocate a session");
  tgc_module_retain(module);
  session->module = module;
  session->frame.functions = &tgc_frame_functions;
  session->frame.session = session;
  session->num_threads = given.num_threads ? given.num_threads : module->services.num_threads;
  session->seed = given.seed ? given.seed : make_seed();
  session->profile = given.profile;
  session->profile_user = given.profile_user;
  session->profile_device = given.profile_device;
  atomic_init(&session->is_busy, 0);
  atomic_init(&session->has_failed, 0);
  session->may_be_parallel = session->num_threads > 1 && tgc_parallel_prepare();
  if (session->may_be_parallel && !module->services.parallel_for) {
    tgc_thread_pool_acquire();
    session->uses_pool = 1;
  }
  status = prepare_variables(session, error);
  if (status == TGC_OK)
    status = prepare_entries(session, error);
  if (status == TGC_OK)
    status = initialize_objects(session, error);
  if (status != TGC_OK) {
    tgc_session_release(session);
    return status;
  }
  *out_session = session;
  return tgc_error_clear(error);
}

static void release_entries(tgc_session_t *session) {
  const tgc_services_t *services = &session->module->services;
  const tgc_module_info_t *info = session->module->info;
  for (uint32_t i = 0; session->entries && i < info->num_entries; ++i) {
    tgc_entry_state_t *state = &session->entries[i];
    for (uint32_t b = 0; state->buffers && b < info->entries[i].num_buffers; ++b)
      tgc_block_release(services, &state->buffers[b]);
    for (uint32_t f = 0; state->fetches && f < info->entries[i].num_fetches; ++f) {
      tgc_block_release(services, &state->fetches[f].memory);
      tgc_block_release(services, &state->fetches[f].spare);
      tgc_block_release(services, &state->fetches[f].bytes);
    }
    tgc_release_memory(services, state->buffers);
    tgc_release_memory(services, state->fetches);
  }
  tgc_release_memory(services, session->entries);
}

void tgc_session_release(tgc_session_t *session) {
  if (!session)
    return;
  tgc_module_t *module = session->module;
  const tgc_services_t *services = &module->services;
  tgc_async_release(session);
  tgc_objects_release(session);
  release_entries(session);
  for (uint32_t i = 0; session->variable_states && i < module->info->num_variables; ++i) {
    tgc_block_release(services, &session->variable_states[i].memory);
    tgc_block_release(services, &session->variable_states[i].bytes);
  }
  tgc_release_memory(services, session->variable_states);
  tgc_release_memory(services, session->frame.variables);
  tgc_release_memory(services, session->counters);
  tgc_block_release(services, &session->workspace);
  tgc_block_release(services, &session->guests.tables);
  tgc_block_release(services, &session->guests.memory);
  if (session->uses_pool)
    tgc_thread_pool_release();
  tgc_release_memory(services, session);
  tgc_module_release(module);
}

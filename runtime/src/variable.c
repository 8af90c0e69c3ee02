/*===- variable.c - Variables, from outside and from generated code ---------===*/
#include "session.h"
#include "shape.h"

#include <string.h>

/*===----------------------------------------------------------------------===*
 * Memory.
 *===----------------------------------------------------------------------===*/

/* Room for a value of `bytes` bytes and `rank` dims. New memory of strings is zeroed: an unset one must not
 * be followed. 0 (false): no memory, the variable keeps what it had. */
static uint8_t resize(tgc_session_t *session, uint32_t index, int32_t rank, const int64_t *dims,
                      uint64_t bytes) {
  const tgc_services_t *services = &session->module->services;
  tgc_variable_t *variable = &session->frame.variables[index];
  tgc_variable_state_t *state = &session->variable_states[index];
  uint8_t is_string = variable->value.dtype == TGC_STRING;
  if (!state->memory.data || bytes > state->memory.capacity) {
    tgc_block_t fresh = {NULL, 0};
    if (!tgc_block_reserve(services, &fresh, bytes))
      return 0;
    tgc_block_release(services, &state->memory);
    state->memory = fresh;
    variable->value.data = fresh.data;
    if (is_string)
      memset(fresh.data, 0, bytes);
  } else if (is_string && bytes != variable->value.byte_size) {
    memset(state->memory.data, 0, bytes);
  }
  variable->value.byte_size = bytes;
  variable->value.rank = rank;
  if (rank)
    memcpy(variable->value.dims, dims, (size_t)rank * sizeof *dims);
  return 1;
}

/*===----------------------------------------------------------------------===*
 * Values that are elsewhere.
 *===----------------------------------------------------------------------===*/

/* The host has the value; copies elsewhere count no more. */
static void own(tgc_session_t *session, uint32_t index) {
  tgc_residence_t *residence = &session->variable_states[index].residence;
  residence->holder = NULL;
  ++residence->version;
}

tgc_status_t tgc_variable_bring(tgc_session_t *session, uint32_t index, tgc_error_t *error) {
  tgc_residence_t *residence = &session->variable_states[index].residence;
  const tgc_tensor_t *value = &session->frame.variables[index].value;
  const char *reason = "";
  if (!residence->holder)
    return TGC_OK;
  int32_t status = residence->bring(residence->holder, value->data, value->byte_size, &reason);
  if (status != TGC_OK)
    return tgc_error_set(error, (tgc_status_t)status, "variable %s: its value cannot be had: %s",
                         session->module->info->variables[index].tensor.name, reason);
  residence->holder = NULL;
  return TGC_OK;
}

/* The same for generated code, which may change the value. */
static void bring_and_own(tgc_frame_t *frame, uint32_t index, const char *node) {
  tgc_error_t error;
  tgc_status_t status = tgc_variable_bring(frame->session, index, &error);
  if (status != TGC_OK)
    tgc_frame_fail_with(frame, status, node, "%s", error.message);
  own(frame->session, index);
}

tgc_residence_t *tgc_frame_variable_residence(tgc_frame_t *frame, uint32_t index) {
  return &frame->session->variable_states[index].residence;
}

tgc_status_t tgc_variable_assign(tgc_session_t *session, uint32_t index, int32_t rank, const int64_t *dims,
                                 const void *data, uint64_t bytes, tgc_error_t *error) {
  tgc_variable_t *variable = &session->frame.variables[index];
  const char *name = session->module->info->variables[index].tensor.name;
  if (!resize(session, index, rank, dims, bytes))
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "variable %s: cannot allocate %llu bytes", name,
                         (unsigned long long)bytes);
  own(session, index);
  if (bytes)
    memmove(variable->value.data, data, bytes);
  variable->is_initialized = 1;
  if (variable->value.dtype == TGC_STRING &&
      !tgc_strings_own(&session->module->services, &session->variable_states[index].bytes,
                       variable->value.data, bytes / sizeof(tgc_string_t)))
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "variable %s: cannot allocate its strings", name);
  return TGC_OK;
}

void tgc_variable_adopt(tgc_session_t *session, uint32_t index, int32_t rank, const int64_t *dims,
                        tgc_block_t *memory, uint64_t bytes) {
  const tgc_services_t *services = &session->module->services;
  tgc_variable_t *variable = &session->frame.variables[index];
  tgc_variable_state_t *state = &session->variable_states[index];
  tgc_block_release(services, &state->memory);
  tgc_block_release(services, &state->bytes);
  own(session, index);
  state->memory = *memory;
  *memory = (tgc_block_t){NULL, 0};
  variable->value.data = state->memory.data;
  variable->value.byte_size = bytes;
  variable->value.rank = rank;
  memcpy(variable->value.dims, dims, (size_t)rank * sizeof *dims);
  variable->is_initialized = 1;
}

/*===----------------------------------------------------------------------===*
 * From outside.
 *===----------------------------------------------------------------------===*/

tgc_status_t tgc_variable_get(tgc_session_t *session, const char *name, tgc_tensor_t *out_tensor,
                              tgc_error_t *error) {
  uint32_t index;
  tgc_status_t status = tgc_session_enter(session, error);
  if (status != TGC_OK)
    return status;
  status = tgc_module_find_variable(session->module, name, &index, error);
  if (status == TGC_OK && !session->frame.variables[index].is_initialized)
    status = tgc_error_set(error, TGC_FAILED_PRECONDITION, "Attempting to use uninitialized value %s", name);
  if (status == TGC_OK)
    status = tgc_variable_bring(session, index, error);
  if (status == TGC_OK)
    *out_tensor = session->frame.variables[index].value;
  tgc_session_leave(session);
  return status;
}

static tgc_status_t check_value(const tgc_tensor_info_t *info, const tgc_tensor_t *tensor,
                                uint64_t *out_bytes, tgc_error_t *error) {
  tgc_shape_text_t got, wanted;
  if (tensor->dtype != info->dtype)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "Cannot assign a value of dtype %s to variable '%s', which has dtype %s",
                         tgc_dtype_name(tensor->dtype), info->name, tgc_dtype_name(info->dtype));
  if (tensor->rank < 0 || tensor->rank > TGC_MAX_RANK)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "Cannot assign a value of rank %d to variable '%s': ranks are 0 to %d", tensor->rank,
                         info->name, TGC_MAX_RANK);
  if (!tgc_shape_byte_size(tensor->dtype, tensor->rank, tensor->dims, out_bytes))
    return tgc_error_set(
        error, TGC_INVALID_ARGUMENT,
        "Cannot assign a value of shape %s to variable '%s': a dimension is negative or the size overflows",
        tgc_shape_write(&got, tensor->rank, tensor->dims), info->name);
  if (!tgc_shape_fits(info, tensor->rank, tensor->dims))
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "Cannot assign a value of shape %s to variable '%s', which has shape %s",
                         tgc_shape_write(&got, tensor->rank, tensor->dims), info->name,
                         tgc_shape_write(&wanted, info->rank, info->dims));
  if (tensor->byte_size < *out_bytes || (*out_bytes && !tensor->data))
    return tgc_error_set(
        error, TGC_INVALID_ARGUMENT,
        "Cannot assign to variable '%s': the value has %llu bytes, shape %s of %s needs %llu", info->name,
        tensor->data ? (unsigned long long)tensor->byte_size : 0ull,
        tgc_shape_write(&got, tensor->rank, tensor->dims), tgc_dtype_name(info->dtype),
        (unsigned long long)*out_bytes);
  return TGC_OK;
}

tgc_status_t tgc_variable_set(tgc_session_t *session, const char *name, const tgc_tensor_t *tensor,
                              tgc_error_t *error) {
  uint32_t index;
  uint64_t bytes;
  tgc_status_t status = tgc_session_enter(session, error);
  if (status != TGC_OK)
    return status;
  status = tgc_module_find_variable(session->module, name, &index, error);
  if (status == TGC_OK)
    status = check_value(&session->module->info->variables[index].tensor, tensor, &bytes, error);
  if (status == TGC_OK)
    status = tgc_variable_assign(session, index, tensor->rank, tensor->dims, tensor->data, bytes, error);
  tgc_session_leave(session);
  return status;
}

/*===----------------------------------------------------------------------===*
 * From generated code.
 *===----------------------------------------------------------------------===*/

void *tgc_frame_variable_read(tgc_frame_t *frame, uint32_t index, const char *node) {
  tgc_variable_t *variable = &frame->variables[index];
  if (!variable->is_initialized)
    tgc_frame_fail_with(frame, TGC_FAILED_PRECONDITION, node, "Attempting to use uninitialized value %s",
                        frame->session->module->info->variables[index].tensor.name);
  bring_and_own(frame, index, node);
  return variable->value.data;
}

void *tgc_frame_variable_peek(tgc_frame_t *frame, uint32_t index, uint64_t bytes) {
  tgc_session_t *session = frame->session;
  tgc_variable_t *variable = &frame->variables[index];
  const tgc_tensor_info_t *info = &session->module->info->variables[index].tensor;
  bring_and_own(frame, index, NULL);
  if (variable->is_initialized)
    return variable->value.data;
  int64_t dims[TGC_MAX_RANK];
  int32_t rank = info->rank < 0 ? 0 : info->rank;
  for (int32_t dim = 0; dim < rank; ++dim)
    dims[dim] = info->dims[dim] < 0 ? 0 : info->dims[dim];
  if (!resize(session, index, rank, dims, bytes))
    tgc_frame_fail_with(frame, TGC_RESOURCE_EXHAUSTED, NULL, "variable %s: cannot allocate %llu bytes",
                        info->name, (unsigned long long)bytes);
  memset(variable->value.data, 0, bytes);
  return variable->value.data;
}

/* The variable of that name, or NULL. */
static tgc_variable_t *find(tgc_frame_t *frame, const char *name) {
  uint32_t index;
  return tgc_module_find_variable(frame->session->module, name, &index, NULL) == TGC_OK
             ? &frame->variables[index]
             : NULL;
}

uint8_t tgc_frame_variable_is_initialized(tgc_frame_t *frame, const char *name) {
  const tgc_variable_t *variable = find(frame, name);
  return variable && variable->is_initialized;
}

void tgc_frame_variable_destroy(tgc_frame_t *frame, const char *name) {
  tgc_variable_t *variable = find(frame, name);
  if (!variable)
    return;
  variable->is_initialized = 0;
  own(frame->session, (uint32_t)(variable - frame->variables));
}

void *tgc_frame_variable_write(tgc_frame_t *frame, uint32_t index, const int64_t *dims, uint64_t bytes) {
  tgc_session_t *session = frame->session;
  tgc_variable_t *variable = &frame->variables[index];
  const tgc_tensor_info_t *info = &session->module->info->variables[index].tensor;
  int32_t rank = info->rank < 0 ? variable->value.rank : info->rank;
  tgc_frame_check_size(frame, "variable", info, rank, dims);
  if (bytes == variable->value.byte_size)
    bring_and_own(frame, index, NULL);
  else
    own(session, index);
  if (!resize(session, index, rank, dims, bytes))
    tgc_frame_fail_with(frame, TGC_RESOURCE_EXHAUSTED, NULL, "variable %s: cannot allocate %llu bytes",
                        info->name, (unsigned long long)bytes);
  variable->is_initialized = 1;
  session->variable_states[index].was_written = 1;
  return variable->value.data;
}

tgc_status_t tgc_variables_own_strings(tgc_session_t *session, tgc_error_t *error) {
  const tgc_module_info_t *info = session->module->info;
  tgc_status_t status = TGC_OK;
  for (uint32_t i = 0; i < info->num_variables; ++i) {
    tgc_variable_state_t *state = &session->variable_states[i];
    const tgc_tensor_t *value = &session->frame.variables[i].value;
    if (!state->was_written || value->dtype != TGC_STRING)
      continue;
    state->was_written = 0;
    if (!tgc_strings_own(&session->module->services, &state->bytes, value->data,
                         value->byte_size / sizeof(tgc_string_t)))
      status = tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "variable %s: cannot allocate its strings",
                             info->variables[i].tensor.name);
  }
  return status;
}

/*===- restore.c - Variables from a checkpoint ------------------------------===
 *
 * Two passes: everything is looked up, checked and read into new memory first; then the values go to the
 * variables. A failure before the end changes nothing.
 *
 *===----------------------------------------------------------------------===*/
#include "session.h"
#include "shape.h"
#include "tgc/checkpoint.h"

#include <stdio.h>
#include <string.h>

/* A value on its way; data NULL: the checkpoint lacks the variable. */
typedef struct pending {
  tgc_block_t memory;
  tgc_checkpoint_entry_t entry;
} pending_t;

static const char *checkpoint_name(const tgc_restore_options_t *options, const char *variable) {
  for (uint32_t i = 0; i < options->num_renames; ++i)
    if (strcmp(options->renames[i].variable, variable) == 0)
      return options->renames[i].checkpoint;
  return variable;
}

static uint8_t is_selected(const tgc_restore_options_t *options, const char *variable) {
  return !options->selects || options->selects(options->user, variable);
}

static tgc_status_t check_fits(const tgc_tensor_info_t *info, const char *name, const char *prefix,
                               const tgc_checkpoint_entry_t *entry, tgc_error_t *error) {
  tgc_shape_text_t got, wanted;
  if (entry->dtype != info->dtype)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT, "%s: checkpoint tensor %s is %s, the graph wants %s",
                         prefix, name, tgc_dtype_name(entry->dtype), tgc_dtype_name(info->dtype));
  if (!tgc_shape_fits(info, entry->rank, entry->dims))
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "%s: checkpoint tensor %s has shape %s, the graph wants %s", prefix, name,
                         tgc_shape_write(&got, entry->rank, entry->dims),
                         tgc_shape_write(&wanted, info->rank, info->dims));
  return TGC_OK;
}

/* Says which variables the checkpoint lacks, all of them at once; if some may be missing, only if all are. */
static tgc_status_t check_complete(const tgc_module_info_t *info, const tgc_checkpoint_t *checkpoint,
                                   const char *prefix, const tgc_restore_options_t *options,
                                   tgc_error_t *error) {
  tgc_name_list_t missing = {.length = 0}, present = {.length = 0};
  uint32_t num_selected = 0;
  for (uint32_t i = 0; i < info->num_variables; ++i) {
    if (!is_selected(options, info->variables[i].tensor.name))
      continue;
    ++num_selected;
    const char *name = checkpoint_name(options, info->variables[i].tensor.name);
    if (!tgc_checkpoint_contains(checkpoint, name))
      tgc_name_list_add(&missing, name);
  }
  uint64_t num_missing = missing.num_shown + missing.num_left_out;
  if (!num_missing || (options->partial && num_missing < num_selected))
    return TGC_OK;
  for (uint64_t i = 0; i < tgc_checkpoint_num_tensors(checkpoint); ++i)
    tgc_name_list_add(&present, tgc_checkpoint_name(checkpoint, i));
  return tgc_error_set(error, TGC_NOT_FOUND, "%s: checkpoint has no tensor%s %s (it has: %s)", prefix,
                       num_missing > 1 ? "s" : "", tgc_name_list_finish(&missing),
                       tgc_name_list_finish(&present));
}

static tgc_status_t read_value(tgc_session_t *session, const tgc_checkpoint_t *checkpoint, const char *prefix,
                               const tgc_tensor_info_t *info, const char *name, pending_t *pending,
                               tgc_error_t *error) {
  tgc_status_t status = tgc_checkpoint_lookup(checkpoint, name, &pending->entry, error);
  if (status == TGC_OK)
    status = check_fits(info, name, prefix, &pending->entry, error);
  if (status != TGC_OK)
    return status;
  if (!tgc_block_reserve(&session->module->services, &pending->memory, pending->entry.byte_size))
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: cannot allocate %llu bytes for tensor %s",
                         prefix, (unsigned long long)pending->entry.byte_size, name);
  return tgc_checkpoint_read(checkpoint, name, pending->memory.data, pending->entry.byte_size, error);
}

/* Hands the memory over to the variables; nothing here can fail. */
static void commit(tgc_session_t *session, pending_t *values) {
  for (uint32_t i = 0; i < session->module->info->num_variables; ++i) {
    pending_t *value = &values[i];
    if (value->memory.data)
      tgc_variable_adopt(session, i, value->entry.rank, value->entry.dims, &value->memory,
                         value->entry.num_elements * tgc_dtype_size(value->entry.dtype));
  }
}

static void log_restored(const tgc_session_t *session, const tgc_checkpoint_t *checkpoint, const char *prefix,
                         uint32_t num_restored) {
  const tgc_services_t *services = &session->module->services;
  char text[512];
  if (!services->log)
    return;
  snprintf(text, sizeof text, "%.300s: restored %u of %u variables, the checkpoint has %llu tensors", prefix,
           num_restored, session->module->info->num_variables,
           (unsigned long long)tgc_checkpoint_num_tensors(checkpoint));
  services->log(services->user, text);
}

static tgc_status_t restore(tgc_session_t *session, const tgc_checkpoint_t *checkpoint, const char *prefix,
                            const tgc_restore_options_t *options, tgc_error_t *error) {
  const tgc_module_info_t *info = session->module->info;
  const tgc_services_t *services = &session->module->services;
  tgc_status_t status = check_complete(info, checkpoint, prefix, options, error);
  if (status != TGC_OK)
    return status;
  pending_t *values = tgc_allocate_zeroed(services, info->num_variables, sizeof *values);
  if (!values)
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: cannot allocate the list of variables", prefix);
  uint32_t num_restored = 0;
  for (uint32_t i = 0; status == TGC_OK && i < info->num_variables; ++i) {
    const char *name = checkpoint_name(options, info->variables[i].tensor.name);
    if (!is_selected(options, info->variables[i].tensor.name) || !tgc_checkpoint_contains(checkpoint, name))
      continue;
    status = read_value(session, checkpoint, prefix, &info->variables[i].tensor, name, &values[i], error);
    ++num_restored;
  }
  if (status == TGC_OK) {
    commit(session, values);
    log_restored(session, checkpoint, prefix, num_restored);
  }
  for (uint32_t i = 0; i < info->num_variables; ++i)
    tgc_block_release(services, &values[i].memory);
  tgc_release_memory(services, values);
  return status;
}

tgc_status_t tgc_session_restore(tgc_session_t *session, const char *prefix,
                                 const tgc_restore_options_t *options, tgc_error_t *error) {
  tgc_restore_options_t given;
  memset(&given, 0, sizeof given);
  if (options) {
    if (options->size < sizeof options->size)
      return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                           "tgc_restore_options_t: size is %u; set it to sizeof(tgc_restore_options_t)",
                           options->size);
    memcpy(&given, options, options->size < sizeof given ? options->size : sizeof given);
  }
  tgc_checkpoint_t *checkpoint;
  tgc_status_t status = tgc_checkpoint_open(prefix, &checkpoint, error);
  if (status != TGC_OK)
    return status;
  status = tgc_session_enter(session, error);
  if (status == TGC_OK) {
    status = restore(session, checkpoint, prefix, &given, error);
    tgc_session_leave(session);
  }
  tgc_checkpoint_close(checkpoint);
  return status == TGC_OK ? tgc_error_clear(error) : status;
}

/*===- save.c - Variables to a checkpoint -----------------------------------===*/
#include "checkpoint/state_file.h"
#include "session.h"
#include "tgc/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Says which variables have no value, all of them at once. */
static tgc_status_t check_initialized(const tgc_session_t *session, const char *prefix, tgc_error_t *error) {
  const tgc_module_info_t *info = session->module->info;
  tgc_name_list_t missing = {.length = 0};
  for (uint32_t i = 0; i < info->num_variables; ++i)
    if (!session->frame.variables[i].is_initialized)
      tgc_name_list_add(&missing, info->variables[i].tensor.name);
  if (!missing.num_shown)
    return TGC_OK;
  return tgc_error_set(error, TGC_FAILED_PRECONDITION,
                       "%s: cannot save: Attempting to use uninitialized value %s", prefix,
                       tgc_name_list_finish(&missing));
}

static tgc_status_t write_variables(tgc_session_t *session, const char *prefix, tgc_error_t *error) {
  const tgc_module_info_t *info = session->module->info;
  tgc_checkpoint_writer_t *writer;
  tgc_status_t status = check_initialized(session, prefix, error);
  for (uint32_t i = 0; status == TGC_OK && i < info->num_variables; ++i)
    status = tgc_variable_bring(session, i, error);
  if (status == TGC_OK)
    status = tgc_checkpoint_writer_create(prefix, &writer, error);
  if (status != TGC_OK)
    return status;
  for (uint32_t i = 0; status == TGC_OK && i < info->num_variables; ++i)
    status = tgc_checkpoint_write(writer, info->variables[i].tensor.name, &session->frame.variables[i].value,
                                  error);
  if (status == TGC_OK)
    status = tgc_checkpoint_commit(writer, error);
  tgc_checkpoint_writer_release(writer);
  return status;
}

static tgc_status_t save(tgc_session_t *session, const char *prefix, const tgc_save_options_t *options,
                         tgc_error_t *error) {
  tgc_retention_t retention = {options->max_to_keep, options->keep_every_seconds};
  tgc_status_t status = tgc_session_enter(session, error);
  if (status != TGC_OK)
    return status;
  status = write_variables(session, prefix, error);
  tgc_session_leave(session);
  if (status == TGC_OK && !options->keeps_state_file)
    status = tgc_state_file_add(prefix, &retention, error);
  return status == TGC_OK ? tgc_error_clear(error) : status;
}

tgc_status_t tgc_session_save(tgc_session_t *session, const char *prefix, const tgc_save_options_t *options,
                              tgc_error_t *error) {
  tgc_save_options_t given;
  memset(&given, 0, sizeof given);
  if (options) {
    if (options->size < sizeof options->size)
      return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                           "tgc_save_options_t: size is %u; set it to sizeof(tgc_save_options_t)",
                           options->size);
    memcpy(&given, options, options->size < sizeof given ? options->size : sizeof given);
  }
  if (!given.has_step)
    return save(session, prefix, &given, error);
  size_t capacity = strlen(prefix) + 32;
  char *numbered = malloc(capacity);
  if (!numbered)
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: no memory", prefix);
  snprintf(numbered, capacity, "%s-%lld", prefix, (long long)given.step);
  tgc_status_t status = save(session, numbered, &given, error);
  free(numbered);
  return status;
}

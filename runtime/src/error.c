/*===- error.c - Filling a tgc_error_t --------------------------------------===*/
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Copies `text` and cuts it to `capacity` with "..." at the end. */
static void copy_cut(char *to, size_t capacity, const char *text) {
  size_t length = strlen(text);
  if (length < capacity) {
    memcpy(to, text, length + 1);
    return;
  }
  memcpy(to, text, capacity - 4);
  memcpy(to + capacity - 4, "...", 4);
}

tgc_status_t tgc_error_set(tgc_error_t *error, tgc_status_t code, const char *format, ...) {
  if (!error)
    return code;
  error->code = code;
  error->node[0] = '\0';
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(error->message, sizeof error->message, format, arguments);
  va_end(arguments);
  if (length < 0)
    error->message[0] = '\0';
  else if ((size_t)length >= sizeof error->message)
    memcpy(error->message + sizeof error->message - 4, "...", 4);
  return code;
}

tgc_status_t tgc_error_set_text(tgc_error_t *error, tgc_status_t code, const char *text, const char *node) {
  if (!error)
    return code;
  error->code = code;
  copy_cut(error->message, sizeof error->message, text);
  copy_cut(error->node, sizeof error->node, node ? node : "");
  return code;
}

void tgc_name_list_add(tgc_name_list_t *list, const char *name) {
  size_t length = strlen(name);
  /* Room for the separator and for the closing " and N more". */
  if (list->num_left_out || list->num_shown == 12 || list->length + length + 40 > sizeof list->text) {
    list->num_left_out++;
    return;
  }
  list->length += (uint32_t)snprintf(list->text + list->length, sizeof list->text - list->length, "%s%s",
                                     list->num_shown ? ", " : "", name);
  list->num_shown++;
}

const char *tgc_name_list_finish(tgc_name_list_t *list) {
  if (!list->num_shown && !list->num_left_out)
    return "nothing";
  if (list->num_left_out)
    snprintf(list->text + list->length, sizeof list->text - list->length, "%s%llu more",
             list->num_shown ? " and " : "", (unsigned long long)list->num_left_out);
  return list->text;
}

const char *tgc_status_name(int32_t code) {
  static const char *const names[] = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS"};
  return code >= 0 && code <= TGC_DATA_LOSS ? names[code] : "UNKNOWN";
}

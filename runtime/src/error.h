/*===- error.h - Filling a tgc_error_t --------------------------------------===*/
#ifndef TGC_SRC_ERROR_H
#define TGC_SRC_ERROR_H

#include "tgc/runtime.h"

/* Fills `error` (may be NULL) and returns `code`. */
tgc_status_t tgc_error_set(tgc_error_t *error, tgc_status_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with text that is there already; `node` may be NULL. */
tgc_status_t tgc_error_set_text(tgc_error_t *error, tgc_status_t code, const char *text, const char *node);

static inline tgc_status_t tgc_error_clear(tgc_error_t *error) {
  if (error) {
    error->code = TGC_OK;
    error->message[0] = '\0';
    error->node[0] = '\0';
  }
  return TGC_OK;
}

/* A list of names in a message, cut after a dozen: "a, b, c and 40 more". */
typedef struct tgc_name_list {
  char text[512];
  uint32_t length;
  uint64_t num_shown;
  uint64_t num_left_out;
} tgc_name_list_t;

void tgc_name_list_add(tgc_name_list_t *list, const char *name);
/* The text; "nothing" for an empty list. Call once, last. */
const char *tgc_name_list_finish(tgc_name_list_t *list);

#endif /* TGC_SRC_ERROR_H */

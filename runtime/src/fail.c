/*===- fail.c - How an error leaves generated code --------------------------===
 *
 * The first error of a run is written into the caller's tgc_error_t; then the thread jumps out: from the
 * entry if it is the run's own thread, from the body of a parallel region otherwise (parallel.c ends the
 * region and then the run).
 *
 *===----------------------------------------------------------------------===*/
#include "session.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message under construction; what does not fit is dropped. */
typedef struct text {
  char data[2048];
  size_t length;
} text_t;

static void append(text_t *text, const char *piece, size_t length) {
  size_t room = sizeof text->data - 1 - text->length;
  length = length < room ? length : room;
  memcpy(text->data + text->length, piece, length);
  text->length += length;
  text->data[text->length] = '\0';
}

static void append_node(text_t *text, const char *node) {
  if (!node || !*node)
    return;
  append(text, " [node: ", 8);
  append(text, node, strlen(node));
  append(text, "]", 1);
}

/* Expands %d, %s and %% of generated code's messages. */
static void append_expanded(text_t *text, const char *format, const int64_t *values, uint32_t num_values) {
  uint32_t next = 0;
  char number[24];
  while (*format) {
    size_t plain = strcspn(format, "%");
    append(text, format, plain);
    format += plain;
    if (!*format)
      return;
    char kind = format[1];
    if ((kind == 'd' || kind == 's') && next < num_values) {
      const char *piece = number;
      if (kind == 's')
        piece = (const char *)(intptr_t)values[next];
      else
        snprintf(number, sizeof number, "%" PRId64, values[next]);
      ++next;
      append(text, piece ? piece : "", piece ? strlen(piece) : 0);
      format += 2;
    } else {
      append(text, "%", 1);
      format += kind == '%' ? 2 : 1;
    }
  }
}

/* Whether this is the first error of the run; only the thread that gets 1 may write it. */
static uint8_t claim(tgc_session_t *session) {
  return !atomic_exchange_explicit(&session->has_failed, 1, memory_order_relaxed);
}

static void record(tgc_session_t *session, int32_t code, const text_t *text, const char *node) {
  /* A failure that calls itself TGC_OK would be taken for success. */
  session->status = code > TGC_OK && code <= TGC_DATA_LOSS ? (tgc_status_t)code : TGC_UNKNOWN;
  tgc_error_set_text(session->error, session->status, text->data, node);
}

_Noreturn void tgc_session_unwind(tgc_session_t *session) {
  jmp_buf *body = tgc_parallel_leave_point(session);
  _longjmp(body ? *body : session->leave, 1);
}

void tgc_frame_fail(tgc_frame_t *frame, int32_t code, const char *node, const char *text,
                    const int64_t *values, uint32_t num_values) {
  tgc_session_t *session = frame->session;
  if (claim(session)) {
    text_t message = {.length = 0};
    append_expanded(&message, text, values, num_values);
    append_node(&message, node);
    record(session, code, &message, node);
  }
  tgc_session_unwind(session);
}

/* Writes the error of the run if it is the first. */
static void record_formatted(tgc_session_t *session, tgc_status_t code, const char *node, const char *format,
                             va_list arguments) {
  if (!claim(session))
    return;
  text_t message = {.length = 0};
  int length = vsnprintf(message.data, sizeof message.data, format, arguments);
  if (length > 0)
    message.length = (size_t)length < sizeof message.data ? (size_t)length : sizeof message.data - 1;
  append_node(&message, node);
  record(session, code, &message, node);
}

_Noreturn void tgc_frame_fail_with(tgc_frame_t *frame, tgc_status_t code, const char *node,
                                   const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  record_formatted(frame->session, code, node, format, arguments);
  va_end(arguments);
  tgc_session_unwind(frame->session);
}

void tgc_session_record(tgc_session_t *session, tgc_status_t code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  record_formatted(session, code, NULL, format, arguments);
  va_end(arguments);
}

/*===- wire.h - Reading of features, field by field ---------------------------===*
 *
 * The wire format of protocol buffers, as far as features need it: Feature { 1: bytes | 2: floats |
 * 3: integers, each { 1: value... } }.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_STRING_WIRE_H
#define TGC_KERNELS_STRING_WIRE_H

#include "runtime/kernels/elements.h"

#include <stddef.h>

typedef struct tgc_wire {
  const unsigned char *at, *end;
} tgc_wire_t;

static inline int tgc_wire_varint(tgc_wire_t *bytes, uint64_t *value) {
  *value = 0;
  for (int shift = 0; shift < 64 && bytes->at < bytes->end; shift += 7) {
    unsigned char c = *bytes->at++;
    *value |= (uint64_t)(c & 0x7f) << shift;
    if (c < 0x80)
      return 1;
  }
  return 0;
}

/* The next field of a message: its number and wire type, and its content (of a number: the number). 0 at the
 * end, -1 if the bytes are broken. */
static inline int tgc_wire_field(tgc_wire_t *message, int *number, int *wire, tgc_wire_t *content,
                                 uint64_t *value) {
  uint64_t tag, size;
  if (message->at == message->end)
    return 0;
  if (!tgc_wire_varint(message, &tag))
    return -1;
  *number = (int)(tag >> 3);
  *wire = (int)(tag & 7);
  if (*wire == 0)
    return tgc_wire_varint(message, value) ? 1 : -1;
  if (*wire == 2) {
    if (!tgc_wire_varint(message, &size))
      return -1;
  } else {
    size = *wire == 1 ? 8 : 4;
    if (*wire != 1 && *wire != 5)
      return -1;
  }
  if (size > (uint64_t)(message->end - message->at))
    return -1;
  *content = (tgc_wire_t){message->at, message->at + size};
  message->at += size;
  return 1;
}

/* One list of values, as far as it is read. */
typedef struct tgc_values {
  int32_t dtype; /* TGC_DTYPE_INVALID: no list at all */
  tgc_wire_t rest, packed;
} tgc_values_t;

typedef struct tgc_records {
  tgc_frame_t *frame;
  const char *node;
  int64_t example;
} tgc_records_t;

static inline void tgc_fail_record(const tgc_records_t *reader, const char *text) {
  tgc_rt_fail(reader->frame, TGC_INVALID_ARGUMENT, reader->node, text, &reader->example, 1);
}

/* The next value of a list, written to element `i` of `data` unless that is NULL; 0 at the end. */
static inline int tgc_next_value(const tgc_records_t *reader, tgc_values_t *list, void *data, int64_t i) {
  int number, wire, state;
  tgc_wire_t content;
  uint64_t value = 0;
  if (list->packed.at == list->packed.end) {
    do
      state = tgc_wire_field(&list->rest, &number, &wire, &content, &value);
    while (state > 0 && number != 1);
    if (state < 0)
      tgc_fail_record(reader, "Could not parse example input %d");
    if (state == 0)
      return 0;
    if (list->dtype == TGC_STRING) {
      if (data)
        ((tgc_string_t *)data)[i] =
            (tgc_string_t){(const char *)content.at, (uint64_t)(content.end - content.at)};
      return 1;
    }
    if (wire == 0) {
      if (list->dtype != TGC_INT64)
        tgc_fail_record(reader, "Could not parse example input %d");
      if (data)
        ((int64_t *)data)[i] = (int64_t)value;
      return 1;
    }
    list->packed = content;
    if (content.at == content.end)
      return tgc_next_value(reader, list, data, i);
  }
  if (list->dtype == TGC_INT64) {
    if (!tgc_wire_varint(&list->packed, &value))
      tgc_fail_record(reader, "Could not parse example input %d");
    if (data)
      ((int64_t *)data)[i] = (int64_t)value;
    return 1;
  }
  if (list->packed.end - list->packed.at < 4)
    tgc_fail_record(reader, "Could not parse example input %d");
  if (data)
    memcpy((float *)data + i, list->packed.at, sizeof(float));
  list->packed.at += 4;
  return 1;
}

/* The values of a feature. */
static inline int tgc_read_feature(tgc_wire_t feature, tgc_values_t *values) {
  static const int32_t kTypes[] = {TGC_STRING, TGC_FLOAT32, TGC_INT64};
  tgc_wire_t part;
  int number, wire, state;
  uint64_t value;
  values->dtype = TGC_DTYPE_INVALID;
  while ((state = tgc_wire_field(&feature, &number, &wire, &part, &value)) > 0)
    if (wire == 2 && number >= 1 && number <= 3)
      *values = (tgc_values_t){kTypes[number - 1], part, {NULL, NULL}};
  return state >= 0;
}

#endif /* TGC_KERNELS_STRING_WIRE_H */

/*===- parse_tensor.c - Messages as tensors -----------------------------------===*
 *
 * TensorProto { 1: dtype, 2: shape { 2: dimension { 1: size }, 3: unknown rank }, 4: content } or, instead of
 * the content, a list of values in the field of their type, whose last one repeats.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"
#include "runtime/src/checkpoint/tensor_proto.h"
#include "wire.h"

#include <stdlib.h>

typedef struct message {
  tgc_frame_t *frame;
  const char *node;
  uint64_t dtype;
  int32_t rank;
  int64_t dims[TGC_MAX_RANK];
  tgc_wire_t content;
  tgc_wire_t all; /* the message, for its lists of values */
} message_t;

static void fail(const message_t *message, const char *text) {
  tgc_rt_fail(message->frame, TGC_INVALID_ARGUMENT, message->node, text, NULL, 0);
}

static void read_shape(message_t *message, tgc_wire_t shape) {
  int number, wire, state, part_number;
  tgc_wire_t content, part;
  uint64_t value;
  while ((state = tgc_wire_field(&shape, &number, &wire, &content, &value)) > 0) {
    if (number != 2 || wire != 2)
      continue;
    uint64_t size = 0;
    while ((state = tgc_wire_field(&content, &part_number, &wire, &part, &value)) > 0)
      if (part_number == 1 && wire == 0)
        size = value;
    if (state < 0 || message->rank == TGC_MAX_RANK || size > INT64_MAX)
      fail(message, "Could not parse the shape of `serialized`");
    message->dims[message->rank++] = (int64_t)size;
  }
  if (state < 0)
    fail(message, "Could not parse `serialized` as TensorProto");
}

static void read_head(message_t *message, tgc_wire_t bytes) {
  int number, wire, state;
  tgc_wire_t content;
  uint64_t value;
  message->all = bytes;
  while ((state = tgc_wire_field(&bytes, &number, &wire, &content, &value)) > 0)
    if (number == 1 && wire == 0)
      message->dtype = value;
    else if (number == 2 && wire == 2)
      read_shape(message, content);
    else if (number == 4 && wire == 2)
      message->content = content;
  if (state < 0)
    fail(message, "Could not parse `serialized` as TensorProto, or it is not a Tensor");
}

/* How wide a number of a type is in a list: 0 for those of variable length. */
static size_t fixed_width(int32_t dtype) {
  if (dtype == TGC_FLOAT32 || dtype == TGC_COMPLEX64)
    return 4;
  return dtype == TGC_FLOAT64 || dtype == TGC_COMPLEX128 ? 8 : 0;
}

/* Writes number `at` of a list from the front of `bytes`; 0 if there is none. */
static int read_number(tgc_wire_t *bytes, int32_t dtype, void *data, int64_t at) {
  size_t width = fixed_width(dtype);
  uint64_t value;
  if (width) {
    if ((size_t)(bytes->end - bytes->at) < width)
      return 0;
    memcpy((char *)data + (size_t)at * width, bytes->at, width);
    bytes->at += width;
    return 1;
  }
  if (!tgc_wire_varint(bytes, &value))
    return 0;
  if (dtype == TGC_FLOAT16 || dtype == TGC_BFLOAT16)
    ((uint16_t *)data)[at] = (uint16_t)value;
  else
    tgc_set_int(dtype, data, at, dtype == TGC_BOOL ? value != 0 : (int64_t)value);
  return 1;
}

/* The values of the list, at most `count` elements of them: how many there are. */
static int64_t read_list(const message_t *message, int32_t dtype, void *data, int64_t count) {
  int number, wire, state, parts = dtype == TGC_COMPLEX64 || dtype == TGC_COMPLEX128 ? 2 : 1;
  tgc_wire_t rest = message->all, content;
  uint64_t value;
  int64_t found = 0, most = count * parts;
  while ((state = tgc_wire_field(&rest, &number, &wire, &content, &value)) > 0 && found < most) {
    if (number != (int)tgc_tensor_proto_field(dtype))
      continue;
    if (dtype == TGC_STRING) {
      ((tgc_string_t *)data)[found++] =
          (tgc_string_t){(const char *)content.at, (uint64_t)(content.end - content.at)};
    } else if (wire == 0) {
      if (dtype == TGC_FLOAT16 || dtype == TGC_BFLOAT16)
        ((uint16_t *)data)[found++] = (uint16_t)value;
      else
        tgc_set_int(dtype, data, found++, dtype == TGC_BOOL ? value != 0 : (int64_t)value);
    } else {
      while (content.at < content.end && found < most)
        if (!read_number(&content, dtype, data, found++))
          fail(message, "Could not parse the values of `serialized`");
    }
  }
  return found / parts;
}

static void read_values(const message_t *message, tgc_tensor_t *output) {
  int64_t count = tgc_count(output);
  uint64_t width = tgc_dtype_size(output->dtype), bytes = (uint64_t)count * width;
  uint64_t given = (uint64_t)(message->content.end - message->content.at);
  if (count == 0)
    return;
  if (given > 0 && output->dtype != TGC_STRING) {
    if (given != bytes)
      fail(message, "Could not parse `serialized`: its content has another size than its shape");
    memcpy(output->data, message->content.at, bytes);
    return;
  }
  memset(output->data, 0, bytes);
  int64_t found = read_list(message, output->dtype, output->data, count);
  for (int64_t i = found; found > 0 && i < count; ++i)
    memcpy((char *)output->data + (uint64_t)i * width, (char *)output->data + (uint64_t)(i - 1) * width,
           width);
}

/* Config: the number of the type, then the sizes that are expected, -1 for any. Input 0, a scalar: a message;
 * output 0: its tensor. */
TGC_KERNEL(tgc_kernel_parse_tensor) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *text = inputs[0].data;
  const unsigned char *bytes = (const unsigned char *)text->data;
  message_t message = {.frame = frame, .node = node};
  if (text->size)
    read_head(&message, (tgc_wire_t){bytes, bytes + text->size});
  char *rest;
  int64_t types[2] = {(int64_t)message.dtype, strtoll(config, &rest, 10)};
  if (types[0] != types[1])
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                "Type mismatch between parsed tensor (type number %d) and dtype (%d)", types, 2);
  int fits = message.rank == outputs[0].rank;
  for (int32_t dim = 0; fits && dim < message.rank; ++dim) {
    int64_t size = strtoll(rest, &rest, 10);
    fits = size < 0 || size == message.dims[dim];
  }
  if (!fits) {
    int64_t ranks[2] = {message.rank, outputs[0].rank};
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                "the parsed tensor (of rank %d) does not have the shape (of rank %d) that was given for it",
                ranks, 2);
  }
  /* A message of a few bytes can claim any size. */
  int64_t count = 1;
  for (int32_t dim = 0; dim < message.rank; ++dim)
    if (__builtin_mul_overflow(count, message.dims[dim], &count) || count > (int64_t)1 << 40)
      fail(&message, "the parsed tensor is too large");
  tgc_find_output(frame, &outputs[0], message.rank, message.dims);
  read_values(&message, &outputs[0]);
}

/*===- decode.c - Bytes as numbers, lines as fields ---------------------------===*/

#include "number.h"
#include "runtime/kernels/elements.h"
#include "runtime/kernels/print/text.h"

#include <stdlib.h>

static void swap_bytes(char *data, int64_t count, uint32_t width, int32_t dtype) {
  uint32_t part = dtype == TGC_COMPLEX64 || dtype == TGC_COMPLEX128 ? width / 2 : width;
  for (int64_t i = 0; i < count * (int64_t)width; i += part)
    for (uint32_t k = 0; k < part / 2; ++k) {
      char swapped = data[i + k];
      data[i + k] = data[i + part - 1 - k];
      data[i + part - 1 - k] = swapped;
    }
}

/* Output 0: the bytes of input 0's strings, which are equally long, as elements along a further dimension.
 * Config "big": the most significant byte comes first. With input 1 (int64) each string is cut or filled with
 * zeros to that many bytes. */
TGC_KERNEL(tgc_kernel_decode_raw) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *strings = inputs[0].data;
  int64_t count = tgc_count(&inputs[0]), dims[TGC_MAX_RANK];
  uint32_t width = tgc_dtype_size(outputs[0].dtype);
  uint64_t size = num_inputs > 1 ? *(const uint64_t *)inputs[1].data : count ? strings[0].size : 0;
  for (int64_t i = 0; i < count && num_inputs == 1; ++i)
    if (strings[i].size != size) {
      int64_t values[3] = {i, (int64_t)strings[i].size, (int64_t)size};
      tgc_rt_fail(
          frame, TGC_INVALID_ARGUMENT, node,
          "DecodeRaw requires input strings to all be the same size, but element %d has size %d != %d",
          values, 3);
    }
  if (size % width != 0) {
    int64_t values[2] = {(int64_t)size, width};
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                "Input to DecodeRaw has length %d that is not a multiple of %d, the size of an element",
                values, 2);
  }
  memcpy(dims, inputs[0].dims, sizeof *dims * (size_t)inputs[0].rank);
  dims[inputs[0].rank] = (int64_t)(size / width);
  char *data = tgc_find_output(frame, &outputs[0], inputs[0].rank + 1, dims);
  for (int64_t i = 0; i < count; ++i) {
    uint64_t given = strings[i].size < size ? strings[i].size : size;
    if (given)
      memcpy(data + (uint64_t)i * size, strings[i].data, given);
    if (given < size)
      memset(data + (uint64_t)i * size + given, 0, size - given);
  }
  if (*config)
    swap_bytes(data, count * dims[inputs[0].rank], width, outputs[0].dtype);
}

/* One field of a line of comma-separated values. */
typedef struct line {
  tgc_frame_t *frame;
  const char *node;
  const char *at, *end;
  char delimiter;
  int has_quotes;
  int64_t record;
} line_t;

static void fail(const line_t *line, const char *text) {
  tgc_rt_fail(line->frame, TGC_INVALID_ARGUMENT, line->node, text, &line->record, 1);
}

/* The next field; behind the last one `at` is NULL. */
static tgc_string_t next_field(line_t *line) {
  tgc_text_t text = {.frame = line->frame};
  if (line->has_quotes && line->at < line->end && *line->at == '"') {
    for (++line->at;; ++line->at) {
      if (line->at == line->end)
        fail(line, "Quoted field has to end with quote followed by delim or end (record %d)");
      if (*line->at == '"') {
        if (line->at + 1 == line->end || line->at[1] != '"')
          break;
        ++line->at;
      }
      tgc_text_add(&text, line->at, 1);
    }
    ++line->at;
    if (line->at < line->end && *line->at != line->delimiter)
      fail(line, "Quote inside a string has to be escaped by another quote (record %d)");
  } else {
    const char *begin = line->at;
    for (; line->at < line->end && *line->at != line->delimiter; ++line->at)
      if ((line->has_quotes && *line->at == '"') || *line->at == '\n' || *line->at == '\r')
        fail(line, "Unquoted fields cannot have quotes/CRLFs inside (record %d)");
    tgc_text_add(&text, begin, (uint64_t)(line->at - begin));
  }
  line->at = line->at < line->end ? line->at + 1 : NULL;
  return (tgc_string_t){text.data, text.size};
}

/* Config "QUOTES": 1 or 0. Inputs: records, delimiter, the text for a missing value, columns to take (int64,
 * none: all), and a default of one element or none for each output. */
TGC_KERNEL(tgc_kernel_decode_csv) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *records = inputs[0].data, *missing = inputs[2].data;
  const int64_t *columns = inputs[3].data;
  int64_t num_columns = inputs[3].dims[0];
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    line_t line = {frame,
                   node,
                   records[i].data ? records[i].data : "",
                   NULL,
                   *((const tgc_string_t *)inputs[1].data)->data,
                   config[0] == '1',
                   i};
    line.end = line.at + records[i].size;
    while (line.end > line.at && (line.end[-1] == '\n' || line.end[-1] == '\r'))
      --line.end;
    uint32_t filled = 0;
    for (int64_t column = 0; line.at; ++column) {
      tgc_string_t field = next_field(&line);
      if (num_columns > 0 && (filled >= num_outputs || columns[filled] != column))
        continue;
      if (filled == num_outputs) {
        int64_t values[2] = {num_outputs, i};
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Expect %d fields but have more in record %d", values,
                    2);
      }
      tgc_tensor_t *output = &outputs[filled];
      const tgc_tensor_t *fallback = &inputs[4 + filled++];
      int64_t values[2] = {filled - 1, i};
      if (field.size == 0 ||
          (field.size == missing->size && memcmp(field.data, missing->data, field.size) == 0)) {
        if (tgc_count(fallback) == 0)
          tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Field %d is required but missing in record %d!",
                      values, 2);
        uint32_t width = tgc_dtype_size(output->dtype);
        memcpy((char *)output->data + (uint64_t)i * width, fallback->data, width);
      } else if (output->dtype == TGC_STRING) {
        ((tgc_string_t *)output->data)[i] = field;
      } else if (!tgc_parse_number(output->dtype, field, output->data, i)) {
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Field %d in record %d is not a valid number", values,
                    2);
      }
    }
    if (filled < num_outputs) {
      int64_t values[3] = {num_outputs, filled, i};
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Expect %d fields but have %d in record %d", values, 3);
    }
  }
}

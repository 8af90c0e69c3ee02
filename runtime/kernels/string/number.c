/*===- number.c - Numbers to text and back ------------------------------------===*/

#include "number.h"
#include "runtime/kernels/print/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* `string` up to a zero byte, as printf takes it, among blanks, `width` bytes with them; the blanks stand
 * behind it for a conversion of "%-". */
static tgc_string_t pad(tgc_frame_t *frame, tgc_string_t string, uint64_t width, int is_left) {
  if (string.size)
    string.size = strnlen(string.data, string.size);
  if (string.size >= width)
    return string;
  char *bytes = tgc_rt_scratch(frame, width);
  memset(bytes, ' ', width);
  if (string.size)
    memcpy(is_left ? bytes : bytes + width - string.size, string.data, string.size);
  return (tgc_string_t){bytes, width};
}

/* Config: a printf conversion, for integers and booleans without the letter ("%10.3f", "%05"). Output 0:
 * input 0 as text. */
TGC_KERNEL(tgc_kernel_as_string) {
  TGC_KERNEL_UNUSED;
  char format[80];
  tgc_string_t *texts = outputs[0].data;
  int32_t dtype = inputs[0].dtype;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    char buffer[512];
    int size;
    if (dtype == TGC_STRING) {
      uint64_t width = strtoull(config + strcspn(config, "123456789"), NULL, 10);
      texts[i] = pad(frame, ((const tgc_string_t *)inputs[0].data)[i], width, config[1] == '-');
      continue;
    }
    if (dtype == TGC_BOOL) {
      size = snprintf(buffer, sizeof buffer, "%s", ((const uint8_t *)inputs[0].data)[i] ? "true" : "false");
    } else if (tgc_is_float(dtype)) {
      size = snprintf(buffer, sizeof buffer, config, tgc_get_double(dtype, inputs[0].data, i));
    } else if (dtype == TGC_COMPLEX64 || dtype == TGC_COMPLEX128) {
      double real = dtype == TGC_COMPLEX64 ? (double)((const float *)inputs[0].data)[2 * i]
                                           : ((const double *)inputs[0].data)[2 * i];
      double imaginary = dtype == TGC_COMPLEX64 ? (double)((const float *)inputs[0].data)[2 * i + 1]
                                                : ((const double *)inputs[0].data)[2 * i + 1];
      snprintf(format, sizeof format, "(%.30s,%.30s)", config, config);
      size = snprintf(buffer, sizeof buffer, format, real, imaginary);
    } else if (dtype == TGC_UINT64) {
      snprintf(format, sizeof format, "%.60s%s", config, PRIu64);
      size = snprintf(buffer, sizeof buffer, format, ((const uint64_t *)inputs[0].data)[i]);
    } else {
      snprintf(format, sizeof format, "%.60s%s", config, PRId64);
      size = snprintf(buffer, sizeof buffer, format, tgc_get_int(dtype, inputs[0].data, i));
    }
    size = size < (int)sizeof buffer ? size : (int)sizeof buffer - 1;
    char *bytes = tgc_rt_scratch(frame, (uint64_t)size);
    memcpy(bytes, buffer, (size_t)size);
    texts[i] = (tgc_string_t){bytes, (uint64_t)size};
  }
}

static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int tgc_parse_number(int32_t dtype, tgc_string_t string, void *data, int64_t i) {
  char buffer[256], *end;
  while (string.size && is_space(*string.data))
    ++string.data, --string.size;
  while (string.size && is_space(string.data[string.size - 1]))
    --string.size;
  if (string.size == 0 || string.size >= sizeof buffer)
    return 0;
  memcpy(buffer, string.data, string.size);
  buffer[string.size] = 0;
  errno = 0;
  if (tgc_is_float(dtype)) {
    double value = dtype == TGC_FLOAT64 ? strtod(buffer, &end) : (double)strtof(buffer, &end);
    tgc_set_double(dtype, data, i, value);
    return *end == 0 && end != buffer && !strchr(buffer, '(');
  }
  int64_t value = dtype == TGC_UINT64 ? (int64_t)strtoull(buffer, &end, 10) : strtoll(buffer, &end, 10);
  tgc_set_int(dtype, data, i, value);
  int fits = dtype == TGC_UINT64 ? buffer[0] != '-' : tgc_get_int(dtype, data, i) == value;
  return *end == 0 && end != buffer && errno == 0 && fits;
}

/* Output 0: the numbers that the strings of input 0 spell. */
TGC_KERNEL(tgc_kernel_string_to_number) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *strings = inputs[0].data;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    if (tgc_parse_number(outputs[0].dtype, strings[i], outputs[0].data, i))
      continue;
    tgc_text_t text = {.frame = frame};
    tgc_text_add(&text, strings[i].data, strings[i].size);
    tgc_text_add(&text, "", 1);
    int64_t value = (int64_t)(intptr_t)text.data;
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "StringToNumberOp could not correctly convert string: %s",
                &value, 1);
  }
}

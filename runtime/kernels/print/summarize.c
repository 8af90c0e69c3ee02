/*===- summarize.c - Tensors as text ------------------------------------------===*/

#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void add_special(tgc_text_t *text, double value) {
  tgc_text_add_zero_terminated(text, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

void tgc_text_add_double(tgc_text_t *text, double value) {
  char buffer[40];
  if (!isfinite(value)) {
    add_special(text, value);
    return;
  }
  snprintf(buffer, sizeof buffer, "%.15g", value);
  if (strtod(buffer, NULL) != value)
    snprintf(buffer, sizeof buffer, "%.17g", value);
  tgc_text_add_zero_terminated(text, buffer);
}

void tgc_text_add_float(tgc_text_t *text, float value) {
  char buffer[40];
  if (!isfinite(value)) {
    add_special(text, value);
    return;
  }
  snprintf(buffer, sizeof buffer, "%.6g", (double)value);
  if (strtof(buffer, NULL) != value)
    snprintf(buffer, sizeof buffer, "%.9g", (double)value);
  tgc_text_add_zero_terminated(text, buffer);
}

/* Control characters, quotes and backslashes as escapes of C. */
static void add_escaped(tgc_text_t *text, tgc_string_t string) {
  static const char kNamed[] = "\nn\rr\tt\"\"''\\\\";
  for (uint64_t i = 0; i < string.size; ++i) {
    unsigned char c = (unsigned char)string.data[i];
    char escape[8] = {(char)c, 0};
    for (const char *named = kNamed; *named; named += 2)
      if ((unsigned char)*named == c)
        snprintf(escape, sizeof escape, "\\%c", named[1]);
    if (c < 32 || c == 127)
      if (escape[0] != '\\')
        snprintf(escape, sizeof escape, "\\%03o", c);
    tgc_text_add_zero_terminated(text, escape);
  }
}

void tgc_text_add_element(tgc_text_t *text, const tgc_tensor_t *tensor, int64_t i, int is_quoted) {
  char buffer[24];
  switch (tensor->dtype) {
  case TGC_STRING:
    if (is_quoted)
      tgc_text_add(text, "\"", 1);
    add_escaped(text, ((const tgc_string_t *)tensor->data)[i]);
    if (is_quoted)
      tgc_text_add(text, "\"", 1);
    return;
  case TGC_FLOAT32:
  case TGC_FLOAT16:
  case TGC_BFLOAT16:
    tgc_text_add_float(text, (float)tgc_get_double(tensor->dtype, tensor->data, i));
    return;
  case TGC_FLOAT64:
    tgc_text_add_double(text, ((const double *)tensor->data)[i]);
    return;
  case TGC_UINT64:
    snprintf(buffer, sizeof buffer, "%" PRIu64, ((const uint64_t *)tensor->data)[i]);
    break;
  default:
    snprintf(buffer, sizeof buffer, "%" PRId64, tgc_get_int(tensor->dtype, tensor->data, i));
  }
  tgc_text_add_zero_terminated(text, buffer);
}

/* The older style: the rows of the last dimension, until `most` elements are shown. */
static void add_rows(tgc_text_t *text, const tgc_tensor_t *tensor, int32_t dim, int64_t most, int64_t *next) {
  if (*next >= most)
    return;
  if (dim == tensor->rank - 1) {
    for (int64_t i = 0; i < tensor->dims[dim]; ++i) {
      if (*next >= most) {
        if (dim > 0)
          tgc_text_add(text, "...", 3);
        return;
      }
      if (i > 0)
        tgc_text_add(text, " ", 1);
      tgc_text_add_element(text, tensor, (*next)++, 0);
    }
    return;
  }
  for (int64_t i = 0; i < tensor->dims[dim]; ++i) {
    int is_shown = *next < most;
    if (is_shown)
      tgc_text_add(text, "[", 1);
    add_rows(text, tensor, dim + 1, most, next);
    if (is_shown)
      tgc_text_add(text, "]", 1);
  }
}

/* Rows stand on lines of their own, higher dimensions further apart. */
static void add_gap(tgc_text_t *text, const tgc_tensor_t *tensor, int32_t dim) {
  for (int32_t i = dim + 1; i < tensor->rank; ++i)
    tgc_text_add(text, "\n", 1);
  for (int32_t i = 0; i <= (dim == tensor->rank - 1 ? 0 : dim); ++i)
    tgc_text_add(text, " ", 1);
}

/* The newer style: `ends` elements at either end of each dimension. */
static void add_ends(tgc_text_t *text, const tgc_tensor_t *tensor, int32_t dim, int64_t ends, int64_t first) {
  if (dim == tensor->rank) {
    tgc_text_add_element(text, tensor, first, 1);
    return;
  }
  int64_t count = tensor->dims[dim], slice = tgc_count_dims(tensor, dim + 1, tensor->rank);
  tgc_text_add(text, "[", 1);
  for (int64_t i = 0; i < count; ++i) {
    int is_hidden = i >= ends && i < count - ends;
    if (is_hidden && i > ends)
      continue;
    if (i > 0)
      add_gap(text, tensor, dim);
    if (is_hidden)
      tgc_text_add(text, "...", 3);
    else
      add_ends(text, tensor, dim + 1, ends, first + i * slice);
  }
  tgc_text_add(text, "]", 1);
}

void tgc_text_add_tensor(tgc_text_t *text, const tgc_tensor_t *tensor, int64_t most, int is_new_style) {
  int64_t count = tgc_count(tensor), next = 0;
  if (most < 0 || most > count)
    most = count;
  if (tensor->dtype == TGC_COMPLEX64 || tensor->dtype == TGC_COMPLEX128) {
    /* TensorFlow has no text for them. */
    tgc_text_add(text, "[", (uint64_t)is_new_style);
    for (; next < most; ++next)
      tgc_text_add_zero_terminated(text, next > 0 ? " ?" : "?");
    tgc_text_add(text, "...", most < count ? 3 : 0);
    tgc_text_add(text, "]", (uint64_t)is_new_style);
    return;
  }
  if (tensor->rank == 0) {
    if (most > 0)
      tgc_text_add_element(text, tensor, 0, is_new_style);
  } else if (is_new_style) {
    add_ends(text, tensor, 0, most, 0);
    return;
  } else {
    add_rows(text, tensor, 0, most, &next);
  }
  if (most < count)
    tgc_text_add(text, "...", 3);
}

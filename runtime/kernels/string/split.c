/*===- split.c - Strings to many ----------------------------------------------===*
 *
 * Results whose number the strings decide: first counted, then written.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"
#include "runtime/kernels/print/text.h"

#include <stdlib.h>

static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

typedef enum style { kBlanks, kWord, kSet } style_t;

typedef struct splitter {
  style_t style;
  tgc_string_t separator;
  int skips_empty;
  int64_t most; /* splits of one string; -1: no end */
} splitter_t;

/* The next piece of `rest`, which becomes what is behind it; 0 at the end. `count`: pieces so far. */
static int next_piece(const splitter_t *splitter, tgc_string_t *rest, int64_t count, tgc_string_t *piece) {
  const char *set = splitter->separator.data;
  uint64_t size = splitter->separator.size;
  if (!rest->data)
    return 0;
  int is_last = splitter->most >= 0 && count >= splitter->most;
  if (splitter->style == kBlanks && splitter->most != 0) {
    while (rest->size && is_space(*rest->data))
      ++rest->data, --rest->size;
    if (rest->size == 0 && !is_last)
      return 0;
  }
  uint64_t length = 0;
  uint64_t skipped = 0;
  for (; length < rest->size && !is_last; ++length) {
    const char *at = rest->data + length;
    if (splitter->style == kBlanks)
      skipped = is_space(*at);
    else if (splitter->style == kWord)
      skipped = size <= rest->size - length && memcmp(at, set, size) == 0 ? size : 0;
    else
      skipped = size == 0 ? (length > 0 ? 1 : 0) : memchr(set, *at, size) != NULL;
    if (skipped)
      break;
  }
  if (is_last) {
    *piece = *rest;
    rest->data = NULL;
    return 1;
  }
  *piece = (tgc_string_t){rest->data, length};
  /* Behind the last word comes one more piece if splits are left over, and it is empty. */
  if (length == rest->size) {
    *rest = (tgc_string_t){splitter->style == kBlanks ? rest->data + length : NULL, 0};
    return 1;
  }
  /* Every byte a piece of its own: nothing lies in between. */
  uint64_t taken = length + (splitter->style == kSet && size == 0 ? 0 : skipped);
  rest->data += taken;
  rest->size -= taken;
  return 1;
}

static void split(tgc_frame_t *frame, const splitter_t *splitter, const tgc_tensor_t *input,
                  tgc_tensor_t *outputs) {
  const tgc_string_t *strings = input->data;
  int64_t rows = tgc_count(input), total = 0, widest = 0;
  int64_t *indices = NULL;
  tgc_string_t *values = NULL;
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1) {
      int64_t dims[2] = {total, 2};
      indices = tgc_find_output(frame, &outputs[0], 2, dims);
      values = tgc_find_output(frame, &outputs[1], 1, dims);
      total = 0;
    }
    for (int64_t row = 0; row < rows; ++row) {
      tgc_string_t rest = strings[row], piece;
      int64_t count = 0, pieces = 0;
      if (!rest.data)
        rest.data = "";
      if (rest.size == 0 && splitter->style == kSet)
        continue;
      while (next_piece(splitter, &rest, pieces, &piece)) {
        ++pieces;
        if (splitter->skips_empty && piece.size == 0)
          continue;
        if (pass == 1) {
          indices[2 * total] = row;
          indices[2 * total + 1] = count;
          values[total] = piece;
        }
        ++count;
        ++total;
      }
      widest = count > widest ? count : widest;
    }
  }
  int64_t *shape = outputs[2].data;
  shape[0] = rows;
  shape[1] = widest;
}

/* Input 0: strings, input 1: a separator; without one the pieces between blanks. Config: how often a string
 * is split at most. Outputs: the pieces as a sparse tensor's indices, values and shape. */
TGC_KERNEL(tgc_kernel_string_split) {
  TGC_KERNEL_UNUSED;
  tgc_string_t separator = *(const tgc_string_t *)inputs[1].data;
  splitter_t splitter = {separator.size ? kWord : kBlanks, separator, 0, strtoll(config, NULL, 10)};
  split(frame, &splitter, &inputs[0], outputs);
}

/* The same at each byte of input 1, between all bytes without one; config "skip": empty pieces are left out.
 */
TGC_KERNEL(tgc_kernel_string_split_set) {
  TGC_KERNEL_UNUSED;
  splitter_t splitter = {kSet, *(const tgc_string_t *)inputs[1].data, *config != 0, -1};
  split(frame, &splitter, &inputs[0], outputs);
}

typedef struct ngrams {
  tgc_string_t separator, left, right;
  int64_t pad;
  int preserves_short;
} ngrams_t;

/* Token `i` of a row padded on both sides. */
static tgc_string_t token(const ngrams_t *ngrams, const tgc_string_t *row, int64_t size, int64_t pad,
                          int64_t i) {
  return i < pad ? ngrams->left : i < pad + size ? row[i - pad] : ngrams->right;
}

static int64_t padding(const ngrams_t *ngrams, int64_t width) {
  return ngrams->pad < 0 || ngrams->pad > width - 1 ? width - 1 : ngrams->pad;
}

static int64_t count_ngrams(const ngrams_t *ngrams, int64_t size, int64_t width) {
  int64_t count = size + 2 * padding(ngrams, width) - width + 1;
  return count > 0 ? count : 0;
}

static tgc_string_t join(tgc_frame_t *frame, const ngrams_t *ngrams, const tgc_string_t *row, int64_t size,
                         int64_t pad, int64_t first, int64_t width) {
  tgc_text_t text = {.frame = frame};
  for (int64_t i = first; i < first + width; ++i) {
    tgc_string_t part = token(ngrams, row, size, pad, i);
    if (i > first)
      tgc_text_add(&text, ngrams->separator.data, ngrams->separator.size);
    tgc_text_add(&text, part.data, part.size);
  }
  return (tgc_string_t){text.data, text.size};
}

/* Inputs: strings, splits, separator, left and right padding, widths (int64). Config "PAD SHORT". Outputs:
 * n-grams and their splits. */
TGC_KERNEL(tgc_kernel_string_ngrams) {
  TGC_KERNEL_UNUSED;
  char *rest;
  ngrams_t ngrams = {*(const tgc_string_t *)inputs[2].data, *(const tgc_string_t *)inputs[3].data,
                     *(const tgc_string_t *)inputs[4].data, strtoll(config, &rest, 10), 0};
  ngrams.preserves_short = (int)strtol(rest, NULL, 10);
  const tgc_string_t *strings = inputs[0].data;
  const int64_t *widths = inputs[5].data;
  int64_t rows = inputs[1].dims[0] - 1, total = 0;
  tgc_string_t *joined = NULL;
  if (rows < 0)
    rows = 0;
  tgc_find_output(frame, &outputs[1], 1, inputs[1].dims);
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1)
      joined = tgc_find_output(frame, &outputs[0], 1, &total);
    total = 0;
    for (int64_t row = 0; row <= rows && row < inputs[1].dims[0]; ++row) {
      if (row > 0) {
        int64_t begin = tgc_get_int(inputs[1].dtype, inputs[1].data, row - 1);
        int64_t size = tgc_get_int(inputs[1].dtype, inputs[1].data, row) - begin, found = 0;
        if (begin < 0 || size < 0 || begin + size > inputs[0].dims[0])
          tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Invalid split value", NULL, 0);
        for (int64_t k = 0; k < inputs[5].dims[0]; ++k) {
          int64_t count = count_ngrams(&ngrams, size, widths[k]);
          for (int64_t i = 0; pass == 1 && i < count; ++i)
            joined[total + found + i] =
                join(frame, &ngrams, strings + begin, size, padding(&ngrams, widths[k]), i, widths[k]);
          found += count;
        }
        if (found == 0 && ngrams.preserves_short && size > 0) {
          int64_t pad = ngrams.pad < 0 ? 0 : ngrams.pad;
          if (pass == 1)
            joined[total] = join(frame, &ngrams, strings + begin, size, pad, 0, size + 2 * pad);
          found = 1;
        }
        total += found;
      }
      if (pass == 1)
        tgc_set_int(outputs[1].dtype, outputs[1].data, row, total);
    }
  }
}

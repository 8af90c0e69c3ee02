/*===- cross.c - Crossed features ---------------------------------------------===*
 *
 * A row's crosses are all combinations of one feature from each column: joined as text, or hashed.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/print/text.h"
#include "runtime/kernels/string/hash.h"

#include <stddef.h>
#include <stdlib.h>

/* One column: features of row r are [begin(r), begin(r) + count(r)) of `values`. */
typedef struct column {
  const tgc_tensor_t *values, *indices; /* no indices: dense */
  int64_t *begins, *counts;
} column_t;

typedef struct cross {
  tgc_frame_t *frame;
  column_t *columns;
  int64_t num_columns, buckets;
  uint64_t key;
  tgc_string_t separator;
  int is_salted;        /* the hash begins with the first column's */
  const uint64_t *salt; /* of a strong hash */
} cross_t;

static column_t read_column(tgc_frame_t *frame, const char *node, const tgc_tensor_t *indices,
                            const tgc_tensor_t *values, int64_t rows) {
  column_t column = {values, indices, tgc_rt_scratch(frame, sizeof(int64_t) * (uint64_t)(rows + 1)),
                     tgc_rt_scratch(frame, sizeof(int64_t) * (uint64_t)(rows + 1))};
  for (int64_t row = 0; row < rows; ++row) {
    column.begins[row] = indices ? 0 : row * values->dims[1];
    column.counts[row] = indices ? 0 : values->dims[1];
  }
  for (int64_t i = 0; indices && i < indices->dims[0]; ++i) {
    int64_t row = ((const int64_t *)indices->data)[i * indices->dims[1]];
    if (row < 0 || row >= rows) {
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "an index names row %d, which there is not", &row, 1);
      return column;
    }
    if (column.counts[row]++ == 0)
      column.begins[row] = i;
  }
  return column;
}

static int64_t count_crosses(const cross_t *cross, int64_t row) {
  int64_t count = 1;
  for (int64_t c = 0; c < cross->num_columns; ++c)
    count *= cross->columns[c].counts[row];
  return count;
}

static uint64_t shift_mix(uint64_t x) { return x ^ x >> 47; }

/* A fingerprint of two, in order. */
static uint64_t join_fingerprints(uint64_t a, uint64_t b) {
  const uint64_t factor = 0xc6a4a7935bd1e995u;
  uint64_t x = a ^ factor;
  x ^= shift_mix(b * factor) * factor;
  x *= factor;
  x = shift_mix(x) * factor;
  return shift_mix(x);
}

static uint64_t fingerprint_of(const cross_t *cross, const tgc_tensor_t *values, int64_t i) {
  if (values->dtype != TGC_STRING)
    return (uint64_t)((const int64_t *)values->data)[i];
  tgc_string_t string = ((const tgc_string_t *)values->data)[i];
  return cross->salt ? tgc_keyed_hash64(string.data, string.size, cross->salt)
                     : tgc_fingerprint64(string.data, string.size);
}

static void add_feature(tgc_text_t *text, const tgc_tensor_t *values, int64_t i) {
  if (values->dtype != TGC_STRING) {
    tgc_text_add_element(text, values, i, 0);
    return;
  }
  tgc_string_t string = ((const tgc_string_t *)values->data)[i];
  tgc_text_add(text, string.data, string.size);
}

/* Cross `i` of a row; the last column turns fastest. */
static void make_cross(const cross_t *cross, int64_t row, int64_t i, tgc_tensor_t *values, int64_t at) {
  int64_t *chosen = tgc_rt_scratch(cross->frame, sizeof(int64_t) * (uint64_t)(cross->num_columns + 1));
  for (int64_t c = cross->num_columns - 1; c >= 0; --c) {
    const column_t *column = &cross->columns[c];
    chosen[c] = column->begins[row] + i % column->counts[row];
    i /= column->counts[row];
  }
  if (values->dtype == TGC_STRING) {
    tgc_text_t text = {.frame = cross->frame};
    for (int64_t c = 0; c < cross->num_columns; ++c) {
      if (c > 0)
        tgc_text_add(&text, cross->separator.data, cross->separator.size);
      add_feature(&text, cross->columns[c].values, chosen[c]);
    }
    ((tgc_string_t *)values->data)[at] = (tgc_string_t){text.data, text.size};
    return;
  }
  uint64_t hash = cross->key;
  for (int64_t c = 0; c < cross->num_columns; ++c)
    hash = c == 0 && cross->is_salted
               ? fingerprint_of(cross, cross->columns[c].values, chosen[c])
               : join_fingerprints(hash, fingerprint_of(cross, cross->columns[c].values, chosen[c]));
  ((int64_t *)values->data)[at] =
      (int64_t)(hash % (cross->buckets > 0 ? (uint64_t)cross->buckets : (uint64_t)INT64_MAX));
}

/* Config "SPARSE DENSE BUCKETS KEY", "SPARSE DENSE joined" or "SPARSE DENSE salted". Inputs: indices of the
 * sparse columns, their values, their shapes, dense columns [rows, features]; then the separator of joined
 * ones, or buckets, whether the hash is a strong one, and its salt. Outputs: indices, values, shape. */
TGC_KERNEL(tgc_kernel_sparse_cross) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int64_t num_sparse = strtoll(config, &rest, 10), num_dense = strtoll(rest, &rest, 10);
  cross_t cross = {.frame = frame, .num_columns = num_sparse + num_dense, .separator = {"_X_", 3}};
  const tgc_tensor_t *others = &inputs[3 * num_sparse + num_dense];
  if (!strcmp(rest, " joined")) {
    cross.separator = *(const tgc_string_t *)others[0].data;
  } else if (!strcmp(rest, " salted")) {
    cross.buckets = *(const int64_t *)others[0].data;
    cross.is_salted = 1;
    cross.salt = *(const uint8_t *)others[1].data ? others[2].data : NULL;
    if (cross.buckets <= 0)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "num_buckets must be positive, got %d", &cross.buckets,
                  1);
  } else {
    cross.buckets = strtoll(rest, &rest, 10);
    cross.key = (uint64_t)strtoll(rest, NULL, 10);
  }
  cross.columns = tgc_rt_scratch(frame, sizeof(column_t) * (uint64_t)(cross.num_columns + 1));
  int64_t rows = num_sparse ? ((const int64_t *)inputs[2 * num_sparse].data)[0] : inputs[0].dims[0];
  for (int64_t c = 0; c < cross.num_columns; ++c) {
    const tgc_tensor_t *values = &inputs[c < num_sparse ? num_sparse + c : 2 * num_sparse + c];
    int64_t own = c < num_sparse ? ((const int64_t *)inputs[2 * num_sparse + c].data)[0] : values->dims[0];
    if (own != rows) {
      int64_t numbers[] = {rows, own};
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Expected batch size %d, got %d", numbers, 2);
      return;
    }
    cross.columns[c] = read_column(frame, node, c < num_sparse ? &inputs[c] : NULL, values, rows);
  }
  int64_t total = 0, most = 0;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t count = count_crosses(&cross, row);
    total += count;
    most = count > most ? count : most;
  }
  int64_t dims[2] = {total, 2}, at = 0;
  int64_t *indices = tgc_find_output(frame, &outputs[0], 2, dims), *shape = outputs[2].data;
  tgc_find_output(frame, &outputs[1], 1, dims);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0, count = count_crosses(&cross, row); i < count; ++i, ++at) {
      indices[2 * at] = row;
      indices[2 * at + 1] = i;
      make_cross(&cross, row, i, &outputs[1], at);
    }
  shape[0] = rows;
  shape[1] = most;
}

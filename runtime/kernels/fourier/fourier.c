/*===- fourier.c - Fourier transforms of tensors ------------------------------===*/

#include "runtime/kernels/elements.h"
#include "transform.h"

#include <stdlib.h>

/* A block of complex numbers: `outer` times the transformed dimensions. */
typedef struct block {
  tgc_complex_t *data;
  int64_t outer, dims[3];
  int rank;
} block_t;

static int64_t volume(const block_t *block) {
  int64_t count = 1;
  for (int i = 0; i < block->rank; ++i)
    count *= block->dims[i];
  return count;
}

/* Transforms along one of the dimensions, of which lines lie `stride` apart. */
static void transform(tgc_frame_t *frame, const block_t *block, int dim, int is_inverse) {
  int64_t length = block->dims[dim], stride = 1, total = block->outer * volume(block);
  if (total == 0)
    return;
  for (int i = dim + 1; i < block->rank; ++i)
    stride *= block->dims[i];
  tgc_fourier_t *fourier = tgc_fourier_make(frame, length, is_inverse);
  tgc_complex_t *line = tgc_rt_scratch(frame, (uint64_t)length * sizeof *line);
  for (int64_t begin = 0; begin < total; begin += length * stride)
    for (int64_t i = 0; i < stride; ++i) {
      tgc_complex_t *first = block->data + begin + i;
      for (int64_t k = 0; k < length; ++k)
        line[k] = first[k * stride];
      tgc_fourier_run(fourier, line);
      for (int64_t k = 0; k < length; ++k)
        first[k * stride] = line[k];
    }
}

static tgc_complex_t get(const tgc_tensor_t *tensor, int64_t i) {
  tgc_complex_t value = {0, 0};
  if (tensor->dtype == TGC_COMPLEX64)
    value = (tgc_complex_t){((const float *)tensor->data)[2 * i], ((const float *)tensor->data)[2 * i + 1]};
  else if (tensor->dtype == TGC_COMPLEX128)
    value = (tgc_complex_t){((const double *)tensor->data)[2 * i], ((const double *)tensor->data)[2 * i + 1]};
  else
    value.re = tgc_get_double(tensor->dtype, tensor->data, i);
  return value;
}

static void set(tgc_tensor_t *tensor, int64_t i, tgc_complex_t value) {
  if (tensor->dtype == TGC_COMPLEX64) {
    ((float *)tensor->data)[2 * i] = (float)value.re;
    ((float *)tensor->data)[2 * i + 1] = (float)value.im;
  } else if (tensor->dtype == TGC_COMPLEX128) {
    ((tgc_complex_t *)tensor->data)[i] = value;
  } else {
    tgc_set_double(tensor->dtype, tensor->data, i, value.re);
  }
}

/* Position of element `i` of a box in a larger one. */
static int64_t place(int64_t i, const int64_t *box, const int64_t *larger, int rank) {
  int64_t at = 0, scale = 1;
  for (int dim = rank - 1; dim >= 0; --dim) {
    at += i % box[dim] * scale;
    i /= box[dim];
    scale *= larger[dim];
  }
  return at;
}

/* Config "RANK INVERSE": dimensions that are transformed, the last ones; whether back. Input 0: real or
 * complex; input 1 (int64[RANK]): lengths of the transform. Of real input half of the last dimension comes
 * out, for real output half of it goes in: length / 2 + 1. */
TGC_KERNEL(tgc_kernel_fourier) {
  TGC_KERNEL_UNUSED;
  char *rest;
  block_t block = {.rank = (int)strtol(config, &rest, 10), .outer = 1};
  int is_inverse = (int)strtol(rest, NULL, 10), rank = block.rank;
  int is_real_out = tgc_is_float(outputs[0].dtype);
  const int64_t *lengths = inputs[1].data, *given = inputs[0].dims + inputs[0].rank - rank;
  const int64_t *wanted = outputs[0].dims + outputs[0].rank - rank;
  int64_t taken[3], count = 1;
  for (int i = 0; i < rank; ++i) {
    block.dims[i] = lengths[i];
    int64_t used = is_real_out && i == rank - 1 ? lengths[i] / 2 + 1 : lengths[i];
    taken[i] = used < given[i] ? used : given[i];
    count *= taken[i];
  }
  block.outer = tgc_count_dims(&inputs[0], 0, inputs[0].rank - rank);
  int64_t size = volume(&block),
          given_size = tgc_count_dims(&inputs[0], inputs[0].rank - rank, inputs[0].rank);
  block.data = tgc_rt_scratch(frame, (uint64_t)(block.outer * size) * sizeof *block.data);
  memset(block.data, 0, (size_t)(block.outer * size) * sizeof *block.data);
  for (int64_t outer = 0; outer < block.outer; ++outer)
    for (int64_t i = 0; i < count; ++i)
      block.data[outer * size + place(i, taken, block.dims, rank)] =
          get(&inputs[0], outer * given_size + place(i, taken, given, rank));
  for (int dim = 0; dim < rank - 1; ++dim)
    transform(frame, &block, dim, is_inverse);
  if (is_real_out) {
    /* The other half of each line mirrors the first; what has no mirror is real. */
    int64_t length = lengths[rank - 1];
    for (int64_t begin = 0; begin < block.outer * size; begin += length ? length : 1) {
      tgc_complex_t *line = block.data + begin;
      line[0].im = 0;
      for (int64_t k = 1; k < length - k; ++k)
        line[length - k] = (tgc_complex_t){line[k].re, -line[k].im};
      if (length % 2 == 0)
        line[length / 2].im = 0;
    }
  }
  transform(frame, &block, rank - 1, is_inverse);
  double scale = is_inverse ? 1.0 / (double)size : 1;
  int64_t wanted_size = tgc_count_dims(&outputs[0], outputs[0].rank - rank, outputs[0].rank);
  for (int64_t outer = 0; outer < block.outer; ++outer)
    for (int64_t i = 0; i < wanted_size; ++i) {
      tgc_complex_t value = block.data[outer * size + place(i, wanted, block.dims, rank)];
      set(&outputs[0], outer * wanted_size + i, (tgc_complex_t){value.re * scale, value.im * scale});
    }
}

/*===- entries.c - Sorting and combining entries ------------------------------===*/

#include "sparse.h"

#include <stddef.h>

static int is_complex(int32_t dtype) { return dtype == TGC_COMPLEX64 || dtype == TGC_COMPLEX128; }

static double combine_doubles(tgc_combiner_t combiner, double x, double y) {
  switch (combiner) {
  case kAdd:
    return x + y;
  case kMultiply:
    return x * y;
  case kDivide:
    return x / y;
  case kLarger:
    return x > y ? x : y;
  default:
    return x < y ? x : y;
  }
}

static int64_t combine_ints(tgc_combiner_t combiner, int64_t x, int64_t y, int is_unsigned) {
  switch (combiner) {
  case kAdd:
    return (int64_t)((uint64_t)x + (uint64_t)y);
  case kMultiply:
    return (int64_t)((uint64_t)x * (uint64_t)y);
  case kDivide:
    if (is_unsigned)
      return y ? (int64_t)((uint64_t)x / (uint64_t)y) : 0;
    return y == 0 ? 0 : y == -1 ? (int64_t)(0 - (uint64_t)x) : x / y;
  default:
    return ((is_unsigned ? (uint64_t)x < (uint64_t)y : x < y) == (combiner == kSmaller)) ? x : y;
  }
}

static void combine_complex(tgc_combiner_t combiner, const double x[2], const double y[2], double result[2]) {
  double norm = y[0] * y[0] + y[1] * y[1];
  if (combiner == kAdd) {
    result[0] = x[0] + y[0];
    result[1] = x[1] + y[1];
  } else if (combiner == kMultiply) {
    result[0] = x[0] * y[0] - x[1] * y[1];
    result[1] = x[0] * y[1] + x[1] * y[0];
  } else {
    result[0] = (x[0] * y[0] + x[1] * y[1]) / norm;
    result[1] = (x[1] * y[0] - x[0] * y[1]) / norm;
  }
}

void tgc_combine(tgc_combiner_t combiner, const tgc_tensor_t *to, int64_t i, const tgc_tensor_t *x, int64_t j,
                 const tgc_tensor_t *y, int64_t k) {
  int32_t dtype = x->dtype;
  if (is_complex(dtype)) {
    int32_t part = dtype == TGC_COMPLEX64 ? TGC_FLOAT32 : TGC_FLOAT64;
    double a[2], b[2], result[2];
    for (int half = 0; half < 2; ++half) {
      a[half] = tgc_get_double(part, x->data, 2 * j + half);
      b[half] = tgc_get_double(part, y->data, 2 * k + half);
    }
    combine_complex(combiner, a, b, result);
    for (int half = 0; half < 2; ++half)
      tgc_set_double(part, to->data, 2 * i + half, result[half]);
  } else if (tgc_is_float(dtype)) {
    tgc_set_double(
        dtype, to->data, i,
        combine_doubles(combiner, tgc_get_double(dtype, x->data, j), tgc_get_double(dtype, y->data, k)));
  } else {
    tgc_set_int(dtype, to->data, i,
                combine_ints(combiner, tgc_get_int(dtype, x->data, j), tgc_get_int(dtype, y->data, k),
                             dtype == TGC_UINT64));
  }
}

int64_t *tgc_sort_indices(tgc_frame_t *frame, const int64_t *indices, int64_t count, int64_t rank) {
  int64_t *order = tgc_rt_scratch(frame, (uint64_t)count * sizeof *order),
          *merged = tgc_rt_scratch(frame, (uint64_t)count * sizeof *order);
  int is_sorted = 1;
  for (int64_t i = 0; i < count; ++i) {
    order[i] = i;
    is_sorted &= i == 0 || tgc_compare_indices(indices + (i - 1) * rank, indices + i * rank, rank) <= 0;
  }
  /* Merges runs of doubling length. */
  for (int64_t run = 1; run < count && !is_sorted; run *= 2) {
    for (int64_t begin = 0; begin < count; begin += 2 * run) {
      int64_t middle = begin + run < count ? begin + run : count,
              end = middle + run < count ? middle + run : count;
      for (int64_t to = begin, i = begin, j = middle; to < end; ++to) {
        int takes_left =
            j == end || (i < middle && tgc_compare_indices(indices + order[i] * rank,
                                                           indices + order[j] * rank, rank) <= 0);
        merged[to] = order[takes_left ? i++ : j++];
      }
    }
    int64_t *swapped = order;
    order = merged;
    merged = swapped;
  }
  return order;
}

/*===- transform.c - Discrete Fourier transforms of lines ---------------------===*
 *
 * Cooley and Tukey's recursion over the prime factors of the length; Bluestein's chirp transform where one of
 * them is large. Everything in double: results of single precision are right to the last place.
 *
 *===------------------------------------------------------------------------===*/

#include "transform.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { kLargestFactor = 31 };

static tgc_complex_t mul(tgc_complex_t a, tgc_complex_t b) {
  tgc_complex_t product = {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  return product;
}

/* exp(sign * 2 pi i k / n). */
static tgc_complex_t root(int64_t k, int64_t n, int is_inverse) {
  double angle = 2 * 3.14159265358979323846 * (double)k / (double)n;
  tgc_complex_t value = {cos(angle), is_inverse ? sin(angle) : -sin(angle)};
  return value;
}

/* n must have no factor above kLargestFactor. */
static void plan_factors(tgc_frame_t *frame, tgc_fourier_t *fourier, int64_t rest) {
  fourier->roots = tgc_rt_scratch(frame, (uint64_t)fourier->length * sizeof *fourier->roots);
  fourier->work = tgc_rt_scratch(frame, (uint64_t)fourier->length * sizeof *fourier->work);
  for (int64_t k = 0; k < fourier->length; ++k)
    fourier->roots[k] = root(k, fourier->length, fourier->is_inverse);
  for (int64_t factor = 2; rest > 1;) {
    if (rest % 4 == 0) {
      fourier->factors[fourier->num_factors++] = 4;
      rest /= 4;
    } else if (rest % factor == 0) {
      fourier->factors[fourier->num_factors++] = factor;
      rest /= factor;
    } else {
      ++factor;
    }
  }
}

static int64_t largest_factor(int64_t n) {
  int64_t largest = 1;
  for (int64_t factor = 2; factor * factor <= n; ++factor)
    for (; n % factor == 0; n /= factor)
      largest = factor;
  return n > largest ? n : largest;
}

/* The transform is a convolution with a chirp, which transforms of a power of two compute. */
static void plan_chirp(tgc_frame_t *frame, tgc_fourier_t *fourier) {
  int64_t n = fourier->length, padded = 1;
  while (padded < 2 * n - 1)
    padded *= 2;
  fourier->forward = tgc_fourier_make(frame, padded, 0);
  fourier->backward = tgc_fourier_make(frame, padded, 1);
  fourier->chirp = tgc_rt_scratch(frame, (uint64_t)n * sizeof(tgc_complex_t));
  fourier->filter = tgc_rt_scratch(frame, (uint64_t)padded * sizeof(tgc_complex_t));
  fourier->padded = tgc_rt_scratch(frame, (uint64_t)padded * sizeof(tgc_complex_t));
  memset(fourier->filter, 0, (size_t)padded * sizeof(tgc_complex_t));
  /* k^2 modulo 2n, so that the angle stays small. */
  for (int64_t k = 0, square = 0; k < n; square = (square + 2 * k + 1) % (2 * n), ++k) {
    fourier->chirp[k] = root(square, 2 * n, fourier->is_inverse);
    tgc_complex_t conjugate = {fourier->chirp[k].re, -fourier->chirp[k].im};
    fourier->filter[k] = conjugate;
    if (k > 0)
      fourier->filter[padded - k] = conjugate;
  }
  tgc_fourier_run(fourier->forward, fourier->filter);
}

tgc_fourier_t *tgc_fourier_make(tgc_frame_t *frame, int64_t length, int is_inverse) {
  tgc_fourier_t *fourier = tgc_rt_scratch(frame, sizeof *fourier);
  memset(fourier, 0, sizeof *fourier);
  fourier->length = length;
  fourier->is_inverse = is_inverse;
  if (largest_factor(length) <= kLargestFactor)
    plan_factors(frame, fourier, length);
  else
    plan_chirp(frame, fourier);
  return fourier;
}

/* The transform of `count` elements of `in`, `stride` apart, to `out`. */
static void recurse(const tgc_fourier_t *fourier, const tgc_complex_t *in, int64_t stride, tgc_complex_t *out,
                    int64_t count, int level) {
  if (count == 1) {
    *out = *in;
    return;
  }
  int64_t factor = fourier->factors[level], rest = count / factor, step = fourier->length / count;
  for (int64_t i = 0; i < factor; ++i)
    recurse(fourier, in + i * stride, stride * factor, out + i * rest, rest, level + 1);
  tgc_complex_t parts[kLargestFactor + 1];
  for (int64_t k = 0; k < rest; ++k) {
    for (int64_t i = 0; i < factor; ++i)
      parts[i] = mul(out[i * rest + k], fourier->roots[i * k * step]);
    if (factor == 2) {
      out[k] = (tgc_complex_t){parts[0].re + parts[1].re, parts[0].im + parts[1].im};
      out[rest + k] = (tgc_complex_t){parts[0].re - parts[1].re, parts[0].im - parts[1].im};
      continue;
    }
    for (int64_t j = 0; j < factor; ++j) {
      tgc_complex_t sum = parts[0];
      for (int64_t i = 1; i < factor; ++i) {
        tgc_complex_t term = mul(parts[i], fourier->roots[i * j % factor * (fourier->length / factor)]);
        sum.re += term.re;
        sum.im += term.im;
      }
      out[j * rest + k] = sum;
    }
  }
}

void tgc_fourier_run(const tgc_fourier_t *fourier, tgc_complex_t *line) {
  int64_t n = fourier->length;
  if (!fourier->chirp) {
    memcpy(fourier->work, line, (size_t)n * sizeof *line);
    recurse(fourier, fourier->work, 1, line, n, 0);
    return;
  }
  int64_t padded = fourier->forward->length;
  memset(fourier->padded, 0, (size_t)padded * sizeof *line);
  for (int64_t k = 0; k < n; ++k)
    fourier->padded[k] = mul(line[k], fourier->chirp[k]);
  tgc_fourier_run(fourier->forward, fourier->padded);
  for (int64_t k = 0; k < padded; ++k)
    fourier->padded[k] = mul(fourier->padded[k], fourier->filter[k]);
  tgc_fourier_run(fourier->backward, fourier->padded);
  for (int64_t k = 0; k < n; ++k) {
    tgc_complex_t value = mul(fourier->padded[k], fourier->chirp[k]);
    line[k] = (tgc_complex_t){value.re / (double)padded, value.im / (double)padded};
  }
}

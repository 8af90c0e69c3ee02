/*===- arithmetic.h - Bits of doubles, and sums of two ----------------------------===*/
#ifndef TGC_RUNTIME_GPUMATH_ARITHMETIC_H
#define TGC_RUNTIME_GPUMATH_ARITHMETIC_H

#include <math.h>
#include <stdint.h>

/* A number as the sum of two, the second of which the first one hides. */
typedef struct pair {
  double high, low;
} pair_t;

static const double kPi = 0x1.921fb54442d18p+1, kPiLow = 0x1.1a62633145c07p-53;
/* Of few enough bits for exact products with exponents, and the rest. */
static const double kLn2 = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;

static inline uint64_t bits_of(double x) {
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline double double_of(uint64_t bits) {
  double x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

static inline double power_of_two(int n) { return double_of((uint64_t)(n + 1023) << 52); }

/* a + b; |a| >= |b|. */
static inline pair_t quick_sum(double a, double b) {
  double sum = a + b;
  return (pair_t){sum, b - (sum - a)};
}

static inline pair_t exact_sum(double a, double b) {
  double sum = a + b, part = sum - a;
  return (pair_t){sum, (a - (sum - part)) + (b - part)};
}

static inline pair_t exact_product(double a, double b) {
  double product = a * b;
  return (pair_t){product, fma(a, b, -product)};
}

/* Coefficients of the highest power first. */
static inline double polynomial(double x, const double *coefficients, int count) {
  double sum = coefficients[0];
  for (int i = 1; i < count; ++i)
    sum = fma(sum, x, coefficients[i]);
  return sum;
}
#define POLYNOMIAL(x, coefficients)                                                                          \
  polynomial(x, coefficients, sizeof(coefficients) / sizeof((coefficients)[0]))

/* 2^scale e^(x + low) for |scale| <= 2 and a small `low`. */
double tgc_gpumath_exp(double x, double low, int scale);
/* sin(x) and cos(x). */
pair_t tgc_gpumath_circular(double x);

#endif /* TGC_RUNTIME_GPUMATH_ARITHMETIC_H */

/*===- transform.h - Discrete Fourier transforms of lines ---------------------===*/
#ifndef TGC_KERNELS_FOURIER_TRANSFORM_H
#define TGC_KERNELS_FOURIER_TRANSFORM_H

#include "tgc/abi.h"

typedef struct tgc_complex {
  double re, im;
} tgc_complex_t;

/* What transforms of one length need; made once, used for any number of lines. */
typedef struct tgc_fourier {
  int64_t length;
  int is_inverse;
  int64_t factors[64];
  int num_factors;
  tgc_complex_t *roots; /* exp(-+2 pi i k / length) */
  tgc_complex_t *work;  /* of the length */
  /* Bluestein's, where a prime factor is large: transforms of a power of two, the chirp, and its transform.
   */
  struct tgc_fourier *forward, *backward;
  tgc_complex_t *chirp, *filter, *padded;
} tgc_fourier_t;

/* In scratch memory of the run; length >= 1. The inverse is not scaled. */
tgc_fourier_t *tgc_fourier_make(tgc_frame_t *frame, int64_t length, int is_inverse);

/* Transforms a line in place. */
void tgc_fourier_run(const tgc_fourier_t *fourier, tgc_complex_t *line);

#endif /* TGC_KERNELS_FOURIER_TRANSFORM_H */

/*===- float_environment.h - Floating-point mode of a run -------------------===
 *
 * TensorFlow's executor flushes denormal numbers to zero, as inputs and as results, and its values show it
 * (Ceil(1e-40) is 0). A run does the same on each of its threads and puts the caller's mode back.
 *
 *===----------------------------------------------------------------------===*/
#ifndef TGC_RUNTIME_FLOAT_ENVIRONMENT_H
#define TGC_RUNTIME_FLOAT_ENVIRONMENT_H

#include <stdint.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
/* Flush to zero, denormals are zero. */
#define TGC_FLUSH_DENORMALS 0x8040u
typedef uint32_t tgc_float_mode_t;
static inline tgc_float_mode_t tgc_float_mode_get(void) { return _mm_getcsr(); }
static inline void tgc_float_mode_set(tgc_float_mode_t mode) { _mm_setcsr(mode); }
#elif defined(__aarch64__)
/* FPCR.FZ */
#define TGC_FLUSH_DENORMALS ((uint64_t)1 << 24)
typedef uint64_t tgc_float_mode_t;
static inline tgc_float_mode_t tgc_float_mode_get(void) {
  tgc_float_mode_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
static inline void tgc_float_mode_set(tgc_float_mode_t mode) {
  __asm__ volatile("msr fpcr, %0" : : "r"(mode));
}
#else
#define TGC_FLUSH_DENORMALS 0u
typedef uint32_t tgc_float_mode_t;
static inline tgc_float_mode_t tgc_float_mode_get(void) { return 0; }
static inline void tgc_float_mode_set(tgc_float_mode_t mode) { (void)mode; }
#endif

/* Enters the mode of a run; tgc_float_mode_leave puts the result back. */
static inline tgc_float_mode_t tgc_float_mode_enter(void) {
  tgc_float_mode_t caller = tgc_float_mode_get();
  if ((caller & TGC_FLUSH_DENORMALS) != TGC_FLUSH_DENORMALS)
    tgc_float_mode_set(caller | TGC_FLUSH_DENORMALS);
  return caller;
}

static inline void tgc_float_mode_leave(tgc_float_mode_t caller) {
  if ((caller & TGC_FLUSH_DENORMALS) != TGC_FLUSH_DENORMALS)
    tgc_float_mode_set(caller);
}

#endif /* TGC_RUNTIME_FLOAT_ENVIRONMENT_H */

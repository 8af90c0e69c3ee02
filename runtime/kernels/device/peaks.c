/*===- peaks.c - What a GPU does at most ------------------------------------===*/
#include "runtime/kernels/device/peaks.h"

#include <string.h>

/* Fused multiply-adds of a processor in a clock: by its units for f32 and f64 (CUDA's programming guide,
 * throughput of arithmetic instructions), and by its tensor cores for f16 and bf16, sums being f32 (peak
 * rates of A100, A10, L40S and H100 over processors and clocks). tf32 has half of that. */
static const struct rates {
  int capability;
  uint32_t f32, f64, tensor;
} known[] = {{80, 64, 32, 1024}, {86, 128, 2, 512}, {89, 128, 2, 512}, {90, 128, 64, 2048}};

tgc_peaks_t tgc_peaks_read(const tgc_driver_t *driver, int device) {
  int attributes[] = {TGC_CU_NUM_PROCESSORS,   TGC_CU_CLOCK,
                      TGC_CU_MEMORY_CLOCK,     TGC_CU_MEMORY_WIDTH,
                      TGC_CU_CAPABILITY_MAJOR, TGC_CU_CAPABILITY_MINOR};
  enum { PROCESSORS, CLOCK, MEMORY_CLOCK, MEMORY_WIDTH, MAJOR, MINOR, COUNT };
  uint64_t values[COUNT];
  for (int i = 0; i < COUNT; ++i) {
    int value = 0;
    tgc_cu_result result = driver->cuDeviceGetAttribute(&value, attributes[i], device);
    values[i] = result == TGC_CU_SUCCESS && value > 0 ? (uint64_t)value : 0;
  }
  tgc_peaks_t peaks = {0};
  /* In kHz and bits; memory answers twice in a clock. */
  peaks.bytes = 2 * values[MEMORY_CLOCK] * 1000 * (values[MEMORY_WIDTH] / 8);
  uint64_t operations = 2 * values[PROCESSORS] * values[CLOCK] * 1000;
  for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
    if (known[i].capability != (int)(10 * values[MAJOR] + values[MINOR]))
      continue;
    peaks.f32 = operations * known[i].f32;
    peaks.f64 = operations * known[i].f64;
    peaks.tensor = operations * known[i].tensor;
  }
  return peaks;
}

uint64_t tgc_peaks_of(const tgc_peaks_t *peaks, const char *unit) {
  return !strcmp(unit, "f32")    ? peaks->f32
         : !strcmp(unit, "f64")  ? peaks->f64
         : !strcmp(unit, "f16")  ? peaks->tensor
         : !strcmp(unit, "tf32") ? peaks->tensor / 2
                                 : 0;
}

/*===- peaks.h - What a GPU does at most ------------------------------------===*
 *
 * By the numbers of processors, clocks and wires that the driver tells, at the highest clock. They bound what
 * a kernel can do; no kernel need come near.
 *
 *===----------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_DEVICE_PEAKS_H
#define TGC_KERNELS_DEVICE_PEAKS_H

#include "runtime/kernels/device/driver.h"

/* In a second; 0: unknown. */
typedef struct tgc_peaks {
  uint64_t bytes;            /* from and to the GPU's memory */
  uint64_t f32, f64, tensor; /* operations: on f32 and f64, and on f16 by tensor cores */
} tgc_peaks_t;

tgc_peaks_t tgc_peaks_read(const tgc_driver_t *driver, int device);

/* Operations by a unit: "f32", "f64", or tensor cores' "f16" and "tf32". */
uint64_t tgc_peaks_of(const tgc_peaks_t *peaks, const char *unit);

#endif /* TGC_KERNELS_DEVICE_PEAKS_H */

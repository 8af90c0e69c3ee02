/*===- images.h - The code that a device runs --------------------------------===*
 *
 * A library has one image or several, for different chips. Statuses are those of tgc_device_status.
 *
 *===----------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_DEVICE_IMAGES_H
#define TGC_KERNELS_DEVICE_IMAGES_H

#include "runtime/kernels/device/state.h"

/* One of the images that there are, or those behind the last. */
typedef struct image {
  const char *chips; /* its own, and those of the images behind it */
  const char *code, *kernels;
  long capability;
  int is_exact;          /* it runs on no other capability */
  uint64_t machine_code; /* bytes of it; 0: it is PTX */
} image_t;

/* Reads "sm_90a", which is PTX, or "sm_90a:20768", which is machine code of so many bytes. */
void tgc_image_read_chip(image_t *image);

/* Goes on to the first image that the GPU can run, from this one on. */
int32_t tgc_image_choose(tgc_device_t *device, image_t *image);

/* Gives the driver the image. Machine code that it does not take has the same as PTX behind it. */
int32_t tgc_image_load(tgc_device_t *device, image_t *image);

/* Takes the lines "NAME=NODE" apart, and finds the kernels in what was loaded. */
int32_t tgc_image_find_kernels(tgc_device_t *device, const char *kernels);

#endif /* TGC_KERNELS_DEVICE_IMAGES_H */

/*===- parameters.h - What a kernel is started with -------------------------===*
 *
 * Most kernels take the arguments of their launch as they are. Others say in a line of text what they take:
 * "THREADS SHARED CLUSTER PARAMETER...". A parameter is the number of an argument, or a tensor map for bulk
 * copies:
 * "@MEMORY:TYPE:SIZE,STRIDE,BOX:..." with the number of the argument that is its address, the driver's
 * number of the element type, and each dimension, innermost first. Sizes in elements and strides in bytes are
 * products like 64*#3*#4 of numbers and arguments.
 * What a kernel does is told by two sums of such products and the unit that does it (peaks.h), "BYTES
 * OPERATIONS UNIT": 2*#3*#4+64*#4.
 *
 *===----------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_DEVICE_PARAMETERS_H
#define TGC_KERNELS_DEVICE_PARAMETERS_H

#include "runtime/kernels/device/device.h"
#include "runtime/kernels/device/driver.h"

enum { TGC_MOST_TENSOR_MAPS = 4 };

typedef struct tgc_parameters {
  void *list[TGC_DEVICE_MOST_ARGUMENTS];
  tgc_cu_tensor_map maps[TGC_MOST_TENSOR_MAPS];
} tgc_parameters_t;

/* Takes "THREADS SHARED CLUSTER" off the front of a line. */
const char *tgc_parameters_begin(const char *text, uint32_t *out_threads, uint32_t *out_shared_bytes,
                                 uint32_t *out_cluster);

/* Takes a sum off the front of a text. */
uint64_t tgc_parameters_sum(const char **text, const int64_t *arguments);

/* Makes the list of parameters of a launch. NULL: all arguments as they are. */
tgc_cu_result tgc_parameters_fill(tgc_parameters_t *parameters, const tgc_driver_t *driver, const char *text,
                                  const int64_t *arguments, uint32_t num_arguments);

#endif /* TGC_KERNELS_DEVICE_PARAMETERS_H */

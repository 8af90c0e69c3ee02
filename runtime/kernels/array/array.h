/*===- array.h - Operators whose result sizes the data decide -----------------===*
 *
 * All of type tgc_host_kernel_fn. Where the caller does not know a size, the kernel finds it and takes the
 * memory.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_ARRAY_ARRAY_H
#define TGC_KERNELS_ARRAY_ARRAY_H

#include "tgc/abi.h"

#define TGC_ARRAY_KERNEL(name)                                                                               \
  void name(tgc_frame_t *frame, const char *node, const char *config, const tgc_tensor_t *inputs,            \
            uint32_t num_inputs, tgc_tensor_t *outputs, uint32_t num_outputs)

/* The different slices of input 0 along an axis (config: its number) in the order in which they first occur
 * (output 0), for each slice which of them it is (output 1, int32 or int64), how often each occurs (output 2,
 * the same type) and room for the search (output 3, int64, [8 * slices + 8]). */
TGC_ARRAY_KERNEL(tgc_kernel_unique);
/* The elements of input 0 that are not in input 1 (output 0), where they stand (output 1) and room for the
 * search (output 2, int64, [8 * elements of input 1 + 8]). */
TGC_ARRAY_KERNEL(tgc_kernel_list_difference);

#endif /* TGC_KERNELS_ARRAY_ARRAY_H */

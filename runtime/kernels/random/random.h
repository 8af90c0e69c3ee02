/*===- random.h - Random operators as host kernels ----------------------------===*
 *
 * All of type tgc_host_kernel_fn. The generators take a key (uint64[1]) and a counter (uint64[2], least significant first) as
 * their first inputs and fill output 0 in the order of TensorFlow's CPU kernels; the numbers do not depend on threads.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_RANDOM_RANDOM_H
#define TGC_KERNELS_RANDOM_RANDOM_H

#include "tgc/abi.h"

#define TGC_RANDOM_KERNEL(name)                                                                                                    \
  void name(tgc_frame_t *frame, const char *node, const char *config, const tgc_tensor_t *inputs, uint32_t num_inputs,            \
            tgc_tensor_t *outputs, uint32_t num_outputs)

/* Key and counter of a stateful operator: config "SEED SEED2", input 0 the steps taken so far (int64). Both seeds zero: the
 * session's seed and the node's name. */
TGC_RANDOM_KERNEL(tgc_kernel_random_state);
/* Key and counter of a stateless operator from its seed (int32[2] or int64[2]), scrambled as TensorFlow does. */
TGC_RANDOM_KERNEL(tgc_kernel_random_stateless_state);

TGC_RANDOM_KERNEL(tgc_kernel_random_uniform);          /* [0, 1): half, bfloat16, float, double */
TGC_RANDOM_KERNEL(tgc_kernel_random_uniform_int);      /* [inputs 2, inputs 3): 32 and 64 bits, signed and not */
TGC_RANDOM_KERNEL(tgc_kernel_random_uniform_full_int); /* all numbers of the type */
TGC_RANDOM_KERNEL(tgc_kernel_random_normal);           /* mean 0, deviation 1 */
TGC_RANDOM_KERNEL(tgc_kernel_random_truncated_normal); /* the same, drawn again outside [-2, 2] */

#endif /* TGC_KERNELS_RANDOM_RANDOM_H */

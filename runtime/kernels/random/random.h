/*===- random.h - Random operators as host kernels ----------------------------===*
 *
 * All of type tgc_host_kernel_fn. The generators take a key (uint64[1]) and a counter (uint64[2], least
 * significant first) as their first inputs and fill output 0 in the order of TensorFlow's CPU kernels; the
 * numbers do not depend on threads.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_RANDOM_RANDOM_H
#define TGC_KERNELS_RANDOM_RANDOM_H

#include "runtime/kernels/elements.h"

#define TGC_RANDOM_KERNEL(name) TGC_KERNEL(name)

/* Key and counter of a stateful operator: config "SEED SEED2", input 0 the steps taken so far (int64). Both
 * seeds zero: the session's seed and the node's name. */
TGC_RANDOM_KERNEL(tgc_kernel_random_state);
/* Key and counter of a stateless operator from its seed (int32[2] or int64[2]), scrambled as TensorFlow does.
 */
TGC_RANDOM_KERNEL(tgc_kernel_random_stateless_state);
/* Key and counter of a generator that a variable holds, and its next state. */
TGC_RANDOM_KERNEL(tgc_kernel_random_generator);
/* Offsets of a crop. */
TGC_RANDOM_KERNEL(tgc_kernel_random_offsets);

TGC_RANDOM_KERNEL(tgc_kernel_random_uniform);     /* [0, 1): half, bfloat16, float, double */
TGC_RANDOM_KERNEL(tgc_kernel_random_uniform_int); /* [inputs 2, inputs 3): 32 and 64 bits, signed and not */
TGC_RANDOM_KERNEL(tgc_kernel_random_uniform_full_int); /* all numbers of the type */
TGC_RANDOM_KERNEL(tgc_kernel_random_normal);           /* mean 0, deviation 1 */
TGC_RANDOM_KERNEL(tgc_kernel_random_truncated_normal); /* the same, drawn again outside [-2, 2] */

/* Inputs 2 (and 3) are the parameters, outputs lie as [samples, parameters]. */
TGC_RANDOM_KERNEL(tgc_kernel_random_gamma);    /* alpha */
TGC_RANDOM_KERNEL(tgc_kernel_random_poisson);  /* rate */
TGC_RANDOM_KERNEL(tgc_kernel_random_binomial); /* counts and probabilities, of one shape and type */
/* Truncated normal numbers of given means, deviations and bounds; see truncated.c for config. */
TGC_RANDOM_KERNEL(tgc_kernel_random_parameterized);

TGC_RANDOM_KERNEL(tgc_kernel_random_categorical); /* classes by logits, input 2 [batch, classes] */
TGC_RANDOM_KERNEL(tgc_kernel_random_shuffle);     /* input 2, shuffled along dimension 0 */

/* Classes for losses over many classes, and how often each class was to be expected: candidates.c. */
TGC_RANDOM_KERNEL(tgc_kernel_random_candidates);
/* Where sampled candidates (input 1) are true classes (input 0 [batch, true]): rows, positions and weights of
 * the hits, all of sizes that the kernel finds. */
TGC_RANDOM_KERNEL(tgc_kernel_accidental_hits);

#endif /* TGC_KERNELS_RANDOM_RANDOM_H */

/*===- checkpoint.h - What the kernels of checkpoints share ---------------------===*/
#ifndef TGC_RUNTIME_KERNELS_CHECKPOINT_CHECKPOINT_H
#define TGC_RUNTIME_KERNELS_CHECKPOINT_CHECKPOINT_H

#include "tgc/checkpoint.h"

/* The longest prefix of a checkpoint. */
enum { TGC_MAX_PREFIX = 4096 };

/* Element `index` of a string tensor as zero-terminated text; 0 (false): it is too long. */
uint8_t tgc_kernel_prefix(const tgc_tensor_t *tensor, uint64_t index, char prefix[TGC_MAX_PREFIX]);

/* Ends the run with the error; to be called when nothing is left to release. */
void tgc_kernel_fail_with(tgc_frame_t *frame, const char *node, const tgc_error_t *error);

#endif /* TGC_RUNTIME_KERNELS_CHECKPOINT_CHECKPOINT_H */

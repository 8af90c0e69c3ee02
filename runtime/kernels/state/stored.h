/*===- stored.h - Tensors that outlive a run ----------------------------------===*
 *
 * Queues and tables own copies of the tensors they are given: one block of memory each, the bytes of strings
 * included.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_STATE_STORED_H
#define TGC_KERNELS_STATE_STORED_H

#include "runtime/kernels/elements.h"

#include <stdlib.h>

/* How many bytes `count` elements from `first` on need. */
static inline uint64_t tgc_stored_size(const tgc_tensor_t *tensor, int64_t first, int64_t count) {
  uint64_t bytes = (uint64_t)count * tgc_dtype_size(tensor->dtype);
  if (tensor->dtype == TGC_STRING)
    for (int64_t i = first; i < first + count; ++i)
      bytes += ((const tgc_string_t *)tensor->data)[i].size;
  return bytes;
}

/* Copies elements to `target`, and the bytes of strings to behind them. */
static inline void tgc_store(void *target, const tgc_tensor_t *tensor, int64_t first, int64_t count) {
  uint32_t width = tgc_dtype_size(tensor->dtype);
  if (count > 0)
    memcpy(target, (const char *)tensor->data + (uint64_t)first * width, (uint64_t)count * width);
  if (tensor->dtype != TGC_STRING)
    return;
  tgc_string_t *strings = target;
  char *at = (char *)(strings + count);
  for (int64_t i = 0; i < count; ++i) {
    if (strings[i].size)
      memcpy(at, strings[i].data, strings[i].size);
    strings[i].data = at;
    at += strings[i].size;
  }
}

/* Copies stored elements into an output; strings get bytes of the run, for the stored ones may be gone before
 * its end. */
static inline void tgc_load(tgc_frame_t *frame, int32_t dtype, void *target, const void *stored,
                            int64_t count) {
  if (count > 0)
    memcpy(target, stored, (uint64_t)count * tgc_dtype_size(dtype));
  if (dtype != TGC_STRING)
    return;
  tgc_string_t *strings = target;
  for (int64_t i = 0; i < count; ++i) {
    char *bytes = tgc_rt_scratch(frame, strings[i].size);
    if (strings[i].size)
      memcpy(bytes, strings[i].data, strings[i].size);
    strings[i].data = bytes;
  }
}

#endif /* TGC_KERNELS_STATE_STORED_H */

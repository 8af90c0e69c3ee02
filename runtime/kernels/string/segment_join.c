/*===- segment_join.c - Strings of a segment, one behind the other ------------===*/

#include "runtime/kernels/print/text.h"

#include <stddef.h>

/* Inputs: strings, segments, the separator; the strings of a segment are rows of output 0. */
TGC_KERNEL(tgc_kernel_segment_join) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *strings = inputs[0].data, *separator = inputs[2].data;
  tgc_string_t *joined = outputs[0].data;
  int64_t rows = tgc_count(&inputs[1]), segments = outputs[0].dims[0],
          width = tgc_count_dims(&inputs[0], inputs[1].rank, inputs[0].rank);
  for (int64_t row = 0; row < rows; ++row) {
    int64_t segment = tgc_get_int(inputs[1].dtype, inputs[1].data, row);
    if (segment < 0 || segment >= segments)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                  "segment_ids are not allowed to exceed num_segments or to have negative values.", NULL, 0);
  }
  for (int64_t segment = 0; segment < segments; ++segment)
    for (int64_t i = 0; i < width; ++i) {
      tgc_text_t text = {.frame = frame};
      for (int64_t row = 0; row < rows; ++row) {
        if (tgc_get_int(inputs[1].dtype, inputs[1].data, row) != segment)
          continue;
        if (text.size) /* empty strings at the begin get no separator */
          tgc_text_add(&text, separator->data, separator->size);
        tgc_text_add(&text, strings[row * width + i].data, strings[row * width + i].size);
      }
      joined[segment * width + i] = (tgc_string_t){text.data, text.size};
    }
}

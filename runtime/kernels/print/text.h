/*===- text.h - Text that grows in scratch memory -----------------------------===*/
#ifndef TGC_KERNELS_PRINT_TEXT_H
#define TGC_KERNELS_PRINT_TEXT_H

#include "runtime/kernels/elements.h"

typedef struct tgc_text {
  tgc_frame_t *frame;
  char *data; /* not zero-terminated */
  uint64_t size, room;
} tgc_text_t;

static inline void tgc_text_add(tgc_text_t *text, const char *bytes, uint64_t size) {
  if (text->size + size > text->room) {
    uint64_t room = 2 * (text->size + size) + 64;
    char *grown = tgc_rt_scratch(text->frame, room);
    if (text->size)
      memcpy(grown, text->data, text->size);
    text->data = grown;
    text->room = room;
  }
  if (size)
    memcpy(text->data + text->size, bytes, size);
  text->size += size;
}

static inline void tgc_text_add_zero_terminated(tgc_text_t *text, const char *bytes) {
  tgc_text_add(text, bytes, strlen(bytes));
}

/* The shortest text of 15 or 17 digits (6 or 9 of a single) that reads as the number again. */
void tgc_text_add_double(tgc_text_t *text, double value);
void tgc_text_add_float(tgc_text_t *text, float value);

/* One element, as TensorFlow's Print shows it; `is_quoted`: strings stand in quotes. */
void tgc_text_add_element(tgc_text_t *text, const tgc_tensor_t *tensor, int64_t i, int is_quoted);

/* A tensor: the first `most` elements of it, or, in the newer style, `most` at either end of each dimension;
 * -1: all. */
void tgc_text_add_tensor(tgc_text_t *text, const tgc_tensor_t *tensor, int64_t most, int is_new_style);

#endif /* TGC_KERNELS_PRINT_TEXT_H */

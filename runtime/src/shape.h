/*===- shape.h - Element types, sizes and their spelling in messages --------===*/
#ifndef TGC_SRC_SHAPE_H
#define TGC_SRC_SHAPE_H

#include "tgc/runtime.h"

/* "[3,?,4]" for TGC_MAX_RANK numbers of any size. */
typedef struct tgc_shape_text {
  char text[TGC_MAX_RANK * 21 + 8];
} tgc_shape_text_t;

/* Writes a shape, -1 as "?", into `buffer` and returns its text. */
const char *tgc_shape_write(tgc_shape_text_t *buffer, int32_t rank, const int64_t *dims);

/* The product of the dims; 0 (false) if one is negative or the product overflows int64. */
uint8_t tgc_shape_num_elements(int32_t rank, const int64_t *dims, uint64_t *out_count);

/* The bytes of a tensor of that type and shape; 0 (false) on negative dims, overflow and unknown types. */
uint8_t tgc_shape_byte_size(int32_t dtype, int32_t rank, const int64_t *dims, uint64_t *out_bytes);

/* Whether `dims` is an instance of the description's shape. */
uint8_t tgc_shape_fits(const tgc_tensor_info_t *info, int32_t rank, const int64_t *dims);

#endif /* TGC_SRC_SHAPE_H */

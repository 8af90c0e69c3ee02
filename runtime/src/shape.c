/*===- shape.c - Element types, sizes and their spelling in messages --------===*/
#include "shape.h"

#include <stdio.h>

/* Index is tgc_dtype_t; the holes are TensorFlow's resource and variant. */
static const struct {
  const char *name;
  uint8_t size;
} dtypes[] = {
    [TGC_FLOAT32] = {"float32", 4},
    [TGC_FLOAT64] = {"float64", 8},
    [TGC_INT32] = {"int32", 4},
    [TGC_UINT8] = {"uint8", 1},
    [TGC_INT16] = {"int16", 2},
    [TGC_INT8] = {"int8", 1},
    [TGC_STRING] = {"string", sizeof(tgc_string_t)},
    [TGC_COMPLEX64] = {"complex64", 8},
    [TGC_INT64] = {"int64", 8},
    [TGC_BOOL] = {"bool", 1},
    [TGC_QINT8] = {"qint8", 1},
    [TGC_QUINT8] = {"quint8", 1},
    [TGC_QINT32] = {"qint32", 4},
    [TGC_BFLOAT16] = {"bfloat16", 2},
    [TGC_QINT16] = {"qint16", 2},
    [TGC_QUINT16] = {"quint16", 2},
    [TGC_UINT16] = {"uint16", 2},
    [TGC_COMPLEX128] = {"complex128", 16},
    [TGC_FLOAT16] = {"float16", 2},
    [TGC_UINT32] = {"uint32", 4},
    [TGC_UINT64] = {"uint64", 8},
};

static uint8_t is_known(int32_t dtype) {
  return dtype > 0 && (uint32_t)dtype < sizeof dtypes / sizeof dtypes[0] && dtypes[dtype].name;
}

const char *tgc_dtype_name(int32_t dtype) { return is_known(dtype) ? dtypes[dtype].name : "invalid"; }

uint32_t tgc_dtype_size(int32_t dtype) { return is_known(dtype) ? dtypes[dtype].size : 0; }

const char *tgc_shape_write(tgc_shape_text_t *buffer, int32_t rank, const int64_t *dims) {
  char *at = buffer->text;
  *at++ = '[';
  for (int32_t i = 0; i < rank && i < TGC_MAX_RANK; ++i) {
    if (i)
      *at++ = ',';
    if (dims[i] == -1)
      *at++ = '?';
    else
      at += snprintf(at, 21, "%lld", (long long)dims[i]);
  }
  *at++ = ']';
  *at = '\0';
  return buffer->text;
}

uint8_t tgc_shape_num_elements(int32_t rank, const int64_t *dims, uint64_t *out_count) {
  int64_t count = 1;
  uint8_t is_empty = 0;
  for (int32_t i = 0; i < rank; ++i) {
    if (dims[i] < 0)
      return 0;
    if (dims[i] == 0)
      is_empty = 1;
    else if (__builtin_mul_overflow(count, dims[i], &count))
      return 0;
  }
  *out_count = is_empty ? 0 : (uint64_t)count;
  return 1;
}

uint8_t tgc_shape_byte_size(int32_t dtype, int32_t rank, const int64_t *dims, uint64_t *out_bytes) {
  uint64_t count;
  uint32_t size = tgc_dtype_size(dtype);
  if (!size || !tgc_shape_num_elements(rank, dims, &count))
    return 0;
  return !__builtin_mul_overflow(count, (uint64_t)size, out_bytes);
}

uint8_t tgc_shape_fits(const tgc_tensor_info_t *info, int32_t rank, const int64_t *dims) {
  if (info->rank < 0)
    return 1;
  if (info->rank != rank)
    return 0;
  for (int32_t i = 0; i < rank; ++i)
    if (info->dims[i] >= 0 && info->dims[i] != dims[i])
      return 0;
  return 1;
}

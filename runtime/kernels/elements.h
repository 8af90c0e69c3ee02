/*===- elements.h - Elements of tensors of any type ---------------------------===*
 *
 * What kernels that work on many types share: counting elements, and reading and writing one of them as a
 * wide number.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_ELEMENTS_H
#define TGC_KERNELS_ELEMENTS_H

#include "tgc/abi.h"

#include <stdint.h>
#include <string.h>

/* The head of a host kernel. */
#define TGC_KERNEL(name)                                                                                     \
  void name(tgc_frame_t *frame, const char *node, const char *config, const tgc_tensor_t *inputs,            \
            uint32_t num_inputs, tgc_tensor_t *outputs, uint32_t num_outputs)

/* For the parameters that a kernel does not look at. */
#define TGC_KERNEL_UNUSED                                                                                    \
  (void)frame, (void)node, (void)config, (void)inputs, (void)num_inputs, (void)outputs, (void)num_outputs

/* The product of the dimensions [first, last). */
static inline int64_t tgc_count_dims(const tgc_tensor_t *tensor, int32_t first, int32_t last) {
  int64_t count = 1;
  for (int32_t dim = first; dim < last; ++dim)
    count *= tensor->dims[dim];
  return count;
}
static inline int64_t tgc_count(const tgc_tensor_t *tensor) {
  return tgc_count_dims(tensor, 0, tensor->rank);
}

/* The memory of an output; where its size was not known, it is found now. */
static inline void *tgc_find_output(tgc_frame_t *frame, tgc_tensor_t *output, int32_t rank,
                                    const int64_t *dims) {
  if (!output->data)
    tgc_rt_host_output(frame, (uint32_t)output->byte_size, output, rank, dims);
  return output->data;
}

/* The nearest half, ties to even; overflow is infinity. */
static inline uint16_t tgc_half_from_f32(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint32_t sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude >= 0x47800000u)
    return (uint16_t)(sign | (magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u));
  if (magnitude < 0x38800000u) {
    /* A subnormal half: adding 0.5 leaves its bits, rounded, in the low end of the sum. */
    float shifted;
    memcpy(&shifted, &magnitude, sizeof shifted);
    shifted += 0.5f;
    memcpy(&bits, &shifted, sizeof bits);
    return (uint16_t)(sign | (bits - 0x3f000000u));
  }
  magnitude += 0xc8000fffu + (magnitude >> 13 & 1);
  return (uint16_t)(sign | magnitude >> 13);
}

/* The nearest bfloat16, ties to even. */
static inline uint16_t tgc_bfloat16_from_f32(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    return (uint16_t)(bits >> 16 | 0x40u);
  return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1)) >> 16);
}

static inline float tgc_f32_from_bfloat16(uint16_t bits) {
  uint32_t word = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &word, sizeof value);
  return value;
}

static inline float tgc_f32_from_half(uint16_t bits) {
  uint32_t magnitude = (uint32_t)(bits & 0x7fff) << 13, word;
  float value;
  if (magnitude >= 0x0f800000u) {
    word = magnitude | 0x7f800000u;
    memcpy(&value, &word, sizeof value);
  } else {
    /* The exponent is off by 112; a subnormal half is the rest of a number with the smallest exponent. */
    if (magnitude < 0x00800000u) {
      word = 113u << 23 | magnitude;
      memcpy(&value, &word, sizeof value);
      value -= 6.103515625e-05f;
    } else {
      word = magnitude + (112u << 23);
      memcpy(&value, &word, sizeof value);
    }
  }
  return bits & 0x8000 ? -value : value;
}

/* An integer element, widened with its sign. */
static inline int64_t tgc_get_int(int32_t dtype, const void *data, int64_t i) {
  switch (dtype) {
  case TGC_INT64:
  case TGC_UINT64:
    return ((const int64_t *)data)[i];
  case TGC_INT32:
  case TGC_QINT32:
    return ((const int32_t *)data)[i];
  case TGC_UINT32:
    return ((const uint32_t *)data)[i];
  case TGC_INT16:
  case TGC_QINT16:
    return ((const int16_t *)data)[i];
  case TGC_UINT16:
  case TGC_QUINT16:
    return ((const uint16_t *)data)[i];
  case TGC_INT8:
  case TGC_QINT8:
    return ((const int8_t *)data)[i];
  default:
    return ((const uint8_t *)data)[i];
  }
}

/* A real element as a double; exact but for integers beyond 2^53. */
static inline double tgc_get_double(int32_t dtype, const void *data, int64_t i) {
  switch (dtype) {
  case TGC_FLOAT32:
    return ((const float *)data)[i];
  case TGC_FLOAT64:
    return ((const double *)data)[i];
  case TGC_FLOAT16:
    return tgc_f32_from_half(((const uint16_t *)data)[i]);
  case TGC_BFLOAT16:
    return tgc_f32_from_bfloat16(((const uint16_t *)data)[i]);
  case TGC_UINT64:
    return (double)((const uint64_t *)data)[i];
  default:
    return (double)tgc_get_int(dtype, data, i);
  }
}

static inline void tgc_set_int(int32_t dtype, void *data, int64_t i, int64_t value) {
  switch (dtype) {
  case TGC_INT64:
  case TGC_UINT64:
    ((int64_t *)data)[i] = value;
    break;
  case TGC_INT32:
  case TGC_UINT32:
  case TGC_QINT32:
    ((int32_t *)data)[i] = (int32_t)value;
    break;
  case TGC_INT16:
  case TGC_UINT16:
  case TGC_QINT16:
  case TGC_QUINT16:
    ((int16_t *)data)[i] = (int16_t)value;
    break;
  default:
    ((int8_t *)data)[i] = (int8_t)value;
  }
}

static inline int tgc_is_float(int32_t dtype) {
  return dtype == TGC_FLOAT32 || dtype == TGC_FLOAT64 || dtype == TGC_FLOAT16 || dtype == TGC_BFLOAT16;
}

/* Rounds to the nearest element of a floating-point type, truncates to integers. */
static inline void tgc_set_double(int32_t dtype, void *data, int64_t i, double value) {
  switch (dtype) {
  case TGC_FLOAT32:
    ((float *)data)[i] = (float)value;
    break;
  case TGC_FLOAT64:
    ((double *)data)[i] = value;
    break;
  case TGC_FLOAT16:
    ((uint16_t *)data)[i] = tgc_half_from_f32((float)value);
    break;
  case TGC_BFLOAT16:
    ((uint16_t *)data)[i] = tgc_bfloat16_from_f32((float)value);
    break;
  case TGC_UINT64:
    ((uint64_t *)data)[i] = (uint64_t)value;
    break;
  default:
    tgc_set_int(dtype, data, i, (int64_t)value);
  }
}

#endif /* TGC_KERNELS_ELEMENTS_H */

/*===- fill.c - Tensors of random numbers -------------------------------------===*
 *
 * An output is filled in groups: as many elements as one step of the generator gives (four words: four
 * elements of 32 bits or less, two of 64). A truncated normal needs an unknown number of steps, so each of
 * its groups has 256 outputs' worth of steps reserved for it.
 *
 *===------------------------------------------------------------------------===*/

#include "random.h"
#include "words.h"

#include <stddef.h>

/* Elements per thread piece; large enough that a piece outweighs waking a thread. */
enum { kGroupsPerPiece = 4096 };

typedef struct fill {
  tgc_philox_t start;
  void *data;
  int64_t count;
  int32_t dtype;
  uint64_t low, range; /* integers: low + bits % range; range 0: all bits */
} fill_t;

static int is_wide(int32_t dtype) {
  return dtype == TGC_FLOAT64 || dtype == TGC_INT64 || dtype == TGC_UINT64;
}

static int64_t group_size(int32_t dtype) { return is_wide(dtype) ? 2 : 4; }

/* Writes element `index` as the output's type. */
static void store_float(const fill_t *fill, int64_t index, float value) {
  if (fill->dtype == TGC_FLOAT32)
    ((float *)fill->data)[index] = value;
  else
    ((uint16_t *)fill->data)[index] =
        fill->dtype == TGC_FLOAT16 ? tgc_half_from_f32(value) : tgc_bfloat16_from_f32(value);
}

static void uniform_element(const fill_t *fill, int64_t index, const uint32_t x[4], int lane) {
  switch (fill->dtype) {
  case TGC_FLOAT32:
    ((float *)fill->data)[index] = tgc_uniform_f32(x[lane]);
    break;
  case TGC_FLOAT64:
    ((double *)fill->data)[index] = tgc_uniform_f64(x[2 * lane], x[2 * lane + 1]);
    break;
  case TGC_FLOAT16:
    ((uint16_t *)fill->data)[index] = tgc_uniform_half(x[lane]);
    break;
  default:
    ((uint16_t *)fill->data)[index] = tgc_uniform_bfloat16(x[lane]);
  }
}

static void integer_element(const fill_t *fill, int64_t index, const uint32_t x[4], int lane) {
  if (is_wide(fill->dtype)) {
    uint64_t bits = x[2 * lane] | (uint64_t)x[2 * lane + 1] << 32;
    ((uint64_t *)fill->data)[index] = fill->range ? fill->low + bits % fill->range : bits;
  } else {
    uint32_t range = (uint32_t)fill->range;
    ((uint32_t *)fill->data)[index] = range ? (uint32_t)fill->low + x[lane] % range : x[lane];
  }
}

/* Pieces of groups whose elements come from one step each. */
static void fill_uniform(void *context, int64_t begin, int64_t end) {
  const fill_t *fill = context;
  tgc_philox_t philox = fill->start;
  tgc_philox_skip(&philox, (uint64_t)begin);
  int64_t size = group_size(fill->dtype);
  int is_float = fill->dtype == TGC_FLOAT32 || fill->dtype == TGC_FLOAT64 || fill->dtype == TGC_FLOAT16 ||
                 fill->dtype == TGC_BFLOAT16;
  for (int64_t group = begin; group < end; ++group) {
    uint32_t x[4];
    tgc_philox_next(&philox, x);
    for (int lane = 0; lane < size && group * size + lane < fill->count; ++lane) {
      if (is_float)
        uniform_element(fill, group * size + lane, x, lane);
      else
        integer_element(fill, group * size + lane, x, lane);
    }
  }
}

static void fill_normal(void *context, int64_t begin, int64_t end) {
  const fill_t *fill = context;
  tgc_philox_t philox = fill->start;
  tgc_philox_skip(&philox, (uint64_t)begin);
  int64_t size = group_size(fill->dtype);
  for (int64_t group = begin; group < end; ++group) {
    uint32_t x[4];
    tgc_philox_next(&philox, x);
    float single[4];
    double wide[2];
    if (size == 2) {
      tgc_box_muller_f64(x, wide);
    } else {
      tgc_box_muller_f32(x[0], x[1], single);
      tgc_box_muller_f32(x[2], x[3], single + 2);
    }
    for (int64_t lane = 0; lane < size && group * size + lane < fill->count; ++lane) {
      if (size == 2)
        ((double *)fill->data)[group * size + lane] = wide[lane];
      else
        store_float(fill, group * size + lane, single[lane]);
    }
  }
}

static void fill_truncated_normal(void *context, int64_t begin, int64_t end) {
  const fill_t *fill = context;
  int64_t size = group_size(fill->dtype);
  for (int64_t group = begin; group < end; ++group) {
    tgc_words_t words = tgc_words_make(fill->start);
    tgc_philox_skip(&words.philox, (uint64_t)(group * (size * 256 / 4)));
    for (int64_t lane = 0; lane < size;) {
      float single[2];
      double wide[2];
      if (size == 2) {
        uint32_t x[4];
        for (int i = 0; i < 4; ++i)
          x[i] = tgc_next_u32(&words);
        tgc_box_muller_f64(x, wide);
      } else {
        uint32_t x0 = tgc_next_u32(&words), x1 = tgc_next_u32(&words);
        tgc_box_muller_f32(x0, x1, single);
      }
      for (int i = 0; i < 2 && lane < size; ++i) {
        if ((size == 2 ? fabs(wide[i]) : (double)fabsf(single[i])) >= 2.0)
          continue;
        int64_t index = group * size + lane++;
        if (index >= fill->count)
          continue;
        if (size == 2)
          ((double *)fill->data)[index] = wide[i];
        else
          store_float(fill, index, single[i]);
      }
    }
  }
}

static void run(tgc_frame_t *frame, tgc_loop_body_fn body, fill_t *fill, const tgc_tensor_t *inputs,
                tgc_tensor_t *output) {
  const uint64_t *key = inputs[0].data, *counter = inputs[1].data;
  fill->start = tgc_philox_make(key[0], counter[0], counter[1]);
  fill->data = output->data;
  fill->dtype = output->dtype;
  fill->count = tgc_count(output);
  int64_t size = group_size(fill->dtype);
  tgc_rt_parallel_for(frame, body, fill, (fill->count + size - 1) / size, kGroupsPerPiece);
}

TGC_RANDOM_KERNEL(tgc_kernel_random_uniform) {
  (void)node, (void)config, (void)num_inputs, (void)num_outputs;
  fill_t fill = {0};
  run(frame, fill_uniform, &fill, inputs, &outputs[0]);
}

TGC_RANDOM_KERNEL(tgc_kernel_random_normal) {
  (void)node, (void)config, (void)num_inputs, (void)num_outputs;
  fill_t fill = {0};
  run(frame, fill_normal, &fill, inputs, &outputs[0]);
}

TGC_RANDOM_KERNEL(tgc_kernel_random_truncated_normal) {
  (void)node, (void)config, (void)num_inputs, (void)num_outputs;
  fill_t fill = {0};
  run(frame, fill_truncated_normal, &fill, inputs, &outputs[0]);
}

TGC_RANDOM_KERNEL(tgc_kernel_random_uniform_full_int) {
  (void)node, (void)config, (void)num_inputs, (void)num_outputs;
  fill_t fill = {0};
  run(frame, fill_uniform, &fill, inputs, &outputs[0]);
}

TGC_RANDOM_KERNEL(tgc_kernel_random_uniform_int) {
  (void)config, (void)num_inputs, (void)num_outputs;
  int64_t low = tgc_get_int(inputs[2].dtype, inputs[2].data, 0),
          high = tgc_get_int(inputs[3].dtype, inputs[3].data, 0);
  int is_unsigned = outputs[0].dtype == TGC_UINT64;
  if (is_unsigned ? (uint64_t)low >= (uint64_t)high : low >= high) {
    if (tgc_count(&outputs[0]) == 0)
      return;
    int64_t values[2] = {low, high};
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Need minval < maxval, got %d >= %d", values, 2);
    return;
  }
  fill_t fill = {0};
  fill.low = (uint64_t)low;
  fill.range = (uint64_t)high - (uint64_t)low;
  run(frame, fill_uniform, &fill, inputs, &outputs[0]);
}

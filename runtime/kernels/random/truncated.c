/*===- truncated.c - Truncated normal numbers of given parameters -------------===*
 *
 * Robert, Simulation of truncated normal variables (1995), with the choice between three proposals that
 * TensorFlow makes: normal numbers where the bounds are wide, uniform ones where they are narrow, else
 * exponential ones. All batches draw from one stream in order, as TensorFlow's kernels do on one thread.
 *
 *===------------------------------------------------------------------------===*/
#include "precision.h"
#include "random.h"
#include "words.h"

#include <stddef.h>

enum { kMaxRejections = 1000 };

typedef struct truncation {
  tgc_philox_t philox;
  int32_t dtype;
  double mean, deviation; /* negative: bounds are turned around the mean */
  double low, high;       /* in deviations from the mean */
} truncation_t;

/* Where accepted numbers go. */
typedef struct target {
  tgc_tensor_t *output;
  int64_t next, stride, left;
} target_t;

static void accept(const truncation_t *t, target_t *target, double z) {
  double value = tgc_round_to(t->dtype, tgc_round_to(t->dtype, z * t->deviation) + t->mean);
  tgc_set_double(t->dtype, target->output->data, target->next, value);
  target->next += target->stride;
  --target->left;
}

/* The numbers of one step: 2 of double, 4 of others. */
static int draw_uniforms(truncation_t *t, double numbers[4]) {
  uint32_t x[4];
  tgc_philox_next(&t->philox, x);
  for (int i = 0; i < 4; ++i) {
    if (t->dtype == TGC_FLOAT64)
      numbers[i] = i < 2 ? tgc_uniform_f64(x[2 * i], x[2 * i + 1]) : 0;
    else if (t->dtype == TGC_FLOAT32)
      numbers[i] = tgc_uniform_f32(x[i]);
    else
      numbers[i] = t->dtype == TGC_FLOAT16 ? tgc_f32_from_half(tgc_uniform_half(x[i]))
                                           : tgc_f32_from_bfloat16(tgc_uniform_bfloat16(x[i]));
  }
  return t->dtype == TGC_FLOAT64 ? 2 : 4;
}

static int draw_normals(truncation_t *t, double numbers[4]) {
  uint32_t x[4];
  tgc_philox_next(&t->philox, x);
  if (t->dtype == TGC_FLOAT64) {
    tgc_box_muller_f64(x, numbers);
    return 2;
  }
  float singles[4];
  tgc_box_muller_f32(x[0], x[1], singles);
  tgc_box_muller_f32(x[2], x[3], singles + 2);
  for (int i = 0; i < 4; ++i)
    numbers[i] = tgc_round_to(t->dtype, singles[i]);
  return 4;
}

/* Each gives 0 if too many numbers in a row are rejected. */
static int sample_normal(truncation_t *t, target_t *target) {
  int rejections = 0;
  while (target->left > 0) {
    double numbers[4];
    int count = draw_normals(t, numbers);
    for (int i = 0; i < count && target->left > 0; ++i) {
      if (numbers[i] >= t->low && numbers[i] <= t->high) {
        accept(t, target, numbers[i]);
        rejections = 0;
      } else if (++rejections > kMaxRejections) {
        return 0;
      }
    }
  }
  return 1;
}

static int sample_uniform(truncation_t *t, target_t *target, double width) {
  int rejections = 0;
  double offset = t->low < 0 ? 0 : tgc_round_to(t->dtype, t->low * t->low);
  while (target->left > 0) {
    double z[4], u[4];
    int count = draw_uniforms(t, z);
    draw_uniforms(t, u);
    for (int i = 0; i < count && target->left > 0; ++i) {
      z[i] = tgc_round_to(t->dtype, tgc_round_to(t->dtype, z[i] * width) + t->low);
      double square = tgc_round_to(t->dtype, z[i] * z[i]);
      double exponent = tgc_round_to(t->dtype, tgc_round_to(t->dtype, offset - square) / 2);
      if (u[i] <= tgc_exp_in(t->dtype, exponent)) {
        accept(t, target, z[i]);
        rejections = 0;
      } else if (++rejections >= kMaxRejections) {
        return 0;
      }
    }
  }
  return 1;
}

static int sample_exponential(truncation_t *t, target_t *target, double root) {
  int rejections = 0;
  double alpha = tgc_round_to(t->dtype, tgc_round_to(t->dtype, t->low + root) / 2);
  while (target->left > 0) {
    double numbers[4];
    int count = draw_uniforms(t, numbers);
    for (int i = 0; i + 1 < count && target->left > 0; i += 2) {
      double z =
          tgc_round_to(t->dtype, tgc_round_to(t->dtype, -tgc_log_in(t->dtype, numbers[i]) / alpha) + t->low);
      double x = tgc_round_to(t->dtype, t->low < alpha ? alpha - z : t->low - alpha);
      double exponent = tgc_round_to(t->dtype, tgc_round_to(t->dtype, -x * x) / 2);
      if (numbers[i + 1] <= tgc_exp_in(t->dtype, exponent) && z < t->high) {
        accept(t, target, z);
        rejections = 0;
      } else if (++rejections >= kMaxRejections) {
        return 0;
      }
    }
  }
  return 1;
}

/* Fills `target` with numbers within [least, most] and moves the generator on. */
static void sample(tgc_frame_t *frame, const char *node, truncation_t *t, double least, double most,
                   target_t *target) {
  int32_t dtype = t->dtype;
  if (!(t->deviation > 0 && least < most && (isfinite(least) || isfinite(most))))
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Invalid parameters", NULL, 0);
  /* A one-sided bound becomes the lower one, two on one side of the mean become positive. */
  int is_turned = (isinf(least) && least < 0) || most < t->mean;
  if (is_turned)
    t->deviation = -t->deviation;
  t->low = tgc_round_to(dtype, tgc_round_to(dtype, (is_turned ? most : least) - t->mean) / t->deviation);
  t->high = tgc_round_to(dtype, tgc_round_to(dtype, (is_turned ? least : most) - t->mean) / t->deviation);
  double root = tgc_sqrt_in(dtype, tgc_round_to(dtype, tgc_round_to(dtype, t->low * t->low) + 4));
  double exponent = tgc_round_to(dtype, tgc_round_to(dtype, t->low * tgc_round_to(dtype, t->low - root)) / 4);
  double scaled = tgc_round_to(dtype, 2 * tgc_exp_in(dtype, tgc_round_to(dtype, 0.5 + exponent)));
  double cutoff = tgc_round_to(dtype, scaled / tgc_round_to(dtype, t->low + root));
  double width = tgc_round_to(dtype, t->high - t->low), wide = tgc_round_to(dtype, 1.3);
  int is_done;
  if ((t->low < -wide && t->high >= 0) || (t->high > wide && t->low <= 0))
    is_done = sample_normal(t, target);
  else if (width < cutoff)
    is_done = sample_uniform(t, target, width);
  else
    is_done = sample_exponential(t, target, root);
  if (!is_done)
    tgc_rt_fail(frame, TGC_INTERNAL, node, "TruncatedNormal rejection sampler failed to accept a sample.",
                NULL, 0);
}

static double parameter(const tgc_tensor_t *tensor, int64_t i) {
  return tgc_get_double(tensor->dtype, tensor->data, tgc_count(tensor) == 1 ? 0 : i);
}

/* Inputs 2 to 5: means, deviations, least and greatest numbers, each of one or of as many elements as there
 * are batches. config "BATCH": a batch is that many elements in a row, 0: those along dimensions 1 and up;
 * "LAST": batches lie last, samples first. */
TGC_RANDOM_KERNEL(tgc_kernel_random_parameterized) {
  TGC_KERNEL_UNUSED;
  const uint64_t *key = inputs[0].data, *counter = inputs[1].data;
  int64_t count = tgc_count(&outputs[0]), batches, samples;
  if (count == 0)
    return;
  int is_last = config[0] == 'L';
  if (is_last) {
    batches = tgc_count(&inputs[2]);
    samples = count / batches;
  } else if (config[0] == '0') {
    batches = outputs[0].dims[0];
    samples = count / batches;
  } else {
    samples = 100;
    batches = (count + samples - 1) / samples;
  }
  truncation_t t = {.philox = tgc_philox_make(key[0], counter[0], counter[1]), .dtype = outputs[0].dtype};
  for (int64_t batch = 0; batch < batches; ++batch) {
    target_t target = {&outputs[0], is_last ? batch : batch * samples, is_last ? batches : 1, samples};
    if (!is_last && target.next + samples > count)
      target.left = count - target.next;
    t.mean = parameter(&inputs[2], batch);
    t.deviation = parameter(&inputs[3], batch);
    sample(frame, node, &t, parameter(&inputs[4], batch), parameter(&inputs[5], batch), &target);
  }
}

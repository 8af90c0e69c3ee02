/*===- samples.c - Gamma, Poisson and binomial numbers ------------------------===*
 *
 * Rejection samplers. A number takes an unknown count of steps, so each has some of its own and does not
 * depend on the others: sample i of parameter p of P starts at step 256 * (p * samples + i), or 42 where
 * inversion needs fewer. Outputs lie as [samples, parameters].
 *
 *===------------------------------------------------------------------------===*/
#define _DEFAULT_SOURCE
#include "precision.h"
#include "random.h"
#include "words.h"

enum { kStepsPerSample = 256, kStepsPerInversion = 42, kSamplesPerPiece = 256 };

typedef struct sampling {
  tgc_philox_t start;
  const tgc_tensor_t *parameters;
  tgc_tensor_t *output;
  int64_t num_parameters, num_samples;
} sampling_t;

/* Marsaglia and Tsang, A Simple Method for Generating Gamma Variables, TOMS 26 (2000). */
static double draw_gamma(tgc_buffers_t *buffers, double alpha) {
  if (alpha == 1)
    return -log1p(-tgc_draw_uniform(buffers));
  /* Below one, alpha + 1 is sampled and brought down by a power of a uniform number. */
  const double d = alpha + (alpha < 1 ? 2.0 / 3 : -1.0 / 3), c = 1.0 / 3 / sqrt(d);
  for (;;) {
    double x = tgc_draw_normal(buffers), v = 1 + c * x;
    if (v <= 0)
      continue;
    v = v * v * v;
    double u = tgc_draw_uniform(buffers);
    if (u >= 1 - 0.0331 * (x * x) * (x * x) && log(u) >= 0.5 * x * x + d * (1 - v + log(v)))
      continue;
    return alpha < 1 ? d * v * pow(tgc_draw_uniform(buffers), 1 / alpha) : d * v;
  }
}

static void fill_gamma(void *context, int64_t begin, int64_t end) {
  const sampling_t *sampling = context;
  const tgc_tensor_t *alphas = &sampling->parameters[0];
  for (int64_t i = begin; i < end; ++i) {
    int64_t parameter = i / sampling->num_samples, sample = i % sampling->num_samples;
    tgc_buffers_t buffers = tgc_buffers_make(sampling->start, (uint64_t)i * kStepsPerSample);
    double value = draw_gamma(&buffers, tgc_get_double(alphas->dtype, alphas->data, parameter));
    tgc_set_double(sampling->output->dtype, sampling->output->data,
                   sample * sampling->num_parameters + parameter, value);
  }
}

/* Largest value of a type, as a double. */
static double highest(int32_t dtype) {
  switch (dtype) {
  case TGC_INT32:
    return INT32_MAX;
  case TGC_INT64:
    return (double)INT64_MAX;
  case TGC_FLOAT16:
    return 65504;
  case TGC_BFLOAT16:
    return 3.38953139e38;
  case TGC_FLOAT32:
    return 3.40282347e38;
  default:
    return 1.7976931348623157e308;
  }
}

/* Counting exponential waiting times: Knuth, The Art of Computer Programming 2, 3.4.1. */
static double draw_small_poisson(tgc_buffers_t *buffers, double rate, double most) {
  const double floor_of_product = exp(-rate);
  double product = 1;
  for (double x = 0;; ++x) {
    product *= tgc_draw_uniform(buffers);
    if (product <= floor_of_product && x <= most)
      return x;
  }
}

/* Hormann, The transformed rejection method for generating Poisson random variables (1993). */
static double draw_large_poisson(tgc_buffers_t *buffers, double rate, double most) {
  const double b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b;
  const double log_rate = log(rate), inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  for (;;) {
    double u = tgc_draw_uniform(buffers) - 0.5, v = tgc_draw_uniform(buffers);
    double shifted = 0.5 - fabs(u);
    double k = floor((2 * a / shifted + b) * u + rate + 0.43);
    if (k > most)
      continue;
    if (shifted >= 0.07 && v <= 0.9277 - 3.6224 / (b - 2))
      return k;
    if (k < 0 || (shifted < 0.013 && v > shifted))
      continue;
    int sign;
    if (log(v * inverse_alpha / (a / (shifted * shifted) + b)) <=
        -rate + k * log_rate - lgamma_r(k + 1, &sign))
      return k;
  }
}

static void fill_poisson(void *context, int64_t begin, int64_t end) {
  const sampling_t *sampling = context;
  const tgc_tensor_t *rates = &sampling->parameters[0];
  const double most = highest(sampling->output->dtype);
  for (int64_t i = begin; i < end; ++i) {
    int64_t parameter = i / sampling->num_samples, sample = i % sampling->num_samples;
    double rate = tgc_get_double(rates->dtype, rates->data, parameter), value;
    tgc_buffers_t buffers = tgc_buffers_make(sampling->start, (uint64_t)i * kStepsPerSample);
    if (rate < 10)
      value = draw_small_poisson(&buffers, rate, most);
    else if (isinf(rate))
      value = tgc_is_float(sampling->output->dtype) ? rate : 0;
    else
      value = draw_large_poisson(&buffers, rate, most);
    tgc_set_double(sampling->output->dtype, sampling->output->data,
                   sample * sampling->num_parameters + parameter, value);
  }
}

/* Sums of geometric numbers until they exceed the count. */
static double draw_small_binomial(tgc_buffers_t *buffers, double count, double probability) {
  double sum = 0, drawn = 0;
  for (;; ++drawn) {
    sum += ceil(log(tgc_draw_uniform(buffers)) / log1p(-probability));
    if (sum > count)
      return drawn;
  }
}

/* What Stirling's formula leaves out of log(k!). */
static double stirling_tail(double k) {
  static const double kFirst[] = {
      0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
      0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287};
  if (k <= 9)
    return kFirst[(int)k];
  double square = (k + 1) * (k + 1);
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

/* Hormann, The generation of binomial random variates, JSCS 46 (1993): algorithm BTRS. */
static double draw_large_binomial(tgc_buffers_t *buffers, double count, double probability) {
  const double deviation = sqrt(count * probability * (1 - probability));
  const double b = 1.15 + 2.53 * deviation, a = -0.0873 + 0.0248 * b + 0.01 * probability;
  const double c = count * probability + 0.5, box = 0.92 - 4.2 / b, ratio = probability / (1 - probability);
  const double alpha = (2.83 + 5.1 / b) * deviation, mode = floor((count + 1) * probability);
  for (;;) {
    double u = tgc_draw_uniform(buffers), v = tgc_draw_uniform(buffers);
    u -= 0.5;
    double shifted = 0.5 - fabs(u), k = floor((2 * a / shifted + b) * u + c);
    if (shifted >= 0.07 && v <= box)
      return k;
    if (k < 0 || k > count)
      continue;
    v = log(v * alpha / (a / (shifted * shifted) + b));
    double bound = (mode + 0.5) * log((mode + 1) / (ratio * (count - mode + 1))) +
                   (count + 1) * log((count - mode + 1) / (count - k + 1)) +
                   (k + 0.5) * log(ratio * (count - k + 1) / (k + 1)) + stirling_tail(mode) +
                   stirling_tail(count - mode) - stirling_tail(k) - stirling_tail(count - k);
    if (v <= bound)
      return k;
  }
}

/* Of probabilities above one half the complement is drawn. */
static double draw_binomial(const sampling_t *sampling, int64_t i, double count, double probability,
                            int32_t dtype) {
  if (count <= 0 || probability <= 0)
    return 0;
  if (probability >= 1)
    return count;
  if (isnan(probability))
    return probability;
  int is_turned = probability > 0.5;
  double p = is_turned ? tgc_round_to(dtype, 1 - probability) : probability;
  int is_large = tgc_round_to(dtype, count * p) >= 10;
  tgc_buffers_t buffers =
      tgc_buffers_make(sampling->start, (uint64_t)i * (is_large ? kStepsPerSample : kStepsPerInversion));
  double drawn = is_large ? draw_large_binomial(&buffers, count, p) : draw_small_binomial(&buffers, count, p);
  return is_turned ? count - drawn : drawn;
}

static void fill_binomial(void *context, int64_t begin, int64_t end) {
  const sampling_t *sampling = context;
  const tgc_tensor_t *counts = &sampling->parameters[0], *probabilities = &sampling->parameters[1];
  for (int64_t i = begin; i < end; ++i) {
    int64_t parameter = i / sampling->num_samples, sample = i % sampling->num_samples;
    double value =
        draw_binomial(sampling, i, tgc_get_double(counts->dtype, counts->data, parameter),
                      tgc_get_double(probabilities->dtype, probabilities->data, parameter), counts->dtype);
    tgc_set_double(sampling->output->dtype, sampling->output->data,
                   sample * sampling->num_parameters + parameter, value);
  }
}

static void run(tgc_frame_t *frame, tgc_loop_body_fn body, const tgc_tensor_t *inputs, tgc_tensor_t *output) {
  const uint64_t *key = inputs[0].data, *counter = inputs[1].data;
  int64_t count = tgc_count(output);
  if (count == 0)
    return;
  sampling_t sampling = {tgc_philox_make(key[0], counter[0], counter[1]), &inputs[2], output,
                         tgc_count(&inputs[2]), 0};
  sampling.num_samples = count / sampling.num_parameters;
  tgc_rt_parallel_for(frame, body, &sampling, count, kSamplesPerPiece);
}

TGC_RANDOM_KERNEL(tgc_kernel_random_gamma) {
  TGC_KERNEL_UNUSED;
  run(frame, fill_gamma, inputs, &outputs[0]);
}

TGC_RANDOM_KERNEL(tgc_kernel_random_poisson) {
  TGC_KERNEL_UNUSED;
  run(frame, fill_poisson, inputs, &outputs[0]);
}

TGC_RANDOM_KERNEL(tgc_kernel_random_binomial) {
  TGC_KERNEL_UNUSED;
  run(frame, fill_binomial, inputs, &outputs[0]);
}

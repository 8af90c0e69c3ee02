/*===- block_lstm.c - The steps of a long short-term memory -------------------===*
 *
 * What depends on the step before: products of the inputs with their weights come ready, for all steps at
 * once, and those of the gradients with them are taken afterwards.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct options {
  float forget_bias, clip;
  int has_peepholes;
  int in, candidate, forget, out; /* where each gate stands among the four */
} options_t;

/* Config "FORGET_BIAS CLIP PEEPHOLES VERSION". */
static options_t read_options(const char *config) {
  char *rest;
  options_t options = {0, 0, 0, 0, 1, 2, 3};
  options.forget_bias = strtof(config, &rest);
  options.clip = strtof(rest, &rest);
  options.has_peepholes = (int)strtol(rest, &rest, 10);
  if (strtol(rest, NULL, 10) == 2) {
    options.candidate = 2;
    options.forget = 1;
  }
  return options;
}

/* to [rows, columns] += from [rows, inner] * weights [inner, columns]. */
static void add_product(const float *from, const float *weights, int64_t rows, int64_t inner, int64_t columns,
                        float *to) {
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t k = 0; k < inner; ++k) {
      float factor = from[row * inner + k];
      for (int64_t column = 0; column < columns; ++column)
        to[row * columns + column] += factor * weights[k * columns + column];
    }
}

static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

/* Inputs, float32 but for the first: steps (int64), gates [steps, batch, 4 * units] without what comes from
 * the state, state and output before the first step, weights [units, 4 * units] of the output, peepholes of
 * in, forget and out [units], bias. Outputs [steps, batch, units]: in, state, forget, out, candidate, tanh of
 * the state, output; zero from the number of steps on. */
TGC_KERNEL(tgc_kernel_block_lstm) {
  TGC_KERNEL_UNUSED;
  options_t options = read_options(config);
  int64_t most = outputs[0].dims[0], batch = outputs[0].dims[1], units = outputs[0].dims[2],
          steps = *(const int64_t *)inputs[0].data, size = batch * units;
  const float *bias = inputs[8].data, *state = inputs[2].data, *shown = inputs[3].data;
  const float *peep_in = inputs[5].data, *peep_forget = inputs[6].data, *peep_out = inputs[7].data;
  float *result[7], *gates = tgc_rt_scratch(frame, sizeof(float) * (uint64_t)(4 * size + 1));
  steps = steps < most ? steps : most;
  for (int k = 0; k < 7; ++k) {
    result[k] = outputs[k].data;
    memset(result[k], 0, sizeof(float) * (uint64_t)(most * size));
  }
  for (int64_t t = 0; t < steps; ++t) {
    memcpy(gates, (const float *)inputs[1].data + 4 * t * size, sizeof(float) * (uint64_t)(4 * size));
    add_product(shown, inputs[4].data, batch, units, 4 * units, gates);
    for (int64_t i = 0; i < size; ++i) {
      int64_t unit = i % units, at = t * size + i;
      const float *gate = gates + i / units * 4 * units;
#define GATE(part) (gate[options.part * units + unit] + bias[options.part * units + unit])
      float in = GATE(in), forget = GATE(forget) + options.forget_bias, out = GATE(out);
      if (options.has_peepholes) {
        in += state[i] * peep_in[unit];
        forget += state[i] * peep_forget[unit];
      }
      float candidate = tanhf(GATE(candidate));
#undef GATE
      in = sigmoid(in);
      forget = sigmoid(forget);
      float next = candidate * in + state[i] * forget;
      if (options.clip > 0)
        next = next < -options.clip ? -options.clip : next > options.clip ? options.clip : next;
      if (options.has_peepholes)
        out += next * peep_out[unit];
      out = sigmoid(out);
      const float values[7] = {in, next, forget, out, candidate, tanhf(next), tanhf(next) * out};
      for (int k = 0; k < 7; ++k)
        result[k][at] = values[k];
    }
    state = result[1] + t * size;
    shown = result[6] + t * size;
  }
}

/* Inputs, float32 but for the first: steps (int64), state before the first step, weights of the output
 * transposed [4 * units, units], peepholes, the forward results in, state, forget, out, candidate, tanh of
 * the state, and gradients of states and outputs. Outputs: gradients of the gates [steps, batch, 4 * units],
 * of state and output before the first step, of the peepholes. */
TGC_KERNEL(tgc_kernel_block_lstm_gradient) {
  TGC_KERNEL_UNUSED;
  options_t options = read_options(config);
  int64_t most = inputs[6].dims[0], batch = inputs[6].dims[1], units = inputs[6].dims[2],
          steps = *(const int64_t *)inputs[0].data, size = batch * units;
  const float *peep[3], *given[8];
  float *gates = outputs[0].data, *state_gradient = outputs[1].data, *shown_gradient = outputs[2].data,
        *peep_gradient[3];
  for (int k = 0; k < 3; ++k)
    peep[k] = inputs[3 + k].data;
  for (int k = 0; k < 8; ++k)
    given[k] = inputs[6 + k].data;
  for (uint32_t k = 0; k < num_outputs; ++k)
    memset(outputs[k].data, 0, sizeof(float) * (uint64_t)tgc_count(&outputs[k]));
  for (int k = 0; k < 3; ++k)
    peep_gradient[k] = outputs[3 + k].data;
  for (int64_t t = (steps < most ? steps : most) - 1; t >= 0; --t) {
    const float *before = t > 0 ? given[1] + (t - 1) * size : (const float *)inputs[1].data;
    for (int64_t i = 0; i < size; ++i) {
      int64_t unit = i % units, at = t * size + i;
      float in = given[0][at], forget = given[2][at], out = given[3][at], candidate = given[4][at],
            flat = given[5][at];
      float d_shown = shown_gradient[i] + given[7][at], d_out = out * (1 - out) * d_shown * flat;
      float d_state = (1 - flat * flat) * d_shown * out + state_gradient[i] + given[6][at];
      if (options.has_peepholes)
        d_state += d_out * peep[2][unit];
      float d_candidate = (1 - candidate * candidate) * d_state * in,
            d_forget = forget * (1 - forget) * d_state * before[i],
            d_in = in * (1 - in) * d_state * candidate;
      float *gate = gates + (t * batch + i / units) * 4 * units + unit;
      gate[options.in * units] = d_in;
      gate[options.candidate * units] = d_candidate;
      gate[options.forget * units] = d_forget;
      gate[options.out * units] = d_out;
      state_gradient[i] = d_state * forget;
      if (!options.has_peepholes)
        continue;
      state_gradient[i] += d_in * peep[0][unit] + d_forget * peep[1][unit];
      peep_gradient[0][unit] += d_in * before[i];
      peep_gradient[1][unit] += d_forget * before[i];
      peep_gradient[2][unit] += d_out * given[1][at];
    }
    memset(shown_gradient, 0, sizeof(float) * (uint64_t)size);
    add_product(gates + t * 4 * size, inputs[2].data, batch, 4 * units, units, shown_gradient);
  }
}

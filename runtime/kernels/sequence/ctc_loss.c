/*===- ctc_loss.c - Connectionist temporal classification ---------------------===*
 *
 * Graves et al., ICML 2006: the loss by the forward variables, its gradient by forward and backward ones, in
 * logarithms and in double.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

/* log(exp(a) + exp(b)). */
static double add_logs(double a, double b) {
  if (a == -INFINITY)
    return b;
  return b == -INFINITY ? a : fmax(a, b) + log1p(exp(-fabs(a - b)));
}

typedef struct problem {
  int64_t times, classes, blank, states;
  const int64_t *labels; /* of each state: blanks around the labels */
  const double *logs;    /* log probabilities [times, classes] */
  int merges;
} problem_t;

/* Whether a path may go from state s - 2 to s: not over the blank between equal labels that would merge. */
static int may_skip(const problem_t *p, int64_t s) {
  return s >= 2 && p->labels[s] != p->blank && (!p->merges || p->labels[s] != p->labels[s - 2]);
}

static void run_forward(const problem_t *p, double *alpha) {
  for (int64_t t = 0; t < p->times; ++t)
    for (int64_t s = 0; s < p->states; ++s) {
      double sum = t == 0 && s < 2 ? 0 : -INFINITY;
      if (t > 0) {
        const double *before = alpha + (t - 1) * p->states;
        /* Without merging a label does not stay: each step of it is one more label. */
        if (p->merges || p->labels[s] == p->blank)
          sum = before[s];
        if (s >= 1)
          sum = add_logs(sum, before[s - 1]);
        if (may_skip(p, s))
          sum = add_logs(sum, before[s - 2]);
      }
      alpha[t * p->states + s] = sum + p->logs[t * p->classes + p->labels[s]];
    }
}

static void run_backward(const problem_t *p, double *beta) {
  for (int64_t t = p->times - 1; t >= 0; --t)
    for (int64_t s = p->states - 1; s >= 0; --s) {
      double sum = t == p->times - 1 && s >= p->states - 2 ? 0 : -INFINITY;
      if (t < p->times - 1) {
        const double *after = beta + (t + 1) * p->states, *logs = p->logs + (t + 1) * p->classes;
        if (p->merges || p->labels[s] == p->blank)
          sum = after[s] + logs[p->labels[s]];
        if (s + 1 < p->states)
          sum = add_logs(sum, after[s + 1] + logs[p->labels[s + 1]]);
        if (s + 2 < p->states && may_skip(p, s + 2))
          sum = add_logs(sum, after[s + 2] + logs[p->labels[s + 2]]);
      }
      beta[t * p->states + s] = sum;
    }
}

/* Config "COLLAPSE MERGE IGNORE BLANK". Inputs: logits [time, batch, classes], indices (int64 [n, 2]) and
 * values (int32) of the labels, lengths (int32 [batch]). Outputs: losses [batch], gradients of the logits. */
TGC_KERNEL(tgc_kernel_ctc_loss) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int collapses = (int)strtol(config, &rest, 10), merges = (int)strtol(rest, &rest, 10),
      ignores = (int)strtol(rest, &rest, 10);
  int blank_is_first = (int)strtol(rest, NULL, 10);
  int64_t times = inputs[0].dims[0], batch = inputs[0].dims[1], classes = inputs[0].dims[2],
          num_labels = inputs[1].dims[0];
  int32_t dtype = inputs[0].dtype;
  const int64_t *indices = inputs[1].data;
  const int32_t *values = inputs[2].data;
  problem_t p = {.classes = classes, .blank = blank_is_first ? 0 : classes - 1, .merges = merges};
  int64_t most = 2 * num_labels + 1, *labels = tgc_rt_scratch(frame, (uint64_t)most * sizeof *labels);
  double *logs = tgc_rt_scratch(frame, (uint64_t)(times * classes) * sizeof *logs);
  double *alpha = tgc_rt_scratch(frame, (uint64_t)(times * most) * sizeof *alpha),
         *beta = tgc_rt_scratch(frame, (uint64_t)(times * most) * sizeof *beta);
  p.labels = labels;
  p.logs = logs;
  memset(outputs[1].data, 0, outputs[1].byte_size);
  for (int64_t b = 0, next = 0; b < batch; ++b) {
    int64_t previous = -1, needed = 0;
    p.times = ((const int32_t *)inputs[3].data)[b];
    p.states = 0;
    if (p.times < 0 || p.times > times) {
      int64_t numbers[2] = {b, times};
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "sequence_length(%d) must be in [0, %d]", numbers, 2);
    }
    labels[p.states++] = p.blank;
    for (; next < num_labels && indices[2 * next] == b; ++next) {
      int64_t numbers[3] = {b, values[next], classes};
      if (values[next] < 0 || values[next] >= classes || values[next] == p.blank)
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                    "Saw a label out of range in batch %d: %d of %d classes", numbers, 3);
      if (collapses && values[next] == previous)
        continue;
      needed += 1 + (merges && values[next] == previous);
      previous = values[next];
      labels[p.states++] = previous;
      labels[p.states++] = p.blank;
    }
    if (p.states == 1)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Labels length is zero in batch %d", &b, 1);
    tgc_set_double(dtype, outputs[0].data, b, 0);
    if (p.times == 0)
      continue;
    if (needed > p.times && !ignores)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                  "Not enough time for target transition sequence (batch %d)", &b, 1);
    for (int64_t t = 0; t < p.times; ++t) {
      double largest = -INFINITY, sum = 0;
      for (int64_t k = 0; k < classes; ++k)
        largest = fmax(largest, tgc_get_double(dtype, inputs[0].data, (t * batch + b) * classes + k));
      for (int64_t k = 0; k < classes; ++k)
        sum += exp(tgc_get_double(dtype, inputs[0].data, (t * batch + b) * classes + k) - largest);
      for (int64_t k = 0; k < classes; ++k)
        logs[t * classes + k] =
            tgc_get_double(dtype, inputs[0].data, (t * batch + b) * classes + k) - largest - log(sum);
    }
    run_forward(&p, alpha);
    run_backward(&p, beta);
    const double *last = alpha + (p.times - 1) * p.states;
    double total = p.states > 1 ? add_logs(last[p.states - 1], last[p.states - 2]) : last[0];
    /* Without a path, what is left of the gradient are the probabilities. */
    if (needed <= p.times)
      tgc_set_double(dtype, outputs[0].data, b, -total);
    for (int64_t t = 0; t < p.times; ++t)
      for (int64_t k = 0; k < classes; ++k) {
        double share = -INFINITY;
        for (int64_t s = 0; s < p.states; ++s)
          if (labels[s] == k)
            share = add_logs(share, alpha[t * p.states + s] + beta[t * p.states + s]);
        double path = needed <= p.times && total != -INFINITY ? exp(share - total) : 0;
        double gradient = exp(logs[t * classes + k]) - path;
        tgc_set_double(dtype, outputs[1].data, (t * batch + b) * classes + k, gradient);
      }
  }
}

/*===- candidates.c - Sampled classes for losses over many of them ------------===*
 *
 * Jean et al., On Using Very Large Target Vocabulary for Neural Machine Translation (2015). The unigram
 * sampler learns the frequencies of the true classes that it sees; the session keeps them.
 *
 *===------------------------------------------------------------------------===*/

#include "random.h"
#include "words.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

typedef enum kind { kAll, kUniform, kLogUniform, kUnigram, kFixed } kind_t;

/* Weights of classes as the leaves of a binary tree of sums: node 1 is the root, children of i are 2i and 2i
 * + 1. */
typedef struct unigram {
  int64_t leaves;
  int32_t sums[];
} unigram_t;

typedef struct sampler {
  kind_t kind;
  int64_t range;
  unigram_t *unigram;
  const float *keep, *probability; /* fixed: of Walker's alias method, and of each class */
  const int32_t *alias;
} sampler_t;

static unigram_t *find_unigram(tgc_frame_t *frame, const char *node, int64_t range) {
  void **object = tgc_rt_object(frame, node, free);
  if (*object)
    return *object;
  int64_t leaves = 1;
  while (leaves < range)
    leaves *= 2;
  unigram_t *unigram = calloc(1, sizeof *unigram + (size_t)leaves * 2 * sizeof *unigram->sums);
  if (!unigram)
    tgc_rt_fail(frame, TGC_RESOURCE_EXHAUSTED, node, "cannot allocate the frequencies of %d classes", &range,
                1);
  unigram->leaves = leaves;
  for (int64_t i = 0; i < range; ++i)
    unigram->sums[leaves + i] = 1;
  for (int64_t i = leaves - 1; i > 0; --i)
    unigram->sums[i] = unigram->sums[2 * i] + unigram->sums[2 * i + 1];
  return *object = unigram;
}

static int64_t draw_unigram(const unigram_t *unigram, tgc_words_t *words) {
  int32_t position = (int32_t)tgc_next_below_u32(words, (uint32_t)unigram->sums[1]);
  int64_t at = 1;
  while (at < unigram->leaves) {
    at *= 2;
    if (position >= unigram->sums[at]) {
      position -= unigram->sums[at];
      ++at;
    }
  }
  return at - unigram->leaves;
}

static void learn(unigram_t *unigram, const int64_t *classes, int64_t count) {
  for (int64_t i = 0; i < count && unigram->sums[1] < INT32_MAX; ++i)
    for (int64_t at = unigram->leaves + classes[i]; at > 0; at /= 2)
      ++unigram->sums[at];
}

static int64_t draw(const sampler_t *sampler, tgc_words_t *words) {
  switch (sampler->kind) {
  case kUniform:
    return (int64_t)tgc_next_below_u64(words, (uint64_t)sampler->range);
  case kLogUniform:
    return ((int64_t)exp(tgc_next_f64(words) * log1p((double)sampler->range)) - 1) % sampler->range;
  case kUnigram:
    return draw_unigram(sampler->unigram, words);
  default: {
    float number = tgc_uniform_f32(tgc_next_u32(words));
    int64_t i = tgc_next_below_u32(words, (uint32_t)sampler->range);
    return number < sampler->keep[i] ? i : sampler->alias[i];
  }
  }
}

static float probability(const sampler_t *sampler, int64_t class) {
  switch (sampler->kind) {
  case kUniform:
    return (float)(1.0 / (double)sampler->range);
  case kLogUniform:
    return (float)(log(((double)class + 2.0) / ((double)class + 1.0)) / log1p((double)sampler->range));
  case kUnigram:
    return (float)sampler->unigram->sums[sampler->unigram->leaves + class] / (float)sampler->unigram->sums[1];
  default:
    return sampler->probability[class];
  }
}

/* How often a class is in the batch: that many tries hit it at least once. */
static float expected_count(const sampler_t *sampler, int64_t class, int64_t batch, int64_t tries) {
  if (sampler->kind == kAll)
    return 1;
  float p = probability(sampler, class);
  return tries == batch ? p * (float)batch : -expm1f((float)tries * log1pf(-p));
}

/* Enters a class into a set with open addressing; 0 if it is there. */
static int enter(int64_t *slots, uint64_t mask, int64_t class) {
  uint64_t slot = (uint64_t)class * 0x9e3779b97f4a7c15u >> 32 & mask;
  while (slots[slot] >= 0 && slots[slot] != class)
    slot = (slot + 1) & mask;
  if (slots[slot] == class)
    return 0;
  slots[slot] = class;
  return 1;
}

static uint64_t num_slots(int64_t count) {
  uint64_t slots = 4;
  while (slots < 2 * (uint64_t)count)
    slots *= 2;
  return slots;
}

/* Fills the batch; how many tries that took. */
static int64_t draw_batch(tgc_frame_t *frame, const sampler_t *sampler, tgc_words_t *words, int is_unique,
                          int64_t *batch, int64_t count) {
  int64_t *slots = NULL, tries = 0;
  uint64_t mask = num_slots(count) - 1;
  if (is_unique) {
    slots = tgc_rt_scratch(frame, (mask + 1) * sizeof *slots);
    memset(slots, 0xff, (mask + 1) * sizeof *slots);
  }
  for (int64_t picked = 0; picked < count; ++tries) {
    int64_t class = sampler->kind == kAll ? picked : draw(sampler, words);
    if (!slots || enter(slots, mask, class))
      batch[picked++] = class;
  }
  return tries;
}

/* Config "KIND UNIQUE RANGE", numbers; input 2: true classes [batch, true], int64; inputs 3 to 5 of the fixed
 * kind: what the alias method keeps and where it goes instead, probabilities. Outputs: candidates, expected
 * counts of the true classes and of the candidates. */
TGC_RANDOM_KERNEL(tgc_kernel_random_candidates) {
  TGC_KERNEL_UNUSED;
  char *rest;
  sampler_t sampler = {.kind = (kind_t)strtol(config, &rest, 10)};
  int is_unique = (int)strtol(rest, &rest, 10);
  sampler.range = strtoll(rest, NULL, 10);
  const int64_t *true_classes = inputs[2].data;
  int64_t num_true = tgc_count(&inputs[2]), num_sampled = outputs[0].dims[0];
  for (int64_t i = 0; i < num_true; ++i)
    if (true_classes[i] < 0 || true_classes[i] >= sampler.range) {
      int64_t values[2] = {sampler.range, true_classes[i]};
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "`true_candidate` out of range [0, %d), received %d",
                  values, 2);
    }
  if (sampler.kind == kUnigram)
    sampler.unigram = find_unigram(frame, node, sampler.range);
  if (sampler.kind == kFixed) {
    sampler.keep = inputs[3].data;
    sampler.alias = inputs[4].data;
    sampler.probability = inputs[5].data;
  }
  const uint64_t *key = inputs[0].data, *counter = inputs[1].data;
  tgc_words_t words = tgc_words_make(tgc_philox_make(key[0], counter[0], counter[1]));
  int64_t *candidates = outputs[0].data;
  int64_t tries = draw_batch(frame, &sampler, &words, is_unique, candidates, num_sampled);
  for (int64_t i = 0; i < num_sampled; ++i)
    ((float *)outputs[2].data)[i] = expected_count(&sampler, candidates[i], num_sampled, tries);
  for (int64_t i = 0; i < num_true; ++i)
    ((float *)outputs[1].data)[i] = expected_count(&sampler, true_classes[i], num_sampled, tries);
  if (sampler.unigram)
    learn(sampler.unigram, true_classes, num_true);
}

TGC_RANDOM_KERNEL(tgc_kernel_accidental_hits) {
  TGC_KERNEL_UNUSED;
  const int64_t *true_classes = inputs[0].data, *candidates = inputs[1].data;
  int64_t num_true = inputs[0].dims[1], count = tgc_count(&inputs[0]), num_sampled = inputs[1].dims[0],
          hits = 0;
  /* Pairs of a candidate and where it stands last. */
  uint64_t mask = num_slots(num_sampled) - 1;
  int64_t *places = tgc_rt_scratch(frame, (mask + 1) * sizeof *places);
  memset(places, 0xff, (mask + 1) * sizeof *places);
#define SLOT_OF(class)                                                                                       \
  uint64_t slot = (uint64_t)(class) * 0x9e3779b97f4a7c15u >> 32 & mask;                                      \
  while (places[slot] >= 0 && candidates[places[slot]] != (class))                                           \
    slot = (slot + 1) & mask;
  for (int64_t i = 0; i < num_sampled; ++i) {
    SLOT_OF(candidates[i])
    places[slot] = i;
  }
  for (int64_t i = 0; i < count; ++i) {
    SLOT_OF(true_classes[i])
    hits += places[slot] >= 0;
  }
  int32_t *rows = tgc_find_output(frame, &outputs[0], 1, &hits);
  int64_t *ids = tgc_find_output(frame, &outputs[1], 1, &hits);
  float *weights = tgc_find_output(frame, &outputs[2], 1, &hits);
  for (int64_t i = 0, hit = 0; i < count; ++i) {
    SLOT_OF(true_classes[i])
    if (places[slot] < 0)
      continue;
    rows[hit] = (int32_t)(i / num_true);
    ids[hit] = places[slot];
    weights[hit++] = -FLT_MAX;
  }
#undef SLOT_OF
}

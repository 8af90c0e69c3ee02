/*===- beam_search.c - The likeliest label sequences --------------------------===*
 *
 * Graves et al., Connectionist Temporal Classification, ICML 2006, as a prefix beam search: each entry is a
 * sequence of labels, with the probabilities that it ends in a blank and that it ends in its last label.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

typedef struct odds {
  double total, blank, label; /* logarithms */
} odds_t;

typedef struct entry {
  int32_t parent, label;  /* of the root -1 */
  int32_t child, sibling; /* the first child, the parent's next one; -1: none */
  odds_t before, now;
} entry_t;

typedef struct search {
  tgc_frame_t *frame;
  const char *node;
  int32_t dtype, width, num_classes;
  entry_t *entries;
  int32_t size, room;
  int32_t *beam, *branches; /* entries from the best down */
  int32_t beam_size;
} search_t;

static const odds_t kNever = {-INFINITY, -INFINITY, -INFINITY};

/* Sums are rounded as the type of the inputs is. */
static double rounded(const search_t *s, double x) { return s->dtype == TGC_FLOAT32 ? (double)(float)x : x; }

static double add_logs(const search_t *s, double a, double b) {
  if (a == -INFINITY || b == -INFINITY)
    return a == -INFINITY ? b : a;
  double larger = a > b ? a : b, smaller = a > b ? b : a;
  return rounded(s, larger + rounded(s, log1p(exp(smaller - larger))));
}

static int32_t add_entry(search_t *s, int32_t parent, int32_t label) {
  if (s->size == s->room) {
    int32_t room = s->room ? 2 * s->room : 1024;
    entry_t *entries = realloc(s->entries, (size_t)room * sizeof *entries);
    if (!entries) {
      free(s->entries);
      tgc_rt_fail(s->frame, TGC_RESOURCE_EXHAUSTED, s->node, "no memory for a beam search", NULL, 0);
      return -1;
    }
    s->entries = entries;
    s->room = room;
  }
  entry_t entry = {parent, label, -1, -1, kNever, kNever};
  if (parent >= 0) {
    entry.sibling = s->entries[parent].child;
    s->entries[parent].child = s->size;
  }
  s->entries[s->size] = entry;
  return s->size++;
}

static int32_t find_child(search_t *s, int32_t parent, int32_t label) {
  for (int32_t child = s->entries[parent].child; child >= 0; child = s->entries[child].sibling)
    if (s->entries[child].label == label)
      return child;
  return add_entry(s, parent, label);
}

/* Puts an entry into the beam; the last one leaves a full beam. */
static void push(search_t *s, int32_t entry) {
  if (s->beam_size == s->width) {
    if (s->entries[entry].now.total <= s->entries[s->beam[s->width - 1]].now.total)
      return;
    --s->beam_size;
  }
  int32_t at = s->beam_size++;
  for (; at > 0 && s->entries[s->beam[at - 1]].now.total < s->entries[entry].now.total; --at)
    s->beam[at] = s->beam[at - 1];
  s->beam[at] = entry;
}

static int is_candidate(const search_t *s, odds_t odds) {
  return odds.total > -INFINITY &&
         (s->beam_size < s->width || odds.total > s->entries[s->beam[s->width - 1]].now.total);
}

static void step(search_t *s, const tgc_tensor_t *x, int64_t first) {
  int32_t blank = s->num_classes - 1, num_branches = s->beam_size;
#define LOGIT(label) tgc_get_double(x->dtype, x->data, first + (label))
  double most = -INFINITY, sum = 0;
  for (int32_t label = 0; label < s->num_classes; ++label)
    most = LOGIT(label) > most ? LOGIT(label) : most;
  for (int32_t label = 0; label < s->num_classes; ++label)
    sum = rounded(s, sum + rounded(s, exp(rounded(s, LOGIT(label) - most))));
  double norm = rounded(s, most + rounded(s, log(sum)));
  for (int32_t i = 0; i < num_branches; ++i) {
    s->branches[i] = s->beam[i];
    s->entries[s->beam[i]].before = s->entries[s->beam[i]].now;
  }
  s->beam_size = 0;
  for (int32_t i = 0; i < num_branches; ++i) {
    entry_t *entry = &s->entries[s->branches[i]];
    if (entry->parent >= 0) {
      const entry_t *parent = &s->entries[entry->parent];
      if (parent->now.total != -INFINITY)
        entry->now.label = add_logs(
            s, entry->now.label, entry->label == parent->label ? parent->before.blank : parent->before.total);
      entry->now.label = rounded(s, entry->now.label + rounded(s, LOGIT(entry->label) - norm));
    }
    entry->now.blank = rounded(s, entry->before.total + rounded(s, LOGIT(blank) - norm));
    entry->now.total = add_logs(s, entry->now.blank, entry->now.label);
    push(s, s->branches[i]);
  }
  for (int32_t i = 0; i < num_branches; ++i) {
    int32_t parent = s->branches[i];
    if (!is_candidate(s, s->entries[parent].before))
      continue;
    for (int32_t label = 0; label < blank; ++label) {
      int32_t child = find_child(s, parent, label);
      if (child < 0)
        return;
      entry_t *entry = &s->entries[child];
      if (entry->now.total != -INFINITY)
        continue;
      odds_t before = s->entries[parent].before;
      entry->now.blank = -INFINITY;
      entry->now.label = rounded(s, rounded(s, LOGIT(label) - norm) +
                                        (label == s->entries[parent].label ? before.blank : before.total));
      entry->now.total = entry->now.label;
      if (!is_candidate(s, entry->now)) {
        entry->before = entry->now = kNever;
        continue;
      }
      if (s->beam_size == s->width)
        s->entries[s->beam[s->width - 1]].now = kNever;
      push(s, child);
    }
  }
#undef LOGIT
}

/* The labels of an entry from the last to the first; how many. */
static int64_t read_labels(const search_t *s, int32_t entry, int is_merged, int64_t *labels) {
  int64_t count = 0;
  for (int32_t last = -1; s->entries[entry].parent >= 0; entry = s->entries[entry].parent) {
    if (!is_merged || s->entries[entry].label != last)
      labels[count++] = s->entries[entry].label;
    last = s->entries[entry].label;
  }
  return count;
}

/* What was decoded of one path: all batches one behind the other. */
typedef struct path {
  int64_t *labels, *lengths, total, longest;
} path_t;

static void write_path(tgc_frame_t *frame, const path_t *path, int64_t batch, int64_t steps,
                       tgc_tensor_t *indices, tgc_tensor_t *values, tgc_tensor_t *shape) {
  int64_t dims[2] = {path->total, 2};
  int64_t *at = tgc_find_output(frame, indices, 2, dims), *to = tgc_find_output(frame, values, 1, dims);
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < path->lengths[b]; ++i) {
      *at++ = b;
      *at++ = i;
      *to++ = path->labels[b * steps + path->lengths[b] - 1 - i];
    }
  int64_t *extents = shape->data;
  extents[0] = batch;
  extents[1] = path->longest;
}

/* Config "WIDTH PATHS MERGED". Inputs: logits [steps, batch, classes], lengths. Outputs: indices of all
 * paths, values, shapes, then logarithms of their probabilities [batch, paths]. */
TGC_KERNEL(tgc_kernel_ctc_beam_search) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int32_t width = (int32_t)strtol(config, &rest, 10), num_paths = (int32_t)strtol(rest, &rest, 10);
  int is_merged = (int)strtol(rest, NULL, 10);
  const tgc_tensor_t *x = &inputs[0];
  int64_t steps = x->dims[0], batch = x->dims[1], classes = x->dims[2];
  const int32_t *lengths = inputs[1].data;
  search_t s = {frame, node, x->dtype, width, (int32_t)classes, NULL, 0, 0, NULL, NULL, 0};
  s.beam = tgc_rt_scratch(frame, sizeof(int32_t) * (uint64_t)(width + 1));
  s.branches = tgc_rt_scratch(frame, sizeof(int32_t) * (uint64_t)(width + 1));
  path_t *paths = tgc_rt_scratch(frame, sizeof(path_t) * (uint64_t)num_paths);
  for (int32_t p = 0; p < num_paths; ++p) {
    paths[p] = (path_t){tgc_rt_scratch(frame, sizeof(int64_t) * (uint64_t)(steps * batch + 1)),
                        tgc_rt_scratch(frame, sizeof(int64_t) * (uint64_t)(batch + 1)), 0, 0};
  }
  for (int64_t b = 0; b < batch; ++b)
    if (lengths[b] < 0 || lengths[b] > steps)
      tgc_rt_fail(frame, TGC_FAILED_PRECONDITION, node, "sequence_length(%d) is not in [0, max_time]", &b, 1);
  double *odds = tgc_rt_scratch(frame, sizeof(double) * (uint64_t)(batch * num_paths + 1));
  for (int64_t b = 0; b < batch; ++b) {
    s.size = 0;
    s.beam_size = 0;
    int32_t root = add_entry(&s, -1, -1);
    if (root < 0)
      return;
    s.entries[root].now = (odds_t){0, 0, -INFINITY};
    push(&s, root);
    for (int64_t t = 0; t < lengths[b]; ++t)
      step(&s, x, (t * batch + b) * classes);
    if (s.beam_size < num_paths) {
      free(s.entries);
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Less leaves in the beam search than requested.", NULL,
                  0);
      return;
    }
    for (int32_t p = 0; p < num_paths; ++p) {
      path_t *path = &paths[p];
      path->lengths[b] = read_labels(&s, s.beam[p], is_merged, path->labels + b * steps);
      path->total += path->lengths[b];
      path->longest = path->lengths[b] > path->longest ? path->lengths[b] : path->longest;
      odds[b * num_paths + p] = s.entries[s.beam[p]].now.total;
    }
  }
  free(s.entries);
  for (int32_t p = 0; p < num_paths; ++p)
    write_path(frame, &paths[p], batch, steps, &outputs[p], &outputs[num_paths + p],
               &outputs[2 * num_paths + p]);
  int64_t dims[2] = {batch, num_paths};
  tgc_tensor_t *result = &outputs[3 * num_paths];
  tgc_find_output(frame, result, 2, dims);
  for (int64_t i = 0; i < batch * num_paths; ++i)
    tgc_set_double(result->dtype, result->data, i, odds[i]);
}

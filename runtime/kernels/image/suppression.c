/*===- suppression.c - Non-maximum suppression --------------------------------===*
 *
 * Boxes are taken from the best score down, those that overlap with one already taken too much are left out;
 * with a positive sigma their scores are lowered instead (Bodla et al., Soft-NMS, ICCV 2017).
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

typedef struct candidate {
  float score;
  int32_t box, checked; /* how many of the boxes taken it was compared with */
} candidate_t;

typedef struct suppression {
  const tgc_tensor_t *boxes, *overlaps; /* one of them */
  int64_t first_box, stride;            /* box i begins at element first_box + i * stride */
  float overlap_threshold, score_threshold, sigma;
  candidate_t *heap;
  int64_t heap_size;
  int32_t *taken;
  float *scores;
  int64_t num_taken;
} suppression_t;

/* Whether a comes after b: a lower score, or the same of a later box. */
static int is_worse(const candidate_t *a, const candidate_t *b) {
  return a->score < b->score || (a->score == b->score && a->box > b->box);
}

static void push(suppression_t *s, candidate_t candidate) {
  int64_t at = s->heap_size++;
  for (; at > 0 && is_worse(&s->heap[(at - 1) / 2], &candidate); at = (at - 1) / 2)
    s->heap[at] = s->heap[(at - 1) / 2];
  s->heap[at] = candidate;
}

static candidate_t pop(suppression_t *s) {
  candidate_t best = s->heap[0], last = s->heap[--s->heap_size];
  int64_t at = 0, child;
  while ((child = 2 * at + 1) < s->heap_size) {
    child += child + 1 < s->heap_size && is_worse(&s->heap[child], &s->heap[child + 1]);
    if (!is_worse(&last, &s->heap[child]))
      break;
    s->heap[at] = s->heap[child];
    at = child;
  }
  s->heap[at] = last;
  return best;
}

static float smaller(float a, float b) { return b < a ? b : a; }
static float larger(float a, float b) { return a < b ? b : a; }

/* Intersection over union; corners in any order. */
static float overlap(const suppression_t *s, int64_t i, int64_t j) {
  float a[4], b[4];
  if (s->overlaps)
    return (float)tgc_get_double(s->overlaps->dtype, s->overlaps->data, i * s->overlaps->dims[1] + j);
  for (int k = 0; k < 4; ++k) {
    a[k] = (float)tgc_get_double(s->boxes->dtype, s->boxes->data, s->first_box + i * s->stride + k);
    b[k] = (float)tgc_get_double(s->boxes->dtype, s->boxes->data, s->first_box + j * s->stride + k);
  }
  float top_a = smaller(a[0], a[2]), left_a = smaller(a[1], a[3]), bottom_a = larger(a[0], a[2]),
        right_a = larger(a[1], a[3]);
  float top_b = smaller(b[0], b[2]), left_b = smaller(b[1], b[3]), bottom_b = larger(b[0], b[2]),
        right_b = larger(b[1], b[3]);
  float area_a = (bottom_a - top_a) * (right_a - left_a), area_b = (bottom_b - top_b) * (right_b - left_b);
  if (area_a <= 0 || area_b <= 0)
    return 0;
  float height = larger(smaller(bottom_a, bottom_b) - larger(top_a, top_b), 0);
  float width = larger(smaller(right_a, right_b) - larger(left_a, left_b), 0);
  float common = height * width;
  return common / (area_a + area_b - common);
}

static void run(suppression_t *s, int64_t most) {
  float scale = s->sigma > 0 ? -0.5f / s->sigma : 0;
  while (s->num_taken < most && s->heap_size > 0) {
    candidate_t next = pop(s);
    float score = next.score;
    int is_out = 0;
    for (int64_t j = s->num_taken - 1; j >= next.checked && !is_out; --j) {
      float common = overlap(s, next.box, s->taken[j]);
      if (s->sigma <= 0) {
        is_out = common > s->overlap_threshold;
        continue;
      }
      next.score *= expf(scale * common * common);
      if (next.score <= s->score_threshold)
        break;
    }
    next.checked = (int32_t)s->num_taken;
    if (is_out)
      continue;
    if (next.score == score) {
      s->scores[s->num_taken] = next.score;
      s->taken[s->num_taken++] = next.box;
    } else if (next.score > s->score_threshold) {
      push(s, next);
    }
  }
}

static void prepare(tgc_frame_t *frame, suppression_t *s, int64_t count) {
  s->heap = tgc_rt_scratch(frame, (uint64_t)count * sizeof *s->heap);
  s->taken = tgc_rt_scratch(frame, (uint64_t)count * sizeof *s->taken);
  s->scores = tgc_rt_scratch(frame, (uint64_t)count * sizeof *s->scores);
}

/* Config "OVERLAPS PAD"; inputs: boxes [n, 4], or with OVERLAPS how much they overlap [n, n], scores [n], how
 * many at most (int64), thresholds of overlap and score, sigma. Outputs: boxes taken, their scores, how many
 * they are; with PAD as many as may be at most. */
TGC_KERNEL(tgc_kernel_non_max_suppression) {
  TGC_KERNEL_UNUSED;
  int is_padded = config[2] == '1';
  int64_t count = inputs[1].dims[0], most = *(const int64_t *)inputs[2].data;
  suppression_t s = {.stride = 4};
  *(config[0] == '1' ? &s.overlaps : &s.boxes) = &inputs[0];
  s.overlap_threshold = (float)tgc_get_double(inputs[3].dtype, inputs[3].data, 0);
  s.score_threshold = (float)tgc_get_double(inputs[4].dtype, inputs[4].data, 0);
  s.sigma = (float)tgc_get_double(inputs[5].dtype, inputs[5].data, 0);
  prepare(frame, &s, count);
  for (int64_t i = 0; i < count; ++i) {
    float score = (float)tgc_get_double(inputs[1].dtype, inputs[1].data, i);
    if (score > s.score_threshold)
      push(&s, (candidate_t){score, (int32_t)i, 0});
  }
  run(&s, most);
  int64_t size = is_padded ? most : s.num_taken;
  int32_t *taken = tgc_find_output(frame, &outputs[0], 1, &size);
  void *scores = tgc_find_output(frame, &outputs[1], 1, &size);
  for (int64_t i = 0; i < size; ++i) {
    taken[i] = i < s.num_taken ? s.taken[i] : 0;
    tgc_set_double(outputs[1].dtype, scores, i, i < s.num_taken ? s.scores[i] : 0);
  }
  *(int32_t *)outputs[2].data = (int32_t)s.num_taken;
}

typedef struct detection {
  float score;
  int32_t box, class;
} detection_t;

static int compare_detections(const void *a, const void *b) {
  const detection_t *x = a, *y = b;
  if (x->score != y->score)
    return x->score < y->score ? 1 : -1;
  return x->class != y->class ? x->class - y->class : x->box - y->box;
}

/* Config "CLIP"; inputs: boxes [batch, n, 1 or classes, 4], scores [batch, n, classes], how many of each
 * class at most (int64), thresholds. Outputs: boxes [batch, most, 4], scores, classes, how many there are. */
TGC_KERNEL(tgc_kernel_combined_non_max_suppression) {
  TGC_KERNEL_UNUSED;
  int64_t batch = inputs[1].dims[0], count = inputs[1].dims[1], classes = inputs[1].dims[2],
          shared = inputs[0].dims[2];
  int64_t per_class = *(const int64_t *)inputs[2].data, most = outputs[0].dims[1];
  const float *boxes = inputs[0].data, *scores = inputs[1].data;
  suppression_t s = {.boxes = &inputs[0], .stride = 4 * shared};
  s.overlap_threshold = *(const float *)inputs[3].data;
  s.score_threshold = *(const float *)inputs[4].data;
  prepare(frame, &s, count);
  detection_t *detections = tgc_rt_scratch(frame, (uint64_t)(count * classes) * sizeof *detections);
  for (int64_t b = 0; b < batch; ++b) {
    int64_t found = 0;
    for (int64_t class = 0; class < classes; ++class) {
      s.first_box = b * count * 4 * shared + (shared > 1 ? 4 * class : 0);
      s.heap_size = s.num_taken = 0;
      for (int64_t i = 0; i < count; ++i) {
        float score = scores[(b * count + i) * classes + class];
        if (score > s.score_threshold)
          push(&s, (candidate_t){score, (int32_t)i, 0});
      }
      run(&s, per_class < count ? per_class : count);
      for (int64_t i = 0; i < s.num_taken; ++i)
        detections[found++] = (detection_t){s.scores[i], s.taken[i], (int32_t)class};
    }
    qsort(detections, (size_t)found, sizeof *detections, compare_detections);
    found = found < most ? found : most;
    float *out_boxes = (float *)outputs[0].data + b * most * 4,
          *out_scores = (float *)outputs[1].data + b * most;
    float *out_classes = (float *)outputs[2].data + b * most;
    memset(out_boxes, 0, (size_t)most * 4 * sizeof *out_boxes);
    memset(out_scores, 0, (size_t)most * sizeof *out_scores);
    memset(out_classes, 0, (size_t)most * sizeof *out_classes);
    for (int64_t i = 0; i < found; ++i) {
      const detection_t *d = &detections[i];
      for (int k = 0; k < 4; ++k) {
        float corner = boxes[((b * count + d->box) * shared + (shared > 1 ? d->class : 0)) * 4 + k];
        out_boxes[4 * i + k] = config[0] == '1' ? larger(smaller(corner, 1), 0) : corner;
      }
      out_scores[i] = d->score;
      out_classes[i] = (float)d->class;
    }
    ((int32_t *)outputs[3].data)[b] = (int32_t)found;
  }
}

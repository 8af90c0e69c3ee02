/*===- queue.c - Queues of tensors --------------------------------------------===*
 *
 * A session runs one entry at a time, so nobody could ever end a wait: what TensorFlow would wait for is an
 * error here. Every kernel has the config "KIND CAPACITY MIN SEED SEED2 NAME": KIND is F(IFO), P(adding),
 * S(huffle) or O(rdered by its first component, a priority); MIN is how many elements a shuffle queue keeps
 * while it is open. CAPACITY -1: no end.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/random/words.h"
#include "stored.h"

#include <stddef.h>

/* One tensor of one element. */
typedef struct part {
  int32_t dtype, rank;
  int64_t dims[TGC_MAX_RANK];
  int64_t count;
  void *data;
} part_t;

typedef struct queue {
  char kind;
  uint8_t is_closed;
  int64_t capacity, least;
  tgc_words_t words;
  uint32_t num_parts; /* of an element; 0 until the first */
  int64_t size, room;
  part_t *parts; /* element i has parts [i * num_parts, (i + 1) * num_parts) */
} queue_t;

static void release_queue(void *object) {
  queue_t *queue = object;
  for (int64_t i = 0; i < queue->size * queue->num_parts; ++i)
    free(queue->parts[i].data);
  free(queue->parts);
  free(queue);
}

static void fail_memory(tgc_frame_t *frame, const char *node) {
  tgc_rt_fail(frame, TGC_RESOURCE_EXHAUSTED, node, "cannot allocate the elements of a queue", NULL, 0);
}

static queue_t *find_queue(tgc_frame_t *frame, const char *node, const char *config) {
  char *rest;
  int64_t numbers[4];
  numbers[0] = strtoll(config + 1, &rest, 10);
  for (int i = 1; i < 4; ++i)
    numbers[i] = strtoll(rest, &rest, 10);
  void **object = tgc_rt_object(frame, rest + 1, release_queue);
  if (*object)
    return *object;
  queue_t *queue = calloc(1, sizeof *queue);
  if (!queue)
    fail_memory(frame, node);
  queue->kind = config[0];
  queue->capacity = numbers[0] < 0 ? INT64_MAX : numbers[0];
  queue->least = numbers[1];
  queue->words = tgc_words_make(tgc_philox_make((uint64_t)numbers[2], 0, (uint64_t)numbers[3]));
  return *object = queue;
}

static void fail_components(tgc_frame_t *frame, const char *node) {
  tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "an element has other components than those asked for", NULL,
              0);
}

/* Room for `more` elements of `num_parts` parts. */
static void reserve(tgc_frame_t *frame, const char *node, queue_t *queue, int64_t more, uint32_t num_parts) {
  if (queue->is_closed)
    tgc_rt_fail(frame, TGC_CANCELLED, node, "the queue is closed", NULL, 0);
  if (more > queue->capacity - queue->size) {
    int64_t values[3] = {more, queue->size, queue->capacity};
    tgc_rt_fail(
        frame, TGC_RESOURCE_EXHAUSTED, node,
        "cannot enqueue %d elements: the queue has %d and holds up to %d; no other run could make room",
        values, 3);
  }
  if (queue->size > 0 && queue->num_parts != num_parts)
    fail_components(frame, node);
  queue->num_parts = num_parts;
  if (queue->size + more <= queue->room)
    return;
  int64_t room = 2 * queue->room > queue->size + more ? 2 * queue->room : queue->size + more;
  part_t *parts = realloc(queue->parts, (size_t)room * num_parts * sizeof *parts);
  if (!parts)
    fail_memory(frame, node);
  queue->parts = parts;
  queue->room = room;
}

/* Makes a part of `count` elements of a tensor, from `first` on, without its first `dropped` dimensions. */
static void store_part(tgc_frame_t *frame, const char *node, part_t *part, const tgc_tensor_t *tensor,
                       int32_t dropped, int64_t first) {
  part->dtype = tensor->dtype;
  part->rank = tensor->rank - dropped;
  memcpy(part->dims, tensor->dims + dropped, sizeof *part->dims * (size_t)part->rank);
  part->count = tgc_count_dims(tensor, dropped, tensor->rank);
  uint64_t bytes = tgc_stored_size(tensor, first, part->count);
  part->data = malloc(bytes ? bytes : 1);
  if (!part->data)
    fail_memory(frame, node);
  tgc_store(part->data, tensor, first, part->count);
}

static int64_t get_priority(const queue_t *queue, int64_t element) {
  return *(const int64_t *)queue->parts[element * queue->num_parts].data;
}

static void swap_elements(queue_t *queue, int64_t a, int64_t b) {
  for (uint32_t k = 0; k < queue->num_parts; ++k) {
    part_t *x = &queue->parts[a * queue->num_parts + k], *y = &queue->parts[b * queue->num_parts + k];
    part_t held = *x;
    *x = *y;
    *y = held;
  }
}

/* An ordered queue is a binary heap, for equal priorities leave in the order in which those of TensorFlow do,
 * whose queue is a heap, too: element i comes before its children 2 i + 1 and 2 i + 2. */
static void move_up(queue_t *queue, int64_t at) {
  for (int64_t parent; at > 0; at = parent) {
    parent = (at - 1) / 2;
    if (get_priority(queue, parent) <= get_priority(queue, at))
      return;
    swap_elements(queue, parent, at);
  }
}

/* Takes the first element to the end: the last one goes the way of the smaller children down to a leaf (of
 * equal ones the right), and from there up to its place. */
static void move_first_to_end(queue_t *queue) {
  int64_t last = queue->size - 1, hole = 0, child;
  for (; (child = 2 * hole + 1) < last; hole = child) {
    if (child + 1 < last && get_priority(queue, child + 1) <= get_priority(queue, child))
      ++child;
    swap_elements(queue, hole, child);
  }
  if (hole == last)
    return;
  swap_elements(queue, hole, last);
  move_up(queue, hole);
}

/* Counts an element that was stored behind all others. */
static void add_stored(queue_t *queue) {
  ++queue->size;
  if (queue->kind == 'O')
    move_up(queue, queue->size - 1);
}

/* Enqueues one element: its parts are the inputs. */
TGC_KERNEL(tgc_kernel_queue_enqueue) {
  TGC_KERNEL_UNUSED;
  queue_t *queue = find_queue(frame, node, config);
  reserve(frame, node, queue, 1, num_inputs);
  for (uint32_t k = 0; k < num_inputs; ++k)
    store_part(frame, node, &queue->parts[queue->size * num_inputs + k], &inputs[k], 0, 0);
  add_stored(queue);
}

/* Enqueues the slices of the inputs along dimension 0; none may go into a closed queue, too. */
TGC_KERNEL(tgc_kernel_queue_enqueue_many) {
  TGC_KERNEL_UNUSED;
  queue_t *queue = find_queue(frame, node, config);
  int64_t count = inputs[0].dims[0];
  if (count == 0)
    return;
  reserve(frame, node, queue, count, num_inputs);
  for (int64_t i = 0; i < count; ++i) {
    for (uint32_t k = 0; k < num_inputs; ++k)
      store_part(frame, node, &queue->parts[queue->size * num_inputs + k], &inputs[k], 1,
                 i * tgc_count_dims(&inputs[k], 1, inputs[k].rank));
    add_stored(queue);
  }
}

/* Moves the next element to the front of `taken`, out of the queue. */
static void take(queue_t *queue, part_t *taken) {
  int64_t next = 0, last = queue->size - 1;
  size_t bytes = queue->num_parts * sizeof *taken;
  if (queue->kind == 'S')
    next = tgc_next_u32(&queue->words) % (uint32_t)queue->size;
  if (queue->kind == 'O') {
    move_first_to_end(queue);
    next = last;
  }
  part_t *element = queue->parts + next * queue->num_parts;
  memcpy(taken, element, bytes);
  if (queue->kind == 'S')
    memcpy(element, queue->parts + last * queue->num_parts, bytes);
  else
    memmove(element, element + queue->num_parts, (size_t)(last - next) * bytes);
  --queue->size;
}

/* How many of `wanted` elements can be taken now; an error if that is not enough. */
static int64_t check_size(tgc_frame_t *frame, const char *node, const queue_t *queue, int64_t wanted,
                          int is_up_to) {
  int64_t kept = queue->kind == 'S' && !queue->is_closed ? queue->least : 0;
  int64_t free_now = queue->size > kept ? queue->size - kept : 0;
  if (wanted <= free_now)
    return wanted;
  if (is_up_to && queue->is_closed && free_now > 0)
    return free_now;
  int64_t values[2] = {wanted, queue->size};
  if (queue->is_closed)
    tgc_rt_fail(frame, TGC_OUT_OF_RANGE, node,
                "the queue is closed and has insufficient elements (requested %d, current size %d)", values,
                2);
  tgc_rt_fail(
      frame, TGC_DEADLINE_EXCEEDED, node,
      "would wait for ever: %d elements are requested, the queue has %d, and no other run could enqueue more",
      values, 2);
  return 0;
}

static void write_part(tgc_frame_t *frame, const char *node, tgc_tensor_t *output, const part_t *part) {
  if (part->dtype != output->dtype)
    fail_components(frame, node);
  void *data = tgc_find_output(frame, output, part->rank, part->dims);
  if (part->rank != output->rank || memcmp(part->dims, output->dims, sizeof *part->dims * (size_t)part->rank))
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "an element has another shape than the queue's shapes say",
                NULL, 0);
  tgc_load(frame, part->dtype, data, part->data, part->count);
}

TGC_KERNEL(tgc_kernel_queue_dequeue) {
  TGC_KERNEL_UNUSED;
  queue_t *queue = find_queue(frame, node, config);
  check_size(frame, node, queue, 1, 0);
  if (queue->num_parts != num_outputs)
    fail_components(frame, node);
  part_t *taken = tgc_rt_scratch(frame, num_outputs * sizeof *taken);
  take(queue, taken);
  for (uint32_t k = 0; k < num_outputs; ++k) {
    write_part(frame, node, &outputs[k], &taken[k]);
    free(taken[k].data);
  }
}

/* Part k of all taken elements as one tensor; smaller ones of a padding queue are filled up with zeros. */
static void write_batch(tgc_frame_t *frame, const char *node, const queue_t *queue, const part_t *taken,
                        int64_t count, uint32_t k, tgc_tensor_t *output) {
  int64_t dims[TGC_MAX_RANK] = {count};
  int32_t rank = count > 0 ? taken[k].rank : output->rank - 1;
  /* Of no elements, what the queue's shapes say; sizes that they leave open are zero. */
  for (int32_t dim = 0; count == 0 && dim < rank; ++dim)
    dims[dim + 1] = output->dims[dim + 1] > 0 ? output->dims[dim + 1] : 0;
  for (int64_t i = 0; i < count; ++i) {
    const part_t *part = &taken[i * queue->num_parts + k];
    if (part->rank != rank || part->dtype != output->dtype)
      fail_components(frame, node);
  }
  for (int64_t i = 0; i < count; ++i)
    for (int32_t dim = 0; dim < rank; ++dim) {
      int64_t size = taken[i * queue->num_parts + k].dims[dim];
      if (size > dims[dim + 1])
        dims[dim + 1] = size;
    }
  char *data = tgc_find_output(frame, output, rank + 1, dims);
  if (memcmp(dims, output->dims, sizeof *dims * (size_t)(rank + 1)))
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                "the elements have another shape than the queue's shapes say", NULL, 0);
  uint32_t width = tgc_dtype_size(output->dtype);
  int64_t slice = tgc_count_dims(output, 1, rank + 1);
  memset(data, 0, (size_t)(count * slice) * width);
  for (int64_t i = 0; i < count; ++i) {
    const part_t *part = &taken[i * queue->num_parts + k];
    int64_t row = rank > 0 ? part->dims[rank - 1] : 1;
    /* Row by row: `at` counts in the part's dimensions but the last. */
    for (int64_t done = 0; done < part->count; done += row) {
      int64_t at = done / row, offset = 0, scale = rank > 0 ? dims[rank] : 1;
      for (int32_t dim = rank - 2; dim >= 0; --dim) {
        offset += at % part->dims[dim] * scale;
        at /= part->dims[dim];
        scale *= dims[dim + 1];
      }
      tgc_load(frame, part->dtype, data + (uint64_t)(i * slice + offset) * width,
               (const char *)part->data + (uint64_t)done * width, row);
    }
  }
}

static void dequeue_many(tgc_frame_t *frame, const char *node, const char *config, int64_t wanted,
                         int is_up_to, tgc_tensor_t *outputs, uint32_t num_outputs) {
  queue_t *queue = find_queue(frame, node, config);
  int64_t count = check_size(frame, node, queue, wanted, is_up_to);
  if (count > 0 && queue->num_parts != num_outputs)
    fail_components(frame, node);
  part_t *taken = tgc_rt_scratch(frame, (uint64_t)count * num_outputs * sizeof *taken);
  for (int64_t i = 0; i < count; ++i)
    take(queue, taken + i * num_outputs);
  for (uint32_t k = 0; k < num_outputs; ++k)
    write_batch(frame, node, queue, taken, count, k, &outputs[k]);
  for (int64_t i = 0; i < count * num_outputs; ++i)
    free(taken[i].data);
}

/* Input 0: how many (int64). */
TGC_KERNEL(tgc_kernel_queue_dequeue_many) {
  TGC_KERNEL_UNUSED;
  dequeue_many(frame, node, config, *(const int64_t *)inputs[0].data, 0, outputs, num_outputs);
}

TGC_KERNEL(tgc_kernel_queue_dequeue_up_to) {
  TGC_KERNEL_UNUSED;
  dequeue_many(frame, node, config, *(const int64_t *)inputs[0].data, 1, outputs, num_outputs);
}

TGC_KERNEL(tgc_kernel_queue_close) {
  TGC_KERNEL_UNUSED;
  find_queue(frame, node, config)->is_closed = 1;
}

/* Outputs: whether it is closed (bool), its size (int32). */
TGC_KERNEL(tgc_kernel_queue_state) {
  TGC_KERNEL_UNUSED;
  const queue_t *queue = find_queue(frame, node, config);
  *(uint8_t *)outputs[0].data = queue->is_closed;
  *(int32_t *)outputs[1].data = (int32_t)queue->size;
}

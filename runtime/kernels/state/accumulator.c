/*===- accumulator.c - Gradients of several workers -----------------------------===*
 *
 * What synchronous training sums gradients in. A gradient that was made for an earlier step is dropped. A
 * session runs one entry at a time, so nobody could end a wait: to take the sum of more gradients than there
 * are is an error. Every kernel has the config "KIND NAME"; KIND is M(ean) or S(um).
 *
 *===------------------------------------------------------------------------===*/

#include "stored.h"

typedef struct accumulator {
  char kind;
  int64_t step, count;       /* gradients since the sum was taken last */
  tgc_tensor_t sum;          /* data is owned; a sparse one has a row for each index */
  int64_t *indices, *counts; /* of a sparse one: ascending; how many gradients named them */
} accumulator_t;

static void release_accumulator(void *object) {
  accumulator_t *accumulator = object;
  free(accumulator->sum.data);
  free(accumulator->indices);
  free(accumulator->counts);
  free(accumulator);
}

static void *allocate(tgc_frame_t *frame, const char *node, uint64_t size) {
  void *memory = malloc(size ? size : 1);
  if (!memory)
    tgc_rt_fail(frame, TGC_RESOURCE_EXHAUSTED, node, "no memory for the sum of gradients", NULL, 0);
  return memory;
}

static accumulator_t *find_accumulator(tgc_frame_t *frame, const char *node, const char *config) {
  void **object = tgc_rt_object(frame, config + 2, release_accumulator);
  if (*object)
    return *object;
  accumulator_t *accumulator = allocate(frame, node, sizeof *accumulator);
  memset(accumulator, 0, sizeof *accumulator);
  accumulator->kind = config[0];
  return *object = accumulator;
}

static void add_elements(tgc_tensor_t *sum, int64_t at, const tgc_tensor_t *x, int64_t from, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    tgc_set_double(sum->dtype, sum->data, at + i,
                   tgc_get_double(sum->dtype, sum->data, at + i) +
                       tgc_get_double(x->dtype, x->data, from + i));
}

static void divide_elements(tgc_tensor_t *sum, int64_t at, int64_t count, int64_t divisor) {
  for (int64_t i = 0; i < count; ++i)
    tgc_set_double(sum->dtype, sum->data, at + i,
                   tgc_get_double(sum->dtype, sum->data, at + i) / (double)divisor);
}

static void check_dims(tgc_frame_t *frame, const char *node, const tgc_tensor_t *sum, const tgc_tensor_t *x,
                       int32_t first) {
  int fits = sum->rank == x->rank && sum->dtype == x->dtype;
  for (int32_t d = first; fits && d < x->rank; ++d)
    fits = sum->dims[d] == x->dims[d];
  if (!fits)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                "Shape mismatch: the gradient has another shape than those before it", NULL, 0);
}

/* Inputs: the step that the gradient was made for, the gradient. */
TGC_KERNEL(tgc_kernel_accumulator_apply) {
  TGC_KERNEL_UNUSED;
  accumulator_t *accumulator = find_accumulator(frame, node, config);
  if (*(const int64_t *)inputs[0].data < accumulator->step)
    return;
  if (accumulator->count == 0) {
    free(accumulator->sum.data);
    accumulator->sum = inputs[1];
    accumulator->sum.data = NULL;
    accumulator->sum.data = allocate(frame, node, inputs[1].byte_size);
    memcpy(accumulator->sum.data, inputs[1].data, inputs[1].byte_size);
  } else {
    check_dims(frame, node, &accumulator->sum, &inputs[1], 0);
    add_elements(&accumulator->sum, 0, &inputs[1], 0, tgc_count(&inputs[1]));
  }
  ++accumulator->count;
}

/* The rows of a sparse gradient added to those that are there, both ascending. */
static void merge(tgc_frame_t *frame, const char *node, accumulator_t *accumulator,
                  const tgc_tensor_t *indices, const tgc_tensor_t *values) {
  tgc_tensor_t *old = &accumulator->sum, sum = *values;
  const int64_t *from = indices->data;
  int64_t row = tgc_count_dims(values, 1, values->rank), i = 0, j = 0, at = 0, mine = indices->dims[0],
          before = accumulator->count ? old->dims[0] : 0;
  uint64_t width = tgc_dtype_size(values->dtype) * (uint64_t)row, room = (uint64_t)(before + mine);
  if (accumulator->count)
    check_dims(frame, node, old, values, 1);
  sum.data = allocate(frame, node, room * width);
  int64_t *places = allocate(frame, node, room * sizeof *places),
          *counts = allocate(frame, node, room * sizeof *counts);
  for (; i < before || j < mine; ++at) {
    int is_old = i < before && (j == mine || accumulator->indices[i] <= from[j]),
        is_new = j < mine && (i == before || from[j] <= accumulator->indices[i]);
    places[at] = is_old ? accumulator->indices[i] : from[j];
    counts[at] = is_old ? accumulator->counts[i] + is_new : 1;
    const tgc_tensor_t *source = is_old ? old : values;
    memcpy((char *)sum.data + (uint64_t)at * width,
           (const char *)source->data + (uint64_t)(is_old ? i : j) * width, width);
    if (is_old && is_new)
      add_elements(&sum, at * row, values, j * row, row);
    i += is_old;
    j += is_new;
  }
  sum.dims[0] = at;
  free(old->data);
  free(accumulator->indices);
  free(accumulator->counts);
  accumulator->sum = sum;
  accumulator->indices = places;
  accumulator->counts = counts;
}

/* Inputs: the step, indices, values [indices, ...]. */
TGC_KERNEL(tgc_kernel_accumulator_apply_sparse) {
  TGC_KERNEL_UNUSED;
  accumulator_t *accumulator = find_accumulator(frame, node, config);
  if (*(const int64_t *)inputs[0].data < accumulator->step)
    return;
  merge(frame, node, accumulator, &inputs[1], &inputs[2]);
  ++accumulator->count;
}

/* The accumulator, if it has as many gradients as input 0 asks for. */
static accumulator_t *take(tgc_frame_t *frame, const char *node, const char *config,
                           const tgc_tensor_t *required) {
  accumulator_t *accumulator = find_accumulator(frame, node, config);
  int64_t values[2] = {*(const int32_t *)required->data, accumulator->count};
  if (values[0] <= 0)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Argument num_required must be positive, got %d", values,
                1);
  if (values[0] > values[1])
    tgc_rt_fail(frame, TGC_FAILED_PRECONDITION, node,
                "%d gradients are required and %d have come; no other run could bring more", values, 2);
  accumulator->count = 0;
  ++accumulator->step;
  return accumulator;
}

/* Input: how many gradients are required. Output: their mean or sum. */
TGC_KERNEL(tgc_kernel_accumulator_take) {
  TGC_KERNEL_UNUSED;
  accumulator_t *accumulator = find_accumulator(frame, node, config);
  int64_t divisor = accumulator->count;
  tgc_tensor_t *sum = &take(frame, node, config, &inputs[0])->sum;
  if (accumulator->kind == 'M')
    divide_elements(sum, 0, tgc_count(sum), divisor);
  if (outputs[0].data)
    check_dims(frame, node, &outputs[0], sum, 0);
  memcpy(tgc_find_output(frame, &outputs[0], sum->rank, sum->dims), sum->data, sum->byte_size);
}

/* Inputs: how many gradients are required, the number of rows of the whole or -1. Outputs: indices, values,
 * shape; each row is the mean of the gradients that named it. */
TGC_KERNEL(tgc_kernel_accumulator_take_sparse) {
  TGC_KERNEL_UNUSED;
  accumulator_t *accumulator = take(frame, node, config, &inputs[0]);
  tgc_tensor_t *sum = &accumulator->sum;
  int64_t count = sum->dims[0], row = tgc_count_dims(sum, 1, sum->rank), rank = sum->rank;
  for (int64_t i = 0; accumulator->kind == 'M' && i < count; ++i)
    divide_elements(sum, i * row, row, accumulator->counts[i]);
  memcpy(tgc_find_output(frame, &outputs[0], 1, &count), accumulator->indices,
         (size_t)count * sizeof *accumulator->indices);
  tgc_find_output(frame, &outputs[1], sum->rank, sum->dims);
  memcpy(outputs[1].data, sum->data, (size_t)(count * row) * tgc_dtype_size(sum->dtype));
  int64_t *shape = tgc_find_output(frame, &outputs[2], 1, &rank);
  memcpy(shape, sum->dims, (size_t)rank * sizeof *shape);
  shape[0] = *(const int64_t *)inputs[1].data;
}

/* Output: how many gradients have come since the sum was taken last. */
TGC_KERNEL(tgc_kernel_accumulator_count) {
  TGC_KERNEL_UNUSED;
  *(int32_t *)outputs[0].data = (int32_t)find_accumulator(frame, node, config)->count;
}

/* Input: the step from which on gradients count. */
TGC_KERNEL(tgc_kernel_accumulator_set_step) {
  TGC_KERNEL_UNUSED;
  find_accumulator(frame, node, config)->step = *(const int64_t *)inputs[0].data;
}

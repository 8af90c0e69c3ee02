/*===- ragged_tensor.c - Tensors with rows of different lengths ---------------===*
 *
 * Splits are vectors of int32 or int64: row i has the values from splits[i] to splits[i + 1].
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"

#include <math.h>
#include <stddef.h>

static int64_t get(const tgc_tensor_t *tensor, int64_t i) {
  return tgc_get_int(tensor->dtype, tensor->data, i);
}

static void fail(tgc_frame_t *frame, const char *node, const char *text) {
  tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, text, NULL, 0);
}

/* Splits must start with zero, ascend and, unless `total` is negative, end with it. */
static void check_splits(tgc_frame_t *frame, const char *node, const tgc_tensor_t *splits, int64_t total) {
  int64_t rows = splits->dims[0] - 1;
  if (rows < 0 || get(splits, 0) != 0)
    fail(frame, node, "Invalid row splits: they must start with 0");
  for (int64_t i = 0; i < rows; ++i)
    if (get(splits, i + 1) < get(splits, i))
      fail(frame, node, "Invalid row splits: they must ascend");
  if (total >= 0 && get(splits, rows) != total)
    fail(frame, node, "Invalid row splits: they must end with the number of values");
}

/*===----------------------------------------------------------------------===*
 * To a dense tensor.
 *===----------------------------------------------------------------------===*/

/* The greatest number of values in a row. */
static int64_t max_width(const tgc_tensor_t *partition, char kind) {
  int64_t width = 0, count = partition->dims[0];
  if (kind == 'S') {
    for (int64_t i = 1; i < count; ++i)
      if (get(partition, i) - get(partition, i - 1) > width)
        width = get(partition, i) - get(partition, i - 1);
    return width;
  }
  for (int64_t i = 0, run = 0; i < count; ++i) {
    run = i > 0 && get(partition, i) == get(partition, i - 1) ? run + 1 : 1;
    width = run > width ? run : width;
  }
  return width;
}

/* Where in the result each row of a partition goes: its place among its siblings, or -1 if there is no room.
 * `parents` are those of the rows' dimension; the places of the values are written behind them. */
static int64_t *place_values(tgc_frame_t *frame, const char *node, const tgc_tensor_t *partition, char kind,
                             const int64_t *parents, int64_t num_parents, int64_t stride, int64_t room,
                             int64_t *out_count) {
  int64_t rows = kind == 'S' ? partition->dims[0] - 1 : 0;
  int64_t count = kind == 'S' ? get(partition, rows) : partition->dims[0];
  int64_t *places = tgc_rt_scratch(frame, (uint64_t)count * sizeof *places + 1);
  if (kind == 'S') {
    if (rows > num_parents)
      fail(frame, node, "a partition has more rows than the dimension before has values");
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = get(partition, row), at = 0; i < get(partition, row + 1); ++i, ++at)
        places[i] = parents[row] >= 0 && at < room ? parents[row] + at * stride : -1;
  } else {
    for (int64_t i = 0, at = 0; i < count; ++i) {
      int64_t row = get(partition, i);
      if (row < 0 || row >= num_parents || (i > 0 && row < get(partition, i - 1)))
        fail(frame, node, "Invalid value_rowids: they must ascend and be rows of the dimension before");
      at = i > 0 && row == get(partition, i - 1) ? at + 1 : 0;
      places[i] = parents[row] >= 0 && at < room ? parents[row] + at * stride : -1;
    }
  }
  *out_count = count;
  return places;
}

/* Fills the result with the default, whose sizes broadcast against the last ones of an element. */
static void fill_default(tgc_frame_t *frame, const char *node, const tgc_tensor_t *fallback,
                         const tgc_tensor_t *values, tgc_tensor_t *output, int64_t element) {
  uint64_t width = tgc_dtype_size(output->dtype);
  int32_t rank = values->rank - 1;
  for (int32_t d = 0; d < fallback->rank; ++d) {
    int64_t size = values->dims[values->rank - fallback->rank + d];
    if (fallback->dims[d] != 1 && fallback->dims[d] != size)
      fail(frame, node, "default_value does not broadcast to the elements of values");
  }
  char *to = output->data;
  for (int64_t i = 0, count = tgc_count(output); i < count; ++i) {
    int64_t rest = element > 0 ? i % element : 0, from = 0, stride = 1;
    for (int32_t d = rank - 1, f = fallback->rank - 1; f >= 0; --d, --f) {
      int64_t size = values->dims[1 + d], at = rest % size;
      rest /= size;
      from += fallback->dims[f] == 1 ? 0 : at * stride;
      stride *= fallback->dims[f];
    }
    memcpy(to + (uint64_t)i * width, (const char *)fallback->data + (uint64_t)from * width, width);
  }
}

/* Config: the kind of each partition (see the importer). Inputs: shape (or -1), values, default, partitions.
 */
TGC_KERNEL(tgc_kernel_ragged_to_tensor) {
  TGC_KERNEL_UNUSED;
  const tgc_tensor_t *shape = &inputs[0], *values = &inputs[1], *partitions = &inputs[3];
  int has_count = config[0] == 'F';
  int32_t num_ragged = (int32_t)strlen(config) - has_count, rank = num_ragged + values->rank;
  for (uint32_t i = 0; i + 3 < num_inputs; ++i)
    if (config[i] == 'S')
      check_splits(frame, node, &partitions[i], -1);
  int64_t rows = has_count ? get(&partitions[0], 0) : partitions[0].dims[0] - 1, dims[TGC_MAX_RANK];
  const tgc_tensor_t *ragged = partitions + has_count;
  const char *kinds = config + has_count;
  if (shape->rank == 1 && shape->dims[0] != rank)
    fail(frame, node, "shape has another number of sizes than the result");
  if (shape->rank == 0 && get(shape, 0) != -1)
    fail(frame, node, "a shape that is a scalar must be -1");
  for (int32_t d = 0; d < rank; ++d) {
    int64_t wanted = shape->rank == 1 ? get(shape, d) : -1;
    int64_t found = d == 0           ? rows
                    : d > num_ragged ? values->dims[d - num_ragged]
                                     : max_width(&ragged[d - 1], kinds[d - 1]);
    if (d > num_ragged && wanted >= 0 && wanted != found)
      fail(frame, node, "shape and values have different sizes");
    dims[d] = wanted >= 0 ? wanted : found;
  }
  char *to = tgc_find_output(frame, &outputs[0], rank, dims);
  int64_t element = tgc_count_dims(values, 1, values->rank), stride = 1;
  fill_default(frame, node, &inputs[2], values, &outputs[0], element);
  for (int32_t d = 1; d <= num_ragged; ++d)
    stride *= dims[d];
  int64_t count = rows;
  int64_t *places = tgc_rt_scratch(frame, (uint64_t)(rows < 0 ? 0 : rows) * sizeof *places + 1);
  for (int64_t i = 0; i < rows; ++i)
    places[i] = i < dims[0] ? i * stride : -1;
  for (int32_t d = 1; d <= num_ragged; ++d) {
    stride = dims[d] > 0 ? stride / dims[d] : 0;
    places = place_values(frame, node, &ragged[d - 1], kinds[d - 1], places, count, stride, dims[d], &count);
  }
  if (count > values->dims[0])
    fail(frame, node, "the partitions name more values than there are");
  uint64_t bytes = (uint64_t)element * tgc_dtype_size(values->dtype);
  for (int64_t i = 0; i < count; ++i)
    if (places[i] >= 0)
      memcpy(to + (uint64_t)places[i] * bytes, (const char *)values->data + (uint64_t)i * bytes, bytes);
}

/*===----------------------------------------------------------------------===*
 * Ranges, rows, sparse tensors.
 *===----------------------------------------------------------------------===*/

static int64_t range_size(int32_t dtype, const void *start, const void *limit, const void *delta, int64_t s,
                          int64_t l, int64_t d) {
  if (tgc_is_float(dtype)) {
    double from = tgc_get_double(dtype, start, s), to = tgc_get_double(dtype, limit, l),
           step = tgc_get_double(dtype, delta, d);
    return (step > 0 && to < from) || (step < 0 && to > from) ? 0 : (int64_t)ceil(fabs((to - from) / step));
  }
  int64_t from = tgc_get_int(dtype, start, s), to = tgc_get_int(dtype, limit, l),
          step = tgc_get_int(dtype, delta, d);
  if ((step > 0 && to < from) || (step < 0 && to > from))
    return 0;
  uint64_t span = step > 0 ? (uint64_t)to - (uint64_t)from : (uint64_t)from - (uint64_t)to;
  uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
  return (int64_t)(span / stride + (span % stride != 0));
}

/* Inputs: starts, limits, deltas, scalars or vectors of one size; outputs: splits and values. */
TGC_KERNEL(tgc_kernel_ragged_range) {
  TGC_KERNEL_UNUSED;
  int32_t dtype = inputs[0].dtype;
  int64_t rows = 1, steps[3], zero = 0, total = 0;
  for (int i = 0; i < 3; ++i) {
    steps[i] = inputs[i].rank == 1;
    if (!steps[i])
      continue;
    if (rows != 1 && inputs[i].dims[0] != rows)
      fail(frame, node, "starts, limits, and deltas must have the same shape");
    rows = inputs[i].dims[0];
  }
  for (int i = 0; i < 3; ++i)
    if (steps[i] && inputs[i].dims[0] != rows)
      fail(frame, node, "starts, limits, and deltas must have the same shape");
  int64_t num_splits = rows + 1;
  void *splits = tgc_find_output(frame, &outputs[0], 1, &num_splits);
  tgc_set_int(outputs[0].dtype, splits, 0, 0);
  for (int64_t row = 0; row < rows; ++row) {
    if (tgc_get_double(dtype, inputs[2].data, row * steps[2]) == 0)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Requires delta != 0", &zero, 0);
    total += range_size(dtype, inputs[0].data, inputs[1].data, inputs[2].data, row * steps[0], row * steps[1],
                        row * steps[2]);
    if (total < 0 || (outputs[0].dtype == TGC_INT32 && total > INT32_MAX))
      fail(frame, node, "the ranges have more numbers than their splits can count");
    tgc_set_int(outputs[0].dtype, splits, row + 1, total);
  }
  void *values = tgc_find_output(frame, &outputs[1], 1, &total);
  for (int64_t row = 0, at = 0; row < rows; ++row) {
    int64_t end = get(&outputs[0], row + 1);
    uint64_t width = tgc_dtype_size(dtype);
    /* Each number is the rounded sum of the one before and the step. */
    for (int64_t i = at; i < end; ++i)
      if (i == at)
        memcpy((char *)values + (uint64_t)i * width,
               (const char *)inputs[0].data + (uint64_t)(row * steps[0]) * width, width);
      else if (tgc_is_float(dtype))
        tgc_set_double(dtype, values, i,
                       tgc_get_double(dtype, values, i - 1) +
                           tgc_get_double(dtype, inputs[2].data, row * steps[2]));
      else
        tgc_set_int(dtype, values, i,
                    (int64_t)((uint64_t)tgc_get_int(dtype, values, i - 1) +
                              (uint64_t)tgc_get_int(dtype, inputs[2].data, row * steps[2])));
    at = end;
  }
}

/* The range of the innermost values that row `i` of the outermost dimension has. */
static void find_leaves(const tgc_tensor_t *splits, uint32_t num_splits, int64_t i, int64_t *begin,
                        int64_t *end) {
  *begin = i;
  *end = i + 1;
  for (uint32_t d = 0; d < num_splits; ++d) {
    *begin = get(&splits[d], *begin);
    *end = get(&splits[d], *end);
  }
}

/* Inputs: splits..., values, indices; outputs: splits..., values. Dimensions of the indices but the last come
 * first, with rows of one length. A single index takes a row as it is, without the outermost splits. */
TGC_KERNEL(tgc_kernel_ragged_gather) {
  TGC_KERNEL_UNUSED;
  uint32_t num_splits = num_inputs - 2;
  const tgc_tensor_t *values = &inputs[num_splits], *indices = &inputs[num_splits + 1];
  uint32_t num_outer = indices->rank ? (uint32_t)indices->rank - 1 : 0, num_dropped = indices->rank ? 0 : 1;
  int64_t count = tgc_count(indices), rows = inputs[0].dims[0] - 1, total = 0;
  for (uint32_t d = 0; d < num_splits; ++d)
    check_splits(frame, node, &inputs[d], d + 1 < num_splits ? inputs[d + 1].dims[0] - 1 : values->dims[0]);
  for (int64_t i = 0; i < count; ++i) {
    int64_t index[2] = {get(indices, i), rows}, begin, end;
    if (index[0] < 0 || index[0] >= rows)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "indices hold %d, which is not in [0, %d)", index, 2);
    find_leaves(inputs, num_splits, index[0], &begin, &end);
    total += end - begin;
  }
  int64_t groups = 1;
  for (uint32_t d = 0; d < num_outer; ++d) {
    groups *= indices->dims[d];
    int64_t size = groups + 1;
    void *splits = tgc_find_output(frame, &outputs[d], 1, &size);
    for (int64_t i = 0; i < size; ++i)
      tgc_set_int(outputs[d].dtype, splits, i, i * indices->dims[d + 1]);
  }
  for (uint32_t d = num_dropped; d < num_splits; ++d) {
    tgc_tensor_t *output = &outputs[num_outer + d - num_dropped];
    int64_t size = 1, begin, end, at = 0, sum = 0;
    for (int64_t i = 0; i < count; ++i) {
      find_leaves(inputs, d, get(indices, i), &begin, &end);
      size += end - begin;
    }
    void *splits = tgc_find_output(frame, output, 1, &size);
    tgc_set_int(output->dtype, splits, at++, 0);
    for (int64_t i = 0; i < count; ++i) {
      find_leaves(inputs, d, get(indices, i), &begin, &end);
      for (int64_t row = begin; row < end; ++row) {
        sum += get(&inputs[d], row + 1) - get(&inputs[d], row);
        tgc_set_int(output->dtype, splits, at++, sum);
      }
    }
  }
  int64_t dims[TGC_MAX_RANK];
  memcpy(dims, values->dims, sizeof dims);
  dims[0] = total;
  char *to = tgc_find_output(frame, &outputs[num_outputs - 1], values->rank, dims);
  uint64_t bytes = (uint64_t)tgc_count_dims(values, 1, values->rank) * tgc_dtype_size(values->dtype);
  for (int64_t i = 0, at = 0; i < count; ++i) {
    int64_t begin, end;
    find_leaves(inputs, num_splits, get(indices, i), &begin, &end);
    if (end > begin)
      memcpy(to + (uint64_t)at * bytes, (const char *)values->data + (uint64_t)begin * bytes,
             (uint64_t)(end - begin) * bytes);
    at += end - begin;
  }
}

/* Inputs: splits..., values; outputs: indices, values and shape of a sparse tensor. */
TGC_KERNEL(tgc_kernel_ragged_to_sparse) {
  TGC_KERNEL_UNUSED;
  uint32_t num_splits = num_inputs - 1;
  const tgc_tensor_t *values = &inputs[num_splits];
  int64_t rank = num_splits + values->rank, count = tgc_count(values), dims[2] = {count, rank};
  for (uint32_t d = 0; d < num_splits; ++d)
    check_splits(frame, node, &inputs[d], d + 1 < num_splits ? inputs[d + 1].dims[0] - 1 : values->dims[0]);
  int64_t *shape = outputs[2].data, *indices = tgc_find_output(frame, &outputs[0], 2, dims);
  void *sparse = tgc_find_output(frame, &outputs[1], 1, &count);
  if (count > 0)
    memcpy(sparse, values->data, (uint64_t)count * tgc_dtype_size(values->dtype));
  shape[0] = inputs[0].dims[0] - 1;
  for (uint32_t d = 0; d < num_splits; ++d)
    shape[d + 1] = max_width(&inputs[d], 'S');
  for (int32_t d = 1; d < values->rank; ++d)
    shape[num_splits + (uint32_t)d] = values->dims[d];
  /* The row of each dimension that the value is in; rows without values are passed over. */
  int64_t rows[TGC_MAX_RANK] = {0}, element = tgc_count_dims(values, 1, values->rank);
  for (int64_t i = 0; i < count; ++i) {
    int64_t *index = indices + i * rank, at = i / element, rest = i % element;
    for (int32_t d = values->rank - 1; d > 0; --d) {
      index[num_splits + (uint32_t)d] = rest % values->dims[d];
      rest /= values->dims[d];
    }
    for (uint32_t d = num_splits; d-- > 0;) {
      while (get(&inputs[d], rows[d] + 1) <= at)
        ++rows[d];
      index[d + 1] = at - get(&inputs[d], rows[d]);
      at = rows[d];
    }
    index[0] = at;
  }
}

/* Input 0: indices of a sparse matrix, ascending; output 0: where its rows begin and end. */
TGC_KERNEL(tgc_kernel_rows_to_splits) {
  TGC_KERNEL_UNUSED;
  int64_t at = 0, count = inputs[0].dims[0], width = inputs[0].dims[1];
  for (int64_t row = 0; row < outputs[0].dims[0]; ++row) {
    while (at < count && get(&inputs[0], at * width) < row)
      ++at;
    tgc_set_int(outputs[0].dtype, outputs[0].data, row, at);
  }
}

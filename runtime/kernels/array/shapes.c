/*===- shapes.c - Arithmetic of shapes that come at run time ------------------===*
 *
 * Shapes are vectors of int32 or int64. Known ones never come here: the importer computes with them.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"

#include <stddef.h>

/* Size `dim` of a shape that is filled up with ones in front to `rank` sizes. */
static int64_t size_at(const tgc_tensor_t *shape, int64_t rank, int64_t dim) {
  int64_t at = dim - (rank - shape->dims[0]);
  return at < 0 ? 1 : tgc_get_int(shape->dtype, shape->data, at);
}

static int64_t common_rank(const tgc_tensor_t *inputs) {
  return inputs[0].dims[0] > inputs[1].dims[0] ? inputs[0].dims[0] : inputs[1].dims[0];
}

static void check_fit(tgc_frame_t *frame, const char *node, const tgc_tensor_t *inputs) {
  for (int64_t dim = 0, rank = common_rank(inputs); dim < rank; ++dim) {
    int64_t sizes[2] = {size_at(&inputs[0], rank, dim), size_at(&inputs[1], rank, dim)};
    if (sizes[0] != sizes[1] && sizes[0] != 1 && sizes[1] != 1)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                  "Incompatible shapes: sizes %d and %d cannot be broadcast together", sizes, 2);
  }
}

/* Inputs: two shapes; output: the shape of their broadcast. */
TGC_KERNEL(tgc_kernel_broadcast_args) {
  TGC_KERNEL_UNUSED;
  int64_t rank = common_rank(inputs);
  check_fit(frame, node, inputs);
  void *sizes = tgc_find_output(frame, &outputs[0], 1, &rank);
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t a = size_at(&inputs[0], rank, dim), b = size_at(&inputs[1], rank, dim);
    tgc_set_int(outputs[0].dtype, sizes, dim, a == 1 ? b : a);
  }
}

/* Inputs: two shapes; outputs: for each, the dimensions along which its gradient is summed up. */
TGC_KERNEL(tgc_kernel_broadcast_gradient_args) {
  TGC_KERNEL_UNUSED;
  int64_t rank = common_rank(inputs), counts[2] = {0, 0};
  check_fit(frame, node, inputs);
  int is_same = inputs[0].dims[0] == inputs[1].dims[0];
  for (int64_t dim = 0; is_same && dim < rank; ++dim)
    is_same = size_at(&inputs[0], rank, dim) == size_at(&inputs[1], rank, dim);
  for (int i = 0; i < 2; ++i)
    for (int64_t dim = 0; !is_same && dim < rank; ++dim)
      counts[i] += size_at(&inputs[i], rank, dim) == 1;
  for (int i = 0; i < 2; ++i) {
    void *axes = tgc_find_output(frame, &outputs[i], 1, &counts[i]);
    for (int64_t dim = 0, next = 0; counts[i] > 0 && dim < rank; ++dim)
      if (size_at(&inputs[i], rank, dim) == 1)
        tgc_set_int(outputs[i].dtype, axes, next++, dim);
  }
}

/* Inputs: a dimension and shapes; outputs: where each starts when they are concatenated along it. */
TGC_KERNEL(tgc_kernel_concat_offset) {
  TGC_KERNEL_UNUSED;
  int64_t axis = tgc_get_int(inputs[0].dtype, inputs[0].data, 0), rank = inputs[1].dims[0], offset = 0;
  int64_t given[2] = {axis, rank};
  axis += axis < 0 ? rank : 0;
  if (axis < 0 || axis >= rank)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Concat dim is out of range: %d for shapes of rank %d",
                given, 2);
  for (uint32_t i = 1; i < num_inputs; ++i) {
    int64_t which = (int64_t)i - 1;
    int fits = inputs[i].dims[0] == rank;
    for (int64_t dim = 0; fits && dim < rank; ++dim)
      fits = dim == axis || tgc_get_int(inputs[i].dtype, inputs[i].data, dim) ==
                                tgc_get_int(inputs[1].dtype, inputs[1].data, dim);
    if (!fits)
      tgc_rt_fail(
          frame, TGC_INVALID_ARGUMENT, node,
          "All dimensions but the one of the concatenation must match; input %d doesn't match input 0",
          &which, 1);
    void *start = tgc_find_output(frame, &outputs[i - 1], 1, &rank);
    memset(start, 0, (size_t)rank * tgc_dtype_size(outputs[i - 1].dtype));
    tgc_set_int(outputs[i - 1].dtype, start, axis, offset);
    offset += tgc_get_int(inputs[i].dtype, inputs[i].data, axis);
  }
}

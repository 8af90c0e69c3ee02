/*===- example.c - Records of tf.Example --------------------------------------===*
 *
 * An Example is a map from names to lists of bytes, floats or integers, in the wire format of protocol
 * buffers: Example { 1: Features { 1: entry { 1: name, 2: Feature { 1: bytes | 2: floats | 3: integers, each
 * { 1: value... } } } } }.
 *
 *===------------------------------------------------------------------------===*/

#include "wire.h"

#include <stdlib.h>

/* The feature of that name; the last one if there are several. */
static tgc_values_t find_feature(const tgc_records_t *reader, tgc_string_t serialized, tgc_string_t name) {
  tgc_values_t list = {TGC_DTYPE_INVALID, {NULL, NULL}, {NULL, NULL}};
  tgc_wire_t example = {(const unsigned char *)serialized.data,
                        (const unsigned char *)serialized.data + serialized.size},
             features, entry, part;
  int number, wire, state;
  uint64_t value;
  while ((state = tgc_wire_field(&example, &number, &wire, &features, &value)) > 0) {
    if (number != 1 || wire != 2)
      continue;
    while ((state = tgc_wire_field(&features, &number, &wire, &entry, &value)) > 0) {
      if (number != 1 || wire != 2)
        continue;
      int is_named = name.size == 0;
      tgc_wire_t feature = {NULL, NULL};
      while ((state = tgc_wire_field(&entry, &number, &wire, &part, &value)) > 0) {
        if (wire == 2 && number == 1)
          is_named = (uint64_t)(part.end - part.at) == name.size &&
                     (name.size == 0 || memcmp(part.at, name.data, name.size) == 0);
        if (wire == 2 && number == 2)
          feature = part;
      }
      if (state < 0)
        break;
      if (!is_named)
        continue;
      if (!tgc_read_feature(feature, &list))
        state = -1;
    }
    if (state < 0)
      break;
  }
  if (state < 0)
    tgc_fail_record(reader, "Could not parse example input %d");
  return list;
}

static int64_t count_values(const tgc_records_t *reader, tgc_values_t list) {
  int64_t count = 0;
  while (list.dtype != TGC_DTYPE_INVALID && tgc_next_value(reader, &list, NULL, 0))
    ++count;
  return count;
}

static tgc_values_t find_typed(const tgc_records_t *reader, tgc_string_t serialized, tgc_string_t name,
                               int32_t dtype) {
  tgc_values_t list = find_feature(reader, serialized, name);
  if (list.dtype != TGC_DTYPE_INVALID && list.dtype != dtype)
    tgc_fail_record(reader, "example %d has a feature of another data type than expected");
  return list;
}

/* Indices, values and shape of a feature of any length. */
static void parse_sparse(tgc_records_t *reader, const tgc_tensor_t *serialized, tgc_string_t name,
                         int is_single, tgc_tensor_t *indices, tgc_tensor_t *values, tgc_tensor_t *shape) {
  int64_t examples = tgc_count(serialized), total = 0, longest = 0, rank = is_single ? 1 : 2, *to = NULL;
  const tgc_string_t *strings = serialized->data;
  void *data = NULL;
  for (int pass = 0; pass < 2; ++pass) {
    int64_t dims[2] = {total, rank};
    if (pass == 1) {
      to = tgc_find_output(reader->frame, indices, 2, dims);
      data = tgc_find_output(reader->frame, values, 1, dims);
      total = 0;
    }
    for (reader->example = 0; reader->example < examples; ++reader->example) {
      tgc_values_t list = find_typed(reader, strings[reader->example], name, values->dtype);
      int64_t count = 0;
      while (list.dtype != TGC_DTYPE_INVALID && tgc_next_value(reader, &list, data, total)) {
        if (pass == 1) {
          to[total * rank] = reader->example;
          to[total * rank + rank - 1] = count;
        }
        ++count;
        ++total;
      }
      longest = count > longest ? count : longest;
    }
  }
  int64_t *extents = shape->data;
  extents[0] = examples;
  extents[rank - 1] = longest;
}

/* A feature of a shape (its rank and dimensions), or, where the first dimension is -1, of any number of rows,
 * which are filled up with the default to the longest. */
static void parse_dense(tgc_records_t *reader, const tgc_tensor_t *serialized, tgc_string_t name,
                        const int64_t *shape, const tgc_tensor_t *fallback, int is_single,
                        tgc_tensor_t *output) {
  int64_t examples = tgc_count(serialized), dims[TGC_MAX_RANK] = {examples}, size = 1, width = 1;
  const tgc_string_t *strings = serialized->data;
  int32_t first = is_single ? 0 : 1, rank = (int32_t)shape[0];
  int is_variable = rank > 0 && shape[1] < 0;
  for (int32_t dim = 0; dim < rank; ++dim) {
    dims[first + dim] = shape[1 + dim];
    width *= dim > 0 ? shape[1 + dim] : 1;
  }
  for (reader->example = 0, dims[first] = is_variable ? 0 : dims[first];
       is_variable && reader->example < examples; ++reader->example) {
    int64_t count = count_values(reader, find_typed(reader, strings[reader->example], name, output->dtype));
    if (width == 0 ? count > 0 : count % width != 0)
      tgc_fail_record(reader,
                      "example %d has a feature whose number of values is not a multiple of its stride");
    if (width > 0 && count / width > dims[first])
      dims[first] = count / width;
  }
  tgc_find_output(reader->frame, output, first + rank, dims);
  for (int32_t dim = 0; dim < rank; ++dim)
    size *= dims[first + dim];
  int64_t given = tgc_count(fallback);
  uint32_t bytes = tgc_dtype_size(output->dtype);
  for (reader->example = 0; reader->example < examples; ++reader->example) {
    tgc_values_t list = find_typed(reader, strings[reader->example], name, output->dtype);
    int64_t count = count_values(reader, list), begin = reader->example * size;
    if (!is_variable && count != size && list.dtype != TGC_DTYPE_INVALID)
      tgc_fail_record(reader, "example %d has a feature whose number of values is not that of its shape");
    if (!is_variable && count == 0 && size > 0 && given == 0)
      tgc_fail_record(reader, "example %d lacks a feature that is required");
    for (int64_t i = 0; i < count; ++i)
      tgc_next_value(reader, &list, output->data, begin + i);
    for (int64_t i = count; i < size; ++i) {
      char *to = (char *)output->data + (uint64_t)(begin + i) * bytes;
      if (given > 0)
        memcpy(to, (const char *)fallback->data + (uint64_t)(given == size ? i : 0) * bytes, bytes);
      else
        memset(to, 0, bytes);
    }
  }
}

/* Config "SINGLE SPARSE DENSE": whether input 0 is one example, how many features of each kind. Inputs:
 * examples, names of the sparse and of the dense features, for each dense one the rank and the dimensions of
 * its shape (int64), and its default. Outputs: indices of all sparse features, their values, their shapes,
 * then the dense ones. */
TGC_KERNEL(tgc_kernel_parse_example) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int is_single = (int)strtol(config, &rest, 10);
  int64_t num_sparse = strtoll(rest, &rest, 10), num_dense = strtoll(rest, NULL, 10);
  const tgc_string_t *sparse = inputs[1].data, *dense = inputs[2].data;
  const int64_t *shapes = inputs[3].data;
  tgc_records_t reader = {frame, node, 0};
  for (int64_t i = 0; i < num_sparse; ++i)
    parse_sparse(&reader, &inputs[0], sparse[i], is_single, &outputs[i], &outputs[num_sparse + i],
                 &outputs[2 * num_sparse + i]);
  for (int64_t i = 0; i < num_dense; ++i) {
    parse_dense(&reader, &inputs[0], dense[i], shapes, &inputs[4 + i], is_single,
                &outputs[3 * num_sparse + i]);
    shapes += 1 + shapes[0];
  }
}

/*===- sequence_example.c - Records of tf.SequenceExample ---------------------===*
 *
 * SequenceExample { 1: context, which is read as that of an Example; 2: FeatureLists { 1: entry { 1: name,
 * 2: FeatureList { 1: Feature... } } } }: each list has a feature for every step.
 *
 *===------------------------------------------------------------------------===*/

#include "wire.h"

#include <stdlib.h>

/* The steps of the list of that name; no list: NULL. */
static tgc_wire_t find_list(const tgc_records_t *records, tgc_string_t serialized, tgc_string_t name) {
  tgc_wire_t list = {NULL, NULL}, example = {(const unsigned char *)serialized.data,
                                             (const unsigned char *)serialized.data + serialized.size};
  tgc_wire_t lists, entry, part;
  int number, wire, state;
  uint64_t value;
  while ((state = tgc_wire_field(&example, &number, &wire, &lists, &value)) > 0) {
    if (number != 2 || wire != 2)
      continue;
    while ((state = tgc_wire_field(&lists, &number, &wire, &entry, &value)) > 0) {
      if (number != 1 || wire != 2)
        continue;
      int is_named = name.size == 0;
      tgc_wire_t found = {entry.end, entry.end};
      while ((state = tgc_wire_field(&entry, &number, &wire, &part, &value)) > 0) {
        if (wire == 2 && number == 1)
          is_named = (uint64_t)(part.end - part.at) == name.size &&
                     (name.size == 0 || memcmp(part.at, name.data, name.size) == 0);
        if (wire == 2 && number == 2)
          found = part;
      }
      if (state < 0)
        break;
      if (is_named)
        list = found;
    }
    if (state < 0)
      break;
  }
  if (state < 0)
    tgc_fail_record(records, "Could not parse example input %d");
  return list;
}

/* The values of the next step; 0 after the last. A step without values may have any type. */
static int next_step(const tgc_records_t *records, tgc_wire_t *list, int32_t dtype, tgc_values_t *values) {
  tgc_wire_t feature;
  int number, wire, state;
  uint64_t value;
  do
    state = list->at ? tgc_wire_field(list, &number, &wire, &feature, &value) : 0;
  while (state > 0 && (number != 1 || wire != 2));
  if (state < 0 || (state > 0 && !tgc_read_feature(feature, values)))
    tgc_fail_record(records, "Could not parse example input %d");
  if (state > 0 && values->dtype != TGC_DTYPE_INVALID && values->dtype != dtype)
    tgc_fail_record(records, "example %d has a feature of another data type than expected");
  return state > 0;
}

/* Indices [n, rank], values and shape of a list with steps of any length. */
static void parse_sparse(tgc_records_t *records, const tgc_tensor_t *serialized, tgc_string_t name,
                         tgc_tensor_t *indices, tgc_tensor_t *values, tgc_tensor_t *shape) {
  int64_t examples = tgc_count(serialized), rank = shape->dims[0], total = 0, steps = 0, longest = 0,
          *to = NULL;
  const tgc_string_t *strings = serialized->data;
  void *data = NULL;
  for (int pass = 0; pass < 2; ++pass) {
    int64_t dims[2] = {total, rank};
    if (pass == 1) {
      to = tgc_find_output(records->frame, indices, 2, dims);
      data = tgc_find_output(records->frame, values, 1, dims);
      total = 0;
    }
    for (records->example = 0; records->example < examples; ++records->example) {
      tgc_wire_t list = find_list(records, strings[records->example], name);
      tgc_values_t step;
      int64_t place = 0;
      for (; next_step(records, &list, values->dtype, &step); ++place) {
        int64_t count = 0;
        while (step.dtype != TGC_DTYPE_INVALID && tgc_next_value(records, &step, data, total)) {
          if (pass == 1) {
            to[total * rank] = records->example;
            to[total * rank + rank - 2] = place;
            to[total * rank + rank - 1] = count;
          }
          ++count;
          ++total;
        }
        longest = count > longest ? count : longest;
      }
      steps = place > steps ? place : steps;
    }
  }
  int64_t *extents = shape->data;
  extents[0] = examples;
  extents[rank - 2] = steps;
  extents[rank - 1] = longest;
}

/* A list whose steps have a shape (its rank and dimensions), filled up with zeros to the longest, and how
 * many steps each example has. A list that is missing is an error unless `may_lack`. */
static void parse_dense(tgc_records_t *records, const tgc_tensor_t *serialized, tgc_string_t name,
                        const int64_t *shape, int may_lack, tgc_tensor_t *output, tgc_tensor_t *lengths) {
  int64_t examples = tgc_count(serialized), dims[TGC_MAX_RANK], size = 1;
  int64_t *counts = tgc_find_output(records->frame, lengths, 1, &examples);
  int32_t first = serialized->rank, rank = (int32_t)shape[0];
  const tgc_string_t *strings = serialized->data;
  if (first)
    dims[0] = examples;
  dims[first] = 0;
  for (int32_t dim = 0; dim < rank; ++dim) {
    dims[first + 1 + dim] = shape[1 + dim];
    size *= shape[1 + dim];
  }
  tgc_values_t step;
  for (records->example = 0; records->example < examples; ++records->example) {
    tgc_wire_t list = find_list(records, strings[records->example], name);
    if (!list.at && !may_lack)
      tgc_fail_record(records, "example %d lacks a feature list that is required");
    int64_t place = 0;
    while (next_step(records, &list, output->dtype, &step))
      ++place;
    counts[records->example] = place;
    dims[first] = place > dims[first] ? place : dims[first];
  }
  tgc_find_output(records->frame, output, first + 1 + rank, dims);
  memset(output->data, 0, (uint64_t)(examples * dims[first] * size) * tgc_dtype_size(output->dtype));
  for (records->example = 0; records->example < examples; ++records->example) {
    tgc_wire_t list = find_list(records, strings[records->example], name);
    for (int64_t place = 0; next_step(records, &list, output->dtype, &step); ++place) {
      int64_t begin = (records->example * dims[first] + place) * size, count = 0;
      tgc_values_t again = step;
      while (step.dtype != TGC_DTYPE_INVALID && tgc_next_value(records, &step, NULL, 0))
        ++count;
      if (count != size) {
        tgc_fail_record(records, "example %d has a step whose number of values is not that of its shape");
        return;
      }
      for (int64_t i = 0; i < count; ++i)
        tgc_next_value(records, &again, output->data, begin + i);
    }
  }
}

/* Config "SPARSE DENSE". Inputs: examples, names of the sparse and of the dense lists, for each dense one
 * whether it may be missing, the rank and the dimensions of a step's shape (int64). Outputs: indices of all
 * sparse lists, their values, their shapes, the dense ones, their lengths. */
TGC_KERNEL(tgc_kernel_parse_sequence_example) {
  TGC_KERNEL_UNUSED;
  char *rest;
  int64_t num_sparse = strtoll(config, &rest, 10), num_dense = strtoll(rest, NULL, 10);
  const tgc_string_t *sparse = inputs[1].data, *dense = inputs[2].data;
  const int64_t *shapes = inputs[3].data;
  tgc_records_t records = {frame, node, 0};
  for (int64_t i = 0; i < num_sparse; ++i)
    parse_sparse(&records, &inputs[0], sparse[i], &outputs[i], &outputs[num_sparse + i],
                 &outputs[2 * num_sparse + i]);
  for (int64_t i = 0; i < num_dense; ++i) {
    parse_dense(&records, &inputs[0], dense[i], shapes + 1, (int)shapes[0], &outputs[3 * num_sparse + i],
                &outputs[3 * num_sparse + num_dense + i]);
    shapes += 2 + shapes[1];
  }
}

static void set_split(tgc_tensor_t *splits, int64_t index, int64_t value) {
  if (splits->dtype == TGC_INT32)
    ((int32_t *)splits->data)[index] = (int32_t)value;
  else
    ((int64_t *)splits->data)[index] = value;
}

/* The values of all steps of all examples, where the steps of each example begin (`outer`) and where the
 * values of each step do (`inner`). */
static void parse_ragged(tgc_records_t *records, const tgc_tensor_t *serialized, tgc_string_t name,
                         tgc_tensor_t *values, tgc_tensor_t *outer, tgc_tensor_t *inner) {
  int64_t examples = tgc_count(serialized), total = 0, steps = 0;
  const tgc_string_t *strings = serialized->data;
  void *data = NULL;
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1) {
      int64_t num_outer = examples + 1, num_inner = steps + 1;
      tgc_find_output(records->frame, outer, 1, &num_outer);
      tgc_find_output(records->frame, inner, 1, &num_inner);
      data = tgc_find_output(records->frame, values, 1, &total);
      set_split(outer, 0, 0);
      set_split(inner, 0, 0);
    }
    total = steps = 0;
    for (records->example = 0; records->example < examples; ++records->example) {
      tgc_wire_t list = find_list(records, strings[records->example], name);
      for (tgc_values_t step; next_step(records, &list, values->dtype, &step);) {
        while (step.dtype != TGC_DTYPE_INVALID && tgc_next_value(records, &step, data, total))
          ++total;
        ++steps;
        if (pass == 1)
          set_split(inner, steps, total);
      }
      if (pass == 1)
        set_split(outer, records->example + 1, steps);
    }
  }
}

/* Inputs: examples, names of lists. Outputs: the values of all lists, where the steps of each example begin
 * in them, and where the values of each step do (int32 or int64). */
TGC_KERNEL(tgc_kernel_parse_ragged_lists) {
  TGC_KERNEL_UNUSED;
  int64_t count = tgc_count(&inputs[1]);
  const tgc_string_t *names = inputs[1].data;
  tgc_records_t records = {frame, node, 0};
  for (int64_t i = 0; i < count; ++i)
    parse_ragged(&records, &inputs[0], names[i], &outputs[i], &outputs[count + i], &outputs[2 * count + i]);
}

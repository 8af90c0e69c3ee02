/*===- unique.c - Equal slices found by hashing -------------------------------===*
 *
 * A table with open addressing maps each slice to the first equal one. Numbers are equal as C compares them:
 * zeros of either sign are, a NaN is equal to nothing.
 *
 *===------------------------------------------------------------------------===*/

#include "array.h"

#include <string.h>

/* A tensor seen as slices along one axis: slice i has `outer` pieces of `inner` elements. */
typedef struct slices {
  const char *data;
  int32_t dtype;
  uint32_t width;
  int64_t outer, count, inner;
} slices_t;

static slices_t slices_of(const tgc_tensor_t *tensor, int32_t axis) {
  slices_t slices = {tensor->data, tensor->dtype, tgc_dtype_size(tensor->dtype), 1, 1, 1};
  for (int32_t dim = 0; dim < tensor->rank; ++dim) {
    if (dim == axis)
      slices.count = tensor->dims[dim];
    else if (dim < axis)
      slices.outer *= tensor->dims[dim];
    else
      slices.inner *= tensor->dims[dim];
  }
  return slices;
}

static const char *piece(const slices_t *slices, int64_t slice, int64_t outer) {
  return slices->data + (size_t)((outer * slices->count + slice) * slices->inner) * slices->width;
}

static uint64_t hash_bytes(uint64_t hash, const char *bytes, uint64_t size) {
  /* FNV-1a. */
  for (uint64_t i = 0; i < size; ++i)
    hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
  return hash;
}

static float as_float(const char *element, int32_t dtype) {
  uint16_t bits;
  memcpy(&bits, element, sizeof bits);
  if (dtype == TGC_BFLOAT16) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
  }
  /* Of a half only what equality needs: zero, NaN, or bits that differ. */
  if ((bits & 0x7fff) == 0)
    return 0;
  if ((bits & 0x7fff) > 0x7c00)
    return __builtin_nanf("");
  return (float)bits;
}

static int is_float(int32_t dtype) {
  return dtype == TGC_FLOAT32 || dtype == TGC_FLOAT64 || dtype == TGC_FLOAT16 || dtype == TGC_BFLOAT16 ||
         dtype == TGC_COMPLEX64 || dtype == TGC_COMPLEX128;
}

/* The real numbers of an element: two of a complex one. */
static int numbers_of(const char *element, int32_t dtype, double numbers[2]) {
  float f[2];
  switch (dtype) {
  case TGC_FLOAT64:
    memcpy(numbers, element, sizeof(double));
    return 1;
  case TGC_COMPLEX128:
    memcpy(numbers, element, 2 * sizeof(double));
    return 2;
  case TGC_COMPLEX64:
    memcpy(f, element, sizeof f);
    numbers[0] = f[0];
    numbers[1] = f[1];
    return 2;
  case TGC_FLOAT32:
    memcpy(f, element, sizeof *f);
    numbers[0] = f[0];
    return 1;
  default:
    numbers[0] = as_float(element, dtype);
    return 1;
  }
}

static uint64_t hash_element(uint64_t hash, const char *element, const slices_t *slices) {
  if (slices->dtype == TGC_STRING) {
    const tgc_string_t *string = (const tgc_string_t *)element;
    return hash_bytes(hash, string->data, string->size);
  }
  if (!is_float(slices->dtype))
    return hash_bytes(hash, element, slices->width);
  double numbers[2];
  int count = numbers_of(element, slices->dtype, numbers);
  for (int i = 0; i < count; ++i) {
    double number = numbers[i] == 0 ? 0 : numbers[i];
    hash = hash_bytes(hash, (const char *)&number, sizeof number);
  }
  return hash;
}

static int is_equal_element(const char *a, const char *b, const slices_t *slices) {
  if (slices->dtype == TGC_STRING) {
    const tgc_string_t *x = (const tgc_string_t *)a, *y = (const tgc_string_t *)b;
    return x->size == y->size && (x->size == 0 || memcmp(x->data, y->data, x->size) == 0);
  }
  if (!is_float(slices->dtype))
    return memcmp(a, b, slices->width) == 0;
  double x[2], y[2];
  int count = numbers_of(a, slices->dtype, x), equal = 1;
  numbers_of(b, slices->dtype, y);
  for (int i = 0; i < count; ++i)
    equal &= x[i] == y[i];
  return equal;
}

static uint64_t hash_slice(const slices_t *slices, int64_t slice) {
  uint64_t hash = 14695981039346656037u;
  for (int64_t outer = 0; outer < slices->outer; ++outer) {
    const char *element = piece(slices, slice, outer);
    for (int64_t i = 0; i < slices->inner; ++i)
      hash = hash_element(hash, element + i * slices->width, slices);
  }
  return hash ^ hash >> 32;
}

static int is_equal_slice(const slices_t *a, int64_t i, const slices_t *b, int64_t j) {
  for (int64_t outer = 0; outer < a->outer; ++outer) {
    const char *x = piece(a, i, outer), *y = piece(b, j, outer);
    for (int64_t k = 0; k < a->inner; ++k)
      if (!is_equal_element(x + k * a->width, y + k * a->width, a))
        return 0;
  }
  return 1;
}

/* Slots hold what was entered, or -1; there are a power of two of them, at least twice as many as entries. */
typedef struct table {
  int64_t *slots;
  uint64_t mask;
} table_t;

static uint64_t num_slots(int64_t entries) {
  uint64_t slots = 2;
  while (slots < 2 * (uint64_t)entries)
    slots *= 2;
  return slots;
}

static table_t make_table(int64_t *room, int64_t entries) {
  table_t table = {room, num_slots(entries) - 1};
  memset(room, 0xff, (table.mask + 1) * sizeof *room);
  return table;
}

/* The memory of an output; where its size was not known, it is found now. */
static void *find_output(tgc_frame_t *frame, tgc_tensor_t *output, int32_t rank, const int64_t *dims) {
  if (!output->data)
    tgc_rt_host_output(frame, (uint32_t)output->byte_size, output, rank, dims);
  return output->data;
}

static void set_number(tgc_tensor_t *tensor, int64_t i, int64_t value) {
  if (tensor->dtype == TGC_INT64)
    ((int64_t *)tensor->data)[i] = value;
  else
    ((int32_t *)tensor->data)[i] = (int32_t)value;
}

TGC_ARRAY_KERNEL(tgc_kernel_unique) {
  (void)node, (void)num_inputs, (void)num_outputs;
  int32_t axis = 0;
  for (const char *digit = config; *digit; ++digit)
    axis = axis * 10 + (*digit - '0');
  slices_t slices = slices_of(&inputs[0], axis);
  int64_t room_size = 8 * slices.count + 8;
  int64_t *room = find_output(frame, &outputs[3], 1, &room_size);
  find_output(frame, &outputs[1], 1, &slices.count);
  /* The table maps to positions in `first`, which holds the slice that each value occurred in first. */
  table_t table = make_table(room, slices.count);
  int64_t *first = room + table.mask + 1, *uses = first + slices.count, count = 0;
  for (int64_t i = 0; i < slices.count; ++i) {
    uint64_t slot = hash_slice(&slices, i) & table.mask;
    while (table.slots[slot] >= 0 && !is_equal_slice(&slices, first[table.slots[slot]], &slices, i))
      slot = (slot + 1) & table.mask;
    if (table.slots[slot] < 0) {
      first[count] = i;
      uses[count] = 0;
      table.slots[slot] = count++;
    }
    ++uses[table.slots[slot]];
    set_number(&outputs[1], i, table.slots[slot]);
  }
  int64_t dims[TGC_MAX_RANK];
  memcpy(dims, inputs[0].dims, sizeof dims);
  dims[axis] = count;
  char *values = find_output(frame, &outputs[0], inputs[0].rank, dims);
  size_t bytes = (size_t)slices.inner * slices.width;
  for (int64_t outer = 0; outer < slices.outer; ++outer)
    for (int64_t i = 0; i < count; ++i)
      if (bytes)
        memcpy(values + (size_t)(outer * count + i) * bytes, piece(&slices, first[i], outer), bytes);
  find_output(frame, &outputs[2], 1, &count);
  for (int64_t i = 0; i < count; ++i)
    set_number(&outputs[2], i, uses[i]);
}

TGC_ARRAY_KERNEL(tgc_kernel_list_difference) {
  (void)node, (void)config, (void)num_inputs, (void)num_outputs;
  slices_t x = slices_of(&inputs[0], 0), y = slices_of(&inputs[1], 0);
  int64_t room_size = 8 * y.count + 8, count = 0;
  table_t table = make_table(find_output(frame, &outputs[2], 1, &room_size), y.count);
  for (int64_t i = 0; i < y.count; ++i) {
    uint64_t slot = hash_slice(&y, i) & table.mask;
    while (table.slots[slot] >= 0)
      slot = (slot + 1) & table.mask;
    table.slots[slot] = i;
  }
  /* Once to count, once to write. */
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1) {
      find_output(frame, &outputs[0], 1, &count);
      find_output(frame, &outputs[1], 1, &count);
      count = 0;
    }
    for (int64_t i = 0; i < x.count; ++i) {
      uint64_t slot = hash_slice(&x, i) & table.mask;
      while (table.slots[slot] >= 0 && !is_equal_slice(&y, table.slots[slot], &x, i))
        slot = (slot + 1) & table.mask;
      if (table.slots[slot] >= 0)
        continue;
      if (pass == 1) {
        memcpy((char *)outputs[0].data + count * x.width, piece(&x, i, 0), x.width);
        set_number(&outputs[1], count, i);
      }
      ++count;
    }
  }
}

/*===- table.c - Lookup tables ------------------------------------------------===*
 *
 * A hash table with open addressing from keys (integers or strings) to values of any type, one element or a
 * row of them. Every kernel has the config "MUTABLE NAME"; which types keys and values have, and how many
 * elements a value has, the first tensors say.
 *
 *===------------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include "table.h"
#include "runtime/kernels/string/hash.h"
#include "stored.h"

static void release_bytes(int32_t dtype, void *data, int64_t count) {
  for (int64_t i = 0; dtype == TGC_STRING && i < count; ++i)
    free((void *)(uintptr_t)((tgc_string_t *)data)[i].data);
}

static void clear(table_t *table) {
  release_bytes(table->key_dtype, table->keys, table->count);
  release_bytes(table->value_dtype, table->values, table->count * table->row);
  table->count = 0;
  if (table->slots)
    memset(table->slots, 0xff, (table->mask + 1) * sizeof *table->slots);
}

static void release_table(void *object) {
  table_t *table = object;
  clear(table);
  free(table->keys);
  free(table->values);
  free(table->slots);
  release_bytes(table->key_dtype, table->reserved, table->num_reserved);
  free(table->reserved);
  free(table);
}

static void fail_memory(tgc_frame_t *frame, const char *node) {
  tgc_rt_fail(frame, TGC_RESOURCE_EXHAUSTED, node, "cannot allocate the entries of a table", NULL, 0);
}

table_t *tgc_table_get(tgc_frame_t *frame, const char *node, const char *config) {
  void **object = tgc_rt_object(frame, config + 2, release_table);
  table_t *table = *object ? *object : (*object = calloc(1, sizeof *table));
  if (!table)
    fail_memory(frame, node);
  return table;
}

static uint64_t hash_key(int32_t dtype, const void *keys, int64_t i) {
  if (dtype != TGC_STRING)
    return (uint64_t)tgc_get_int(dtype, keys, i) * 0x9e3779b97f4a7c15u >> 20;
  tgc_string_t string = ((const tgc_string_t *)keys)[i];
  return tgc_fingerprint64(string.size ? string.data : "", string.size);
}

static int is_same(int32_t dtype, const void *a, int64_t i, const void *b, int64_t j) {
  if (dtype != TGC_STRING)
    return tgc_get_int(dtype, a, i) == tgc_get_int(dtype, b, j);
  tgc_string_t x = ((const tgc_string_t *)a)[i], y = ((const tgc_string_t *)b)[j];
  return x.size == y.size && (x.size == 0 || memcmp(x.data, y.data, x.size) == 0);
}

/* The slot of key `i` of `keys`: its entry's, or a free one. */
static uint64_t find_slot(const table_t *table, const void *keys, int64_t i) {
  uint64_t slot = hash_key(table->key_dtype, keys, i) & table->mask;
  while (table->slots[slot] >= 0 && !is_same(table->key_dtype, table->keys, table->slots[slot], keys, i))
    slot = (slot + 1) & table->mask;
  return slot;
}

static void grow(tgc_frame_t *frame, const char *node, table_t *table) {
  int64_t room = table->room ? 2 * table->room : 16;
  char *keys = realloc(table->keys, (size_t)room * tgc_dtype_size(table->key_dtype));
  table->keys = keys ? keys : table->keys;
  char *values = realloc(table->values, (size_t)(room * table->row) * tgc_dtype_size(table->value_dtype));
  table->values = values ? values : table->values;
  int64_t *slots = realloc(table->slots, (size_t)room * 2 * sizeof *slots);
  table->slots = slots ? slots : table->slots;
  if (!keys || !values || !slots)
    fail_memory(frame, node);
  table->room = room;
  table->mask = (uint64_t)room * 2 - 1;
  memset(slots, 0xff, (size_t)room * 2 * sizeof *slots);
  for (int64_t i = 0; i < table->count; ++i)
    slots[find_slot(table, keys, i)] = i;
}

/* Copies element `i` of `data` to element `to` of `target`, whose old string is released if `replaces`. */
static void put(tgc_frame_t *frame, const char *node, int32_t dtype, char *target, int64_t to,
                const void *data, int64_t i, int replaces) {
  uint32_t width = tgc_dtype_size(dtype);
  if (dtype != TGC_STRING) {
    memcpy(target + (uint64_t)to * width, (const char *)data + (uint64_t)i * width, width);
    return;
  }
  tgc_string_t string = ((const tgc_string_t *)data)[i];
  char *bytes = malloc(string.size ? string.size : 1);
  if (!bytes)
    fail_memory(frame, node);
  if (string.size)
    memcpy(bytes, string.data, string.size);
  if (replaces)
    release_bytes(dtype, target + (uint64_t)to * width, 1);
  ((tgc_string_t *)target)[to] = (tgc_string_t){bytes, string.size};
}

/* Copies value `i` of `data` to value `to` of the table. */
static void put_row(tgc_frame_t *frame, const char *node, table_t *table, int64_t to, const void *data,
                    int64_t i, int replaces) {
  for (int64_t e = 0; e < table->row; ++e)
    put(frame, node, table->value_dtype, table->values, to * table->row + e, data, i * table->row + e,
        replaces);
}

static int is_same_row(const table_t *table, int64_t entry, const void *data, int64_t i) {
  uint64_t width = (uint64_t)table->row * tgc_dtype_size(table->value_dtype);
  if (table->value_dtype != TGC_STRING)
    return memcmp(table->values + (uint64_t)entry * width, (const char *)data + (uint64_t)i * width, width) ==
           0;
  for (int64_t e = 0; e < table->row; ++e)
    if (!is_same(TGC_STRING, table->values, entry * table->row + e, data, i * table->row + e))
      return 0;
  return 1;
}

/* Nodes that name one table may differ about what it holds. */
static void check_keys(tgc_frame_t *frame, const char *node, const table_t *table, const tgc_tensor_t *keys) {
  if ((table->room > 0 || table->num_reserved > 0) && table->key_dtype != keys->dtype)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the table has keys of another type", NULL, 0);
}

static void check_values(tgc_frame_t *frame, const char *node, const table_t *table, int32_t dtype,
                         int64_t row) {
  if (table->room > 0 && (table->value_dtype != dtype || table->row != row))
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "the table has values of another type", NULL, 0);
}

/* Which reserved key key `i` is, or -1. */
static int64_t find_reserved(const table_t *table, const tgc_tensor_t *keys, int64_t i) {
  int64_t found = table->num_reserved - 1;
  while (found >= 0 && !is_same(table->key_dtype, table->reserved, found, keys->data, i))
    --found;
  return found;
}

static void refuse_reserved(tgc_frame_t *frame, const char *node, const table_t *table,
                            const tgc_tensor_t *keys) {
  check_keys(frame, node, table, keys);
  for (int64_t i = 0, count = table->num_reserved ? tgc_count(keys) : 0; i < count; ++i) {
    int64_t found = find_reserved(table, keys, i);
    if (found >= 0)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                  found == 0 ? "Using the empty_key as a table key is not allowed (key %d)"
                             : "Using the deleted_key as a table key is not allowed (key %d)",
                  &i, 1);
  }
}

/* Inputs: the keys that nobody may use, scalars. */
TGC_KERNEL(tgc_kernel_table_reserve) {
  TGC_KERNEL_UNUSED;
  table_t *table = tgc_table_get(frame, node, config);
  if (table->num_reserved)
    return;
  table->key_dtype = inputs[0].dtype;
  table->reserved = calloc(num_inputs, tgc_dtype_size(table->key_dtype));
  if (!table->reserved)
    fail_memory(frame, node);
  for (uint32_t i = 0; i < num_inputs; ++i) {
    put(frame, node, table->key_dtype, table->reserved, i, inputs[i].data, 0, 0);
    table->num_reserved = i + 1;
  }
}

void tgc_table_enter(tgc_frame_t *frame, const char *node, table_t *table, const tgc_tensor_t *keys,
                     const tgc_tensor_t *values, int is_fixed) {
  int64_t count = tgc_count(keys);
  if (count > 0) {
    int64_t row = tgc_count(values) / count;
    check_keys(frame, node, table, keys);
    check_values(frame, node, table, values->dtype, row);
    table->row = row;
    table->key_dtype = keys->dtype;
    table->value_dtype = values->dtype;
  }
  for (int64_t i = 0; i < count; ++i) {
    if (find_reserved(table, keys, i) >= 0)
      continue;
    if (table->count == table->room)
      grow(frame, node, table);
    uint64_t slot = find_slot(table, keys->data, i);
    int64_t entry = table->slots[slot];
    if (entry >= 0) {
      if (is_fixed && !is_same_row(table, entry, values->data, i))
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                    "HashTable has different value for same key (key %d of the initialiser)", &i, 1);
      put_row(frame, node, table, entry, values->data, i, 1);
      continue;
    }
    put(frame, node, keys->dtype, table->keys, table->count, keys->data, i, 0);
    put_row(frame, node, table, table->count, values->data, i, 0);
    table->slots[slot] = table->count++;
  }
  table->is_initialized = 1;
}

/* Inputs: keys and values. A table that is initialised stays as it is. */
TGC_KERNEL(tgc_kernel_table_initialize) {
  TGC_KERNEL_UNUSED;
  table_t *table = tgc_table_get(frame, node, config);
  if (!table->is_initialized)
    tgc_table_enter(frame, node, table, &inputs[0], &inputs[1], 1);
}

TGC_KERNEL(tgc_kernel_table_insert) {
  TGC_KERNEL_UNUSED;
  table_t *table = tgc_table_get(frame, node, config);
  refuse_reserved(frame, node, table, &inputs[0]);
  tgc_table_enter(frame, node, table, &inputs[0], &inputs[1], 0);
}

TGC_KERNEL(tgc_kernel_table_import) {
  TGC_KERNEL_UNUSED;
  table_t *table = tgc_table_get(frame, node, config);
  clear(table);
  tgc_table_enter(frame, node, table, &inputs[0], &inputs[1], 0);
}

/* Input 0: keys whose entries go; others stay in order. */
TGC_KERNEL(tgc_kernel_table_remove) {
  TGC_KERNEL_UNUSED;
  table_t *table = tgc_table_get(frame, node, config);
  refuse_reserved(frame, node, table, &inputs[0]);
  if (table->count == 0)
    return;
  uint8_t *goes = tgc_rt_scratch(frame, (uint64_t)table->count);
  memset(goes, 0, (size_t)table->count);
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    int64_t entry = table->slots[find_slot(table, inputs[0].data, i)];
    if (entry >= 0)
      goes[entry] = 1;
  }
  uint64_t key_width = tgc_dtype_size(table->key_dtype);
  uint64_t value_width = (uint64_t)table->row * tgc_dtype_size(table->value_dtype);
  int64_t kept = 0;
  for (int64_t i = 0; i < table->count; ++i) {
    char *key = table->keys + (uint64_t)i * key_width, *value = table->values + (uint64_t)i * value_width;
    if (goes[i]) {
      release_bytes(table->key_dtype, key, 1);
      release_bytes(table->value_dtype, value, table->row);
      continue;
    }
    memmove(table->keys + (uint64_t)kept * key_width, key, key_width);
    memmove(table->values + (uint64_t)kept++ * value_width, value, value_width);
  }
  table->count = kept;
  memset(table->slots, 0xff, (table->mask + 1) * sizeof *table->slots);
  for (int64_t i = 0; i < kept; ++i)
    table->slots[find_slot(table, table->keys, i)] = i;
}

static table_t *find_initialized(tgc_frame_t *frame, const char *node, const char *config) {
  table_t *table = tgc_table_get(frame, node, config);
  if (!table->is_initialized && config[0] != '1')
    tgc_rt_fail(frame, TGC_FAILED_PRECONDITION, node, "Table not initialized.", NULL, 0);
  return table;
}

/* Inputs: keys and a default value, or one for each key; output 0: values. */
TGC_KERNEL(tgc_kernel_table_find) {
  TGC_KERNEL_UNUSED;
  const table_t *table = find_initialized(frame, node, config);
  int64_t count = tgc_count(&inputs[0]), row = count > 0 ? tgc_count(&outputs[0]) / count : 0;
  uint64_t width = (uint64_t)row * tgc_dtype_size(outputs[0].dtype);
  int has_many = tgc_count(&inputs[1]) == row * count;
  if (count > 0)
    check_values(frame, node, table, outputs[0].dtype, row);
  refuse_reserved(frame, node, table, &inputs[0]);
  for (int64_t i = 0; i < count; ++i) {
    int64_t entry = table->count > 0 ? table->slots[find_slot(table, inputs[0].data, i)] : -1;
    if (entry >= 0)
      tgc_load(frame, outputs[0].dtype, (char *)outputs[0].data + (uint64_t)i * width,
               table->values + (uint64_t)entry * width, row);
    else
      memcpy((char *)outputs[0].data + (uint64_t)i * width,
             (const char *)inputs[1].data + (has_many ? (uint64_t)i * width : 0), width);
  }
}

TGC_KERNEL(tgc_kernel_table_size) {
  TGC_KERNEL_UNUSED;
  *(int64_t *)outputs[0].data = find_initialized(frame, node, config)->count;
}

/* Input 0: the sizes of one value; outputs: all keys and values. */
TGC_KERNEL(tgc_kernel_table_export) {
  TGC_KERNEL_UNUSED;
  const table_t *table = find_initialized(frame, node, config);
  int64_t dims[TGC_MAX_RANK] = {table->count}, row = 1;
  memcpy(dims + 1, inputs[0].data, (size_t)(outputs[1].rank - 1) * sizeof *dims);
  for (int32_t dim = 1; dim < outputs[1].rank; ++dim)
    row *= dims[dim];
  check_keys(frame, node, table, &outputs[0]);
  check_values(frame, node, table, outputs[1].dtype, row);
  tgc_load(frame, outputs[0].dtype, tgc_find_output(frame, &outputs[0], 1, &table->count), table->keys,
           table->count);
  tgc_load(frame, outputs[1].dtype, tgc_find_output(frame, &outputs[1], outputs[1].rank, dims), table->values,
           table->count * table->row);
}

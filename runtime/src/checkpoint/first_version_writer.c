/*===- first_version_writer.c - Writing files of the first version ----------===
 *
 * first_version.c describes the format. The values of a slice are written as a list of numbers, without
 * compression.
 *
 *===----------------------------------------------------------------------===*/
#include "first_version.h"
#include "output_file.h"
#include "slice_key.h"
#include "table_writer.h"
#include "tensor_proto.h"

#include "../error.h"

#include <stdlib.h>
#include <string.h>

/* A slice on its way into the table. */
typedef struct entry {
  char *key;
  uint64_t key_size;
  tgc_buffer_t value;
  const tgc_saved_slice_t *slice;
} entry_t;

static void put_slice(tgc_buffer_t *message, unsigned field, const tgc_slice_t *slice) {
  tgc_buffer_t proto = {.size = 0}, extent = {.size = 0};
  for (uint64_t d = 0; d < slice->rank; ++d) {
    extent.size = 0;
    if (slice->lengths[d] >= 0) {
      tgc_buffer_put_number_field(&extent, 1, (uint64_t)slice->starts[d]);
      tgc_buffer_put_varint(&extent, 2 << 3);
      tgc_buffer_put_varint(&extent, (uint64_t)slice->lengths[d]);
    }
    tgc_buffer_put_bytes_field(&proto, 1, &extent);
  }
  tgc_buffer_put_bytes_field(message, field, &proto);
  tgc_buffer_release(&proto);
  tgc_buffer_release(&extent);
}

static void put_text(tgc_buffer_t *message, unsigned field, const void *text, uint64_t size) {
  tgc_buffer_put_varint(message, field << 3 | TGC_WIRE_BYTES);
  tgc_buffer_put_varint(message, size);
  tgc_buffer_put(message, text, size);
}

/* Element `i` as a number of variable length: integers keep their sign. */
static uint64_t number_at(const tgc_tensor_t *tensor, uint64_t i) {
  unsigned width = tgc_dtype_size(tensor->dtype);
  uint64_t value = 0;
  memcpy(&value, (const char *)tensor->data + i * width, width);
  uint8_t is_signed = tensor->dtype == TGC_INT8 || tensor->dtype == TGC_INT16 || tensor->dtype == TGC_INT32 ||
                      tensor->dtype == TGC_QINT8 || tensor->dtype == TGC_QINT16 ||
                      tensor->dtype == TGC_QINT32;
  if (is_signed && value >> (8 * width - 1) & 1)
    value |= UINT64_MAX << (8 * width - 1);
  return value;
}

/* A TensorProto that has nothing but values. */
static void put_values(tgc_buffer_t *message, unsigned field, const tgc_tensor_t *tensor, uint64_t count) {
  unsigned list = tgc_tensor_proto_field(tensor->dtype);
  tgc_buffer_t proto = {.size = 0}, values = {.size = 0};
  if (tensor->dtype == TGC_STRING) {
    const tgc_string_t *strings = tensor->data;
    for (uint64_t i = 0; i < count; ++i)
      put_text(&proto, list, strings[i].data, strings[i].size);
  } else if (count == 0) {
    /* A list without values is left out. */
  } else if (list == 5 || list == 6 || list == 9 || list == 12) {
    put_text(&proto, list, tensor->data, count * tgc_dtype_size(tensor->dtype));
  } else {
    for (uint64_t i = 0; i < count; ++i)
      tgc_buffer_put_varint(&values, number_at(tensor, i));
    tgc_buffer_put_bytes_field(&proto, list, &values);
  }
  tgc_buffer_put_bytes_field(message, field, &proto);
  tgc_buffer_release(&proto);
  tgc_buffer_release(&values);
}

static tgc_slice_t place_of(const tgc_saved_slice_t *saved) {
  tgc_slice_t slice = {.rank = (uint64_t)saved->place.rank};
  memcpy(slice.starts, saved->place.starts, sizeof slice.starts);
  memcpy(slice.lengths, saved->place.lengths, sizeof slice.lengths);
  return slice;
}

/* Puts the tensor of the first entry in the list of tensors, with all its slices, which are next to each
 * other: how many there are. */
static uint32_t put_listed(tgc_buffer_t *list, const entry_t *entries, uint32_t count) {
  tgc_buffer_t meta = {.size = 0}, shape = {.size = 0}, dim = {.size = 0};
  const tgc_saved_slice_t *first = entries[0].slice;
  put_text(&meta, 1, first->name, strlen(first->name));
  for (int32_t d = 0; d < first->place.rank; ++d) {
    dim.size = 0;
    tgc_buffer_put_number_field(&dim, 1, (uint64_t)first->place.dims[d]);
    tgc_buffer_put_bytes_field(&shape, 2, &dim);
  }
  tgc_buffer_put_bytes_field(&meta, 2, &shape);
  tgc_buffer_put_number_field(&meta, 3, (uint64_t)first->tensor->dtype);
  uint32_t i = 0;
  for (; i < count && !strcmp(entries[i].slice->name, first->name); ++i) {
    tgc_slice_t slice = place_of(entries[i].slice);
    put_slice(&meta, 4, &slice);
  }
  tgc_buffer_put_bytes_field(list, 1, &meta);
  tgc_buffer_release(&meta);
  tgc_buffer_release(&shape);
  tgc_buffer_release(&dim);
  return i;
}

/* 0 (false): no memory. */
static uint8_t make_entry(const tgc_saved_slice_t *saved, entry_t *entry) {
  tgc_slice_t slice = place_of(saved);
  tgc_buffer_t data = {.size = 0};
  uint64_t count = 1;
  entry->slice = saved;
  for (int32_t d = 0; d < saved->tensor->rank; ++d)
    count *= (uint64_t)saved->tensor->dims[d];
  entry->key = (char *)tgc_slice_key_allocate(saved->name);
  if (!entry->key)
    return 0;
  entry->key_size = tgc_slice_key_write((uint8_t *)entry->key, saved->name, &slice);
  put_text(&data, 1, saved->name, strlen(saved->name));
  put_slice(&data, 2, &slice);
  put_values(&data, 3, saved->tensor, count);
  tgc_buffer_put_bytes_field(&entry->value, 2, &data);
  tgc_buffer_release(&data);
  return !entry->value.lacks_memory;
}

static int compare_entries(const void *left, const void *right) {
  const entry_t *a = left, *b = right;
  uint64_t shorter = a->key_size < b->key_size ? a->key_size : b->key_size;
  int order = memcmp(a->key, b->key, shorter);
  return order ? order : (a->key_size > b->key_size) - (a->key_size < b->key_size);
}

tgc_status_t tgc_checkpoint_write_first_version(const char *path, const tgc_saved_slice_t *slices,
                                                uint32_t num_slices, tgc_error_t *error) {
  static const uint64_t format_version = 1;
  entry_t *entries = calloc(num_slices + 1, sizeof *entries);
  tgc_table_writer_t table = {.key = NULL};
  tgc_buffer_t list = {.size = 0}, meta = {.size = 0}, version = {.size = 0};
  uint8_t is_made = entries != NULL;
  for (uint32_t i = 0; is_made && i < num_slices; ++i)
    is_made = make_entry(&slices[i], &entries[i]);
  if (is_made && num_slices)
    qsort(entries, num_slices, sizeof *entries, compare_entries);
  for (uint32_t i = 0; is_made && i < num_slices;)
    i += put_listed(&list, entries + i, num_slices - i);
  tgc_buffer_put_number_field(&version, 1, format_version);
  tgc_buffer_put_bytes_field(&list, 2, &version);
  tgc_buffer_put_bytes_field(&meta, 1, &list);
  tgc_table_add(&table, "", 0, &meta);
  for (uint32_t i = 0; is_made && i < num_slices; ++i)
    tgc_table_add(&table, entries[i].key, entries[i].key_size, &entries[i].value);
  tgc_table_finish(&table);
  tgc_status_t status = is_made && !table.file.lacks_memory
                            ? tgc_output_replace(path, table.file.data, table.file.size, error)
                            : tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: checkpoint: no memory", path);
  for (uint32_t i = 0; entries && i < num_slices; ++i) {
    free(entries[i].key);
    tgc_buffer_release(&entries[i].value);
  }
  free(entries);
  tgc_table_release(&table);
  tgc_buffer_release(&list);
  tgc_buffer_release(&meta);
  tgc_buffer_release(&version);
  return status;
}

/*===- reader.c - Opening checkpoints, looking up and reading tensors -------===*/
#include "reader.h"

#include "../error.h"
#include "../shape.h"
#include "crc32c.h"
#include "first_version.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More data files than "%05d" names are a damaged header. */
static const int64_t max_shards = 99999;

tgc_status_t tgc_checkpoint_fail(const tgc_checkpoint_t *checkpoint, tgc_error_t *error, tgc_status_t code,
                                 const char *format, ...) {
  char text[1536];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return tgc_error_set(error, code, "%s: checkpoint: %s", checkpoint->prefix, text);
}

/*===----------------------------------------------------------------------===*
 * Opening.
 *===----------------------------------------------------------------------===*/

/* Reads the header and finds where the tensors begin. Keys of slices start with a zero byte, names do not. */
static tgc_status_t read_header(tgc_checkpoint_t *checkpoint, tgc_error_t *error) {
  const tgc_sstable_t *table = &checkpoint->table;
  tgc_bundle_header_t *header = &checkpoint->header;
  if (!table->num_entries || table->entries[0].key_size ||
      !tgc_bundle_header_decode(table->entries[0].value, header))
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS, "index file is malformed: it has no header");
  if (header->endianness != 0)
    return tgc_checkpoint_fail(checkpoint, error, TGC_UNIMPLEMENTED,
                               "the data is big-endian, tgc reads little-endian checkpoints only");
  if (header->min_consumer > 1)
    return tgc_checkpoint_fail(checkpoint, error, TGC_UNIMPLEMENTED,
                               "it needs a reader of version %lld, this one has version 1",
                               (long long)header->min_consumer);
  if (header->num_shards < 1 || header->num_shards > max_shards)
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS, "index file is malformed: %lld data files",
                               (long long)header->num_shards);
  checkpoint->first_tensor = 1;
  while (checkpoint->first_tensor < table->num_entries &&
         table->entries[checkpoint->first_tensor].key[0] == '\0')
    checkpoint->first_tensor++;
  return TGC_OK;
}

static tgc_status_t parse_index(tgc_checkpoint_t *checkpoint, const uint8_t *index, uint64_t size,
                                tgc_error_t *error) {
  tgc_status_t status = tgc_sstable_parse(index, size, checkpoint->prefix, &checkpoint->table, error);
  return status == TGC_OK ? read_header(checkpoint, error) : status;
}

static tgc_checkpoint_t *allocate_checkpoint(const char *prefix, tgc_error_t *error) {
  tgc_checkpoint_t *checkpoint = calloc(1, sizeof *checkpoint);
  if (checkpoint)
    checkpoint->prefix = strdup(prefix);
  if (checkpoint && checkpoint->prefix)
    return checkpoint;
  free(checkpoint);
  tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: checkpoint: no memory", prefix);
  return NULL;
}

/* Hands an opened checkpoint out, or closes one that could not be. */
static tgc_status_t finish_open(tgc_checkpoint_t *checkpoint, tgc_status_t status,
                                tgc_checkpoint_t **out_checkpoint, tgc_error_t *error) {
  if (status != TGC_OK) {
    tgc_checkpoint_close(checkpoint);
    return status;
  }
  *out_checkpoint = checkpoint;
  return tgc_error_clear(error);
}

/* Files of the first version become a checkpoint of the second in memory. */
static tgc_status_t read_first_version(tgc_checkpoint_t *checkpoint, tgc_error_t *error) {
  tgc_buffer_t index = {.size = 0};
  tgc_status_t status = tgc_first_version_read(checkpoint, &index, error);
  checkpoint->index = index.data;
  checkpoint->data = checkpoint->converted.data ? checkpoint->converted.data : (const uint8_t *)"";
  checkpoint->data_size = checkpoint->converted.size;
  return status == TGC_OK ? parse_index(checkpoint, index.data, index.size, error) : status;
}

tgc_status_t tgc_checkpoint_open(const char *prefix, tgc_checkpoint_t **out_checkpoint, tgc_error_t *error) {
  tgc_checkpoint_t *checkpoint = allocate_checkpoint(prefix, error);
  if (!checkpoint)
    return TGC_RESOURCE_EXHAUSTED;
  size_t capacity = strlen(prefix) + sizeof ".index";
  char *path = malloc(capacity);
  uint64_t size = 0;
  tgc_status_t status;
  if (path) {
    snprintf(path, capacity, "%s.index", prefix);
    if (access(path, F_OK) != 0 && tgc_first_version_exists(prefix)) {
      free(path);
      return finish_open(checkpoint, read_first_version(checkpoint, error), out_checkpoint, error);
    }
    status = tgc_checkpoint_read_file(checkpoint, path, "index", &checkpoint->index, &size, error);
    free(path);
  } else {
    status = tgc_checkpoint_fail(checkpoint, error, TGC_RESOURCE_EXHAUSTED, "no memory");
  }
  if (status == TGC_OK)
    status = parse_index(checkpoint, checkpoint->index, size, error);
  return finish_open(checkpoint, status, out_checkpoint, error);
}

tgc_status_t tgc_checkpoint_from_bytes(const char *name, const uint8_t *index, uint64_t index_size,
                                       const uint8_t *data, uint64_t data_size,
                                       tgc_checkpoint_t **out_checkpoint, tgc_error_t *error) {
  tgc_checkpoint_t *checkpoint = allocate_checkpoint(name, error);
  if (!checkpoint)
    return TGC_RESOURCE_EXHAUSTED;
  checkpoint->data = data;
  checkpoint->data_size = data_size;
  return finish_open(checkpoint, parse_index(checkpoint, index, index_size, error), out_checkpoint, error);
}

void tgc_checkpoint_close(tgc_checkpoint_t *checkpoint) {
  if (!checkpoint)
    return;
  tgc_sstable_release(&checkpoint->table);
  tgc_buffer_release(&checkpoint->converted);
  free(checkpoint->index);
  free(checkpoint->prefix);
  free(checkpoint);
}

/*===----------------------------------------------------------------------===*
 * Looking up.
 *===----------------------------------------------------------------------===*/

uint64_t tgc_checkpoint_num_tensors(const tgc_checkpoint_t *checkpoint) {
  return checkpoint->table.num_entries - checkpoint->first_tensor;
}

const char *tgc_checkpoint_name(const tgc_checkpoint_t *checkpoint, uint64_t index) {
  return checkpoint->table.entries[checkpoint->first_tensor + index].key;
}

/* NULL if there is no such tensor. The empty name would be the header's. */
static const tgc_sstable_entry_t *find_tensor(const tgc_checkpoint_t *checkpoint, const char *name) {
  return name[0] ? tgc_sstable_find(&checkpoint->table, name, strlen(name)) : NULL;
}

uint8_t tgc_checkpoint_contains(const tgc_checkpoint_t *checkpoint, const char *name) {
  return find_tensor(checkpoint, name) != NULL;
}

tgc_status_t tgc_checkpoint_locate(const tgc_checkpoint_t *checkpoint, const char *name,
                                   const tgc_bundle_entry_t *bundle, tgc_extent_t *out_extent,
                                   tgc_error_t *error) {
  int64_t end;
  uint64_t file_size = 0;
  if (bundle->shard < 0 || bundle->shard >= checkpoint->header.num_shards || bundle->offset < 0 ||
      bundle->size < 0 || __builtin_add_overflow(bundle->offset, bundle->size, &end))
    return tgc_checkpoint_fail(
        checkpoint, error, TGC_DATA_LOSS,
        "tensor %s lies at an impossible place (file %lld of %lld, offset %lld, %lld bytes)", name,
        (long long)bundle->shard, (long long)checkpoint->header.num_shards, (long long)bundle->offset,
        (long long)bundle->size);
  tgc_status_t status = tgc_checkpoint_shard_size(checkpoint, bundle->shard, &file_size, error);
  if (status != TGC_OK)
    return status;
  if ((uint64_t)end > file_size)
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS,
                               "data file is shorter (%llu bytes) than tensor %s needs (%lld)",
                               (unsigned long long)file_size, name, (long long)end);
  *out_extent =
      (tgc_extent_t){bundle->shard, (uint64_t)bundle->offset, (uint64_t)bundle->size, bundle->crc32c};
  return TGC_OK;
}

/* Type and shape of an entry; says what tgc cannot do with it. */
static tgc_status_t describe(const tgc_checkpoint_t *checkpoint, const char *name,
                             const tgc_bundle_entry_t *bundle, tgc_checkpoint_entry_t *entry,
                             tgc_error_t *error) {
  memset(entry, 0, sizeof *entry);
  if (bundle->dtype > INT32_MAX || !tgc_dtype_size((int32_t)bundle->dtype))
    return tgc_checkpoint_fail(checkpoint, error, TGC_UNIMPLEMENTED,
                               "tensor %s has element type %llu, which tgc does not know", name,
                               (unsigned long long)bundle->dtype);
  if (bundle->has_unknown_rank || bundle->rank > TGC_MAX_RANK)
    return tgc_checkpoint_fail(checkpoint, error, TGC_UNIMPLEMENTED,
                               "tensor %s has %s dimensions, tgc handles %d", name,
                               bundle->has_unknown_rank ? "an unknown number of" : "too many", TGC_MAX_RANK);
  entry->dtype = (int32_t)bundle->dtype;
  entry->rank = (int32_t)bundle->rank;
  memcpy(entry->dims, bundle->dims, sizeof entry->dims);
  tgc_shape_text_t text;
  if (!tgc_shape_num_elements(entry->rank, entry->dims, &entry->num_elements) ||
      !tgc_shape_byte_size(entry->dtype, entry->rank, entry->dims, &entry->byte_size))
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS, "tensor %s has the impossible shape %s",
                               name, tgc_shape_write(&text, entry->rank, entry->dims));
  entry->num_slices = bundle->num_slices < UINT32_MAX ? (uint32_t)bundle->num_slices : UINT32_MAX;
  return TGC_OK;
}

/* Checks the size of a tensor that is stored whole; adds the bytes of strings. */
static tgc_status_t check_size(const tgc_checkpoint_t *checkpoint, const char *name,
                               const tgc_extent_t *extent, tgc_checkpoint_entry_t *entry,
                               tgc_error_t *error) {
  tgc_shape_text_t text;
  uint8_t fits =
      entry->dtype == TGC_STRING ? entry->num_elements <= extent->size : entry->byte_size == extent->size;
  if (!fits)
    return tgc_checkpoint_fail(
        checkpoint, error, TGC_DATA_LOSS, "tensor %s has %llu bytes, shape %s of %s needs %s%llu", name,
        (unsigned long long)extent->size, tgc_shape_write(&text, entry->rank, entry->dims),
        tgc_dtype_name(entry->dtype), entry->dtype == TGC_STRING ? "at least " : "",
        (unsigned long long)(entry->dtype == TGC_STRING ? entry->num_elements : entry->byte_size));
  if (entry->dtype == TGC_STRING)
    entry->byte_size += extent->size;
  return TGC_OK;
}

static tgc_status_t not_found(const tgc_checkpoint_t *checkpoint, const char *name, tgc_error_t *error) {
  tgc_name_list_t list = {.length = 0};
  for (uint64_t i = 0; i < tgc_checkpoint_num_tensors(checkpoint); ++i)
    tgc_name_list_add(&list, tgc_checkpoint_name(checkpoint, i));
  return tgc_error_set(error, TGC_NOT_FOUND, "%s: checkpoint has no tensor %s (it has: %s)",
                       checkpoint->prefix, name, tgc_name_list_finish(&list));
}

static tgc_status_t find(const tgc_checkpoint_t *checkpoint, const char *name, tgc_bundle_entry_t *bundle,
                         tgc_checkpoint_entry_t *entry, tgc_bytes_t *value, tgc_error_t *error) {
  const tgc_sstable_entry_t *found = find_tensor(checkpoint, name);
  if (!found)
    return not_found(checkpoint, name, error);
  if (!tgc_bundle_entry_decode(found->value, bundle))
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS, "the index entry of tensor %s is malformed",
                               name);
  *value = found->value;
  return describe(checkpoint, name, bundle, entry, error);
}

tgc_status_t tgc_checkpoint_describe(const tgc_checkpoint_t *checkpoint, const char *name,
                                     tgc_checkpoint_entry_t *out_entry, tgc_bytes_t *out_value,
                                     tgc_error_t *error) {
  tgc_bundle_entry_t bundle;
  return find(checkpoint, name, &bundle, out_entry, out_value, error);
}

/* The work of lookup; also says where the bytes are, or, for a partitioned tensor, what the entry's bytes
 * are. */
static tgc_status_t resolve(const tgc_checkpoint_t *checkpoint, const char *name,
                            tgc_checkpoint_entry_t *entry, tgc_extent_t *extent, tgc_bytes_t *value,
                            tgc_error_t *error) {
  tgc_bundle_entry_t bundle;
  tgc_status_t status = find(checkpoint, name, &bundle, entry, value, error);
  if (status != TGC_OK)
    return status;
  if (entry->num_slices)
    return tgc_checkpoint_check_slices(checkpoint, name, *value, entry, error);
  status = tgc_checkpoint_locate(checkpoint, name, &bundle, extent, error);
  return status == TGC_OK ? check_size(checkpoint, name, extent, entry, error) : status;
}

tgc_status_t tgc_checkpoint_lookup(const tgc_checkpoint_t *checkpoint, const char *name,
                                   tgc_checkpoint_entry_t *out_entry, tgc_error_t *error) {
  tgc_checkpoint_entry_t entry;
  tgc_extent_t extent;
  tgc_bytes_t value;
  tgc_status_t status = resolve(checkpoint, name, &entry, &extent, &value, error);
  if (status != TGC_OK)
    return status;
  *out_entry = entry;
  return tgc_error_clear(error);
}

/*===----------------------------------------------------------------------===*
 * Reading.
 *===----------------------------------------------------------------------===*/

tgc_status_t tgc_checkpoint_read_checked(const tgc_checkpoint_t *checkpoint, const char *name,
                                         const tgc_extent_t *extent, void *memory, tgc_error_t *error) {
  uint32_t crc = 0;
  tgc_status_t status = tgc_checkpoint_read_extent(checkpoint, extent, memory, &crc, error);
  if (status == TGC_OK && tgc_crc32c_mask(crc) != extent->crc32c)
    return tgc_checkpoint_fail(checkpoint, error, TGC_DATA_LOSS,
                               "checksum of tensor %s does not match (stored %08x, computed %08x)", name,
                               extent->crc32c, tgc_crc32c_mask(crc));
  return status;
}

tgc_status_t tgc_checkpoint_read(const tgc_checkpoint_t *checkpoint, const char *name, void *memory,
                                 uint64_t byte_size, tgc_error_t *error) {
  tgc_checkpoint_entry_t entry;
  tgc_extent_t extent;
  tgc_bytes_t value;
  tgc_status_t status = resolve(checkpoint, name, &entry, &extent, &value, error);
  if (status != TGC_OK)
    return status;
  if (byte_size < entry.byte_size)
    return tgc_checkpoint_fail(checkpoint, error, TGC_INVALID_ARGUMENT,
                               "tensor %s needs %llu bytes of memory, %llu are given", name,
                               (unsigned long long)entry.byte_size, (unsigned long long)byte_size);
  if (entry.num_slices)
    status = tgc_checkpoint_read_slices(checkpoint, name, value, &entry, memory, error);
  else if (entry.dtype == TGC_STRING)
    status = tgc_checkpoint_read_strings(checkpoint, name, &extent, entry.num_elements, memory, error);
  else
    status = tgc_checkpoint_read_checked(checkpoint, name, &extent, memory, error);
  return status == TGC_OK ? tgc_error_clear(error) : status;
}

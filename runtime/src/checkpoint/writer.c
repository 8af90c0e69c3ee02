/*===- writer.c - Writing checkpoints ---------------------------------------===
 *
 * The data file gets its name first, then the index: renaming that is the moment in which the new checkpoint
 * replaces an older one of the same prefix. For the older one to stay whole until then, the data files of the
 * two have different names: where the older index speaks of one data file, the new one counts two, of which
 * only the first has something in it, and the other way round.
 *
 *===----------------------------------------------------------------------===*/
#include "buffer.h"
#include "crc32c.h"
#include "output_file.h"
#include "reader.h"
#include "slice_key.h"
#include "table_writer.h"

#include "../error.h"
#include "../shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line of the index. */
typedef struct entry {
  char *key;
  uint64_t key_size;
  tgc_buffer_t value; /* a BundleEntryProto */
} entry_t;

struct tgc_checkpoint_writer {
  char *prefix;
  int folder;
  uint64_t old_num_shards; /* of the checkpoint that is replaced; 0: none */
  uint64_t num_shards;
  tgc_output_file_t data;
  entry_t *entries;
  uint64_t num_entries, capacity;
  uint8_t has_failed;
};

static tgc_status_t no_memory(const tgc_checkpoint_writer_t *writer, tgc_error_t *error) {
  return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: checkpoint: no memory", writer->prefix);
}

/* The path of a file of the checkpoint, to be freed; NULL: no memory. Shard -1 is the index. */
static char *path_of(const tgc_checkpoint_writer_t *writer, int64_t shard, uint64_t num_shards) {
  size_t capacity = strlen(writer->prefix) + 64;
  char *path = malloc(capacity);
  if (path && shard < 0)
    snprintf(path, capacity, "%s.index", writer->prefix);
  else if (path)
    snprintf(path, capacity, "%s.data-%05lld-of-%05llu", writer->prefix, (long long)shard,
             (unsigned long long)num_shards);
  return path;
}

/* A writer without a file; NULL: no memory. */
static tgc_checkpoint_writer_t *allocate_writer(const char *prefix, tgc_error_t *error) {
  tgc_checkpoint_writer_t *writer = calloc(1, sizeof *writer);
  if (!writer || !(writer->prefix = strdup(prefix))) {
    free(writer);
    tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "%s: checkpoint: no memory", prefix);
    return NULL;
  }
  writer->folder = -1;
  writer->data.file = -1;
  return writer;
}

tgc_status_t tgc_checkpoint_writer_in_memory(const char *prefix, tgc_buffer_t *data,
                                             tgc_checkpoint_writer_t **out_writer, tgc_error_t *error) {
  tgc_checkpoint_writer_t *writer = allocate_writer(prefix, error);
  if (!writer)
    return TGC_RESOURCE_EXHAUSTED;
  writer->num_shards = 1;
  writer->data.memory = data;
  *out_writer = writer;
  return TGC_OK;
}

tgc_status_t tgc_checkpoint_writer_create(const char *prefix, tgc_checkpoint_writer_t **out_writer,
                                          tgc_error_t *error) {
  tgc_checkpoint_writer_t *writer = allocate_writer(prefix, error);
  if (!writer)
    return TGC_RESOURCE_EXHAUSTED;
  tgc_status_t status = TGC_OK;
  size_t length = strlen(prefix);
  if (!length || prefix[length - 1] == '/')
    status = tgc_error_set(error, TGC_INVALID_ARGUMENT,
                           "'%s' is no prefix of a checkpoint: FOLDER/NAME is expected", prefix);
  if (status == TGC_OK)
    status = tgc_folder_lock(prefix, &writer->folder, error);
  /* One that cannot be read has nothing to keep. */
  tgc_checkpoint_t *old;
  if (status == TGC_OK && tgc_checkpoint_open(prefix, &old, NULL) == TGC_OK) {
    writer->old_num_shards = (uint64_t)old->header.num_shards;
    tgc_checkpoint_close(old);
  }
  writer->num_shards = writer->old_num_shards == 1 ? 2 : 1;
  char *path = path_of(writer, 0, writer->num_shards);
  if (status == TGC_OK)
    status = path ? tgc_output_open(&writer->data, path, error) : no_memory(writer, error);
  free(path);
  if (status != TGC_OK) {
    tgc_checkpoint_writer_release(writer);
    return status;
  }
  *out_writer = writer;
  return tgc_error_clear(error);
}

void tgc_checkpoint_writer_release(tgc_checkpoint_writer_t *writer) {
  if (!writer)
    return;
  tgc_output_close(&writer->data);
  if (writer->folder >= 0)
    tgc_folder_unlock(writer->folder);
  for (uint64_t i = 0; i < writer->num_entries; ++i) {
    free(writer->entries[i].key);
    tgc_buffer_release(&writer->entries[i].value);
  }
  free(writer->entries);
  free(writer->prefix);
  free(writer);
}

/*===----------------------------------------------------------------------===*
 * Entries.
 *===----------------------------------------------------------------------===*/

/* A new entry with a copy of the key; NULL: no memory. */
static entry_t *add_entry(tgc_checkpoint_writer_t *writer, const void *key, uint64_t key_size) {
  if (writer->num_entries == writer->capacity) {
    uint64_t capacity = 2 * writer->capacity + 16;
    entry_t *entries = realloc(writer->entries, capacity * sizeof *entries);
    if (!entries)
      return NULL;
    writer->entries = entries;
    writer->capacity = capacity;
  }
  char *copy = malloc(key_size + 1);
  if (!copy)
    return NULL;
  memcpy(copy, key, key_size);
  entry_t *entry = &writer->entries[writer->num_entries++];
  *entry = (entry_t){.key = copy, .key_size = key_size};
  return entry;
}

static void put_type(tgc_buffer_t *value, int32_t dtype, int32_t rank, const int64_t *dims) {
  tgc_buffer_t shape = {.size = 0}, dim = {.size = 0};
  tgc_buffer_put_number_field(value, 1, (uint64_t)dtype);
  for (int32_t d = 0; d < rank; ++d) {
    dim.size = 0;
    tgc_buffer_put_number_field(&dim, 1, (uint64_t)dims[d]);
    tgc_buffer_put_bytes_field(&shape, 2, &dim);
  }
  tgc_buffer_put_bytes_field(value, 2, &shape);
  tgc_buffer_release(&shape);
  tgc_buffer_release(&dim);
}

static uint32_t extend_by_length(uint32_t crc, uint64_t length) {
  uint8_t bytes[8];
  unsigned size = length <= UINT32_MAX ? 4 : 8;
  for (unsigned i = 0; i < size; ++i)
    bytes[i] = (uint8_t)(length >> (8 * i));
  return tgc_crc32c_extend(crc, bytes, size);
}

/* string_tensor.c says what is written. */
static tgc_status_t write_strings(tgc_checkpoint_writer_t *writer, const tgc_string_t *strings,
                                  uint64_t count, uint32_t *crc, tgc_error_t *error) {
  tgc_buffer_t lengths = {.size = 0};
  for (uint64_t i = 0; i < count; ++i) {
    tgc_buffer_put_varint(&lengths, strings[i].size);
    *crc = extend_by_length(*crc, strings[i].size);
  }
  uint64_t begin = lengths.size;
  tgc_buffer_put_fixed(&lengths, tgc_crc32c_mask(*crc), 4);
  tgc_status_t status = TGC_OK;
  if (lengths.lacks_memory) {
    status = no_memory(writer, error);
  } else {
    *crc = tgc_crc32c_extend(*crc, lengths.data + begin, 4);
    status = tgc_output_write(&writer->data, lengths.data, lengths.size, error);
  }
  tgc_buffer_release(&lengths);
  for (uint64_t i = 0; status == TGC_OK && i < count; ++i) {
    *crc = tgc_crc32c_extend(*crc, strings[i].data, strings[i].size);
    status = tgc_output_write(&writer->data, strings[i].data, strings[i].size, error);
  }
  return status;
}

/* Writes the elements and an entry that says where they are. */
static tgc_status_t write_tensor(tgc_checkpoint_writer_t *writer, const void *key, uint64_t key_size,
                                 const tgc_tensor_t *tensor, tgc_error_t *error) {
  uint64_t count = 0, bytes = 0, offset = writer->data.size;
  uint32_t crc = 0;
  tgc_status_t status;
  if (tensor->rank < 0 || tensor->rank > TGC_MAX_RANK ||
      !tgc_shape_num_elements(tensor->rank, tensor->dims, &count) ||
      !tgc_shape_byte_size(tensor->dtype, tensor->rank, tensor->dims, &bytes))
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "%s: checkpoint: a tensor of type %s and rank %d cannot be saved", writer->prefix,
                         tgc_dtype_name(tensor->dtype), tensor->rank);
  if (tensor->dtype == TGC_STRING) {
    status = write_strings(writer, tensor->data, count, &crc, error);
  } else {
    crc = tgc_crc32c_extend(0, tensor->data, bytes);
    status = tgc_output_write(&writer->data, tensor->data, bytes, error);
  }
  if (status != TGC_OK) {
    writer->has_failed = 1;
    return status;
  }
  entry_t *entry = add_entry(writer, key, key_size);
  if (!entry)
    return no_memory(writer, error);
  put_type(&entry->value, tensor->dtype, tensor->rank, tensor->dims);
  tgc_buffer_put_number_field(&entry->value, 4, offset);
  tgc_buffer_put_number_field(&entry->value, 5, writer->data.size - offset);
  tgc_buffer_put_varint(&entry->value, 6 << 3 | 5);
  tgc_buffer_put_fixed(&entry->value, tgc_crc32c_mask(crc), 4);
  return TGC_OK;
}

static tgc_status_t check_name(const tgc_checkpoint_writer_t *writer, const char *name, tgc_error_t *error) {
  return name[0] ? TGC_OK
                 : tgc_error_set(error, TGC_INVALID_ARGUMENT, "%s: checkpoint: a tensor without a name",
                                 writer->prefix);
}

tgc_status_t tgc_checkpoint_write(tgc_checkpoint_writer_t *writer, const char *name,
                                  const tgc_tensor_t *tensor, tgc_error_t *error) {
  tgc_status_t status = check_name(writer, name, error);
  if (status == TGC_OK)
    status = write_tensor(writer, name, strlen(name), tensor, error);
  return status == TGC_OK ? tgc_error_clear(error) : status;
}

/* A TensorSliceProto. Start 0 and length -1, all of a dimension, is an empty extent. */
static void put_slice(tgc_buffer_t *value, const tgc_slice_t *slice) {
  tgc_buffer_t proto = {.size = 0}, extent = {.size = 0};
  for (uint64_t d = 0; d < slice->rank; ++d) {
    extent.size = 0;
    tgc_buffer_put_number_field(&extent, 1, (uint64_t)slice->starts[d]);
    if (slice->lengths[d] >= 0) {
      tgc_buffer_put_varint(&extent, 2 << 3);
      tgc_buffer_put_varint(&extent, (uint64_t)slice->lengths[d]);
    }
    tgc_buffer_put_bytes_field(&proto, 1, &extent);
  }
  tgc_buffer_put_bytes_field(value, 7, &proto);
  tgc_buffer_release(&proto);
  tgc_buffer_release(&extent);
}

/* The entry of the tensor as a whole, made when its first slice comes. */
static entry_t *find_whole(tgc_checkpoint_writer_t *writer, const char *name, int32_t dtype, int32_t rank,
                           const int64_t *dims) {
  uint64_t size = strlen(name);
  for (uint64_t i = 0; i < writer->num_entries; ++i)
    if (writer->entries[i].key_size == size && memcmp(writer->entries[i].key, name, size) == 0)
      return &writer->entries[i];
  entry_t *entry = add_entry(writer, name, size);
  if (entry)
    put_type(&entry->value, dtype, rank, dims);
  return entry;
}

tgc_status_t tgc_checkpoint_write_slice(tgc_checkpoint_writer_t *writer, const char *name, int32_t rank,
                                        const int64_t *dims, const int64_t *starts, const int64_t *lengths,
                                        const tgc_tensor_t *part, tgc_error_t *error) {
  tgc_status_t status = check_name(writer, name, error);
  if (status != TGC_OK)
    return status;
  tgc_slice_t slice = {.rank = (uint64_t)rank};
  uint8_t fits = rank >= 0 && rank <= TGC_MAX_RANK && rank == part->rank && part->dtype != TGC_STRING;
  for (int32_t d = 0; fits && d < rank; ++d) {
    int64_t length = lengths[d] < 0 ? dims[d] : lengths[d];
    slice.starts[d] = starts[d];
    slice.lengths[d] = lengths[d] < 0 ? -1 : lengths[d];
    fits = starts[d] >= 0 && length >= 0 && starts[d] <= dims[d] && length <= dims[d] - starts[d] &&
           part->dims[d] == length;
  }
  if (!fits)
    return tgc_error_set(error, TGC_INVALID_ARGUMENT,
                         "%s: checkpoint: the slice of tensor %s does not lie in it, or holds strings",
                         writer->prefix, name);
  entry_t *whole = find_whole(writer, name, part->dtype, rank, dims);
  uint8_t *key = tgc_slice_key_allocate(name);
  if (whole && key) {
    put_slice(&whole->value, &slice);
    status = write_tensor(writer, key, tgc_slice_key_write(key, name, &slice), part, error);
  } else {
    status = no_memory(writer, error);
  }
  free(key);
  return status == TGC_OK ? tgc_error_clear(error) : status;
}

/*===----------------------------------------------------------------------===*
 * Commit.
 *===----------------------------------------------------------------------===*/

static int compare_entries(const void *left, const void *right) {
  const entry_t *a = left, *b = right;
  uint64_t shorter = a->key_size < b->key_size ? a->key_size : b->key_size;
  int order = memcmp(a->key, b->key, shorter);
  return order ? order : (a->key_size > b->key_size) - (a->key_size < b->key_size);
}

/* The index, of a header and the entries in order. */
static tgc_status_t make_index(tgc_checkpoint_writer_t *writer, tgc_table_writer_t *table,
                               tgc_error_t *error) {
  static const uint64_t bundle_version = 1;
  tgc_buffer_t header = {.size = 0}, version = {.size = 0};
  tgc_buffer_put_number_field(&header, 1, writer->num_shards);
  tgc_buffer_put_number_field(&version, 1, bundle_version);
  tgc_buffer_put_bytes_field(&header, 3, &version);
  tgc_table_add(table, "", 0, &header);
  tgc_buffer_release(&header);
  tgc_buffer_release(&version);
  if (writer->num_entries)
    qsort(writer->entries, writer->num_entries, sizeof *writer->entries, compare_entries);
  for (uint64_t i = 0; i < writer->num_entries; ++i) {
    const entry_t *entry = &writer->entries[i];
    if (i && compare_entries(entry - 1, entry) == 0)
      return tgc_error_set(error, TGC_INVALID_ARGUMENT, "%s: checkpoint: tensor %.*s is written twice",
                           writer->prefix, (int)entry->key_size, entry->key);
    tgc_table_add(table, entry->key, entry->key_size, &entry->value);
  }
  tgc_table_finish(table);
  return table->file.lacks_memory ? no_memory(writer, error) : TGC_OK;
}

tgc_status_t tgc_checkpoint_writer_index(tgc_checkpoint_writer_t *writer, tgc_buffer_t *out_index,
                                         tgc_error_t *error) {
  tgc_table_writer_t table = {.key = NULL};
  tgc_status_t status = make_index(writer, &table, error);
  if (status == TGC_OK) {
    *out_index = table.file;
    table.file = (tgc_buffer_t){.size = 0};
  }
  tgc_table_release(&table);
  return status;
}

/* Removes the data files of the checkpoint that was replaced. */
static void remove_old_data(const tgc_checkpoint_writer_t *writer) {
  for (uint64_t shard = 0; shard < writer->old_num_shards; ++shard) {
    char *path = path_of(writer, (int64_t)shard, writer->old_num_shards);
    if (path)
      unlink(path);
    free(path);
  }
}

tgc_status_t tgc_checkpoint_commit(tgc_checkpoint_writer_t *writer, tgc_error_t *error) {
  tgc_table_writer_t table = {.key = NULL};
  char *index = path_of(writer, -1, 0);
  tgc_status_t status = TGC_OK;
  if (writer->has_failed)
    status = tgc_error_set(error, TGC_FAILED_PRECONDITION,
                           "%s: checkpoint: a tensor of it could not be written", writer->prefix);
  if (status == TGC_OK)
    status = index ? make_index(writer, &table, error) : no_memory(writer, error);
  if (status == TGC_OK)
    status = tgc_output_flush(&writer->data, error);
  if (status == TGC_OK)
    status = tgc_output_publish(&writer->data, error);
  if (status == TGC_OK)
    status = tgc_folder_flush(writer->folder, writer->prefix, error);
  if (status == TGC_OK)
    status = tgc_output_replace(index, table.file.data, table.file.size, error);
  if (status == TGC_OK)
    status = tgc_folder_flush(writer->folder, writer->prefix, error);
  if (status == TGC_OK)
    remove_old_data(writer);
  tgc_table_release(&table);
  free(index);
  return status == TGC_OK ? tgc_error_clear(error) : status;
}

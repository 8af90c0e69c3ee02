/*===- sstable.c - The table format of an index file ------------------------===
 *
 * A sorted string table as LevelDB defined it: blocks of entries whose keys share prefixes with the one
 * before; each block is followed by a type byte and a masked CRC-32C of both; an index block has the position
 * of every data block; a footer of 48 bytes has the positions of the index block and of a "metaindex" that is
 * of no use here.
 *
 * The table is walked twice: to check it and count, then to fill arrays of the right size. What can be
 * allocated is bounded by the size of the file, whatever its numbers say.
 *
 *===----------------------------------------------------------------------===*/
#include "sstable.h"

#include "../error.h"
#include "crc32c.h"

#include <stdlib.h>
#include <string.h>

enum { FOOTER_SIZE = 48, TRAILER_SIZE = 5, TYPE_PLAIN = 0, TYPE_SNAPPY = 1 };
static const uint64_t table_magic = 0xdb4775248b80fb57u;

/* How many times longer all keys together may be than the file: shared prefixes save that much at most. */
static const uint64_t max_key_expansion = 64;

typedef struct handle {
  uint64_t offset;
  uint64_t size;
} handle_t;

/* The walk: where it reads, what it counts, and, in the second round, where it writes. */
typedef struct walk {
  const uint8_t *bytes;
  uint64_t size;
  const char *prefix;
  tgc_error_t *error;
  uint64_t num_entries;
  uint64_t key_bytes;
  uint64_t data_end; /* of the last data block: they follow each other */
  tgc_sstable_t *table;
} walk_t;

typedef struct block_entry {
  uint64_t num_shared;
  tgc_bytes_t key_rest;
  tgc_bytes_t value;
} block_entry_t;

static uint64_t load_little_endian(const uint8_t *at, unsigned size) {
  uint64_t value = 0;
  for (unsigned i = 0; i < size; ++i)
    value |= (uint64_t)at[i] << (8 * i);
  return value;
}

static tgc_status_t malformed(const walk_t *walk, const char *what) {
  return tgc_error_set(walk->error, TGC_DATA_LOSS, "%s: checkpoint: index file is malformed: %s",
                       walk->prefix, what);
}

static uint8_t read_handle(tgc_bytes_t *bytes, handle_t *out_handle) {
  return tgc_bytes_read_varint(bytes, &out_handle->offset) && tgc_bytes_read_varint(bytes, &out_handle->size);
}

/* Checks a block's place, type and checksum; gives the entries without the restart array that ends it. */
static tgc_status_t read_block(const walk_t *walk, handle_t handle, tgc_bytes_t *out_entries) {
  uint64_t limit = walk->size - FOOTER_SIZE;
  if (handle.offset > limit || handle.size > limit - handle.offset ||
      limit - handle.offset - handle.size < TRAILER_SIZE)
    return malformed(walk, "a block lies outside of the file");
  const uint8_t *block = walk->bytes + handle.offset;
  uint32_t stored = (uint32_t)load_little_endian(block + handle.size + 1, 4);
  if (tgc_crc32c_mask(tgc_crc32c_extend(0, block, handle.size + 1)) != stored)
    return tgc_error_set(walk->error, TGC_DATA_LOSS,
                         "%s: checkpoint: checksum of an index block does not match", walk->prefix);
  if (block[handle.size] == TYPE_SNAPPY)
    return tgc_error_set(
        walk->error, TGC_UNIMPLEMENTED,
        "%s: checkpoint: index file is compressed with Snappy, which tgc does not read; TensorFlow "
        "writes it uncompressed when it saves the checkpoint again",
        walk->prefix);
  if (block[handle.size] != TYPE_PLAIN)
    return tgc_error_set(walk->error, TGC_UNIMPLEMENTED,
                         "%s: checkpoint: index file has a block of unknown type %u", walk->prefix,
                         block[handle.size]);
  uint64_t num_restarts = handle.size >= 4 ? load_little_endian(block + handle.size - 4, 4) : 0;
  if (handle.size < 4 || num_restarts > handle.size / 4 - 1)
    return malformed(walk, "a block is shorter than its list of restarts");
  out_entries->at = block;
  out_entries->end = block + handle.size - 4 - 4 * num_restarts;
  return TGC_OK;
}

/* The next entry of a block; `key_size` is that of the key before. */
static uint8_t read_entry(tgc_bytes_t *block, uint64_t key_size, block_entry_t *out_entry) {
  uint64_t num_rest, value_size;
  if (!tgc_bytes_read_varint(block, &out_entry->num_shared) || !tgc_bytes_read_varint(block, &num_rest) ||
      !tgc_bytes_read_varint(block, &value_size))
    return 0;
  uint64_t left = (uint64_t)(block->end - block->at);
  if (out_entry->num_shared > key_size || num_rest > left || value_size > left - num_rest)
    return 0;
  out_entry->key_rest = (tgc_bytes_t){block->at, block->at + num_rest};
  out_entry->value = (tgc_bytes_t){block->at + num_rest, block->at + num_rest + value_size};
  block->at += num_rest + value_size;
  return 1;
}

static int compare_keys(const char *a, uint64_t a_size, const char *b, uint64_t b_size) {
  uint64_t shorter = a_size < b_size ? a_size : b_size;
  int order = shorter ? memcmp(a, b, shorter) : 0;
  return order ? order : (a_size > b_size) - (a_size < b_size);
}

/* Second round: writes the entry behind the ones before it. `key_size` is that of the key before. */
static tgc_status_t store_entry(walk_t *walk, const block_entry_t *entry) {
  tgc_sstable_t *table = walk->table;
  char *key = table->keys + walk->key_bytes;
  uint64_t num_rest = (uint64_t)(entry->key_rest.end - entry->key_rest.at);
  const tgc_sstable_entry_t *before = walk->num_entries ? &table->entries[walk->num_entries - 1] : NULL;
  if (entry->num_shared)
    memcpy(key, before->key, entry->num_shared);
  if (num_rest)
    memcpy(key + entry->num_shared, entry->key_rest.at, num_rest);
  uint64_t size = entry->num_shared + num_rest;
  key[size] = '\0';
  if (before && compare_keys(before->key, before->key_size, key, size) >= 0)
    return malformed(walk, "its names are not sorted");
  table->entries[walk->num_entries] = (tgc_sstable_entry_t){key, size, entry->value};
  return TGC_OK;
}

static tgc_status_t walk_data_block(walk_t *walk, handle_t handle) {
  tgc_bytes_t block;
  block_entry_t entry;
  uint64_t key_size = 0;
  tgc_status_t status = read_block(walk, handle, &block);
  while (status == TGC_OK && block.at < block.end) {
    if (!read_entry(&block, key_size, &entry))
      return malformed(walk, "an entry of a block cannot be read");
    key_size = entry.num_shared + (uint64_t)(entry.key_rest.end - entry.key_rest.at);
    if (walk->table)
      status = store_entry(walk, &entry);
    walk->num_entries++;
    walk->key_bytes += key_size + 1;
    if (walk->key_bytes / max_key_expansion > walk->size)
      return malformed(walk, "its names are longer than the file explains");
  }
  return status;
}

/* Visits all data blocks in order. */
static tgc_status_t walk_table(walk_t *walk, handle_t index) {
  tgc_bytes_t block;
  block_entry_t entry;
  handle_t data;
  uint64_t key_size = 0;
  walk->num_entries = walk->key_bytes = walk->data_end = 0;
  tgc_status_t status = read_block(walk, index, &block);
  while (status == TGC_OK && block.at < block.end) {
    if (!read_entry(&block, key_size, &entry) || !read_handle(&entry.value, &data))
      return malformed(walk, "an entry of the list of blocks cannot be read");
    key_size = entry.num_shared + (uint64_t)(entry.key_rest.end - entry.key_rest.at);
    if (data.offset < walk->data_end)
      return malformed(walk, "its blocks overlap");
    status = walk_data_block(walk, data);
    walk->data_end = data.offset + data.size;
  }
  return status;
}

/* Finds the two blocks. A file whose footer is in place but for the magic number was not cut. */
static tgc_status_t read_footer(const walk_t *walk, handle_t *out_metaindex, handle_t *out_index) {
  if (walk->size == 0)
    return tgc_error_set(walk->error, TGC_DATA_LOSS, "%s: checkpoint: index file is empty", walk->prefix);
  uint8_t has_handles = 0, is_in_place = 0, has_magic = 0;
  if (walk->size >= FOOTER_SIZE) {
    const uint8_t *footer = walk->bytes + walk->size - FOOTER_SIZE;
    tgc_bytes_t handles = {footer, footer + FOOTER_SIZE - 8};
    has_magic = load_little_endian(footer + FOOTER_SIZE - 8, 8) == table_magic;
    has_handles = read_handle(&handles, out_metaindex) && read_handle(&handles, out_index);
    is_in_place = has_handles && out_index->offset < walk->size && out_index->size < walk->size &&
                  out_index->offset + out_index->size + TRAILER_SIZE == walk->size - FOOTER_SIZE;
  }
  if (has_magic)
    return has_handles ? TGC_OK : malformed(walk, "its footer does not point to the list of blocks");
  if (is_in_place)
    return tgc_error_set(
        walk->error, TGC_DATA_LOSS,
        "%s: checkpoint: index file has a bad table magic number (damaged, or not a V2 checkpoint)",
        walk->prefix);
  return tgc_error_set(
      walk->error, TGC_DATA_LOSS,
      "%s: checkpoint: index file truncated (no table footer), or not the index of a V2 checkpoint",
      walk->prefix);
}

tgc_status_t tgc_sstable_parse(const uint8_t *bytes, uint64_t size, const char *prefix,
                               tgc_sstable_t *out_table, tgc_error_t *error) {
  walk_t walk = {.bytes = bytes, .size = size, .prefix = prefix, .error = error};
  handle_t metaindex, index;
  tgc_bytes_t ignored;
  memset(out_table, 0, sizeof *out_table);
  tgc_status_t status = read_footer(&walk, &metaindex, &index);
  if (status == TGC_OK)
    status = read_block(&walk, metaindex, &ignored);
  if (status == TGC_OK)
    status = walk_table(&walk, index);
  if (status != TGC_OK)
    return status;
  out_table->entries = calloc(walk.num_entries + 1, sizeof *out_table->entries);
  out_table->keys = malloc(walk.key_bytes + 1);
  walk.table = out_table;
  if (out_table->entries && out_table->keys)
    status = walk_table(&walk, index);
  else
    status = tgc_error_set(error, TGC_RESOURCE_EXHAUSTED,
                           "%s: checkpoint: no memory for the %llu entries of the index", prefix,
                           (unsigned long long)walk.num_entries);
  out_table->num_entries = walk.num_entries;
  if (status != TGC_OK)
    tgc_sstable_release(out_table);
  return status;
}

void tgc_sstable_release(tgc_sstable_t *table) {
  free(table->entries);
  free(table->keys);
  memset(table, 0, sizeof *table);
}

const tgc_sstable_entry_t *tgc_sstable_find(const tgc_sstable_t *table, const char *key, uint64_t key_size) {
  uint64_t low = 0, high = table->num_entries;
  while (low < high) {
    uint64_t middle = low + (high - low) / 2;
    const tgc_sstable_entry_t *entry = &table->entries[middle];
    int order = compare_keys(entry->key, entry->key_size, key, key_size);
    if (order == 0)
      return entry;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

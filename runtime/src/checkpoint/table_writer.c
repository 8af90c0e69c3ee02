/*===- table_writer.c - Making the table of an index file -------------------===*/
#include "table_writer.h"

#include "crc32c.h"

enum { RESTART_INTERVAL = 16, FOOTER_SIZE = 48, MAGIC_SIZE = 8 };
/* A block is closed once it is that long; TensorFlow reads blocks of any size. */
static const uint64_t block_size = 64 * 1024;
static const uint64_t table_magic = 0xdb4775248b80fb57u;

static void put_entry(tgc_buffer_t *block, uint64_t num_shared, const char *key, uint64_t key_size,
                      const tgc_buffer_t *value) {
  tgc_buffer_put_varint(block, num_shared);
  tgc_buffer_put_varint(block, key_size - num_shared);
  tgc_buffer_put_varint(block, value->size);
  tgc_buffer_put(block, key + num_shared, key_size - num_shared);
  tgc_buffer_put(block, value->data, value->size);
  block->lacks_memory |= value->lacks_memory;
}

/* Ends `block` with its restarts, appends it and its trailer to the file and writes where it went. */
static void put_block(tgc_table_writer_t *table, tgc_buffer_t *block, tgc_buffer_t *restarts,
                      tgc_buffer_t *out_handle) {
  if (!restarts->size)
    tgc_buffer_put_fixed(restarts, 0, 4);
  uint64_t num_restarts = restarts->size / 4;
  tgc_buffer_put(block, restarts->data, restarts->size);
  tgc_buffer_put_fixed(block, num_restarts, 4);
  tgc_buffer_put_varint(out_handle, table->file.size);
  tgc_buffer_put_varint(out_handle, block->size);
  tgc_buffer_put_fixed(block, 0, 1); /* not compressed */
  uint32_t crc = tgc_crc32c_extend(0, block->data, block->size);
  tgc_buffer_put_fixed(block, tgc_crc32c_mask(crc), 4);
  tgc_buffer_put(&table->file, block->data, block->size);
  table->file.lacks_memory |= block->lacks_memory | restarts->lacks_memory | out_handle->lacks_memory;
  block->size = restarts->size = 0;
}

/* `bound` is the block's key in the index block: not less than any key in it, less than all that follow.
 * Entries of the index block share nothing: each restarts. */
static void finish_data_block(tgc_table_writer_t *table, const char *bound, uint64_t bound_size) {
  tgc_buffer_t handle = {.size = 0};
  put_block(table, &table->block, &table->restarts, &handle);
  put_entry(&table->blocks, 0, bound, bound_size, &handle);
  tgc_buffer_release(&handle);
  table->num_since_restart = 0;
}

void tgc_table_add(tgc_table_writer_t *table, const char *key, uint64_t key_size, const tgc_buffer_t *value) {
  uint64_t num_shared = 0;
  if (table->block.size && table->num_since_restart < RESTART_INTERVAL) {
    while (num_shared < key_size && num_shared < table->key_size && key[num_shared] == table->key[num_shared])
      ++num_shared;
    ++table->num_since_restart;
  } else {
    tgc_buffer_put_fixed(&table->restarts, table->block.size, 4);
    table->num_since_restart = 1;
  }
  put_entry(&table->block, num_shared, key, key_size, value);
  table->key = key;
  table->key_size = key_size;
  if (table->block.size >= block_size)
    finish_data_block(table, key, key_size);
}

void tgc_table_finish(tgc_table_writer_t *table) {
  tgc_buffer_t restarts = {.size = 0}, handles = {.size = 0}, empty = {.size = 0};
  if (table->block.size) {
    /* After the last block anything greater does: one byte, as TensorFlow has it. */
    char successor = (char)(table->key_size ? table->key[0] + 1 : 0);
    if (table->key_size && (unsigned char)table->key[0] != 0xff)
      finish_data_block(table, &successor, 1);
    else
      finish_data_block(table, table->key, table->key_size);
  }
  put_block(table, &empty, &restarts, &handles);
  /* One restart at the first entry: the others follow it without sharing. */
  put_block(table, &table->blocks, &restarts, &handles);
  tgc_buffer_put(&table->file, handles.data, handles.size);
  for (uint64_t size = handles.size; size < FOOTER_SIZE - MAGIC_SIZE; ++size)
    tgc_buffer_put_fixed(&table->file, 0, 1);
  tgc_buffer_put_fixed(&table->file, table_magic, MAGIC_SIZE);
  tgc_buffer_release(&restarts);
  tgc_buffer_release(&handles);
  tgc_buffer_release(&empty);
}

void tgc_table_release(tgc_table_writer_t *table) {
  tgc_buffer_release(&table->file);
  tgc_buffer_release(&table->block);
  tgc_buffer_release(&table->restarts);
  tgc_buffer_release(&table->blocks);
}

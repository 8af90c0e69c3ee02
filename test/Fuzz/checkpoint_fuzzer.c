/*===- checkpoint_fuzzer.c - Any bytes as a checkpoint ----------------------===*
 *
 * The input is split into an index (or one of its blocks, which then gets the checksum, the list of blocks
 * and the footer that it needs to be read at all) and a data file. Whatever opens is read whole.
 *
 *===----------------------------------------------------------------------===*/
#include "runtime/src/checkpoint/crc32c.h"
#include "runtime/src/checkpoint/reader.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *put_number(uint8_t *at, uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; ++i)
    *at++ = (uint8_t)(value >> (8 * i));
  return at;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    *at++ = (uint8_t)(value | 0x80);
  *at++ = (uint8_t)value;
  return at;
}

/* Type byte and checksum behind a block that starts at `block`. */
static uint8_t *put_trailer(uint8_t *block, uint8_t *end) {
  *end++ = 0;
  return put_number(end, tgc_crc32c_mask(tgc_crc32c_extend(0, block, (uint64_t)(end - block))), 4);
}

/* A table whose only data block is given; to be freed. */
static uint8_t *wrap_block(const uint8_t *bytes, uint64_t size, uint64_t *out_size) {
  uint8_t *table = malloc(size + 256);
  if (!table)
    abort();
  if (size)
    memcpy(table, bytes, size);
  uint8_t *metaindex = put_trailer(table, table + size);
  uint8_t *metaindex_end = put_number(metaindex, 0, 4); /* no restarts */
  uint8_t *index = put_trailer(metaindex, metaindex_end);
  uint8_t handle[20];
  uint64_t handle_size = (uint64_t)(put_varint(put_varint(handle, 0), size) - handle);
  uint8_t *at = index;
  *at++ = 0; /* an empty key: nothing shared, nothing of its own */
  *at++ = 0;
  *at++ = (uint8_t)handle_size;
  memcpy(at, handle, handle_size);
  at = put_number(at + handle_size, 0, 4);
  uint64_t index_size = (uint64_t)(at - index);
  uint8_t *footer = put_trailer(index, at);
  memset(footer, 0, 40);
  at = put_varint(put_varint(footer, (uint64_t)(metaindex - table)), 4);
  put_varint(put_varint(at, (uint64_t)(index - table)), index_size);
  at = put_number(footer + 40, 0xdb4775248b80fb57u, 8);
  *out_size = (uint64_t)(at - table);
  return table;
}

/* Reads everything; the largest tensor may not be much larger than the files. */
static void visit(const tgc_checkpoint_t *checkpoint, uint64_t file_size) {
  for (uint64_t i = 0; i < tgc_checkpoint_num_tensors(checkpoint); ++i) {
    const char *name = tgc_checkpoint_name(checkpoint, i);
    tgc_checkpoint_entry_t entry;
    if (tgc_checkpoint_lookup(checkpoint, name, &entry, NULL) != TGC_OK)
      continue;
    if (entry.byte_size > 17 * file_size + 64)
      abort();
    void *memory = malloc(entry.byte_size + 1);
    if (!memory)
      abort();
    if (tgc_checkpoint_read(checkpoint, name, memory, entry.byte_size, NULL) == TGC_OK &&
        entry.dtype == TGC_STRING) {
      const tgc_string_t *strings = memory;
      for (uint64_t s = 0; s < entry.num_elements; ++s)
        if (strings[s].data + strings[s].size > (const char *)memory + entry.byte_size)
          abort();
    }
    free(memory);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size < 3)
    return 0;
  uint64_t index_size = (uint64_t)bytes[1] | (uint64_t)bytes[2] << 8;
  uint64_t left = size - 3;
  if (index_size > left)
    index_size = left;
  const uint8_t *data = bytes + 3 + index_size;
  uint64_t data_size = left - index_size;
  /* A copy of its own, so that reads behind the end are seen. */
  uint64_t table_size = index_size;
  uint8_t *table = bytes[0] & 1 ? wrap_block(bytes + 3, index_size, &table_size) : malloc(index_size + 1);
  if (!table)
    abort();
  if (!(bytes[0] & 1))
    memcpy(table, bytes + 3, index_size);
  tgc_checkpoint_t *checkpoint;
  tgc_error_t error;
  if (tgc_checkpoint_from_bytes("fuzz", table, table_size, data, data_size, &checkpoint, &error) == TGC_OK) {
    visit(checkpoint, data_size);
    tgc_checkpoint_close(checkpoint);
  }
  free(table);
  return 0;
}

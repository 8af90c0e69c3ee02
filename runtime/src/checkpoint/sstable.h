/*===- sstable.h - The table format of an index file ------------------------===*/
#ifndef TGC_SRC_CHECKPOINT_SSTABLE_H
#define TGC_SRC_CHECKPOINT_SSTABLE_H

#include "proto.h"
#include "tgc/runtime.h"

typedef struct tgc_sstable_entry {
  const char *key; /* followed by a zero byte that does not belong to it */
  uint64_t key_size;
  tgc_bytes_t value;
} tgc_sstable_entry_t;

/* All entries of a table, keys in byte order. */
typedef struct tgc_sstable {
  uint64_t num_entries;
  tgc_sstable_entry_t *entries;
  char *keys;
} tgc_sstable_t;

/* Reads the table in `bytes`, which must outlive it, and checks all its checksums. `prefix` begins the
 * messages. */
tgc_status_t tgc_sstable_parse(const uint8_t *bytes, uint64_t size, const char *prefix,
                               tgc_sstable_t *out_table, tgc_error_t *error);
void tgc_sstable_release(tgc_sstable_t *table);

/* The entry with that key, or NULL. */
const tgc_sstable_entry_t *tgc_sstable_find(const tgc_sstable_t *table, const char *key, uint64_t key_size);

#endif /* TGC_SRC_CHECKPOINT_SSTABLE_H */

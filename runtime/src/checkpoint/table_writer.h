/*===- table_writer.h - Making the table of an index file -------------------===*/
#ifndef TGC_SRC_CHECKPOINT_TABLE_WRITER_H
#define TGC_SRC_CHECKPOINT_TABLE_WRITER_H

#include "buffer.h"

/* Zero is an empty table. sstable.c describes the format. */
typedef struct tgc_table_writer {
  tgc_buffer_t file; /* what is finished: after tgc_table_finish all of it */
  tgc_buffer_t block, restarts;
  tgc_buffer_t blocks; /* the index block that is growing */
  uint64_t num_since_restart;
  const char *key; /* the last one that was added */
  uint64_t key_size;
} tgc_table_writer_t;

/* Keys come in byte order, each once, and live until the end. */
void tgc_table_add(tgc_table_writer_t *table, const char *key, uint64_t key_size, const tgc_buffer_t *value);
void tgc_table_finish(tgc_table_writer_t *table);
void tgc_table_release(tgc_table_writer_t *table);

#endif /* TGC_SRC_CHECKPOINT_TABLE_WRITER_H */

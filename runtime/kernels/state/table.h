/*===- table.h - What a lookup table is inside --------------------------------===*/
#ifndef TGC_KERNELS_STATE_TABLE_H
#define TGC_KERNELS_STATE_TABLE_H

#include "runtime/kernels/elements.h"

typedef struct table {
  uint8_t is_initialized;
  int32_t key_dtype, value_dtype;
  int64_t row; /* elements of one value */
  int64_t count, room;
  /* Entries in the order in which they came; of each string a block of its own holds the bytes. */
  char *keys, *values;
  int64_t *slots; /* numbers of entries, or -1 */
  uint64_t mask;
  /* The keys, none to two, that TensorFlow's kind of table marks free places with: nobody may use them. */
  char *reserved;
  int64_t num_reserved;
} table_t;

/* The session's table of a config "MUTABLE NAME". */
table_t *tgc_table_get(tgc_frame_t *frame, const char *node, const char *config);

/* Enters pairs; a second value of a key replaces the first, or, if `is_fixed`, must be the same. Reserved
 * keys, which checkpoints hold for free places, are left out. */
void tgc_table_enter(tgc_frame_t *frame, const char *node, table_t *table, const tgc_tensor_t *keys,
                     const tgc_tensor_t *values, int is_fixed);

#endif /* TGC_KERNELS_STATE_TABLE_H */

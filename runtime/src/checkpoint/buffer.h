/*===- buffer.h - Bytes that grow -------------------------------------------===*/
#ifndef TGC_SRC_CHECKPOINT_BUFFER_H
#define TGC_SRC_CHECKPOINT_BUFFER_H

#include <stdint.h>

/* Zero is an empty buffer. Once memory was missing, all that is put is dropped: one look at the end suffices.
 */
typedef struct tgc_buffer {
  uint8_t *data;
  uint64_t size;
  uint64_t capacity;
  uint8_t lacks_memory;
} tgc_buffer_t;

void tgc_buffer_release(tgc_buffer_t *buffer);

void tgc_buffer_put(tgc_buffer_t *buffer, const void *bytes, uint64_t size);
/* A base-128 number, and the `size` low bytes of a number, little-endian. */
void tgc_buffer_put_varint(tgc_buffer_t *buffer, uint64_t value);
void tgc_buffer_put_fixed(tgc_buffer_t *buffer, uint64_t value, unsigned size);

/* Fields of a protocol buffer; one that is zero is left out. */
void tgc_buffer_put_number_field(tgc_buffer_t *buffer, unsigned field, uint64_t value);
void tgc_buffer_put_bytes_field(tgc_buffer_t *buffer, unsigned field, const tgc_buffer_t *bytes);

#endif /* TGC_SRC_CHECKPOINT_BUFFER_H */

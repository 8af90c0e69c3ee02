/*===- buffer.c - Bytes that grow -------------------------------------------===*/
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

void tgc_buffer_release(tgc_buffer_t *buffer) {
  free(buffer->data);
  memset(buffer, 0, sizeof *buffer);
}

void tgc_buffer_put(tgc_buffer_t *buffer, const void *bytes, uint64_t size) {
  if (buffer->lacks_memory || !size)
    return;
  if (size > buffer->capacity - buffer->size) {
    uint64_t capacity = 2 * buffer->capacity + size + 64;
    uint8_t *data = realloc(buffer->data, capacity);
    if (!data) {
      buffer->lacks_memory = 1;
      return;
    }
    buffer->data = data;
    buffer->capacity = capacity;
  }
  memcpy(buffer->data + buffer->size, bytes, size);
  buffer->size += size;
}

void tgc_buffer_put_varint(tgc_buffer_t *buffer, uint64_t value) {
  uint8_t bytes[10];
  unsigned size = 0;
  for (; value >= 0x80; value >>= 7)
    bytes[size++] = (uint8_t)(value | 0x80);
  bytes[size++] = (uint8_t)value;
  tgc_buffer_put(buffer, bytes, size);
}

void tgc_buffer_put_fixed(tgc_buffer_t *buffer, uint64_t value, unsigned size) {
  uint8_t bytes[8];
  for (unsigned i = 0; i < size; ++i)
    bytes[i] = (uint8_t)(value >> (8 * i));
  tgc_buffer_put(buffer, bytes, size);
}

void tgc_buffer_put_number_field(tgc_buffer_t *buffer, unsigned field, uint64_t value) {
  if (!value)
    return;
  tgc_buffer_put_varint(buffer, field << 3);
  tgc_buffer_put_varint(buffer, value);
}

void tgc_buffer_put_bytes_field(tgc_buffer_t *buffer, unsigned field, const tgc_buffer_t *bytes) {
  tgc_buffer_put_varint(buffer, field << 3 | 2);
  tgc_buffer_put_varint(buffer, bytes->size);
  tgc_buffer_put(buffer, bytes->data, bytes->size);
  buffer->lacks_memory |= bytes->lacks_memory;
}

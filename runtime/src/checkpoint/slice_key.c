/*===- slice_key.c - The keys of slices in an index file --------------------===
 *
 * They encode name and place so that keys sort as (name, place) do: the number 0, the name, the rank, then
 * start and length of every dimension (0 and -1: all of it). Numbers that sort as bytes: unsigned ones are
 * their byte count and then their bytes, big-endian; signed ones have a unary byte count in the leading bits,
 * complemented if negative. In text, 00 becomes 00 FF, FF becomes FF 00, and 00 01 ends it.
 *
 *===----------------------------------------------------------------------===*/
#include "slice_key.h"

#include <stdlib.h>
#include <string.h>

/* The longest a number is: a signed one of 64 bits. */
enum { MAX_NUMBER_SIZE = 10 };

static uint8_t *put_unsigned(uint8_t *at, uint64_t value) {
  unsigned size = 0;
  while (size < 8 && value >> (8 * size))
    ++size;
  *at++ = (uint8_t)size;
  while (size--)
    *at++ = (uint8_t)(value >> (8 * size));
  return at;
}

/* n bytes hold [-2^(7n-1), 2^(7n-1)). The first bits are n ones and a zero for numbers >= 0, inverted below.
 */
static uint8_t *put_signed(uint8_t *at, int64_t value) {
  uint64_t magnitude = value < 0 ? ~(uint64_t)value : (uint64_t)value;
  unsigned size = 1;
  while (size < MAX_NUMBER_SIZE && 7 * size - 1 < 64 && magnitude >> (7 * size - 1))
    ++size;
  uint8_t bytes[MAX_NUMBER_SIZE];
  for (unsigned i = 0; i < size; ++i) {
    unsigned shift = 8 * (size - 1 - i);
    bytes[i] = shift < 64 ? (uint8_t)(magnitude >> shift) : 0;
  }
  for (unsigned bit = 0; bit < size; ++bit)
    bytes[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
  for (unsigned i = 0; i < size; ++i)
    *at++ = value < 0 ? (uint8_t)~bytes[i] : bytes[i];
  return at;
}

static uint8_t *put_text(uint8_t *at, const char *text) {
  for (; *text; ++text) {
    *at++ = (uint8_t)*text;
    if ((uint8_t)*text == 0xff)
      *at++ = 0;
  }
  *at++ = 0;
  *at++ = 1;
  return at;
}

uint64_t tgc_slice_key_write(uint8_t *key, const char *name, const tgc_slice_t *slice) {
  uint8_t *at = put_unsigned(key, 0);
  at = put_text(at, name);
  at = put_unsigned(at, slice->rank);
  for (uint64_t d = 0; d < slice->rank; ++d) {
    at = put_signed(at, slice->starts[d]);
    at = put_signed(at, slice->lengths[d]);
  }
  return (uint64_t)(at - key);
}

uint8_t *tgc_slice_key_allocate(const char *name) {
  return malloc(2 * strlen(name) + (2 * TGC_MAX_RANK + 4) * MAX_NUMBER_SIZE);
}

/*===- inflate.c - Unpacking of deflated bytes --------------------------------===*
 *
 * RFC 1951, with codes decoded bit by bit by the counts of their lengths.
 *
 *===------------------------------------------------------------------------===*/

#include "codec.h"

enum { MAX_BITS = 15, MAX_LITERALS = 288, MAX_DISTANCES = 32 };

typedef struct stream {
  tgc_frame_t *frame;
  const uint8_t *data;
  uint64_t size, at;
  uint32_t bits;
  int num_bits, is_broken;
  uint8_t *out;
  uint64_t count, room;
} stream_t;

typedef struct code {
  uint16_t counts[MAX_BITS + 1], symbols[MAX_LITERALS];
} code_t;

static uint32_t take(stream_t *s, int count) {
  while (s->num_bits < count) {
    if (s->at == s->size) {
      s->is_broken = 1;
      return 0;
    }
    s->bits |= (uint32_t)s->data[s->at++] << s->num_bits;
    s->num_bits += 8;
  }
  uint32_t value = s->bits & ((1u << count) - 1);
  s->bits >>= count;
  s->num_bits -= count;
  return value;
}

static void put(stream_t *s, uint8_t byte) {
  if (s->count == s->room) {
    uint64_t room = 2 * s->room + 4096;
    uint8_t *grown = tgc_rt_scratch(s->frame, room);
    if (s->count)
      memcpy(grown, s->out, s->count);
    s->out = grown;
    s->room = room;
  }
  s->out[s->count++] = byte;
}

/* The canonical code of these lengths; 0 if there are more codes than the lengths allow. */
static int make_code(code_t *code, const uint8_t *lengths, int count) {
  uint16_t offsets[MAX_BITS + 1];
  memset(code->counts, 0, sizeof code->counts);
  for (int i = 0; i < count; ++i)
    ++code->counts[lengths[i]];
  int left = 1;
  for (int bits = 1; bits <= MAX_BITS; ++bits) {
    left = 2 * left - code->counts[bits];
    if (left < 0)
      return 0;
  }
  offsets[1] = 0;
  for (int bits = 1; bits < MAX_BITS; ++bits)
    offsets[bits + 1] = (uint16_t)(offsets[bits] + code->counts[bits]);
  for (int i = 0; i < count; ++i)
    if (lengths[i])
      code->symbols[offsets[lengths[i]]++] = (uint16_t)i;
  code->counts[0] = 0;
  return 1;
}

static int read_symbol(stream_t *s, const code_t *code) {
  int value = 0, first = 0, index = 0;
  for (int bits = 1; bits <= MAX_BITS && !s->is_broken; ++bits) {
    value |= (int)take(s, 1);
    int count = code->counts[bits];
    if (value - count < first)
      return code->symbols[index + value - first];
    index += count;
    first = 2 * (first + count);
    value *= 2;
  }
  s->is_broken = 1;
  return 0;
}

static void read_block(stream_t *s, const code_t *literals, const code_t *distances) {
  static const uint16_t kLengths[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                      31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  static const uint8_t kLengthBits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                        2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  static const uint16_t kDistances[] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                        33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                        1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  static const uint8_t kDistanceBits[] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                          6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
  for (;;) {
    int symbol = read_symbol(s, literals);
    if (s->is_broken || symbol == 256)
      return;
    if (symbol < 256) {
      put(s, (uint8_t)symbol);
      continue;
    }
    symbol -= 257;
    if (symbol >= 29) {
      s->is_broken = 1;
      return;
    }
    uint32_t length = kLengths[symbol] + take(s, kLengthBits[symbol]);
    symbol = read_symbol(s, distances);
    if (s->is_broken || symbol >= 30) {
      s->is_broken = 1;
      return;
    }
    uint32_t distance = kDistances[symbol] + take(s, kDistanceBits[symbol]);
    if (distance > s->count) {
      s->is_broken = 1;
      return;
    }
    for (; length > 0; --length)
      put(s, s->out[s->count - distance]);
  }
}

static void read_stored(stream_t *s) {
  s->bits = 0;
  s->num_bits = 0;
  if (s->size - s->at < 4) {
    s->is_broken = 1;
    return;
  }
  uint32_t length = s->data[s->at] | (uint32_t)s->data[s->at + 1] << 8,
           inverse = s->data[s->at + 2] | (uint32_t)s->data[s->at + 3] << 8;
  s->at += 4;
  if ((length ^ inverse) != 0xffff || length > s->size - s->at) {
    s->is_broken = 1;
    return;
  }
  for (uint32_t i = 0; i < length; ++i)
    put(s, s->data[s->at++]);
}

static void read_fixed(stream_t *s) {
  uint8_t lengths[MAX_LITERALS], distances[30];
  code_t literal_code, distance_code;
  for (int i = 0; i < MAX_LITERALS; ++i)
    lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  memset(distances, 5, sizeof distances);
  make_code(&literal_code, lengths, MAX_LITERALS);
  make_code(&distance_code, distances, 30);
  read_block(s, &literal_code, &distance_code);
}

static void read_dynamic(stream_t *s) {
  static const uint8_t kOrder[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  uint8_t lengths[MAX_LITERALS + MAX_DISTANCES] = {0};
  code_t code, distance_code;
  int num_literals = (int)take(s, 5) + 257, num_distances = (int)take(s, 5) + 1,
      num_lengths = (int)take(s, 4) + 4;
  for (int i = 0; i < num_lengths; ++i)
    lengths[kOrder[i]] = (uint8_t)take(s, 3);
  if (s->is_broken || num_literals > 286 || !make_code(&code, lengths, 19)) {
    s->is_broken = 1;
    return;
  }
  memset(lengths, 0, sizeof lengths);
  for (int i = 0; i < num_literals + num_distances;) {
    int symbol = read_symbol(s, &code), repeats = 1;
    uint8_t length = (uint8_t)symbol;
    if (symbol >= 16) {
      length = symbol == 16 && i > 0 ? lengths[i - 1] : 0;
      repeats = symbol == 16   ? 3 + (int)take(s, 2)
                : symbol == 17 ? 3 + (int)take(s, 3)
                               : 11 + (int)take(s, 7);
    }
    if (s->is_broken || (symbol == 16 && i == 0) || i + repeats > num_literals + num_distances) {
      s->is_broken = 1;
      return;
    }
    for (; repeats > 0; --repeats)
      lengths[i++] = length;
  }
  if (!make_code(&code, lengths, num_literals) ||
      !make_code(&distance_code, lengths + num_literals, num_distances)) {
    s->is_broken = 1;
    return;
  }
  read_block(s, &code, &distance_code);
}

int64_t tgc_inflate(tgc_frame_t *frame, const uint8_t *data, uint64_t size, uint8_t **unpacked,
                    uint64_t *used) {
  stream_t s = {frame, data, size, 0, 0, 0, 0, NULL, 0, 0};
  for (uint32_t is_last = 0; !is_last && !s.is_broken;) {
    is_last = take(&s, 1);
    uint32_t kind = take(&s, 2);
    if (kind == 0)
      read_stored(&s);
    else if (kind == 1)
      read_fixed(&s);
    else if (kind == 2)
      read_dynamic(&s);
    else
      s.is_broken = 1;
  }
  *unpacked = s.out;
  *used = s.at;
  return s.is_broken ? -1 : (int64_t)s.count;
}

int64_t tgc_unpack(tgc_frame_t *frame, const char *kind, const uint8_t *data, uint64_t size,
                   uint8_t **unpacked, uint64_t *used) {
  uint64_t at = 2;
  if (kind[0] == 'G' && size > 10) {
    /* Extra bytes, name, comment, checksum. */
    uint8_t flags = data[3];
    at = 10;
    if (flags & 4 && at + 2 <= size)
      at += 2u + data[at] + (uint64_t)data[at + 1] * 256;
    for (int field = 8; field <= 16; field *= 2)
      if (flags & field) {
        while (at < size && data[at])
          ++at;
        ++at;
      }
    at += flags & 2 ? 2 : 0;
  }
  if (at >= size)
    return -1;
  int64_t found = tgc_inflate(frame, data + at, size - at, unpacked, used);
  *used += at;
  return found;
}

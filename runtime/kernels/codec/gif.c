/*===- gif.c - Reading of GIF files -------------------------------------------===*/

#include "codec.h"

#include <stddef.h>

/* TensorFlow refuses larger images of other kinds. */
enum { MAX_CODES = 4096, MAX_PIXELS = 1 << 29 };

typedef struct gif {
  const tgc_reader_t *reader;
  uint64_t at;
  int64_t width, height;
  const uint8_t *colors;
  int num_colors;
  int transparent; /* -1: none */
} gif_t;

static uint8_t next_byte(gif_t *gif) {
  if (gif->at >= gif->reader->size) {
    tgc_fail_image(gif->reader, "the GIF file ends too early");
    return 0;
  }
  return gif->reader->data[gif->at++];
}
static int64_t next_short(gif_t *gif) {
  int64_t low = next_byte(gif);
  return low | (int64_t)next_byte(gif) << 8;
}

static const uint8_t *next_colors(gif_t *gif, uint8_t flags, int *count) {
  *count = 2 << (flags & 7);
  const uint8_t *colors = gif->reader->data + gif->at;
  if (gif->reader->size - gif->at < 3u * (unsigned)*count)
    tgc_fail_image(gif->reader, "the GIF file ends too early");
  gif->at += 3u * (unsigned)*count;
  return colors;
}

/* The bytes of blocks up to an empty one. */
static uint64_t next_blocks(gif_t *gif, uint8_t *to) {
  uint64_t total = 0;
  for (uint8_t size; (size = next_byte(gif)) != 0;) {
    if (gif->reader->size - gif->at < size) {
      tgc_fail_image(gif->reader, "the GIF file ends too early");
      return total;
    }
    if (to)
      memcpy(to + total, gif->reader->data + gif->at, size);
    total += size;
    gif->at += size;
  }
  return total;
}

/* Unpacks LZW codes into `count` indices; missing ones are 0. */
static void unpack(gif_t *gif, const uint8_t *packed, uint64_t size, int least_bits, uint8_t *indices,
                   int64_t count) {
  uint16_t *prefix = tgc_rt_scratch(gif->reader->frame, sizeof(uint16_t) * MAX_CODES);
  uint8_t *last = tgc_rt_scratch(gif->reader->frame, MAX_CODES),
          *stack = tgc_rt_scratch(gif->reader->frame, MAX_CODES + 1);
  int clear = 1 << least_bits, bits = least_bits + 1, next = clear + 2, previous = -1, num_bits = 0;
  uint8_t first = 0;
  uint32_t word = 0;
  int64_t done = 0;
  memset(indices, 0, (uint64_t)count);
  for (uint64_t at = 0; done < count;) {
    while (num_bits < bits && at < size) {
      word |= (uint32_t)packed[at++] << num_bits;
      num_bits += 8;
    }
    if (num_bits < bits)
      return;
    int code = (int)(word & ((1u << bits) - 1)), depth = 0;
    word >>= bits;
    num_bits -= bits;
    if (code == clear) {
      bits = least_bits + 1;
      next = clear + 2;
      previous = -1;
      continue;
    }
    if (code == clear + 1)
      return;
    if (code > next || (previous < 0 && code >= clear)) {
      tgc_fail_image(gif->reader, "the GIF file's pixels are broken");
      return;
    }
    int walk = code;
    if (code == next) {
      stack[depth++] = first;
      walk = previous;
    }
    while (walk >= clear && depth < MAX_CODES) {
      stack[depth++] = last[walk];
      walk = prefix[walk];
    }
    first = (uint8_t)walk;
    stack[depth++] = first;
    if (previous >= 0 && next < MAX_CODES) {
      prefix[next] = (uint16_t)previous;
      last[next] = first;
      ++next;
      if (next == 1 << bits && bits < 12)
        ++bits;
    }
    previous = code;
    while (depth > 0 && done < count)
      indices[done++] = stack[--depth];
  }
}

/* One image, drawn on the frame before it. */
static void read_frame(gif_t *gif, uint8_t *pixels, const uint8_t *before) {
  int64_t left = next_short(gif), top = next_short(gif), width = next_short(gif), height = next_short(gif);
  uint8_t flags = next_byte(gif);
  const uint8_t *colors = gif->colors;
  int num_colors = gif->num_colors;
  if (flags & 0x80)
    colors = next_colors(gif, flags, &num_colors);
  int least_bits = next_byte(gif);
  if (width * height > MAX_PIXELS) {
    tgc_fail_image(gif->reader, "the GIF file's image is too large");
    return;
  }
  uint8_t *packed = tgc_rt_scratch(gif->reader->frame, gif->reader->size - gif->at + 1),
          *indices = tgc_rt_scratch(gif->reader->frame, (uint64_t)(width * height) + 1);
  uint64_t size = next_blocks(gif, packed), bytes = (uint64_t)(gif->width * gif->height * 3);
  if (least_bits < 1 || least_bits > 8 || !colors) {
    tgc_fail_image(gif->reader, "the GIF file's pixels are broken");
    return;
  }
  unpack(gif, packed, size, least_bits, indices, width * height);
  if (before)
    memcpy(pixels, before, bytes);
  else
    memset(pixels, 0, bytes);
  static const uint8_t kStarts[] = {0, 4, 2, 1}, kSteps[] = {8, 8, 4, 2};
  int64_t line = 0;
  for (int pass = 0; pass < (flags & 0x40 ? 4 : 1); ++pass)
    for (int64_t row = flags & 0x40 ? kStarts[pass] : 0; row < height;
         row += flags & 0x40 ? kSteps[pass] : 1, ++line)
      for (int64_t column = 0; column < width; ++column) {
        int index = indices[line * width + column];
        if (index == gif->transparent || top + row >= gif->height || left + column >= gif->width)
          continue;
        if (index >= num_colors) {
          tgc_fail_image(gif->reader, "found color index beyond the GIF file's color map");
          return;
        }
        memcpy(pixels + ((top + row) * gif->width + left + column) * 3, colors + 3 * index, 3);
      }
}

/* How many images there are. */
static int64_t count_frames(gif_t gif) {
  for (int64_t count = 0;;) {
    if (gif.at >= gif.reader->size)
      return count;
    uint8_t kind = next_byte(&gif);
    if (kind == 0x21) {
      next_byte(&gif);
      next_blocks(&gif, NULL);
    } else if (kind == 0x2c) {
      int unused;
      gif.at += 8;
      uint8_t flags = next_byte(&gif);
      if (flags & 0x80)
        next_colors(&gif, flags, &unused);
      next_byte(&gif);
      next_blocks(&gif, NULL);
      ++count;
    } else {
      return count;
    }
  }
}

tgc_picture_t tgc_read_gif(const tgc_reader_t *reader, int is_first_only) {
  gif_t gif = {reader, 6, 0, 0, NULL, 0, -1};
  gif.width = next_short(&gif);
  gif.height = next_short(&gif);
  uint8_t flags = next_byte(&gif);
  gif.at += 2;
  if (flags & 0x80)
    gif.colors = next_colors(&gif, flags, &gif.num_colors);
  int64_t count = count_frames(gif);
  count = is_first_only && count > 1 ? 1 : count;
  uint64_t bytes = (uint64_t)(gif.width * gif.height * 3);
  if (count < 1 || bytes == 0 || bytes * (uint64_t)count > (uint64_t)MAX_PIXELS * 3)
    tgc_fail_image(reader, "the GIF file holds no image");
  tgc_picture_t picture = {count, gif.height, gif.width,
                           3,     8,          tgc_rt_scratch(reader->frame, bytes * (uint64_t)count + 1)};
  for (int64_t frame = 0; frame < count;) {
    uint8_t kind = next_byte(&gif);
    if (kind == 0x21) {
      uint8_t label = next_byte(&gif);
      if (label == 0xf9 && gif.at + 5 < reader->size)
        gif.transparent = reader->data[gif.at + 1] & 1 ? reader->data[gif.at + 4] : -1;
      next_blocks(&gif, NULL);
      continue;
    }
    uint8_t *pixels = (uint8_t *)picture.pixels + (uint64_t)frame * bytes;
    read_frame(&gif, pixels, frame > 0 ? pixels - bytes : NULL);
    gif.transparent = -1;
    ++frame;
  }
  return picture;
}

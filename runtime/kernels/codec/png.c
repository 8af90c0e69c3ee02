/*===- png.c - Reading of PNG files -------------------------------------------===*/

#include "codec.h"

#include <stddef.h>

enum { HAS_COLOR = 2, HAS_ALPHA = 4, PALETTE = 3 };

typedef struct png {
  const tgc_reader_t *reader;
  uint32_t width, height;
  int depth, kind, is_interlaced, samples; /* bits of a sample, samples of a pixel */
  uint8_t palette[256][4];
  int num_colors, num_alphas;
  int has_key;
  uint16_t key[3]; /* the one transparent colour */
  uint8_t *packed;
  uint64_t packed_size;
} png_t;

static uint32_t big_endian(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void read_header(png_t *png, const uint8_t *chunk, uint32_t size) {
  if (size < 13) {
    tgc_fail_image(png->reader, "the PNG file's header is broken");
    return;
  }
  png->width = big_endian(chunk);
  png->height = big_endian(chunk + 4);
  png->depth = chunk[8];
  png->kind = chunk[9];
  png->is_interlaced = chunk[12];
  static const uint8_t kSamples[] = {1, 0, 3, 1, 2, 0, 4};
  int is_depth =
      png->depth == 8 || (png->depth == 16 && png->kind != PALETTE) ||
      ((png->kind == 0 || png->kind == PALETTE) && (png->depth == 1 || png->depth == 2 || png->depth == 4));
  if (png->kind > 6 || !kSamples[png->kind] || !is_depth || png->is_interlaced > 1 || png->width == 0 ||
      png->height == 0 || png->width > 1u << 27 || png->height > 1u << 27 ||
      (uint64_t)png->width * png->height > (uint64_t)1 << 29)
    tgc_fail_image(png->reader, "the PNG file's header is broken");
  png->samples = kSamples[png->kind];
}

static void read_transparency(png_t *png, const uint8_t *chunk, uint32_t size) {
  if (png->kind == PALETTE) {
    for (uint32_t i = 0; i < size && i < 256; ++i)
      png->palette[i][3] = chunk[i];
    png->num_alphas = (int)size;
  } else if (!(png->kind & HAS_ALPHA) && size >= (png->kind & HAS_COLOR ? 6u : 2u)) {
    png->has_key = 1;
    for (uint32_t i = 0; i < 3 && 2 * i + 1 < size; ++i)
      png->key[i] = (uint16_t)(chunk[2 * i] << 8 | chunk[2 * i + 1]);
  }
}

static void read_chunks(png_t *png) {
  const tgc_reader_t *reader = png->reader;
  for (uint64_t at = 8; at + 12 <= reader->size;) {
    uint32_t size = big_endian(reader->data + at);
    const uint8_t *name = reader->data + at + 4, *chunk = name + 4;
    if (size > reader->size - at - 12)
      break;
    if (memcmp(name, "IHDR", 4) == 0) {
      read_header(png, chunk, size);
    } else if (memcmp(name, "PLTE", 4) == 0) {
      for (uint32_t i = 0; i < size / 3 && i < 256; ++i, ++png->num_colors) {
        memcpy(png->palette[i], chunk + 3 * i, 3);
        png->palette[i][3] = 255;
      }
    } else if (memcmp(name, "tRNS", 4) == 0) {
      read_transparency(png, chunk, size);
    } else if (memcmp(name, "IDAT", 4) == 0) {
      memcpy(png->packed + png->packed_size, chunk, size);
      png->packed_size += size;
    } else if (memcmp(name, "IEND", 4) == 0) {
      break;
    }
    at += 12 + (uint64_t)size;
  }
}

static int nearest(int left, int above, int corner) {
  int guess = left + above - corner, a = guess > left ? guess - left : left - guess,
      b = guess > above ? guess - above : above - guess, c = guess > corner ? guess - corner : corner - guess;
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/* Undoes the filter of a row of `bytes`; `step`: bytes of a pixel, at least one. */
static int unfilter(uint8_t *row, const uint8_t *above, uint64_t bytes, uint64_t step, uint8_t filter) {
  for (uint64_t i = 0; i < bytes; ++i) {
    int left = i >= step ? row[i - step] : 0, up = above ? above[i] : 0,
        corner = above && i >= step ? above[i - step] : 0;
    switch (filter) {
    case 0:
      break;
    case 1:
      row[i] = (uint8_t)(row[i] + left);
      break;
    case 2:
      row[i] = (uint8_t)(row[i] + up);
      break;
    case 3:
      row[i] = (uint8_t)(row[i] + (left + up) / 2);
      break;
    case 4:
      row[i] = (uint8_t)(row[i] + nearest(left, up, corner));
      break;
    default:
      return 0;
    }
  }
  return 1;
}

/* What the file says of one pixel: samples as they stand there. */
static uint16_t sample_of(const png_t *png, const uint8_t *row, uint64_t i) {
  if (png->depth == 16)
    return (uint16_t)(row[2 * i] << 8 | row[2 * i + 1]);
  if (png->depth == 8)
    return row[i];
  uint64_t bit = i * (uint64_t)png->depth;
  return (uint16_t)(row[bit / 8] >> (8 - png->depth - (int)(bit % 8)) & ((1 << png->depth) - 1));
}

/* Grey of a colour, in libpng's fixed point: samples of 16 bits are rounded, those of 8 cut off. */
static uint32_t grey_of(const uint32_t *color, int depth) {
  const uint32_t red = 9797, green = 19234, blue = 32768 - red - green;
  if (color[0] == color[1] && color[0] == color[2])
    return color[0];
  return (red * color[0] + green * color[1] + blue * color[2] + (depth == 16 ? 16384 : 0)) >> 15;
}

/* Turns one pixel of the file into one of the picture. */
static void write_pixel(const png_t *png, const uint8_t *row, uint64_t x, const tgc_picture_t *picture,
                        int64_t to) {
  uint32_t color[3], most = png->depth == 16 ? 65535 : 255, alpha = most;
  uint16_t raw[4] = {0};
  for (int k = 0; k < png->samples; ++k)
    raw[k] = sample_of(png, row, x * (uint64_t)png->samples + (uint64_t)k);
  if (png->kind == PALETTE) {
    const uint8_t *entry = png->palette[raw[0] & 255];
    for (int k = 0; k < 3; ++k)
      color[k] = entry[k];
    alpha = entry[3];
  } else {
    uint32_t scale = png->depth < 8 ? 255u / ((1u << png->depth) - 1) : 1;
    for (int k = 0; k < 3; ++k)
      color[k] = raw[png->kind & HAS_COLOR ? k : 0] * scale;
    if (png->kind & HAS_ALPHA)
      alpha = raw[png->samples - 1];
    int is_key = png->has_key && raw[0] == png->key[0] &&
                 (!(png->kind & HAS_COLOR) || (raw[1] == png->key[1] && raw[2] == png->key[2]));
    if (is_key)
      alpha = 0;
  }
  /* What TensorFlow asks libpng to fill in is all ones of the file's depth. */
  if (!(png->kind & HAS_ALPHA) && !png->num_alphas && !png->has_key)
    alpha = (1u << png->depth) - 1;
  uint32_t result[4];
  int64_t channels = picture->channels, count = 0;
  if (channels < 3) {
    result[count++] = png->kind & HAS_COLOR ? grey_of(color, png->depth) : color[0];
  } else {
    for (; count < 3; ++count)
      result[count] = color[count];
  }
  if (channels % 2 == 0)
    result[count++] = alpha;
  for (int64_t k = 0; k < count; ++k) {
    uint32_t value = result[k];
    if (picture->bits == 16)
      ((uint16_t *)picture->pixels)[to * channels + k] = (uint16_t)(png->depth == 16 ? value : value * 257);
    else
      ((uint8_t *)picture->pixels)[to * channels + k] = (uint8_t)(png->depth == 16 ? value >> 8 : value);
  }
}

tgc_picture_t tgc_read_png(const tgc_reader_t *reader, int64_t channels, int32_t bits) {
  png_t png = {.reader = reader};
  png.packed = tgc_rt_scratch(reader->frame, reader->size + 1);
  read_chunks(&png);
  if (!png.samples || png.packed_size < 6 || (png.kind == PALETTE && !png.num_colors))
    tgc_fail_image(reader, "the PNG file is broken");
  if (channels == 0)
    channels = png.kind == PALETTE ? (png.num_alphas ? 4 : 3) : png.samples;
  uint8_t *rows;
  uint64_t used;
  int64_t size = tgc_inflate(reader->frame, png.packed + 2, png.packed_size - 2, &rows, &used);
  tgc_picture_t picture = {1, png.height, png.width, channels, bits, NULL};
  uint64_t pixel_bits = (uint64_t)(png.depth * png.samples), step = pixel_bits < 8 ? 1 : pixel_bits / 8;
  /* Before there is memory for all that a header may claim. */
  if (size < 0 || (uint64_t)size < (uint64_t)png.width * png.height * pixel_bits / 8)
    tgc_fail_image(reader, "the PNG file's pixels are broken");
  uint64_t bytes = (uint64_t)png.width * png.height * (uint64_t)channels * (bits == 16 ? 2 : 1);
  picture.pixels = tgc_rt_scratch(reader->frame, bytes + 1);
  memset(picture.pixels, 0, bytes);
  /* Of Adam7's passes the first pixel and the distances. */
  static const uint8_t kPasses[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                        {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  static const uint8_t kWhole[4] = {0, 0, 1, 1};
  uint64_t at = 0;
  for (int pass = 0; pass < (png.is_interlaced ? 7 : 1); ++pass) {
    const uint8_t *p = png.is_interlaced ? kPasses[pass] : kWhole;
    if (png.width <= p[0] || png.height <= p[1])
      continue;
    uint64_t columns = (png.width - p[0] + p[2] - 1u) / p[2], lines = (png.height - p[1] + p[3] - 1u) / p[3];
    uint64_t stride = (columns * pixel_bits + 7) / 8;
    const uint8_t *above = NULL;
    for (uint64_t line = 0; line < lines; ++line) {
      if (at + stride + 1 > (uint64_t)size || !unfilter(rows + at + 1, above, stride, step, rows[at])) {
        tgc_fail_image(reader, "the PNG file's pixels are broken");
        return picture;
      }
      above = rows + at + 1;
      for (uint64_t column = 0; column < columns; ++column)
        write_pixel(&png, above, column, &picture,
                    (int64_t)((p[1] + line * p[3]) * png.width + p[0] + column * p[2]));
      at += stride + 1;
    }
  }
  return picture;
}

/*===- encode_png.c - Writing of PNG files ------------------------------------===*
 *
 * The pixels are stored, not compressed: every reader takes them, and no library is needed.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/codec/codec.h"

enum { MAX_STORED = 65535 };

static void put_big_endian(tgc_text_t *text, uint32_t value) {
  const char bytes[] = {(char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};
  tgc_text_add(text, bytes, sizeof bytes);
}

static uint32_t crc_of(const char *bytes, uint64_t size) {
  uint32_t crc = ~0u;
  for (uint64_t i = 0; i < size; ++i) {
    crc ^= (uint8_t)bytes[i];
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
  }
  return ~crc;
}

/* A chunk: length, type and content (`body`), checksum of the last two. */
static void put_chunk(tgc_text_t *png, const tgc_text_t *body) {
  put_big_endian(png, (uint32_t)(body->size - 4));
  tgc_text_add(png, body->data, body->size);
  put_big_endian(png, crc_of(body->data, body->size));
}

/* A zlib stream of stored blocks. */
static void put_stream(tgc_text_t *out, const tgc_text_t *rows) {
  uint32_t low = 1, high = 0;
  tgc_text_add(out, "\x78\x01", 2);
  for (uint64_t at = 0;;) {
    uint64_t left = rows->size - at, size = left < MAX_STORED ? left : MAX_STORED;
    const char head[] = {size == left, (char)size, (char)(size >> 8), (char)~size, (char)(~size >> 8)};
    tgc_text_add(out, head, sizeof head);
    tgc_text_add(out, rows->data + at, size);
    at += size;
    if (size == left)
      break;
  }
  for (uint64_t i = 0; i < rows->size; ++i) {
    low = (low + (uint8_t)rows->data[i]) % 65521;
    high = (high + low) % 65521;
  }
  put_big_endian(out, high << 16 | low);
}

void tgc_write_png(tgc_text_t *png, int32_t dtype, const void *pixels, int64_t height, int64_t width,
                   int64_t depth) {
  static const char kTypes[] = {0, 0, 4, 2, 6};
  tgc_text_t body = {.frame = png->frame}, rows = {.frame = png->frame};
  tgc_text_add(png, "\x89PNG\r\n\x1a\n", 8);
  tgc_text_add(&body, "IHDR", 4);
  put_big_endian(&body, (uint32_t)width);
  put_big_endian(&body, (uint32_t)height);
  int is_wide = dtype != TGC_UINT8;
  const char rest[] = {is_wide ? 16 : 8, kTypes[depth], 0, 0, 0};
  tgc_text_add(&body, rest, sizeof rest);
  put_chunk(png, &body);
  int64_t samples = width * depth;
  for (int64_t row = 0; row < height; ++row) {
    tgc_text_add(&rows, "", 1); /* no filter */
    for (int64_t k = 0; k < samples; ++k) {
      uint32_t value = (uint32_t)tgc_get_int(dtype, pixels, row * samples + k);
      const char bytes[] = {(char)(value >> 8), (char)value};
      tgc_text_add(&rows, bytes + !is_wide, is_wide ? 2 : 1);
    }
  }
  body.size = 0;
  tgc_text_add(&body, "IDAT", 4);
  put_stream(&body, &rows);
  put_chunk(png, &body);
  body.size = 0;
  tgc_text_add(&body, "IEND", 4);
  put_chunk(png, &body);
}

/* Each image of input 0 [..., height, width, 1 to 4 channels], of 8 or 16 bits, as a file. */
TGC_KERNEL(tgc_kernel_encode_png) {
  TGC_KERNEL_UNUSED;
  const tgc_tensor_t *images = &inputs[0];
  int32_t rank = images->rank;
  int64_t height = images->dims[rank - 3], width = images->dims[rank - 2], depth = images->dims[rank - 1];
  if (depth < 1 || depth > 4 || height < 1 || width < 1) {
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "image must have 1, 2, 3, or 4 channels, got %d", &depth,
                1);
    return;
  }
  uint64_t bytes = (uint64_t)(height * width * depth) * tgc_dtype_size(images->dtype);
  for (int64_t i = 0, count = tgc_count(&outputs[0]); i < count; ++i) {
    tgc_text_t png = {.frame = frame};
    tgc_write_png(&png, images->dtype, (const char *)images->data + (uint64_t)i * bytes, height, width,
                  depth);
    ((tgc_string_t *)outputs[0].data)[i] = (tgc_string_t){png.data, png.size};
  }
}

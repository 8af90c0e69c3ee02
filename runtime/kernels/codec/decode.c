/*===- decode.c - Images from files, compressed bytes -------------------------===*/

#include "codec.h"

#include <stddef.h>
#include <stdlib.h>

void tgc_fail_image(const tgc_reader_t *reader, const char *text) {
  tgc_rt_fail(reader->frame, TGC_INVALID_ARGUMENT, reader->node, text, NULL, 0);
}

static uint32_t little_endian(const uint8_t *at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

tgc_picture_t tgc_read_bmp(const tgc_reader_t *reader, int64_t channels) {
  const uint8_t *data = reader->data;
  tgc_picture_t picture = {1, 0, 0, channels, 8, NULL};
  if (reader->size < 32) {
    tgc_fail_image(reader, "Incomplete bmp content");
    return picture;
  }
  uint32_t first = little_endian(data + 10), bits = data[28] | (uint32_t)data[29] << 8;
  int64_t width = (int32_t)little_endian(data + 18), height = (int32_t)little_endian(data + 22),
          depth = bits / 8;
  int is_top_down = height < 0;
  height = is_top_down ? -height : height;
  int64_t stride = (depth * 8 * width + 31) / 32 * 4;
  if (width <= 0 || height <= 0 || (depth != 1 && depth != 3 && depth != 4) || bits % 8 ||
      (channels && channels != depth))
    tgc_fail_image(reader, "the BMP file has other channels than asked for, or none");
  if (height > ((int64_t)1 << 40) / stride || first > reader->size ||
      (uint64_t)(stride * (height - 1) + depth * width) > reader->size - first)
    tgc_fail_image(reader, "Incomplete bmp content");
  uint8_t *to = tgc_rt_scratch(reader->frame, (uint64_t)(width * height * depth));
  picture = (tgc_picture_t){1, height, width, depth, 8, to};
  for (int64_t row = 0; row < height; ++row) {
    const uint8_t *from = data + first + (is_top_down ? row : height - 1 - row) * stride;
    for (int64_t i = 0; i < width * depth; ++i) {
      int64_t c = i % depth;
      *to++ = from[depth >= 3 && c < 3 ? i - c + 2 - c : i];
    }
  }
  return picture;
}

/* The pixels of input 0, whatever kind of file it is. */
static tgc_picture_t read_picture(const tgc_reader_t *reader, int64_t channels, int32_t bits,
                                  int is_first_only, char asked, tgc_jpeg_options_t options) {
  const uint8_t *data = reader->data;
  uint64_t size = reader->size;
  if (asked == 'B' && (size < 2 || memcmp(data, "BM", 2) != 0))
    tgc_fail_image(reader, "Trying to decode BMP format using a wrong op, or the bytes are no BMP file");
  if (size >= 3 && memcmp(data, "\xff\xd8\xff", 3) == 0)
    return tgc_read_jpeg(reader, channels, options);
  if (size >= 8 && memcmp(data, "\x89PNG\r\n\x1a\n", 8) == 0)
    return tgc_read_png(reader, channels, bits);
  if (size >= 13 && memcmp(data, "GIF8", 4) == 0) {
    if (channels == 1 || channels == 4)
      tgc_fail_image(reader, "channels must be 0 or 3 for GIF files");
    return tgc_read_gif(reader, is_first_only);
  }
  if (size >= 2 && memcmp(data, "BM", 2) == 0 && (asked == 'B' || asked == 'I'))
    return tgc_read_bmp(reader, channels);
  tgc_fail_image(reader, "Unknown image file format. One of JPEG, PNG, GIF, BMP required.");
  return (tgc_picture_t){0, 0, 0, 0, 8, NULL};
}

/* The sample `i` of the picture as an element of the output. */
static void write_sample(tgc_tensor_t *output, int64_t to, const tgc_picture_t *picture, int64_t i) {
  uint32_t value =
      picture->bits == 16 ? ((const uint16_t *)picture->pixels)[i] : ((const uint8_t *)picture->pixels)[i];
  if (output->dtype == TGC_UINT8)
    ((uint8_t *)output->data)[to] = (uint8_t)(picture->bits == 16 ? value >> 8 : value);
  else if (output->dtype == TGC_UINT16)
    ((uint16_t *)output->data)[to] = (uint16_t)(picture->bits == 16 ? value : value * 256);
  else
    ((float *)output->data)[to] = (float)value * (picture->bits == 16 ? 1.0f / 65535.0f : 1.0f / 255.0f);
}

/* Config "KIND CHANNELS RATIO FANCY RECOVERS METHOD FIRST": KIND is the operator's (I: any); FIRST says that
 * of an animation the first frame alone is wanted. Inputs: the file (, window: y, x, height, width). */
TGC_KERNEL(tgc_kernel_decode_image) {
  TGC_KERNEL_UNUSED;
  char *rest;
  char asked = config[0];
  int64_t channels = strtoll(config + 1, &rest, 10);
  tgc_jpeg_options_t options = {0};
  options.ratio = (int)strtol(rest, &rest, 10);
  options.is_fancy = (int)strtol(rest, &rest, 10);
  options.recovers = (int)strtol(rest, &rest, 10);
  options.method = rest[1];
  int is_first_only = (int)strtol(rest + 2, NULL, 10);
  if (num_inputs > 1) {
    options.left = ((const int32_t *)inputs[1].data)[1];
    options.width = ((const int32_t *)inputs[1].data)[3];
  }
  const tgc_string_t *file = inputs[0].data;
  tgc_reader_t reader = {frame, node, (const uint8_t *)file->data, file->size};
  tgc_picture_t picture =
      read_picture(&reader, channels, outputs[0].dtype == TGC_UINT8 ? 8 : 16, is_first_only, asked, options);
  int64_t window[4] = {0, 0, picture.height, picture.width};
  for (int i = 0; num_inputs > 1 && i < 4; ++i)
    window[i] = ((const int32_t *)inputs[1].data)[i];
  if (window[0] < 0 || window[1] < 0 || window[2] < 1 || window[3] < 1 ||
      window[0] + window[2] > picture.height || window[1] + window[3] > picture.width)
    tgc_fail_image(&reader, "Invalid image data or crop window");
  if (picture.frames != 1 && outputs[0].rank == 3)
    tgc_fail_image(
        &reader, "an animation has a dimension of frames; set expand_animations to false, or feed the image");
  int64_t first = outputs[0].rank - 3, dims[4] = {picture.frames, 0, 0, 0};
  dims[first] = window[2];
  dims[first + 1] = window[3];
  dims[first + 2] = picture.channels;
  tgc_find_output(frame, &outputs[0], outputs[0].rank, dims);
  int64_t to = 0;
  for (int64_t row = 0; row < picture.frames * window[2]; ++row)
    for (int64_t i = 0; i < window[3] * picture.channels; ++i) {
      int64_t line = row / window[2] * picture.height + window[0] + row % window[2];
      write_sample(&outputs[0], to++, &picture, (line * picture.width + window[1]) * picture.channels + i);
    }
}

/* Unpacks each string: config "" (as it is), "ZLIB" or "GZIP". */
TGC_KERNEL(tgc_kernel_decode_compressed) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *packed = inputs[0].data;
  tgc_string_t *strings = outputs[0].data;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    strings[i] = packed[i];
    if (!*config)
      continue;
    uint64_t used;
    uint8_t *unpacked = NULL;
    int64_t found =
        tgc_unpack(frame, config, (const uint8_t *)packed[i].data, packed[i].size, &unpacked, &used);
    if (found < 0)
      tgc_rt_fail(frame, TGC_DATA_LOSS, node, "the compressed bytes are broken", NULL, 0);
    strings[i] = (tgc_string_t){(const char *)unpacked, (uint64_t)found};
  }
}

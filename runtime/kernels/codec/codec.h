/*===- codec.h - What readers and writers of image files share --------------------===*
 *
 * A reader gives the pixels of a file, rows from the top, in scratch memory; it fails the run where the file
 * is broken. JPEG needs libjpeg, which the build may lack.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_CODEC_CODEC_H
#define TGC_KERNELS_CODEC_CODEC_H

#include "runtime/kernels/print/text.h"

typedef struct tgc_reader {
  tgc_frame_t *frame;
  const char *node;
  const uint8_t *data;
  uint64_t size;
} tgc_reader_t;

/* Frames one behind the other; samples of 8 or 16 bits. */
typedef struct tgc_picture {
  int64_t frames, height, width, channels;
  int32_t bits;
  void *pixels;
} tgc_picture_t;

typedef struct tgc_jpeg_options {
  int ratio, is_fancy, recovers;
  char method;         /* D(efault), which is fast, F(ast), A(ccurate) */
  int64_t left, width; /* the columns that are wanted, at least; a width of 0: all */
} tgc_jpeg_options_t;

/* The numbers of channels and bits that are asked for; 0 channels: as the file has. */
tgc_picture_t tgc_read_png(const tgc_reader_t *reader, int64_t channels, int32_t bits);
tgc_picture_t tgc_read_gif(const tgc_reader_t *reader, int is_first_only);
tgc_picture_t tgc_read_bmp(const tgc_reader_t *reader, int64_t channels);
tgc_picture_t tgc_read_jpeg(const tgc_reader_t *reader, int64_t channels, tgc_jpeg_options_t options);

/* Adds a file of one image, [height, width, depth] with 1 to 4 channels, of uint8 or uint16. */
void tgc_write_png(tgc_text_t *png, int32_t dtype, const void *pixels, int64_t height, int64_t width,
                   int64_t depth);

/* Ends the run: the file is broken. */
void tgc_fail_image(const tgc_reader_t *reader, const char *text);

/* RFC 1951. Unpacks `data` into scratch memory; returns how many bytes, or -1 if the stream is broken.
 * `used`: how many bytes of the stream were read. */
int64_t tgc_inflate(tgc_frame_t *frame, const uint8_t *data, uint64_t size, uint8_t **unpacked,
                    uint64_t *used);

/* The same for the first stream of a file of kind "ZLIB" (RFC 1950) or "GZIP" (RFC 1952), which has a header.
 */
int64_t tgc_unpack(tgc_frame_t *frame, const char *kind, const uint8_t *data, uint64_t size,
                   uint8_t **unpacked, uint64_t *used);

#endif /* TGC_KERNELS_CODEC_CODEC_H */

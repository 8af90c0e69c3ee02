/*===- jpeg.c - Reading and writing of JPEG files -----------------------------===*
 *
 * By libjpeg-turbo, whose numbers are TensorFlow's. The library is loaded where a JPEG file is first met, so
 * that nothing else needs it. Its errors leave by longjmp.
 *
 *===------------------------------------------------------------------------===*/

#define _GNU_SOURCE
#include "codec.h"

#include <stddef.h>
#include <stdlib.h>

#if TGC_HAS_JPEG

#include <dlfcn.h>
#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#define JPEG_FUNCTIONS(F)                                                                                    \
  F(jpeg_CreateDecompress)                                                                                   \
  F(jpeg_mem_src)                                                                                            \
  F(jpeg_read_header)                                                                                        \
  F(jpeg_start_decompress)                                                                                   \
  F(jpeg_read_scanlines)                                                                                     \
  F(jpeg_finish_decompress)                                                                                  \
  F(jpeg_destroy_decompress)                                                                                 \
  F(jpeg_crop_scanline)                                                                                      \
  F(jpeg_calc_output_dimensions)                                                                             \
  F(jpeg_CreateCompress)                                                                                     \
  F(jpeg_mem_dest)                                                                                           \
  F(jpeg_set_defaults)                                                                                       \
  F(jpeg_set_quality)                                                                                        \
  F(jpeg_simple_progression)                                                                                 \
  F(jpeg_start_compress)                                                                                     \
  F(jpeg_write_marker) F(jpeg_write_scanlines) F(jpeg_finish_compress) F(jpeg_destroy_compress)

/* What is used of the library. Several threads may fill it at once: with the same. */
static struct {
#define DECLARE(name) __typeof__(&name) name;
  JPEG_FUNCTIONS(DECLARE)
#undef DECLARE
  int is_loaded;
} jpeg;

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

static void load_library(tgc_frame_t *frame, const char *node) {
  static const char kName[] = "libjpeg.so." TEXT(JPEG_LIB_VERSION);
  if (jpeg.is_loaded)
    return;
  void *library = dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  int is_complete = library != NULL;
#define LOAD(name)                                                                                           \
  {                                                                                                          \
    void *symbol = library ? dlsym(library, #name) : NULL;                                                   \
    memcpy(&jpeg.name, &symbol, sizeof symbol);                                                              \
    is_complete &= symbol != NULL;                                                                           \
  }
  JPEG_FUNCTIONS(LOAD)
#undef LOAD
  int64_t values[] = {(int64_t)(intptr_t)kName};
  if (!is_complete)
    tgc_rt_fail(frame, TGC_UNIMPLEMENTED, node, "JPEG files are read with %s, which is not installed", values,
                1);
  jpeg.is_loaded = 1;
}

typedef struct errors {
  struct jpeg_error_mgr manager;
  jmp_buf leave;
} errors_t;

static void leave(j_common_ptr info) { longjmp(((errors_t *)info->err)->leave, 1); }
static void ignore_message(j_common_ptr info, int level) {
  if (level < 0)
    ++info->err->num_warnings;
}
static void ignore(j_common_ptr info) { (void)info; }
static void format(j_common_ptr info, char *text) {
  (void)info;
  text[0] = 0;
}
static void reset(j_common_ptr info) {
  info->err->num_warnings = 0;
  info->err->msg_code = 0;
}

static struct jpeg_error_mgr *make_errors(errors_t *errors) {
  memset(errors, 0, sizeof *errors);
  errors->manager.error_exit = leave;
  errors->manager.emit_message = ignore_message;
  errors->manager.output_message = ignore;
  errors->manager.format_message = format;
  errors->manager.reset_error_mgr = reset;
  return &errors->manager;
}

/* A row of cyan, magenta, yellow and black as colours or grey. */
static void convert_row(const uint8_t *from, uint8_t *to, int64_t width, int64_t channels, int is_inverted) {
  for (int64_t i = 0; i < width; ++i) {
    int color[3], black = from[4 * i + 3];
    for (int k = 0; k < 3; ++k)
      color[k] = is_inverted ? black * from[4 * i + k] / 255 : (255 - black) * (255 - from[4 * i + k]) / 255;
    for (int64_t k = 0; k < channels && k < 3; ++k)
      to[channels * i + k] = (uint8_t)color[k];
    if (channels == 4)
      to[4 * i + 3] = 255;
  }
}

/* Reads all rows; `pixels` has room for them once the header is read. 0: broken. */
static int read_rows(const tgc_reader_t *reader, int64_t *channels, tgc_jpeg_options_t options,
                     tgc_picture_t *picture) {
  struct jpeg_decompress_struct info;
  errors_t errors;
  volatile int64_t rows = 0;
  info.err = make_errors(&errors);
  if (setjmp(errors.leave)) {
    jpeg.jpeg_destroy_decompress(&info);
    return options.recovers && picture->pixels && rows > 0;
  }
  jpeg.jpeg_CreateDecompress(&info, JPEG_LIB_VERSION, sizeof info);
  jpeg.jpeg_mem_src(&info, reader->data, reader->size);
  jpeg.jpeg_read_header(&info, TRUE);
  if (*channels == 0)
    *channels = info.num_components < 3 ? info.num_components : 3;
  int is_ink = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  info.out_color_space = *channels == 1 ? JCS_GRAYSCALE : is_ink ? JCS_CMYK : JCS_RGB;
  info.do_fancy_upsampling = options.is_fancy;
  info.scale_num = 1;
  info.scale_denom = (unsigned)options.ratio;
  info.dct_method = options.method == 'A' ? JDCT_ISLOW : JDCT_IFAST;
  jpeg.jpeg_start_decompress(&info);
  int64_t width = info.output_width, height = info.output_height;
  if (width * height * *channels >= (int64_t)1 << 29)
    leave((j_common_ptr)&info);
  uint8_t *pixels = tgc_rt_scratch(reader->frame, (uint64_t)(width * height * *channels) + 1),
          *row = tgc_rt_scratch(reader->frame, (uint64_t)(width * 4) + 1);
  memset(pixels, 0, (uint64_t)(width * height * *channels));
  *picture = (tgc_picture_t){1, height, width, *channels, 8, pixels};
  /* Where rows are cut, libjpeg takes the cut for the image's border when it makes colours of full size. */
  JDIMENSION left = 0, columns = (JDIMENSION)width;
  if (options.width > 0 && options.left >= 0 && options.left + options.width <= width) {
    left = (JDIMENSION)options.left;
    columns = (JDIMENSION)options.width;
    jpeg.jpeg_crop_scanline(&info, &left, &columns);
  }
  while (info.output_scanline < info.output_height) {
    uint8_t *to = pixels + ((int64_t)info.output_scanline * width + left) * *channels;
    JSAMPROW place = is_ink || *channels == 4 ? row : to;
    if (jpeg.jpeg_read_scanlines(&info, &place, 1) != 1)
      leave((j_common_ptr)&info);
    if (is_ink && *channels != 1)
      convert_row(row, to, columns, *channels, info.saw_Adobe_marker);
    else if (*channels == 4)
      for (int64_t i = 0; i < columns; ++i) {
        memcpy(to + 4 * i, row + 3 * i, 3);
        to[4 * i + 3] = 255;
      }
    rows = info.output_scanline;
  }
  jpeg.jpeg_finish_decompress(&info);
  jpeg.jpeg_destroy_decompress(&info);
  /* A file that ends too early gives grey rows and a warning. */
  return options.recovers || errors.manager.num_warnings == 0 || rows == height;
}

tgc_picture_t tgc_read_jpeg(const tgc_reader_t *reader, int64_t channels, tgc_jpeg_options_t options) {
  tgc_picture_t picture = {0, 0, 0, 0, 8, NULL};
  load_library(reader->frame, reader->node);
  if (!read_rows(reader, &channels, options, &picture))
    tgc_fail_image(reader, "Invalid JPEG data");
  return picture;
}

typedef struct encoding {
  int quality, is_progressive, is_optimized, has_full_color, unit, x_density, y_density, channels;
  const char *packet; /* of segment APP1; NULL: there is none */
  size_t packet_size;
} encoding_t;

static int write_rows(const tgc_tensor_t *image, encoding_t encoding, unsigned char **bytes,
                      unsigned long *size) {
  struct jpeg_compress_struct info;
  errors_t errors;
  info.err = make_errors(&errors);
  if (setjmp(errors.leave)) {
    jpeg.jpeg_destroy_compress(&info);
    return 0;
  }
  jpeg.jpeg_CreateCompress(&info, JPEG_LIB_VERSION, sizeof info);
  jpeg.jpeg_mem_dest(&info, bytes, size);
  int64_t depth = image->dims[2], width = image->dims[1];
  info.image_width = (JDIMENSION)width;
  info.image_height = (JDIMENSION)image->dims[0];
  info.input_components = encoding.channels;
  info.in_color_space = encoding.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg.jpeg_set_defaults(&info);
  if (encoding.is_optimized)
    info.optimize_coding = TRUE;
  info.density_unit = (UINT8)encoding.unit;
  info.X_density = (UINT16)encoding.x_density;
  info.Y_density = (UINT16)encoding.y_density;
  jpeg.jpeg_set_quality(&info, encoding.quality, TRUE);
  if (encoding.is_progressive)
    jpeg.jpeg_simple_progression(&info);
  if (encoding.has_full_color)
    for (int i = 0; i < info.num_components; ++i)
      info.comp_info[i].h_samp_factor = info.comp_info[i].v_samp_factor = 1;
  jpeg.jpeg_start_compress(&info, TRUE);
  if (encoding.packet)
    jpeg.jpeg_write_marker(&info, JPEG_APP0 + 1, (const JOCTET *)encoding.packet,
                           (unsigned)encoding.packet_size);
  while (info.next_scanline < info.image_height) {
    /* libjpeg does not write through it. */
    JSAMPROW row = (uint8_t *)image->data + (int64_t)info.next_scanline * width * depth;
    jpeg.jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg.jpeg_finish_compress(&info);
  jpeg.jpeg_destroy_compress(&info);
  return 1;
}

/* Config "QUALITY PROGRESSIVE OPTIMIZED FULL UNIT X Y METADATA": FULL keeps all of the colours; UNIT 1:
 * inches, 2: cm; METADATA is XMP, which has a name space before it in the file, and may be empty. Inputs:
 * image [height, width, 1 or 3] of bytes. */
TGC_KERNEL(tgc_kernel_encode_jpeg) {
  TGC_KERNEL_UNUSED;
  load_library(frame, node);
  encoding_t encoding = {0};
  int *const fields[] = {&encoding.quality,        &encoding.is_progressive, &encoding.is_optimized,
                         &encoding.has_full_color, &encoding.unit,           &encoding.x_density,
                         &encoding.y_density};
  for (int i = 0; i < 7; ++i) {
    char *rest;
    *fields[i] = (int)strtol(config, &rest, 10);
    config = rest;
  }
  const char *metadata = *config ? config + 1 : config;
  if (*metadata) {
    static const char kNameSpace[] = "http://ns.adobe.com/xap/1.0/";
    size_t length = strlen(metadata);
    char *packet = tgc_rt_scratch(frame, sizeof kNameSpace + length);
    memcpy(packet, kNameSpace, sizeof kNameSpace);
    memcpy(packet + sizeof kNameSpace, metadata, length);
    encoding.packet = packet;
    encoding.packet_size = sizeof kNameSpace + length;
  }
  encoding.channels = (int)inputs[0].dims[2];
  unsigned char *bytes = NULL;
  unsigned long size = 0;
  int is_whole = (encoding.channels == 1 || encoding.channels == 3) && tgc_count(&inputs[0]) > 0 &&
                 write_rows(&inputs[0], encoding, &bytes, &size);
  char *kept = is_whole ? tgc_rt_scratch(frame, size + 1) : NULL;
  if (is_whole)
    memcpy(kept, bytes, size);
  free(bytes);
  if (!is_whole)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "JPEG encoding failed; expected [height, width, 1 or 3]",
                NULL, 0);
  *(tgc_string_t *)outputs[0].data = (tgc_string_t){kept, size};
}

/* Output 0 (int32 or int64 [3]): height, width and channels of a file. */
TGC_KERNEL(tgc_kernel_jpeg_shape) {
  TGC_KERNEL_UNUSED;
  load_library(frame, node);
  const tgc_string_t *file = inputs[0].data;
  struct jpeg_decompress_struct info;
  errors_t errors;
  volatile int is_read = 0;
  info.err = make_errors(&errors);
  if (!setjmp(errors.leave)) {
    jpeg.jpeg_CreateDecompress(&info, JPEG_LIB_VERSION, sizeof info);
    jpeg.jpeg_mem_src(&info, (const unsigned char *)file->data, file->size);
    jpeg.jpeg_read_header(&info, TRUE);
    jpeg.jpeg_calc_output_dimensions(&info);
    const int64_t shape[3] = {info.output_height, info.output_width, info.num_components};
    for (int64_t i = 0; i < 3; ++i)
      tgc_set_int(outputs[0].dtype, outputs[0].data, i, shape[i]);
    is_read = 1;
  }
  jpeg.jpeg_destroy_decompress(&info);
  if (!is_read)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Invalid JPEG data", NULL, 0);
}

#else

static void fail(tgc_frame_t *frame, const char *node) {
  tgc_rt_fail(frame, TGC_UNIMPLEMENTED, node, "this build of tgc has no libjpeg (libjpeg62-turbo-dev)", NULL,
              0);
}

tgc_picture_t tgc_read_jpeg(const tgc_reader_t *reader, int64_t channels, tgc_jpeg_options_t options) {
  (void)channels, (void)options;
  fail(reader->frame, reader->node);
  return (tgc_picture_t){0, 0, 0, 0, 8, NULL};
}

TGC_KERNEL(tgc_kernel_encode_jpeg) {
  TGC_KERNEL_UNUSED;
  fail(frame, node);
}

TGC_KERNEL(tgc_kernel_jpeg_shape) {
  TGC_KERNEL_UNUSED;
  fail(frame, node);
}

#endif

/*===- glimpse.c - Windows of images around a point ---------------------------===*
 *
 * What lies outside the image is noise, of the same range or distribution as the image, or zero.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"
#include "runtime/kernels/random/words.h"

#include <math.h>
#include <string.h>

/* Where the window begins, in pixels. The first version takes all offsets for the window's middle, and halves
 * those from the image's middle; the second does so only with shares of the image. */
static int64_t begin_of(const char *config, float offset, int64_t image, int64_t window) {
  int is_normalized = config[1] == '1', is_centered = config[2] == '1', is_first = config[3] == '1';
  float pixels = (float)image;
  if (is_normalized)
    offset *= pixels;
  if (is_centered)
    offset = (is_first || is_normalized ? offset / 2.0f : offset) + pixels / 2.0f;
  if (is_first || (is_normalized && is_centered))
    offset -= (float)window / 2.0f;
  return (int64_t)offset;
}

/* The part of a window that lies in the image. */
typedef struct part {
  int64_t from, to, size;
} part_t;

static part_t part_of(int64_t begin, int64_t image, int64_t window) {
  part_t part = {begin, 0, window};
  if (begin < 0) {
    part.size = window + begin > 0 ? window + begin : 0;
    part.from = 0;
    part.to = window - part.size;
  } else if (begin + window >= image) {
    part.size = image - begin > 0 ? image - begin : 0;
  }
  part.size = part.size < image ? part.size : image;
  return part;
}

/* Fills a window with noise that looks like channel c of the image. */
static void fill_noise(char kind, tgc_words_t *words, const float *image, int64_t pixels, int64_t depth,
                       float *window, int64_t count) {
  for (int64_t c = 0; c < depth; ++c) {
    float least = INFINITY, most = -INFINITY;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < pixels * depth; ++i) {
      if (kind == 'G' && i % depth != c)
        continue;
      least = image[i] < least ? image[i] : least;
      most = image[i] > most ? image[i] : most;
      sum += image[i];
    }
    double mean = sum / (double)pixels;
    for (int64_t i = 0; kind == 'G' && i < pixels; ++i)
      squares += (image[i * depth + c] - mean) * (image[i * depth + c] - mean);
    for (int64_t i = c; i < count * depth; i += depth) {
      if (kind == 'U') {
        window[i] = least + tgc_uniform_f32(tgc_next_u32(words)) * (most - least);
        continue;
      }
      uint32_t x[4];
      double normals[2];
      for (int k = 0; k < 4; ++k)
        x[k] = tgc_next_u32(words);
      tgc_box_muller_f64(x, normals);
      float value = (float)(mean + normals[0] * sqrt(squares / (double)pixels));
      window[i] = value < least ? least : value > most ? most : value;
    }
  }
}

/* Config: Z(ero), U(niform) or G(aussian) noise; normalized, centered (0 or 1); the version. Inputs: images
 * (float32), offsets [batch, 2]. */
TGC_KERNEL(tgc_kernel_glimpse) {
  TGC_KERNEL_UNUSED;
  const tgc_tensor_t *images = &inputs[0];
  tgc_tensor_t *windows = &outputs[0];
  int64_t height = images->dims[1], width = images->dims[2], depth = images->dims[3], rows = windows->dims[1],
          columns = windows->dims[2];
  tgc_words_t words = tgc_words_make(tgc_philox_make(tgc_rt_seed(frame), 0, 0));
  for (int64_t i = 0; i < images->dims[0]; ++i) {
    const float *offsets = (const float *)inputs[1].data + 2 * i,
                *image = (const float *)images->data + i * height * width * depth;
    float *window = (float *)windows->data + i * rows * columns * depth;
    part_t down = part_of(begin_of(config, offsets[0], height, rows), height, rows),
           across = part_of(begin_of(config, offsets[1], width, columns), width, columns);
    memset(window, 0, sizeof(float) * (uint64_t)(rows * columns * depth));
    if (config[0] != 'Z' && (down.size < rows || across.size < columns))
      fill_noise(config[0], &words, image, height * width, depth, window, rows * columns);
    for (int64_t row = 0; row < down.size; ++row)
      memcpy(window + ((down.to + row) * columns + across.to) * depth,
             image + ((down.from + row) * width + across.from) * depth,
             sizeof(float) * (uint64_t)(across.size * depth));
  }
}

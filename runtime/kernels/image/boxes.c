/*===- boxes.c - Boxes drawn, boxes chosen by chance --------------------------===*/

#include "runtime/kernels/elements.h"
#include "runtime/kernels/random/words.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Colours that boxes take turns in. */
static const float kColors[][4] = {{1, 1, 0, 1},     {0, 0, 1, 1},     {1, 0, 0, 1},   {0, 1, 0, 1},
                                   {0.5, 0, 0.5, 1}, {0.5, 0.5, 0, 1}, {0.5, 0, 0, 1}, {0, 0, 0.5, 1},
                                   {0, 1, 1, 1},     {1, 0, 1, 1}};

typedef struct canvas {
  tgc_tensor_t *images;
  int64_t image;
  float color[4];
} canvas_t;

/* A line of pixels, rows and columns inclusive. */
static void draw(const canvas_t *canvas, int64_t top, int64_t left, int64_t bottom, int64_t right) {
  tgc_tensor_t *images = canvas->images;
  int64_t height = images->dims[1], width = images->dims[2], depth = images->dims[3];
  for (int64_t row = top; row <= bottom; ++row)
    for (int64_t column = left; column <= right; ++column)
      for (int64_t c = 0; c < depth; ++c)
        tgc_set_double(images->dtype, images->data,
                       ((canvas->image * height + row) * width + column) * depth + c, canvas->color[c]);
}

/* Inputs: images [batch, height, width, 1, 3 or 4], boxes [batch, boxes, 4], colours [n, at least the
 * channels]. */
TGC_KERNEL(tgc_kernel_draw_boxes) {
  TGC_KERNEL_UNUSED;
  tgc_tensor_t *images = &outputs[0];
  const float *boxes = inputs[1].data, *given = inputs[2].data;
  int64_t height = images->dims[1], width = images->dims[2], depth = images->dims[3],
          count = inputs[1].dims[1], given_colors = inputs[2].dims[0],
          num_colors = given_colors ? given_colors : 10;
  memcpy(images->data, inputs[0].data, (uint64_t)tgc_count(images) * tgc_dtype_size(images->dtype));
  canvas_t canvas = {images, 0, {0}};
  for (int64_t i = 0; i < images->dims[0] * count; ++i) {
    const float *box = boxes + 4 * i;
    canvas.image = i / count;
    int64_t color = i % count % num_colors;
    memcpy(canvas.color, given_colors ? given + inputs[2].dims[1] * color : kColors[color],
           (uint64_t)depth * sizeof *canvas.color);
    if (depth == 1 && !given_colors)
      canvas.color[0] = 1;
    int64_t top = (int64_t)(box[0] * (float)(height - 1)), left = (int64_t)(box[1] * (float)(width - 1)),
            bottom = (int64_t)(box[2] * (float)(height - 1)), right = (int64_t)(box[3] * (float)(width - 1));
    if (top > bottom || left > right || top >= height || bottom < 0 || left >= width || right < 0)
      continue;
    int64_t first_row = top > 0 ? top : 0, last_row = bottom < height ? bottom : height - 1,
            first_column = left > 0 ? left : 0, last_column = right < width ? right : width - 1;
    if (top >= 0)
      draw(&canvas, top, first_column, top, last_column);
    if (bottom < height)
      draw(&canvas, bottom, first_column, bottom, last_column);
    if (left >= 0)
      draw(&canvas, first_row, left, last_row, left);
    if (right < width)
      draw(&canvas, first_row, right, last_row, right);
  }
}

typedef struct rectangle {
  int32_t left, top, right, bottom;
} rectangle_t;

static float area(rectangle_t r) { return (float)((r.right - r.left) * (r.bottom - r.top)); }

static rectangle_t intersect(rectangle_t a, rectangle_t b) {
  rectangle_t r = {a.left > b.left ? a.left : b.left, a.top > b.top ? a.top : b.top,
                   a.right < b.right ? a.right : b.right, a.bottom < b.bottom ? a.bottom : b.bottom};
  return r.left > r.right || r.top > r.bottom ? (rectangle_t){0, 0, 0, 0} : r;
}

typedef struct limits {
  int32_t width, height; /* of the image */
  float least_area, most_area, least_ratio, most_ratio, covered;
  int64_t attempts;
} limits_t;

/* A crop of the aspect ratio, or 0. */
static int draw_crop(const limits_t *limits, float ratio, tgc_words_t *words, rectangle_t *crop) {
  if (!(limits->most_area > 0) || !(ratio > 0) || limits->width <= 0 || limits->height <= 0 ||
      limits->least_area > limits->most_area)
    return 0;
  float least = limits->least_area * (float)limits->width * (float)limits->height,
        most = limits->most_area * (float)limits->width * (float)limits->height;
  int32_t height = (int32_t)lrintf(sqrtf(least / ratio)), highest = (int32_t)lrintf(sqrtf(most / ratio));
  if (lrintf((float)highest * ratio) > limits->width) {
    const float gap = 0.0000001f;
    highest = (int32_t)((limits->width + 0.5 - gap) / ratio);
    if (lrintf((float)highest * ratio) > limits->width)
      highest -= 1;
  }
  highest = highest < limits->height ? highest : limits->height;
  height = height < highest ? height : highest;
  if (height < highest)
    height += (int32_t)tgc_next_below_u32(words, (uint32_t)(highest - height + 1));
  int32_t width = (int32_t)lrintf((float)height * ratio);
  float size = (float)(width * height);
  if (size < least) {
    height += 1;
    width = (int32_t)lrintf((float)height * ratio);
    size = (float)(width * height);
  }
  if (size > most) {
    height -= 1;
    width = (int32_t)lrintf((float)height * ratio);
    size = (float)(width * height);
  }
  if (size < least || size > most || width > limits->width || height > limits->height || width <= 0 ||
      height <= 0)
    return 0;
  int32_t y = 0, x = 0;
  if (height < limits->height)
    y = (int32_t)tgc_next_below_u32(words, (uint32_t)(limits->height - height));
  if (width < limits->width)
    x = (int32_t)tgc_next_below_u32(words, (uint32_t)(limits->width - width));
  *crop = (rectangle_t){x, y, x + width, y + height};
  return 1;
}

static rectangle_t to_pixels(const limits_t *limits, const float *box) {
  float height = (float)limits->height, width = (float)limits->width;
  return (rectangle_t){(int32_t)(box[1] * width), (int32_t)(box[0] * height), (int32_t)(box[3] * width),
                       (int32_t)(box[2] * height)};
}

/* Whether enough of one of the boxes lies in the crop. */
static int covers(const limits_t *limits, rectangle_t crop, const tgc_tensor_t *boxes) {
  int64_t count = tgc_count(boxes) / 4;
  rectangle_t image = {0, 0, limits->width, limits->height};
  if (area(crop) < 1)
    return 0;
  for (int64_t i = 0; i < (count ? count : 1); ++i) {
    rectangle_t box = count ? to_pixels(limits, (const float *)boxes->data + 4 * i) : image;
    if (area(box) >= 1 && area(intersect(crop, box)) / area(box) >= limits->covered)
      return 1;
  }
  return 0;
}

/* Inputs: key, counter, image size [3], boxes, the share of an object that a crop covers at least. Config
 * "LEAST_RATIO MOST_RATIO LEAST_AREA MOST_AREA ATTEMPTS WHOLE": WHOLE says that the image is the object if
 * there are no boxes. Outputs: begin, size, box. */
TGC_KERNEL(tgc_kernel_distorted_box) {
  TGC_KERNEL_UNUSED;
  char *rest;
  limits_t limits = {0};
  limits.least_ratio = strtof(config, &rest);
  limits.most_ratio = strtof(rest, &rest);
  limits.least_area = strtof(rest, &rest);
  limits.most_area = strtof(rest, &rest);
  limits.attempts = strtoll(rest, &rest, 10);
  limits.covered = *(const float *)inputs[4].data;
  int takes_image = (int)strtol(rest, NULL, 10);
  int64_t height = tgc_get_int(inputs[2].dtype, inputs[2].data, 0),
          width = tgc_get_int(inputs[2].dtype, inputs[2].data, 1);
  if (height < 0 || height >= INT32_MAX || width < 0 || width >= INT32_MAX)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "image height and width must be below 2^31", NULL, 0);
  limits.height = (int32_t)height;
  limits.width = (int32_t)width;
  const float *boxes = inputs[3].data;
  int64_t numbers = tgc_count(&inputs[3]);
  for (int64_t i = 0; i < numbers; ++i)
    if (!(boxes[i] >= 0 && boxes[i] <= 1))
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "All bounding box coordinates must be in [0.0, 1.0]",
                  NULL, 0);
  if (!numbers && !takes_image)
    tgc_rt_fail(
        frame, TGC_INVALID_ARGUMENT, node,
        "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes if you wish to "
        "not provide any bounding boxes.",
        NULL, 0);
  const uint64_t *key = inputs[0].data, *counter = inputs[1].data;
  tgc_words_t words = tgc_words_make(tgc_philox_make(key[0], counter[0], counter[1]));
  rectangle_t crop = {0, 0, limits.width, limits.height}, tried;
  for (int64_t i = 0; i < limits.attempts; ++i) {
    float ratio =
        tgc_uniform_f32(tgc_next_u32(&words)) * (limits.most_ratio - limits.least_ratio) + limits.least_ratio;
    if (draw_crop(&limits, ratio, &words, &tried) && covers(&limits, tried, &inputs[3])) {
      crop = tried;
      break;
    }
  }
  const int64_t begin[3] = {crop.top, crop.left, 0},
                size[3] = {crop.bottom - crop.top, crop.right - crop.left, -1};
  for (int64_t i = 0; i < 3; ++i) {
    tgc_set_int(outputs[0].dtype, outputs[0].data, i, begin[i]);
    tgc_set_int(outputs[1].dtype, outputs[1].data, i, size[i]);
  }
  const float box[4] = {(float)crop.top / (float)height, (float)crop.left / (float)width,
                        (float)crop.bottom / (float)height, (float)crop.right / (float)width};
  memcpy(outputs[2].data, box, sizeof box);
}

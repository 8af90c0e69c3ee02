/*===- crop_gradients.c - Gradients of crops that are resized -----------------===*/

#include "runtime/kernels/elements.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Where the pixels of a crop lie along one dimension of the image. */
typedef struct axis {
  float first, step;
  int64_t size;
  float extent; /* of the image less one */
  float gaps;   /* of the crop: its pixels less one; 0: of one pixel */
} axis_t;

static axis_t make_axis(float start, float end, int64_t image, int64_t crop) {
  float extent = (float)(image - 1), step = crop > 1 ? (end - start) * extent / (float)(crop - 1) : 0;
  float first = crop > 1 ? start * extent : 0.5f * (start + end) * extent;
  return (axis_t){first, step, image, extent, (float)(crop - 1)};
}

static float at(const axis_t *axis, int64_t i) { return axis->first + (float)i * axis->step; }
static int is_outside(const axis_t *axis, float place) { return place < 0 || place > axis->extent; }

/* The image that box `i` cuts, checked. */
static int64_t image_of(tgc_frame_t *frame, const char *node, const tgc_tensor_t *indices, int64_t i,
                        int64_t images) {
  int64_t image = ((const int32_t *)indices->data)[i];
  if (image < 0 || image >= images) {
    int64_t values[] = {i, image, images};
    tgc_rt_fail(frame, TGC_OUT_OF_RANGE, node, "box_ind[%d] = %d is not in [0, %d)", values, 3);
  }
  return image;
}

/* Inputs: gradients [boxes, height, width, channels], boxes, image of each box. Output: of the images. Config
 * "nearest" or "bilinear". */
TGC_KERNEL(tgc_kernel_crop_gradient_image) {
  TGC_KERNEL_UNUSED;
  const tgc_tensor_t *crops = &inputs[0];
  tgc_tensor_t *images = &outputs[0];
  const float *gradients = crops->data, *boxes = inputs[1].data;
  int64_t height = images->dims[1], width = images->dims[2], depth = images->dims[3];
  uint64_t bytes = tgc_dtype_size(images->dtype);
  int is_nearest = config[0] == 'n';
  memset(images->data, 0, (uint64_t)tgc_count(images) * bytes);
  for (int64_t box = 0; box < crops->dims[0]; ++box) {
    int64_t image = image_of(frame, node, &inputs[2], box, images->dims[0]);
    axis_t rows = make_axis(boxes[4 * box], boxes[4 * box + 2], height, crops->dims[1]),
           columns = make_axis(boxes[4 * box + 1], boxes[4 * box + 3], width, crops->dims[2]);
    for (int64_t i = 0; i < crops->dims[1] * crops->dims[2]; ++i) {
      float y = at(&rows, i / crops->dims[2]), x = at(&columns, i % crops->dims[2]);
      if (is_outside(&rows, y) || is_outside(&columns, x))
        continue;
      int64_t top = (int64_t)floorf(y), bottom = (int64_t)ceilf(y), left = (int64_t)floorf(x),
              right = (int64_t)ceilf(x);
      float down = y - (float)top, across = x - (float)left;
      if (is_nearest) {
        top = bottom = (int64_t)roundf(y);
        left = right = (int64_t)roundf(x);
        down = across = 0;
      }
      const int64_t pixels[4] = {top * width + left, top * width + right, bottom * width + left,
                                 bottom * width + right};
      const float row_shares[4] = {1 - down, 1 - down, down, down},
                  column_shares[4] = {1 - across, across, 1 - across, across};
      for (int64_t c = 0; c < depth; ++c)
        for (int k = 0; k < (is_nearest ? 1 : 4); ++k) {
          int64_t to = (image * height * width + pixels[k]) * depth + c;
          float share = gradients[(box * crops->dims[1] * crops->dims[2] + i) * depth + c] * row_shares[k];
          share *= column_shares[k];
          tgc_set_double(images->dtype, images->data, to,
                         tgc_get_double(images->dtype, images->data, to) + share);
        }
    }
  }
}

/* Inputs: gradients, images, boxes, image of each box. Output: of the boxes. */
TGC_KERNEL(tgc_kernel_crop_gradient_boxes) {
  TGC_KERNEL_UNUSED;
  const tgc_tensor_t *crops = &inputs[0], *images = &inputs[1];
  const float *gradients = crops->data, *boxes = inputs[2].data;
  float *result = outputs[0].data;
  int64_t height = images->dims[1], width = images->dims[2], depth = images->dims[3];
  memset(result, 0, sizeof(float) * (uint64_t)tgc_count(&outputs[0]));
  for (int64_t box = 0; box < crops->dims[0]; ++box) {
    int64_t image = image_of(frame, node, &inputs[3], box, images->dims[0]);
    axis_t rows = make_axis(boxes[4 * box], boxes[4 * box + 2], height, crops->dims[1]),
           columns = make_axis(boxes[4 * box + 1], boxes[4 * box + 3], width, crops->dims[2]);
    for (int64_t i = 0; i < crops->dims[1] * crops->dims[2]; ++i) {
      int64_t row = i / crops->dims[2], column = i % crops->dims[2];
      float y = at(&rows, row), x = at(&columns, column);
      if (is_outside(&rows, y) || is_outside(&columns, x))
        continue;
      int64_t top = (int64_t)floorf(y), bottom = (int64_t)ceilf(y), left = (int64_t)floorf(x),
              right = (int64_t)ceilf(x);
      float down = y - (float)top, across = x - (float)left;
      const int64_t pixels[4] = {top * width + left, top * width + right, bottom * width + left,
                                 bottom * width + right};
      for (int64_t c = 0; c < depth; ++c) {
        float corner[4];
        for (int k = 0; k < 4; ++k)
          corner[k] = (float)tgc_get_double(images->dtype, images->data,
                                            (image * height * width + pixels[k]) * depth + c);
        float gradient = gradients[(box * crops->dims[1] * crops->dims[2] + i) * depth + c];
        float dy = (1 - across) * (corner[2] - corner[0]) + across * (corner[3] - corner[1]),
              dx = (1 - down) * (corner[1] - corner[0]) + down * (corner[3] - corner[2]);
        dy *= gradient * rows.extent;
        dx *= gradient * columns.extent;
        float share_y = rows.gaps > 0 ? (float)row / rows.gaps : 0.5f,
              share_x = columns.gaps > 0 ? (float)column / columns.gaps : 0.5f;
        result[4 * box] += dy * (rows.gaps > 0 ? 1 - share_y : 0.5f);
        result[4 * box + 1] += dx * (columns.gaps > 0 ? 1 - share_x : 0.5f);
        result[4 * box + 2] += dy * share_y;
        result[4 * box + 3] += dx * share_x;
      }
    }
  }
}

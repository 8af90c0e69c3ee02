import tensorflow as tf

raw = tf.raw_ops
PRODUCER = 1  # which still knows AdjustContrast
CENTERS = [(False, False), (True, False), (False, True)]


def resized(record, kind):
    x = record.fed(record.numbers(kind, [2, 3, 5, 1]))
    results = [raw.ResizeArea(images=x, size=size, align_corners=align) for size in ([5, 4], [2, 9]) for align in (False, True)][: None if kind == tf.float32 else 1]
    results += [raw.ResizeArea(images=x[:, :1], size=[3, 4], align_corners=True), raw.ResizeArea(images=x[:, :, :1], size=[2, 1], align_corners=True)]
    results += [raw.ResizeBicubic(images=x, size=[5, 3], align_corners=align, half_pixel_centers=half) for align, half in CENTERS][: None if kind == tf.float32 else 1]
    record.joined("resized_" + kind.name, results)


def gradients(record):
    """From images that are smaller, larger, and of one row. TensorFlow computes the parts of f64 sums in f32, so they are compared as such."""
    for size in ([2, 7], [6, 3], [1, 4]):
        grads = record.fed(record.numbers(tf.float32, [2, *size, 2]))
        for name in ("ResizeBicubicGrad", "ResizeBilinearGrad"):
            for kind in record.types(name)[:: 1 if size[0] == 2 else -4]:
                image = record.fed(record.numbers(kind, [2, 4, 5, 2]))
                results = [getattr(raw, name)(grads=grads, original_image=image, align_corners=align, half_pixel_centers=half) for align, half in CENTERS]
                record.joined(f"{name}_{size[0]}_{kind.name}", [tf.cast(result, tf.float32) if kind == tf.float64 else result for result in results])
    for kind in record.types("ResizeNearestNeighborGrad"):
        grads = record.fed(record.numbers(kind, [1, 5, 3, 2]))
        record.joined("nearest_" + kind.name, [raw.ResizeNearestNeighborGrad(grads=grads, size=size, align_corners=align, half_pixel_centers=half)
                                               for size in ([3, 4], [8, 1]) for align, half in CENTERS][: None if kind == tf.float32 else 2])


def projected(record, kind):
    x = record.fed(record.numbers(kind, [2, 4, 5, 2]))
    transforms = record.fed([[1.1, .2, -1., .1, .9, .5, .01, -.02], [.7, -.6, 2., .6, .8, -1., 0., 0.]], tf.float32)
    results = [raw.ImageProjectiveTransformV2(images=x, transforms=transforms, output_shape=[3, 6], interpolation=how, fill_mode=mode)
               for how in ("NEAREST", "BILINEAR") for mode in ("CONSTANT", "REFLECT", "WRAP", "NEAREST")]
    record.joined("projected_" + kind.name, results if kind == tf.float32 else results[1::4])


def colors(record):
    for kind in record.types("RGBToHSV"):
        x = record.fed(record.random.uniform(0, 1, [2, 3, 4, 3]), kind)
        grays = record.fed([[0., 0., 0.], [1., 1., 1.], [.5, .5, .5], [1., 0., 0.], [0., 1., 0.], [0., 0., 1.], [1., 0., 1.]], kind)
        record.joined("colors_" + kind.name, [op(images=images) for op in (raw.RGBToHSV, raw.HSVToRGB) for images in (x, grays, x[:0])])
    for kind in record.types("AdjustContrast"):
        x = record.fed(record.numbers(kind, [2, 3, 4, 3], 0, 100))
        record("contrast_" + kind.name, [raw.AdjustContrast(images=x, contrast_factor=1.5, min_value=10., max_value=70.)])
    x = record.fed(record.numbers(tf.float32, [2, 3, 4, 3]))
    record.joined("contrast", [raw.AdjustContrastv2(images=images, contrast_factor=factor) for images, factor in ((x, .4), (x, -2.), (x[0], 1.5), (x[:0], 1.))])


def boxes(record, kind):
    """One box with a seed; the whole image where there is none."""
    rectangles = record.fed([[[.1, .2, .8, .9]]], tf.float32)
    size = record.fed([60, 90, 3], kind)
    results = list(raw.SampleDistortedBoundingBox(image_size=size, bounding_boxes=rectangles, seed=3, seed2=5, min_object_covered=.4, area_range=[.2, .9], max_attempts=7))
    results += raw.SampleDistortedBoundingBox(image_size=size, bounding_boxes=rectangles[:, :0], seed=1, seed2=2, use_image_if_no_bounding_boxes=True, aspect_ratio_range=[.5, 2.])
    record.joined("boxes_" + kind.name, results)


def cases(record):
    for kind in record.types("ResizeArea"):
        resized(record, kind)
    gradients(record)
    for kind in record.types("ImageProjectiveTransformV2", "dtype"):
        projected(record, kind)
    colors(record)
    for kind in record.types("SampleDistortedBoundingBox"):
        boxes(record, kind)

import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    random = np.random.default_rng(6)
    images = tf.compat.v1.placeholder(tf.float32, [None, None, None, 2], name="images")
    values = random.uniform(-3, 3, (2, 5, 6, 2)).astype(np.float32)
    given = {images: values}
    boxes = tf.constant([[0, 0, 1, 1], [.2, .3, 1.4, .6], [.9, .1, .2, .8]], tf.float32)
    crops = tf.constant(random.uniform(-1, 1, (3, 3, 2, 2)), tf.float32)
    for method in ("bilinear", "nearest"):
        record(f"crop_image_{method}", raw.CropAndResizeGradImage(grads=crops, boxes=boxes, box_ind=[0, 1, 1], image_size=[2, 5, 6, 2], T=tf.float32, method=method), given)
    record("crop_boxes", raw.CropAndResizeGradBoxes(grads=crops, image=images, boxes=boxes, box_ind=[0, 1, 1]))
    for kernel in ("lanczos3", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic"):
        for antialias in (False, True):
            record(f"scale_{kernel}_{antialias}", raw.ScaleAndTranslate(images=images, size=[4, 7], scale=[.6, 1.5], translation=[.5, -.3], kernel_type=kernel,
                                                                        antialias=antialias))
    record("scale_grad", raw.ScaleAndTranslateGrad(grads=images, original_image=tf.zeros([2, 8, 4, 2]), scale=[.6, 1.5], translation=[.5, -.3]))
    transforms = tf.constant([[1.1, .2, -1, .1, .9, .5, .01, -.02], [.7, -.6, 2, .6, .8, -1, 0, 0]], tf.float32)
    for interpolation in ("NEAREST", "BILINEAR"):
        for mode in ("CONSTANT", "REFLECT", "WRAP", "NEAREST"):
            record(f"projective_{interpolation}_{mode}", raw.ImageProjectiveTransformV3(images=images, transforms=transforms, output_shape=[4, 5], fill_value=2.,
                                                                                       interpolation=interpolation, fill_mode=mode))
    for pseudo in (False, True):
        for overlaps in (False, True):
            options = dict(value=images, pooling_ratio=[1., 1.44, 1.7, 1.], pseudo_random=pseudo, overlapping=overlaps, deterministic=True, seed=5, seed2=7)
            record(f"fractional_{pseudo}_{overlaps}", list(raw.FractionalMaxPool(**options)) + [raw.FractionalAvgPool(**options)[0]])
    colors = tf.constant(random.random((2, 4)), tf.float32)
    rectangles = tf.constant([[[.1, .2, .8, .9], [-.2, .3, .5, 1.4]]] * 2, tf.float32)
    pixels = tf.constant(random.random((2, 6, 7, 3)), tf.float32)
    record("draw", [raw.DrawBoundingBoxes(images=pixels, boxes=rectangles), raw.DrawBoundingBoxesV2(images=pixels, boxes=rectangles, colors=colors),
                    raw.DrawBoundingBoxesV2(images=pixels, boxes=rectangles, colors=colors[:, :3])])
    for seed in range(1, 4):
        record(f"sample_{seed}", list(raw.SampleDistortedBoundingBoxV2(image_size=[60, 90, 3], bounding_boxes=rectangles[:, :1], min_object_covered=.3, seed=seed, seed2=3)))
    for centered in (False, True):
        for normalized in (False, True):
            for op in (raw.ExtractGlimpse, raw.ExtractGlimpseV2):
                record(f"glimpse_{centered}_{normalized}_{op.__name__}", op(input=images, size=[3, 4], offsets=[[.1, .2], [-.3, .9]], centered=centered,
                                                                          normalized=normalized, uniform_noise=False, noise="zero"))
    colours = tf.constant(random.normal(size=(4, 5, 3)), tf.float32)  # of any sign, as nothing clamps them
    record("hue", [raw.AdjustHue(images=colours, delta=delta) for delta in (0.1, -0.45, 0.8)])
    record("saturation", [raw.AdjustSaturation(images=colours, scale=scale) for scale in (0.5, 1.5)])
    # Windows that are too large by less than two strides have no place.
    small = tf.ensure_shape(images, [2, 5, 6, 2])
    record("no_place", [tf.image.extract_patches(small, [1, 7, 2, 1], [1, 2, 1, 1], [1, 1, 1, 1], "VALID"),
                        raw.ExtractVolumePatches(input=small[:, None], ksizes=[1, 1, 6, 3, 1], strides=[1, 1, 1, 1, 1], padding="VALID"),
                        tf.nn.dilation2d(small, tf.zeros([3, 2, 2]), [1, 3, 1, 1], "VALID", "NHWC", [1, 4, 1, 1])])

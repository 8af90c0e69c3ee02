import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    x = tf.compat.v1.placeholder(tf.float32, [None, 5, 6, 2], name="x")
    # One image: of more, TensorFlow's kernel takes the first for all.
    image = np.random.RandomState(3).uniform(-1, 1, (1, 5, 6, 2)).astype(np.float32)
    filters = np.random.RandomState(4).uniform(-1, 1, (3, 2, 2, 3)).astype(np.float32)
    for mode in ("REFLECT", "SYMMETRIC"):
        for padding, strides in (("VALID", [1, 1, 1, 1]), ("SAME", [1, 2, 2, 1])):
            record(f"pad_{mode}_{padding}", raw.FusedPadConv2D(
                input=x, paddings=[[0, 0], [1, 2], [2, 1], [0, 0]], filter=filters, mode=mode, strides=strides, padding=padding), {x: image})
            record(f"resize_{mode}_{padding}", [raw.FusedResizeAndPadConv2D(
                input=x, size=[8, 4], paddings=[[0, 0], [1, 1], [0, 2], [0, 0]], filter=filters, mode=mode, strides=strides,
                padding=padding, resize_align_corners=aligned) for aligned in (False, True)])
    double = tf.cast(x, tf.float64)
    record("double", raw.FusedPadConv2D(input=double, paddings=[[0, 0], [1, 1], [0, 0], [0, 0]], filter=tf.cast(filters, tf.float64),
                                        mode="REFLECT", strides=[1, 1, 1, 1], padding="VALID"))

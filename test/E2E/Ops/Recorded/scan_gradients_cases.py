"""Gradients of products along columns, whose rows are written to local memory from the last to the first."""
import numpy as np
import tensorflow as tf


def cases(record):
    random = np.random.default_rng(3)
    for dtype in (tf.float16, tf.float32, tf.bfloat16):
        x = tf.compat.v1.placeholder(dtype, [4, 4], name="x_" + dtype.name)
        weight = tf.compat.v1.placeholder(tf.float32, [], name="weight_" + dtype.name)
        y = tf.math.cumprod(x)
        gradients = [tf.gradients(y, x, tf.cast(tf.broadcast_to(by, tf.shape(y)), dtype))[0] for by in (weight, 1.0)]
        record("products_" + dtype.name, [y] + gradients, {x: random.choice([1, 2, 0.5], (4, 4)).astype(dtype.as_numpy_dtype), weight: np.float32(-1)})

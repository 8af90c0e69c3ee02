"""What is easily forgotten: empty results, empty strings, ranks that are known only when fed."""
import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    random = np.random.default_rng(6)
    for name, size, dilation, stride in (("one", 3, 2, 2), ("two", 3, 3, 3), ("fed", None, 3, 3)):
        x = tf.compat.v1.placeholder(tf.float32, [1, 2, 2, size, 1], name="volume_" + name)
        y = tf.nn.conv3d(x, tf.ones([1, 1, 3, 1, 2]), [1, 1, 1, stride, 1], "VALID", dilations=[1, 1, 1, dilation, 1])
        record("volume_" + name, y, {x: random.standard_normal((1, 2, 2, 3, 1)).astype(np.float32)})
    record("join", raw.UnsortedSegmentJoin(inputs=["", "a", "", "b", "", ""], segment_ids=[0, 0, 0, 1, 1, 2], num_segments=3, separator="-"))
    x = tf.compat.v1.placeholder(tf.float32, None, name="any_rank")
    record("sort", [tf.sort(x, axis=0), tf.argsort(x, axis=-2, direction="DESCENDING")], {x: random.permutation(24).reshape(4, 3, 2).astype(np.float32)})

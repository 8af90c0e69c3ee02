import numpy as np
import tensorflow as tf


def cases(record):
    kinds = [tf.constant([[1, 2, 3], [4, 5, 6]], tf.int32), tf.constant([0.1, 1 / 3, 1e10, 123456789., np.inf, np.nan, 1e-7]),
             tf.constant([0.1, 1 / 3, 1e100, 123456789.123], tf.float64), tf.constant([True, False]), tf.constant("a\n\"b'\xe9"),
             tf.constant([["x", "yy"], ["", "z"]]), tf.constant([1.5, 0.1], tf.float16), tf.constant([1 + 2j, -0.5j], tf.complex64),
             tf.constant([200, 7], tf.uint8), tf.reshape(tf.range(48), [2, 4, 6]), tf.zeros([0, 3]), tf.constant(5, tf.int64),
             tf.constant([2**64 - 1], tf.uint64), tf.constant([0.1], tf.bfloat16)]
    for i, tensor in enumerate(kinds):
        for summarize in (3, 1, -1):
            record(f"format{i}_{summarize + 1}", tf.raw_ops.StringFormat(inputs=[tensor], template="<{}>", placeholder="{}", summarize=summarize))
    record("two", tf.raw_ops.StringFormat(inputs=[kinds[0], kinds[3]], template="%s and %s%", placeholder="%s"))
    record("none", tf.raw_ops.StringFormat(inputs=[], template="plain"))

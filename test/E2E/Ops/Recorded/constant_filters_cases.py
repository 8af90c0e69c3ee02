import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    """Transposed convolutions, which read filters from their last element to the first, with filters known when compiling."""
    kind = tf.float32
    given = np.random.default_rng(7)

    def constant(*shape):
        return tf.constant(given.standard_normal(shape).astype("f"))

    line, image, volume = (record.fed(record.numbers(kind, shape)) for shape in ([2, 9, 8], [2, 5, 6, 8], [1, 3, 4, 3, 8]))
    for channels in (1, 5, 48):
        results = []
        for steps in (1, 2):
            for padding in ("SAME", "VALID"):
                length = 9 * steps if padding == "SAME" else 8 * steps + 3
                results.append(tf.nn.conv1d_transpose(line, constant(3, channels, 8), [2, length, channels], steps, padding))
        sizes = [[2, 5, 6, channels], [2, 7, 7, channels]]
        for size, padding in zip(sizes, ("SAME", "VALID")):
            results.append(raw.Conv2DBackpropInput(input_sizes=size, filter=tf.reshape(constant(6, channels, 8), [3, 2, channels, 8]), out_backprop=image,
                                                   strides=[1, 1, 1, 1], padding=padding))
        results.append(raw.Conv3DBackpropInputV2(input_sizes=[1, 3, 4, 3, channels], filter=tf.reshape(constant(8, channels, 8), [2, 2, 2, channels, 8]),
                                                 out_backprop=volume, strides=[1] * 5, padding="SAME"))
        record.joined(f"of_{channels}", results)

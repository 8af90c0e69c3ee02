import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    nan, inf = np.float32("nan"), np.float32("inf")
    # In order: the element before is kept where the new one is smaller; comparisons with NaN are false.
    data = record.fed(np.float32([[nan, 1, nan, -inf], [2, nan, nan, -inf], [3, 0, 1, -inf], [nan, 5, 5, 5], [4, nan, 4, inf]]))
    ids = record.fed(np.int32([0, 0, 0, 2, 2]))
    record("nan_segments", [raw.SegmentMax(data=data, segment_ids=ids), raw.SegmentMin(data=data, segment_ids=ids)])
    record("nan_numbered", [op(data=data, segment_ids=ids, num_segments=3) for op in (raw.UnsortedSegmentMax, raw.UnsortedSegmentMin)])
    start = record.fed(np.float32([[nan, 1, 2, 3], [0, nan, 0, nan]]))
    rows = record.fed(np.int32([[0], [0], [1], [1], [1]]))
    record("nan_scattered", [op(tensor=start, indices=rows, updates=data) for op in (raw.TensorScatterMax, raw.TensorScatterMin)])
    # Windows of nothing but -infinity at the border: the gradient goes to their first element, not to the padding.
    image = np.random.default_rng(3).standard_normal((1, 5, 6, 2)).astype(np.float32)
    image[:, :2, :2], image[:, -1:, :] = -inf, -inf
    image = record.fed(image)
    for size, stride in ((3, 2), (3, 1), (2, 2), (7, 3)):
        kind = dict(ksize=[1, size, size, 1], strides=[1, stride, stride, 1], padding="SAME")
        y = raw.MaxPool(input=image, **kind)
        record(f"border{size}{stride}", [raw.MaxPoolGrad(orig_input=image, orig_output=y, grad=tf.reshape(tf.cos(tf.cast(tf.range(tf.size(y)), tf.float32)), tf.shape(y)), **kind),
                                         *raw.MaxPoolWithArgmax(input=image, **kind)])
    # Beside the poles of digamma.
    for kind in (np.float32, np.float64):
        record("digamma_" + np.dtype(kind).name, raw.Digamma(x=record.fed(np.array([-1.23e-32, -1e-10, 1e-20, -0.25, -0.999, -1.5, -2.001, -7.75], kind))))

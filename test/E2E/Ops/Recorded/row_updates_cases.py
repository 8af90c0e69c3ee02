import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    for dtype in (tf.float32, tf.int64, tf.bfloat16, tf.bool):
        x, v = record.fed(record.numbers(dtype, (4, 3))), record.fed(record.numbers(dtype, (3, 3)))
        distinct, i = record.fed(np.int32([3, 0, 2])), record.fed(np.int32([3, -4, 7]))
        record("update_" + dtype.name, raw.InplaceUpdate(x=raw.DeepCopy(x=x), i=distinct, v=v))
        if dtype != tf.bool:
            record("add_" + dtype.name, [raw.InplaceAdd(x=raw.DeepCopy(x=x), i=i, v=v), raw.InplaceSub(x=raw.DeepCopy(x=x), i=i, v=v)])
    x, v = record.fed(np.float32([[1, 2], [3, 4]])), record.fed(np.float32([[10, 20], [30, 40]]))
    record("last_of_equal", raw.InplaceUpdate(x=raw.DeepCopy(x=x), i=[1, 1], v=v))
    # A wrapper's forms: one row, and all of the tensor.
    from tensorflow.python.ops import inplace_ops
    record("wrapped", [inplace_ops.inplace_update(x, 1, v[0]), inplace_ops.inplace_add(x, None, v), inplace_ops.inplace_sub(x, [0], v[:1])])

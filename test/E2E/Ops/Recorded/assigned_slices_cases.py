import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    x = np.arange(20, dtype=np.float32).reshape(4, 5)
    row, column, number = (tf.compat.v1.placeholder(tf.float32, shape, name=name)
                           for name, shape in (("row", [None]), ("column", [None, 1]), ("number", [])))
    given = {row: np.array([-1, -2], np.float32), column: np.array([[10], [20], [30], [40]], np.float32), number: np.float32(7)}
    variables = []
    for name, value in (("row", row), ("column", column), ("number", number), ("whole", tf.ones([4, 2])), ("one", tf.ones([1, 2]))):
        # The value broadcasts to the slice.
        record("update_" + name, raw.TensorStridedSliceUpdate(input=x, begin=[0, 1], end=[4, 3], strides=[1, 1], value=value), given)
        handle = raw.VarHandleOp(dtype=tf.float32, shape=[4, 5], shared_name="variable_" + name)
        with tf.control_dependencies([raw.AssignVariableOp(resource=handle, value=x)]):
            step = raw.ResourceStridedSliceAssign(ref=handle, begin=[0, 2], end=[0, 4], strides=[1, 1], value=value, begin_mask=1, end_mask=1)
        with tf.control_dependencies([step]):
            variables.append(raw.ReadVariableOp(resource=handle, dtype=tf.float32))
    record("assign", variables)

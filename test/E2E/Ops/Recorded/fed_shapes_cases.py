import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    for dtype in (tf.int32, tf.int64):
        # Of the first two even the ranks come at run time.
        a, b, c, d = (tf.compat.v1.placeholder(dtype, shape, name=f"{dtype.name}_{name}")
                      for name, shape in zip("abcd", ([None], [None], [3], [3])))
        given = {a: [4, 1, 3], b: [5, 1], c: [2, 7, 3], d: [2, 1, 3]}
        given = {placeholder: np.array(value, dtype.as_numpy_dtype) for placeholder, value in given.items()}
        record("args_" + dtype.name, [raw.BroadcastArgs(s0=a, s1=b), raw.BroadcastArgs(s0=c, s1=d), raw.BroadcastArgs(s0=b, s1=c[:0])],
               given)
        record("gradient_" + dtype.name, [*raw.BroadcastGradientArgs(s0=a, s1=b), *raw.BroadcastGradientArgs(s0=a, s1=a),
                                          *raw.BroadcastGradientArgs(s0=b, s1=a)])
        offsets = [raw.ConcatOffset(concat_dim=axis, shape=shapes) for axis, shapes in ((1, [c, d, c]), (-2, [d, c]), (0, [a, a]))]
        record("offset_" + dtype.name, [offset for group in offsets for offset in group])
    x = tf.compat.v1.placeholder(tf.string, [None, 1], name="x")
    y = tf.compat.v1.placeholder(tf.string, [2], name="y")
    record("strings", [raw.Add(x=x, y=y), raw.Add(x=x, y="!")], {x: np.array([[b"ab"], [b""]], object), y: np.array([b"1", b"\x00z"], object)})
    for i, (dtype, value) in enumerate([(tf.float32, np.arange(6).reshape(2, 3)), (tf.int8, np.array([-1, 2])), (tf.string, np.array(b"text")),
                                        (tf.complex64, np.array([[1 - 2j]])), (tf.bfloat16, np.array([0.5, 3]))]):
        message = tf.compat.v1.placeholder(tf.string, [], name=f"message{i}")
        parsed = raw.ParseTensor(serialized=message, out_type=dtype)
        parsed.op._set_attr("_output_shapes", tf.compat.v1.AttrValue(list=tf.compat.v1.AttrValue.ListValue(
            shape=[tf.TensorShape([None] * value.ndim).as_proto()])))
        for kind, proto in (("content", tf.make_tensor_proto(value, dtype)), ("list", listed(value, dtype))):
            if kind == "content":
                record("parse_" + dtype.name, parsed, {message: proto.SerializeToString()})
            else:
                again = raw.ParseTensor(serialized=tf.identity(tf.constant(proto.SerializeToString())), out_type=dtype)
                record("parse_list_" + dtype.name, again)


def listed(value, dtype):
    """The tensor as a list of values, of which the last repeats."""
    proto = tf.make_tensor_proto(value.flatten()[:1].astype(dtype.as_numpy_dtype), dtype, shape=[1])
    proto.tensor_shape.dim[0].size = 3
    if proto.tensor_content:
        raise ValueError("expected a list")
    return proto

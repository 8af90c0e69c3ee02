import numpy as np
import tensorflow as tf

raw = tf.raw_ops
PLAIN = {tf.quint8: tf.uint8, tf.qint8: tf.int8, tf.qint32: tf.int32}


def plain(tensors):
    return [raw.Bitcast(input=t, type=PLAIN[t.dtype]) if t.dtype in PLAIN else t for t in tensors]


def cases(record):
    random = np.random.default_rng(5)
    number = lambda value: tf.constant(value, tf.float32)
    numbers = tf.compat.v1.placeholder(tf.float32, [None, 4], name="numbers")
    values = np.round(random.uniform(-4, 4, (3, 4)), 2).astype(np.float32)
    given = {numbers: values}
    for kind in (tf.quint8, tf.qint8, tf.qint32):
        for mode in ("MIN_COMBINED", "MIN_FIRST", "SCALED"):
            record(f"quantize_{kind.name}_{mode}", plain(raw.QuantizeV2(input=numbers, min_range=number(-2.), max_range=number(3.), T=kind, mode=mode)), given)
        record(f"slices_{kind.name}", plain(raw.QuantizeV2(input=numbers, min_range=[-2., -1., 0., .5], max_range=[1., 2., 3., .7], T=kind, mode="SCALED",
                                                          axis=1, narrow_range=True, round_mode="HALF_TO_EVEN")))
    a8 = raw.Bitcast(input=tf.constant(random.integers(0, 256, (3, 4)), tf.uint8), type=tf.quint8)
    b8 = raw.Bitcast(input=tf.constant(random.integers(0, 256, (4, 5)), tf.uint8), type=tf.quint8)
    row8 = raw.Bitcast(input=tf.constant(random.integers(0, 256, 4), tf.uint8), type=tf.quint8)
    sums = raw.Bitcast(input=tf.constant(random.integers(-2**31, 2**31, (3, 4)), tf.int32), type=tf.qint32)
    ranges = dict(min_a=number(-1.), max_a=number(3.), min_b=number(-4.), max_b=number(2.5))
    record("matmul", plain(raw.QuantizedMatMul(a=a8, b=b8, **ranges, Toutput=tf.qint32)))
    pair = dict(min_x=number(-1.), max_x=number(3.), min_y=number(-4.), max_y=number(2.5))
    record("add", plain(raw.QuantizedAdd(x=a8, y=row8, **pair, Toutput=tf.qint32)))
    record("mul", plain(raw.QuantizedMul(x=a8, y=row8, **pair, Toutput=tf.qint32)))
    record("bias", plain(raw.QuantizedBiasAdd(input=a8, bias=row8, min_input=number(-1.), max_input=number(3.), min_bias=number(-4.), max_bias=number(2.5),
                                              out_type=tf.qint32)))
    record("relu6", plain(raw.QuantizedRelu6(features=a8, min_features=number(-10.), max_features=number(12.))))
    record("shrink", plain(raw.QuantizeDownAndShrinkRange(input=sums, input_min=number(-500.), input_max=number(700.), out_type=tf.quint8)))
    record("requantize", plain(raw.Requantize(input=sums, input_min=number(-500.), input_max=number(500.), requested_output_min=number(-100.),
                                              requested_output_max=number(200.), out_type=tf.quint8)))
    images = raw.Bitcast(input=tf.constant(random.integers(0, 256, (1, 5, 4, 3)), tf.uint8), type=tf.quint8)
    filters = raw.Bitcast(input=tf.constant(random.integers(0, 256, (3, 2, 3, 2)), tf.uint8), type=tf.quint8)
    record("conv", plain(raw.QuantizedConv2D(input=images, filter=filters, min_input=number(-1.), max_input=number(3.), min_filter=number(-4.),
                                             max_filter=number(2.5), strides=[1, 2, 2, 1], padding="SAME")))
    for name in ("QuantizedMaxPool", "QuantizedAvgPool"):
        record(name, plain(getattr(raw, name)(input=images, min_input=number(-1.), max_input=number(3.), ksize=[1, 3, 2, 1], strides=[1, 2, 2, 1], padding="SAME")))
    record("concat", plain(raw.QuantizedConcat(concat_dim=0, values=[a8, a8], input_mins=[number(-1.), number(-2.)], input_maxes=[number(3.), number(2.)])))
    record("resize", plain(raw.QuantizedResizeBilinear(images=images, size=[7, 6], min=number(-1.), max=number(3.))))
    bounds = dict(quantization_min_val=-128, quantization_max_val=127)
    record("uniform", plain([raw.UniformQuantize(input=numbers, scales=[.1, .2, .01, 1.], zero_points=[1, -4, 9, 0], Tout=tf.qint8, quantization_axis=1, **bounds)]))
    i8 = raw.Bitcast(input=tf.constant(random.integers(-128, 128, (3, 4)), tf.int8), type=tf.qint8)
    j8 = raw.Bitcast(input=tf.constant(random.integers(-128, 128, (4, 2)), tf.int8), type=tf.qint8)
    sides = {f"{side}_quantization_{what}": value for side in ("lhs", "rhs", "output")
             for what, value in (("min_val", -128 if side != "output" else -2**31), ("max_val", 127 if side != "output" else 2**31 - 1))}
    record("uniform_dot", plain([raw.UniformQuantizedDot(lhs=i8, rhs=j8, lhs_scales=number(.3), lhs_zero_points=4, rhs_scales=number(.7), rhs_zero_points=-3,
                                                         output_scales=number(.2), output_zero_points=7, Tout=tf.qint32, **sides)]))
    images = raw.Bitcast(input=record.fed(random.integers(0, 256, (2, 7, 6, 13)).astype(np.uint8)), type=tf.quint8)
    filters = raw.Bitcast(input=tf.constant(random.integers(0, 256, (3, 2, 13, 18)), tf.uint8), type=tf.quint8)
    for i, (low, high) in enumerate([(-1., 3.), (.5, 2.), (-3., -1.)]):  # zero lies among the bytes, below, above
        # Where zero lies above the bytes, TensorFlow pads with what is left of it in a byte, not with zero.
        for stride, padding in ((1, "SAME"), (2, "SAME"), (2, "VALID"))[2 if high < 0 else 0:]:
            record(f"conv_{i}_{stride}_{padding}", plain(raw.QuantizedConv2D(input=images, filter=filters, min_input=number(low), max_input=number(high), min_filter=number(-4.),
                                                                             max_filter=number(2.5), strides=[1, stride, stride, 1], padding=padding)))

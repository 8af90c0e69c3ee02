import numpy as np
import tensorflow as tf

raw = tf.raw_ops
PRODUCER = 8  # which still knows QuantizeAndDequantize
PLAIN = {tf.quint8: tf.uint8, tf.qint8: tf.int8, tf.qint32: tf.int32, tf.quint16: tf.uint16, tf.qint16: tf.int16}


def plain(tensors):
    return [raw.Bitcast(input=t, type=PLAIN[t.dtype]) if t.dtype in PLAIN else t for t in tensors]


def codes(record, kind, shape, low=None, high=None):
    """Quantized numbers of a type, by default all that it has."""
    limits = np.iinfo(PLAIN[kind].as_numpy_dtype)
    values = record.random.integers(limits.min if low is None else low, limits.max if high is None else high, shape, endpoint=True)
    return raw.Bitcast(input=record.fed(values.astype(limits.dtype)), type=kind)


def dequantized(record):
    low, high = record.fed(-1.5, tf.float32), record.fed(4., tf.float32)
    lows, highs = record.fed([-1., -2., .5], tf.float32), record.fed([1., 3., 2.], tf.float32)
    for kind in PLAIN:
        x = codes(record, kind, [2, 4, 3])
        results = [raw.Dequantize(input=x, min_range=low, max_range=high, mode=mode) for mode in ("MIN_COMBINED", "MIN_FIRST", "SCALED")]
        results += [raw.Dequantize(input=x, min_range=low, max_range=high, dtype=tf.bfloat16)]
        results += [raw.Dequantize(input=x, min_range=lows, max_range=highs, mode="SCALED", axis=2, narrow_range=narrow) for narrow in (False, True)]
        record.joined("dequantized_" + kind.name, results + [raw.Dequantize(input=codes(record, kind, [0, 3]), min_range=low, max_range=high)])


def faked(record):
    """Gradients pass where a number lies within what its bits can say; the ends take the rest."""
    x = record.fed([[-7., -6., -.1, 0.], [3.02, 5.9, 6., 6.1], [float("inf"), -float("inf"), 1e-30, 2.]], tf.float32)
    grads = record.fed(record.numbers(tf.float32, [3, 4]))
    for bits, narrow in ((8, False), (4, True), (16, False)):
        given = dict(gradients=grads, inputs=x, num_bits=bits, narrow_range=narrow)
        results = [raw.FakeQuantWithMinMaxArgsGradient(min=-6., max=6., **given), raw.FakeQuantWithMinMaxArgsGradient(min=-.1, max=3., **given)]
        for low, high in ((-5.9, 6.1), (0., 3.), (.5, 4.), (0., 0.)):
            results += raw.FakeQuantWithMinMaxVarsGradient(min=record.fed(low, tf.float32), max=record.fed(high, tf.float32), **given)
        results += raw.FakeQuantWithMinMaxVarsPerChannelGradient(min=record.fed([-6., -1., 0., .5], tf.float32), max=record.fed([6., 3., 2., 4.], tf.float32), **given)
        record.joined(f"faked_{bits}", results)


def there_and_back(record):
    for kind in record.types("QuantizeAndDequantize"):
        x = record.fed(record.numbers(kind, [3, 4]))
        results = [raw.QuantizeAndDequantize(input=x, signed_input=signed, num_bits=bits, range_given=given, input_min=-1. if signed else 0., input_max=2.)
                   for signed in (False, True) for bits in (8, 3) for given in (False, True)]
        record.joined("there_and_back_" + kind.name, results)
    for kind in record.types("QuantizeAndDequantizeV4Grad"):
        x, grads = (record.fed(record.numbers(kind, [3, 4])) for _ in range(2))
        low, high = record.fed(-1., kind), record.fed(2., kind)
        results = list(raw.QuantizeAndDequantizeV4Grad(gradients=grads, input=x, input_min=low, input_max=high))
        results += raw.QuantizeAndDequantizeV4Grad(gradients=grads, input=x, input_min=tf.stack([low] * 4), input_max=tf.stack([high] * 4), axis=1)
        record.joined("there_and_back_gradient_" + kind.name, results)


def layers(record):
    """What a net of numbers of 8 bits is made of."""
    low, high = record.fed(-1., tf.float32), record.fed(3., tf.float32)
    x, row = codes(record, tf.quint8, [2, 5, 6, 3]), [codes(record, tf.quint8, [3], 100, 255) for _ in range(4)]
    ends = {f"{name}_{end}": value for name in ("t", "m", "v", "beta", "gamma") for end, value in (("min", low), ("max", high))}
    for scaled in (False, True):
        record(f"normalized_{scaled}", plain(raw.QuantizedBatchNormWithGlobalNormalization(t=x, m=row[0], v=row[1], beta=row[2], gamma=row[3], out_type=tf.qint32, variance_epsilon=.1,
                                                                                          scale_after_normalization=scaled, **ends)))
    for given in (dict(), dict(output_range_given=True, given_y_min=-2., given_y_max=1.5), dict(variance_epsilon=.5, min_separation=9.)):
        record(f"instances_{len(given)}", plain(raw.QuantizedInstanceNorm(x=codes(record, tf.quint8, [2, 4, 8, 2]), x_min=low, x_max=high, **given)))
    for kind in (tf.quint8, tf.qint32):
        x = codes(record, kind, [3, 4])
        record("zero_or_more_" + kind.name, plain(raw.QuantizedRelu(features=x, min_features=low, max_features=high, out_type=kind)))
        record("reshaped_" + kind.name, plain(raw.QuantizedReshape(tensor=x, shape=[2, -1], input_min=low, input_max=high)))
    record("range", list(raw.RequantizationRange(input=codes(record, tf.qint32, [3, 4]), input_min=low, input_max=high)))
    # Clipped between the codes of 0 and of the largest, by TensorFlow's kernel for 6.
    x, six = codes(record, tf.quint8, [3, 8]), record.fed(12., tf.float32)
    given = dict(features=x, min_features=-six, max_features=six)
    record.known("zero_to_six", plain(raw.QuantizedReluX(max_value=record.fed(6., tf.float32), **given)), plain(raw.QuantizedRelu6(**given)))


def depthwise(record):
    """Sums of products of codes, where the codes of zero are 0: TensorFlow leaves this operator to a library that it may be without."""
    x, w = record.random.integers(0, 255, [2, 5, 6, 3]), record.random.integers(-127, 127, [2, 3, 3, 1])
    codes = [raw.Bitcast(input=record.fed(numbers, own), type=kind) for numbers, own, kind in ((x, tf.uint8, tf.quint8), (w, tf.int8, tf.qint8))]
    zero, one, three = (record.fed(number, tf.float32) for number in (0., 1., 3.))
    most = np.float32(3. / 255 * (2. / 254) * 2.**31)
    for stride, padding, padded in ((1, "VALID", x), (2, "SAME", np.pad(x, [[0, 0], [0, 1], [0, 1], [0, 0]]))):
        found = raw.QuantizedDepthwiseConv2D(input=codes[0], filter=codes[1], min_input=zero, max_input=three, min_filter=-one, max_filter=one, strides=[1, stride, stride, 1], padding=padding)
        rows, columns = padded.shape[1] - 1, padded.shape[2] - 2
        wanted = sum(padded[:, i : i + rows : stride, j : j + columns : stride] * w[i, j, :, 0] for i in range(2) for j in range(3))
        record.known("depthwise_" + padding, plain(found), [wanted.astype(np.int32), -most, most])


def cast_by_chance(record):
    """An operator without a wrapper in Python. What it draws depends on the width of TensorFlow's vectors, what it draws it for does not:
    numbers that are none, too large or whole already; and the others become one of the two beside them."""
    given = [record.fed([7], tf.uint64), record.fed([3, 9], tf.uint64), tf.constant(1)]
    operator = tf.compat.v1.get_default_graph().create_op
    for kind in record.types("StochasticCastToInt", "Tin"):
        sure, x = record.fed([float("nan"), 5, -7, 0, 130, -130, -40000], kind), record.fed(record.numbers(kind, [9], -90, 90))
        results = []
        for out in (tf.int8, tf.int16, tf.int32):
            types = {name: tf.compat.v1.AttrValue(type=chosen.as_datatype_enum) for name, chosen in (("Tin", kind), ("Tout", out))}
            cast = [operator("StochasticCastToInt", [t, *given], [out], attrs=types).outputs[0] for t in (sure, x)]
            results += [cast[0], tf.abs(x - tf.cast(cast[1], kind)) < 1]
        record.joined("by_chance_" + kind.name, results)


def uniform(record):
    """Numbers with one scale and zero, and with one for each channel."""
    ends8 = {f"quantization_{end}_val": value for end, value in (("min", -128), ("max", 127))}
    ends32 = {f"quantization_{end}_val": value for end, value in (("min", -2**31), ("max", 2**31 - 1))}
    sides = lambda **ends: {f"{side}_{name}": value for side, given in ends.items() for name, value in given.items()}
    scale, zero = record.fed(.25, tf.float32), record.fed(-3, tf.int32)
    scales, zeros = record.fed([.25, .5, 2.], tf.float32), record.fed([-3, 0, 7], tf.int32)
    x8, x32, y32 = codes(record, tf.qint8, [2, 4, 3]), codes(record, tf.qint32, [2, 4, 3], -1000, 1000), codes(record, tf.qint32, [3], -1000, 1000)
    for name, a, b, axis in (("one", scale, zero, -1), ("each", scales, zeros, 2)):
        record.joined("uniform_" + name, [raw.UniformDequantize(input=x, scales=a, zero_points=b, Tout=tf.float32, quantization_axis=axis, **ends) for x, ends in ((x8, ends8), (x32, ends32))])
        record("uniform_clip_" + name, plain([raw.UniformQuantizedClipByValue(operand=x32, min=raw.Bitcast(input=b * 0 - 200, type=tf.qint32), max=raw.Bitcast(input=b + 300, type=tf.qint32),
                                                                            scales=a, zero_points=b, quantization_axis=axis, **ends32)]))
        record("uniform_again_" + name, plain([raw.UniformRequantize(input=x, input_scales=a, input_zero_points=b, output_scales=scale * 3, output_zero_points=zero + 5, Tout=tf.qint8,
                                                                     input_quantization_axis=axis, output_quantization_axis=-1, **sides(input=ends, output=ends8))
                                               for x, ends in ((x8, ends8), (x32, ends32))]))
    record("uniform_add", plain([raw.UniformQuantizedAdd(lhs=x32, rhs=y32, lhs_scales=scale, lhs_zero_points=zero, rhs_scales=scale * 2, rhs_zero_points=zero + 9, output_scales=scale * 3,
                                                         output_zero_points=zero - 1, **sides(lhs=ends32, rhs=ends32, output=ends32))]))
    images, kernel = codes(record, tf.qint8, [2, 2, 5, 6]), codes(record, tf.qint8, [3, 2, 2, 3])
    for name, given in (("plain", dict(padding="VALID")), ("strided", dict(padding="SAME", window_strides=[2, 1])), ("given", dict(padding="EXPLICIT", explicit_padding=[1, 0, 2, 1], rhs_dilation=[2, 1])),
                        ("spread", dict(padding="VALID", lhs_dilation=[2, 2]))):
        record("uniform_convolution_" + name, plain([raw.UniformQuantizedConvolution(
            lhs=images, rhs=kernel, lhs_scales=scale, lhs_zero_points=zero, rhs_scales=scales, rhs_zero_points=zeros * 0, output_scales=scales * 3, output_zero_points=zeros, Tout=tf.qint32,
            rhs_quantization_axis=0, output_quantization_axis=1, **given, **sides(lhs=ends8, rhs=ends8, output=ends32))]))


def cases(record):
    dequantized(record)
    faked(record)
    there_and_back(record)
    layers(record)
    depthwise(record)
    cast_by_chance(record)
    uniform(record)

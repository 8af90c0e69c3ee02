import numpy as np
import tensorflow as tf

raw = tf.raw_ops
losses, xs = [], {}


def cases(record):
    """Operators whose gradient TensorFlow states: ties, ends of ranges, zeros, and what is not the formula's derivative."""
    random = np.random.default_rng(11)

    def add(name, function, *values):
        """A weighted sum of what the function gives, to be differentiated by all of the values."""
        given = [np.asarray(value, np.float32) for value in values]
        operands = [tf.compat.v1.placeholder(value.dtype, [None] * value.ndim, f"{name}_{i}") for i, value in enumerate(given)]
        results = function(*operands)
        for result in results if isinstance(results, (list, tuple)) else [results]:
            ramp = tf.cast(tf.range(tf.size(result)), result.dtype)
            losses.append(tf.reduce_sum(tf.reshape(result, [-1]) * (1 + tf.cos(ramp))))
        xs[name] = operands
        feeds.update(zip(operands, given))

    feeds = {}
    wide = np.array([-9, -6.02, -1.5, -0.3, 0, 0.2, 1.4, 5.98, 6, 7.5])
    rows = random.uniform(-8, 8, (3, 4))
    add("fake_quant_args", lambda x: raw.FakeQuantWithMinMaxArgs(inputs=x, min=-6, max=6, num_bits=4), wide)
    add("fake_quant_vars", lambda x, low, high: raw.FakeQuantWithMinMaxVars(inputs=x, min=low, max=high), wide, -5.7, 6.3)
    add("fake_quant_channels", lambda x, low, high: raw.FakeQuantWithMinMaxVarsPerChannel(inputs=x, min=low, max=high, narrow_range=True),
        rows, [-5, -1, 0, -7.5], [5, 2.5, 3, 0])
    add("quantize_v2", lambda x: raw.QuantizeAndDequantizeV2(input=x, input_min=-5., input_max=5., range_given=True), wide)
    add("quantize_v3", lambda x: raw.QuantizeAndDequantizeV3(input=x, input_min=-5., input_max=5., num_bits=4, range_given=False), wide)
    add("quantize_v4", lambda x: raw.QuantizeAndDequantizeV4(input=x, input_min=-5., input_max=5., range_given=True), wide)
    zeros = np.array([0, 0, 1.5, -2, 3])
    others = np.array([0, 2, 0, 1.5, -0.5])
    add("mul_no_nan", lambda x, y: raw.MulNoNan(x=x, y=y), zeros, others)
    add("div_no_nan", lambda x, y: raw.DivNoNan(x=x, y=y), zeros, others)
    add("xlogy", lambda x, y: raw.Xlogy(x=x, y=tf.abs(y)), zeros, [1, 2, 0.5, 1.5, 0.5])
    add("xdivy", lambda x, y: raw.Xdivy(x=x, y=y), zeros, [1, 2, 0.5, 1.5, -0.5])
    add("xlog1py", lambda x, y: raw.Xlog1py(x=x, y=y), zeros, [1, 2, 0.5, 1.5, -0.5])
    add("maximum", lambda x, y: tf.maximum(x, y), zeros, [0, 1, 1.5, -2, 4])
    add("minimum", lambda x, y: tf.minimum(x, y), zeros, [0, 1, 1.5, -2, 4])
    add("clip", lambda x: tf.clip_by_value(x, -2., 1.5), zeros)
    add("pow", lambda x, y: tf.pow(x, y), [0, 0, 2, 0.5, 3], [2, 1, 0, 1.5, -0.5])
    add("floor_mod", lambda x, y: tf.math.floormod(x, y), [5.5, -3.25, 2], [2, 2.5, -1.5])
    for kind in ("relu", "relu6", "elu", "selu", "softplus", "softsign"):
        add(kind, getattr(tf.nn, kind), np.append(wide, zeros))
    for kind in ("BesselI1", "BesselI1e", "BesselJ1", "Abs"):
        add(kind, lambda x, kind=kind: getattr(raw, kind)(x=x), np.append(wide, zeros))
    add("leaky_relu", lambda x: tf.nn.leaky_relu(x, 0.3), wide)
    ties = np.array([[2, 1, 2, 0], [0, 0, 0, 0], [-1, 3, 3, 3]])
    add("reduce_max", lambda x: [tf.reduce_max(x, 1), tf.reduce_min(x, 0)], ties)
    add("reduce_prod", lambda x: tf.reduce_prod(x, 1), [[2, 1, 2, 0], [0, 0, 3, 1], [-1, 3, 3, 3]])
    add("cumprod", lambda x: tf.math.cumprod(x, 1), [[2, 1, 2, 0.5], [0.5, 2, 3, 1], [-1, 3, 3, 3]])
    add("top_k", lambda x: tf.nn.top_k(x, 2).values, ties)
    add("nth_element", lambda x: raw.NthElement(input=x, n=1), ties)
    add("max_pool_3d", lambda x: tf.nn.max_pool3d(x, 2, 2, "SAME"), np.tile(ties.reshape(1, 3, 4, 1, 1), [1, 1, 1, 2, 1]))
    segments = [0, 0, 2]
    add("segment_max", lambda x: tf.math.segment_max(x, segments), ties)
    add("unsorted_min", lambda x: tf.math.unsorted_segment_min(x, segments, 3), ties)
    add("unsorted_prod", lambda x: tf.math.unsorted_segment_prod(x, segments, 3), ties)
    for kind in ("Sum", "Mean", "SqrtN"):
        add("sparse_segment_" + kind.lower(), lambda x, kind=kind: getattr(raw, "SparseSegment" + kind)(data=x, indices=[2, 0, 2, 1], segment_ids=[0, 0, 1, 1]), rows)
    add("cross_entropy", lambda x, y: raw.SoftmaxCrossEntropyWithLogits(features=x, labels=y).loss, rows / 4, np.abs(ties))
    image = random.standard_normal((2, 3, 2, 2))
    add("batch_norm", lambda x, scale, offset: [r for r in raw.FusedBatchNormV3(x=x, scale=scale, offset=offset, mean=[], variance=[])[:3]],
        image, [1.5, 0.5], [0.1, -0.2])

    def norm_gradient(x, dy, scale):
        """The gradient of the batch norm's gradient: what a penalty on gradients needs."""
        _, _, _, mean, variance, extra = raw.FusedBatchNormV3(x=x, scale=scale, offset=[0.5, 0.1], mean=[], variance=[])
        return raw.FusedBatchNormGradV3(y_backprop=dy, x=x, scale=scale, reserve_space_1=mean, reserve_space_2=variance,
                                        reserve_space_3=extra)[:3]

    add("batch_norm_gradient", norm_gradient, random.uniform(-2, 2, (3, 2, 1, 2)), random.uniform(-1, 1, (3, 2, 1, 2)), [1.5, -0.5])
    add("projective", lambda x: raw.ImageProjectiveTransformV3(images=x, transforms=[[1, 0.2, 0.3, 0.1, 0.9, -0.4, 0, 0.]], output_shape=[3, 3], fill_value=0.,
                                                               interpolation="BILINEAR"), image)
    add("gamma", lambda alpha: raw.StatelessRandomGammaV2(shape=[3, 4], seed=[3, 4], alpha=alpha), [0.4, 1, 2.5, 7])
    add("truncated_normal", lambda mean, deviation, low, high: raw.StatelessParameterizedTruncatedNormal(
        shape=[5, 2, 3], seed=[7, 1], means=mean, stddevs=deviation, minvals=low, maxvals=high), [[0.5], [-1]], 1.5, [-2, -1, -8], [[1.5, 1, 9]])
    record("total", tf.add_n(losses, name="total"), feeds)


def backward(record):
    for name, operands in xs.items():
        record("gradients/" + name, tf.gradients(losses, operands))

"""Gradients of roots and reciprocals where what comes back is zero; special functions at the borders of where they are defined."""
import numpy as np
import tensorflow as tf

raw = tf.raw_ops
EDGES = [0, -0.0, 1, -1, 0.5, np.inf, -np.inf, np.nan, 2.5]


def cases(record):
    y, dy = np.repeat(EDGES, len(EDGES)), np.tile(EDGES, len(EDGES))
    for dtype in (tf.float32, tf.float64, tf.float16, tf.bfloat16, tf.complex64):
        fed = [tf.compat.v1.placeholder(dtype, [None], name=f"{name}_{dtype.name}") for name in ("y", "dy")]
        # Infinities as parts of complex numbers are left to the formulas of each library.
        given = [value[np.isfinite(y) & np.isfinite(dy)] if dtype == tf.complex64 else value for value in (y, dy)]
        record("gradients_" + dtype.name, [raw.SqrtGrad(y=fed[0], dy=fed[1]), raw.RsqrtGrad(y=fed[0], dy=fed[1]),
                                           raw.InvGrad(y=fed[0], dy=fed[1]), raw.ReciprocalGrad(y=fed[0], dy=fed[1])],
               {p: value.astype(dtype.as_numpy_dtype) for p, value in zip(fed, given)})
    for dtype in (tf.float32, tf.float64):
        a, x = [tf.compat.v1.placeholder(dtype, [None], name=f"{name}_{dtype.name}") for name in ("a", "x")]
        record("special_" + dtype.name, [tf.math.igamma(a, x), tf.math.igammac(a, x), raw.IgammaGradA(a=a, x=x), tf.math.zeta(a, x)],
               {a: y.astype(dtype.as_numpy_dtype), x: dy.astype(dtype.as_numpy_dtype)})
        near = record.fed(np.array([0, -2, 36975, -6e4], dtype.as_numpy_dtype))
        record("oscillating_" + dtype.name, [tf.math.special.bessel_y1(near[:2]), tf.math.special.fresnel_sin(near[2:]), tf.math.special.fresnel_cos(near[2:])])

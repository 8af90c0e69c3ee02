"""Functions of one, two and three numbers at so many points that a device takes them."""
import numpy as np
import tensorflow as tf

raw = tf.raw_ops
UNARY = "Acos Acosh Asin Asinh Atan Atanh Cos Cosh Dawsn Erf Erfc Erfinv Exp Expm1 FresnelCos FresnelSin Lgamma Log Log1p Ndtri Sin Sinh Spence Tan Tanh".split()
ABOVE_ZERO = "BesselI0 BesselI0e BesselI1 BesselI1e BesselJ0 BesselJ1 BesselK0 BesselK0e BesselK1 BesselK1e BesselY0 BesselY1 Digamma Expint".split()
ENDS = [float("nan"), float("inf"), -float("inf"), 0., -0., 1., -1., .5, -.5, 1e-3, -1e-3]


def cases(record):
    random = np.random.default_rng(5)
    for kind in (tf.float32, tf.float64):
        dtype = kind.as_numpy_dtype
        everywhere = record.fed(np.array(ENDS + list(random.uniform(-1, 1, 50)) + list(random.uniform(-9, 9, 39)), dtype))
        above_zero = record.fed(np.array(list(random.uniform(.05, 2, 50)) + list(random.uniform(2, 40, 50)), dtype))
        record.joined("unary_" + kind.name, [getattr(raw, name)(x=everywhere) for name in UNARY])
        record.joined("above_zero_" + kind.name, [getattr(raw, name)(x=above_zero) for name in ABOVE_ZERO])
        x, y = np.array(np.meshgrid(ENDS, ENDS), dtype).reshape(2, -1)
        x, y = (record.fed(np.concatenate([ends, random.uniform(-5, 5, 40)]).astype(dtype)) for ends in (x, y))
        record.joined("pairs_" + kind.name, [raw.Atan2(y=x, x=y), raw.Pow(x=x, y=y), raw.NextAfter(x1=x, x2=y), raw.FloorMod(x=x, y=y), raw.Mod(x=x, y=y),
                                             raw.TruncateMod(x=x, y=y), raw.FloorDiv(x=x, y=y)])
        large = random.uniform(-1, 1, 80) * 10. ** random.uniform(-30, 30, 80)
        small = random.uniform(-1, 1, 80) * 10. ** random.uniform(-9, 9, 80)
        large, small = (record.fed(values.astype(dtype)) for values in (large, small))
        record.joined("apart_" + kind.name, [raw.FloorMod(x=large, y=small), raw.Mod(x=large, y=small), raw.Sin(x=large), raw.Atan2(y=large, x=small)])
        a, x = (record.fed(random.uniform(.2, 9, 80).astype(dtype)) for _ in "ax")
        order = record.fed(np.floor(random.uniform(0, 6, 80)).astype(dtype))
        record.joined("gamma_" + kind.name, [raw.Igamma(a=a, x=x), raw.Igammac(a=a, x=x), raw.IgammaGradA(a=a, x=x), raw.Polygamma(a=order, x=x),
                                              raw.Zeta(x=record.fed(random.uniform(1.1, 6, 80).astype(dtype)), q=x)])
        record.joined("beta_" + kind.name, [raw.Betainc(a=a, b=x, x=record.fed(random.uniform(0, 1, 80).astype(dtype)))])

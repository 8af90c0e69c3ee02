import numpy as np
import tensorflow as tf

raw = tf.raw_ops
UNARY = """Acos Acosh Asin Asinh Atan Atanh BesselI0 BesselI0e BesselJ0 BesselK0 BesselK0e BesselK1 BesselK1e BesselY0 BesselY1 Ceil Cosh Dawsn Digamma
Erf Erfc Erfinv Expint Expm1 Floor FresnelCos FresnelSin Inv Invert IsInf IsNan Lgamma Log1p Ndtri PopulationCount Reciprocal Rint Sign Sinh
Spence Tan""".split()
# By operator: the names of its operands.
BINARY = {name: "xy" for name in "BitwiseAnd BitwiseOr BitwiseXor Div LeftShift RightShift Mod SquaredDifference TruncateDiv TruncateMod".split()}
BINARY.update(Atan2="yx", Igamma="ax", Igammac="ax", IgammaGradA="ax", Polygamma="ax", Zeta="xq")
BINARY.update({name: ("y", "dy") for name in ("InvGrad", "ReciprocalGrad", "RsqrtGrad", "SqrtGrad")})
BINARY.update({name: ("gradients", "features") for name in ("LeakyReluGrad", "Relu6Grad", "SoftplusGrad", "SoftsignGrad")}, SeluGrad=("gradients", "outputs"))
# Where the formula is defined; elsewhere TensorFlow's answers depend on the width of its vectors.
ABOVE_ZERO = {"Igamma", "Igammac", "IgammaGradA", "Polygamma", "Zeta", "BesselK0", "BesselK0e", "BesselK1", "BesselK1e", "BesselY0", "BesselY1"}
ENDS = [float("nan"), float("inf"), -float("inf"), 0., -0., 1., -1.]


def unary(record):
    for kind in sorted(set().union(*map(record.types, UNARY)), key=lambda kind: kind.name):
        ends = ENDS if kind.is_floating else []
        everywhere = record.fed(ends + list(record.numbers(kind, [6])), kind)
        above_zero = record.fed(record.numbers(kind, [6], .2), kind)
        names = [name for name in UNARY if kind in record.types(name)]
        record.joined("unary_" + kind.name, [getattr(raw, name)(x=above_zero if name in ABOVE_ZERO else everywhere) for name in names])
    for shape in ([], [0, 3]):
        x = record.fed(record.numbers(tf.float32, shape, .2))
        record.joined(f"unary_of_{len(shape)}_axes", [getattr(raw, name)(x=x) for name in UNARY if tf.float32 in record.types(name)])


def operands_of(record, name, kind, shapes):
    """Two arrays where the operator is defined."""
    low, high = ((.2, 1.2), (3, 4)) if name in ABOVE_ZERO else ((-100, 0), (100, 6)) if name.endswith("Shift") else ((-3, -3), (3, 3))
    left, right = (record.numbers(kind, *limits) for limits in zip(shapes, low, high))
    if name == "Polygamma":
        left = left.round()
    elif name == "Zeta":
        left = left + left.dtype.type(1.5)
    if kind.is_integer and (name in ("Div", "Mod") or name.startswith("Truncate")):
        right = np.where(right == 0, right.dtype.type(2), right)
    return left, right


def binary(record):
    for kind in sorted(set().union(*map(record.types, BINARY)), key=lambda kind: kind.name):
        results, shared = [], {}
        for name in (name for name in BINARY if kind in record.types(name)):
            # Operators without limits share their operands.
            key = name if name in ABOVE_ZERO or not BINARY[name][0] in "xy" else name[-5:] if name.endswith("Shift") else name[:2] in ("Tr", "Di", "Mo")
            if key not in shared:
                shared[key] = [record.fed(side) for side in operands_of(record, name, kind, ([2, 4], [2, 4]))]
            results.append(getattr(raw, name)(**dict(zip(BINARY[name], shared[key]))))
        record.joined("binary_" + kind.name, results)
    for kind in (tf.float32, tf.int32):
        for i, shapes in enumerate((([], [2, 3]), ([2, 1], [3]), ([0, 2], [2]), ([2, 1, 3], [4, 1]))):
            names = [name for name in BINARY if kind in record.types(name) and not name.endswith("Grad") and name not in ABOVE_ZERO]
            record.joined(f"spread_{kind.name}_{i}", [getattr(raw, name)(**dict(zip(BINARY[name], [record.fed(side) for side in operands_of(record, name, kind, shapes)])))
                                                      for name in names])


def others(record):
    for kind in (tf.complex64, tf.complex128):
        x = record.fed(record.numbers(kind, [2, 3]))
        record.joined("parts_" + kind.name, [getattr(raw, name)(Tout=kind.real_dtype, **{"x" if name == "ComplexAbs" else "input": x}) for name in ("Angle", "ComplexAbs", "Imag")])
        record("conj_" + kind.name, [raw.Conj(input=x), raw.ConjugateTranspose(x=x, perm=[1, 0])])
    for kind in record.types("ApproximateEqual"):
        x = record.fed([1, 1, 1, float("nan"), 2], kind)
        record.joined("near_" + kind.name, [raw.ApproximateEqual(x=x, y=record.fed([1.0001, 1.01, 1, float("nan"), -2], kind), tolerance=.001)])
    for kind in record.types("Betainc"):
        a, b, x = (record.fed(record.numbers(kind, [7], .1, high)) for high in (5, 5, .9))
        record("betainc_" + kind.name, raw.Betainc(a=a, b=b, x=x))
    for kind in record.types("NextAfter"):
        record("next_" + kind.name, raw.NextAfter(x1=record.fed([0, 1, -1, 1, float("inf")], kind), x2=record.fed([1, 2, 0, 1, 0], kind)))
    for kind in record.types("ClipByValue", without=("complex64", "complex128")):
        x = record.fed(record.numbers(kind, [2, 5]))
        record.joined("clip_" + kind.name, [raw.ClipByValue(t=x, clip_value_min=tf.constant(0, kind), clip_value_max=tf.constant(2, kind)),
                                     raw.ClipByValue(t=x, clip_value_min=tf.ones([2, 5], kind), clip_value_max=tf.ones([2, 5], kind) + 1)])
    for kind in record.types("AddN"):
        x = record.fed(record.numbers(kind, [2, 3]), shape=[2, 3])
        record("sum_" + kind.name, raw.AccumulateNV2(inputs=[x, x, x], shape=[2, 3]))
    record("or", raw.LogicalOr(x=record.fed([[True], [False]]), y=record.fed([True, False, True])))
    for kind in record.types("L2Loss"):
        record.joined("l2_" + kind.name, [raw.L2Loss(t=record.fed(record.numbers(kind, shape))) for shape in ([3, 4], [0, 2], [])])
    for kind in record.types("EuclideanNorm"):
        x = record.fed(record.numbers(kind, [2, 3, 4]))
        record.joined("norm_" + kind.name, [raw.EuclideanNorm(input=x, axis=axis, keep_dims=keep) for axis, keep in ((0, False), ([-1, 0], True), (tf.constant([], tf.int32), False))])
    for kind in record.types("ArgMin"):
        x = record.fed(record.numbers(kind, [3, 4, 2]))
        record.joined("least_" + kind.name, [raw.ArgMin(input=x, dimension=axis, output_type=out) for axis, out in ((0, tf.int32), (-2, tf.int64))])
    for kind in (tf.float32, tf.int32, tf.bool):
        record.joined("truth_" + kind.name, [raw.ToBool(input=record.fed(value, kind)) for value in (0, 1, [], [0], [[0, 0]])])
    for kind in record.types("CheckNumericsV2"):
        record("finite_" + kind.name, raw.CheckNumericsV2(tensor=record.fed([1, 0, -3], kind), message="not here"))
    for kind in record.types("Complex"):
        whole = [record.fed(record.numbers(kind, shape)) for shape in ([2, 3], [3], [], [0])]
        ends = record.fed(ENDS, kind)
        record.joined("complex_" + kind.name, [raw.Complex(real=real, imag=imag, Tout=tf.complex64 if kind == tf.float32 else tf.complex128)
                                               for real, imag in ((whole[0], whole[0]), (whole[0], whole[1]), (whole[2], whole[0]), (whole[3], whole[2]), (ends, ends[0]), (ends[1], ends))])


def cases(record):
    unary(record)
    binary(record)
    others(record)

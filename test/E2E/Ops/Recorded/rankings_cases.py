import numpy as np
import tensorflow as tf

raw = tf.raw_ops
PRODUCER = 6  # which still knows TopK


def cases(record):
    axis = tf.constant([0])
    for kind in record.types("LowerBound"):
        steps, wanted = record.fed([[1, 3, 3, 5], [0, 0, 2, 9]], kind), record.fed([[3, 0, 6], [0, 1, 9]], kind)
        x = record.fed(record.numbers(kind, [3, 6]).round() + kind.as_numpy_dtype(0))  # no -0, of which TensorFlow's hashes of 16 bits make a number of its own
        record.joined("ranked_" + kind.name, [raw.LowerBound(sorted_inputs=steps, values=wanted), raw.UpperBound(sorted_inputs=steps, values=wanted, out_type=tf.int64),
                                              *raw.UniqueWithCounts(x=tf.reshape(x, [-1])), *raw.UniqueWithCountsV2(x=x, axis=axis)])
    top(record)
    ends(record)
    unique(record)
    in_top(record)
    counted(record)


def ends(record):
    """Infinities, nothing to search in and nothing to search for, all and none of a row."""
    inf = float("inf")
    steps, wanted = record.fed([[-inf, 0., 0., inf]], tf.float32), record.fed([[-inf, -1., -0., 0., inf]], tf.float32)
    for name in ("LowerBound", "UpperBound"):
        op = getattr(raw, name)
        record.joined(name + "_ends", [op(sorted_inputs=steps, values=wanted), op(sorted_inputs=steps[:, :0], values=wanted), op(sorted_inputs=steps, values=wanted[:, :0]),
                             op(sorted_inputs=steps[:0], values=wanted[:0])])


def top(record):
    """TopK, whose kernels are all registered for an attribute that only TopKV2 has: what TopKV2 says."""
    inf = float("inf")
    rows = [(record.fed(record.numbers(kind, [3, 6]).round()), 3) for kind in record.types("TopKV2")]
    x = record.fed([[[1., inf, -inf, 1.], [0., -0., 0., -1.]]], tf.float32)
    rows += [(x, 0), (x, 1), (x, 4), (x[0, 0], 2), (x[:0], 2)]
    record.known("top", *(record.packed([t for x, k in rows for t in op(input=x, k=k)]) for op in (raw.TopK, raw.TopKV2)))


def unique(record):
    for kind in (tf.bool, tf.string):
        x = record.fed(np.array([[b"b", b"", b"b"], [b"ab", b"b", b"a"], [b"b", b"", b"b"]], object) if kind == tf.string else [[1, 0, 1], [0, 0, 1], [1, 0, 1]], kind)
        record.joined("unique_" + kind.name, [*raw.UniqueWithCounts(x=tf.reshape(x, [-1]), out_idx=tf.int64), *raw.UniqueWithCountsV2(x=x, axis=[0])])
    x = record.fed([[[1, 2], [1, 2]], [[3, 2], [3, 2]], [[1, 2], [1, 2]]], tf.int32)
    for axis in (0, 1, -1):
        record.joined(f"unique_along_{axis}", raw.UniqueWithCountsV2(x=x, axis=tf.constant([axis], tf.int32), out_idx=tf.int64))
    flat = record.fed([float("nan"), 0., -0., float("nan"), 1., float("inf"), float("inf")], tf.float32)
    record.joined("unique_ends", [*raw.UniqueWithCounts(x=flat), *raw.UniqueWithCountsV2(x=flat, axis=tf.constant([], tf.int64)), *raw.UniqueWithCounts(x=flat[:0]),
                                  *raw.UniqueWithCountsV2(x=x[:0], axis=[0])])


def in_top(record):
    nan, inf = float("nan"), float("inf")
    scores = record.fed([[1., 2., 2.], [3., nan, 1.], [inf, 1., 2.], [nan, 5., 4.], [0., -1., 1.], [1., 2., 3.]], tf.float32)
    for kind in (tf.int32, tf.int64):
        targets = record.fed([2, 0, 0, 1, 3, -1], kind)
        record.joined("in_top_" + kind.name, [raw.InTopK(predictions=scores, targets=targets, k=k) for k in (0, 1, 2, 3)]
                      + [raw.InTopK(predictions=scores[:0], targets=targets[:0], k=1), raw.InTopK(predictions=scores[4:], targets=targets[:2] - 1, k=2)])


def counted(record):
    for kind in (tf.int32, tf.int64):
        rows = record.fed([[1, 1, 4], [7, 0, 1]], kind)
        row, size = rows[1], record.fed(5, kind)
        for weight in record.types("DenseBincount")[:: 1 if kind == tf.int32 else 3]:
            weights, none = record.fed(record.numbers(weight, [2, 3])), tf.constant([], weight)
            record.joined(f"counted_{kind.name}_{weight.name}", [raw.DenseBincount(input=rows, size=size, weights=weights), raw.DenseBincount(input=rows, size=size, weights=none),
                                                                 raw.DenseBincount(input=rows, size=size, weights=none, binary_output=True),
                                                                 raw.DenseBincount(input=row, size=size, weights=weights[1]), raw.DenseBincount(input=rows[:, :0], size=size, weights=none),
                                                                 raw.DenseBincount(input=row, size=size * 0, weights=none)])

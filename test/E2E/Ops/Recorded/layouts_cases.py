import numpy as np
import tensorflow as tf

raw = tf.raw_ops
PRODUCER = 6  # which still knows what later producers replaced


def letters(record, kind, shape):
    """Elements of any type; strings of different lengths."""
    if kind == tf.string:
        return record.fed(np.array([b"ab"[: i % 3] + b"%d" % i for i in range(int(np.prod(shape)))], object).reshape(shape))
    return record.fed(record.numbers(kind, shape))


def cases(record):
    axes, more_axes, places, crops, paddings = (tf.constant(x) for x in ([0, -1], np.array([-2]), [2, 0, 1], [[0, 1], [1, 0]], [[1, 0], [0, 1]]))
    for kind in record.types("ReverseV2") + [tf.string]:
        x, row = letters(record, kind, [2, 3, 4]), letters(record, kind, [3, 2])
        results = [raw.ReverseV2(tensor=x, axis=axes), raw.ReverseV2(tensor=x, axis=more_axes), raw.ParallelDynamicStitch(indices=[places, places + 3], data=[row, row])]
        if kind != tf.string:
            results += [raw.GuaranteeConst(input=row), raw.PreventGradient(input=row, message="none")]
        if kind in record.types("SpaceToBatch"):
            blocks, images = letters(record, kind, [4, 2, 2, 1]), letters(record, kind, [1, 3, 5, 2])
            results += [raw.BatchToSpace(input=blocks, crops=crops, block_size=2), raw.SpaceToBatch(input=images, paddings=paddings, block_size=2)]
        record.joined("all_" + kind.name, results)
    x, axes = record.fed(record.numbers(tf.float32, [2, 1, 3, 2, 2])), record.fed([3, -3], tf.int32)
    record.joined("reversed", [raw.ReverseV2(tensor=x, axis=axis) for axis in (axes, axes[:0], [0, 1, 2, 3, 4], [-5])]
                  + [raw.ReverseV2(tensor=record.fed(7.), axis=axes[:0]), raw.ReverseV2(tensor=record.fed(np.zeros([0, 3], np.int32)), axis=[1, 0])])
    stitched(record)
    formats(record)
    blocks_of_space(record)


def stitched(record):
    """Pieces of several ranks; a row that no index names would be anything, so each is named."""
    one, many = record.fed(2, tf.int32), record.fed([[4, 0], [3, 1]], tf.int32)
    data = [record.fed(record.numbers(tf.float32, shape)) for shape in ([2, 3], [2, 2, 2, 3])]
    record.joined("stitched", [raw.ParallelDynamicStitch(indices=[one, many], data=data), raw.ParallelDynamicStitch(indices=[one - 2], data=data[:1]),
                               raw.ParallelDynamicStitch(indices=[many[:0], tf.reshape(many, [-1])[1:2]], data=[data[1][:0], tf.reshape(data[1], [4, 2, 3])[:1]])])


def formats(record):
    for kind in (tf.int32, tf.int64):
        axes, more_axes, values = (record.fed(x, kind) for x in ([[-4, 1], [3, -1]], [-5, 0, 4, 2], [5, 6, 7, 8]))
        pairs = record.fed([[1, 2], [3, 4], [5, 6], [7, 8]], kind)
        results = []
        for source, target in (("NHWC", "NCHW"), ("NCHW", "NHWC"), ("NHWC", "HWNC"), ("NCHW", "NCHW")):
            given = dict(src_format=source, dst_format=target)
            results += [raw.DataFormatDimMap(x=axes, **given), raw.DataFormatVecPermute(x=values, **given), raw.DataFormatVecPermute(x=pairs, **given)]
        for source, target in (("NHWC", "NCHW"), ("NCHW", "NHWC")):
            results += [raw.DataFormatVecPermute(x=x[:2], src_format=source, dst_format=target) for x in (values, pairs)]
        for source, target in (("NDHWC", "NCDHW"), ("NCDHW", "NDHWC")):
            results.append(raw.DataFormatDimMap(x=more_axes, src_format=source, dst_format=target))
            results.append(raw.DataFormatVecPermute(x=record.fed([4, 5, 6, 7, 8], kind), src_format=source, dst_format=target))
        record.joined("formats_" + kind.name, results + [raw.DataFormatDimMap(x=record.fed(-1, kind)), raw.DataFormatDimMap(x=axes[:0])])


def blocks_of_space(record):
    for kind in (tf.int32, tf.int64):
        blocks, images = record.fed(record.numbers(tf.float32, [18, 2, 1, 3])), record.fed(record.numbers(tf.float32, [2, 4, 5, 1]))
        sides = record.fed([[2, 0], [1, 3]], kind)
        record.joined("space_" + kind.name, [raw.BatchToSpace(input=blocks, crops=sides % 3, block_size=3), raw.SpaceToBatch(input=images, paddings=sides, block_size=3),
                                             raw.SpaceToBatch(input=images[:0], paddings=sides, block_size=3), raw.BatchToSpace(input=blocks[:, :, :, :0], crops=sides * 0, block_size=3)])

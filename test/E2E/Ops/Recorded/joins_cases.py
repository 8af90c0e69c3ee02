import tensorflow as tf

raw = tf.raw_ops


def truths(record):
    """Whether any or all elements are true, along axes from either end, along none and of nothing."""
    for dtype in (tf.int32, tf.int64):
        for shape in ([2, 3, 4], [2, 0, 3], [5], []):
            x = record.fed(record.numbers(tf.bool, shape), shape=shape if dtype == tf.int64 else None)
            axes = [axes for axes in ([0], [-1], [-1, 0], [1, 0], [], 0) if len(tf.nest.flatten(axes)) <= len(shape)]
            record.joined(f"truth_{dtype.name}_{len(shape)}_{sum(shape)}", [op(input=x, axis=tf.constant(axis, dtype), keep_dims=keep)
                                                                            for op in (raw.Any, raw.All) for axis in axes for keep in (False, True)])


def joined(record):
    """Concat, which has its axis in front."""
    for kind in record.types("Concat"):
        parts = [record.fed(record.numbers(kind, [2, columns])) for columns in (3, 0, 1)]
        record.joined("concat_" + kind.name, [raw.Concat(concat_dim=axis, values=values) for axis, values in ((1, parts), (0, [parts[0], parts[0]]), (-1, parts[::-1]))])
    record("concat_texts", raw.Concat(concat_dim=0, values=[record.fed(["a", "bc"]), record.fed([""])]))


def scattered(record):
    for i, kind in enumerate(record.types("SparseToDense")):
        dtype = (tf.int32, tf.int64)[i % 2]
        at = lambda value: record.fed(value, dtype)
        values, default = record.fed(record.numbers(kind, [3], 1)), record.fed(record.numbers(kind, []))
        matrix, vector = dict(sparse_indices=at([[0, 1], [1, 0], [1, 2]]), output_shape=at([2, 3])), dict(sparse_indices=at([0, 2, 4]), output_shape=at([5]))
        record.joined("dense_" + kind.name, [raw.SparseToDense(sparse_values=values, default_value=default, **matrix), raw.SparseToDense(sparse_values=default, default_value=values[0], **vector)])
    place = dict(sparse_indices=record.fed(2, tf.int32), output_shape=record.fed([4], tf.int32))
    record("dense_one", raw.SparseToDense(sparse_values=record.fed(5, tf.int32), default_value=-1, **place))
    order = dict(sparse_indices=record.fed([3, 1, 2], tf.int32), output_shape=record.fed([4], tf.int32), validate_indices=False)
    record("dense_unordered", raw.SparseToDense(sparse_values=record.fed([1., 2., 3.], tf.float32), default_value=0., **order))
    none = dict(sparse_indices=record.fed([], tf.int64), output_shape=record.fed([3], tf.int64))
    record("dense_none", raw.SparseToDense(sparse_values=record.fed([], tf.float32), default_value=7., **none))


def cropped(record):
    """Boxes inside the image, across its edges, upside down, of one point."""
    boxes = record.fed([[.1, .2, .8, .9], [-.5, 0, 1.5, .5], [.9, .8, .2, .1], [.5, .5, .5, .5]], tf.float32)
    of = record.fed([0, 1, 1, 0], tf.int32)
    for kind in record.types("CropAndResize"):
        image = record.fed(record.numbers(kind, [2, 5, 6, 2], -20, 100))
        record.joined("crops_" + kind.name, [raw.CropAndResize(image=image, boxes=boxes, box_ind=of, crop_size=size, method=method, extrapolation_value=value)
                                             for size, method, value in (([3, 4], "bilinear", 0), ([3, 4], "nearest", -2.5), ([1, 7], "bilinear", 9))])
    image = record.fed(record.numbers(tf.float32, [1, 4, 4, 1]))
    record("crops_none", raw.CropAndResize(image=image, boxes=record.fed(record.numbers(tf.float32, [0, 4])), box_ind=record.fed([], tf.int32), crop_size=[2, 2]))


def cases(record):
    truths(record)
    joined(record)
    scattered(record)
    cropped(record)

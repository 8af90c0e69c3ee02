import numpy as np
import tensorflow as tf

raw = tf.raw_ops
# Windows that overlap and reach over the edges, and such that leave elements out.
WINDOWS = [("SAME", [1, 3, 2, 1], [1, 2, 1, 1]), ("VALID", [1, 2, 3, 1], [1, 3, 2, 1])]
VOLUMES = [("VALID", [1, 2, 1, 3, 1], [1, 1, 2, 2, 1]), ("SAME", [1, 2, 3, 2, 1], [1, 2, 2, 1, 1])]


def pooled(shape, padding, ksize, strides):
    return [-(-(n - (k - 1 if padding == "VALID" else 0)) // s) for n, k, s in zip(shape, ksize, strides)]


def maxima(record, name, numbers, windows=WINDOWS):
    """The maxima of images, what of a gradient belongs to them and back; indices count from each image or from the first."""
    x, shape = record.fed(numbers), numbers.shape
    images, results, found, wanted = [record.fed(numbers[::-1].copy()), record.fed(numbers[:0])], [], [], []
    for padding, ksize, strides in windows:
        shared = [tf.constant(ksize), tf.constant(strides)]
        ends = dict(ksize=shared[0], strides=shared[1], padding=padding)
        y = raw.MaxPoolV2(input=x, **ends)
        dy = record.fed(np.arange(np.prod(pooled(shape, padding, ksize, strides))).reshape(pooled(shape, padding, ksize, strides)) % 7, numbers.dtype)
        results += [y, raw.MaxPoolGradV2(orig_input=x, orig_output=y, grad=dy, **ends), raw.MaxPoolGradGradV2(orig_input=x, orig_output=y, grad=images[0], **ends)]
        given = dict(ksize=ksize, strides=strides, padding=padding)
        for whole in (False, True) if windows is WINDOWS else (False,):
            places = raw.MaxPoolWithArgmax(input=x, Targmax=tf.int64, include_batch_in_index=whole, **given)[1]
            results.append(raw.MaxPoolGradWithArgmax(input=x, grad=dy, argmax=places, include_batch_in_index=whole, **given))
            found.append(raw.MaxPoolGradGradWithArgmax(input=x, grad=images[0], argmax=places, include_batch_in_index=whole, **given))
            wanted.append(tf.gather(tf.reshape(images[0], [-1]), places) if whole else tf.gather(tf.reshape(images[0], [2, -1]), places, batch_dims=1))
        if windows is WINDOWS:
            results += [raw.MaxPoolV2(input=images[1], **ends), raw.MaxPoolGradGrad(orig_input=x, orig_output=y, grad=images[0], **given)]
    record.joined(name, results)
    record.known(name + "_places", record.packed(found), record.packed(wanted))


def corner(record, kind, least):
    """A window whose elements are no larger than the padding beside them: the first of them wins."""
    numbers = record.numbers(kind, [2, 5, 6, 1])
    numbers[:, :2, :2] = least
    x, back, dy = record.fed(numbers), record.fed(record.numbers(kind, [2, 5, 6, 1])), record.fed(record.numbers(kind, [2, 3, 6, 1], 1))
    padding, ksize, strides = WINDOWS[0]
    given = dict(ksize=ksize, strides=strides, padding=padding)
    places = raw.MaxPoolWithArgmax(input=x, Targmax=tf.int64, **given)[1]
    results = [places, raw.MaxPoolGradWithArgmax(input=x, grad=dy, argmax=places, **given)]
    if kind.is_integer:  # TensorFlow's largest of infinities below zero is the lowest finite number, so that none is as large
        results.append(raw.MaxPoolGradGrad(orig_input=x, orig_output=raw.MaxPool(input=x, **given), grad=back, **given))
    record.joined("corner_" + kind.name, results)


def volumes(record, kind):
    shape = [2, 3, 4, 5, 2]
    x, back = record.fed(record.numbers(kind, shape)), record.fed(record.numbers(kind, shape))
    results, found, wanted = [], [], []
    first, last = [0, 4, 1, 2, 3], [0, 2, 3, 4, 1]
    for padding, ksize, strides in VOLUMES[: None if kind == tf.float32 else 1]:
        given = dict(ksize=ksize, strides=strides, padding=padding)
        dy = record.fed(record.numbers(kind, pooled(shape, padding, ksize, strides)))
        results += [raw.AvgPool3D(input=x, **given), raw.AvgPool3DGrad(orig_input_shape=tf.shape(x), grad=dy, **given), raw.AvgPool3D(input=x[:0], **given)]
        y = raw.MaxPool3D(input=x, **given)
        results += [raw.MaxPool3DGradGrad(orig_input=x, orig_output=y, grad=back, **given)]
        wanted += [tf.transpose(t, first) for t in (results[-4], results[-3], results[-1])]
        given = dict(ksize=[ksize[i] for i in first], strides=[strides[i] for i in first], padding=padding, data_format="NCDHW")
        a, b, c, d = (tf.transpose(t, first) for t in (x, dy, y, back))
        found += [raw.AvgPool3D(input=a, **given), raw.AvgPool3DGrad(orig_input_shape=tf.shape(a), grad=b, **given),
                  raw.MaxPool3DGradGrad(orig_input=a, orig_output=c, grad=d, **given)]
    record.joined("volumes_" + kind.name, results)
    record.known("channels_first_" + kind.name, record.packed(found), record.packed(wanted))


def fractions(record, kind):
    """Pools between given rows and columns, with and without those on the borders in both."""
    rows, columns = np.array([0, 2, 3, 5]), np.array([0, 1, 3, 4, 6])
    x = record.numbers(kind, [2, 6, 7, 2])
    images, places = record.fed(x), [tf.constant(rows), tf.constant(columns)]
    results = []
    for overlapping in (False, True):
        pools = [[x[:, r:r2 + overlapping, c:c2 + overlapping].max((1, 2)) for c, c2 in zip(columns, columns[1:])] for r, r2 in zip(rows, rows[1:])]
        y, dy = np.moveaxis(np.array(pools), 2, 0), record.fed(record.numbers(kind, [2, 3, 4, 2]))
        size = [2, rows[-1] + overlapping, columns[-1] + overlapping, 2]
        given = dict(row_pooling_sequence=places[0], col_pooling_sequence=places[1], overlapping=overlapping, out_backprop=dy)
        results += [raw.FractionalAvgPoolGrad(orig_input_tensor_shape=tf.constant(size, tf.int64), **given),
                    raw.FractionalMaxPoolGrad(orig_input=images[:, : size[1], : size[2]], orig_output=record.fed(y), **given)]
    record.joined("fractions_" + kind.name, results)


def cases(record):
    for kind in record.types("MaxPoolV2"):
        maxima(record, "maxima_" + kind.name, record.numbers(kind, [2, 4, 3, 1]), WINDOWS[:1])
    for name, ends in (("ties", np.array([0, 1, 1])), ("infinities", np.array([0, 1, np.inf, 2, -np.inf]))):
        maxima(record, name, record.random.choice(ends, [2, 5, 6, 1]).astype(np.float32))
    for kind, least in ((tf.float32, -np.inf), (tf.uint8, 0)):
        corner(record, kind, least)
    x = record.fed(record.numbers(tf.float32, [2, 3, 2, 6]))
    record.joined("along_channels", [raw.MaxPoolV2(input=x, ksize=[1, 1, 1, 2], strides=[1, 1, 1, 2], padding="VALID")])
    x = tf.transpose(x, [0, 3, 1, 2])
    record.known("channels_first", [raw.MaxPoolV2(input=x, ksize=[1, 1, 2, 2], strides=[1, 1, 2, 1], padding="SAME", data_format="NCHW")],
                 [tf.transpose(raw.MaxPoolV2(input=tf.transpose(x, [0, 2, 3, 1]), ksize=[1, 2, 2, 1], strides=[1, 2, 1, 1], padding="SAME"), [0, 3, 1, 2])])
    for kind in record.types("AvgPool3D"):
        volumes(record, kind)
    for kind in record.types("FractionalMaxPoolGrad"):
        fractions(record, kind)

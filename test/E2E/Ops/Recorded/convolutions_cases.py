import numpy as np
import tensorflow as tf

raw = tf.raw_ops
PRODUCER = 6  # which still knows the first gradients of Conv3D


def sizes(shape, window, strides, dilations, padding):
    """Of the middle axes: how many windows there are."""
    return [-(-(n - (d * (k - 1) if padding == "VALID" else 0)) // s) for n, k, s, d in zip(shape[1:], window, strides[1:], dilations[1:])]


def general(record, kind):
    """Conv of one to three axes, in groups, with more axes of batch, with given paddings."""
    x, images, volume = (record.fed(record.numbers(kind, shape)) for shape in ([1, 5, 6, 4], [2, 2, 4, 4, 2], [1, 3, 3, 3, 2]))
    whole, grouped, wide, deep = (record.fed(record.numbers(kind, shape)) for shape in ([3, 2, 4, 2], [2, 3, 2, 4], [2, 2, 2, 2], [2, 2, 2, 2, 2]))
    ones = [1, 1, 1, 1]
    record.joined("general_" + kind.name, [
        raw.Conv(input=x, filter=whole, strides=[1, 2, 3, 1], padding="SAME", dilations=ones),
        raw.Conv(input=x, filter=whole, strides=ones, padding="EXPLICIT", explicit_paddings=[0, 0, 2, 1, 0, 1, 0, 0], dilations=ones),
        raw.Conv(input=x[:0], filter=whole, strides=ones, padding="SAME", dilations=ones), raw.Conv(input=volume, filter=deep, strides=[1, 2, 1, 1, 1], padding="SAME"),
        raw.Conv(input=images, filter=wide, strides=ones, padding="VALID", dilations=ones, batch_dims=2)])
    if kind.is_integer:
        return
    record(f"spread_{kind.name}", raw.Conv(input=x, filter=whole, strides=ones, padding="SAME", dilations=[1, 2, 1, 1]))
    # What TensorFlow has on other devices, by what it has on this one.
    given = dict(strides=ones, padding="VALID", dilations=ones)
    found = [raw.Conv(input=x, filter=grouped, groups=2, **given),
             raw.Conv(input=tf.transpose(x, [0, 3, 1, 2]), filter=whole, data_format="CHANNELS_FIRST", **given)]
    halves = [raw.Conv(input=part, filter=own, **given) for part, own in zip(tf.split(x, 2, -1), tf.split(grouped, 2, -1))]
    wanted = [tf.concat(halves, -1), tf.transpose(raw.Conv(input=x, filter=whole, **given), [0, 3, 1, 2])]
    record.known("elsewhere_" + kind.name, record.packed(found), record.packed(wanted))


def volumes(record, kind):
    """Conv3D and its gradients; the first versions of these take their sizes from a tensor."""
    x, w = record.fed(record.numbers(kind, [1, 4, 4, 5, 2])), record.fed(record.numbers(kind, [2, 3, 2, 2, 2]))
    first = [0, 4, 1, 2, 3]
    results, found, wanted = [], [], []
    for strides, padding in (([1, 2, 1, 3, 1], "SAME"), ([1, 1, 2, 2, 1], "VALID"), ([1, 1, 1, 1, 1], "SAME"))[: None if kind == tf.float32 else 1]:
        given = dict(strides=strides, padding=padding)
        y = raw.Conv3D(input=x, filter=w, **given)
        dy = record.fed(record.numbers(kind, [1, *sizes([1, 4, 4, 5], [2, 3, 2], strides, [1] * 4, padding), 2]))
        results += [y, raw.Conv3DBackpropFilterV2(input=x, filter_sizes=tf.shape(w), out_backprop=dy, **given),
                    raw.Conv3DBackpropInputV2(input_sizes=tf.shape(x, tf.int64), filter=w, out_backprop=dy, **given)]
        if kind in record.types("Conv3DBackpropInput"):
            results += [op(input=x, filter=w, out_backprop=dy, **given) for op in (raw.Conv3DBackpropFilter, raw.Conv3DBackpropInput)]
        given = dict(strides=[strides[i] for i in first], padding=padding, data_format="NCDHW")
        found.append(raw.Conv3D(input=tf.transpose(x, first), filter=w, **given))
        wanted.append(tf.transpose(y, first))
    record.joined("volumes_" + kind.name, results + [raw.Conv3D(input=x[:0], filter=w, strides=[1] * 5, padding="SAME")])
    record.known("channels_first_" + kind.name, record.packed(found), record.packed(wanted))


def gradients(record, kind):
    """Gradients that take their sizes from a tensor; TensorFlow has kernels for those only that are told the sizes."""
    x, w = record.fed(record.numbers(kind, [1, 5, 5, 2])), record.fed(record.numbers(kind, [3, 2, 2, 2]))
    found, wanted = [], []
    for strides, padding, more in (([1, 1, 1, 1], "VALID", []), ([1, 2, 3, 1], "SAME", []), ([1, 2, 1, 1], "EXPLICIT", [0, 0, 1, 2, 2, 0, 0, 0])):
        shape = [5 + sum(more[2:4]), 5 + sum(more[4:6])]
        dy = record.fed(record.numbers(kind, [1, *sizes([1] + shape, [3, 2], strides, [1] * 3, "SAME" if padding == "SAME" else "VALID"), 2]))
        given = dict(strides=strides, padding=padding, explicit_paddings=more, out_backprop=dy)
        found += [raw.Conv2DBackpropFilterV2(input=x, filter=w, **given), raw.Conv2DBackpropInputV2(input=x, filter=w, **given)]
        wanted += [raw.Conv2DBackpropFilter(input=x, filter_sizes=tf.shape(w), **given), raw.Conv2DBackpropInput(input_sizes=tf.shape(x), filter=w, **given)]
    record.known("gradients_" + kind.name, record.packed(found), record.packed(wanted))


def dilations(record, kind):
    """Maxima of sums; with small integers many of them are equal."""
    x, w = record.fed(record.numbers(kind, [1, 5, 6, 2])), record.fed(record.numbers(kind, [3, 2, 2]))
    results = []
    for strides, rates, padding in (([1, 1, 1, 1], [1, 1, 1, 1], "VALID"), ([1, 2, 1, 1], [1, 1, 2, 1], "SAME")):
        given = dict(strides=strides, rates=rates, padding=padding)
        dy = record.fed(record.numbers(kind, [1, *sizes([1, 5, 6], [3, 2], strides, rates, padding), 2]))
        results += [raw.Dilation2D(input=x, filter=w, **given), raw.Dilation2DBackpropFilter(input=x, filter=w, out_backprop=dy, **given),
                    raw.Dilation2DBackpropInput(input=x, filter=w, out_backprop=dy, **given)]
    record.joined("dilations_" + kind.name, results)


def cases(record):
    for kind in record.types("Conv"):
        general(record, kind)
    for kind in record.types("Conv3D"):
        volumes(record, kind)
        gradients(record, kind)
    for kind in record.types("Dilation2D"):
        dilations(record, kind)
    for kind in record.types("ExtractVolumePatches"):
        x = record.fed(record.numbers(kind, [1, 3, 4, 3, 1]))
        record.joined("patches_" + kind.name, [raw.ExtractVolumePatches(input=x, ksizes=[1, 2, 3, 2, 1], strides=[1, 1, 2, 2, 1], padding=padding) for padding in ("VALID", "SAME")])
    # What is not larger than the lowest finite number does not count, and windows may lie beside the image.
    nan, inf = float("nan"), float("inf")
    odd = record.fed(np.array([[[-inf, -inf, 1, nan, 3, nan], [-inf, -inf, nan, nan, 2, 4]]], np.float32)[..., None])
    record("nothing_counts", [raw.Dilation2D(input=odd, filter=tf.reshape([1., 0, 2, 0], [2, 2, 1]), strides=[1] * 4, rates=[1, 1, 1, 1], padding="VALID"),
                              raw.Dilation2D(input=odd[:, :1], filter=tf.zeros([2, 1, 1]), strides=[1] * 4, rates=[1, 2, 1, 1], padding="SAME")])

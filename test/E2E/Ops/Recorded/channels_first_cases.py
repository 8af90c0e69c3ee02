import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


class Net:
    """The same layers with the channels first or last; weights in the order of their making."""

    def __init__(self, record, given, first, spatial):
        self.record, self.first, self.spatial, self.weights, self.given = record, first, spatial, [], iter(given)
        letters = "DHW"[-spatial:]
        self.format = f"NC{letters}" if first else f"N{letters}C"
        self.axis = 1 if first else spatial + 1
        self.places = list(range(2, spatial + 2)) if first else list(range(1, spatial + 1))

    def weight(self, *shape):
        weight = next(self.given, None)
        self.weights.append(tf.ensure_shape(self.record.fed(self.record.numbers(tf.float32, list(shape))), shape) if weight is None else weight)
        return self.weights[-1]

    def each(self, spatial, other=1):
        """A number for each dimension."""
        return [other, other, *spatial] if self.first else [other, *spatial, other]

    def enter(self, x):
        return tf.transpose(x, [0, self.spatial + 1, *range(1, self.spatial + 1)]) if self.first else x

    def leave(self, x):
        return tf.transpose(x, [0, *range(2, self.spatial + 2), 1]) if self.first else x

    def conv(self, x, channels, stride, biased=True):
        window = [3, 2, 3][:self.spatial]
        op = tf.nn.conv3d if self.spatial == 3 else tf.nn.conv2d
        y = op(x, self.weight(*window, x.shape[self.axis], channels) * .2, self.each([stride] * self.spatial), "SAME", data_format=self.format)
        return tf.nn.bias_add(y, self.weight(channels), data_format="NCHW" if self.first else "NHWC") if biased else y

    def pool(self, x, kind, window, stride):
        op = {"max2": tf.nn.max_pool2d, "avg2": tf.nn.avg_pool2d, "max3": tf.nn.max_pool3d, "avg3": tf.nn.avg_pool3d}[kind + str(self.spatial)]
        return op(x, self.each([window] * self.spatial), self.each([stride] * self.spatial), "SAME", data_format=self.format)

    def norm(self, x):
        channels = x.shape[self.axis]
        return v1.nn.fused_batch_norm(x, self.weight(channels), self.weight(channels), data_format=self.format)[0]


def net(record, x, first, spatial, given=()):
    n = Net(record, given, first, spatial)
    h = tf.nn.relu(n.conv(n.enter(x), 5, 1))
    p = n.pool(h, "max", 2, 2)
    r = n.norm(n.conv(p, 5, 1, biased=False)) if spatial == 2 else n.conv(p, 5, 1)
    r = tf.nn.elu(r + p)
    q = n.pool(r, "max", 3, 1) * tf.pad(n.pool(r, "avg", 2, 1), n.each([[0, 0]] * spatial, [0, 0]))
    j = tf.concat([tf.reverse(n.conv(tf.pad(q, n.each([[1, 0]] * spatial, [0, 0])), 4, 2), [n.places[0]]), n.pool(tf.pad(q, n.each([[0, 1]] * spatial, [0, 0])), "avg", 3, 2)], n.axis)
    means = tf.reduce_mean(j, n.places)
    logits = tf.matmul(tf.reshape(tf.reduce_max(j, n.places, keepdims=True), [-1, 9]) + means, n.weight(9, 3))
    gradients = tf.gradients(tf.reduce_sum(tf.nn.softmax(logits * .02) * [1., 2., 3.]), [x, *n.weights])
    return n.weights, [n.leave(h), n.leave(j), tf.argmax(logits, 1, tf.int32), logits, *gradients]


def cases(record):
    for spatial, shape in ((2, [3, 9, 7, 2]), (3, [2, 5, 6, 4, 2])):
        x = tf.ensure_shape(record.fed(record.numbers(tf.float32, shape)), [None] * (spatial + 1) + shape[-1:])
        weights, last = net(record, x, False, spatial)
        first = net(record, x, True, spatial, weights)[1]
        record.known(f"channels_first_{spatial}d", first, last)
        record(f"channels_last_{spatial}d", last[3])

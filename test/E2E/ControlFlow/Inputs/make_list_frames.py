#!/usr/bin/env python3
"""Further cases of make_frames.py, about lists of unlike elements; used the same way."""
from make_frames import *

raw = tf.raw_ops


def set_item(handle, index, item):
    return raw.TensorListSetItem(input_handle=handle, index=index, item=item)


def get_item(handle, index, shape):
    return tf.ensure_shape(raw.TensorListGetItem(input_handle=handle, index=index, element_shape=-1, element_dtype=tf.float32), shape)


def reserve(count, dtype=tf.float32):
    return raw.TensorListReserve(element_shape=-1, num_elements=count, element_dtype=dtype)


@case
def ranks_that_change():
    """Lists of elements of different ranks: a loop and a branch write the elements, two such lists are added."""
    x, n, p = placeholder([None, 3], "x"), placeholder([], "n", tf.int32), placeholder([], "p", tf.bool)
    two = set_item(set_item(reserve(2), 0, x), 1, tf.reduce_sum(x))

    def body(i, a):
        rows, number = get_item(a, 0, [None, 3]), get_item(a, 1, [])
        return i + 1, set_item(set_item(a, 0, tf.concat([rows, rows[:1] + number], 0)), 1, number * 0.5 + tf.reduce_sum(rows))

    looped = tf1.while_loop(lambda i, a: i < n, body, [0, two])[1]
    chosen = tf1.cond(p, lambda: set_item(two, 0, x[1:] * 2.0), lambda: set_item(set_item(two, 1, tf.reduce_max(x)), 0, x + 1.0))
    fetches = []
    for name, handle in (("looped", looped), ("chosen", chosen), ("sum", tf.add_n([two, two]))):
        tf.identity(get_item(handle, 0, [None, 3]), name + "_rows")
        tf.identity(get_item(handle, 1, []), name + "_number")
        fetches += [name + "_rows:0", name + "_number:0"]
    return [({"x": ramp(2, 3), "n": np.int32(k), "p": np.bool_(k)}, fetches, []) for k in (0, 3)]


@case
def sums_of_ragged_lists():
    """Lists whose elements are lists of elements of different sizes, added one to the other; some were never written."""
    x, n = placeholder([None], "x"), placeholder([], "n", tf.int32)

    def fill(size_of, scale):
        body = lambda i, a: (i + 1, set_item(a, i, x[:size_of(i)] * scale))
        return tf1.while_loop(lambda i, a: i < n, body, [0, reserve(n)])[1]

    outer = reserve(3, tf.variant)
    first = set_item(set_item(outer, 0, fill(lambda i: i + 1, 1.0)), 1, fill(lambda i: n - i, -1.0))
    second = set_item(set_item(outer, 0, fill(lambda i: i + 1, 10.0)), 2, fill(lambda i: 1 + i % 2, 3.0))
    total, fetches = tf.add_n([first, second]), []
    for k in range(3):
        inner = raw.TensorListGetItem(input_handle=total, index=k, element_shape=-1, element_dtype=tf.variant)
        joined = raw.TensorListConcatV2(input_handle=inner, element_shape=[-1], leading_dims=tf.zeros([0], tf.int64), element_dtype=tf.float32)
        tf.identity(joined[0], f"values{k}")
        tf.identity(joined[1], f"lengths{k}")
        fetches += [f"values{k}:0", f"lengths{k}:0"]
    return [({"x": ramp(6), "n": np.int32(k)}, fetches, []) for k in (2, 5)]


if __name__ == "__main__":
    main()

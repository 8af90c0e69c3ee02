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


@case
def arrays_touched_where_data_says():
    """Elements that data names: in a loop, as a vector, beside those that were touched before; each run may touch one twice."""
    at, x = placeholder([3], "at", tf.int32), placeholder([5, 2], "x")

    def array(name, clears=True):
        return tf.TensorArray(tf.float32, 5, clear_after_read=clears, element_shape=[2], tensor_array_name=name)

    def written(i, a):
        return i + 1, a.write(at[i], x[i])

    loop = tf1.while_loop(lambda i, a: i < 3, written, [0, array("written")])[1]
    tf.identity(loop.gather(at[:1]), "written")
    full = array("full", clears=True).unstack(x)
    tf.identity(tf1.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * 0.5 + full.read(at[i])), [0, x[0]])[1], "read")
    tf.identity(array("kept", clears=False).unstack(x).gather(at), "kept")
    tf.identity(array("gathered").unstack(x).gather(at), "gathered")
    tf.identity(array("scattered").scatter(at, x[:3]).read(at[2]), "scattered")
    tf.identity(array("begun").write(1, x[0]).scatter(at, x[:3]).read(1), "begun")
    mixed = tf1.while_loop(lambda i, a: i < 3, written, [0, array("mixed").write(4, x[4])])[1]
    tf.identity(mixed.stack(), "mixed")
    runs = []
    for indices in ([0, 2, 3], [0, 2, 0], [1, 4, 2]):
        runs += [({"at": np.int32(indices), "x": ramp(5, 2)}, [name + ":0"], [])
                 for name in ("written", "read", "kept", "gathered", "scattered", "begun", "mixed")]
    return runs


@case
def draws_in_order():
    """Random operators in loops that TensorFlow runs one iteration at a time."""
    n = placeholder([], "n", tf.int32)
    for name, shape in (("one", lambda a: [2]), ("grows", lambda a: tf.shape(a))):
        body = lambda i, a, t: (i + 1, tf.concat([a * 0.5 + tf1.random_uniform(shape(a), seed=7)] * (1 if name == "one" else 2), 0), t + tf.reduce_sum(a))
        loop = tf1.while_loop(lambda i, a, t: i < n, body, [0, tf.zeros([2]), 0.0], parallel_iterations=1 if name == "one" else 10,
                              shape_invariants=[tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([])])
        tf.identity(loop[1], name)
        tf.identity(loop[2], name + "_sum")
    return [({"n": np.int32(k)}, [f + end for f in ("one", "grows") for end in (":0", "_sum:0")], []) for k in (1, 4)]


if __name__ == "__main__":
    main()

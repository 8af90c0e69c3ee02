#!/usr/bin/env python3
"""Further cases of make_frames.py, about the ends of what loops, branches and functions can do; used the same way."""
from make_frames import *
from tensorflow.python.ops import functional_ops

raw = tf.raw_ops


@case
def counters_at_their_ends():
    """Conditions that hold for every number of the counter's type: it wraps, and something else ends the loop."""
    n, wide = placeholder([], "n", tf.int32), placeholder([], "wide", tf.int64)
    fetches = []

    def loop(name, start, holds, step, most=20):
        result = tf1.while_loop(lambda i, t: tf.logical_and(holds(i), t < most), lambda i, t: (i + step, t + 1), [start, 0])
        tf.identity(result[0], name)
        tf.identity(result[1], name + "_turns")
        fetches.extend([name + ":0", name + "_turns:0"])

    for bits, kind, fed in ((32, tf.int32, n), (64, tf.int64, wide)):
        low, high = kind.min, kind.max
        number = lambda value: tf.constant(value, kind)
        loop(f"most{bits}", number(high - 3), lambda i: i <= high, 1)
        loop(f"least{bits}", number(low + 3), lambda i: i >= low, -1)
        loop(f"steps{bits}", number(high - 3), lambda i: i < high - 1, 2)
        loop(f"down_steps{bits}", number(low + 7), lambda i: i > low + 1, -5)
        loop(f"positive{bits}", number(high - 3), lambda i: i >= 0, 1)
        loop(f"negative{bits}", number(low + 4), lambda i: i < 0, -3)
        loop(f"fed{bits}", fed - 4, lambda i: i <= fed, 1)
        loop(f"fed_steps{bits}", fed - 4, lambda i: i <= fed, 3)
        loop(f"fed_below{bits}", fed - 5, lambda i: i < fed, 3)
        loop(f"fed_down{bits}", -fed + 2, lambda i: i >= -fed - 1, -1)
        loop(f"far{bits}", -fed, lambda i: i <= fed, 2)
    array = tf1.while_loop(lambda i, t, a: tf.logical_and(i <= n, t < 20), lambda i, t, a: (i + 1, t + 1, a.write(t, i)),
                           [n - 4, 0, tf.TensorArray(tf.int32, 0, dynamic_size=True)])[2]
    tf.identity(array.stack(), "written")
    return [({"n": np.int32(2 ** 31 - k), "wide": np.int64(2 ** 63 - k)}, fetches + ["written:0"], []) for k in (1, 2, 3)]


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes functional.pb and its values with TensorFlow 2.19, which nothing else here needs.

    make_functional.py        writes functional.pb and, for two sets of feeds, a.npz, a.json, a-expected.npz, b.npz ...

One graph of If, While, Case and calls, one fetch for each thing that is easy to get wrong. Values are of a session
that starts for each set of feeds.
"""
import json
import os

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
tf1.disable_eager_execution()
tf1.enable_control_flow_v2()
tf1.enable_resource_variables()
HERE = os.path.dirname(os.path.abspath(__file__))

x = tf1.placeholder(tf.float32, [None, 3], name="x")
n = tf1.placeholder(tf.int32, [], name="n")
flag = tf1.placeholder(tf.bool, [], name="flag")
k = tf1.placeholder(tf.int32, [], name="k")


def fetch(name, value):
    return tf.identity(value, name=name)


# Branches: of different sizes, of sizes, with a check, with branches inside.
fetch("sizes_differ", tf1.cond(flag, lambda: x * 2, lambda: tf.zeros([1, 3])))
fetch("same_size", tf1.cond(flag, lambda: tf.exp(x), lambda: -x) + x)
fetch("host_result", tf.reshape(tf.range(12), tf1.cond(flag, lambda: tf.constant([3, 4]), lambda: tf.constant([6, 2]))))
fetch("both", tf1.cond(flag, lambda: (x, tf.shape(x)[0], tf.constant(7)), lambda: (x, tf.constant(5), tf.constant(7)))[1])


def checked():
    with tf.control_dependencies([tf1.assert_positive(n, message="n must be positive")]):
        return tf.identity(n)


fetch("checked", tf1.cond(flag, checked, lambda: n - 1))
fetch("nested", tf1.cond(flag, lambda: tf1.cond(n > 2, lambda: x + 1, lambda: x + 2), lambda: tf1.cond(n > 2, lambda: x + 3, lambda: x + 4)))
fetch("switch", tf.switch_case(k, [lambda: x[0], lambda: tf.reduce_sum(x, 0), lambda: tf.constant([1., 2., 3.])]))

# Loops: a counter compared with a feed, unrolled, none, early end, shapes that grow, swapped values, integers that overflow.
fetch("power", tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, y * x], [0, tf.ones_like(x)])[1])
fetch("unrolled", tf.while_loop(lambda i, y: i < 3, lambda i, y: [i + 1, y * tf.cast(i + 2, tf.float32)], [0, x])[1])
fetch("downward", tf.while_loop(lambda i, y: i >= 0, lambda i, y: [i - 2, y + tf.cast(i, tf.float32)], [n, x])[1])
fetch("newton", tf.while_loop(lambda y: tf.abs(y * y - 2) > 1e-5, lambda y: [y - (y * y - 2) / (2 * y)], [tf.constant(1.0)])[0])
fetch("stop", tf.while_loop(lambda i, done: tf.logical_and(i < 100, tf.logical_not(done)),
                            lambda i, done: [i + 1, tf.reduce_sum(x) * tf.cast(i, tf.float32) > 20], [0, False])[0])
fetch("grows", tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, tf.concat([y, x[:1] * tf.cast(i, tf.float32)], 0)], [0, x],
                             shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 3])])[1])
fetch("empty_grows", tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, tf.concat([y, [i * i]], 0)], [0, tf.zeros([0], tf.int32)],
                                   shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])])[1])
fetch("swapped", tf.while_loop(lambda i, a, b: i < n, lambda i, a, b: [i + 1, b, a + 1], [0, x, x * 10])[1])
fetch("fibonacci", tf.while_loop(lambda i, a, b: i < 50, lambda i, a, b: [i + 1, b, a + b], [0, 0, 1])[1])
fetch("generator", tf.while_loop(lambda i, s: i < n, lambda i, s: [i + 1, tf.math.floormod(s * 1103515245 + 12345, 1000003)], [0, 42])[1])
fetch("overflow", tf.while_loop(lambda s: s > 0, lambda s: [s * 3], [tf.constant(5)])[0])
fetch("wide", tf.while_loop(lambda i, s: i < 40, lambda i, s: [i + 1, s * 2], [0, tf.constant(3, tf.int64)])[1])
fetch("reshaped", tf.while_loop(lambda i, s, y: i < n, lambda i, s, y: [i + 1, s[::-1], tf.reshape(y, s)], [0, tf.constant([4, 3]), tf.reshape(tf.range(12.0), [3, 4])],
                                shape_invariants=[tf.TensorShape([]), tf.TensorShape([2]), tf.TensorShape([None, None])])[2])

# A recurrent layer, its loop inside a branch, with a branch inside.
w = tf.constant(np.random.RandomState(0).randn(3, 3).astype(np.float32))


def step(t, h):
    return [t + 1, tf1.cond(t % 2 > 0, lambda: tf.tanh(tf.matmul(x[t:t + 1], w) + h), lambda: h * 0.5 + x[t:t + 1])]


def recurrent():
    return tf.while_loop(lambda t, h: t < tf.shape(x)[0], step, [0, tf.zeros([1, 3])],
                         shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 3])])[1]


fetch("recurrent", tf1.cond(flag, recurrent, lambda: x[:1]))
fetch("two_loops", tf.while_loop(lambda i, y: i < n, lambda i, y: [i + 1, tf.while_loop(
    lambda j, z: j < i, lambda j, z: [j + 1, z + tf.cast(i * j, tf.float32)], [0, y])[1]], [0, x])[1])

# Variables: written in a branch, in a loop, and by a condition.
v = tf1.get_variable("v", initializer=tf.constant([1., 2., 3.]))
u = tf1.get_variable("u", initializer=tf.constant(10.0))
c = tf1.get_variable("c", initializer=tf.constant(0))


def write():
    with tf.control_dependencies([v.assign_add([1., 1., 1.])]):
        return v.read_value() * 2


written = tf1.cond(flag, write, lambda: v.read_value())
fetch("written", written)
with tf.control_dependencies([written]):
    fetch("after_branch", v.read_value())


def accumulate(i):
    with tf.control_dependencies([u.assign(u.read_value() * 2 + 1)]):
        return [i + 1]


with tf.control_dependencies(tf.while_loop(lambda i: i < n, accumulate, [0])):
    fetch("after_loop", u.read_value())


def counted(i):
    with tf.control_dependencies([c.assign_add(1)]):
        return tf.identity(c.read_value()) < 5


with tf.control_dependencies(tf.while_loop(counted, lambda i: [i + 2], [0])):
    fetch("counted", c.read_value())

# Calls: of one function at two places, never inlined by TensorFlow, polymorphic in size.
called = tf.function(lambda a, b: (a + b, tf.reduce_sum(a)))
fetch("calls", called(x, x * 2)[0] + called(x * 3, x)[0])
drawn = tf.function(lambda: tf1.random_uniform([2], seed=11))
fetch("random_calls", tf.stack([drawn(), drawn()]))

# Random numbers: a loop goes on in the stream.
fetch("random_loop", tf.while_loop(lambda i, s: i < 4, lambda i, s: [i + 1, tf.concat([s, tf1.random_uniform([2], seed=7)], 0)],
                                   [0, tf.zeros([0])], shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])], parallel_iterations=1)[1])
fetch("random_branch", tf1.cond(flag, lambda: tf1.random_uniform([2], seed=8), lambda: tf1.random_normal([2], seed=9)))


def main():
    graph = tf1.get_default_graph()
    names = [o.name for o in graph.get_operations() if o.type == "Identity" and "/" not in o.name and not o.name.startswith(("cond", "Identity"))]
    initialize = tf1.global_variables_initializer()
    data = {"a": [np.arange(12, dtype=np.float32).reshape(4, 3) / 10 - 0.3, 4, True, 1], "b": [np.arange(6, dtype=np.float32).reshape(2, 3) / 5, 0, False, -1]}
    fetches = [n + ":0" for n in names]
    for name, values in data.items():
        steps = [{"feeds": None, "fetch": [], "target": ["init"]}, {"feeds": name + ".npz", "fetch": fetches, "target": []}]
        with open(os.path.join(HERE, name + ".json"), "w") as f:
            json.dump(steps, f)
            f.write("\n")
        feeds = dict(zip(["x:0", "n:0", "flag:0", "k:0"], values))
        feeds["n:0"], feeds["k:0"] = np.int32(feeds["n:0"]), np.int32(feeds["k:0"])
        with tf1.Session() as session:
            session.run(initialize)
            got = session.run(fetches, feeds)
        np.savez_compressed(os.path.join(HERE, name + ".npz"), **feeds)
        np.savez_compressed(os.path.join(HERE, name + "-expected.npz"), **dict(zip(fetches, got)))
    with open(os.path.join(HERE, "functional.pb"), "wb") as f:
        f.write(graph.as_graph_def().SerializeToString())
    print(len(names), "fetches")


main()

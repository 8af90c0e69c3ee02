"""make_sessions.py FOLDER: TensorFlow 2.19.1 runs sessions whose steps check_steps.py repeats; each is a graph NAME.pb and a NAME.npz.

variables: every type, averages, guarded updates, results of assignments, what is fetched while it is updated in an order of control edges;
normalization: batch norm in training with moving averages, by a fed boolean too, and dropout; draws: the random ops over five runs."""
import json
import os
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tf.compat.v1.layers

import numpy as np
import tensorflow as tf

tf1, nn = tf.compat.v1, tf.nn
tf1.disable_eager_execution()
tf1.disable_control_flow_v2()
tf1.disable_resource_variables()
order = tf.control_dependencies


class Program:
    """One session over one graph: what runs are, and what TensorFlow gave."""
    def __init__(self, seed=None):
        self.graph, self.runs = tf.Graph(), []
        self.scope = self.graph.as_default()
        self.scope.__enter__()
        if seed is not None:
            tf1.set_random_seed(seed)

    def run(self, fetches, feeds=None, targets=()):
        self.runs.append((list(fetches), feeds or {}, list(targets)))

    def record(self, path):
        initial = tf.group(tf1.global_variables_initializer(), name="init")
        with open(path + ".pb", "wb") as file:
            file.write(self.graph.as_graph_def().SerializeToString(deterministic=True))
        recorded, steps = {}, [{"feeds": False, "fetch": [], "target": ["init"]}]
        with tf1.Session(graph=self.graph) as session:
            session.run(initial)
            for fetches, feeds, targets in self.runs:
                mark, names = len(steps), [t.name for t in fetches]
                values = session.run([names, targets], feeds)[0]
                recorded.update({f"{mark}/feed/{key.name}": value for key, value in feeds.items()})
                recorded.update({f"{mark}/fetch/{key}": value for key, value in zip(names, values)})
                steps.append({"feeds": bool(feeds), "fetch": names, "target": [t.name for t in targets]})
        np.savez_compressed(path + ".npz", steps=json.dumps(steps), **recorded)
        self.scope.__exit__(None, None, None)


def variables_of_all_types(program, resource):
    """Doubled less one, flipped, and gathered: int8 to complex128 and bool."""
    made = [tf1.Variable(np.array([1, 2, 3], kind), trainable=False, use_resource=resource)
            for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16")]
    flags = tf1.Variable(np.array([True, False, True]), trainable=False, use_resource=resource)
    change = [tf1.assign(v, v.read_value() * 2 - 1).op for v in made]
    change.append(tf1.assign(flags, tf.logical_not(flags.read_value())).op)
    reads = [tf.identity(v.read_value()) for v in [*made, flags]]
    rows = [tf.gather(v, [2, 0, 2]) for v in [*made, flags]]
    program.run(reads)
    program.run([], targets=change)
    program.run(reads + rows)


def updates_in_order(program, resource):
    p, x = tf1.placeholder(tf.bool, []), tf1.placeholder(tf.float32, [2])
    v, w = (tf1.Variable(np.array(value, "f4"), use_resource=resource) for value in ([1, 2], [3, 4]))
    count = tf1.Variable(0, trainable=False, use_resource=resource)
    # A variable that begins with twice another's first value; averages begin with initialized_value, guarded by conditions.
    first = v.initialized_value() if not resource else tf1.cond(tf1.is_variable_initialized(v), v.read_value, lambda: v.initial_value)
    twice = tf1.Variable(first * 2, use_resource=resource)
    added = tf1.assign_add(v, x)
    with order([added]):
        seen = v.read_value() * 1  # after the update
        counted = tf1.assign_add(count, 1)
    with order([seen, counted]):
        average = tf1.train.ExponentialMovingAverage(0.5, num_updates=count.read_value(), zero_debias=False)
        kept = average.apply([v, w])
    with order([kept]):
        guarded = tf1.cond(p, lambda: tf1.assign(w, v.read_value()) * 1, lambda: tf1.assign_sub(w, x) * 1)
    with order([guarded]):
        last = [w.read_value() * 1, count.read_value() * 1, average.average(v) * 1, average.average(w) * 1, twice.read_value() * 1]
    # The results of assignments are values; the second happens to what the first left.
    chained = tf1.assign_add(tf1.assign(w, x + 1), [10, 20]) if not resource else tf1.assign_add(w, tf1.assign(w, x + 1))
    for flag, value in ((True, [1, -1]), (False, [0.5, 0.25]), (False, [2, 3]), (True, [-4, 4])):
        program.run([seen, guarded, added * 1, *last], {p: np.array(flag), x: np.array(value, "f4")})
    program.run([chained * 1], {x: np.array([5, 6], "f4")})
    program.run([w.read_value() * 1, v.read_value() * 1])


def variables(path):
    program = Program()
    for resource in (False, True):
        variables_of_all_types(program, resource)
        updates_in_order(program, resource)
    program.record(path)


def normalization(path):
    program, random = Program(seed=9), np.random.RandomState(5)
    x, training = tf1.placeholder(tf.float32, [None, 5, 5, 2], "x"), tf1.placeholder(tf.bool, [], "training")
    y = tf1.placeholder(tf.float32, [None, 3], "y")
    start = lambda seed: tf1.random_uniform_initializer(-0.5, 0.5, seed=seed)
    h = tf1.layers.conv2d(x, 4, 3, use_bias=False, kernel_initializer=start(1))
    h = nn.relu(tf1.layers.batch_normalization(h, training=training, momentum=0.7, fused=True))  # FusedBatchNormV3 in both branches
    h = tf1.layers.conv2d(h, 3, 2, use_bias=False, kernel_initializer=start(2))
    scale, offset = tf1.Variable(tf.ones([3])), tf1.Variable(tf.zeros([3]))
    h, mean, variance = tf1.nn.fused_batch_norm(h, scale, offset)  # in training always
    means = tf1.Variable(tf.zeros([3]), trainable=False)
    tf1.add_to_collection(tf1.GraphKeys.UPDATE_OPS, tf1.assign_sub(means, (means - mean) * 0.1).op)
    h = tf.reduce_mean(h, [1, 2]) + tf.reduce_max(h, [1, 2])
    keep = tf1.placeholder(tf.float32, [], "keep")
    dropped = tf1.nn.dropout(h, keep_prob=keep, seed=4)
    h = tf.cond(training, lambda: nn.dropout(dropped, rate=0.25, seed=6), lambda: tf.identity(dropped))
    loss = tf.reduce_mean(tf.square(h - y))
    with order(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS)):
        step = tf1.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    reads = [tf.identity(v.read_value()) for v in tf1.global_variables()]
    for i in range(5):
        feeds = {x: random.normal(size=(4, 5, 5, 2)).astype("f4"), y: random.normal(size=(4, 3)).astype("f4")}
        if i != 3:
            program.run([loss], {**feeds, training: np.array(True), keep: np.float32(1 if i == 1 else 0.8)}, [step])
        program.run([loss, h, variance], {**feeds, training: np.array(False), keep: np.float32(1)})
    program.run(reads)
    program.record(path)


def draws(path):
    program = Program(seed=77)
    draw, sizes = [], tf1.placeholder(tf.int32, [2], "sizes")
    for seed in (None, 5):
        for kind in (tf.float16, tf.float32, tf.float64):
            draw += [tf1.random_uniform([3, 7], dtype=kind, seed=seed), tf1.random_normal([11], dtype=kind, seed=seed),
                     tf1.truncated_normal([5, 13], dtype=kind, seed=seed)]
        draw += [tf1.random_uniform([9], -5, 17, tf.int32, seed=seed), tf1.random_uniform([9], -(1 << 40), 1 << 41, tf.int64, seed=seed),
                 tf1.random_shuffle(tf.range(11), seed=seed), tf1.multinomial([[0.1, 2.0, -1.0]], 9, seed=seed),
                 tf1.random_uniform(sizes, seed=seed), tf1.truncated_normal(sizes, seed=seed), nn.dropout(tf.ones(sizes), rate=0.4, seed=seed),
                 tf1.random_gamma([3], [0.5, 2.0], seed=seed), tf1.random_poisson([0.5, 30.0], [4], seed=seed)]
    draw = [tf.identity(t) for t in draw]
    for shape in ([1, 1], [4, 5], [40, 51], [0, 3], [2, 2]):
        program.run(draw, {sizes: np.array(shape, "i4")})
    program.record(path)


for make in (variables, normalization, draws):
    make(os.path.join(sys.argv[1], make.__name__))

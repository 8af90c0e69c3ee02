#!/usr/bin/env python3
"""Makes graphs with TensorFlow's first control flow, and what TensorFlow computes with them; needs tensorflow 2.19.

    make_frames.py [CASE ...]     writes CASE.pb, CASE.npz and CASE.json beside itself, of all cases by default

CASE.json is a list of runs of one session: feeds and fetches (tensor name -> key of CASE.npz), targets, and for a run that
fails the message that TensorFlow ends with. One thread, no graph optimizations.
"""
import json
import os
import sys

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import rewriter_config_pb2
from tensorflow.python.framework import function

tf1 = tf.compat.v1
tf1.disable_v2_behavior()
HERE = os.path.dirname(os.path.abspath(__file__))
CASES = {}


def case(build):
    CASES[build.__name__] = build
    return build


def placeholder(shape, name, dtype=tf.float32):
    return tf1.placeholder(dtype, shape, name=name)


def ramp(*shape):
    return (np.arange(np.prod(shape), dtype=np.float32).reshape(shape) - 3) / 4


def with_functions(build):
    """The case in TensorFlow 2's control flow."""
    def wrapped():
        tf1.enable_control_flow_v2()
        try:
            return build()
        finally:
            tf1.disable_control_flow_v2()
    wrapped.__name__ = build.__name__
    return wrapped


@case
def while_in_cond_in_while():
    """A loop of a data-dependent number of turns inside a branch of a condition inside a loop."""
    x, n = placeholder([None, 3], "x"), placeholder([], "n", tf.int32)

    def inner(v):
        return tf1.while_loop(lambda j, w: tf.logical_and(j < 10, tf.reduce_sum(w) < 50.0), lambda j, w: (j + 1, w * 1.5 + 0.25), [tf.constant(0), v])[1]

    def body(i, v):
        return i + 1, tf1.cond(tf.equal(i % 2, 0), lambda: inner(v), lambda: v - 0.5 * tf.cast(i, tf.float32))

    result = tf1.while_loop(lambda i, v: i < n, body, [tf.constant(0), x])
    tf.identity(result[0], "count")
    tf.identity(result[1], "y")
    return [({"x": ramp(2, 3), "n": np.int32(k)}, ["y:0", "count:0"], []) for k in (0, 1, 4)] + [({"x": ramp(5, 3), "n": np.int32(3)}, ["y:0"], [])]


@case
def nested_case():
    """tf.case of three branches, one of which is a condition; a predicate that both of them know."""
    x, k = placeholder([None], "x"), placeholder([], "k", tf.int32)
    small = tf.reduce_sum(x) < 1.0
    y = tf1.case([(tf.equal(k, 0), lambda: tf.exp(x)), (tf.equal(k, 1), lambda: tf1.cond(small, lambda: x * 2.0, lambda: -x)),
                  (tf.equal(k, 2), lambda: tf.concat([x, x], 0))], default=lambda: tf.zeros_like(x), exclusive=False)
    tf.identity(y, "y")
    return [({"x": ramp(n), "k": np.int32(k)}, ["y:0"], []) for n in (2, 7) for k in range(4)]


@case
def effects_in_branches():
    """Reference variables updated in branches: in one, in both, and by a step that only a branch runs."""
    x, p = placeholder([3], "x"), placeholder([], "p", tf.bool)
    v = tf1.get_variable("v", initializer=np.ones(3, np.float32), use_resource=False)
    w = tf1.get_variable("w", initializer=np.zeros(3, np.float32), use_resource=False)
    one = tf1.cond(p, lambda: tf1.assign_add(v, x).op, lambda: tf.no_op())
    with tf1.control_dependencies([one]):
        both = tf1.cond(tf.logical_not(p), lambda: tf1.assign(w, x * 2.0), lambda: tf1.assign_sub(w, x))
    tf.identity(both, "both")
    tf.group(one, both, name="step")
    tf.identity(tf1.cond(p, lambda: v + w, lambda: v - w), "read")
    tf1.global_variables_initializer()
    runs = [({}, [], ["init"])]
    for p_value in (True, False, True):
        runs.append(({"x": ramp(3), "p": np.bool_(p_value)}, ["both:0"], ["step"]))
        runs.append(({"p": np.bool_(p_value)}, ["read:0", "v:0", "w:0"], []))
    return runs


@case
def resource_effects_in_loops():
    """A variable that the body of a loop reads and updates, in one branch only."""
    n = placeholder([], "n", tf.int32)
    v = tf1.get_variable("v", initializer=np.float32(1.0), use_resource=True)

    def update():
        with tf1.control_dependencies([v.assign_add(2.0, read_value=False)]):
            return v.read_value()

    def body(i, total):
        now = tf1.cond(tf.equal(i % 3, 0), update, lambda: v.read_value() * 1.0)
        with tf1.control_dependencies([now]):
            return i + 1, total + v.read_value()

    result = tf1.while_loop(lambda i, total: i < n, body, [tf.constant(0), tf.constant(0.0)], parallel_iterations=1)
    tf.identity(result[1], "total")
    tf1.global_variables_initializer()
    return [({}, [], ["init"]), ({"n": np.int32(5)}, ["total:0"], []), ({}, ["v/Read/ReadVariableOp:0"], []), ({"n": np.int32(0)}, ["total:0"], [])]


@case
def several_exits():
    """Exits of several values, some of which nobody takes; a value that grows; invariants; a value handed on unchanged."""
    x, n = placeholder([None, 2], "x"), placeholder([], "n", tf.int64)
    weights = tf.constant([[0.5, -1.0], [2.0, 0.25]])
    scale = tf.reduce_max(x)

    def body(i, rows, state, keep, unused):
        state = tf.tanh(tf.matmul(state, weights)) * scale + keep
        return i + 1, tf.concat([rows, state], 0), state, keep, unused * 2

    result = tf1.while_loop(lambda i, *_: i < n, body, [tf.constant(0, tf.int64), x, x, x * 0.5, tf.constant(1)],
                            shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 2]), x.shape, x.shape, tf.TensorShape([])])
    for value, name in zip(result[:4], ("count", "rows", "state", "keep")):
        tf.identity(value, name)
    feeds = [{"x": ramp(b, 2), "n": np.int64(k)} for b, k in ((1, 0), (2, 3), (3, 1))]
    return [(f, ["rows:0", "state:0", "keep:0", "count:0"], []) for f in feeds] + [(feeds[1], ["state:0"], [])]


@case
def fetch_in_a_branch():
    """Tensors of branches are there only if the branch runs; so is what is computed from an output of Switch."""
    x, p, q = placeholder([None], "x"), placeholder([], "p", tf.bool), placeholder([], "q", tf.bool)
    off, on = tf.raw_ops.Switch(data=x, pred=p)
    tf.exp(on, name="on")
    off_off, off_on = tf.raw_ops.Switch(data=tf.negative(off, "off"), pred=q)
    tf.square(off_on, name="off_on")
    tf.identity(x * 2.0, "always")
    feeds = lambda a, b: {"x": ramp(4), "p": np.bool_(a), "q": np.bool_(b)}
    return [(feeds(True, False), ["on:0", "always:0"], []), (feeds(False, True), ["always:0", "off_on:0"], []), (feeds(False, True), ["off:0"], []),
            (feeds(False, False), ["on:0"], []), (feeds(False, False), ["always:0", "off_on:0"], []), (feeds(True, True), ["off_on:0"], []),
            (feeds(True, True), ["always:0"], ["off_on"])]


@case
def gradient_of_cond():
    """The backward branch takes values of the forward branch, which are there only if it ran."""
    x, p = placeholder([None, 3], "x"), placeholder([], "p", tf.bool)
    y = tf1.cond(p, lambda: tf.exp(x) * tf.sin(x), lambda: x * x)
    z = tf1.cond(p, lambda: y + 1.0, lambda: tf.tanh(y))
    tf.identity(tf.gradients(tf.reduce_sum(z * y), x)[0], "dx")
    tf.identity(z, "z")
    return [({"x": ramp(n, 3), "p": np.bool_(p)}, ["dx:0", "z:0"], []) for n in (1, 4) for p in (False, True)]


@case
def merge_index():
    """The second output of Merge; Merges of one and of three inputs."""
    x, p, q = placeholder([2], "x"), placeholder([], "p", tf.bool), placeholder([], "q", tf.bool)
    off, on = tf.raw_ops.Switch(data=x, pred=p)
    q_off = tf.raw_ops.Switch(data=q, pred=p)[0]
    both = tf.raw_ops.Switch(data=off, pred=q_off)
    tf.raw_ops.Merge(inputs=[on, both[0] * 2.0, both[1] * 3.0], name="three")
    tf.raw_ops.Merge(inputs=[x - 1.0], name="one")
    return [({"x": ramp(2), "p": np.bool_(p), "q": np.bool_(q)}, ["three:0", "three:1", "one:0", "one:1"], []) for p in (0, 1) for q in (0, 1)]


@case
def loop_in_a_function():
    """A loop and a condition in the body of a function that is called twice."""
    x = placeholder([None], "x")

    @function.Defun(tf.float32, func_name="halve")
    def halve(v):
        v = tf1.while_loop(lambda w: tf.reduce_max(w) > 1.0, lambda w: w * 0.5, [v])
        return tf1.cond(tf.reduce_min(v) < 0.0, lambda: v + 1.0, lambda: v)

    tf.identity(halve(x) + halve(x * 10.0), "y")
    return [({"x": ramp(n) - d}, ["y:0"], []) for n in (3, 20) for d in (0, -1)]


@case
def dropout_and_assert_under_cond():
    """Random numbers are drawn only in the branch that runs; an assertion fails only there."""
    x, p = placeholder([4, 5], "x"), placeholder([], "p", tf.bool)
    y = tf1.cond(p, lambda: tf1.nn.dropout(x, rate=0.4, seed=7), lambda: tf.identity(x))
    check = tf1.cond(p, lambda: tf1.Assert(tf.reduce_sum(x) < 100.0, ["too large:", x]), lambda: tf.no_op())
    with tf1.control_dependencies([check]):
        tf.identity(y, "y")
    small, large = ramp(4, 5), ramp(4, 5) + 50
    return [({"x": v, "p": np.bool_(p)}, ["y:0"], []) for v, p in ((small, True), (small, False), (small, True), (large, False), (large, True))]


@case
def feeds_in_branches():
    """A feed inside of a branch makes its consumers run whatever the predicate says; a fed predicate; a fed Merge."""
    x = placeholder([2], "x")
    p = tf.identity(tf.reduce_sum(x) > 0.0, "p")
    off, on = tf.raw_ops.Switch(data=x, pred=p)
    a = tf.exp(on, name="a")
    b = tf.negative(a, name="b")
    m = tf.raw_ops.Merge(inputs=[tf.square(off, name="c"), b], name="m")
    tf.add(m[0], 1.0, name="y")
    v = np.array([3, 4], np.float32)
    return [({"x": v}, ["y:0"], []), ({"x": -v}, ["y:0"], []), ({"x": v, "p": np.bool_(False)}, ["y:0"], []), ({"a": v}, ["b:0"], []),
            ({"m": v}, ["y:0"], [])]


@case
def condition_with_effect():
    """The condition of a loop updates a variable each time it is asked, once more than the body runs."""
    n = placeholder([], "n", tf.int32)
    v = tf1.get_variable("v", initializer=np.int32(0), use_resource=False)
    result = tf1.while_loop(lambda i: tf1.assign_add(v, 1) < n, lambda i: i + 10, [tf.constant(0)])
    tf.identity(result, "count")
    tf1.global_variables_initializer()
    return [({}, [], ["init"]), ({"n": np.int32(4)}, ["count:0"], []), ({}, ["v:0"], [])]


@case
def fused_batch_norm_in_branches():
    """Batch normalization whose branches train or infer, its gradient, and moving averages that only training updates."""
    x, training = placeholder([None, 4, 4, 3], "x"), placeholder([], "training", tf.bool)
    scale = tf1.get_variable("scale", initializer=np.array([1, 0.5, 2], np.float32), use_resource=False)
    offset = tf1.get_variable("offset", initializer=np.zeros(3, np.float32), use_resource=False)
    mean = tf1.get_variable("mean", initializer=np.zeros(3, np.float32), use_resource=False, trainable=False)
    variance = tf1.get_variable("variance", initializer=np.ones(3, np.float32), use_resource=False, trainable=False)
    y, batch_mean, batch_variance = tf1.cond(
        training, lambda: tf1.nn.fused_batch_norm(x, scale, offset, epsilon=1e-3, is_training=True),
        lambda: tf1.nn.fused_batch_norm(x, scale, offset, mean, variance, epsilon=1e-3, is_training=False))
    decay = tf1.cond(training, lambda: 0.9, lambda: 1.0)
    updates = [tf1.assign(v, v * decay + now * (1.0 - decay)) for v, now in ((mean, batch_mean), (variance, batch_variance))]
    loss = tf.reduce_mean(tf.square(y - x), name="loss")
    with tf1.control_dependencies(updates):
        tf1.train.GradientDescentOptimizer(0.5).minimize(loss, name="step")
    tf1.global_variables_initializer()
    state = ["scale:0", "offset:0", "mean:0", "variance:0"]
    runs = [({}, [], ["init"])]
    for batch, p in ((2, True), (3, False), (1, True)):
        runs += [({"x": ramp(batch, 4, 4, 3), "training": np.bool_(p)}, ["loss:0"], ["step"]), ({}, state, [])]
    return runs


@case
def conditional_step():
    """A step that runs only if the loss is finite, at a learning rate that tf.case chooses by the step's number."""
    x = placeholder([3], "x")
    w = tf1.get_variable("w", initializer=np.array([1, -2, 0.5], np.float32), use_resource=False)
    number = tf1.get_variable("number", initializer=np.int64(0), trainable=False, use_resource=False)
    loss = tf.reduce_sum(tf.square(tf.math.log(x) * w - 1.0), name="loss")
    rate = tf1.train.piecewise_constant(number, [0, 2], [0.5, 0.1, 0.01], name="rate")
    optimizer = tf1.train.MomentumOptimizer(rate, 0.9)
    gradients = optimizer.compute_gradients(loss)
    step = tf1.cond(tf.math.is_finite(loss), lambda: optimizer.apply_gradients(gradients, number), lambda: tf.no_op())
    tf.group(step, name="step")
    tf1.global_variables_initializer()
    runs = [({}, [], ["init"])]
    for value in (2.0, 3.0, 0.0, 1.5, 1.25):
        runs += [({"x": np.full(3, value, np.float32)}, ["loss:0"], ["step"]), ({}, ["w:0", "number:0", "w/Momentum:0"], [])]
    return runs


@case
def exclusive_case():
    """tf.case that asserts that at most one predicate holds."""
    x = placeholder([2], "x")
    first, second = tf.reduce_sum(x) < 1.0, tf.reduce_max(x) > 2.0
    y = tf1.case([(first, lambda: x + 1.0), (second, lambda: x * 3.0)], default=lambda: -x, exclusive=True)
    tf.identity(y, "y")
    return [({"x": np.array(v, np.float32)}, ["y:0"], []) for v in ([0, 0.5], [2, 3], [1, 1.5], [-4, 3])]


@case
def gradient_of_while():
    """The backward loop of a loop, for a number of turns that the data decides; conditions and invariants inside."""
    x, w = placeholder([None, 2], "x"), placeholder([2, 2], "w")

    def body(v, k):
        v = tf.tanh(tf.matmul(v, w)) + v
        return tf1.cond(tf.reduce_sum(v) > 4.0, lambda: v * tf.sin(v), lambda: v * 1.25), k + 1

    v, k = tf1.while_loop(lambda v, k: tf.logical_and(tf.reduce_max(tf.abs(v)) < 6.0, k < 9), body, [x, tf.constant(0)])
    tf.identity(v, "v")
    tf.identity(k, "k")
    for value, name in zip(tf.gradients(tf.reduce_sum(v * v), [x, w]), ("dx", "dw")):
        tf.identity(value, name)
    weights = np.array([[0.5, -0.25], [0.75, 1.0]], np.float32)
    return [({"x": ramp(n, 2) / s, "w": weights}, ["v:0", "k:0", "dx:0", "dw:0"], []) for n, s in ((1, 1), (3, 2), (2, 0.01))]


@case
def map_and_scan():
    """tf.map_fn, tf.scan and tf.foldl, which are loops over TensorArrays, and their gradient."""
    x = placeholder([None, 3], "x")
    mapped = tf1.map_fn(lambda row: tf.reduce_sum(row * row) * row, x)
    scanned = tf1.scan(lambda total, row: total * 0.5 + row, x)
    folded = tf1.foldl(lambda total, row: tf.maximum(total, row) + 0.125, x)
    for value, name in ((mapped, "mapped"), (scanned, "scanned"), (folded, "folded")):
        tf.identity(value, name)
    tf.identity(tf.gradients([mapped, scanned], x)[0], "dx")
    return [({"x": ramp(n, 3)}, ["mapped:0", "scanned:0", "folded:0"], []) for n in (1, 5)] + [({"x": ramp(n, 3)}, ["dx:0"], []) for n in (1, 5)]


@case
def tensor_array_in_a_loop():
    """A loop over time that reads one TensorArray and writes another, and its gradient, which pushes and pops."""
    x = placeholder([None, None, 2], "x")
    steps = tf.shape(x)[0]
    inputs = tf.TensorArray(tf.float32, steps).unstack(x)
    weights = tf.constant([[0.5, -1.0], [1.5, 0.25]])

    def body(t, state, outputs):
        state = tf.tanh(tf.matmul(state, weights) + inputs.read(t))
        return t + 1, state, outputs.write(t, tf1.cond(tf.equal(t % 2, 0), lambda: state, lambda: state * state))

    start = tf.zeros_like(x[0])
    _, state, outputs = tf1.while_loop(lambda t, *_: t < steps, body, [tf.constant(0), start, tf.TensorArray(tf.float32, steps)])
    y = tf.identity(outputs.stack(), "y")
    tf.identity(state, "state")
    tf.identity(tf.gradients(tf.reduce_sum(y * y) + tf.reduce_sum(state), x)[0], "dx")
    return [({"x": ramp(t, b, 2)}, ["y:0", "state:0"], []) for t, b in ((1, 1), (4, 3))] + [({"x": ramp(t, b, 2)}, ["dx:0", "y:0"], []) for t, b in ((1, 1), (4, 3))]


@case
def nested_while_gradient():
    """The backward pass of a loop inside of a loop, whose turns depend on the turn of the outer one."""
    x, n = placeholder([None, 2], "x"), placeholder([], "n", tf.int32)

    def outer(i, v):
        w = tf1.while_loop(lambda j, w: j < i + 1, lambda j, w: (j + 1, tf.sin(w) * 1.5), [tf.constant(0), v])[1]
        return i + 1, w + v

    y = tf1.while_loop(lambda i, v: i < n, outer, [tf.constant(0), x])[1]
    tf.identity(y, "y")
    tf.identity(tf.gradients(y, x)[0], "dx")
    return [({"x": ramp(2, 2), "n": np.int32(k)}, ["y:0", "dx:0"], []) for k in (0, 1, 3)]


@case
def loop_gradient_in_a_branch():
    """The backward pass of a loop that stands in a branch."""
    x, p = placeholder([None, 2], "x"), placeholder([], "p", tf.bool)
    y = tf1.cond(p, lambda: tf1.while_loop(lambda v: tf.reduce_sum(v) < 20.0, lambda v: v * 1.5 + 1.0, [x]), lambda: x * 2.0)
    tf.identity(y, "y")
    tf.identity(tf.gradients(y * y, x)[0], "dx")
    return [({"x": ramp(2, 2), "p": np.bool_(k)}, ["y:0", "dx:0"], []) for k in (0, 1)]


@case
def switch_case_and_growing_array():
    """tf.switch_case with a number out of range, and a TensorArray that grows."""
    x, k = placeholder([None], "x"), placeholder([], "k", tf.int32)
    y = tf.switch_case(k, [lambda: x + 1.0, lambda: x * 2.0, lambda: -x], default=lambda: x * 0.0)
    array = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[])
    _, array = tf1.while_loop(lambda i, a: i < tf.shape(x)[0], lambda i, a: (i + 2, a.write(i // 2, y[i])), [0, array])
    tf.identity(y, "y")
    tf.identity(array.stack(), "s")
    return [({"x": ramp(n), "k": np.int32(k)}, ["y:0", "s:0"], []) for n, k in ((3, 0), (4, 1), (5, 2), (1, 7))]


@case
def unrelated_predicates():
    """A Merge of values that predicates of their own guard; the run decides which of them is there."""
    x, p, q = placeholder([None], "x"), placeholder([], "p", tf.bool), placeholder([], "q", tf.bool)
    first = tf.raw_ops.Switch(data=x, pred=p).output_true * 2.0
    second = tf.raw_ops.Switch(data=x, pred=q).output_true + 5.0
    merged = tf.raw_ops.Merge(inputs=[first, second])
    tf.identity(merged.output, "y")
    tf.identity(merged.value_index, "i")
    return [({"x": ramp(3), "p": np.bool_(k), "q": np.bool_(not k)}, ["y:0", "i:0"], []) for k in (0, 1)]


@case
def condition_shares_effects():
    """The body of a loop uses what its condition computes while it counts in a variable."""
    n = placeholder([], "n", tf.int32)
    count = tf1.Variable(0, name="count", use_resource=False)
    x = placeholder([None], "x")
    shared = []

    def condition(i, v):
        with tf.control_dependencies([i]):
            shared.append(tf1.assign_add(count, 1) + 0)
        return shared[0] <= n

    _, y = tf1.while_loop(condition, lambda i, v: (i + 1, v + tf.cast(shared[0], tf.float32)), [0, x])
    tf.identity(y, "y")
    with tf.control_dependencies([y]):
        tf.identity(count, "after")
    tf1.global_variables_initializer()
    return [({}, [], ["init"])] + [({"x": ramp(2), "n": np.int32(k)}, ["y:0", "after:0"], []) for k in (3, 5, 2)]


@case
def loop_merge_index():
    """Which input the Merge of a loop gave: the initial value, or that of the turn before."""
    n = placeholder([], "n", tf.int32)
    result = tf1.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s + i), [tf.constant(0), tf.constant(10)])
    graph = tf1.get_default_graph()
    merge = graph.get_operation_by_name("while/Merge_1")
    add = graph.get_operation_by_name("while/add_1")
    add._update_input(1, merge.outputs[1])
    tf.identity(result[1], "s")
    return [({"n": np.int32(k)}, ["s:0"], []) for k in (0, 1, 4)]


@case
def ordered_effects():
    """Prints, updates of a variable and assertions in branches of a loop, in the order that control edges state."""
    n = placeholder([], "n", tf.int32)
    count = tf1.Variable(0, name="count", use_resource=False)

    def branch(what, step):
        with tf.control_dependencies([tf.print(what)]):
            added = tf1.assign_add(count, step)
        with tf.control_dependencies([tf.print("count", added)]):
            with tf.control_dependencies([tf1.Assert(added < 20, ["too many", added], name="limit_" + what)]):
                return tf.identity(added)

    def body(i):
        with tf.control_dependencies([tf.print("turn", i)]):
            turn = tf.identity(i)
        with tf.control_dependencies([tf1.cond(tf.equal(turn % 2, 0), lambda: branch("even", 1), lambda: branch("odd", 10))]):
            return turn + 1

    result = tf1.while_loop(lambda i: i < n, body, [tf.constant(0)], parallel_iterations=1)
    with tf.control_dependencies([result]):
        tf.identity(count, "after")
    tf1.global_variables_initializer()
    return [({}, [], ["init"])] + [({"n": np.int32(k)}, ["after:0"], []) for k in (3, 0)]


@case
@with_functions
def gradients_of_nested_loops():
    """Backward loops that find lists in lists: an inner loop of another number of turns in each turn of the outer one."""
    x, n = placeholder([None, 3], "x"), placeholder([], "n", tf.int32)

    def outer(i, v):
        return i + 1, tf1.while_loop(lambda j, w: j <= i, lambda j, w: (j + 1, tf.tanh(w) + 0.25 * v), [0, v])[1]

    y = tf1.while_loop(lambda i, v: i < n, outer, [0, x])[1]
    tf.identity(y, "y")
    tf.identity(tf.gradients(tf.square(y), x)[0], "dx")
    return [({"x": ramp(2, 3), "n": np.int32(k)}, ["y:0", "dx:0"], []) for k in (0, 1, 3)] + [({"x": ramp(4, 3), "n": np.int32(2)}, ["dx:0"], [])]


@case
@with_functions
def gradients_of_branches_in_loops():
    """Backward loops that find optionals in lists: branches of a loop's body."""
    x, n = placeholder([None], "x"), placeholder([], "n", tf.int32)

    def body(i, v):
        return i + 1, tf1.cond(tf.equal(i % 3, 0), lambda: tf.sin(v), lambda: tf1.cond(tf.reduce_sum(v) > 0.0, lambda: v * v, lambda: tf.exp(v)))

    y = tf1.while_loop(lambda i, v: i < n, body, [0, x])[1]
    tf.identity(y, "y")
    tf.identity(tf.gradients(y, x)[0], "dx")
    return [({"x": ramp(3), "n": np.int32(k)}, ["y:0", "dx:0"], []) for k in (1, 2, 5)]


@case
@with_functions
def growing_state():
    """A loop of the second version whose state gets longer, and its gradient: the shapes on the accumulator differ."""
    x, n = placeholder([None], "x"), placeholder([], "n", tf.int32)
    shapes = [tf.TensorShape([]), tf.TensorShape([None])]
    y = tf1.while_loop(lambda i, v: i < n, lambda i, v: (i + 1, tf.concat([tf.tanh(v), x], 0)), [0, x], shape_invariants=shapes)[1]
    tf.identity(y, "y")
    tf.identity(tf.gradients(tf.square(y), x)[0], "dx")
    return [({"x": ramp(3), "n": np.int32(k)}, ["y:0", "dx:0"], []) for k in (0, 1, 4)]


@case
def references():
    """References that RefSwitch, RefMerge and RefSelect hand on: read behind them, and updated."""
    p, k = placeholder([], "p", tf.bool), placeholder([], "k", tf.int32)
    v = tf1.get_variable("v", initializer=ramp(3), use_resource=False)
    w = tf1.get_variable("w", initializer=ramp(3) + 5.0, use_resource=False)
    raw = tf.raw_ops
    of_v, of_w = (raw.RefSwitch(data=variable._ref(), pred=p) for variable in (v, w))
    merged, number = raw.RefMerge(inputs=[of_v.output_false, of_w.output_true])
    tf.identity(merged * 2.0, "merged")
    tf.identity(number, "number")
    tf.identity(raw.RefSelect(index=k, inputs=[v._ref(), w._ref()]) + 1.0, "selected")
    raw.AssignAdd(ref=raw.RefSelect(index=1, inputs=[v._ref(), w._ref()]), value=tf.ones([3]), name="step")
    tf1.global_variables_initializer()
    fetches = ["merged:0", "number:0", "selected:0"]
    runs = [({"p": np.bool_(p), "k": np.int32(k)}, fetches, []) for p, k in ((False, 0), (True, 1))]
    return [({}, [], ["init"])] + runs + [({}, ["step:0"], [])] + runs


@case
def gradients_of_functions():
    """SymbolicGradient: of a function of the first version, of one inside another, of one without a gradient to an argument."""
    x, w = placeholder([None, 2], "x"), placeholder([2], "w")

    @function.Defun(tf.float32, tf.float32)
    def inner(a, b):
        return tf.tanh(a * b) + a, tf.exp(b)

    @function.Defun(tf.float32, tf.float32)
    def outer(a, b):
        y, z = inner(a, b)
        return y * tf.reduce_sum(z)

    @function.Defun(tf.float32, tf.float32)
    def first(a, b):
        return tf.square(a)

    for name, call in (("inner", inner), ("outer", outer), ("first", first)):
        for i, gradient in enumerate(tf.gradients(call(x, w), [x, w])):
            tf.identity(gradient, f"{name}{i}")
    return [({"x": ramp(k, 2), "w": ramp(2)}, [f"{name}{i}:0" for name in ("inner", "outer", "first") for i in range(2)], []) for k in (1, 4)]


@case
def second_gradient_of_cond():
    """The gradient of a gradient of a condition."""
    x, p = placeholder([None, 2], "x"), placeholder([], "p", tf.bool)
    y = tf1.cond(p, lambda: tf.sin(x) * x, lambda: x * x * x)
    first = tf.gradients(y, x)[0]
    tf.identity(first, "first")
    tf.identity(tf.gradients(tf.square(first), x)[0], "second")
    return [({"x": ramp(3, 2), "p": np.bool_(p)}, ["first:0", "second:0"], []) for p in (False, True)]


@case
@with_functions
def second_gradient_of_if():
    """The same in functions: optionals of unlike types in one place."""
    return CASES["second_gradient_of_cond"]()


@case
def counters_that_wrap():
    """Numbers of 32 bits in loops that mean the low bits: hashes of a counter, a counter of large steps, one of fed steps."""
    n, s = placeholder([], "n", tf.int32), placeholder([], "s", tf.int32)
    tf.identity(tf1.while_loop(lambda i, t: i < n, lambda i, t: (i + 1, t + tf.cast((i * 1640531527) // 65536, tf.float32)), [0, 0.0])[1], "hash")
    tf.identity(tf1.while_loop(lambda i, t: i < n, lambda i, t: (i + 1, t + (i * -2048144789 + 374761393) % 97), [0, 0])[1], "rest")
    for name, step in (("large", 2000000000), ("fed", s)):
        loop = tf1.while_loop(lambda i, t, u: i < n, lambda i, t, u: (i + 1, t + step, u + tf1.cond(t < 0, lambda: 1.0, lambda: 10.0)), [0, 0, 0.0])
        tf.identity(loop[1] // 3, name)
        tf.identity(loop[2], name + "_signs")
    return [({"n": np.int32(k), "s": np.int32(1900000000 + k)}, [f + ":0" for f in ("hash", "rest", "large", "large_signs", "fed", "fed_signs")], []) for k in (1, 5)]


def main():
    for name in sys.argv[1:] or CASES:
        graph, arrays, log = tf.Graph(), {}, []
        with graph.as_default():
            tf1.set_random_seed(3)
            runs = CASES[name]()
        # Branches may be fetched and fed, as those of a graph that was read from a file.
        for op in graph.get_operations():
            graph._unfetchable_ops.discard(op)
        graph._unfeedable_tensors.clear()
        config = tf1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        config.graph_options.optimizer_options.opt_level = -1
        text = graph.as_graph_def()
        with open(os.path.join(HERE, name + ".pb"), "wb") as file:
            file.write(text.SerializeToString(deterministic=True))
        with tf1.Session(graph=graph, config=config) as session:
            for i, (feeds, fetches, targets) in enumerate(runs):
                entry = {"feeds": {}, "fetches": {}, "targets": targets}
                for tensor, value in feeds.items():
                    entry["feeds"][tensor + ":0"] = key = f"run{i}/in/{tensor}"
                    arrays[key] = np.asarray(value)
                try:
                    values = session.run(fetches, {t: arrays[k] for t, k in entry["feeds"].items()}) if not targets else \
                        session.run([fetches, [graph.get_operation_by_name(t) for t in targets]], {t: arrays[k] for t, k in entry["feeds"].items()})[0]
                    for tensor, value in zip(fetches, values):
                        entry["fetches"][tensor] = key = f"run{i}/out/{tensor}"
                        arrays[key] = np.asarray(value)
                except tf.errors.OpError as error:
                    entry["fetches"] = {t: None for t in fetches}
                    lines = [line for line in error.message.splitlines() if line.startswith("Retval")] or \
                        [line.split(": ", 1)[1].split(" (")[0].rstrip(".") for line in error.message.splitlines() if line.startswith("TensorArray")]
                    entry["error"] = lines[0] if lines else "assertion failed"
                log.append(entry)
        np.savez_compressed(os.path.join(HERE, name + ".npz"), **arrays)
        with open(os.path.join(HERE, name + ".json"), "w") as file:
            json.dump(log, file, indent=1)
            file.write("\n")
        print(name, len(text.node), "nodes")


if __name__ == "__main__":
    main()

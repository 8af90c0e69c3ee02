"""Gradients of branches whose intermediates share places: TensorFlow gives all branches of a condition as many optionals as the largest
needs, so one place may hold a tensor, a list of tensors and an optional."""
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


def cases(record):
    v1.enable_control_flow_v2()
    random = np.random.default_rng(5)
    x = v1.placeholder(tf.float32, [3, 4], name="x")
    given = {x: random.standard_normal((3, 4)).astype(np.float32)}
    steps = v1.placeholder(tf.int32, [], name="steps")
    given[steps] = np.int32(2)

    def loop(a, body, limit=steps):
        shape = tf.TensorShape([3, 4])
        return tf.while_loop(lambda i, b: i < limit, lambda i, b: (i + 1, body(b)), [0, a], shape_invariants=[tf.TensorShape([]), shape])[1]

    def array(a):
        elements = tf.TensorArray(tf.float32, size=3, clear_after_read=False)
        last, elements = tf.while_loop(lambda i, b, t: i < 3, lambda i, b, t: (i + 1, tf.tanh(b), t.write(i, b)), [0, a, elements])[1:]
        return last + tf.reduce_sum(elements.stack(), 0)

    def choose(index, *branches):
        return tf.ensure_shape(tf.switch_case(index, list(branches)), [3, 4])

    def halves(a, sign):
        return tf.cond(sign * tf.reduce_sum(tf.abs(a)) > 0, lambda: tf.tanh(a), lambda: tf.sin(a) * a)

    programs = {
        "loop_scan": lambda i: choose(i, lambda: loop(x, tf.tanh), lambda: tf.scan(lambda p, r: tf.tanh(p + r), x), lambda: tf.tanh(x)),
        "in_loop": lambda i: loop(x, lambda a: choose(i, lambda: tf.tanh(a), lambda: a + tf.reduce_sum(a, 0, keepdims=True) * x, lambda: array(a))),
        "branch_in_loop": lambda i: choose(i, lambda: loop(x, tf.tanh), lambda: loop(x, lambda a: halves(a, tf.cast(i, tf.float32) - 1.), 3), lambda: tf.sin(x)),
        "maps": lambda i: tf.cond(i > 0, lambda: choose(i, lambda: tf.tanh(x), lambda: tf.scan(lambda p, r: tf.tanh(p + r), x),
                                                       lambda: halves(tf.map_fn(lambda r: tf.tanh(r) * r, x), 1.)), lambda: tf.tanh(x)),
    }
    for name, program in programs.items():
        index = v1.placeholder(tf.int32, [], name=name + "_index")
        given[index] = np.int32(1 if name == "loop_scan" else 2)
        y = program(index)
        record(name, [y, tf.gradients(tf.reduce_sum(y * y), x)[0]], given)
    index = v1.placeholder(tf.int32, [], name="second_index")
    given[index] = np.int32(1)
    for name, y in (("second", tf.cond(index > 0, lambda: halves(x, 1.), lambda: tf.map_fn(lambda r: tf.tanh(r) * r, x))),
                    ("second_in_loop", loop(x, lambda a: halves(a, 1.)))):
        gradient = tf.gradients(tf.reduce_sum(y * y), x)[0]
        record(name, [gradient, tf.gradients(tf.reduce_sum(tf.tanh(gradient)), x)[0]], given)

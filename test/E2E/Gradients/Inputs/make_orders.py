"""make_orders.py OUT.pb: a graph of TensorFlow 2.19.1 whose derivatives of every order are known. `loop` and `functional` are the sums of
x^n, by loops of n turns; `chosen` is that of x^4 where p holds, else of sin(x), `called` that of exp(2x), each by a function; `stopped` is
that of x * StopGradient(x), `turned` that of x^2 by way of integers, which have no gradient, and back: x^2 + floor(x)."""
import sys

import tensorflow as tf
from tensorflow.python.framework import function

tf1 = tf.compat.v1
tf1.disable_eager_execution()
with tf.Graph().as_default() as graph:
    x, n, p = tf1.placeholder(tf.float64, [3], "x"), tf1.placeholder(tf.int32, [], "n"), tf1.placeholder(tf.bool, [], "p")

    def power():
        return tf1.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a * x), (0, tf.ones_like(x)))[1]

    def chosen():
        return tf1.cond(p, lambda: tf.square(tf.square(x)), lambda: tf.sin(x))

    @function.Defun(tf.float64)
    def called(t):
        return tf.exp(t * 2)

    for suffix, use in (("loop", tf1.disable_control_flow_v2), ("functional", tf1.enable_control_flow_v2)):
        use()
        tf.reduce_sum(power(), name=suffix)
        tf.reduce_sum(chosen(), name="chosen_" + suffix)
    tf.reduce_sum(called(x), name="called")
    tf.reduce_sum(x * tf.stop_gradient(x), name="stopped")
    square = tf.multiply(x, x, name="square")
    tf.reduce_sum(square + tf.cast(tf.cast(x, tf.int32), tf.float64), name="turned")
    tf.reduce_sum(tf.raw_ops.PreventGradient(input=square, message="no way back here"), name="prevented")
    tf.reduce_sum(tf.cast(tf.cast(x, tf.int32), tf.float64), name="whole")
with open(sys.argv[1], "wb") as file:
    file.write(graph.as_graph_def().SerializeToString(deterministic=True))

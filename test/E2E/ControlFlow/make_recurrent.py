#!/usr/bin/env python3
"""Makes recurrent.pb and its values with TensorFlow 2.19, which nothing else here needs.

    make_recurrent.py        writes recurrent.pb and, for two sizes of batch and time, recurrent-a.npz, recurrent-b.npz and
                             the values recurrent-a-expected.npz, recurrent-b-expected.npz

A dynamic_rnn in both directions with lengths, and a while loop with a tensor array; batch and time are open everywhere.
"""
import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # cells are those of tf_keras

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
tf1.disable_v2_behavior()
HERE = os.path.dirname(os.path.abspath(__file__))

x = tf1.placeholder(tf.float32, [None, None, 3], name="x")
lengths = tf1.placeholder(tf.int32, [None], name="lengths")


class Cell(tf1.nn.rnn_cell.RNNCell):
    """A gated cell that needs nothing but what is in this file."""

    state_size = output_size = 4

    def __call__(self, inputs, state, scope=None):
        random = np.random.RandomState(len(scope or "") + 3)
        w = tf.constant(random.randn(7, 8).astype("f4") * 0.5)
        gates, candidate = tf.split(tf.matmul(tf.concat([inputs, state], 1), w) + 0.1, 2, 1)
        new = state + tf.sigmoid(gates) * (tf.tanh(candidate) - state)
        return new, new


outputs, final = tf1.nn.dynamic_rnn(Cell(), x, sequence_length=lengths, dtype=tf.float32, scope="forward")
tf.identity(outputs, "outputs")
tf.identity(final, "final")
(left, right), _ = tf1.nn.bidirectional_dynamic_rnn(Cell(), Cell(), x, sequence_length=lengths, dtype=tf.float32, scope="both")
tf.identity(tf.concat([left, right], 2), "both_outputs")

steps = tf.shape(x)[1]
rows = tf.TensorArray(tf.float32, steps).unstack(tf.transpose(x, [1, 0, 2]))
result = tf1.while_loop(lambda t, total, out: t < steps,
                        lambda t, total, out: (t + 1, total + rows.read(t), out.write(t, tf.reduce_sum(total, 1))),
                        [0, tf.zeros_like(x[:, 0]), tf.TensorArray(tf.float32, steps)])
tf.identity(result[2].stack(), "sums")

with tf1.Session() as session:
    with open(os.path.join(HERE, "recurrent.pb"), "wb") as file:
        file.write(session.graph_def.SerializeToString())
    names = ["outputs:0", "final:0", "both_outputs:0", "sums:0"]
    random = np.random.RandomState(1)
    for name, batch, time, given in (("a", 2, 5, [5, 3]), ("b", 3, 1, [0, 1, 1])):
        feeds = {"x:0": random.randn(batch, time, 3).astype("f4"), "lengths:0": np.array(given, "i4")}
        np.savez(os.path.join(HERE, f"recurrent-{name}.npz"), **feeds)
        np.savez(os.path.join(HERE, f"recurrent-{name}-expected.npz"), **dict(zip(names, session.run(names, feeds))))

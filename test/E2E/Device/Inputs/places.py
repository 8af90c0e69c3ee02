"""Makes places.pb and places.npz beside itself with TensorFlow (2.19.1): a loop and a condition whose nodes are on the CPU and two GPUs.

  python places.py
"""
import os
import numpy
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
here = os.path.dirname(os.path.abspath(__file__))
x = tf.placeholder(tf.float32, [None, 64], "x")


def body(i, a, b):
    with tf.device("/gpu:0"):
        a = a * 0.5 + b * x
    with tf.device("/gpu:1"):
        b = tf.tanh(a) - b * x
    with tf.device("/cpu:0"):
        b = b + tf.cos(b)
    return i + 1, a, b


_, a, b = tf.while_loop(lambda i, a, b: i < 3, body, [0, x, x * x])


def on(device, make):
    def branch():
        with tf.device(device):
            return make()
    return branch


c = tf.cond(tf.reduce_sum(x) > 0, on("/gpu:1", lambda: a * b), on("/gpu:0", lambda: a - b))
with tf.device("/gpu:0"):
    tf.multiply(c, a, "y")
with tf.device("/gpu:1"):
    tf.add(c, b, "z")
random = numpy.random.default_rng(8)
values = {}
with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as session:
    for step, shift in enumerate([0.2, -0.2, 0.3]):
        values[f"x/{step}"] = (random.standard_normal((2 + step, 64)) / 4 + shift).astype("float32")
        values[f"y/{step}"], values[f"z/{step}"] = session.run(["y:0", "z:0"], {x: values[f"x/{step}"]})
with open(here + "/places.pb", "wb") as f:
    f.write(tf.get_default_graph().as_graph_def().SerializeToString(deterministic=True))
numpy.savez_compressed(here + "/places.npz", **values)

#!/usr/bin/env python3
"""Makes the bundled model and its data with TensorFlow; needs tensorflow 2.19 and scikit-learn, which nothing else here needs.

    make_digits.py            writes digits.pb, digits.npz and expected.npz beside itself

The data set is scikit-learn's 8x8 digits (1,797 images, UCI ML hand-written digits). The net: two 3x3 convolutions of 8 and 16
filters, each with bias, ReLU and 2x2 max pooling, and a dense layer of 10. The last 200 images are the test set: the
first 100 of them are bundled, with the logits that TensorFlow computes for them.
"""
import os

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

tf1 = tf.compat.v1
tf1.disable_eager_execution()
HERE = os.path.dirname(os.path.abspath(__file__))


def build():
    images = tf1.placeholder(tf.float32, [None, 8, 8, 1], name="images")
    net = images
    for i, (inputs, outputs) in enumerate([(1, 8), (8, 16)]):
        filters = tf1.get_variable(f"conv{i}/filters", [3, 3, inputs, outputs], initializer=tf1.initializers.he_normal(seed=i))
        bias = tf1.get_variable(f"conv{i}/bias", [outputs], initializer=tf1.zeros_initializer())
        net = tf1.nn.conv2d(net, filters, [1, 1, 1, 1], "SAME", name=f"conv{i}/conv")
        net = tf1.nn.max_pool(tf.nn.relu(tf.nn.bias_add(net, bias)), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    flat = tf.reshape(net, [-1, 2 * 2 * 16])
    weights = tf1.get_variable("dense/weights", [64, 10], initializer=tf1.initializers.glorot_uniform(seed=7))
    bias = tf1.get_variable("dense/bias", [10], initializer=tf1.zeros_initializer())
    logits = tf.add(tf.matmul(flat, weights), bias, name="logits")
    tf.argmax(logits, 1, name="digit")
    return images, logits


def main():
    data = load_digits()
    x = (data.images / 16.0).astype(np.float32)[..., None]
    y = data.target.astype(np.int64)
    train, test = slice(0, 1597), slice(1597, 1797)
    tf1.set_random_seed(1)
    images, logits = build()
    labels = tf1.placeholder(tf.int64, [None])
    loss = tf.reduce_mean(tf1.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    step = tf1.train.AdamOptimizer(3e-3).minimize(loss)
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        rng = np.random.RandomState(0)
        for _ in range(40):
            order = rng.permutation(1597)
            for begin in range(0, 1550, 50):
                rows = order[begin : begin + 50]
                session.run(step, {images: x[train][rows], labels: y[train][rows]})
        predicted = session.run(logits, {images: x[test]})
        print("test accuracy", (predicted.argmax(1) == y[test]).mean())
        frozen = tf1.graph_util.convert_variables_to_constants(session, session.graph.as_graph_def(), ["logits", "digit"])
    with open(os.path.join(HERE, "digits.pb"), "wb") as f:
        f.write(frozen.SerializeToString(deterministic=True))
    np.savez_compressed(os.path.join(HERE, "digits.npz"), **{"images:0": x[test][:100]})
    np.savez_compressed(os.path.join(HERE, "expected.npz"), **{"logits:0": predicted[:100], "labels": y[test][:100]})


main()

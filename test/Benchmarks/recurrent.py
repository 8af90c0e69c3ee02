#!/usr/bin/env python3
"""An LSTM over a sequence, as a loop (tf.compat.v1.nn.dynamic_rnn) and unrolled (static_rnn), tgc beside TensorFlow.

    recurrent.py --tgc-run build/bin/tgc-run [--units 128] [--steps 28] [--inputs 28] [--rounds 3] [BATCH ...]

Needs tensorflow 2.19, which makes the graphs. One thread; each round runs all four programs, so that what disturbs one is likely to
disturb the others, and the best of each counts.
"""
import argparse
import math
import os
import re
import subprocess
import tempfile
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

tf1 = tf.compat.v1


def build(options, batch, unrolls):
    """(frozen graph, value of the feed)."""
    graph = tf.Graph()
    with graph.as_default():
        tf1.set_random_seed(1)
        x = tf1.placeholder(tf.float32, [batch, options.steps, options.inputs], name="x")
        cell = tf1.nn.rnn_cell.LSTMCell(options.units)
        if unrolls:
            outputs, _ = tf1.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
            last = outputs[-1]
        else:
            outputs, _ = tf1.nn.dynamic_rnn(cell, x, dtype=tf.float32)
            last = outputs[:, -1]
        tf.identity(last, name="y")
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            frozen = tf1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["y"])
    return frozen, np.random.default_rng(0).standard_normal((batch, options.steps, options.inputs), dtype=np.float32)


def time_tensorflow(frozen, value):
    graph = tf.Graph()
    with graph.as_default():
        tf1.import_graph_def(frozen, name="")
    config = tf1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    best, end = math.inf, time.perf_counter() + 1
    with tf1.Session(graph=graph, config=config) as session:
        run = session.make_callable("y:0", feed_list=["x:0"])
        for _ in range(3):
            result = run(value)
        while time.perf_counter() < end:
            start = time.perf_counter()
            run(value)
            best = min(best, time.perf_counter() - start)
    return best, result


def time_tgc(tool, directory, frozen, value, expected):
    with open(directory + "/graph.pb", "wb") as file:
        file.write(frozen.SerializeToString())
    np.savez(directory + "/in.npz", **{"x:0": value})
    command = [tool, directory + "/graph.pb", "--feeds", directory + "/in.npz"]
    subprocess.run(command + ["--fetch", "y:0", "--out", directory + "/out.npz"], check=True)
    np.testing.assert_allclose(np.load(directory + "/out.npz")["y:0"], expected, rtol=1e-4, atol=1e-5)
    output = subprocess.run(command + ["--benchmark", "--threads", "1"], check=True, capture_output=True, text=True).stdout
    number, unit = re.search(r"min\s+([0-9.]+) (ns|us|ms|s)\b", output).groups()
    return float(number) * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[unit]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tgc-run", required=True)
    for name, default in (("units", 128), ("steps", 28), ("inputs", 28), ("rounds", 3)):
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("batches", nargs="*", type=int, default=[1, 128])
    options = parser.parse_args()
    print("| batch | form | tgc (us) | TensorFlow (us) | TensorFlow / tgc |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as directory:
        for batch in options.batches:
            forms = [(name, *build(options, batch, name == "unrolled")) for name in ("loop", "unrolled")]
            best = {name: [math.inf, math.inf] for name, _, _ in forms}
            for _ in range(options.rounds):
                for name, frozen, value in forms:
                    reference, expected = time_tensorflow(frozen, value)
                    ours = time_tgc(options.tgc_run, directory, frozen, value, expected)
                    best[name] = [min(best[name][0], ours), min(best[name][1], reference)]
            for name, (ours, reference) in best.items():
                print(f"| {batch} | {name} | {ours * 1e6:.0f} | {reference * 1e6:.0f} | {reference / ours:.2f} |")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Trains in turns with TensorFlow and tgc, by way of checkpoints: TF, tgc, TF, tgc, three steps each.

  round-trip.py record TGC_RUN FOLDER   needs TensorFlow in this interpreter; leaves graph, checkpoints and losses in FOLDER
  round-trip.py check TGC_RUN FOLDER    tgc's turns again, from the checkpoints that TensorFlow left

The losses are compared with those of an uninterrupted run of TensorFlow's. Adam with a decaying learning rate: slots, powers and
the counter of steps have to come along. The exit status is not 0 if a loss differs.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

STEPS, TURNS, TOLERANCE = 3, 4, 1e-5


def batches():
    rng = np.random.RandomState(3)
    return [{"x:0": rng.uniform(-1, 1, (6, 4)).astype("f4"), "y:0": rng.uniform(-1, 1, (6, 2)).astype("f4")} for _ in range(STEPS * TURNS)]


def build(tf):
    """The graph, with its Saver."""
    tf1 = tf.compat.v1
    tf1.disable_eager_execution()
    x, y = tf1.placeholder(tf.float32, [None, 4], "x"), tf1.placeholder(tf.float32, [None, 2], "y")
    rng = np.random.RandomState(4)
    variable = lambda shape, name: tf1.get_variable(name, initializer=rng.uniform(-.5, .5, shape).astype("f4"), use_resource=False)
    hidden = tf.tanh(tf.matmul(x, variable((4, 5), "w1")) + variable((5,), "b1"))
    loss = tf.reduce_mean(tf.square(tf.matmul(hidden, variable((5, 2), "w2")) - y), name="loss")
    step = tf1.train.get_or_create_global_step()
    rate = tf1.train.exponential_decay(.05, step, 4, .7)
    train = tf1.train.AdamOptimizer(rate).minimize(loss, global_step=step, name="train_op")
    init = tf1.global_variables_initializer()
    return loss, train, init, tf1.train.Saver(), tf1.get_default_graph().as_graph_def()


def run_tensorflow(tf, model, feeds, restore, save):
    loss, train, init, saver, _ = model
    with tf.compat.v1.Session() as session:
        saver.restore(session, restore) if restore else session.run(init)
        losses = [float(session.run([loss, train], f)[0]) for f in feeds]
        if save:
            saver.save(session, save, write_meta_graph=False, write_state=False)
    return losses


def run_tgc(tool, folder, feeds, restore, save):
    with tempfile.TemporaryDirectory() as work:
        steps = [{"load": os.path.abspath(restore)}]
        for i, f in enumerate(feeds):
            np.savez(f"{work}/f{i}.npz", **f)
            steps.append({"feeds": f"f{i}.npz", "fetch": ["loss:0"], "target": ["train_op"]})
        steps.append({"save": os.path.abspath(save)})
        with open(f"{work}/steps.json", "w") as f:
            json.dump(steps, f)
        subprocess.run([tool, os.path.join(folder, "round-trip.pb"), "--script", f"{work}/steps.json", "--out", f"{work}/out"], check=True)
        return [float(np.load(f"{work}/out/s{i + 1}.npz")["loss:0"]) for i in range(len(feeds))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("record", "check")), parser.add_argument("tool"), parser.add_argument("folder")
    options = parser.parse_args()
    prefix = lambda turn: os.path.join(options.folder, f"round-trip-{turn}")
    feeds, losses = batches(), []
    if options.what == "record":
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        import tensorflow as tf

        model = build(tf)
        with open(os.path.join(options.folder, "round-trip.pb"), "wb") as f:
            f.write(model[4].SerializeToString())
        whole = run_tensorflow(tf, model, feeds, None, None)
        np.save(os.path.join(options.folder, "round-trip.npy"), np.array(whole, "f8"))
    whole = np.load(os.path.join(options.folder, "round-trip.npy"))
    with tempfile.TemporaryDirectory() as work:
        left = None
        for turn in range(TURNS):
            mine = feeds[turn * STEPS:(turn + 1) * STEPS]
            if turn % 2:
                left = os.path.join(work, f"tgc-{turn}")
                losses += run_tgc(options.tool, options.folder, mine, prefix(turn - 1), left)
            elif options.what == "record":
                losses += run_tensorflow(tf, model, mine, left, prefix(turn))
            else:
                losses += list(whole[turn * STEPS:(turn + 1) * STEPS])
    worst = np.abs(np.array(losses) - whole).max()
    for turn in range(TURNS):
        who = "tgc" if turn % 2 else "TensorFlow"
        print(who, *(f"{loss:.6f}" for loss in losses[turn * STEPS:(turn + 1) * STEPS]))
    print(f"largest difference from the uninterrupted run: {'below' if worst < TOLERANCE else 'above'} {TOLERANCE:g}")
    sys.exit(0 if worst < TOLERANCE else 1)


main()

"""Makes towers.pb and towers.npz beside itself with TensorFlow (2.19.1): two towers of a classifier on two GPUs, variables on the CPU,
where gradients are averaged, and four steps of training with their losses.

  python towers.py
"""
import os
import numpy
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
here = os.path.dirname(os.path.abspath(__file__))
random = numpy.random.default_rng(3)
sizes = {"w1": [20, 16], "b1": [16], "w2": [16, 5]}
optimizer = tf.train.MomentumOptimizer(0.5, 0.9)
x = tf.placeholder(tf.float32, [None, 20], "x")
y = tf.placeholder(tf.float32, [None, 5], "y")
losses, grads = [], []
for i, (part, labels) in enumerate(zip(tf.split(x, 2), tf.split(y, 2))):
    with tf.device(f"/gpu:{i}"), tf.variable_scope("net", reuse=tf.AUTO_REUSE):
        with tf.device("/cpu:0"):
            net = {k: tf.get_variable(k, s, initializer=tf.zeros_initializer(), use_resource=True) for k, s in sizes.items()}
        logits = tf.matmul(tf.nn.relu(tf.matmul(part, net["w1"]) + net["b1"]), net["w2"])
        loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
        losses.append(tf.reduce_mean(loss, name=f"loss{i}"))
        grads.append(optimizer.compute_gradients(losses[-1], list(net.values())))
with tf.device("/cpu:0"):
    averaged = [(tf.reduce_mean(tf.stack([g for g, _ in pair]), 0), pair[0][1]) for pair in zip(*grads)]
train = optimizer.apply_gradients(averaged, name="train")
with tf.device("/cpu:0"):
    feeds = {k: tf.placeholder(tf.float32, s, "start_" + k) for k, s in sizes.items()}
    tf.group([tf.assign(net[k], f) for k, f in feeds.items()] + [optimizer.get_slot(v, "momentum").initializer for v in net.values()], name="start")
    reads = {k: tf.identity(v, "end_" + k) for k, v in net.items()}
values = {f"start/{k}": (random.standard_normal(s) / 4).astype("float32") for k, s in sizes.items()}
with tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) as session:
    session.run("start", {feeds[k]: values["start/" + k] for k in sizes})
    for step in range(4):
        values[f"x/{step}"] = random.standard_normal((6 + 2 * step, 20)).astype("float32")
        values[f"y/{step}"] = numpy.eye(5, dtype="float32")[random.integers(0, 5, 6 + 2 * step)]
        *got, _ = session.run([*losses, train], {x: values[f"x/{step}"], y: values[f"y/{step}"]})
        for i, value in enumerate(got):
            values[f"loss{i}/{step}"] = value
    for k, value in session.run(reads).items():
        values["end/" + k] = value
with open(here + "/towers.pb", "wb") as f:
    f.write(tf.get_default_graph().as_graph_def().SerializeToString(deterministic=True))
numpy.savez_compressed(here + "/towers.npz", **values)

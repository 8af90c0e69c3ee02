"""make_optimizers.py OUT.npz: TensorFlow 2.19.1 trains one graph with each of its optimizers, for check_programs.py. Where TensorFlow 2 has
the kernel and no class of version 1 (AdaMax, AddSign, PowerSign, AMSGrad), the op itself is applied, with slots under the names that
`--optimizer` gives them."""
import json
import sys

import numpy as np
import tensorflow as tf

tf1, ops = tf.compat.v1, tf.raw_ops
tf1.disable_eager_execution()
tf1.disable_resource_variables()
train = tf1.train
STEPS = 4


def model():
    """Two layers behind rows of a table; one row stands twice in each batch."""
    random = np.random.RandomState(7)
    variable = lambda name, *shape: tf1.Variable(random.uniform(-0.6, 0.6, shape).astype("f4"), name=name)
    x, rows, y = (tf1.placeholder(t, s, n) for t, s, n in ((tf.float32, [None, 3], "x"), (tf.int32, [None], "rows"), (tf.float32, [None, 2], "y")))
    table, w, b, v = variable("table", 5, 2), variable("w", 5, 4), variable("b", 4), variable("v", 4, 2)
    hidden = tf.tanh(tf.matmul(tf.concat([x, tf.nn.embedding_lookup(table, rows)], 1), w) + b)
    loss = tf.reduce_mean(tf.square(tf.matmul(hidden, v) - y), name="loss")
    return x, rows, y, loss


def slot(variable, suffix, value=0.0):
    return tf1.Variable(tf.fill(variable.shape, value), trainable=False, name=variable.op.name + suffix)


def with_op(name, suffixes, powers, apply):
    """An optimizer of an op: its slots, the powers of its betas and what applies one gradient. Rows are summed to whole tables."""
    def minimize(loss):
        kept = [tf1.Variable(value, trainable=False, name=power) for power, value in powers]
        steps = []
        pairs = [(tf.convert_to_tensor(g), v) for g, v in train.GradientDescentOptimizer(1).compute_gradients(loss)]
        for gradient, variable in pairs:
            slots = [slot(variable, suffix) for suffix in suffixes]
            steps.append(apply(variable._ref(), [s._ref() for s in slots], [k._ref() for k in kept], gradient))
        with tf.control_dependencies(steps):
            return tf.group(*[tf1.assign(k, k * value) for k, (_, value) in zip(kept, powers)])
    return minimize


def ada_max(var, slots, powers, grad):
    return ops.ApplyAdaMax(var=var, m=slots[0], v=slots[1], beta1_power=powers[0], lr=0.05, beta1=0.9, beta2=0.99, epsilon=1e-8, grad=grad)


def add_sign(var, slots, powers, grad):
    return ops.ApplyAddSign(var=var, m=slots[0], lr=0.05, alpha=0.8, sign_decay=0.9, beta=0.7, grad=grad)


def power_sign(var, slots, powers, grad):
    return ops.ApplyPowerSign(var=var, m=slots[0], lr=0.05, logbase=0.7, sign_decay=0.9, beta=0.7, grad=grad)


def of(optimizer, clip=None):
    def minimize(loss):
        made = optimizer()
        pairs = made.compute_gradients(loss)
        return made.apply_gradients(clip(pairs) if clip else pairs)
    return minimize


def each(clip):
    return lambda pairs: [(clip(g), v) for g, v in pairs]


def global_norm(pairs):
    clipped, _ = tf.clip_by_global_norm([g for g, _ in pairs], 0.1)
    return list(zip(clipped, [v for _, v in pairs]))


def decayed(loss):
    """A schedule over a step that the optimizer counts."""
    step = tf1.train.get_global_step()
    return train.AdamOptimizer(train.exponential_decay(0.1, step, 2, 0.5, name="rate")).minimize(loss, global_step=step)


def dual_averaging(loss):
    step = tf1.train.get_global_step()
    return train.AdagradDAOptimizer(0.1, step, l1_regularization_strength=0.001).minimize(loss, global_step=step)


PROGRAMS = {
    "sgd": ("sgd:learning_rate=0.1", of(lambda: train.GradientDescentOptimizer(0.1))),
    "momentum": ("momentum:learning_rate=0.1,momentum=0.8", of(lambda: train.MomentumOptimizer(0.1, 0.8))),
    "nesterov": ("momentum:learning_rate=0.1,use_nesterov=1", of(lambda: train.MomentumOptimizer(0.1, 0.9, use_nesterov=True))),
    "adagrad": ("adagrad:learning_rate=0.1", of(lambda: train.AdagradOptimizer(0.1))),
    "adadelta": ("adadelta:learning_rate=0.5,epsilon=1e-6", of(lambda: train.AdadeltaOptimizer(0.5, epsilon=1e-6))),
    "rmsprop": ("rmsprop:learning_rate=0.01,momentum=0.5", of(lambda: train.RMSPropOptimizer(0.01, momentum=0.5))),
    "centered": ("rmsprop:learning_rate=0.01,decay=0.8,centered=1", of(lambda: train.RMSPropOptimizer(0.01, 0.8, centered=True))),
    "adam": ("adam:learning_rate=0.05,beta1=0.8", of(lambda: train.AdamOptimizer(0.05, 0.8))),
    "adamax": ("adamax:learning_rate=0.05,beta2=0.99", with_op("AdaMax", ("/AdaMax", "/AdaMax_1"), (("beta1_power", 0.9),), ada_max)),
    "ftrl": ("ftrl:learning_rate=0.1,l1_regularization_strength=0.01,l2_regularization_strength=0.1",
             of(lambda: train.FtrlOptimizer(0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.1))),
    "shrinkage": ("ftrl:learning_rate=0.1,learning_rate_power=-0.4,l2_shrinkage_regularization_strength=0.1",
                  of(lambda: train.FtrlOptimizer(0.1, -0.4, l2_shrinkage_regularization_strength=0.1))),
    "proximalsgd": ("proximalsgd:learning_rate=0.1,l1_regularization_strength=0.01", of(lambda: train.ProximalGradientDescentOptimizer(0.1, 0.01))),
    "proximaladagrad": ("proximaladagrad:learning_rate=0.1,l2_regularization_strength=0.1",
                        of(lambda: train.ProximalAdagradOptimizer(0.1, l2_regularization_strength=0.1))),
    "addsign": ("addsign:learning_rate=0.05,alpha=0.8,sign_decay=0.9,beta=0.7", with_op("AddSign", ("/AddSignOptimizer",), (), add_sign)),
    "powersign": ("powersign:learning_rate=0.05,logbase=0.7,sign_decay=0.9,beta=0.7",
                  with_op("PowerSign", ("/PowerSignOptimizer",), (), power_sign)),
    "clip_value": ("sgd:learning_rate=0.5,clip_value=0.02",
                   of(lambda: train.GradientDescentOptimizer(0.5), each(lambda g: tf.clip_by_value(g, -0.02, 0.02)))),
    "clip_norm": ("momentum:learning_rate=0.5,clip_each_norm=0.05", of(lambda: train.MomentumOptimizer(0.5, 0.9), each(lambda g: tf.clip_by_norm(g, 0.05)))),
    "clip_global": ("adam --clip-norm 0.1", of(lambda: train.AdamOptimizer(), global_norm)),
    "trainable": ("momentum:learning_rate=0.1 --trainable (w|table)$",
                  lambda loss: train.MomentumOptimizer(0.1, 0.9).minimize(loss, var_list=[v for v in tf1.global_variables() if v.op.name in ("w", "table")])),
    "scheduled": ("adam:learning_rate=rate:0", decayed),
    "adagradda": ("adagradda:learning_rate=0.1,l1_regularization_strength=0.001", dual_averaging),
}

recorded = {}
for name, (flags, minimize) in PROGRAMS.items():
    random = np.random.RandomState(3)
    with tf.Graph().as_default() as graph, tf1.Session(graph=graph) as session:
        x, rows, y, loss = model()
        if name in ("scheduled", "adagradda"):
            tf1.train.create_global_step()
        if name == "scheduled":
            train.exponential_decay(0.1, tf1.train.get_global_step(), 2, 0.5, name="rate")
        tf1.variables_initializer(tf1.global_variables(), name="init_all")
        owner = name if name in ("scheduled", "adagradda") else "shared"
        recorded[owner + "/graph"] = np.frombuffer(graph.as_graph_def().SerializeToString(), "u1")
        step = minimize(loss)
        session.run(tf1.global_variables_initializer())
        optimizer, *more = flags.split(" ")
        recorded[name + "/flags"] = np.array(json.dumps(["--optimizer", optimizer, *more]))
        for i in range(STEPS):
            feed = {x: random.normal(size=(4, 3)).astype("f4"), rows: np.array([i % 5, 2, i % 5, 4], "i4"), y: random.normal(size=(4, 2)).astype("f4")}
            recorded[f"{name}/{i}/loss"], _ = session.run([loss, step], feed)
            recorded.update({f"shared/{i}/feed/{key.name}": value for key, value in feed.items()})
        for variable in tf1.global_variables():
            recorded[f"{name}/final/{variable.op.name}"] = session.run(variable)
np.savez_compressed(sys.argv[1], **recorded)

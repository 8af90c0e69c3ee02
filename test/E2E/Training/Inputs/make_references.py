"""make_references.py OUT: TensorFlow 2.19.1 runs programs in which reference variables leave branches in branches and loops; OUT.pb is
their graph, OUT.npz what check_steps.py compares. Each program: a tensor that may lie in a variable's buffer, an update behind it, and
what a consumer behind that sees."""
import json
import sys

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
tf1.disable_eager_execution()
tf1.disable_control_flow_v2()
tf1.disable_resource_variables()


def program(name, make):
    """`make` gives a tensor of a variable; what is read of it behind an update, and the variable then."""
    with tf1.name_scope(name):
        variable = tf1.Variable(np.array([1, 2, 3], np.float32), name="v")
        tensor = make(variable)
        with tf.control_dependencies([tensor]):
            updated = tf1.assign_add(variable, [10, 20, 30])
        with tf.control_dependencies([updated]):
            return [tensor * 1, variable * 1]


with tf.Graph().as_default() as graph:
    p, q = (tf1.placeholder(tf.bool, [], name) for name in "pq")
    n, other = tf1.placeholder(tf.int32, [], "n"), tf1.placeholder(tf.float32, [3], "other")
    read = lambda v: tf.identity(v.read_value())

    def loop(initial, step):
        return tf1.while_loop(lambda i, t: i < n, lambda i, t: (i + 1, step(t)), (0, initial), parallel_iterations=1)[1]

    def updating(v):
        def step(t):
            with tf.control_dependencies([tf1.assign_add(v, t * .5)]):
                return read(v)
        return step

    def changed(v):
        with tf.control_dependencies([tf1.assign_sub(v, [1, 1, 1])]):
            return read(v)

    programs = {
        "inner": lambda v: tf.cond(p, lambda: tf.cond(q, lambda: read(v), lambda: other * 2), lambda: other * 3),
        "both": lambda v: tf.cond(p, lambda: tf.cond(q, lambda: other * 2, lambda: read(v)), lambda: read(v)),
        "changed": lambda v: tf.cond(p, lambda: other * 2, lambda: tf.cond(q, lambda: changed(v), lambda: other * 3)),
        "thrice": lambda v: tf.cond(p, lambda: tf.cond(q, lambda: tf.cond(n > 1, lambda: read(v), lambda: other), lambda: other * 2), lambda: other * 3),
        "entered": lambda v: loop(read(v), lambda t: t * 2),
        "left": lambda v: loop(other * 1, updating(v)),
        "through": lambda v: loop(read(v), updating(v)),
        "loop_in_branch": lambda v: tf.cond(p, lambda: loop(read(v), lambda t: t + other), lambda: other * 3),
        "branch_into_loop": lambda v: loop(tf.cond(p, lambda: read(v), lambda: other * 2), lambda t: t + other),
        "reference": lambda v: tf1.while_loop(lambda i, t: i < n, lambda i, t: (i + 1, t), (0, v._ref()))[1],
    }
    fetches = [tf.stack(tensors, name=name).name for name, tensors in zip(("seen", "after"), zip(*(program(*item) for item in programs.items())))]
    initial = tf1.global_variables_initializer()
    recorded, steps = {}, [{"feeds": False, "fetch": [], "target": [initial.name]}]
    with tf1.Session() as session:
        session.run(initial)
        for a in (False, True):
            for b in (False, True):
                for count in (0, 1, 3):
                    feeds = {p: np.array(a), q: np.array(b), n: np.array(count, np.int32), other: np.array([.5, 1.5, count], np.float32)}
                    mark = len(steps)
                    recorded.update({f"{mark}/feed/{key.name}": value for key, value in feeds.items()})
                    recorded.update({f"{mark}/fetch/{key}": value for key, value in zip(fetches, session.run(fetches, feeds))})
                    steps.append({"feeds": True, "fetch": fetches, "target": []})
with open(sys.argv[1] + ".pb", "wb") as file:
    file.write(graph.as_graph_def().SerializeToString(deterministic=True))
np.savez_compressed(sys.argv[1] + ".npz", steps=json.dumps(steps), **recorded)

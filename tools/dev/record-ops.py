#!/usr/bin/env python3
"""Records what TensorFlow computes for families of operators: record-ops.py test/E2E/Ops/Recorded/random_cases.py ...

Needs TensorFlow 2.19 (pip install tensorflow-cpu==2.19.1 in an environment of its own). A file FAMILY_cases.py has a function
cases(record); every call record(name, tensors, {placeholder: array}) adds one case to the family's graph. Written beside it:
FAMILY.pb and FAMILY.npz, with feeds as "feed/NAME:0" and the values of run i as "run<i>/NAME:0". RUNS in the case file says how
many runs of one session are recorded (one). What a function backward(record) adds is recorded and not part of the graph: gradients
that tgc is to make itself. Test: Inputs/recorded.py compares tgc-run's values with these.
"""
import importlib.util
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
import tensorflow as tf


def load(path):
    spec = importlib.util.spec_from_file_location("cases", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def storable(value):
    value = np.asarray(value)
    if value.dtype == tf.bfloat16.as_numpy_dtype:
        return value.view(np.uint16)
    return value.astype("S") if value.dtype == object else value


def record_family(path):
    module = load(path)
    feeds, fetches = {}, {}
    with tf.Graph().as_default() as graph:
        def record(name, tensors, given=None):
            for i, tensor in enumerate(tensors if isinstance(tensors, (list, tuple)) else [tensors]):
                fetches[f"{name}_{i}"] = tf.identity(tensor, name=f"{name}_{i}")
            feeds.update({placeholder.name: value for placeholder, value in (given or {}).items()})

        module.cases(record)
        forward = graph.as_graph_def()
        if hasattr(module, "backward"):
            module.backward(record)
        names = [tensor.name for tensor in fetches.values()]
        config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        config.graph_options.optimizer_options.opt_level = -1
        arrays = {"feed/" + name: storable(value) for name, value in feeds.items()}
        with tf.compat.v1.Session(config=config) as session:
            initial = [op for op in graph.get_operations() if op.name == "init"]
            if initial:
                session.run(initial)
            for run in range(getattr(module, "RUNS", 1)):
                for name, value in zip(names, session.run(names, feeds)):
                    arrays[f"run{run}/{name}"] = storable(value)
        stem = path[: -len("_cases.py")]
        with open(stem + ".pb", "wb") as file:
            file.write(forward.SerializeToString(deterministic=True))
        np.savez_compressed(stem + ".npz", **arrays)
        print(f"{os.path.basename(stem)}: {len(names)} tensors")


tf.compat.v1.disable_eager_execution()
for case_file in sys.argv[1:]:
    record_family(case_file)

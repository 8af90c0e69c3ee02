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
from tensorflow.python.framework import kernels, op_def_registry


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


class Recorder:
    """Collects what is to be fetched and fed; the argument of a case file's functions."""

    def __init__(self):
        self.feeds, self.fetches, self.given, self.random = {}, {}, {}, np.random.default_rng(17)

    def __call__(self, name, tensors, given=None):
        for i, tensor in enumerate(tensors if isinstance(tensors, (list, tuple)) else [tensors]):
            self.fetches[f"{name}_{i}:0"] = tf.identity(tensor, name=f"{name}_{i}")
        self.feeds.update({placeholder.name: value for placeholder, value in (given or {}).items()})

    def known(self, name, tensors, values):
        """Records tensors of operators without a kernel on the CPU by their values from elsewhere: arrays, or tensors that TensorFlow computes."""
        for i, (tensor, value) in enumerate(zip(tensors, values, strict=True)):
            tf.identity(tensor, name=f"{name}_{i}")
            (self.fetches if tf.is_tensor(value) else self.given)[f"{name}_{i}:0"] = value

    def joined(self, name, tensors):
        """Records many small tensors as one of each element type, with one of all their shapes: each recorded tensor costs half a kilobyte."""
        self(name, self.packed(tensors))

    @staticmethod
    def packed(tensors):
        groups, length, shapes = {}, tf.constant([-1]), []
        for tensor in tensors:
            groups.setdefault(tensor.dtype, []).append(tensor)
        for group in groups.values():
            shapes += tf.raw_ops.ShapeN(input=group)
        return [tf.concat([tf.reshape(tensor, length) for tensor in group], 0) for group in groups.values()] + [tf.concat(shapes, 0)]

    def fed(self, value, dtype=None, shape=None):
        """A placeholder that is fed with the value; its sizes are not known when the graph is compiled unless a shape is given."""
        value = np.asarray(value, tf.as_dtype(dtype).as_numpy_dtype if dtype else None)
        placeholder = tf.compat.v1.placeholder(value.dtype, [None] * value.ndim if shape is None else shape)
        self.feeds[placeholder.name] = value
        return placeholder

    @staticmethod
    def types(op, attribute="T", without=()):
        """The types of numbers that the operator allows and for which TensorFlow has a kernel on the CPU."""
        allowed = [constraint.allowed_values.list.type for kernel in kernels.get_registered_kernels_for_op(op).kernel
                   if kernel.device_type == "CPU" for constraint in kernel.constraint if constraint.name == attribute]
        definition = next(attr for attr in op_def_registry.get(op).attr if attr.name == attribute)
        found = set().union(*allowed) & set(definition.allowed_values.list.type or range(64))
        kinds = [kind for kind in map(tf.as_dtype, found) if kind.is_bool or kind.is_complex or kind.is_integer or kind.is_floating and kind.size > 1]
        return sorted((kind for kind in kinds if not kind.is_quantized and kind.name not in without), key=lambda kind: kind.name)

    def numbers(self, dtype, shape, low=-3, high=3):
        """Numbers of a type within [low, high], for an unsigned type not below 0."""
        if dtype.is_integer or dtype.is_bool:
            return self.random.integers(max(low, 0) if dtype.is_unsigned or dtype.is_bool else low, high, shape, endpoint=True).astype(dtype.as_numpy_dtype)
        parts = self.random.uniform(low, high, (2,) + tuple(shape))
        return (parts[0] + 1j * parts[1] if dtype.is_complex else parts[0]).astype(dtype.as_numpy_dtype)


def record_family(path):
    module = load(path)
    record = Recorder()
    feeds, fetches = record.feeds, record.fetches
    with tf.Graph().as_default() as graph:
        versions = tf.compat.v1.GraphDef()
        versions.versions.producer = getattr(module, "PRODUCER", graph.graph_def_versions.producer)
        tf.import_graph_def(versions)
        module.cases(record)
        forward = graph.as_graph_def()
        if hasattr(module, "backward"):
            module.backward(record)
        config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        config.graph_options.optimizer_options.opt_level = -1
        config.graph_options.place_pruned_graph = True
        # As many devices as nodes that run together ask for.
        config.device_count["CPU"] = getattr(module, "CPUS", 1)
        options = tf.compat.v1.RunOptions()
        options.experimental.collective_graph_key = getattr(module, "CPUS", 1)
        arrays = {"feed/" + name: storable(value) for name, value in feeds.items()}
        arrays.update(("run0/" + name, value) for name, value in record.given.items())
        with tf.compat.v1.Session(config=config) as session:
            initial = [op for op in graph.get_operations() if op.name == "init"]
            if initial:
                session.run(initial)
            for run in range(getattr(module, "RUNS", 1)):
                for name, value in session.run(fetches, feeds, options).items():
                    arrays[f"run{run}/{name}"] = storable(value)
        arrays["bfloat16"] = np.array([name for name, tensor in fetches.items() if tensor.dtype == tf.bfloat16], "S")
        stem = path[: -len("_cases.py")]
        with open(stem + ".pb", "wb") as file:
            file.write(forward.SerializeToString(deterministic=True))
        np.savez_compressed(stem + ".npz", **arrays)
        print(f"{os.path.basename(stem)}: {len(fetches) + len(record.given)} tensors")


tf.compat.v1.disable_eager_execution()
for case_file in sys.argv[1:]:
    record_family(case_file)

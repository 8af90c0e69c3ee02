#!/usr/bin/env python3
"""Checks the writer of checkpoints through libtgc-runtime.so.

    checkpoints.py kill LIBRARY [--rounds N]       a process that saves again and again is killed at random moments
    checkpoints.py retain LIBRARY COMMAND...       COMMAND trains, saves with --max-to-keep 3, is killed and goes on with --restore
    checkpoints.py full LIBRARY                    the disk is full (a small tmpfs, or a limit where none can be mounted)
    checkpoints.py write LIBRARY PREFIX            tensors of every type, slices, strings, many names
    checkpoints.py compare LIBRARY PREFIX          the files are, byte for byte, those that TensorFlow wrote at PREFIX
    checkpoints.py golden - PREFIX                 has TensorFlow write them
    checkpoints.py tensorflow LIBRARY TGC_RUN ZOO  TensorFlow (in this interpreter) reads what tgc writes and goes on with it;
                                                   its answers are test/Tools/Inputs/checkpoints-tensorflow.txt
"""
import argparse
import ctypes
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

DTYPES = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "string": 7, "complex64": 8, "int64": 9,
          "bool": 10, "uint16": 17, "complex128": 18, "float16": 19, "uint32": 22, "uint64": 23}
NAMES = {number: name for name, number in DTYPES.items()}
MAX_RANK = 16


class Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int32), ("message", ctypes.c_char * 2048), ("node", ctypes.c_char * 256)]


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_uint64)]


class Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("byte_size", ctypes.c_uint64), ("dtype", ctypes.c_int32),
                ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * MAX_RANK)]


class Entry(ctypes.Structure):
    _fields_ = [("dtype", ctypes.c_int32), ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * MAX_RANK),
                ("num_elements", ctypes.c_uint64), ("byte_size", ctypes.c_uint64), ("num_slices", ctypes.c_uint32)]


class Runtime:
    """The functions of tgc/checkpoint.h; a status that is not OK is an exception."""

    def __init__(self, path):
        self.library = ctypes.CDLL(path)

    def call(self, name, *arguments):
        error = Error()
        if getattr(self.library, "tgc_checkpoint_" + name)(*arguments, ctypes.byref(error)):
            raise RuntimeError(error.message.decode())

    def write(self, prefix, tensors, slices=()):
        """`slices`: (name, dims of the whole, starts, array)."""
        writer = ctypes.c_void_p()
        self.call("writer_create", prefix.encode(), ctypes.byref(writer))
        try:
            for name, array in tensors.items():
                tensor, keep = describe(array)
                self.call("write", writer, name.encode(), ctypes.byref(tensor))
            for name, dims, starts, array in slices:
                tensor, keep = describe(array)
                numbers = [(ctypes.c_int64 * max(len(dims), 1))(*values) for values in (dims, starts, array.shape)]
                self.call("write_slice", writer, name.encode(), len(dims), *numbers, ctypes.byref(tensor))
            self.call("commit", writer)
        finally:
            self.library.tgc_checkpoint_writer_release(writer)

    def read(self, prefix):
        checkpoint = ctypes.c_void_p()
        self.call("open", prefix.encode(), ctypes.byref(checkpoint))
        self.library.tgc_checkpoint_num_tensors.restype = ctypes.c_uint64
        self.library.tgc_checkpoint_name.restype = ctypes.c_char_p
        try:
            tensors = {}
            for i in range(self.library.tgc_checkpoint_num_tensors(checkpoint)):
                name = self.library.tgc_checkpoint_name(checkpoint, ctypes.c_uint64(i))
                entry = Entry()
                self.call("lookup", checkpoint, name, ctypes.byref(entry))
                memory = ctypes.create_string_buffer(max(entry.byte_size, 1))
                self.call("read", checkpoint, name, memory, ctypes.c_uint64(entry.byte_size))
                shape = tuple(entry.dims[:entry.rank])
                if NAMES[entry.dtype] == "string":
                    texts = ctypes.cast(memory, ctypes.POINTER(Text))
                    values = [ctypes.string_at(texts[k].data, texts[k].size)
                              for k in range(entry.num_elements)]
                    tensors[name.decode()] = np.array(values, object).reshape(shape)
                else:
                    tensors[name.decode()] = np.frombuffer(memory.raw[:entry.byte_size],
                                                           NAMES[entry.dtype]).reshape(shape)
            return tensors
        finally:
            self.library.tgc_checkpoint_close(checkpoint)


def describe(array):
    """(the tensor, what has to live as long as it)."""
    array = np.asarray(array)
    tensor = Tensor(rank=array.ndim)
    tensor.dims[:array.ndim] = array.shape
    if array.dtype.kind in "OS":
        values = [bytes(v) for v in array.ravel()]
        texts = (Text * max(array.size, 1))(*[Text(ctypes.cast(v, ctypes.c_void_p), len(v)) for v in values])
        tensor.dtype, tensor.data = DTYPES["string"], ctypes.cast(texts, ctypes.c_void_p)
        tensor.byte_size = array.size * ctypes.sizeof(Text)
        return tensor, (texts, values)
    array = np.array(array, order="C")
    tensor.dtype, tensor.data, tensor.byte_size = DTYPES[array.dtype.name], array.ctypes.data, array.nbytes
    return tensor, array


def step_tensors(step):
    """A checkpoint whose every element tells its step."""
    return {f"layer{i}/kernel": np.full((40, 50 + i), step, "f4") for i in range(12)} | {"step": np.int64(step)}


def step_of(runtime, prefix):
    """The step of the checkpoint; all of it must be of the same."""
    tensors = runtime.read(prefix)
    steps = {float(v) for array in tensors.values() for v in np.unique(array)}
    if len(tensors) != 13 or len(steps) != 1:
        raise RuntimeError(f"{prefix}: mixed: steps {sorted(steps)}, {len(tensors)} tensors")
    return int(steps.pop())


def save_for_ever(runtime, prefix, step):
    while True:
        step += 1
        runtime.write(prefix, step_tensors(step))


def kill(runtime, rounds):
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "model")
        runtime.write(prefix, step_tensors(0))
        last = 0
        for _ in range(rounds):
            child = os.fork()
            if child == 0:
                save_for_ever(runtime, prefix, last)
            time.sleep(random.uniform(0, 0.08))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            step = step_of(runtime, prefix)
            if step < last:
                raise RuntimeError(f"step {step} after step {last}")
            last = step
        runtime.write(prefix, step_tensors(last + 1))
        left = sorted(os.listdir(folder))
        print(f"{rounds} kills: every checkpoint whole" + ("" if last else ", none saved"))
        print(f"files: {len(left)}")


def listed(folder):
    """The checkpoints that the state file lists, the latest first."""
    with open(os.path.join(folder, "checkpoint")) as f:
        paths = [line.split('"')[1] for line in f if "model_checkpoint_path" in line]
    if len(paths) < 2 or paths[0] != paths[-1]:
        raise RuntimeError(f"the state file lists {paths}")
    return [os.path.join(folder, path) for path in reversed(paths[1:])]


def step_listed(folder):
    return int(listed(folder)[0].rsplit("-", 1)[1])


def retain(runtime, rounds, command):
    """The state file always lists whole checkpoints, three at most, and never an older latest one."""
    with tempfile.TemporaryDirectory() as folder:
        save = command + ["--save", os.path.join(folder, "model"), "--save-every", "1", "--max-to-keep", "3"]
        run = lambda *more: subprocess.Popen(save + list(more), stdout=subprocess.DEVNULL)
        if run("--steps", "1").wait():
            raise SystemExit("the training fails")
        last = 1
        for _ in range(rounds):
            child = run("--restore", folder)
            while step_listed(folder) == last and child.poll() is None:  # then it saves again and again
                time.sleep(0.005)
            time.sleep(random.uniform(0, 0.02))
            child.kill()
            child.wait()
            kept = listed(folder)
            for prefix in kept:
                runtime.read(prefix)
            if step_listed(folder) <= last or len(kept) > 3:
                raise RuntimeError(f"after step {last} the state file lists {kept}")
            last = step_listed(folder)
        print(f"{rounds} kills: every listed checkpoint whole")
        if run("--restore", folder, "--steps", "3").wait():
            raise SystemExit("the training does not go on")
        for name in os.listdir(folder):  # older ones that a kill has kept from being removed
            if name.endswith(".index"):
                runtime.read(os.path.join(folder, name[:-6]))


def fill(runtime, folder, what):
    prefix = os.path.join(folder, "model")
    runtime.write(prefix, step_tensors(1))
    big = step_tensors(2) | {"big": np.zeros(10**6, "f4")}
    for _ in range(3):
        try:
            runtime.write(prefix, big)
            raise SystemExit("a full disk was not noticed")
        except RuntimeError as error:
            message = str(error).replace(folder, "FOLDER")
    if step_of(runtime, prefix) != 1:
        raise SystemExit("the older checkpoint is gone")
    runtime.write(prefix, step_tensors(3))
    assert step_of(runtime, prefix) == 3
    print(f"{what}: {message}; the older checkpoint is whole")


def full(runtime):
    with tempfile.TemporaryDirectory() as folder:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
        fill(runtime, folder, "limit")
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], stderr=subprocess.DEVNULL).returncode:
            print("tmpfs: skipped, none can be mounted here")
            return
        try:
            fill(runtime, folder, "tmpfs")
        finally:
            subprocess.run(["umount", folder], check=True)


def samples():
    """Tensors of every type with values that are easy to name again."""
    tensors = {}
    for name in DTYPES:
        if name == "string":
            tensors["types/string"] = np.array([[b"", b"a\0b"], [b"long" * 100, b"\xff\xfe"]], object)
        else:
            tensors[f"types/{name}"] = (np.arange(6) % 2 if name == "bool" else np.arange(6)).astype(name).reshape(2, 3)
    tensors |= {"scalar": np.float32(-1.5), "empty": np.zeros((3, 0, 2), "f4"), "text": np.array(b"scalar", object)}
    tensors |= {f"many/v_{i:05d}/kernel": np.arange(i % 7, dtype="i8") + i for i in range(3000)}
    whole = np.arange(40, dtype="f4").reshape(10, 4)
    slices = [("part/kernel", (10, 4), (a, 0), whole[a:b]) for a, b in ((0, 3), (3, 9), (9, 10))]
    return tensors, slices, {"part/kernel": whole}


def same(left, right):
    return left.shape == right.shape and left.astype(right.dtype).tolist() == right.tolist()


def write(runtime, prefix):
    tensors, slices, wholes = samples()
    for _ in range(2):  # the second replaces the first
        runtime.write(prefix, tensors, slices)
    wanted = tensors | wholes
    got = runtime.read(prefix)
    bad = [name for name in wanted if name not in got or not same(got[name], np.asarray(wanted[name]))]
    print(f"{len(wanted)} tensors, {len(got)} read, {len(bad)} differ")


def few_samples():
    tensors, slices, _ = samples()
    return {name: array for name, array in tensors.items() if not name.startswith("many/")}, slices


def golden(_, prefix):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf
    tensors, slices = few_samples()
    names, specs, values = list(tensors), [""] * len(tensors), [tf.constant(v) for v in tensors.values()]
    for name, dims, starts, array in slices:
        names.append(name)
        specs.append(" ".join(map(str, dims)) + " " + ":".join(f"{a},{n}" for a, n in zip(starts, array.shape)))
        values.append(tf.constant(array))
    tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=specs, tensors=values)


def compare(runtime, prefix):
    with tempfile.TemporaryDirectory() as folder:
        own = os.path.join(folder, "own")
        runtime.write(own, *few_samples())
        for ending in (".data-00000-of-00001", ".index"):
            with open(own + ending, "rb") as a, open(prefix + ending, "rb") as b:
                print(ending[1:6].rstrip("-"), "equal" if a.read() == b.read() else "differs")


def read_by_tensorflow(tf, runtime, folder):
    prefix = os.path.join(folder, "samples")
    tensors, slices, wholes = samples()
    for time_written in (1, 2):
        runtime.write(prefix, tensors, slices)
        reader = tf.train.load_checkpoint(prefix)
        wanted = tensors | wholes
        bad = [n for n in wanted if not same(np.asarray(reader.get_tensor(n), object if "string" in n or n == "text" else None),
                                             np.asarray(wanted[n]))]
        print(f"load_checkpoint, written {time_written}: {len(reader.get_variable_to_shape_map())} tensors, {len(bad)} differ")


def goes_on(tf, tgc_run, zoo, folder):
    """A model's training in four legs, TensorFlow and tgc in turn, beside one that tgc does alone."""
    model = os.path.join(zoo, "linreg")
    with open(os.path.join(model, "model.json")) as f:
        training = json.load(f)["training"][0]
    entry = next(e for e in json.load(open(os.path.join(model, "model.json")))["entries"] if e["name"] == training["entry"])
    golden = np.load(os.path.join(model, "golden.npz"))
    runs = [run for run in entry["golden"]["runs"] if run["targets"]]
    graph = os.path.join(model, training["train_graph"])
    loss, names = training["loss"], [v["name"] for v in training["variables"]]
    start = os.path.join(model, training["checkpoint"])

    def feeds(i):
        return {tensor: golden[key] for tensor, key in runs[i]["feeds"].items()}

    def leg_of_tgc(first, last, load, save):
        steps = [{"load": load}]
        for i in range(first, last):
            np.savez(os.path.join(folder, f"f{i}.npz"), **feeds(i))
            steps.append({"feeds": f"f{i}.npz", "fetch": [loss], "target": runs[i]["targets"]})
        with open(os.path.join(folder, "steps.json"), "w") as f:
            json.dump(steps + [{"save": save}], f)
        subprocess.run([tgc_run, graph, "--script", os.path.join(folder, "steps.json"), "--out", os.path.join(folder, "out")],
                       check=True)
        return [float(np.load(os.path.join(folder, "out", f"s{k + 1}.npz"))[loss]) for k in range(last - first)]

    def leg_of_tensorflow(first, last, load, save):
        v1 = tf.compat.v1
        definition = v1.GraphDef()
        with open(graph, "rb") as f:
            definition.ParseFromString(f.read())
        saver = training["saver"]
        with tf.Graph().as_default(), v1.Session() as session:
            tf.import_graph_def(definition, name="")
            session.run(saver["restore_op"], {saver["filename_tensor"]: load})
            losses = [float(session.run([loss] + [session.graph.get_operation_by_name(t) for t in runs[i]["targets"]],
                                        feeds(i))[0]) for i in range(first, last)]
            session.run(saver["save_tensor"], {saver["filename_tensor"]: save})
            return losses

    at = [os.path.join(folder, f"leg{i}") for i in range(5)]
    quarter = len(runs) // 4
    cuts = [0, quarter, 2 * quarter, 3 * quarter, len(runs)]
    losses = []
    for leg in range(4):
        run = leg_of_tensorflow if leg % 2 == 0 else leg_of_tgc
        losses += run(cuts[leg], cuts[leg + 1], at[leg - 1] if leg else start, at[leg])
    alone = leg_of_tgc(0, len(runs), start, at[4])
    final = [tf.train.load_checkpoint(p) for p in (at[3], at[4])]
    worst = max(abs(a - b) / max(abs(a), 1e-30) for a, b in zip(losses, alone))
    apart = max(float(np.max(np.abs(final[0].get_tensor(n) - final[1].get_tensor(n)))) for n in names)
    print(f"{len(losses)} steps, TensorFlow and tgc in turn: losses as of tgc alone to 1e-5: {worst < 1e-5}, "
          f"variables to 1e-5: {apart < 1e-5}")


def tensorflow(runtime, tgc_run, zoo):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf
    with tempfile.TemporaryDirectory() as folder:
        read_by_tensorflow(tf, runtime, folder)
        goes_on(tf, tgc_run, zoo, folder)
        print("latest_checkpoint:", os.path.basename(tf.train.latest_checkpoint(folder) or "none"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["kill", "retain", "full", "write", "compare", "golden", "tensorflow"])
    parser.add_argument("library")
    parser.add_argument("more", nargs="*")
    parser.add_argument("--rounds", type=int, default=1000)
    options, flags = parser.parse_known_args()
    options.more += flags
    runtime = Runtime(options.library) if options.what != "golden" else None
    if options.what == "kill":
        kill(runtime, options.rounds)
    elif options.what == "retain":
        retain(runtime, options.rounds, options.more)
    else:
        globals()[options.what](runtime, *options.more)


main()

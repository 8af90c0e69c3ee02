#!/usr/bin/env python3
"""Trains the zoo's models from their forward graphs and compares with what TensorFlow recorded.

  check-training.py --tool build/bin/tgc-run [--models ../shared/models] [--model RE] [--entry RE] [--jobs 2] [-v]

Each recipe of a model.json is done by tgc alone: loss_graph with --minimize and the optimizer of the recipe, from the recorded
checkpoint, with the recorded batches. Compared are the loss of every step and the variables after the last, slots included.
The last line counts passed and failed; the exit status is not 0 if one failed.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

import numpy as np

from protobuf import fields as message_fields, varint

# Clipping is not in the recipes' data: models/README.md says that `about` and the generators name it.
CLIPPING = {"clip_by_value_train": ("key", "clip_value=0.01"), "clip_by_norm_train": ("key", "clip_each_norm=0.1"),
            "clip_by_global_norm_train": ("flag", "0.5"), "r_clip_by_global_norm_train": ("flag", "0.5"), "max_norm_train": ("key", "max_norm=1,max_norm_axis=1"),
            "r_max_norm_train": ("key", "max_norm=1,max_norm_axis=1")}
CLIPPED_MODELS = {"ptb_small": ("flag", "5")}
KINDS = {"ProximalGradientDescent": "proximalsgd"}
DTYPES = {1: "f4", 2: "f8", 3: "i4", 4: "u1", 5: "i2", 6: "i1", 9: "i8", 10: "?", 19: "f2"}


# ------------------------------------------------------------------------- a checkpoint, as the format has it
def block_entries(data, offset, size):
    block = data[offset:offset + size]
    restarts = struct.unpack("<I", block[-4:])[0]
    end, at, key = len(block) - 4 - 4 * restarts, 0, b""
    while at < end:
        shared, at = varint(block, at)
        fresh, at = varint(block, at)
        length, at = varint(block, at)
        key = key[:shared] + block[at:at + fresh]
        yield key, block[at + fresh:at + fresh + length]
        at += fresh + length


def read_checkpoint(prefix):
    """All tensors of a checkpoint with one data file."""
    with open(prefix + ".index", "rb") as f:
        index = f.read()
    with open(prefix + ".data-00000-of-00001", "rb") as f:
        data = f.read()
    tensors = {}
    for _, handle in index_entries(index):
        start, at = varint(handle, 0)
        length, at = varint(handle, at)
        for key, value in block_entries(index, start, length):
            if not key:
                continue
            fields = dict(message_fields(value))
            dims = [dict(message_fields(d)).get(1, 0) for k, d in message_fields(fields.get(2, b"")) if k == 2]
            if fields.get(1) not in DTYPES:
                continue
            first = fields.get(4, 0)
            raw = data[first:first + fields.get(5, 0)]
            tensors[key.decode()] = np.frombuffer(raw, DTYPES[fields[1]]).reshape(dims)
    return tensors


def index_entries(index):
    at = len(index) - 48
    _, at = varint(index, at)
    _, at = varint(index, at)
    offset, at = varint(index, at)
    size, at = varint(index, at)
    return block_entries(index, offset, size)


# ------------------------------------------------------------------------- a recipe
def optimizer_text(recipe, clipping):
    options = dict(recipe["optimizer"])
    kind = options.pop("kind")
    parts = []
    for key, value in options.items():
        if isinstance(value, dict):
            value = value["tensor"]
        if isinstance(value, bool):
            value = int(value)
        parts.append(f"{key}={value}")
    parts.append(f"global_step={recipe.get('global_step') or ''}")
    if clipping and clipping[0] == "key":
        parts.append(clipping[1])
    return KINDS.get(kind, kind) + ":" + ",".join(parts)


def graph_nodes(path):
    """(name, op) of all nodes."""
    with open(path, "rb") as f:
        data = f.read()
    for number, node in message_fields(data):
        if number == 1:
            parts = dict((k, v) for k, v in message_fields(node) if k in (1, 2))
            yield parts[1].decode(), parts[2].decode()


def differs(got, want, entry, golden, what):
    rtol, atol = entry.get("rtol", 0), entry.get("atol", 0)
    if isinstance(want, dict):
        if list(got.shape) != want["shape"]:
            return f"{what}: shape {list(got.shape)}, expected {want['shape']}"
        ref, got = golden[want["sample"] + "/value"], got.reshape(-1)[golden[want["sample"] + "/index"]]
    else:
        ref = golden[want]
    if got.shape != ref.shape:
        return f"{what}: shape {list(got.shape)}, expected {list(ref.shape)}"
    with np.errstate(all="ignore"):
        equal = (got == ref) | ((got != got) & (ref != ref)) | (np.abs(got - ref) <= atol + rtol * np.abs(ref))
    if equal.all():
        return None
    at = tuple(np.argwhere(~np.atleast_1d(equal))[0])
    return f"{what}: {np.count_nonzero(~equal)} of {ref.size} differ, first {np.atleast_1d(got)[at]!r}, expected {np.atleast_1d(ref)[at]!r}"


def check(job, tool, timeout):
    folder, model, recipe = job
    entry = next(e for e in model["entries"] if e["name"] == recipe["entry"])
    loss_path = os.path.join(folder, recipe["loss_graph"])
    runs = entry["golden"]["runs"]
    nodes = dict(graph_nodes(loss_path))
    with tempfile.TemporaryDirectory() as work, np.load(os.path.join(folder, entry["golden"]["file"])) as golden:
        # The updates of moving averages, which TensorFlow's collection UPDATE_OPS has; a conditional one ends in its Merge.
        averages = [re.sub(r"(/cond\w*)/.*", r"\1/Merge", name) for name, op in nodes.items() if op in ("AssignSub", "AssignSubVariableOp")]
        steps = []
        if recipe.get("init_op") in nodes:
            steps.append({"feeds": None, "fetch": [], "target": [recipe["init_op"]]})
        steps.append({"load": os.path.join(folder, recipe["checkpoint"])})
        wanted = []
        for run in runs:
            is_step = recipe["loss"] in run["fetches"]
            # What is run beside steps, as setting the learning rate.
            others = [target for target in run.get("targets") or [] if target in nodes]
            if not is_step and not others:
                continue
            name = f"s{len(steps)}.npz"
            np.savez(os.path.join(work, name), **{t: golden[k] for t, k in run["feeds"].items()})
            if not is_step:
                steps.append({"feeds": name, "fetch": [], "target": others})
                continue
            wanted.append((len(steps), run["fetches"][recipe["loss"]]))
            steps.append({"feeds": name, "fetch": [recipe["loss"]], "target": ["train"] + averages})
        steps.append({"save": os.path.join(work, "final")})
        with open(os.path.join(work, "steps.json"), "w") as f:
            json.dump(steps, f)
        clipping = CLIPPING.get(recipe["name"]) or CLIPPED_MODELS.get(model["name"])
        names = "|".join(re.escape(v) for v in recipe["trainables"])
        command = tool + [loss_path, "--minimize", recipe["loss"], "--optimizer", optimizer_text(recipe, clipping),
                          "--trainable", f"({names})$", "--script", os.path.join(work, "steps.json"), "--out", os.path.join(work, "out")]
        if clipping and clipping[0] == "flag":
            command += ["--clip-norm", clipping[1]]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, text=True)
        except subprocess.TimeoutExpired:
            return "timeout", f"no answer in {timeout} s"
        if done.returncode:
            return "error", done.stdout.strip()[-600:] or f"exit status {done.returncode}"
        for number, (step, want) in enumerate(wanted):
            got = np.load(os.path.join(work, "out", f"s{step}.npz"))[recipe["loss"]]
            why = differs(got, want, entry, golden, f"loss of step {number}")
            if why:
                return "wrong", why
        final = read_checkpoint(os.path.join(work, "final"))
        last, compared = runs[-1]["fetches"], 0
        for variable in recipe["variables"]:
            want = last.get(variable["read"])
            if want is None or variable["name"] not in final:
                if variable.get("slot_of") and want is not None:
                    return "missing", f"no slot {variable['name']}"
                continue
            compared += 1
            why = differs(final[variable["name"]], want, entry, golden, variable["name"])
            if why:
                return "wrong", "after the last step " + why
        return ("ok", f"{len(wanted)} losses, {compared} variables") if wanted and compared else ("empty", "nothing was compared")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--tool", required=True)
    parser.add_argument("--models", default=os.path.join(root, "..", "shared", "models"))
    parser.add_argument("--model"), parser.add_argument("--entry")
    parser.add_argument("--jobs", type=int, default=2), parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    jobs = []
    for path in sorted(glob.glob(os.path.join(options.models, "*", "model.json"))):
        with open(path) as f:
            model = json.load(f)
        if options.model and not re.search(options.model, model["name"]):
            continue
        for recipe in model.get("training") or []:
            if not options.entry or re.search(options.entry, recipe["name"]):
                jobs.append((os.path.dirname(path), model, recipe))
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        futures = {pool.submit(check, job, options.tool.split(), options.timeout): job for job in jobs}
        for future in concurrent.futures.as_completed(futures):
            _, model, recipe = futures[future]
            name = f"{model['name']}/{recipe['name']}"
            status, why = future.result()
            passed, failed = passed + (status == "ok"), failed + (status != "ok")
            if options.v or status != "ok":
                print(f"{status:8} {name} {why}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()

#!/usr/bin/env python3
"""Trains the zoo's models on real data, over several seeds, and compares what is reached with TensorFlow.

  check-convergence.py --tool build/bin/tgc-run [--models ../shared/models] [--model RE] [--seeds N] [--margin 0.05]

Each model.json with `convergence` names data, batches and a metric, and has TensorFlow's results. The seed shuffles the examples;
initial values are those
of the graph, where TensorFlow's recorded runs drew others. An accuracy may be less than TensorFlow's worst by the margin, a cost more by as much. The
last line counts passed and failed; the exit status is not 0 if one failed.
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

# What is fed beside examples and labels, in training and in the test: models/README.md calls it part of the recipe's text.
OTHERS = {"is_training:0": (True, False), "lr:0": (0.003, 0.003), "pkeep:0": (0.75, 1), "p_keep_conv:0": (0.8, 1), "p_keep_hidden:0": (0.5, 1)}


def examples(model, path):
    """Examples and labels as their feeds want them, by the recipe's text."""
    with np.load(path) as data:
        x, y = data["x"], data["y"]
    recipe = model["convergence"]["recipe"]
    if "enlarged" in recipe:
        x = np.pad(np.kron(x, np.ones((1, 3, 3), "f4")), ((0, 0), (2, 2), (2, 2))) / np.float32(16)
        if "- 0.5" in recipe:
            x = x - np.float32(0.5)
    return x, y


def as_feed(spec, rows):
    shape, dtype = spec["shape"], np.dtype(spec["dtype"])
    if rows.ndim == 1 and len(shape) == 2:
        rows = np.eye(shape[1])[rows.astype(int)]
    return np.ascontiguousarray(rows.reshape([len(rows)] + shape[1:]).astype(dtype))


def train(tool, folder, model, seed):
    """The metric after training."""
    plan, recipe = model["convergence"], model["training"][0]
    entry = next(e for e in model["entries"] if e["name"] == recipe["entry"])
    feeds = {f["tensor"]: f for f in entry["feeds"]}
    whole = [f for name, f in feeds.items() if name not in OTHERS]
    x, y = examples(model, os.path.join(folder, plan["data"]))
    begin, end = plan["train_rows"]
    order = np.random.RandomState(seed)
    with tempfile.TemporaryDirectory() as work:
        steps = [{"feeds": None, "fetch": [], "target": [recipe["init_op"]]}]

        def add(rows, is_test, fetch, target):
            arrays = {spec["tensor"]: as_feed(spec, part[rows]) for spec, part in zip(whole, (x, y))}
            arrays.update({name: np.array(OTHERS[name][is_test], feeds[name]["dtype"]) for name in feeds if name in OTHERS})
            name = f"f{len(steps)}.npz"
            np.savez(os.path.join(work, name), **arrays)
            steps.append({"feeds": name, "fetch": fetch, "target": target})

        for _ in range(plan["epochs"]):
            rows = begin + order.permutation(end - begin)
            for at in range(0, len(rows) - plan["batch"] + 1, plan["batch"]):
                add(rows[at:at + plan["batch"]], False, [], [recipe["train_op"]])
        add(np.arange(*plan["test_rows"]), True, [plan["metric_tensor"]], [])
        with open(os.path.join(work, "steps.json"), "w") as f:
            json.dump(steps, f)
        subprocess.run(tool + [os.path.join(folder, recipe["train_graph"]), "--script", os.path.join(work, "steps.json"), "--out",
                               os.path.join(work, "out")], check=True)
        return float(np.load(os.path.join(work, "out", f"s{len(steps) - 1}.npz"))[plan["metric_tensor"]])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--tool", required=True), parser.add_argument("--model", default="")
    parser.add_argument("--models", default=os.path.join(root, "..", "shared", "models"))
    parser.add_argument("--seeds", type=int, default=3), parser.add_argument("--margin", type=float, default=0.05)
    options = parser.parse_args()
    passed = failed = 0
    for path in sorted(glob.glob(os.path.join(options.models, "*", "model.json"))):
        with open(path) as f:
            model = json.load(f)
        plan = model.get("convergence")
        if not plan or not re.search(options.model, model["name"]):
            continue
        values = [train(options.tool.split(), os.path.dirname(path), model, seed) for seed in plan["seeds"][:options.seeds]]
        is_cost = "cost" in plan["metric"]
        good = max(values) <= plan["max"] + options.margin if is_cost else min(values) >= plan["min"] - options.margin
        passed, failed = passed + good, failed + (not good)
        print(f"{'ok' if good else 'worse':6} {model['name']} {plan['metric']}: tgc", " ".join(f"{v:.4f}" for v in values),
              "TensorFlow", " ".join(f"{v:.4f}" for v in plan["values"]), flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()

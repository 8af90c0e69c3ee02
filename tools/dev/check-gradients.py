#!/usr/bin/env python3
"""Compares gradients made by tgc with those that TensorFlow made in the zoo's graphs of single operators.

  check-gradients.py --tool build/bin/tgc-run [--models ../shared/models] [--only RE] [-v]

models/micro has graphs of many functions: of each a weighted sum `NAME/Sum` and its gradient `NAME/dx:0` with respect to x:0. Each
sum is differentiated by tgc alone and compared with the recorded dx. The last line counts passed and failed.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

SUMS = ("unary_and_gradients", "shape_soup_gradients")
SINGLE = {"recurrence100": ("z:0", {"a:0": "da:0", "b:0": "db:0"}), "pow_gradient": ("p:0", {"x:0": "dx:0", "y:0": "dy:0"})}


def tensors_of(path, entry):
    """(y, x, key of the recorded gradient in the first run)."""
    fetches = entry["golden"]["runs"][0]["fetches"]
    if entry["name"] in SINGLE:
        y, gradients = SINGLE[entry["name"]]
        return [(y, x, fetches[d]) for x, d in gradients.items()]
    with open(path, "rb") as f:
        names = re.findall(rb"[\w/]+/Sum(?:_\d+)?(?=\x12\x03Sum)", f.read())
    sums = {name.decode().split("/")[0]: name.decode() for name in names if b"gradients" not in name}
    return [(sums[name.split("/")[0]] + ":0", "x:0", key) for name, key in fetches.items() if name.endswith("/dx:0")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    parser.add_argument("--tool", required=True)
    parser.add_argument("--models", default=os.path.join(root, "..", "shared", "models"))
    parser.add_argument("--only"), parser.add_argument("-v", action="store_true")
    options = parser.parse_args()
    folder = os.path.join(options.models, "micro")
    with open(os.path.join(folder, "model.json")) as f:
        model = json.load(f)
    passed = failed = 0
    for entry in model["entries"]:
        if entry["name"] not in SUMS and entry["name"] not in SINGLE:
            continue
        run = entry["golden"]["runs"][0]
        with np.load(os.path.join(folder, entry["golden"]["file"])) as golden, tempfile.TemporaryDirectory() as work:
            np.savez(os.path.join(work, "in.npz"), **{t: golden[k] for t, k in run["feeds"].items()})
            for y, x, key in tensors_of(os.path.join(folder, entry["graph"]), entry):
                if options.only and not re.search(options.only, y):
                    continue
                command = options.tool.split() + [os.path.join(folder, entry["graph"]), "--gradients", y, "--wrt", x, "--feeds",
                                                  os.path.join(work, "in.npz"), "--fetch", "gradients/" + x, "--out", os.path.join(work, "out.npz")]
                done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                why = ""
                if done.returncode:
                    why = done.stdout.strip()[-300:]
                else:
                    got, want = np.load(os.path.join(work, "out.npz"))["gradients/" + x], golden[key]
                    rtol, atol = entry.get("rtol", 0), entry.get("atol", 0)
                    with np.errstate(all="ignore"):
                        equal = (got == want) | ((got != got) & (want != want)) | (np.abs(got - want) <= atol + rtol * np.abs(want))
                    if not equal.all():
                        at = tuple(np.argwhere(~np.atleast_1d(equal))[0])
                        why = f"{np.count_nonzero(~equal)} of {want.size} differ, first {np.atleast_1d(got)[at]!r}, expected {np.atleast_1d(want)[at]!r}"
                passed, failed = passed + (not why), failed + bool(why)
                if why or options.v:
                    print(f"{'wrong' if why else 'ok':6} {entry['name']} d {y} / d {x} {why}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()

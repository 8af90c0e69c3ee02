"""Compares tgc-run with recorded values of TensorFlow (tools/dev/record-ops.py).

recorded.py steps FAMILY DIR writes DIR/steps.json and its feeds; recorded.py check FAMILY DIR [--ulps N] [--to-largest]
compares the values in DIR/out with FAMILY.npz: integers, booleans and strings exactly, floating-point numbers within a few units in
the last place, of their own or of the tensor's largest. A family with "init" in its name runs the target init first.
"""
import json
import sys

import numpy as np


def load(path):
    with np.load(path) as archive:
        return {key: archive[key] for key in archive.files}


def runs_of(arrays):
    return 1 + max(int(key[3:].split("/", 1)[0]) for key in arrays if key.startswith("run"))


def write_steps(family, folder):
    arrays = load(family + ".npz")
    feeds = {key[5:]: value for key, value in arrays.items() if key.startswith("feed/")}
    np.savez(folder + "/feeds.npz", **feeds)
    fetches = [key[5:] for key in arrays if key.startswith("run0/")]
    step = {"feeds": folder + "/feeds.npz" if feeds else None, "fetch": fetches}
    steps = [step] * runs_of(arrays)
    if "init" in family:
        steps = [{"feeds": None, "fetch": [], "target": ["init"]}] + steps
    with open(folder + "/steps.json", "w") as file:
        json.dump(steps, file)


def widened(value):
    """The numbers whose bits bfloat16 is stored as."""
    return (value.astype(np.uint32) << 16).view(np.float32)


def differs(got, want, ulps, to_largest, bfloat16):
    if got.shape != want.shape or got.dtype.kind != want.dtype.kind or (got.dtype.kind != "S" and got.dtype != want.dtype):
        return f"got {got.dtype}{list(got.shape)}, expected {want.dtype}{list(want.shape)}"
    if bfloat16:
        got, want = widened(got), widened(want)
    if want.dtype.kind not in "fc":
        wrong = got != want
    else:
        tolerance = ulps * (2.0**-7 if bfloat16 else np.finfo(want.dtype).eps)
        size = np.nanmax(np.abs(want), initial=0) if to_largest else np.abs(want) + 1e-3
        with np.errstate(invalid="ignore"):
            near = np.abs(got.astype(np.complex128) - want) <= tolerance * size
        wrong = ~(near | (got == want) | (np.isnan(got) & np.isnan(want)))
    if not wrong.any():
        return None
    return f"{wrong.sum()} of {wrong.size} differ, first at {np.argwhere(wrong)[0]}: {got[wrong][0]!r}, expected {want[wrong][0]!r}"


def check(family, folder, ulps, to_largest):
    arrays = load(family + ".npz")
    right = 0
    for run in range(runs_of(arrays)):
        got = load(f"{folder}/out/s{run + ('init' in family)}.npz")
        for key, want in arrays.items():
            prefix = f"run{run}/"
            if not key.startswith(prefix):
                continue
            name = key[len(prefix):]
            message = differs(got[name], want, ulps, to_largest, name.encode() in arrays.get("bfloat16", ()))
            if message:
                print(f"{key}: {message}")
            else:
                right += 1
    print(f"{right} of {sum(key.startswith('run') for key in arrays)} tensors are right")


if sys.argv[1] == "steps":
    write_steps(sys.argv[2], sys.argv[3])
else:
    options = sys.argv[4:]
    check(sys.argv[2], sys.argv[3], float(options[options.index("--ulps") + 1]) if "--ulps" in options else 8, "--to-largest" in options)

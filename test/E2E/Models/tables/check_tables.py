"""check_tables.py feeds DIR | check DIR: the feeds of tables.test, and what came out beside expected.npz."""
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def main(what, folder):
    expected = dict(np.load(HERE + "/expected.npz"))
    if what == "feeds":
        names = {"first": {key: f"{key}:0" for key in ("words", "numbers", "step")},
                 "second": {key: f"serving_default_{key}:0" for key in ("words", "numbers")}}
        for model, feeds in names.items():
            for kind, keys in (("", ("words", "numbers")), ("-step", ("step",))):
                np.savez(f"{folder}/{model}{kind}.npz", **{feeds[key]: expected["feed/" + key] for key in keys if key in feeds})
        return
    right = wrong = 0
    for name in sorted(os.listdir(folder)):
        got = dict(np.load(f"{folder}/{name}"))
        prefix = {"s0": "first/serving_default/run0/", "s1": "first/count/run0/", "s2": "first/serving_default/run1/",
                  "s3": "first/count/run1/"}.get(name[:2], "second/")
        wanted = {key[len(prefix):]: value for key, value in expected.items() if key.startswith(prefix)}
        # Results have the names of tensors: the values are told apart by what they are.
        left = list(got.values())
        for key, value in wanted.items():
            match = [i for i, other in enumerate(left) if other.dtype.kind == value.dtype.kind and np.array_equal(other, value)]
            right, wrong = right + bool(match), wrong + (not match)
            if match:
                left.pop(match[0])
            else:
                print("missing", name, key, value.tolist(), "among", [other.tolist() for other in left])
        wrong += len(left)
    print(f"{right} right, {wrong} wrong")


main(*sys.argv[1:])

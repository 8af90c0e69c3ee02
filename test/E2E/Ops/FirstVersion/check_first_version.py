"""check_first_version.py steps DIR | check DIR: runs of first-version.test, and their results beside values.npz."""
import json
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def main(what, folder):
    wanted = dict(np.load(HERE + "/values.npz"))
    if what == "steps":
        steps = []
        for target, path in (("save", "whole"), ("save_part0", "parts-00000-of-00002"), ("save_part1", "parts-00001-of-00002")):
            np.savez(f"{folder}/{target}.npz", **{"path:0": np.array(path.encode())})
            steps.append({"feeds": target + ".npz", "fetch": [], "target": [target]})
        # In a run of its own each: an assignment in the same run would be the same variable's.
        steps += [{"feeds": None, "fetch": [name]} for name in wanted]
        with open(folder + "/steps.json", "w") as file:
            json.dump(steps, file)
        return
    right = 0
    for i, (name, value) in enumerate(wanted.items()):
        got = np.load(f"{folder}/out/s{i + 3}.npz")[name]
        same = got.dtype == value.dtype and np.array_equal(got, value)
        right += same
        if not same:
            print(name, "is", got.tolist(), "expected", value.tolist())
    print(f"{right} of {len(wanted)} right")


main(*sys.argv[1:])

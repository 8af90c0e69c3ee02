"""check_sharded.py TGC_RUN: sharded.pb has variables a, b and the partitioned p (two parts), and a Saver that writes a shard for each of two
devices. The checkpoint `sharded` is TensorFlow's (2.19.1), after `bump`: a = [2, 3, 4], b = [5, 6], p = 0, 2, ..., 18. tgc restores it,
bumps, saves, and restores that."""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

inputs = os.path.dirname(os.path.abspath(__file__))
values = ["ra:0", "rb:0", "rp:0"]
with tempfile.TemporaryDirectory() as work:
    for name, prefix in (("theirs", os.path.join(inputs, "sharded")), ("ours", os.path.join(work, "saved"))):
        np.savez(os.path.join(work, name + ".npz"), **{"save/Const:0": np.array(prefix.encode())})
    restore = {"fetch": [], "target": ["save/restore_all"]}
    steps = [{"feeds": "theirs.npz", **restore}, {"feeds": None, "fetch": values, "target": []},
             {"feeds": None, "fetch": [], "target": ["bump"]}, {"feeds": "ours.npz", "fetch": ["save/Identity:0"], "target": []},
             {"feeds": None, "fetch": [], "target": ["init"]}, {"feeds": "ours.npz", **restore}, {"feeds": None, "fetch": values, "target": []}]
    with open(os.path.join(work, "steps.json"), "w") as file:
        json.dump(steps, file)
    subprocess.run([sys.argv[1], os.path.join(inputs, "sharded.pb"), "--script", os.path.join(work, "steps.json"), "--out",
                    os.path.join(work, "out")], check=True)
    for step in (1, 6):
        got = np.load(os.path.join(work, "out", f"s{step}.npz"))
        print("step", step, *[got[value].ravel().tolist() for value in values])
    print("left:", *sorted(name for name in os.listdir(work) if name.startswith("saved") and name.count(".") == 1))

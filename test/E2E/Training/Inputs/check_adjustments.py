"""check_adjustments.py TGC_RUN GRAPH KEYS VARIABLE AVERAGE...: one step of gradient descent for each average (0: there is none), with the
optimizer's KEYS. After the first the variable w must be its start times VARIABLE, or the numbers of VARIABLE; after each the checkpoint
must hold the start times AVERAGE."""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

tool, graph, keys, variable, *averages = sys.argv[1:]
start = np.array([3, 0, 4, 1], "f4")
numbers = [float(n) for n in variable.split(",")]
wanted = np.array(numbers, "f4") if len(numbers) > 1 else start * np.float32(numbers[0])
with tempfile.TemporaryDirectory() as work:
    steps = [{"feeds": None, "fetch": [], "target": ["init"]}]
    for i in range(len(averages)):
        steps += [{"feeds": None, "fetch": [], "target": ["train"]}, {"feeds": None, "fetch": ["w/read:0"], "target": []},
                  {"save": os.path.join(work, f"step{i}")}]
    with open(os.path.join(work, "steps.json"), "w") as file:
        json.dump(steps, file)
    keys += "" if "global_step" in keys else ",global_step="
    subprocess.run([tool, graph, "--minimize", "loss:0", "--optimizer", "sgd:learning_rate=0.1," + keys, "--script",
                    os.path.join(work, "steps.json"), "--out", os.path.join(work, "out")], check=True)
    got = np.load(os.path.join(work, "out", "s2.npz"))["w/read:0"].ravel()
    assert np.allclose(got, wanted, rtol=1e-6), (got, wanted)
    for i, factor in enumerate(averages):
        with open(os.path.join(work, f"step{i}.data-00000-of-00001"), "rb") as file:
            data = np.frombuffer(file.read(), "f4")
        windows = np.lib.stride_tricks.sliding_window_view(data, 4)
        found = [np.allclose(window, start * np.float32(factor), rtol=1e-6) for window in windows]
        assert any(found) or not float(factor), (data, factor)
print("as expected")

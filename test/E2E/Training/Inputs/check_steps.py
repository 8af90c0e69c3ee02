"""check_steps.py TGC_RUN NAME [TOLERANCE]: runs the steps of NAME.npz, which TensorFlow 2.19.1 ran in one session over NAME.pb, and
compares what they fetch: `STEP/feed/TENSOR` and `STEP/fetch/TENSOR` are their values."""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

inputs = os.path.join(os.path.dirname(os.path.abspath(__file__)), sys.argv[2])
recorded = np.load(inputs + ".npz")
tolerance = float(sys.argv[3]) if len(sys.argv) > 3 else 1e-6
with tempfile.TemporaryDirectory() as work:
    steps = json.loads(recorded["steps"].item())
    for i, step in enumerate(steps):
        mark = f"{i}/feed/"
        if step["feeds"]:
            step["feeds"] = f"f{i}.npz"
            np.savez(os.path.join(work, step["feeds"]), **{k[len(mark):]: recorded[k] for k in recorded.files if k.startswith(mark)})
        else:
            step["feeds"] = None
    with open(os.path.join(work, "steps.json"), "w") as file:
        json.dump(steps, file)
    subprocess.run([sys.argv[1], inputs + ".pb", "--script", os.path.join(work, "steps.json"), "--out", os.path.join(work, "out")], check=True)
    count = 0
    for i, step in enumerate(steps):
        for tensor in step["fetch"]:
            got, want = np.load(os.path.join(work, "out", f"s{i}.npz"))[tensor], recorded[f"{i}/fetch/{tensor}"]
            assert got.shape == want.shape and np.allclose(got, want, tolerance, tolerance / 100, equal_nan=True), (i, tensor, got, want)
            count += 1
print(count, "values are TensorFlow's")

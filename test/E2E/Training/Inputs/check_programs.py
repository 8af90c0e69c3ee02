"""check_programs.py TGC_RUN NAME: trains the programs of NAME.npz and compares losses and variables with those of TensorFlow 2.19.1.

`PROGRAM/graph` is a forward graph with a loss and an op init_all, `PROGRAM/flags` what tgc-run is told, `PROGRAM/STEP/feed/TENSOR` and
`PROGRAM/STEP/loss` are a step, `PROGRAM/final/VARIABLE` what TensorFlow's optimizer left behind. What several programs have alike stands
under `shared` once."""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

recorded = np.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), sys.argv[2] + ".npz"))
programs = sorted({key.split("/")[0] for key in recorded.files} - {"shared"})
losses = variables = 0
for program in programs:
    mine = {key.split("/", 1)[1]: recorded[key] for owner in ("shared", program) for key in recorded.files if key.startswith(owner + "/")}
    finals = {key[6:]: value for key, value in mine.items() if key.startswith("final/")}
    numbers = sorted({key.split("/")[0] for key in mine if key.split("/")[0].isdigit()})
    with tempfile.TemporaryDirectory() as work:
        graph = os.path.join(work, "loss.pb")
        mine["graph"].tofile(graph)
        steps = [{"feeds": None, "fetch": [], "target": ["init_all"]}]
        for i in numbers:
            mark = i + "/feed/"
            np.savez(os.path.join(work, f"f{i}.npz"), **{key[len(mark):]: mine[key] for key in mine if key.startswith(mark)})
            steps.append({"feeds": f"f{i}.npz", "fetch": ["loss:0"], "target": ["train"]})
        # A variable is fetched by its name, a slot from what a checkpoint holds.
        steps.append({"save": os.path.join(work, "final")})
        with open(os.path.join(work, "steps.json"), "w") as file:
            json.dump(steps, file)
        subprocess.run([sys.argv[1], graph, "--minimize", "loss:0", *json.loads(mine["flags"].item()), "--script", os.path.join(work, "steps.json"),
                        "--out", os.path.join(work, "out")], check=True)
        for i in numbers:
            got = np.load(os.path.join(work, "out", f"s{int(i) + 1}.npz"))["loss:0"]
            assert np.allclose(got, mine[i + "/loss"], 1e-4, 1e-5), (program, "loss", i, got, mine[i + "/loss"])
            losses += 1
        # The checkpoint has the variables one behind the other, by name.
        with open(os.path.join(work, "final.data-00000-of-00001"), "rb") as file:
            data, at = file.read(), 0
        for name in sorted(finals):
            want = finals[name]
            got = np.frombuffer(data[at:at + want.nbytes], want.dtype).reshape(want.shape)
            assert np.allclose(got, want, 1e-4, 1e-5), (program, name, got, want)
            at, variables = at + want.nbytes, variables + 1
        assert at == len(data), (program, at, len(data))
print(f"{len(programs)} programs, {losses} losses and {variables} variables are TensorFlow's")

#!/usr/bin/env python3
"""Runs a case that make_frames.py wrote and compares with TensorFlow: check_frames.py TGC-RUN CASE FOLDER [TGC].

Runs that succeed are one session; a run that must fail is a session of its own. With TGC the case becomes a library first, for
the runs that fetch what the first one does.
"""
import json
import os
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def run(tool, case, folder, name, runs, arrays):
    """(exit status, messages, folder with the results)."""
    out = os.path.join(folder, name)
    os.makedirs(out, exist_ok=True)
    steps = []
    for i, entry in enumerate(runs):
        np.savez(os.path.join(out, f"f{i}.npz"), **{tensor: arrays[key] for tensor, key in entry["feeds"].items()})
        steps.append({"feeds": f"f{i}.npz" if entry["feeds"] else None, "fetch": list(entry["fetches"]), "target": entry["targets"]})
    with open(os.path.join(out, "steps.json"), "w") as file:
        json.dump(steps, file)
    done = subprocess.run([tool, case if case.endswith(".so") else os.path.join(HERE, case + ".pb"), "--script", os.path.join(out, "steps.json"), "--out", out],
                          capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr, out


def run_compiled(tgc, tool, case, folder, runs, arrays):
    """The same, by way of a library."""
    os.makedirs(folder, exist_ok=True)
    library = os.path.join(folder, case + ".so")
    command = [tgc, os.path.join(HERE, case + ".pb"), "-o", library]
    for option, names in (("--feeds", runs[0]["feeds"]), ("--fetches", runs[0]["fetches"]), ("--targets", runs[0]["targets"])):
        command += [option, ",".join(names)] if names else []
    subprocess.run(command, check=True)
    runs = [entry for entry in runs if all(list(entry[what]) == list(runs[0][what]) for what in ("feeds", "fetches", "targets"))]
    return runs, run(tool, library, folder, "compiled", runs, arrays)


def main():
    tool, case, folder = sys.argv[1:4]
    with open(os.path.join(HERE, case + ".json")) as file:
        log = json.load(file)
    arrays = np.load(os.path.join(HERE, case + ".npz"))
    good = [entry for entry in log if "error" not in entry]
    if len(sys.argv) > 4:
        good, (status, text, out) = run_compiled(sys.argv[4], tool, case, folder, good, arrays)
        log = []
    else:
        status, text, out = run(tool, case, folder, "good", good, arrays)
    if status:
        sys.exit(f"{case}: {text}")
    compared = 0
    for i, entry in enumerate(good):
        results = np.load(os.path.join(out, f"s{i}.npz")) if entry["fetches"] else {}
        for tensor, key in entry["fetches"].items():
            np.testing.assert_allclose(results[tensor], arrays[key], rtol=2e-5, atol=1e-5, err_msg=f"{case}: run {i}, {tensor}")
            compared += 1
    for i, entry in enumerate(log):
        if "error" in entry:
            status, text, _ = run(tool, case, folder, f"bad{i}", [entry], arrays)
            if not status or entry["error"] not in text:
                sys.exit(f"{case}: run {i} must fail with '{entry['error']}', got status {status}: {text}")
            compared += 1
    print(f"{case}: {compared} results are right")


if __name__ == "__main__":
    main()

"""Runs the side-by-side benchmark with tgc among the peers, and prints the ratios.

    python3 side-by-side.py BENCH --data D --venvs V --work W --json results.json [--peer tgc --peer tf ...]

BENCH is the folder of the benchmark (bench.py, peers/); what follows goes to its bench.py. A ratio is the best peer's
time over tgc's: above 1, tgc is faster. Times are of the CPU (the median times the share of CPUs that the process had),
so that what else runs on the machine matters less.
"""
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def print_ratios(path):
    with open(path) as file:
        runs = json.load(file)["runs"]
    best = {}
    for run in runs:
        if "median_ms" in run:
            key = run["model"], run["threads"], run["peer"]
            best[key] = min(best.get(key, math.inf), run["median_ms"] * run["cpu_share"])
        elif run["peer"] == "tgc" and "fail" in run:
            print(f"tgc failed on {run['model']}: {run['fail']}")
    logs = []
    print("| model | threads | tgc ms | best peer | best peer / tgc |\n| --- | --- | --- | --- | --- |")
    for model, threads in sorted({key[:2] for key in best}):
        own = best.get((model, threads, "tgc"))
        others = {peer: time for (m, t, peer), time in best.items() if (m, t) == (model, threads) and peer != "tgc"}
        if own is None or not others:
            continue
        peer = min(others, key=others.get)
        logs.append(math.log(others[peer] / own))
        print(f"| {model} | {threads} | {own:.4g} | {peer} {others[peer]:.4g} | {others[peer] / own:.2f} |")
    if logs:
        print(f"geometric mean of {len(logs)}: {math.exp(sum(logs) / len(logs)):.2f}")


def main():
    bench, arguments = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as copy:
        shutil.copytree(bench, copy, dirs_exist_ok=True)
        shutil.copy(os.path.join(HERE, "tgc_peer.py"), os.path.join(copy, "peers"))
        status = subprocess.run([sys.executable, os.path.join(copy, "bench.py"), *arguments]).returncode
    print_ratios(arguments[arguments.index("--json") + 1])
    return status


if __name__ == "__main__":
    sys.exit(main())

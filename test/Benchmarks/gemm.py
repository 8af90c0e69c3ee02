#!/usr/bin/env python3
"""Products of matrices in f32 on one thread: tgc beside the BLAS that this Python's numpy has, or beside oneDNN.

    gemm.py --tgc-run build/bin/tgc-run [--onednn onednn-gemm] [--form nn] [--rounds 3] [M,N,K ...]

Weights are fed (--fed: packed in each run) or constants (packed when compiling). --form says how the operands lie: tn with a left one
of K rows and M columns. onednn-gemm is made of onednn-gemm.cpp. Each round runs both, so that what disturbs one is likely to disturb
the other; the best of each counts. Absolute numbers mean little on a shared machine: read the ratios.
"""
import argparse
import math
import os
import re
import subprocess
import sys
import tempfile
import time

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np  # noqa: E402  (the threads are set before)

SHAPES = [f"{s},{s},{s}" for s in (64, 128, 256, 512, 768, 1024, 1536, 2048)]
SHAPES += [f"{m},{n},{k}" for n, k in ((300, 784), (100, 300), (10, 100), (1024, 1024)) for m in (1, 7, 32, 100, 128)]
SHAPES += ["4096,64,16", "3136,64,576", "784,128,1152", "196,256,2304", "49,512,4608", "3136,256,64", "3136,64,256", "784,512,128",
           "49,512,2048", "49,2048,512", "1,512,256", "1,2048,1024", "1,4096,1024", "128,4096,1024", "1,1000,2048", "32,1000,2048"]


def write_case(directory, m, n, k, form, fed):
    rng = np.random.default_rng(0)
    shapes = [(k, m) if form[0] == "t" else (m, k), (n, k) if form[1] == "t" else (k, n)]
    a, b = (rng.standard_normal(shape, dtype=np.float32) for shape in shapes)
    left, right = (f"tensor<{rows}x{columns}xf32>" for rows, columns in shapes)
    marks = [" transposed" if side == "t" else "" for side in form]
    feeds = {"a:0": a}
    argument, constant = "", f'  %b = tg.constant dense<"0x{b.tobytes().hex()}"> : {right}\n'
    if fed:
        argument, constant = f', %b: {right} {{tg.feed = "b:0"}}', ""
        feeds["b:0"] = b
    with open(directory + "/case.mlir", "w") as f:
        f.write(f'func.func @main(%a: {left} {{tg.feed = "a:0"}}{argument}) -> (tensor<{m}x{n}xf32> '
                f'{{tg.fetch = "c:0"}}) attributes {{tg.entry = "main"}} {{\n{constant}'
                f'  %c = tg.matmul %a{marks[0]}, %b{marks[1]} : ({left}, {right}) -> tensor<{m}x{n}xf32>\n'
                f'  return %c : tensor<{m}x{n}xf32>\n}}\n')
    np.savez(directory + "/in.npz", **feeds)
    return a.T if form[0] == "t" else a, b.T if form[1] == "t" else b


def time_tgc(tool, directory):
    """The seconds of the fastest run."""
    output = subprocess.run([tool, directory + "/case.mlir", "--feeds", directory + "/in.npz", "--benchmark", "--threads", "1"],
                            check=True, capture_output=True, text=True).stdout
    value, unit = re.search(r"min\s+([0-9.]+) (ns|us|ms|s)\b", output).groups()
    return float(value) * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[unit]


def time_numpy(a, b):
    best, end = math.inf, time.perf_counter() + 0.3
    out = np.empty((a.shape[0], b.shape[1]), np.float32)
    while time.perf_counter() < end:
        start = time.perf_counter()
        np.matmul(a, b, out=out)
        best = min(best, time.perf_counter() - start)
    return best


def time_onednn(program, m, n, k, form, fed):
    command = [program, str(m), str(n), str(k), form, "fed" if fed else "constant"]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tgc-run", required=True)
    parser.add_argument("--onednn", help="the program that times oneDNN")
    parser.add_argument("--form", choices=("nn", "nt", "tn", "tt"), default="nn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fed", action="store_true")
    parser.add_argument("shapes", nargs="*", default=SHAPES)
    options = parser.parse_args()
    other = "oneDNN" if options.onednn else "numpy"
    print(f"{'M,N,K':>16} {'tgc GF/s':>9} {other + ' GF/s':>11} {'tgc/' + other:>10}")
    ratios = []
    for shape in options.shapes:
        m, n, k = map(int, shape.split(","))
        with tempfile.TemporaryDirectory() as directory:
            a, b = write_case(directory, m, n, k, options.form, options.fed)
            rounds = [(time_tgc(options.tgc_run, directory),
                       time_onednn(options.onednn, m, n, k, options.form, options.fed) if options.onednn else time_numpy(a, b))
                      for _ in range(options.rounds)]
        ours, theirs = map(min, zip(*rounds))
        ratios.append(theirs / ours)
        print(f"{shape:>16} {2e-9 * m * n * k / ours:9.1f} {2e-9 * m * n * k / theirs:11.1f} {ratios[-1]:10.2f}", flush=True)
    print(f"geometric mean of tgc/{other} over {len(ratios)} shapes: {math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}")


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Products of matrices in f32 on one thread: tgc beside the BLAS that this Python's numpy has.

    gemm.py --tgc-run build/bin/tgc-run [--rounds 3] [M,N,K ...]

Weights are fed (--fed: packed in each run) or constants (packed when compiling). Each round runs both, so that what disturbs one is
likely to disturb the other; the best of each counts. Absolute numbers mean little on a shared machine: read the ratios.
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

SHAPES = ["64,64,64", "128,128,128", "256,256,256", "512,512,512", "1024,1024,1024", "1,300,784", "7,300,784", "32,300,784", "128,300,784",
          "1,10,100", "32,10,100", "128,10,100", "1,1024,1024", "7,1024,1024", "32,1024,1024", "128,1024,1024", "4096,64,16", "3136,64,576",
          "784,128,1152", "196,256,2304", "49,512,4608", "3136,64,256", "784,512,128", "1,2048,1024", "32,1000,2048"]


def write_case(directory, m, n, k, fed):
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape, dtype=np.float32) for shape in ((m, k), (k, n)))
    feeds = {"a:0": a}
    argument, constant = "", f'  %b = tg.constant dense<"0x{b.tobytes().hex()}"> : tensor<{k}x{n}xf32>\n'
    if fed:
        argument, constant = f', %b: tensor<{k}x{n}xf32> {{tg.feed = "b:0"}}', ""
        feeds["b:0"] = b
    with open(directory + "/case.mlir", "w") as f:
        f.write(f'func.func @main(%a: tensor<{m}x{k}xf32> {{tg.feed = "a:0"}}{argument}) -> (tensor<{m}x{n}xf32> '
                f'{{tg.fetch = "c:0"}}) attributes {{tg.entry = "main"}} {{\n{constant}'
                f'  %c = tg.matmul %a, %b : (tensor<{m}x{k}xf32>, tensor<{k}x{n}xf32>) -> tensor<{m}x{n}xf32>\n'
                f'  return %c : tensor<{m}x{n}xf32>\n}}\n')
    np.savez(directory + "/in.npz", **feeds)
    return a, b


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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tgc-run", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fed", action="store_true")
    parser.add_argument("shapes", nargs="*", default=SHAPES)
    options = parser.parse_args()
    print(f"{'M,N,K':>16} {'tgc GF/s':>9} {'numpy GF/s':>10} {'tgc/numpy':>9}")
    ratios = []
    for shape in options.shapes:
        m, n, k = map(int, shape.split(","))
        with tempfile.TemporaryDirectory() as directory:
            a, b = write_case(directory, m, n, k, options.fed)
            rounds = [(time_tgc(options.tgc_run, directory), time_numpy(a, b)) for _ in range(options.rounds)]
        ours, theirs = map(min, zip(*rounds))
        ratios.append(theirs / ours)
        print(f"{shape:>16} {2e-9 * m * n * k / ours:9.1f} {2e-9 * m * n * k / theirs:10.1f} {ratios[-1]:9.2f}", flush=True)
    print(f"geometric mean of tgc/numpy over {len(ratios)} shapes: {math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}")


if __name__ == "__main__":
    sys.exit(main())

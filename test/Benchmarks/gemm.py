#!/usr/bin/env python3
"""Products of matrices in f32 on one thread: tgc beside oneDNN and OpenBLAS, and what share of the machine's peak it reaches.

    gemm.py --tgc build/bin/tgc --libraries DIR --peers gemm-peers [--peers OTHER] [--openblas LIBRARY] [--kinds constant,nn,nt,tn,tt]
            [--seconds 0.25] [--only compile] [M,N,K ...]

A kind is how both operands lie, where both are known in the run only (tn: a left one of K rows and M columns), or `constant`: the right
one is packed before. DIR keeps the library that tgc makes of each case. gemm-peers is made of gemm-peers.cpp and one oneDNN; of several,
the best time counts, and the last brings OpenBLAS. All that are in one program run by turns, SECONDS for each case: what disturbs one is
likely to disturb its neighbours, and ratios are of medians. Above 1, tgc is faster.
"""
import argparse
import glob
import math
import os
import subprocess
import sys

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
import numpy as np  # noqa: E402  (the threads are set before)

SHAPES = [f"{s},{s},{s}" for s in (64, 128, 256, 512, 768, 1024, 1536, 2048)]
SHAPES += [f"{m},{n},{k}" for n, k in ((300, 784), (100, 300), (10, 100), (1024, 1024)) for m in (1, 7, 32, 100, 128)]
SHAPES += ["4096,64,16", "3136,64,576", "784,128,1152", "196,256,2304", "49,512,4608", "3136,256,64", "3136,64,256", "784,512,128",
           "49,512,2048", "49,2048,512", "1,512,256", "1,2048,1024", "1,4096,1024", "128,4096,1024", "1,1000,2048", "32,1000,2048"]


def compile_case(tgc, path, m, n, k, kind):
    """The library of a case, unless it is there."""
    if os.path.exists(path):
        return
    is_fed, form = kind != "constant", "nn" if kind == "constant" else kind
    shapes = [(k, m) if form[0] == "t" else (m, k), (n, k) if form[1] == "t" else (k, n)]
    left, right = (f"tensor<{rows}x{columns}xf32>" for rows, columns in shapes)
    marks = [" transposed" if side == "t" else "" for side in form]
    argument, constant = f', %b: {right} {{tg.feed = "b:0"}}', ""
    if not is_fed:
        elements = np.random.default_rng(0).standard_normal(shapes[1], dtype=np.float32)
        argument, constant = "", f'  %b = tg.constant dense<"0x{elements.tobytes().hex()}"> : {right}\n'
    text = (f'func.func @main(%a: {left} {{tg.feed = "a:0"}}{argument}) -> (tensor<{m}x{n}xf32> '
            f'{{tg.fetch = "c:0"}}) attributes {{tg.entry = "main"}} {{\n{constant}'
            f'  %c = tg.matmul %a{marks[0]}, %b{marks[1]} : ({left}, {right}) -> tensor<{m}x{n}xf32>\n'
            f'  return %c : tensor<{m}x{n}xf32>\n}}\n')
    source = path + ".mlir"
    with open(source, "w") as f:
        f.write(text)
    subprocess.run([tgc, source, "--target", "cpu:native", "-o", path], check=True)
    os.remove(source)


def measure(programs, library, shape, kind, seconds, openblas):
    """The peak in GF/s, tgc's seconds, and by how much the peers are slower."""
    peak, ours, ratios = 0, math.inf, {}
    for program in programs:
        command = [program, library, *shape, kind, str(seconds)] + ([openblas] if openblas and program == programs[-1] else [])
        words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        medians = dict(zip(words[2::3], map(float, words[4::3])))
        peak, own = max(peak, float(words[1])), medians.pop("tgc")
        ours = min(ours, own)
        for name, theirs in medians.items():
            name = "oneDNN" if name in ("matmul", "sgemm") else name
            ratios[name] = min(ratios.get(name, math.inf), theirs / own)
    return peak, ours, ratios


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tgc", required=True)
    parser.add_argument("--libraries", required=True, help="folder of the cases' libraries")
    parser.add_argument("--peers", action="append", default=[], help="the program that times all of them, made with one oneDNN")
    parser.add_argument("--openblas", default=next(iter(glob.glob(os.path.dirname(np.__file__) + ".libs/libscipy_openblas64_*")), ""))
    parser.add_argument("--kinds", default="constant,nn,nt,tn,tt")
    parser.add_argument("--seconds", type=float, default=0.25)
    parser.add_argument("--only", choices=("compile",))
    parser.add_argument("shapes", nargs="*", default=SHAPES)
    options = parser.parse_args()
    os.makedirs(options.libraries, exist_ok=True)
    for kind in options.kinds.split(","):
        rows = []
        for shape in options.shapes:
            sizes = shape.split(",")
            library = os.path.abspath(os.path.join(options.libraries, "_".join([*sizes, kind]) + ".so"))
            compile_case(options.tgc, library, *map(int, sizes), kind)
            if options.only == "compile":
                continue
            peak, ours, ratios = measure(options.peers, library, sizes, kind, options.seconds, options.openblas)
            rate = 2e-9 * math.prod(map(int, sizes)) / ours
            if not rows:
                print(f"| {kind} | GF/s | of the peak | {' | '.join(ratios)} |\n|{' --- |' * (3 + len(ratios))}")
            rows.append(ratios)
            print(f"| {shape} | {rate:.1f} | {rate / peak:.2f} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios.values()) + " |",
                  flush=True)
        if rows:
            means = (f"{name} {mean([row[name] for row in rows]):.2f} (least {min(row[name] for row in rows):.2f})" for name in rows[0])
            print(f"geometric means of {len(rows)} shapes: " + ", ".join(means) + "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())

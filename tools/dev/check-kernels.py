#!/usr/bin/env python3
"""Runs kernels of each family on the driver over the simulator, for each element type and ragged sizes, compares them with numpy, and prints a table of how many runs
agree, in Markdown: `tools/dev/check-kernels.py --bin build/bin --driver build/lib/libtgc-ptx-driver.so`."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "test/E2E/Device/Inputs"))
from graph import Graph, Type  # noqa: E402

SIDES = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65]
FLOATS, INTEGERS = ["float16", "bfloat16", "float32", "float64"], ["int32", "int64"]
TOLERANCE = {"float16": 2e-2, "bfloat16": 2e-2, "float32": 1e-4, "float64": 1e-10}


def softmax(x):
    e = numpy.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# Of each family: element types, feeds by the sizes of a run (-1: only the run shows it), nodes, and what numpy makes of the feeds.
def flat(g, t):
    g.node("s", "AddV2", ["a", "b"], T=t)
    g.node("y", "Mul", ["s", "a"], T=t)


def rows(g, t):
    g.constant("axis", 1)
    g.node("y", "Sum", ["a", "axis"], T=t, Tidx=Type("int32"), keep_dims=False)


def columns(g, t):
    g.constant("axis", 0)
    g.node("y", "Sum", ["a", "axis"], T=t, Tidx=Type("int32"), keep_dims=False)


def product(g, t):
    g.node("y", "MatMul", ["a", "b"], T=t, transpose_a=False, transpose_b=False)


def attention(g, t):
    g.node("scores", "BatchMatMulV2", ["a", "b"], T=t, adj_x=False, adj_y=True)
    g.node("weights", "Softmax", ["scores"], T=t)
    g.node("y", "BatchMatMulV2", ["weights", "c"], T=t, adj_x=False, adj_y=False)


def convolution(g, t):
    g.node("y", "Conv2D", ["a", "b"], T=t, strides=[1, 1, 1, 1], padding="SAME", data_format="NHWC")


def convolve(a, b):
    padded = numpy.pad(a, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return sum(padded[:, i : i + a.shape[1], j : j + a.shape[2]] @ b[i, j] for i in range(3) for j in range(3))


ragged = [(n, SIDES[-1 - i]) for i, n in enumerate(SIDES)]
FAMILIES = {
    "elements one by one, a row for all": (FLOATS + INTEGERS, flat, {"a": [-1, -1], "b": [-1]}, [{"a": (n, m), "b": (m,)} for n, m in ragged], lambda a, b: (a + b) * a, {}),
    "sums of rows": (FLOATS + INTEGERS, rows, {"a": [-1, -1]}, [{"a": (n, m)} for n, m in [*ragged, (3, 2049)]], lambda a: a.sum(1), {}),
    "sums of columns": (FLOATS + INTEGERS, columns, {"a": [-1, -1]}, [{"a": (n, m)} for n, m in ragged], lambda a: a.sum(0), {}),
    "softmax": (FLOATS, lambda g, t: g.node("y", "Softmax", ["a"], T=t), {"a": [-1, -1]}, [{"a": (n, m)} for n, m in ragged], softmax, {}),
    "products": (FLOATS + INTEGERS, product, {"a": [-1, -1], "b": [-1, -1]}, [{"a": (n, k), "b": (k, m)} for (n, m), k in zip(ragged, SIDES[7:] + SIDES[:7])], lambda a, b: a @ b, {}),
    "products, tf32": (["float32"], product, {"a": [-1, 64], "b": [64, 64]}, [{"a": (n, 64), "b": (64, 64)} for n in SIDES], lambda a, b: a @ b, {"--gpu-f32": "tf32"}),
    "products, tf32x3": (["float32"], product, {"a": [-1, 64], "b": [64, 64]}, [{"a": (n, 64), "b": (64, 64)} for n in SIDES], lambda a, b: a @ b, {"--gpu-f32": "tf32x3"}),
    "products of warpgroups": (["float16", "bfloat16"], product, {"a": [-1, 128], "b": [128, 256]}, [{"a": (n, 128), "b": (128, 256)} for n in (1, 65, 127, 129)], lambda a, b: a @ b, {"--device": "cuda:sm_90a"}),
    "attention": (["float16", "bfloat16", "float32"], attention, {"a": [2, -1, 64], "b": [2, -1, 64], "c": [2, -1, 64]}, [{"a": (2, n, 64), "b": (2, m, 64), "c": (2, m, 64)} for n, m in ragged[::3]],
                  lambda a, b, c: softmax(a @ b.swapaxes(1, 2)) @ c, {}),
    "convolutions": (["float16", "bfloat16", "float32", "float64"], convolution, {"a": [-1, -1, -1, 8], "b": [3, 3, 8, 16]}, [{"a": (n, 3 + n, 9 - n, 8), "b": (3, 3, 8, 16)} for n in (1, 2, 3)], convolve, {}),
}


def run(options, dtype, write, feeds, sizes, compute, flags, folder):
    """How many runs agree with numpy; values are whole numbers, so only exponentials are not exact."""
    g, isCast = Graph(), dtype == "bfloat16"
    for name, dims in feeds.items():
        g.placeholder(name + "_f32" if isCast else name, "float32" if isCast else dtype, dims)
        if isCast:
            g.node(name, "Cast", [name + "_f32"], SrcT=Type("float32"), DstT=Type("bfloat16"))
    write(g, Type(dtype))
    if isCast:
        g.node("y_f32", "Cast", ["y"], SrcT=Type("bfloat16"), DstT=Type("float32"))
    g.text += "versions { producer: 1087 }\n"
    (folder / "graph.pbtxt").write_text(g.text)
    r, steps, wanted = numpy.random.default_rng(3), [], []
    for number, shapes in enumerate(sizes):
        values = {name: r.integers(-2, 3, shape) / (1 if dtype[0] == "i" else 4) for name, shape in shapes.items()}
        stored = "float32" if isCast else dtype
        numpy.savez(folder / f"in{number}.npz", **{name + ("_f32:0" if isCast else ":0"): value.astype(stored) for name, value in values.items()})
        steps.append({"feeds": f"in{number}.npz", "fetch": ["y_f32:0" if isCast else "y:0"], "target": []})
        wanted.append(compute(*values.values()))
    (folder / "steps.json").write_text(json.dumps(steps))
    environment = dict(os.environ, TGC_CUDA_DRIVER=options.driver, TGC_PTX_DRIVER="trace,capability=90")
    command = [f"{options.bin}/tgc-run", str(folder / "graph.pbtxt"), "--script", str(folder / "steps.json"), "--out", str(folder / "out")]
    flags = {"--device": "cuda", **flags}
    done = subprocess.run(command + [f"{flag}={value}" for flag, value in flags.items()], env=environment, capture_output=True, text=True)
    if done.returncode or done.stderr.count("launch k") < len(sizes):
        print(done.stderr[-2000:], file=sys.stderr)
    agreed = 0
    for number, want in enumerate(wanted):
        path = folder / "out" / f"s{number}.npz"
        if path.exists() and done.stderr.count("launch k") >= len(sizes):
            (got,) = numpy.load(path).values()
            tolerance = TOLERANCE.get(dtype, 0)
            agreed += got.shape == want.shape and numpy.allclose(got.astype("float64"), want, rtol=tolerance, atol=tolerance)
    return f"{agreed}/{len(wanted)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--family", help="only those with this in their names")
    options = parser.parse_args()
    options.driver = os.path.abspath(options.driver)
    types = FLOATS + INTEGERS
    print("| kernels | " + " | ".join(types) + " |\n" + "| --- " * (len(types) + 1) + "|", flush=True)
    bad = False
    for name, (allowed, *family) in FAMILIES.items():
        if options.family and options.family not in name:
            continue
        cells = []
        for dtype in types:
            with tempfile.TemporaryDirectory() as folder:
                cells.append(run(options, dtype, *family, pathlib.Path(folder)) if dtype in allowed else "-")
        bad |= any(len(set(cell.split("/"))) > 1 for cell in cells if cell != "-")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    sys.exit(bad)


if __name__ == "__main__":
    main()

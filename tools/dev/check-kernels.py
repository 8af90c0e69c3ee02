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


def join(g, t):
    g.node("c", "Neg", ["a"], T=t)
    g.constant("axis", 1)
    g.node("joined", "ConcatV2", ["c", "b", "axis"], T=t, N=2, Tidx=Type("int32"))
    g.node("y", "AddV2", ["joined", "joined"], T=t)


def pad(g, t):
    g.constant("borders", [[1, 2], [3, 0]])
    g.node("y", "Pad", ["a", "borders"], T=t, Tpaddings=Type("int32"))


def gather(g, t):
    g.constant("axis", 0)
    g.node("y", "GatherV2", ["a", "index", "axis"], Tparams=t, Tindices=Type("int32"), Taxis=Type("int32"))


def transpose(g, t):
    g.constant("order", [1, 0])
    g.node("y", "Transpose", ["a", "order"], T=t, Tperm=Type("int32"))


def scan(axis):
    def write(g, t):
        g.constant("axis", axis)
        g.node("y", "Cumsum", ["a", "axis"], T=t, Tidx=Type("int32"), exclusive=False, reverse=False)

    return write


def top(g, t):
    g.constant("count", 3)
    g.node("y", "TopKV2", ["a", "count"], T=t, sorted=True)


def scatter(g, t):
    g.constant("segments", 5)
    g.node("y", "UnsortedSegmentSum", ["a", "index", "segments"], T=t, Tindices=Type("int32"), Tnumsegments=Type("int32"))


def scattered(a, index):
    y = numpy.zeros((5, a.shape[1]))
    numpy.add.at(y, index, a)
    return y


def argmax(g, t):
    g.constant("axis", 1)
    g.node("found", "ArgMax", ["a", "axis"], T=t, Tidx=Type("int32"), output_type=Type("int32"))
    g.node("y", "Cast", ["found"], SrcT=Type("int32"), DstT=t)


def layer_norm(g, t):
    g.constant("axis", [-1])
    g.node("mean", "Mean", ["a", "axis"], T=t, Tidx=Type("int32"), keep_dims=True)
    g.node("far", "SquaredDifference", ["a", "mean"], T=t)
    g.node("variance", "Mean", ["far", "axis"], T=t, Tidx=Type("int32"), keep_dims=True)
    g.constant("one", 1)
    g.node("more", "Cast", ["one"], SrcT=Type("int32"), DstT=t)
    g.node("sum", "AddV2", ["variance", "more"], T=t)
    g.node("factor", "Rsqrt", ["sum"], T=t)
    g.node("centered", "Sub", ["a", "mean"], T=t)
    g.node("scaled", "Mul", ["centered", "factor"], T=t)
    g.node("y", "Mul", ["scaled", "b"], T=t)


def batch_norm(g, t):
    for name in "bc":
        g.node(name + "_moments", "Cast", [name], SrcT=t, DstT=Type("float32"))
    g.node("y", "FusedBatchNormV3", ["a", "b_moments", "c_moments", "b_moments", "c_moments"], T=t, U=Type("float32"), epsilon=1.0, is_training=True, data_format="NHWC")


def attention_loss(g, t):
    attention(g, t)
    g.node("loss", "Mul", ["y", "d"], T=t)


def gradients_of_attention(a, b, c, d):
    """By the queries, the keys and the values."""
    p, dp = softmax(a @ b.swapaxes(1, 2)), d @ c.swapaxes(1, 2)
    ds = p * (dp - (dp * p).sum(-1, keepdims=True))
    return ds @ b, ds.swapaxes(1, 2) @ a, p.swapaxes(1, 2) @ d


def by_elements(g, t):
    g.node("shape", "Shape", ["a"], T=t, out_type=Type("int32"))
    g.node("y", "Conv2DBackpropInput", ["shape", "b", "c"], T=t, strides=[1, 1, 1, 1], padding="SAME", data_format="NHWC")


def by_filter(g, t):
    g.constant("shape", [3, 3, 8, 16])
    g.node("y", "Conv2DBackpropFilter", ["a", "shape", "b"], T=t, strides=[1, 1, 1, 1], padding="SAME", data_format="NHWC")


def filter_gradient(a, b):
    padded = numpy.pad(a, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return numpy.array([[numpy.einsum("nhwc,nhwo->co", padded[:, i : i + a.shape[1], j : j + a.shape[2]], b) for j in range(3)] for i in range(3)])


def bytes_product(g, t):
    for name in "ab":
        g.node(name + "_wide", "Cast", [name], SrcT=t, DstT=Type("int32"))
    g.node("y", "MatMul", ["a_wide", "b_wide"], T=Type("int32"), transpose_a=False, transpose_b=False)


def draw(g, t):
    """Bits and numbers of Philox, with the key 7 and the counter 9."""
    g.node("shape", "Shape", ["a"], T=t, out_type=Type("int32"))
    for name, numbers in {"key": [7], "counter": [9, 0]}.items():
        values = " ".join(f"uint64_val: {n}" for n in numbers)
        g.text += (f'node {{ name: "{name}" op: "Const" attr {{ key: "dtype" value {{ type: DT_UINT64 }} }} attr {{ key: "value" value {{ tensor {{ dtype: DT_UINT64'
                   f' tensor_shape {{ dim {{ size: {len(numbers)} }} }} {values} }} }} }} }}\n')
    g.constant("algorithm", 1)
    op = "StatelessRandomUniformV2" if t == "float32" else "StatelessRandomUniformFullIntV2"
    g.node("drawn", op, ["shape", "key", "counter", "algorithm"], dtype=t, Tshape=Type("int32"))
    g.node("y", "AddV2", ["drawn", "a"], T=t)


def philox(a):
    """Philox 4x32 of ten rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), as many as there are elements."""
    count = -(-a.size // 4)
    c, key = [numpy.arange(9, 9 + count, dtype=numpy.uint64), *numpy.zeros((3, count), numpy.uint64)], [7, 0]
    low = numpy.uint64(0xFFFFFFFF)
    for _ in range(10):
        p, q = c[0] * numpy.uint64(0xD2511F53), c[2] * numpy.uint64(0xCD9E8D57)
        c = [(q >> numpy.uint64(32)) ^ c[1] ^ numpy.uint64(key[0]), q & low, (p >> numpy.uint64(32)) ^ c[3] ^ numpy.uint64(key[1]), p & low]
        key = [(key[0] + 0x9E3779B9) % 2**32, (key[1] + 0xBB67AE85) % 2**32]
    return numpy.stack(c, 1).ravel()[: a.size].astype(numpy.uint32).reshape(a.shape)


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
    "products of bytes": (["int8"], bytes_product, {"a": [-1, -1], "b": [-1, -1]}, [{"a": (n, k), "b": (k, m)} for (n, m), k in zip(ragged, SIDES[7:] + SIDES[:7])], lambda a, b: a @ b, {}),
    "joins": (FLOATS + INTEGERS, join, {"a": [-1, -1], "b": [-1, -1]}, [{"a": (n, m), "b": (n, 7)} for n, m in ragged], lambda a, b: 2 * numpy.concatenate([-a, b], 1), {}),
    "pads": (FLOATS + INTEGERS, pad, {"a": [-1, -1]}, [{"a": (n, m)} for n, m in ragged], lambda a: numpy.pad(a, ((1, 2), (3, 0))), {}),
    "gathers": (FLOATS + INTEGERS, gather, {"a": [-1, -1], "index": [-1]}, [{"a": (n, m), "index": (n,)} for n, m in ragged], lambda a, index: a[index], {}),
    "transposes": (FLOATS + INTEGERS, transpose, {"a": [-1, -1]}, [{"a": (n, m)} for n, m in ragged], lambda a: a.T, {}),
    "scans of rows": (FLOATS + INTEGERS, scan(1), {"a": [-1, -1]}, [{"a": (n, m)} for n, m in ragged], lambda a: a.cumsum(1), {}),
    "scans of columns": (FLOATS + INTEGERS, scan(0), {"a": [-1, -1]}, [{"a": (n, m)} for n, m in ragged], lambda a: a.cumsum(0), {}),
    "top-k": (FLOATS + INTEGERS, top, {"a": [-1, -1]}, [{"a": (n, m)} for n, m in ragged if m > 2], lambda a: -numpy.sort(-a, 1)[:, :3], {}),
    "argmax": (FLOATS + INTEGERS, argmax, {"a": [-1, -1]}, [{"a": (n, m)} for n, m in ragged], lambda a: a.argmax(1), {}),
    "scatters": (FLOATS + INTEGERS, scatter, {"a": [-1, -1], "index": [-1]}, [{"a": (n, m), "index": (n,)} for n, m in ragged if n > 4], scattered, {}),
    "random numbers": (["float32"], draw, {"a": [-1, -1]}, [{"a": (n, m)} for n, m in ragged], lambda a: (philox(a) & 0x7FFFFF) / 2.0**23 + a, {}),
    "random bits": (["int32"], draw, {"a": [-1, -1]}, [{"a": (n, m)} for n, m in ragged], lambda a: (philox(a) + a.astype("uint32")).view("int32"), {}),
    "layer norm": (FLOATS, layer_norm, {"a": [-1, -1], "b": [-1]}, [{"a": (n, m), "b": (m,)} for n, m in ragged],
                   lambda a, b: (a - a.mean(1, keepdims=True)) / numpy.sqrt(a.var(1, keepdims=True) + 1) * b, {}),
    "batch norm of the batch's moments": (["float16", "bfloat16", "float32"], batch_norm, {"a": [-1, -1, -1, 5], "b": [5], "c": [5]}, [{"a": (n, n + 2, m, 5), "b": (5,), "c": (5,)} for n, m in ragged[:5]],
                   lambda a, b, c: (a - a.mean((0, 1, 2))) / numpy.sqrt(a.var((0, 1, 2)) + 1) * b + c, {}),
    **{f"gradients of attention by {what}": (["float16", "bfloat16", "float32"], attention_loss, {"a": [2, -1, 64], "b": [2, -1, 64], "c": [2, -1, 64], "d": [2, -1, 64]},
                   [{"a": (2, n, 64), "b": (2, m, 64), "c": (2, m, 64), "d": (2, n, 64)} for n, m in ragged[::3]], lambda *feeds, i=i: gradients_of_attention(*feeds)[i], {"--gradients": "loss:0", "--wrt": "abc"[i]})
       for i, what in enumerate(["queries", "keys", "values"])},
    "gradients of convolutions by elements": (["float16", "bfloat16", "float32", "float64"], by_elements, {"a": [-1, -1, -1, 8], "b": [3, 3, 8, 16], "c": [-1, -1, -1, 16]},
                   [{"a": (n, 3 + n, 9 - n, 8), "b": (3, 3, 8, 16), "c": (n, 3 + n, 9 - n, 16)} for n in (1, 2, 3)], lambda a, b, c: convolve(c, b[::-1, ::-1].swapaxes(2, 3)), {}),
    "gradients of convolutions by filters": (["float16", "bfloat16", "float32", "float64"], by_filter, {"a": [-1, -1, -1, 8], "b": [-1, -1, -1, 16]},
                   [{"a": (n, 3 + n, 9 - n, 8), "b": (n, 3 + n, 9 - n, 16)} for n in (1, 2, 3)], filter_gradient, {}),
}


def run(options, dtype, write, feeds, sizes, compute, flags, folder):
    """How many runs agree with numpy; values are whole numbers, so only exponentials are not exact."""
    g, isCast = Graph(), dtype == "bfloat16"
    for name, dims in feeds.items():
        if name == "index":
            g.placeholder(name, "int32", dims)
            continue
        g.placeholder(name + "_f32" if isCast else name, "float32" if isCast else dtype, dims)
        if isCast:
            g.node(name, "Cast", [name + "_f32"], SrcT=Type("float32"), DstT=Type("bfloat16"))
    write(g, Type(dtype))
    fetch = "y_f32:0" if isCast else "y:0"
    if "--wrt" in flags:
        fed = flags["--wrt"] + ("_f32" if isCast else "")
        flags, fetch = {**flags, "--wrt": fed + ":0"}, f"gradients/{fed}:0"
    elif isCast:
        g.node("y_f32", "Cast", ["y"], SrcT=Type("bfloat16"), DstT=Type("float32"))
    g.text += "versions { producer: 1087 }\n"
    (folder / "graph.pbtxt").write_text(g.text)
    r, steps, wanted = numpy.random.default_rng(3), [], []
    for number, shapes in enumerate(sizes):
        values = {name: r.integers(-2, 3, shape) / (1 if dtype[0] == "i" else 4) for name, shape in shapes.items() if name != "index"}
        stored = "float32" if isCast else dtype
        tensors = {name + ("_f32:0" if isCast else ":0"): value.astype(stored) for name, value in values.items()}
        if "index" in shapes:  # of rows, or of five sums
            values["index"] = r.integers(0, min(5, len(values["a"])), shapes["index"])
            tensors["index:0"] = values["index"].astype("int32")
        numpy.savez(folder / f"in{number}.npz", **tensors)
        steps.append({"feeds": f"in{number}.npz", "fetch": [fetch], "target": []})
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
    types = FLOATS + INTEGERS + ["int8"]
    print("| kernels | " + " | ".join(types) + " |\n" + "| --- " * (len(types) + 1) + "|", flush=True)
    bad, counts = False, []
    for name, (allowed, *family) in FAMILIES.items():
        if options.family and options.family not in name:
            continue
        cells = []
        for dtype in types:
            with tempfile.TemporaryDirectory() as folder:
                cells.append(run(options, dtype, *family, pathlib.Path(folder)) if dtype in allowed else "-")
        bad |= any(len(set(cell.split("/"))) > 1 for cell in cells if cell != "-")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
        counts += [tuple(map(int, cell.split("/"))) for cell in cells if cell != "-"]
    print(f"{sum(agreed for agreed, _ in counts)} of {sum(total for _, total in counts)} runs agree")
    sys.exit(bad)


if __name__ == "__main__":
    main()

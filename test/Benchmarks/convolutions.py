#!/usr/bin/env python3
"""Convolutions in f32 on one thread: tgc beside oneDNN.

    convolutions.py --tgc-run build/bin/tgc-run [--tgc-run OTHER] --onednn onednn-convolution [--what forward] [--batch 1] [SHAPE ...]

A shape is SIZE,CHANNELS,FILTERS,WINDOW,STRIDE,DILATION of a square image with padding SAME; without any, those of both forms of
ResNet-50 (steps of 2 in the first or in the second convolution of a block) are taken; "first" are first layers of other nets, "dilated"
says what it names. Filters are constants (--fed: known in the run only, as gradients always are). --what: the convolution, or its
gradient by `data` or by `filter`. onednn-convolution is made of onednn-convolution.cpp, and may choose how operands lie; tgc's padding is
in the time. All programs run by turns, what disturbs one is likely to disturb the others, and the best of each counts: read the
ratios.
"""
import argparse
import math
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

os.environ["OMP_NUM_THREADS"] = "1"
RESNET = ["224,3,64,7,2,1", "56,64,64,1,1,1", "56,64,64,3,1,1", "56,64,256,1,1,1", "56,256,64,1,1,1", "56,256,128,1,1,1", "56,256,128,1,2,1",
          "56,256,512,1,2,1", "56,128,128,3,2,1", "28,128,128,3,1,1", "28,128,512,1,1,1", "28,512,128,1,1,1", "28,512,256,1,1,1",
          "28,512,256,1,2,1", "28,512,1024,1,2,1", "28,256,256,3,2,1", "14,256,256,3,1,1", "14,256,1024,1,1,1", "14,1024,256,1,1,1",
          "14,1024,512,1,1,1", "14,1024,512,1,2,1", "14,1024,2048,1,2,1", "14,512,512,3,2,1", "7,512,512,3,1,1", "7,512,2048,1,1,1",
          "7,2048,512,1,1,1"]
GROUPS = {"resnet": RESNET,
          "first": ["28,1,32,3,1,1", "28,1,32,5,1,1", "32,3,16,3,1,1", "32,3,64,5,1,1", "224,3,64,3,1,1", "224,3,32,3,2,1", "224,4,64,11,4,1"],
          "dilated": ["56,64,64,3,1,2", "28,256,256,3,1,2", "28,512,512,3,1,4"]}


def node(name, op, *inputs, **attrs):
    fields = [f'name: "{name}" op: "{op}"'] + [f'input: "{x}"' for x in inputs]
    return "node { " + " ".join(fields + [f'attr {{ key: "{key}" value {{ {value} }} }}' for key, value in attrs.items()]) + " }\n"


def dims(shape):
    return "".join(f"dim {{ size: {size} }} " for size in shape)


def constant(name, kind, array):
    content = "".join(f"\\{byte:03o}" for byte in array.tobytes())
    return node(name, "Const", dtype=f"type: {kind}",
                value=f'tensor {{ dtype: {kind} tensor_shape {{ {dims(array.shape)} }} tensor_content: "{content}" }}')


def write_case(directory, what, batch, shape, fed):
    size, channels, filters, window, stride, dilation = shape
    results = -(-size // stride)
    shapes = {"x": (batch, size, size, channels), "w": (window, window, channels, filters), "y": (batch, results, results, filters)}
    reads = {"forward": "xw", "data": "wy", "filter": "xy"}[what]
    rng, feeds, text = np.random.default_rng(0), {}, ""
    for name in reads:
        array = rng.standard_normal(shapes[name], dtype=np.float32)
        if name == "w" and what == "forward" and not fed:
            text += constant(name, "DT_FLOAT", array)
            continue
        feeds[name + ":0"] = array
        text += node(name, "Placeholder", dtype="type: DT_FLOAT", shape=f"shape {{ {dims(array.shape)} }}")
    op, operands = "Conv2D", ("x", "w")
    if what != "forward":
        op, by, operands = ("Conv2DBackpropInput", "x", ("s", "w", "y")) if what == "data" else ("Conv2DBackpropFilter", "w", ("x", "s", "y"))
        text += constant("s", "DT_INT32", np.array(shapes[by], np.int32))
    text += node("r", op, *operands, T="type: DT_FLOAT", padding='s: "SAME"', strides=f"list {{ i: 1 i: {stride} i: {stride} i: 1 }}",
                 dilations=f"list {{ i: 1 i: {dilation} i: {dilation} i: 1 }}")
    with open(directory + "/case.pbtxt", "w") as f:
        f.write(text + "versions { producer: 1882 }\n")
    np.savez(directory + "/in.npz", **feeds)
    return 2 * batch * results * results * filters * channels * window * window


def time_tgc(tool, directory):
    """The seconds of the fastest run."""
    output = subprocess.run([tool, directory + "/case.pbtxt", "--feeds", directory + "/in.npz", "--fetch", "r:0", "--benchmark", "--threads", "1"],
                            check=True, capture_output=True, text=True).stdout
    value, unit = re.search(r"min\s+([0-9.]+) (ns|us|ms|s)\b", output).groups()
    return float(value) * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}[unit]


def time_onednn(program, what, batch, shape):
    return float(subprocess.run([program, what, *map(str, shape), str(batch)], check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tgc-run", required=True, action="append", help="given more than once: each beside oneDNN")
    parser.add_argument("--onednn", required=True, help="the program that times oneDNN")
    parser.add_argument("--what", choices=("forward", "data", "filter"), default="forward")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fed", action="store_true")
    parser.add_argument("shapes", nargs="*", default=["resnet"])
    options = parser.parse_args()
    tools = options.tgc_run
    print(f"{'shape':>20} {'oneDNN GF/s':>12}" + f" {'tgc GF/s':>9} {'tgc/oneDNN':>11}" * len(tools))
    ratios = [[] for _ in tools]
    for text in [shape for name in options.shapes for shape in GROUPS.get(name, [name])]:
        shape = tuple(map(int, text.split(",")))
        with tempfile.TemporaryDirectory() as directory:
            work = write_case(directory, options.what, options.batch, shape, options.fed)
            rounds = [(time_onednn(options.onednn, options.what, options.batch, shape), *(time_tgc(tool, directory) for tool in tools))
                      for _ in range(options.rounds)]
        theirs, *ours = map(min, zip(*rounds))
        line = f"{text:>20} {1e-9 * work / theirs:12.1f}"
        for time, own in zip(ours, ratios):
            own.append(theirs / time)
            line += f" {1e-9 * work / time:9.1f} {own[-1]:11.2f}"
        print(line, flush=True)
    for tool, own in zip(tools, ratios):
        print(f"geometric mean of tgc/oneDNN over {len(own)} convolutions: {math.exp(sum(map(math.log, own)) / len(own)):.2f} ({tool})")


if __name__ == "__main__":
    sys.exit(main())

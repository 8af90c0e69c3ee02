#!/usr/bin/env python3
"""How the time of compilation grows with the graph: four forms of graphs, each of N, 2N and 4N steps.

    compile-scaling.py --tgc build/bin/tgc [--steps 500] [--passes]

Processor time of the way to an object file for this machine, and by how much more than its part of the graph the longest
took; --passes names the passes that grew most. Needs no TensorFlow.
"""
import argparse
import os
import re
import subprocess
import tempfile

FLOAT = "type: DT_FLOAT"


class Graph:
    def __init__(self):
        self.text = []
        self.node("x", "Placeholder", dtype=FLOAT, shape="shape { dim { size: 8 } dim { size: 16 } }")

    def node(self, name, op, *inputs, **attrs):
        fields = [f'name: "{name}" op: "{op}"'] + [f'input: "{x}"' for x in inputs]
        fields += [f'attr {{ key: "{key}" value {{ {value} }} }}' for key, value in attrs.items()]
        self.text.append("node { " + " ".join(fields) + " }\n")
        return name

    def constant(self, name, shape, number):
        dims = " ".join(f"dim {{ size: {size} }}" for size in shape)
        return self.node(name, "Const", dtype=FLOAT,
                         value=f"tensor {{ dtype: DT_FLOAT tensor_shape {{ {dims} }} float_val: {number} }}")


def chain(g, steps):
    value = "x"
    for i in range(steps):
        value = g.node(f"t{i}", "Tanh" if i % 2 else "Exp", value, T=FLOAT)
    return value


def layers(g, steps):
    value = "x"
    for i in range(steps):
        product = g.node(f"m{i}", "MatMul", value, g.constant(f"w{i}", [16, 16], 0.01 * (i % 7 + 1)), T=FLOAT)
        value = g.node(f"r{i}", "Relu", g.node(f"a{i}", "BiasAdd", product, g.constant(f"b{i}", [16], 0.1 * i), T=FLOAT), T=FLOAT)
    return value


def siblings(g, steps):
    parts = [g.node(f"s{i}", "Sigmoid", g.node(f"m{i}", "Mul", "x", g.constant(f"c{i}", [16], 0.1 * i), T=FLOAT), T=FLOAT)
             for i in range(steps)]
    return g.node("sum", "AddN", *parts, T=FLOAT, N=f"i: {steps}")


def rows(g, steps):
    value = "x"
    g.node("axis", "Const", dtype="type: DT_INT32", value="tensor { dtype: DT_INT32 tensor_shape { } int_val: 1 }")
    for i in range(steps):
        mean = g.node(f"m{i}", "Mean", value, "axis", T=FLOAT, Tidx="type: DT_INT32", keep_dims="b: true")
        value = g.node(f"t{i}", "Tanh", g.node(f"d{i}", "Sub", value, mean, T=FLOAT), T=FLOAT)
    return value


def compile_graph(tgc, build, steps, folder):
    """Milliseconds of the processor by step and pass; "" for all."""
    g = Graph()
    g.node("out", "Identity", build(g, steps), T=FLOAT)
    path = os.path.join(folder, "graph.pbtxt")
    with open(path, "w") as file:
        file.writelines(g.text + ["versions { producer: 1882 }\n"])
    command = [tgc, path, "-o", os.path.join(folder, "graph.o"), "--emit", "obj", "--target", "cpu:native", "--feeds", "x:0",
               "--fetches", "out:0", "--time-passes"]
    log = subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True).stderr
    times = {}
    for is_step, time, name in re.findall(r"(?m)^\s*(?:([\d.]+) ms)?\s+([\d.]+) ms CPU\s+(\S+)$", log):
        times[name] = times.get(name, 0) + float(time)
        if is_step:
            times[""] = times.get("", 0) + float(time)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tgc", default="build/bin/tgc")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--passes", action="store_true")
    arguments = parser.parse_args()
    for build in (chain, layers, siblings, rows):
        with tempfile.TemporaryDirectory() as folder:
            runs = [compile_graph(arguments.tgc, build, arguments.steps * k, folder) for k in (1, 2, 4)]
        totals = [run[""] for run in runs]
        print(f"{build.__name__:10}", " ".join(f"{total:9.0f} ms" for total in totals), f"  {totals[2] / totals[0] / 4:.2f}")
        if not arguments.passes:
            continue
        grown = sorted((name for name in runs[2] if name), key=lambda name: runs[2][name] - 4 * runs[0].get(name, 0), reverse=True)
        for name in grown[:6]:
            print(f"    {name:36}", " ".join(f"{run.get(name, 0):9.0f}" for run in runs))


if __name__ == "__main__":
    main()

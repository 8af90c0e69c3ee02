#!/usr/bin/env python3
"""How long tgc takes for much control flow: conditions inside each other, and a loop with a large body.

    control-flow.py --tgc build/bin/tgc [--conditions 200] [--body 10000]

Processor time of the import alone (--compile-to=import) and of the way to a library; needs no TensorFlow.
"""
import argparse
import os
import resource
import subprocess
import tempfile


class Graph:
    def __init__(self):
        self.text = []

    def node(self, name, op, *inputs, **attrs):
        fields = [f'name: "{name}" op: "{op}"'] + [f'input: "{x}"' for x in inputs]
        fields += [f'attr {{ key: "{key}" value {{ {value} }} }}' for key, value in attrs.items()]
        self.text.append("node { " + " ".join(fields) + " }\n")
        return name

    def placeholder(self, name, dtype, shape=""):
        return self.node(name, "Placeholder", dtype=f"type: {dtype}", shape=f"shape {{ {shape} }}")

    def write(self, path):
        with open(path, "w") as file:
            file.writelines(self.text + ["versions { producer: 1882 }\n"])


FLOAT = "type: DT_FLOAT"


def nested_conditions(count):
    """Each branch that is taken computes the next predicate and has its condition inside; the other doubles the value."""
    g = Graph()
    value = g.placeholder("x", "DT_FLOAT", "dim { size: -1 }")
    g.node("axis", "Const", dtype="type: DT_INT32", value="tensor { dtype: DT_INT32 tensor_shape { dim { size: 1 } } int_val: 0 }")
    g.node("limit", "Const", dtype=FLOAT, value="tensor { dtype: DT_FLOAT tensor_shape { } float_val: 0.5 }")
    for i in range(count):
        g.node(f"sum{i}", "Sum", value, "axis", T=FLOAT, Tidx="type: DT_INT32")
        g.node(f"p{i}", "Less", f"sum{i}", "limit", T=FLOAT)
        g.node(f"s{i}", "Switch", value, f"p{i}", T=FLOAT)
        value = g.node(f"t{i}", "Tanh", f"s{i}:1", T=FLOAT)
    for i in reversed(range(count)):
        other = g.node(f"o{i}", "AddV2", f"s{i}", f"s{i}", T=FLOAT)
        value = g.node(f"m{i}", "Merge", value, other, T=FLOAT, N="i: 2")
    g.node("y", "Identity", value, T=FLOAT)
    return g


def loop_with_body(count):
    g = Graph()
    frame = dict(frame_name='s: "loop"', parallel_iterations="i: 10")
    numbers, constant = dict(T="type: DT_INT32"), dict(is_constant="b: true")
    g.placeholder("x", "DT_FLOAT", "dim { size: -1 }")
    g.placeholder("n", "DT_INT32")
    for name, value in (("zero", 0), ("one", 1)):
        g.node(name, "Const", *(["^xb"] if value else []), dtype="type: DT_INT32", value=f"tensor {{ dtype: DT_INT32 tensor_shape {{ }} int_val: {value} }}")
    for name, start, kind in (("i", "zero", "type: DT_INT32"), ("x", "x", FLOAT)):
        g.node(name + "e", "Enter", start, T=kind, **frame)
        g.node(name + "m", "Merge", name + "e", name + "next", T=kind, N="i: 2")
        g.node(name + "s", "Switch", name + "m", "go", T=kind)
        g.node(name + "b", "Identity", name + "s:1", T=kind)
    g.node("bound", "Enter", "n", **numbers, **frame, **constant)
    g.node("less", "Less", "im", "bound", **numbers)
    g.node("go", "LoopCond", "less")
    value = "xb"
    for i in range(count):
        value = g.node(f"a{i}", ("Tanh", "Square", "Neg")[i % 3], value, T=FLOAT)
    g.node("xnext", "NextIteration", value, T=FLOAT)
    g.node("inext", "NextIteration", g.node("more", "AddV2", "ib", "one", **numbers), **numbers)
    g.node("y", "Exit", "xs", T=FLOAT)
    return g


def measure(*command):
    """Processor time of a command, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tgc", required=True)
    parser.add_argument("--conditions", type=int, default=200)
    parser.add_argument("--body", type=int, default=10000)
    options = parser.parse_args()
    graphs = {f"{options.conditions} conditions inside each other": nested_conditions(options.conditions),
              f"a loop of {options.body} operators": loop_with_body(options.body)}
    with tempfile.TemporaryDirectory() as folder:
        model, library = os.path.join(folder, "graph.pbtxt"), os.path.join(folder, "graph.so")
        for name, graph in graphs.items():
            graph.write(model)
            feeds = "x:0,n:0" if "loop" in name else "x:0"
            imported = measure(options.tgc, model, "--feeds", feeds, "--fetches", "y", "--compile-to=import")
            whole = measure(options.tgc, model, "--feeds", feeds, "--fetches", "y", "-o", library)
            print(f"{name}: {len(graph.text)} nodes, import {imported:.2f} s, library {whole:.2f} s")


if __name__ == "__main__":
    main()

"""Programs with variables, and the steps of a script for tgc-run with the values that they are to have. As a program:
`steps.py FOLDER` compares what FOLDER/out has with what finish() left."""
import json
import sys
import numpy
from graph import Graph, Type

FLOAT = Type("float32")


class Program(Graph):
    def variable(self, name, sizes):
        dims = " ".join(f"dim {{ size: {size} }}" for size in sizes)
        self.text += (f'node {{ name: "{name}" op: "VarHandleOp" device: "{self.device}" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }} attr {{ key: "shared_name" value {{ s: "{name}" }} }} '
                      f'attr {{ key: "shape" value {{ shape {{ {dims} }} }} }} }}\n')
        self.node(name + "_read", "ReadVariableOp", [name], dtype=FLOAT)

    def assign(self, name, handle, value):
        self.node(name, "AssignVariableOp", [handle, value], dtype=FLOAT)

    def number(self, name, value):
        self.text += f'node {{ name: "{name}" op: "Const" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }} attr {{ key: "value" value {{ tensor {{ dtype: DT_FLOAT tensor_shape {{ }} float_val: {value} }} }} }} }}\n'
        return name

    def binary(self, name, op, a, b):
        self.node(name, op, [a, b], T=FLOAT)
        return name

    def matmul(self, name, a, b, **transposed):
        self.node(name, "MatMul", [a, b], T=FLOAT, **{"transpose_a": False, "transpose_b": False, **transposed})
        return name


class Steps:
    def __init__(self, folder):
        self.folder, self.steps, self.wanted = folder, [], []

    def run(self, feeds, fetches, targets, values):
        path = f"in{len(self.steps)}.npz" if feeds else None
        if feeds:
            numpy.savez(f"{self.folder}/{path}", **{name + ":0": value for name, value in feeds.items()})
        self.add({"feeds": path, "fetch": [name + ":0" for name in fetches], "target": targets}, dict(zip([name + ":0" for name in fetches], values)))

    def add(self, step, values={}):
        self.steps.append(step)
        self.wanted.append(values)

    def finish(self, graph):
        open(self.folder + "/graph.pbtxt", "w").write(graph.text)
        json.dump(self.steps, open(self.folder + "/steps.json", "w"))
        numpy.savez(self.folder + "/want.npz", **{f"{i}/{name}": value for i, values in enumerate(self.wanted) for name, value in values.items()})


if __name__ == "__main__":
    want = numpy.load(sys.argv[1] + "/want.npz")
    for key in want.files:
        step, name = key.split("/", 1)
        got = numpy.load(f"{sys.argv[1]}/out/s{step}.npz")[name]
        assert got.shape == want[key].shape, (key, got.shape, want[key].shape)
        numpy.testing.assert_allclose(got.astype("float64"), want[key].astype("float64"), rtol=1e-4, atol=1e-4, err_msg=key)
    print(len(want.files), "values are numpy's")

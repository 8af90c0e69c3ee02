"""Writes GraphDefs as text: graph.node("y", "Sum", ["x", "axes"], T=graph.FLOAT)."""
import numpy

TYPES = {"float32": "DT_FLOAT", "float64": "DT_DOUBLE", "int32": "DT_INT32", "int64": "DT_INT64", "bool": "DT_BOOL", "float16": "DT_HALF", "bfloat16": "DT_BFLOAT16", "int8": "DT_INT8", "uint8": "DT_UINT8",
         "complex64": "DT_COMPLEX64", "complex128": "DT_COMPLEX128"}


class Type(str):
    """The name of an element type, as an attribute."""


class Graph:
    def __init__(self):
        self.text = ""
        self.device = ""  # of the nodes that follow

    def node(self, name, op, inputs=(), **attributes):
        self.text += f'node {{ name: "{name}" op: "{op}"'
        if self.device:
            self.text += f' device: "{self.device}"'
        for other in inputs:
            self.text += f' input: "{other}"'
        for key, value in attributes.items():
            self.text += f' attr {{ key: "{key}" value {{ {self.attribute(value)} }} }}'
        self.text += " }\n"
        return name

    @staticmethod
    def attribute(value):
        if isinstance(value, Type):
            return f"type: {TYPES[value]}"
        if isinstance(value, bool):
            return f"b: {str(value).lower()}"
        if isinstance(value, int):
            return f"i: {value}"
        if isinstance(value, float):
            return f"f: {value}"
        if isinstance(value, str):
            return f's: "{value}"'
        return "list { " + " ".join(f"i: {v}" for v in value) + " }"

    def placeholder(self, name, dtype, sizes):
        dims = " ".join(f"dim {{ size: {size} }}" for size in sizes)
        self.text += (f'node {{ name: "{name}" op: "Placeholder" attr {{ key: "dtype" value {{ type: {TYPES[dtype]} }} }}'
                      f' attr {{ key: "shape" value {{ shape {{ {dims} }} }} }} }}\n')
        return name

    def constant(self, name, values):
        values = numpy.asarray(values, numpy.int32)
        dims = " ".join(f"dim {{ size: {size} }}" for size in values.shape)
        numbers = " ".join(f"int_val: {v}" for v in values.ravel())
        self.text += (f'node {{ name: "{name}" op: "Const" attr {{ key: "dtype" value {{ type: DT_INT32 }} }} attr {{ key: "value"'
                      f' value {{ tensor {{ dtype: DT_INT32 tensor_shape {{ {dims} }} {numbers} }} }} }} }}\n')
        return name


def compare(got, wanted, rtol, atol):
    """Prints how many arrays agree; names those that do not and ends with 1."""
    bad = 0
    for name in sorted(wanted.files):
        g, w = got[name], wanted[name]
        if w.dtype.kind == "f":
            with numpy.errstate(invalid="ignore"):
                difference = numpy.abs(g.astype(float) - w.astype(float)) - atol - rtol.get(w.dtype.name, 0) * numpy.abs(w.astype(float))
            equal = g.shape == w.shape and ((difference <= 0) | (g == w)).all()
        else:
            equal = g.shape == w.shape and (g == w).all()
        if not equal or g.dtype != w.dtype:
            print("differs:", name, g.dtype, g.shape, w.dtype, w.shape)
            bad += 1
    print(f"{len(wanted.files) - bad} of {len(wanted.files)} arrays agree")
    return bad


def compare_launches(folder):
    """Launches that a driver told of and those that tgc tells of; each tensor wanted is of a node that has some. Counters are not needed in all runs."""
    told = [line.split(maxsplit=2)[2].strip().split(" + ") for line in open(folder + "/explain") if line.startswith("  launch ")]
    told = [nodes for nodes in told if not all(node.endswith(" (counters)") for node in nodes)]
    launches = open(folder + "/trace").read().count("launch k")
    missing = [name for name in numpy.load(folder + "/want.npz").files if not any(name.split(":")[0] in nodes for nodes in told)]
    print("all are launched" if launches == len(told) and not missing else f"{launches} of {len(told)}, without {missing}")

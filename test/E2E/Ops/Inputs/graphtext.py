"""A GraphDef in text form, built node by node: what tests of imported graphs feed to tgc-run."""


class Graph:
    def __init__(self):
        self.text = []
        self.count = 0

    def node(self, op, *inputs, name=None, **attrs):
        """Adds a node and gives its name. Inputs: tensors, "^control", or numbers and lists of them, which become int32 constants.
        Attributes: bool, int, text, DT_... and lists (shapes; None: unknown rank)."""
        inputs = [x if isinstance(x, str) else self.const(x) for x in inputs]
        self.count += 1
        name = name or f"n{self.count}"
        lines = [f'name: "{name}" op: "{op}"'] + [f'input: "{x}"' for x in inputs]
        lines += [f'attr {{ key: "{key}" value {{ {attr(value)} }} }}' for key, value in attrs.items()]
        self.text.append("node { " + " ".join(lines) + " }\n")
        return name

    def const(self, value, dtype="DT_INT32"):
        values = value if isinstance(value, (list, tuple)) else [value]
        field = {"DT_INT32": "int_val", "DT_INT64": "int64_val", "DT_FLOAT": "float_val"}[dtype]
        shape = f"dim {{ size: {len(values)} }}" if isinstance(value, (list, tuple)) else ""
        tensor = f"dtype: {dtype} tensor_shape {{ {shape} }} " + " ".join(f"{field}: {v}" for v in values)
        return self.node("Const", dtype=dtype, value="tensor { " + tensor + " }")

    def write(self, path):
        with open(path, "w") as f:
            f.writelines(self.text + ["versions { producer: 1882 }\n"])


def attr(value):
    if isinstance(value, bool):
        return f"b: {str(value).lower()}"
    if isinstance(value, int):
        return f"i: {value}"
    if value is None:
        return "shape { unknown_rank: true }"
    if isinstance(value, list):
        return "shape { " + " ".join(f"dim {{ size: {size} }}" for size in value) + " }"
    if value.startswith(("tensor {", "list {")):
        return value
    return f"type: {value}" if value.startswith("DT_") else f's: "{value}"'

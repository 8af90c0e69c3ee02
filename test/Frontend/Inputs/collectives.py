"""Writes a graph of NcclAllReduce nodes: collectives.py NAME=INPUT,SHARED_NAME[,ATTR=VALUE]...; inputs are x, y and z of 2 x ? elements, u of 3, and other nodes."""
import sys

ATTRS = {"reduction": "sum", "num_devices": "2", "T": "DT_FLOAT"}
for name, sizes in ("x", (2, -1)), ("y", (2, -1)), ("z", (2, -1)), ("u", (3,)):
    dims = " ".join(f"dim {{ size: {size} }}" for size in sizes)
    print(f'node {{ name: "{name}" op: "Placeholder" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }} attr {{ key: "shape" value {{ shape {{ {dims} }} }} }} }}')
for argument in sys.argv[1:]:
    name, text = argument.split("=", 1)
    source, shared, *changes = text.split(",")
    attrs = {**ATTRS, **dict(change.split("=") for change in changes)}
    if shared == "Neg":
        print(f'node {{ name: "{name}" op: "Neg" input: "{source}" attr {{ key: "T" value {{ type: DT_FLOAT }} }} }}')
        continue
    print(f'node {{ name: "{name}" op: "NcclAllReduce" input: "{source}" attr {{ key: "T" value {{ type: {attrs["T"]} }} }} '
          f'attr {{ key: "reduction" value {{ s: "{attrs["reduction"]}" }} }} attr {{ key: "num_devices" value {{ i: {attrs["num_devices"]} }} }} '
          f'attr {{ key: "shared_name" value {{ s: "{shared}" }} }} }}')

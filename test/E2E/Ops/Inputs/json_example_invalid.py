"""json_example_invalid.py DIR TGC TGC_RUN: feeds texts, one a run, that the reader of examples must refuse."""
import os
import subprocess
import sys

import numpy as np

folder, compiler, tool = sys.argv[1:]


def of(name, values):
    return '{"features":{"feature":{"a":{"%s":{"value":[%s]}}}}}' % (name, values)


TEXTS = ["", "null", "[]", "5", "{} x", "{,}", '{"features":{}', '{"features":}', '{"features":{} "x":1}', '{"unknown":null}', '{"features":5}',
         '{"features":{"feature":[]}}', '{"features":{"feature":{"a":5}}}', '{"features":{"feature":{true:{}}}}', '{"features":{"feature":{"a":{},"a":{}}}}',
         '{"features":{"feature":{"a":{"int64List":{},"floatList":{}}}}}', '{"features":{"feature":{"\\ud83d":{}}}}', '{"features":{"feature":{"\\u00zz":{}}}}',
         '{"a', of("int64List", "1.5"), of("int64List", '"1e3"'), of("int64List", "9223372036854775808"), of("int64List", "01"), of("int64List", "true"),
         of("int64List", "1 2"), of("int64List", "1,,2"), of("int64List", '" 5"'), of("int64List", "[" * 200 + "]" * 200), of("floatList", "1e40"),
         of("floatList", '"nan"'), of("floatList", '""'), of("floatList", ".5"), of("floatList", "NaN"), of("floatList", "+1"), of("bytesList", "5"),
         of("bytesList", '"YR=="'), of("bytesList", '"ab-/"'), of("bytesList", '"YQ="'), of("bytesList", '"a"'), of("bytesList", '"Y Q=="')]
NODES = """node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_STRING } } attr { key: "shape" value { shape { dim { size: 1 } } } } }
node { name: "y" op: "DecodeJSONExample" input: "x" }
"""
with open(os.path.join(folder, "graph.pbtxt"), "w") as f:
    f.write(NODES)
subprocess.run([compiler, "graph.pbtxt", "-o", "graph.so"], cwd=folder, check=True)
refused = 0
for text in TEXTS:
    np.savez(os.path.join(folder, "in.npz"), **{"x:0": np.array([text.encode()], "S")})
    run = subprocess.run([tool, "graph.so", "--feeds", "in.npz", "--out", "out.npz"], cwd=folder, capture_output=True, text=True)
    if run.returncode == 1 and "INVALID_ARGUMENT: Error while parsing JSON: string 0 [node: y (DecodeJSONExample)]" in run.stderr:
        refused += 1
    else:
        print(repr(text), run.returncode, run.stderr)
print(f"{refused} of {len(TEXTS)} texts are refused")

"""readers.py DIR writes a graph that reads files and the steps to run it; readers.py --check DIR prints what came out."""
import json
import sys

import numpy as np

NODES = """
node { name: "names" op: "Placeholder" attr { key: "dtype" value { type: DT_STRING } } attr { key: "shape" value { shape { dim { size: -1 } } } } }
"""
QUEUE = """
node { name: "%s" op: "FIFOQueueV2" attr { key: "component_types" value { list { type: DT_STRING } } }
       attr { key: "shapes" value { list { shape { } } } } attr { key: "capacity" value { i: 10 } } }
node { name: "fill_%s" op: "QueueEnqueueManyV2" input: "%s" input: "names" attr { key: "Tcomponents" value { list { type: DT_STRING } } } }
"""
READERS = """
node { name: "lines" op: "TextLineReaderV2" attr { key: "skip_header_lines" value { i: 1 } } }
node { name: "line" op: "ReaderReadV2" input: "lines" input: "q" }
node { name: "count" op: "ReaderNumRecordsProducedV2" input: "lines" }
node { name: "records" op: "FixedLengthRecordReaderV2" attr { key: "header_bytes" value { i: 2 } } attr { key: "record_bytes" value { i: 2 } }
       attr { key: "footer_bytes" value { i: 1 } } }
node { name: "most" op: "Const" attr { key: "dtype" value { type: DT_INT64 } }
       attr { key: "value" value { tensor { dtype: DT_INT64 tensor_shape { } int64_val: 9 } } } }
node { name: "some" op: "ReaderReadUpToV2" input: "records" input: "r" input: "most" }
node { name: "gzip" op: "TFRecordReaderV2" attr { key: "compression_type" value { s: "GZIP" } } }
node { name: "gzip_record" op: "ReaderReadUpToV2" input: "gzip" input: "s" input: "most" }
node { name: "zlib" op: "TFRecordReaderV2" attr { key: "compression_type" value { s: "ZLIB" } } }
node { name: "zlib_record" op: "ReaderReadUpToV2" input: "zlib" input: "t" input: "most" }
node { name: "constant" op: "ImmutableConst" attr { key: "dtype" value { type: DT_INT32 } }
       attr { key: "shape" value { shape { dim { size: 2 } } } } attr { key: "memory_region_name" value { s: "d.bin" } } }
"""

# The records "one", "" and 40 times "three", as TensorFlow packs them.
PACKED = {
    "gzip": "1f8b0800000000000003636680800d333df9f2f352191d4239a0220c9acc33d86fbc6a5a7402caffbb6a42454946516aea302056736f8805008c72fadffb000000",
    "zlib": "789c636680800d333df9f2f352191d4239a0220c9acc33d86fbc6a5a7402caffbb6a42454946516aea302056736f8805008384602f",
}

if sys.argv[1] == "--check":
    folder = sys.argv[2] + "/out/s"
    text = lambda value: value.item().decode()
    for step in range(2, 7):
        run = np.load(f"{folder}{step}.npz")
        print(text(run["line:0"]), text(run["line:1"]))
    print(np.load(folder + "7.npz")["count:0"].item(), "produced")
    run = np.load(folder + "8.npz")
    print(*(f"{key.decode()}={value.decode()}" for key, value in zip(run["some:0"], run["some:1"])))
    for step, name in ((11, "gzip"), (13, "zlib")):
        run = np.load(f"{folder}{step}.npz")
        print(*(f"{key.decode()}={value.decode()[:6]}*{len(value)}" for key, value in zip(run[name + "_record:0"], run[name + "_record:1"])))
    print("constant", np.load(folder + "9.npz")["constant:0"])
else:
    folder = sys.argv[1]
    with open(folder + "/graph.pbtxt", "w") as file:
        file.write(NODES + QUEUE % ("q", "q", "q") + "".join(QUEUE % (name, name, name) for name in "rst") + READERS)
    np.savez(folder + "/texts.npz", **{"names:0": np.array([b"a.txt", b"b.txt"])})
    np.savez(folder + "/bytes.npz", **{"names:0": np.array([b"c.bin"])})
    for name, data in PACKED.items():
        np.savez(f"{folder}/{name}.npz", **{"names:0": np.array([f"a.{name}".encode()])})
        with open(f"{folder}/a.{name}", "wb") as file:
            file.write(bytes.fromhex(data) * 2)  # the reader of ZLIB does not look behind the first
    steps = [{"feeds": "texts.npz", "fetch": [], "target": ["fill_q"]}, {"feeds": "bytes.npz", "fetch": [], "target": ["fill_r"]}]
    steps += [{"feeds": None, "fetch": ["line:0", "line:1"]}] * 5
    steps += [{"feeds": None, "fetch": fetch} for fetch in (["count:0"], ["some:0", "some:1"], ["constant:0"])]
    steps += [{"feeds": "gzip.npz", "fetch": [], "target": ["fill_s"]}, {"feeds": None, "fetch": ["gzip_record:0", "gzip_record:1"]}]
    steps += [{"feeds": "zlib.npz", "fetch": [], "target": ["fill_t"]}, {"feeds": None, "fetch": ["zlib_record:0", "zlib_record:1"]}]
    with open(folder + "/steps.json", "w") as file:
        json.dump(steps, file)

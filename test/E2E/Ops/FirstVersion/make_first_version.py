#!/usr/bin/env python3
"""Makes the files of this folder: make_first_version.py, run in it. Needs TensorFlow 2.19 (pip install tensorflow-cpu==2.19.1).

whole: a checkpoint of the first version, of one file; parts-?????-of-00002: one of two files that holds a partitioned variable;
graph.pb: nodes that write and read such files; values.npz: what TensorFlow reads.
"""
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
raw = tf.raw_ops
VALUES = {"half": np.array([0.5, -2], np.float16), "float": np.array([[1, -2.5, 3], [4, 5, 6]], np.float32),
          "double": np.array(1e300), "byte": np.array([200, 1], np.uint8), "short": np.array([-3, 30000], np.int16),
          "int": np.array([[-7], [8]], np.int32), "long": np.array([2**40, -1]), "bool": np.array([True, False, True]),
          "text": np.array([b"one", b"", b"th\x00ree"], object), "complex": np.array([1 - 2j], np.complex64),
          "empty": np.zeros([0, 2], np.float32)}


def main():
    with v1.Graph().as_default() as graph, v1.Session() as session:
        names = list(VALUES)
        path = v1.placeholder(tf.string, [], name="path")
        tensors = [tf.constant(value, name=name) for name, value in VALUES.items()]
        part = tensors[names.index("float")]
        raw.Save(filename=path, tensor_names=names, data=tensors, name="save")
        for i, (begin, size) in enumerate([(0, 2), (2, 1)]):
            raw.SaveSlices(filename=path, tensor_names=["parted", f"own{i}"], shapes_and_slices=[f"2 3 -:{begin},{size}", ""],
                           data=[part[:, begin:begin + size], tensors[0]], name=f"save_part{i}")
        session.run("save", {path: "whole"})
        for i in range(2):
            session.run(f"save_part{i}", {path: f"parts-{i:05}-of-00002"})
        # A restored tensor gets its shape from the variable that it is assigned to.
        checks, arrays = [], {}
        for file, name, spec in [("whole", name, "") for name in names if VALUES[name].dtype != object] + [
                ("parts", "parted", ""), ("parts", "parted", "2 3 1,1:0,2"), ("parts", "own1", ""), ("whole", "float", "2 3 -:1,2")]:
            value = VALUES[{"parted": "float", "own1": "half"}.get(name, name)]
            value = value[1:2, 0:2] if spec.startswith("2 3 1") else value[:, 1:3] if spec else value
            pattern = tf.constant(file if file == "whole" else "parts-?????-of-?????")
            tag = f"{file}_{name}_{len(checks)}"
            variable = raw.VariableV2(shape=value.shape, dtype=value.dtype, shared_name=tag, name=tag)
            if spec:
                read = raw.RestoreSlice(file_pattern=pattern, tensor_name=name, shape_and_slice=spec, dt=value.dtype)
            else:
                read = raw.Restore(file_pattern=pattern, tensor_name=name, dt=value.dtype)
            checks.append(raw.Assign(ref=variable, value=read, name="assign_" + tag))
            second = raw.RestoreV2(prefix="whole" if file == "whole" else "parts-?????-of-?????", tensor_names=[name],
                                   shape_and_slices=[spec], dtypes=[value.dtype])[0]
            with tf.control_dependencies([checks[-1]]):
                checks.append(raw.Assign(ref=variable, value=second, name="assign_again_" + tag))
        for check in checks:
            arrays[check.name] = session.run(check)
        with open("graph.pb", "wb") as file:
            file.write(graph.as_graph_def().SerializeToString(deterministic=True))
        np.savez_compressed("values.npz", **arrays)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Makes the SavedModels of this folder and what TensorFlow gives for them: make_tables.py, run in this folder.

Needs TensorFlow 2.19 (pip install tensorflow-cpu==2.19.1). first/ is of TensorFlow 1, second/ of TensorFlow 2. Their tables are
filled when they are loaded: from files that come with them, from constants, from the checkpoint.
"""
import os
import shutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
TextFileIndex = tf.lookup.TextFileIndex
WEIGHTS = np.arange(6, dtype=np.float32).reshape(6, 1) + 0.5


def vocabulary(asset):
    return tf.lookup.StaticVocabularyTable(tf.lookup.TextFileInitializer(
        asset, tf.string, TextFileIndex.WHOLE_LINE, tf.int64, TextFileIndex.LINE_NUMBER), 2)


def first():
    with v1.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        words = v1.placeholder(tf.string, [None], name="words")
        numbers = v1.placeholder(tf.int64, [None], name="numbers")
        step = v1.placeholder(tf.float32, [2], name="step")
        asset = tf.constant("vocabulary.txt", name="asset")
        v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, asset)
        ids = vocabulary(asset).lookup(words)
        names = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(
            tf.constant([7, 11], tf.int64), tf.constant(["seven", "eleven"])), "none").lookup(numbers)
        weights = v1.get_variable("weights", initializer=WEIGHTS)
        # No checkpoint holds it: only the op that is run when the model is loaded.
        local = v1.get_variable("local", shape=[2], initializer=v1.constant_initializer(3.0), use_resource=False,
                                collections=[v1.GraphKeys.LOCAL_VARIABLES])
        count = tf.identity(v1.assign_add(local, step))
        session.run([v1.global_variables_initializer(), v1.local_variables_initializer(), v1.tables_initializer()])
        builder = v1.saved_model.Builder("first")
        signature = v1.saved_model.predict_signature_def
        builder.add_meta_graph_and_variables(
            session, ["serve"],
            {"serving_default": signature({"words": words, "numbers": numbers},
                                          {"ids": ids, "names": names, "rows": tf.gather(weights, ids)}),
             "count": signature({"step": step}, {"count": count})},
            assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
            main_op=tf.group(v1.tables_initializer(), v1.local_variables_initializer()))
        builder.save()


class Second(tf.Module):
    def __init__(self):
        super().__init__()
        self.asset = tf.saved_model.Asset("vocabulary.txt")
        self.words = vocabulary(self.asset)
        self.names = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(
            "pairs.txt", tf.int64, 0, tf.string, 1, delimiter=","), "none")
        self.constants = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([1.5, 2.5])), -1.0)
        self.learned = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
        self.learned.insert(["u", "v"], tf.constant([5, 6], tf.int64))
        self.pairs = tf.lookup.experimental.DenseHashTable(tf.int64, tf.float32, [-1.0, -2.0], -1, -2, initial_num_buckets=4)
        self.pairs.insert(tf.constant([3, 4], tf.int64), [[0.25, 0.5], [4.0, 8.0]])
        self.weights = tf.Variable(WEIGHTS)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="words"), tf.TensorSpec([None], tf.int64, name="numbers")])
    def look_up(self, words, numbers):
        ids = self.words.lookup(words)
        return {"ids": ids, "names": self.names.lookup(numbers), "rows": tf.gather(self.weights, ids),
                "constants": self.constants.lookup(words), "size": self.names.size(), "learned": self.learned.lookup(words),
                "pairs": self.pairs.lookup(numbers)}


def main():
    feeds = {"step": np.array([1, 2], np.float32), "words": np.array([b"fox", b"a", b"the", b"zzz", b"u", b"v"]),
             "numbers": np.array([7, 13, 99, 3, 4, 11], np.int64)}
    for folder in ("first", "second"):
        shutil.rmtree(folder, ignore_errors=True)
    files = {"vocabulary.txt": "the\nquick\nbrown\nfox\n", "pairs.txt": "7,seven\n11,eleven\n13,thirteen\n"}
    for name, text in files.items():
        with open(name, "w") as file:
            file.write(text)
    first()
    module = Second()
    tf.saved_model.save(module, "second", module.look_up)
    for name in files:
        os.remove(name)
    arrays = {"feed/" + name: value for name, value in feeds.items()}
    with v1.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        signatures = v1.saved_model.loader.load(session, ["serve"], "first").signature_def
        for run in range(2):
            for name in ("serving_default", "count"):
                signature = signatures[name]
                given = {info.name: feeds[key] for key, info in signature.inputs.items()}
                for key, info in signature.outputs.items():
                    arrays[f"first/{name}/run{run}/{key}"] = session.run(info.name, given)
    loaded = tf.saved_model.load("second").signatures["serving_default"]
    for key, value in loaded(words=tf.constant(feeds["words"]), numbers=tf.constant(feeds["numbers"])).items():
        arrays["second/" + key] = value.numpy()
    os.remove("second/fingerprint.pb")
    np.savez_compressed("expected.npz", **{key: value.astype("S") if value.dtype == object else value for key, value in arrays.items()})


if __name__ == "__main__":
    main()

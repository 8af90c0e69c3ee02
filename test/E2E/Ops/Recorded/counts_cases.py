import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    for dtype in (tf.int32, tf.int64):
        rows, line = record.fed(np.int64([[3, 1, 3], [0, 9, 1]]), dtype), record.fed(np.int64([5, 0, 5, 2]), dtype)
        for weight in (tf.float32, tf.float64, tf.int32, tf.int64):
            none, some = tf.constant([], weight), record.fed(np.array([[1, 2, 4], [8, -3, 5]]), weight)
            for binary in (False, True):
                kind = dict(binary_output=binary)
                record.joined(f"dense_{dtype.name}_{weight.name}_{binary}",
                       [t for least, most in ((-1, -1), (12, -1), (-1, 3), (2, 5)) for values in (rows, line)
                        for t in raw.DenseCountSparseOutput(values=values, weights=none, minlength=least, maxlength=most, **kind)])
            record.joined(f"dense_weights_{dtype.name}_{weight.name}",
                   [*raw.DenseCountSparseOutput(values=rows, weights=some, minlength=-1, maxlength=-1, binary_output=False)])
            entries = record.fed(np.int64([[0, 1], [0, 4], [2, 0], [2, 2], [2, 3]]))
            values, scales = record.fed(np.int64([7, 7, 2, 7, 2]), dtype), record.fed(np.array([1, 2, 3, 4, 5]), weight)
            record.joined(f"sparse_{dtype.name}_{weight.name}",
                   [t for w in (none, scales) for t in raw.SparseCountSparseOutput(indices=entries, values=values, dense_shape=tf.constant([4, 5], tf.int64),
                                                                                  weights=w, minlength=-1, maxlength=-1, binary_output=False)])
            record.joined(f"ragged_{dtype.name}_{weight.name}",
                   [t for w in (none, scales) for t in raw.RaggedCountSparseOutput(splits=tf.constant([0, 2, 2, 5], tf.int64), values=values, weights=w,
                                                                                  minlength=3, maxlength=-1, binary_output=False)])
    record("vector", [*raw.SparseCountSparseOutput(indices=tf.constant([[1], [4]], tf.int64), values=[6, 6], dense_shape=tf.constant([5], tf.int64),
                                                   weights=tf.constant([], tf.float32), minlength=-1, maxlength=-1, binary_output=False)])
    record("nothing", [*raw.DenseCountSparseOutput(values=record.fed(np.zeros((2, 0), np.int32)), weights=tf.constant([], tf.float32), minlength=-1,
                                                   maxlength=-1, binary_output=False)])
    a, b = record.fed(np.int64([[0, 0], [0, 1], [1, 0]])), record.fed(np.int64([[0, 0], [1, 0], [1, 1], [2, 0]]))
    texts = record.fed(np.array([b"p", b"q\n", b"r"], object))
    more = record.fed(np.array([b"u", b"v", b"w", b""], object))
    shape = tf.constant([3, 2], tf.int64)
    dense, whole = record.fed(np.array([[b"d"], [b"e"], [b"f"]], object)), record.fed(np.array([[b"h", b"i"], [b"", b"j"], [b"k", b"l"]], object))
    record("joined", [t for sep in ("_X_", "", ", ") for t in raw.SparseCrossV2(indices=[a, b], values=[texts, more], shapes=[shape, shape],
                                                                               dense_inputs=[dense], sep=sep)])
    for strong in (False, True):
        for buckets in (7, 1 << 40):
            record(f"hashed_{strong}_{buckets}", [t for salt in ([1, 2], [-7, 1 << 40]) for t in raw.SparseCrossHashed(
                indices=[a, b], values=[texts, more], shapes=[shape, shape], dense_inputs=[dense, whole], num_buckets=tf.constant(buckets, tf.int64),
                strong_hash=strong, salt=tf.constant(salt, tf.int64))])
    numbers = record.fed(np.int64([1, -2, 3, 4]))
    record("mixed", [*raw.SparseCross(indices=[a, b], values=[texts, numbers], shapes=[shape, shape], dense_inputs=[whole], hashed_output=True,
                                      num_buckets=1000, hash_key=956888297470, out_type=tf.int64, internal_type=tf.int64)])
    record("lookups", [*raw.StringNGrams(data=more, data_splits=record.fed(np.int64([0, 3, 3, 4])), separator=" ", ngram_widths=[1, 2], left_pad="",
                                         right_pad="", pad_width=0, preserve_short_sequences=False)])

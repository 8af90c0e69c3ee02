import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    splits = tf.compat.v1.placeholder(tf.int64, [None], name="splits")
    rows = tf.compat.v1.placeholder(tf.int32, [None], name="rows")
    values = tf.compat.v1.placeholder(tf.float32, [None], name="values")
    pairs = tf.compat.v1.placeholder(tf.float32, [None, 2], name="pairs")
    words = tf.constant(["a", "bb", "", "dddd", "e", "f", "g"])
    given = {splits: np.array([0, 2, 2, 5, 7]), rows: np.array([0, 0, 1, 1, 1, 3, 3], np.int32), values: np.arange(7, dtype=np.float32) + 0.5,
             pairs: np.arange(14, dtype=np.float32).reshape(7, 2)}

    def dense(shape, data, default, partitions, kinds):
        return raw.RaggedTensorToTensor(shape=shape, values=data, default_value=default, row_partition_tensors=partitions,
                                        row_partition_types=kinds)

    record("splits", [dense(tf.constant(-1, tf.int64), values, -1.0, [splits], ["ROW_SPLITS"]),
                      dense(tf.constant([-1, 2], tf.int64), values, 9.0, [splits], ["ROW_SPLITS"]),
                      dense(tf.constant([6, 4], tf.int64), values, 9.0, [splits], ["ROW_SPLITS"]),
                      dense(tf.constant([3, -1], tf.int64), values, 9.0, [splits], ["ROW_SPLITS"]),
                      dense(tf.constant(-1, tf.int64), words, "none", [splits], ["ROW_SPLITS"]),
                      dense(tf.constant(-1, tf.int64), pairs, [7.0, 8.0], [splits], ["ROW_SPLITS"]),
                      dense(tf.constant([-1, -1, 2], tf.int64), pairs, [6.0], [splits], ["ROW_SPLITS"])], given)
    record("rows", [dense(tf.constant(-1), values, 0.0, [tf.constant(4), rows], ["FIRST_DIM_SIZE", "VALUE_ROWIDS"]),
                    dense(tf.constant([5, 3]), values, 0.0, [tf.constant(4), rows], ["FIRST_DIM_SIZE", "VALUE_ROWIDS"])])
    outer = tf.constant([0, 1, 1, 4], tf.int64)
    record("nested", [dense(tf.constant(-1, tf.int64), values, -2.0, [outer, splits], ["ROW_SPLITS", "ROW_SPLITS"]),
                      dense(tf.constant([2, 2, 2], tf.int64), values, -2.0, [outer, splits], ["ROW_SPLITS", "ROW_SPLITS"]),
                      dense(tf.constant(-1), values, -2.0, [tf.constant(3), tf.constant([0, 0, 2, 2]), rows],
                            ["FIRST_DIM_SIZE", "VALUE_ROWIDS", "VALUE_ROWIDS"])])
    for dtype in (tf.int32, tf.int64, tf.float32, tf.float64):
        starts, limits = tf.cast([0, 5, 8, -3], dtype), tf.cast([3, 5, 2, 4], dtype)
        record("range_" + dtype.name, [*raw.RaggedRange(starts=starts, limits=limits, deltas=tf.cast([1, 1, -2, 3], dtype)),
                                       *raw.RaggedRange(starts=tf.cast(1, dtype), limits=limits, deltas=tf.cast(2, dtype),
                                                        Tsplits=tf.int32)])
    record("range_steps", list(raw.RaggedRange(starts=[0.0, 0.0], limits=[1.0, -0.7], deltas=[0.1, -0.3])))
    picks = tf.compat.v1.placeholder(tf.int32, [None], name="picks")
    table = tf.compat.v1.placeholder(tf.int64, [None, 2], name="table")
    given = {picks: np.array([3, 0, 0, 1], np.int32), table: [[2, 0], [1, 3], [3, 3]]}
    for tag, data in (("", values), ("pairs_", pairs), ("words_", words)):
        for kind, indices, rank in (("vector", picks, 0), ("matrix", table, 1)):
            record("gather_" + tag + kind, tf.nest.flatten(raw.RaggedGather(
                params_nested_splits=[splits], params_dense_values=data, indices=indices, OUTPUT_RAGGED_RANK=1 + rank)), given)
    one = tf.compat.v1.placeholder(tf.int32, [], name="one")
    record("gather_row", [raw.RaggedGather(params_nested_splits=[splits], params_dense_values=values, indices=one, OUTPUT_RAGGED_RANK=0).output_dense_values,
                          *tf.nest.flatten(raw.RaggedGather(params_nested_splits=[outer, splits], params_dense_values=pairs, indices=one, OUTPUT_RAGGED_RANK=1))],
           {one: np.int32(2)})
    record("gather_nested", tf.nest.flatten(raw.RaggedGather(
        params_nested_splits=[outer, splits], params_dense_values=values, indices=[2, 0, 1, 2], OUTPUT_RAGGED_RANK=2)))
    record("sparse", [*raw.RaggedTensorToSparse(rt_nested_splits=[splits], rt_dense_values=values),
                      *raw.RaggedTensorToSparse(rt_nested_splits=[outer, splits], rt_dense_values=words),
                      *raw.RaggedTensorToSparse(rt_nested_splits=[splits], rt_dense_values=pairs)])

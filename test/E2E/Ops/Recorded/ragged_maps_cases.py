import numpy as np
import tensorflow as tf


def cases(record):
    values, splits = record.fed(np.arange(12, dtype=np.float32).reshape(6, 2) - 4), record.fed(np.int64([0, 2, 2, 5, 6]))

    @tf.function(autograph=False)
    def maps(values, splits):
        rows = tf.RaggedTensor.from_row_splits(values, splits, validate=False)
        line = rows.with_values(values[:, 0])
        sums = tf.map_fn(lambda row: tf.reduce_sum(row * row, 0), rows, fn_output_signature=tf.float32)
        longer = tf.map_fn(lambda row: tf.concat([row, -row[:1]], 0), line, fn_output_signature=tf.RaggedTensorSpec([None], tf.float32, 0))
        made = tf.map_fn(lambda n: tf.range(n), rows.row_lengths(), fn_output_signature=tf.RaggedTensorSpec([None], tf.int64, 0))
        both = tf.map_fn(lambda pair: pair[0] * tf.reduce_sum(pair[1]), (line, rows), fn_output_signature=tf.RaggedTensorSpec([None], tf.float32, 0))
        return [sums, longer.values, longer.row_splits, made.values, made.row_splits, both.values, both.row_splits]
    record("maps", maps(values, splits))

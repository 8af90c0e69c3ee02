import tensorflow as tf

RUNS = 2
raw = tf.raw_ops


def cases(record):
    fills, kinds = [], [("si", tf.string, tf.int64, ["a", "b", "long key"], [1, 2, 3]), ("is", tf.int64, tf.string, [5, -7], ["five", ""]),
                        ("if", tf.int32, tf.float32, [1, 2], [0.5, -1]), ("ss", tf.string, tf.string, ["k"], ["v"]),
                        ("sb", tf.string, tf.bool, ["yes", "no"], [True, False])]
    for tag, key, value, keys, values in kinds:
        if tag == "if":
            continue
        table = raw.HashTableV2(key_dtype=key, value_dtype=value, shared_name="table_" + tag)
        fills.append(raw.InitializeTableV2(table_handle=table, keys=tf.constant(keys, key), values=tf.constant(values, value)))
        asked = tf.constant(keys[::-1] + keys[:1], key) if key != tf.string else tf.constant(keys[::-1] + ["missing"])
        default = tf.constant("none") if value == tf.string else tf.cast(-1, value)
        record("find_" + tag, [raw.LookupTableFindV2(table_handle=table, keys=asked, default_value=default),
                               raw.LookupTableSizeV2(table_handle=table)])
    mutable = raw.MutableHashTableV2(key_dtype=tf.string, value_dtype=tf.int64, shared_name="mutable")
    with tf.control_dependencies([raw.LookupTableInsertV2(table_handle=mutable, keys=["x", "y", "x"], values=tf.constant([1, 2, 3], tf.int64))]):
        record("mutable", [raw.LookupTableFindV2(table_handle=mutable, keys=[["x"], ["z"]], default_value=tf.constant(-1, tf.int64)),
                           raw.LookupTableSizeV2(table_handle=mutable)])
    with tf.control_dependencies(fills):
        tf.no_op(name="init")

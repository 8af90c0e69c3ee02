import tensorflow as tf

raw = tf.raw_ops


def example(**features):
    wrapped = {}
    for name, value in features.items():
        if isinstance(value[0], bytes) if value else False:
            wrapped[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=value))
        elif value and isinstance(value[0], float):
            wrapped[name] = tf.train.Feature(float_list=tf.train.FloatList(value=value))
        else:
            wrapped[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=value))
    return tf.train.Example(features=tf.train.Features(feature=wrapped)).SerializeToString()


def cases(record):
    records = [example(x=[1.0, 2.0], y=[7], words=[b"a", b"bc"], ids=[5, -6, 7]), example(x=[-3.5, 0.25], ids=[]),
               example(x=[0.0, 1.0], y=[-9], words=[b""], more=[1.0, 2.0, 3.0, 4.0])]
    serialized = tf.constant(records)
    features = dict(serialized=serialized, names=tf.constant([], tf.string),
                    dense_defaults=[tf.constant([], tf.float32), tf.constant([99], tf.int64), tf.constant(0.5)],
                    sparse_types=[tf.string, tf.int64], dense_shapes=[[2], [1], [None, 2]])
    old = raw.ParseExample(sparse_keys=["words", "ids"], dense_keys=["x", "y", "more"], **features)
    record("v1", [t for group in (old.sparse_indices, old.sparse_values, old.sparse_shapes, old.dense_values) for t in group])
    new = raw.ParseExampleV2(sparse_keys=["words", "ids"], dense_keys=["x", "y", "more"], ragged_keys=tf.constant([], tf.string), num_sparse=2,
                             ragged_value_types=[], ragged_split_types=[], **features)
    record("v2", [t for group in (new.sparse_indices, new.sparse_values, new.sparse_shapes, new.dense_values) for t in group])
    one = raw.ParseSingleExample(serialized=tf.constant(records[0]), dense_defaults=[tf.constant([], tf.float32), tf.constant([3], tf.int64)],
                                 num_sparse=1, sparse_keys=["words"], dense_keys=["x", "missing"], sparse_types=[tf.string],
                                 dense_shapes=[[2], [1]])
    record("single", [t for group in (one.sparse_indices, one.sparse_values, one.sparse_shapes, one.dense_values) for t in group])

import tensorflow as tf

raw = tf.raw_ops
END = b"\x78\x01"  # an unknown field: recorded strings lose zeros at their ends


def feature(kind, values):
    if kind == tf.int64:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    if kind == tf.float32:
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[str(value).encode() for value in values]))


KINDS = {"i": tf.int64, "f": tf.float32, "s": tf.string}


def example(lengths):
    features = {name: feature(KINDS[name], range(1, length + 1)) for name, length in lengths.items()}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString() + END


def sequence(lists):
    made = {name: tf.train.FeatureList(feature=[feature(KINDS[name], range(1, length + 1)) for length in lengths]) for name, lengths in lists.items()}
    context = tf.train.Features(feature={"i": feature(tf.int64, [4, 5])})
    return tf.train.SequenceExample(context=context, feature_lists=tf.train.FeatureLists(feature_list=made)).SerializeToString() + END


def single(record):
    """One example that is no vector of examples: its ragged features have values only."""
    for splits in (tf.int32, tf.int64):
        spec = {name: tf.io.RaggedFeature(kind, name, row_splits_dtype=splits) for name, kind in KINDS.items()}
        for i, lengths in enumerate(({"i": 3, "f": 2, "s": 1}, {"i": 0, "s": 2}, {})):
            parsed = tf.io.parse_single_example(record.fed(example(lengths), tf.string), spec)
            record(f"single_{splits.name}_{i}", [parsed[name] for name in KINDS])
    kinds = list(KINDS.values())
    made = raw.ParseExampleV2(serialized=record.fed(example({"i": 2}), tf.string), names=[], sparse_keys=[], dense_keys=[], ragged_keys=list(KINDS), dense_defaults=[], num_sparse=0, sparse_types=[], ragged_value_types=kinds, ragged_split_types=[tf.int32, tf.int64, tf.int32], dense_shapes=[])
    record("splits", made.ragged_row_splits)


def lists(record):
    """Ragged lists of features, of one example and of several, between those of other kinds."""
    examples = [{"i": [2, 0, 1], "f": [1], "s": [0, 2]}, {"i": [], "f": [0, 0, 3]}, {"i": [4], "s": [1, 1, 1]}, {}]
    for splits in (tf.int32, tf.int64):
        spec = {name: tf.io.RaggedFeature(kind, name, row_splits_dtype=splits) for name, kind in KINDS.items()}
        context = {"i": tf.io.RaggedFeature(tf.int64, "i", row_splits_dtype=splits)}
        several = record.fed([sequence(lists) for lists in examples], tf.string)
        first, second, lengths = tf.io.parse_sequence_example(several, context, spec)
        record(f"several_{splits.name}", [part for ragged in (first["i"], *second.values()) for part in (ragged.flat_values, *ragged.nested_row_splits)])
        for i, lists in enumerate(examples):
            first, second = tf.io.parse_single_sequence_example(record.fed(sequence(lists), tf.string), context, spec)
            record(f"one_{splits.name}_{i}", [first["i"]] + [part for ragged in second.values() for part in (ragged.flat_values, *ragged.nested_row_splits)])
    spec = {"i": tf.io.VarLenFeature(tf.int64), "f": tf.io.RaggedFeature(tf.float32, "f"), "s": tf.io.FixedLenSequenceFeature([], tf.string)}
    several = record.fed([sequence({"i": [2, 1], "f": [1, 2], "s": [1, 1]}), sequence({"f": [3], "s": [1]})], tf.string)
    _, second, lengths = tf.io.parse_sequence_example(several, None, spec)
    record("mixed", [second["i"].indices, second["i"].values, second["f"].flat_values, *second["f"].nested_row_splits, second["s"], lengths["s"]])


def cases(record):
    single(record)
    lists(record)

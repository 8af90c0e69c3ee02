import tensorflow as tf

raw = tf.raw_ops


def feature(values):
    kinds = {bytes: "bytes_list", float: "float_list", int: "int64_list"}
    result = tf.train.Feature()
    if values:
        getattr(result, kinds[type(values[0])]).value.extend(values)
    return result


def sequence(context, lists):
    return tf.train.SequenceExample(
        context=tf.train.Features(feature={name: feature(values) for name, values in context.items()}),
        feature_lists=tf.train.FeatureLists(feature_list={
            name: tf.train.FeatureList(feature=[feature(values) for values in steps]) for name, steps in lists.items()})).SerializeToString()


def cases(record):
    records = tf.constant([
        sequence({"id": [7], "tags": [b"a", b"bc"]}, {"words": [[b"x"], [], [b"y", b"z"]], "pairs": [[1., 2.], [3., 4.]], "marks": [[5]]}),
        sequence({"tags": []}, {"words": [[b"q"]], "pairs": []}),
        sequence({"id": [9]}, {"pairs": [[5., 6.]], "marks": [[1], [2], [3]]})])
    found = raw.ParseSequenceExample(
        serialized=records, debug_name=[], context_dense_defaults=[tf.constant([-1], tf.int64)],
        feature_list_dense_missing_assumed_empty=["marks"], context_sparse_keys=["tags"], context_dense_keys=["id"], feature_list_sparse_keys=["words"],
        feature_list_dense_keys=["pairs", "marks"], Ncontext_sparse=1, Ncontext_dense=1, Nfeature_list_sparse=1, Nfeature_list_dense=2, context_sparse_types=[tf.string],
        feature_list_dense_types=[tf.float32, tf.int64], context_dense_shapes=[[1]], feature_list_sparse_types=[tf.string],
        feature_list_dense_shapes=[[2], [1]])
    record("sequences", tf.nest.flatten(list(found)))

    def parse(serialized, ragged):
        types = dict(context_ragged_value_types=[tf.string], context_ragged_split_types=[tf.int32]) if ragged else {}
        return tf.nest.flatten(list(raw.ParseSequenceExampleV2(
            serialized=serialized, debug_name=[], context_sparse_keys=tf.zeros([0], tf.string) if ragged else ["tags"], context_dense_keys=["id"],
            context_ragged_keys=["tags"] if ragged else tf.zeros([0], tf.string), feature_list_sparse_keys=["words"],
            feature_list_dense_keys=["pairs", "marks"], feature_list_ragged_keys=tf.zeros([0], tf.string), feature_list_dense_missing_assumed_empty=[False, True],
            context_dense_defaults=[tf.constant([-1], tf.int64)], Ncontext_sparse=0 if ragged else 1, context_sparse_types=[] if ragged else [tf.string],
            context_dense_shapes=[[1]], Nfeature_list_sparse=1, Nfeature_list_dense=2, feature_list_dense_types=[tf.float32, tf.int64],
            feature_list_sparse_types=[tf.string], feature_list_dense_shapes=[[2], [1]], **types)))

    record("with_sparse", parse(records, False))
    record("with_ragged", parse(records, True))
    record("one", parse(records[0], False))

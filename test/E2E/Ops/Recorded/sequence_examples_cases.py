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

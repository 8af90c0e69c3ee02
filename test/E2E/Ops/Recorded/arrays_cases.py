import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    random = np.random.default_rng(10)
    x = tf.compat.v1.placeholder(tf.float32, [3, 7], name="x")
    record("approx_top_k", list(raw.ApproxTopK(input=x, k=2)), {x: random.uniform(-1, 1, (3, 7)).astype(np.float32)})
    key, counter = tf.constant([10413732777507651514], tf.uint64), tf.constant([0, 17830669156045600267], tf.uint64)
    record("shuffle", raw.StatelessShuffle(value=tf.range(11), key=key, counter=counter, alg=1))
    record("gamma_grad", [raw.RandomGammaGrad(alpha=[.1, 2., 30.], sample=[.2, 1., 25.]), raw.RandomGammaGrad(alpha=[[.5], [3.]], sample=[.1, 1., 4.])])
    splits = tf.constant([0, 2, 2, 5], tf.int64)
    for weights in ([], [1., 2., 3., 4., 5.]):
        for binary in (False, True):
            if not (weights and binary):
                record(f"ragged_{len(weights)}_{binary}", raw.RaggedBincount(splits=splits, values=[1, 1, 2, 3, 9], size=4, weights=tf.constant(weights, tf.float32),
                                                                             binary_output=binary))
    record("join", raw.UnsortedSegmentJoin(inputs=[["a", "b"], ["c", "d"], ["e", "f"]], segment_ids=[1, 0, 1], num_segments=3, separator=":"))
    for op in (raw.SparseSegmentSumGradV2, raw.SparseSegmentMeanGradV2, raw.SparseSegmentSqrtNGradV2):
        record(op.__name__, list(op(grad=x, indices=[4, 2, 4, 7], segment_ids=[0, 0, 1, 2], dense_output_dim0=9)))
    rows, shape = tf.constant([[0, 0], [1, 0], [1, 1]], tf.int64), tf.constant([2, 2], tf.int64)
    options = dict(indices=[rows, rows], values=[["a", "bb", "ccc"], ["x", "y", "z"]], shapes=[shape, shape], dense_inputs=[[["1", "q"], ["2", "r"]]],
                   hash_key=956888297470, internal_type=tf.string)
    record("cross", list(raw.SparseCross(**options, hashed_output=False, num_buckets=0, out_type=tf.string)))
    for buckets in (0, 100):
        record(f"cross_{buckets}", list(raw.SparseCross(**options, hashed_output=True, num_buckets=buckets, out_type=tf.int64)))
    for value in (x, tf.constant([["a", "bcd"]]), tf.constant(True), tf.zeros([0, 2], tf.int64)):
        record(f"serialize_{value.dtype.name}", raw.SerializeTensor(tensor=value))
    serialized = tf.constant(tf.make_tensor_proto(np.arange(6.).reshape(2, 3)).SerializeToString())
    record("parse", raw.ParseTensor(serialized=serialized, out_type=tf.float64))
    record("summaries", [raw.TensorSummary(tensor=x, name="summary"), raw.TensorSummaryV2(tag="tag", tensor=x, serialized_summary_metadata=""),
                         raw.AudioSummaryV2(tag="tag", tensor=x, sample_rate=8000., max_outputs=2)])
    record("round", raw.Round(x=tf.constant([1, -2, 3])))
    for name, shapes in (("equal", ([2, 1], [2, 1])), ("ones", ([1], [2, 1])), ("scalar", ([], [3]))):
        first, second = (tf.constant(shape, tf.int32) for shape in shapes)
        record("gradient_axes_" + name, list(raw.BroadcastGradientArgs(s0=first, s1=second)))
    record("unravel", [raw.UnravelIndex(indices=tf.constant(at, dtype), dims=tf.constant(dims, dtype)) for dtype in (tf.int32, tf.int64)
                       for at, dims in ((7, [2, 5]), ([0, 22, 59], [3, 4, 5]), ([3, 1], [4]))])
    record("parallel_concat", raw.ParallelConcat(values=[x[:1], x[2:]], shape=[2, 7]))
    sets = dict(set2_indices=tf.constant([[0, 0], [0, 1], [2, 0], [2, 1], [2, 2]], tf.int64), set2_shape=tf.constant([3, 4], tf.int64))
    first = dict(set1_indices=tf.constant([[0, 0], [1, 0], [1, 2], [2, 1]], tf.int64), set1_shape=tf.constant([3, 3], tf.int64))
    for values in ([4, 1, 2, 9, 2], ["d", "a", "b", "z", "b"]):
        second = tf.constant(values)
        for operation in ("a-b", "b-a", "intersection", "union"):
            name = f"{second.dtype.name}_{operation}".replace("-", "_")
            record("dense_sparse_" + name, list(raw.DenseToSparseSetOperation(set1=tf.constant([values[:2], values[1:3], values[3:]]), set2_values=second,
                                                                              set_operation=operation, **sets)))
            record("sparse_sparse_" + name, list(raw.SparseToSparseSetOperation(set1_values=second[:4], set2_values=second, set_operation=operation, **first, **sets)))

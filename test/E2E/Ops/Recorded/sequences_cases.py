import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    random = np.random.default_rng(11)
    normal = lambda *shape: random.standard_normal(shape).astype(np.float32)
    x, h, c = tf.compat.v1.placeholder(tf.float32, [None, 3], name="x"), tf.constant(normal(4, 5)), tf.constant(normal(4, 5))
    feeds = {x: normal(4, 3)}
    w, b = tf.constant(normal(8, 20)), tf.constant(normal(20))
    peep = [tf.constant(normal(5)) for _ in range(3)]
    for clip, uses in ((3.0, False), (0.2, True), (-1.0, True)):
        record(f"lstm_{int(clip * 10) + 10}", list(raw.LSTMBlockCell(x=x, cs_prev=c, h_prev=h, w=w, wci=peep[0], wcf=peep[1], wco=peep[2], b=b,
                                                                   forget_bias=0.5, cell_clip=clip, use_peephole=uses)), feeds)
    record("gru", list(raw.GRUBlockCell(x=x, h_prev=h, w_ru=normal(8, 10), w_c=normal(8, 5), b_ru=normal(10), b_c=normal(5))))
    for dtype in (tf.int64, tf.string):
        a, t = tf.constant([1, 2, 3, 4, 1, 9], tf.int64), tf.constant([1, 3, 4, 7, 8], tf.int64)
        if dtype == tf.string:
            a, t = tf.as_string(a), tf.as_string(t)
        for normalize in (False, True):
            record(f"edit_{dtype.name}_{normalize}", raw.EditDistance(
                hypothesis_indices=tf.constant([[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 0, 3], [1, 0, 0], [1, 1, 0]], tf.int64), hypothesis_values=a,
                hypothesis_shape=tf.constant([2, 2, 4], tf.int64),
                truth_indices=tf.constant([[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 1, 0], [1, 0, 0]], tf.int64), truth_values=t,
                truth_shape=tf.constant([2, 2, 3], tf.int64), normalize=normalize))
    logits = tf.constant(normal(7, 3, 5))
    lengths = tf.constant([7, 5, 0])
    for merge in (True, False):
        for blank in (-1, 0, 2):
            record(f"greedy_{merge}_{blank + 1}", list(raw.CTCGreedyDecoder(inputs=logits, sequence_length=lengths, merge_repeated=merge, blank_index=blank)))
    labels = dict(labels_indices=tf.constant([[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [2, 0]], tf.int64), labels_values=tf.constant([1, 1, 2, 3, 2, 0]))
    lengths = tf.constant([7, 5, 4])
    for i, more in enumerate(({}, {"preprocess_collapse_repeated": True}, {"ctc_merge_repeated": False})):
        record(f"ctc{i}", list(raw.CTCLoss(inputs=logits, sequence_length=lengths, **labels, **more)))
    record("ctc_f64", [tf.cast(t, tf.float32) for t in raw.CTCLoss(inputs=tf.cast(logits, tf.float64), sequence_length=lengths, **labels)])
    record("ctc_ignored", list(raw.CTCLoss(inputs=logits, sequence_length=tf.constant([3, 5, 4]), ignore_longer_outputs_than_inputs=True, **labels)))
    for dtype in (tf.float32, tf.float64, tf.int32, tf.int64):
        record("histogram_" + dtype.name, [raw.HistogramFixedWidth(values=tf.cast([[-1., 0, 1.5], [2, 5, 15]], dtype),
                                                                   value_range=tf.cast([0., 5.], dtype), nbins=n, dtype=out)
                                           for n, out in ((5, tf.int32), (3, tf.int64))])
    for dtype in (tf.float16, tf.bfloat16, tf.float32, tf.float64):
        y = tf.cast(normal(2, 4, 3) * 4, dtype)
        record("logsumexp_" + dtype.name, [raw.CumulativeLogsumexp(x=y, axis=axis, exclusive=e, reverse=r)
                                           for axis, e, r in ((0, False, False), (1, True, False), (-1, False, True), (1, True, True))])
    m, k = normal(4, 6), normal(6, 3)
    record("sparse_matmul", [raw.SparseMatMul(a=m, b=k, a_is_sparse=True), raw.SparseMatMul(a=m.T, b=k.T, transpose_a=True, transpose_b=True),
                             raw.SparseMatMul(a=tf.cast(m, tf.bfloat16), b=k)])
    for dtype in (tf.int32, tf.int8, tf.uint16, tf.string):
        one, two = tf.constant([[1, 5, 2, 5], [9, 9, 9, 9]]), tf.constant([[5, 7, 7], [1, 2, 3]])
        one, two = (tf.as_string(one), tf.as_string(two)) if dtype == tf.string else (tf.cast(one, dtype), tf.cast(two, dtype))
        record("sets_" + dtype.name, [t for op in ("a-b", "b-a", "intersection", "union")
                                      for t in raw.DenseToDenseSetOperation(set1=one, set2=two, set_operation=op)])
    record("set_size", raw.SetSize(set_indices=tf.constant([[0, 0], [0, 1], [0, 2], [2, 0]], tf.int64), set_values=tf.constant([5, 7, 5, 1]),
                                   set_shape=tf.constant([3, 4], tf.int64)))

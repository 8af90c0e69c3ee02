import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    a = dict(indices=tf.constant([[0, 1], [1, 0], [1, 3], [3, 2]], tf.int64), shape=tf.constant([4, 5], tf.int64))
    b = dict(indices=tf.constant([[0, 0], [1, 0], [3, 2], [3, 4]], tf.int64), shape=tf.constant([4, 5], tf.int64))
    mixed = tf.constant([[3, 2], [0, 1], [1, 3], [1, 0]], tf.int64)
    for dtype in (tf.float32, tf.float64, tf.int32, tf.int64, tf.complex64):
        tag, v, w = dtype.name, tf.constant([1, -2, 3, 4], dtype), tf.constant([10, 2, -4, 7], dtype)
        real = dtype.real_dtype
        record("add_" + tag, list(raw.SparseAdd(a_indices=a["indices"], a_values=v, a_shape=a["shape"], b_indices=b["indices"], b_values=w,
                                                b_shape=b["shape"], thresh=tf.constant(1, real))))
        record("reorder_" + tag, list(raw.SparseReorder(input_indices=mixed, input_values=v, input_shape=a["shape"])))
        record("concat_" + tag, [t for dim in (0, 1, -1) for t in raw.SparseConcat(
            indices=[a["indices"], b["indices"]], values=[v, w], shapes=[a["shape"], b["shape"]], concat_dim=dim)])
        record("reduce_" + tag, [raw.SparseReduceSum(input_indices=a["indices"], input_values=v, input_shape=a["shape"], reduction_axes=axes,
                                                     keep_dims=keep) for axes in ([0], [1], [-1, 0], tf.constant([], tf.int32)) for keep in (False, True)])
        record("dense_" + tag, [raw.SparseTensorDenseAdd(a_indices=a["indices"], a_values=v, a_shape=a["shape"],
                                                         b=tf.cast(tf.reshape(tf.range(20), [4, 5]), dtype))])
        record("slice_" + tag, list(raw.SparseSlice(indices=a["indices"], values=v, shape=a["shape"], start=tf.constant([1, 0], tf.int64),
                                                    size=tf.constant([2, 9], tf.int64))))
        record("fill_" + tag, list(raw.SparseFillEmptyRows(indices=mixed, values=v, dense_shape=a["shape"], default_value=tf.constant(5, dtype))))
        split = raw.SparseSplit(split_dim=tf.constant(1, tf.int64), indices=a["indices"], values=v, shape=a["shape"], num_split=2)
        record("split_" + tag, [t for group in split for t in group])
        if dtype.is_complex:
            continue
        record("cwise_" + tag, [op(sp_indices=a["indices"], sp_values=v, sp_shape=a["shape"], dense=tf.constant(d, dtype))
                                for op in (raw.SparseDenseCwiseMul, raw.SparseDenseCwiseAdd, raw.SparseDenseCwiseDiv)
                                for d in (3, [1, 2, 3, 4, 5], [[2], [3], [4], [5]])])
        pair = dict(a_indices=a["indices"], a_values=v, a_shape=a["shape"], b_indices=b["indices"], b_values=w, b_shape=b["shape"])
        record("extreme_" + tag, [*raw.SparseSparseMaximum(**pair), *raw.SparseSparseMinimum(**pair)])
        record("max_" + tag, [raw.SparseReduceMax(input_indices=a["indices"], input_values=v, input_shape=a["shape"], reduction_axes=axes)
                              for axes in ([0], [1])])
    v = tf.constant([1., -2, 3, 4])
    record("reduce_sparse", [t for op in (raw.SparseReduceSumSparse, raw.SparseReduceMaxSparse) for axes in ([0], [1]) for keep in (False, True)
                             for t in op(input_indices=a["indices"], input_values=v, input_shape=a["shape"], reduction_axes=axes, keep_dims=keep)])
    record("softmax", raw.SparseSoftmax(sp_indices=a["indices"], sp_values=v, sp_shape=a["shape"]))
    record("reshape", [*raw.SparseReshape(input_indices=a["indices"], input_shape=a["shape"], new_shape=tf.constant([2, -1, 5], tf.int64)),
                       *raw.SparseReshape(input_indices=a["indices"], input_shape=a["shape"], new_shape=tf.constant([20], tf.int64))])
    total = raw.SparseAdd(a_indices=a["indices"], a_values=v, a_shape=a["shape"], b_indices=b["indices"], b_values=v, b_shape=b["shape"], thresh=0.)
    record("add_grad", list(raw.SparseAddGrad(backprop_val_grad=tf.cast(tf.range(tf.shape(total[1])[0]), tf.float32) + 0.5,
                                              a_indices=a["indices"], b_indices=b["indices"], sum_indices=total[0])))
    record("fill_grad", list(raw.SparseFillEmptyRowsGrad(reverse_index_map=tf.constant([2, 0, 3], tf.int64), grad_values=tf.constant([1., 2, 4, 8, 16]))))
    part = raw.SparseSlice(indices=a["indices"], values=v, shape=a["shape"], start=tf.constant([1, 0], tf.int64), size=tf.constant([2, 9], tf.int64))
    record("slice_grad", raw.SparseSliceGrad(backprop_val_grad=part[1] * 10, input_indices=a["indices"], input_start=tf.constant([1, 0], tf.int64),
                                             output_indices=part[0]))

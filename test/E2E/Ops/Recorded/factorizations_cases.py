import numpy as np
import tensorflow as tf

raw = tf.raw_ops
PRODUCER = 6  # which still knows the operators named Batch...


def joined_again(vectors, values):
    """The matrix of these eigenvectors and -values: vectors alone may be scaled by any number of size 1."""
    return tf.matmul(vectors * tf.cast(values, vectors.dtype)[..., None, :], vectors, adjoint_b=True)


def solutions(record, kind, m, rhs):
    names = ("MatrixSolve", "BatchMatrixSolve", "BatchMatrixTriangularSolve")
    results = {f"{name}_{adjoint}": getattr(raw, name)(matrix=m, rhs=rhs, adjoint=adjoint) for name in names if kind in record.types(name) for adjoint in (False, True)}
    if kind in record.types("BatchMatrixTriangularSolve"):
        results["upper"] = tf.stack([raw.BatchMatrixTriangularSolve(matrix=m, rhs=rhs, lower=False, adjoint=adjoint) for adjoint in (False, True)])
    return results


def least_squares(record, kind, tall, m):
    """More rows than columns, fewer and as many; with and without regularization, by Cholesky's way and by the complete one."""
    results = {}
    weight, none = record.fed(.1, tf.float64), record.fed(0., tf.float64)
    wide = tf.linalg.adjoint(tall)
    for name in ("MatrixSolveLs", "BatchMatrixSolveLs"):
        if kind in record.types(name):
            op = getattr(raw, name)
            results[name] = tf.concat([op(matrix=tall, rhs=tall[..., :2], l2_regularizer=weight), op(matrix=m, rhs=m[..., 1:], l2_regularizer=none),
                                       op(matrix=tall, rhs=tall[..., 1:] * tall[..., :2], l2_regularizer=none), op(matrix=wide, rhs=m[..., :2], l2_regularizer=weight)], 1)
            results[name + "_complete"] = tf.concat([op(matrix=matrix, rhs=rhs, l2_regularizer=none, fast=False)
                                                     for matrix, rhs in ((tall, tall[..., 1:] * tall[..., :2]), (m, m[..., 1:]), (wide, m[..., :2]))], 1)
    return results


def decompositions(record, kind, m, h, tall):
    results = {"Cholesky": raw.Cholesky(input=h), "MatrixDeterminant": raw.MatrixDeterminant(input=m), "MatrixExponential": raw.MatrixExponential(input=m)}
    sign, log = raw.LogMatrixDeterminant(input=-m)
    packed, order = raw.Lu(input=tf.reverse(tall, [1])[:, 1:], output_idx_type=tf.int64)
    results.update(LogMatrixDeterminant_sign=sign, LogMatrixDeterminant=log, Lu=packed, Lu_order=order, Lu_order32=raw.Lu(input=m)[1])
    for name in ("BatchCholesky", "BatchMatrixDeterminant"):
        if kind in record.types(name):
            results[name] = getattr(raw, name)(input=h)
    if kind in record.types("BatchMatrixInverse"):
        results["BatchMatrixInverse"] = tf.stack([raw.BatchMatrixInverse(input=m, adjoint=adjoint) for adjoint in (False, True)])
    for name in ("SelfAdjointEig", "BatchSelfAdjointEig"):
        if kind in record.types(name):
            both = getattr(raw, name)(input=h)
            results.update({name: both[..., :1, :], name + "_vectors": joined_again(both[..., 1:, :], both[..., 0, :])})
    if kind in record.types("BatchSelfAdjointEigV2"):
        values, vectors = raw.BatchSelfAdjointEigV2(input=h)
        results.update(BatchSelfAdjointEigV2=values, BatchSelfAdjointEigV2_vectors=joined_again(vectors, values), values_alone=raw.BatchSelfAdjointEigV2(input=h, compute_v=False)[0])
    for full in (False, True):
        s, u, v = raw.BatchSvd(input=tall, full_matrices=full)
        results.update({f"BatchSvd_{full}": s, f"BatchSvd_{full}_vectors": tf.matmul(u[..., :3] * tf.cast(s, kind)[..., None, :], v, adjoint_b=True),
                        f"BatchSvd_{full}_orthogonal": tf.matmul(u, u, adjoint_a=True)})
    results["BatchSvd_values"] = raw.BatchSvd(input=tf.linalg.adjoint(tall), compute_uv=False)[0]
    return results


def cases(record):
    for kind in record.types("Cholesky"):
        square = record.numbers(kind, [2, 3, 3], -1, 1)
        square += (2 * np.eye(3)).astype(square.dtype)
        m, h, rhs, tall = (record.fed(x, kind) for x in (square, square @ np.conj(square.transpose(0, 2, 1)), record.numbers(kind, [2, 3, 2]), record.numbers(kind, [2, 4, 3])))
        for results in (decompositions(record, kind, m, h, tall), solutions(record, kind, m, rhs), least_squares(record, kind, tall, m)):
            for name, tensor in results.items():
                record(f"{name}_of_{kind.name}", tensor)
    nothing(record)
    edges(record)


def nothing(record):
    for name, shape in (("matrices", [0, 3, 3]), ("elements", [2, 0, 0])):
        x = record.fed(np.zeros(shape, np.float32))
        record.joined("no_" + name, [op(input=x) for op in (raw.Cholesky, raw.MatrixDeterminant, raw.MatrixExponential, raw.BatchMatrixInverse, raw.SelfAdjointEig)]
                      + [*raw.LogMatrixDeterminant(input=x), *raw.Lu(input=x), *raw.BatchSvd(input=x), *raw.BatchSelfAdjointEigV2(input=x),
                         raw.MatrixSolve(matrix=x, rhs=x), raw.MatrixSolveLs(matrix=x, rhs=x, l2_regularizer=tf.constant(.1, tf.float64))])


def edges(record):
    """Matrices of one element, singular ones and such with NaN, as far as they have an answer."""
    one, singular, nan = record.fed([[-4.]], tf.float64), record.fed([[1., 2.], [2., 4.]], tf.float64), record.fed([[1., float("nan")], [0., 2.]], tf.float64)
    for name, x in (("one", one), ("singular", singular), ("nan", nan)):
        record.joined("edges_" + name, [raw.MatrixDeterminant(input=x), *raw.LogMatrixDeterminant(input=x)])
    record.joined("edges", [raw.MatrixExponential(input=one), *raw.Lu(input=one), *raw.Lu(input=singular - [[0., 0.], [0., 1.]]), raw.SelfAdjointEig(input=one)[:1], raw.Cholesky(input=-one)])

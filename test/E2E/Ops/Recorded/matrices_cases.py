import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    random = np.random.default_rng(8)
    for name in ("float32", "complex128"):
        kind = tf.as_dtype(name)

        def uniform(*shape):
            values = random.uniform(-1, 1, shape)
            return tf.constant(values + (1j * random.uniform(-1, 1, shape) if kind.is_complex else 0), kind)

        feed = tf.compat.v1.placeholder(kind, [None, 3, 3], name=name)
        given = {feed: (uniform_values(random, (2, 3, 3), kind) + 4 * np.eye(3)).astype(kind.as_numpy_dtype)}
        rhs = uniform(2, 5, 2)
        record(f"{name}_sqrt", raw.MatrixSquareRoot(input=feed), given)
        record(f"{name}_eig", raw.Eig(input=feed, compute_v=False, Tout=tf.complex64 if name == "float32" else tf.complex128)[0])
        record(f"{name}_svd", raw.Svd(input=feed)[0])
        diagonals = uniform(2, 3, 5)
        for pivots in (False, True):
            record(f"{name}_tridiagonal_{pivots}", raw.TridiagonalSolve(diagonals=diagonals + [[[0], [4], [0]]], rhs=rhs, partial_pivoting=pivots))
        record(f"{name}_tridiagonal_product", raw.TridiagonalMatMul(superdiag=diagonals[:, :1], maindiag=diagonals[:, 1:2], subdiag=diagonals[:, 2:], rhs=rhs))
        for lower in (False, True):
            for adjoint in (False, True):
                bands = diagonals + ([[[4], [0], [0]]] if lower else [[[0], [0], [4]]])
                record(f"{name}_banded_{lower}_{adjoint}", raw.BandedTriangularSolve(matrix=bands, rhs=rhs, lower=lower, adjoint=adjoint))
    record("log", raw.MatrixLogarithm(input=feed))
    factor = np.tril(random.uniform(0.5, 1.5, (2, 3, 3)))
    record("cholesky_grad", raw.CholeskyGrad(l=tf.constant(factor), grad=tf.constant(np.tril(random.uniform(-1, 1, (2, 3, 3))))))


def uniform_values(random, shape, kind):
    values = random.uniform(-1, 1, shape)
    return values + 1j * random.uniform(-1, 1, shape) if kind.is_complex else values

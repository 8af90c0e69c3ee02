import tensorflow as tf

raw = tf.raw_ops
RUNS = 2
SHAPES = ([], [0, 2], [3, 5])


def stateless(record):
    for dtype in (tf.int32, tf.int64):
        seed, shapes = record.fed([-3, 1 << 20], dtype), [tf.constant(shape, dtype) for shape in SHAPES]
        for kind in record.types("StatelessRandomNormal", "dtype"):
            record.joined(f"stateless_{dtype.name}_{kind.name}", [op(shape=shape, seed=seed, dtype=kind)
                                                                  for op in (raw.StatelessRandomNormal, raw.StatelessTruncatedNormal, raw.StatelessRandomUniform)
                                                                  for shape in shapes])
        for kind in record.types("StatelessRandomUniformInt", "dtype"):
            limits = dict(minval=record.fed(-5, kind), maxval=record.fed(1000, kind))
            record.joined(f"stateless_between_{dtype.name}_{kind.name}", [raw.StatelessRandomUniformInt(shape=shape, seed=seed, **limits) for shape in shapes])
        for kind in record.types("StatelessRandomUniformFullInt", "dtype"):
            record(f"stateless_full_{dtype.name}_{kind.name}", raw.StatelessRandomUniformFullInt(shape=record.fed([4, 3], tf.int32), seed=seed, dtype=kind))
    record("algorithm", raw.StatelessRandomGetAlg())


def stateful(record):
    """Generators whose state is a variable: a counter of two words and a key. Every one draws three times."""
    philox, shapes = tf.constant(1, tf.int64), [tf.constant(shape, tf.int64) for shape in ([3], [2, 9], [])]
    # Binomial draws change the state where it lies, so that it must not be the buffer that is fed.
    start = record.fed([-2, 5, 1234567], tf.int64)

    def drawn(name, draw):
        state = raw.VarHandleOp(dtype=tf.int64, shape=[3], shared_name=tf.compat.v1.get_default_graph().unique_name("state"))
        done, results = raw.AssignVariableOp(resource=state, value=start + 0), []
        for shape in shapes:
            with tf.control_dependencies([done]):
                results.append(done := draw(state, shape))
        with tf.control_dependencies([done]):
            record.joined(name, [raw.ReadVariableOp(resource=state, dtype=tf.int64)] + results)

    for name in ("StatefulStandardNormalV2", "StatefulTruncatedNormal", "StatefulUniform"):
        for kind in record.types(name, "dtype"):
            drawn(f"{name}_{kind.name}", lambda state, shape: getattr(raw, name)(resource=state, algorithm=philox, shape=shape, dtype=kind))
    for kind in record.types("StatefulUniformFullInt", "dtype"):
        drawn("full_" + kind.name, lambda state, shape: raw.StatefulUniformFullInt(resource=state, algorithm=philox, shape=shape, dtype=kind))
    for kind in record.types("StatefulUniformInt", "dtype"):
        limits = dict(minval=record.fed(-5, kind), maxval=record.fed(1000, kind))
        drawn("between_" + kind.name, lambda state, shape: raw.StatefulUniformInt(resource=state, algorithm=philox, shape=shape, **limits))
    for kind in (tf.float16, tf.float32, tf.float64):
        counts, probs = record.fed(20, kind), record.fed(.3, kind)
        for out in record.types("StatefulRandomBinomial", "dtype"):
            drawn(f"binomial_{kind.name}_{out.name}",
                  lambda state, shape: raw.StatefulRandomBinomial(resource=state, algorithm=philox, shape=tf.cast(shape, tf.int32), counts=counts, probs=probs, dtype=out))

    def skipped(state, shape):
        delta = tf.cast(tf.reduce_prod(shape), tf.uint64)
        before = raw.RngReadAndSkip(resource=state, alg=tf.constant(1), delta=delta)
        with tf.control_dependencies([before]):
            skip = raw.RngSkip(resource=state, algorithm=philox, delta=tf.cast(delta, tf.int64) * 3)
        with tf.control_dependencies([skip]):
            return tf.identity(before)

    drawn("skipped", skipped)


def seeded(record):
    for kind in record.types("TruncatedNormal", "dtype"):
        record.joined("truncated_" + kind.name, [raw.TruncatedNormal(shape=tf.constant(shape, dtype), dtype=kind, seed=87654321, seed2=4)
                                                 for dtype in (tf.int32, tf.int64) for shape in SHAPES])


def cases(record):
    stateless(record)
    stateful(record)
    seeded(record)

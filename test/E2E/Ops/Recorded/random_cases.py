import numpy as np
import tensorflow as tf

RUNS = 3
raw = tf.raw_ops


def cases(record):
    seeds = dict(seed=87654321, seed2=1234)
    for dtype in (tf.float16, tf.float32, tf.float64):
        tag = dtype.name
        alpha = tf.constant([[0.3, 1.0, 7.5]], dtype)
        record("gamma_" + tag, raw.RandomGamma(shape=[5, 7], alpha=alpha, **seeds))
        record("sgamma_" + tag, raw.StatelessRandomGammaV2(shape=[6, 1, 3], seed=[3, -9], alpha=alpha))
        rate = tf.constant([0.4, 3.0, 9.9, 10.0, 55.0], dtype)
        for out in (tf.float16, tf.float32, tf.float64, tf.int32, tf.int64):
            record(f"poisson_{tag}_{out.name}", raw.RandomPoissonV2(shape=[9], rate=rate, dtype=out, **seeds))
        record("spoisson_" + tag, raw.StatelessRandomPoisson(shape=[11, 5], seed=[1, 2], lam=rate, dtype=tf.int32))
        for i, (mean, dev, low, high) in enumerate([(0, 1, -2, 2), (1, 2, 2, 3), (0, 1, 3, 9), (-1, .5, -np.inf, -2), (4, 1, -30, 3.9)]):
            one = lambda x: tf.constant(x, dtype)
            record(f"ptn{i}_{tag}", raw.ParameterizedTruncatedNormal(
                shape=[3, 77], means=one(mean), stdevs=one(dev), minvals=one(low), maxvals=one(high), **seeds))
            record(f"sptn{i}_{tag}", raw.StatelessParameterizedTruncatedNormal(
                shape=[13, 2], seed=[5, 6], means=one([mean, mean + 1]), stddevs=one(dev), minvals=one(low), maxvals=one([high, high])))
        record("ptnv_" + tag, raw.ParameterizedTruncatedNormal(
            shape=[3, 17], means=one([0., 1., 2.]), stdevs=one(1), minvals=one([-1, 2, 2.5]), maxvals=one([2., 3., np.inf]), **seeds))
    for dtype in (tf.float16, tf.float32, tf.float64):
        counts, probs = tf.constant([[3], [200]], dtype), tf.constant([.2, .9], dtype)
        for out in (tf.float16, tf.float32, tf.float64, tf.int32, tf.int64):
            record(f"binomial_{dtype.name}_{out.name}",
                   raw.StatelessRandomBinomial(shape=[8, 2, 2], seed=[7, 8], counts=counts, probs=probs, dtype=out))
    for dtype in (tf.float16, tf.bfloat16, tf.float32, tf.float64):
        logits = np.array([[0.1, 2.0, -1.0, 0.5], [3, -np.inf, 1, 1]])
        for samples in (1, 6, 9):
            record(f"multinomial_{dtype.name}_{samples}", raw.Multinomial(
                logits=tf.constant(logits, dtype), num_samples=samples, output_dtype=tf.int32 if samples == 6 else tf.int64, **seeds))
    record("smultinomial", raw.StatelessMultinomial(logits=tf.constant(np.eye(3), tf.float32), num_samples=13, seed=[1, 5]))
    for i, shape in enumerate([[10], [7, 2], [1, 3], [0, 2], [100, 1, 2]]):
        x = tf.reshape(tf.range(int(np.prod(shape))), shape)
        record(f"shuffle{i}", [raw.RandomShuffle(value=x, **seeds), raw.RandomShuffle(value=tf.cast(x, tf.complex128), **seeds)])
    record("shuffle_strings", raw.RandomShuffle(value=tf.constant(["a", "bc", "", "defg"]), **seeds))
    true = tf.constant([[1, 3], [0, 7], [7, 7]], tf.int64)
    for unique in (False, True):
        common = dict(true_classes=true, num_true=2, num_sampled=5, unique=unique, **seeds)
        tag = "u" if unique else "d"
        for op in ("UniformCandidateSampler", "LogUniformCandidateSampler", "LearnedUnigramCandidateSampler",
                   "ThreadUnsafeUnigramCandidateSampler"):
            record(f"{op}_{tag}", list(getattr(raw, op)(range_max=9, **common)))
        record(f"fixed_{tag}", list(raw.FixedUnigramCandidateSampler(
            range_max=9, unigrams=[1., 2, 3, 4, 50, 6, 7, 8], distortion=0.75, num_reserved_ids=1, **common)))
        record(f"big_{tag}", list(raw.LogUniformCandidateSampler(range_max=100003, **{**common, "num_sampled": 64})))
        record(f"power_{tag}", list(raw.UniformCandidateSampler(range_max=1 << 40, **{**common, "num_sampled": 64})))
    record("all", list(raw.AllCandidateSampler(true_classes=true, num_true=2, num_sampled=8, unique=True)))
    hits = raw.ComputeAccidentalHits(true_classes=true, sampled_candidates=tf.constant([7, 2, 0, 7], tf.int64), num_true=2)
    record("hits", list(hits))
    key, counter = raw.StatelessRandomGetKeyCounter(seed=[11, 12])
    record("keys", [key, counter, *raw.StatelessRandomGetKeyCounterAlg(seed=tf.constant([1, -2], tf.int64))])
    for alg in (1, 3):
        more = dict(key=key, counter=counter, alg=alg)
        for dtype in (tf.float16, tf.bfloat16, tf.float32, tf.float64):
            record(f"uniform_{alg}_{dtype.name}", raw.StatelessRandomUniformV2(shape=[3, 5], dtype=dtype, **more))
            record(f"normal_{alg}_{dtype.name}", raw.StatelessRandomNormalV2(shape=[3, 5], dtype=dtype, **more))
            record(f"truncated_{alg}_{dtype.name}", raw.StatelessTruncatedNormalV2(shape=[3, 5], dtype=dtype, **more))
        record(f"gamma3_{alg}", raw.StatelessRandomGammaV3(shape=[4, 2], alpha=[.5, 3.], **more))
        for dtype in (tf.int32, tf.int64, tf.uint32, tf.uint64):
            record(f"full_{alg}_{dtype.name}", raw.StatelessRandomUniformFullIntV2(shape=[9], dtype=dtype, **more))
            if dtype in (tf.int32, tf.int64):
                record(f"int_{alg}_{dtype.name}", raw.StatelessRandomUniformIntV2(
                    shape=[9], minval=tf.constant(-7, dtype), maxval=tf.constant(100, dtype), **more))
    for dtype in (tf.int32, tf.int64):
        record(f"randint_{dtype.name}", raw.RandomUniformInt(
            shape=[3, 3], minval=tf.constant(-5, dtype), maxval=tf.constant(1000, dtype), **seeds))

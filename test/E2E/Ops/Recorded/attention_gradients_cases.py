import numpy as np
import tensorflow as tf

INFINITY = np.float32(np.inf)


def softmax_product(scores, values):
    return tf.matmul(tf.nn.softmax(scores), values)


def thin(x):
    """Some rows, and a sum of all: all of them would be megabytes."""
    count = tf.cast(tf.range(tf.shape(x)[-2]), tf.float32)[:, None]
    return tf.concat([x[..., ::13, :], tf.reduce_sum(x * count, -2, keepdims=True)], -2)


def cases(record):
    random = np.random.default_rng(52)
    rand = lambda *shape: random.standard_normal(shape).astype(np.float32)

    def fed(name, shape, like):
        feeds = tf.compat.v1.placeholder(tf.float32, shape, name=name)
        record("given_" + name, tf.zeros([]), {feeds: rand(*like)})
        return feeds

    # Queries, keys, values and gradients, as many of each as the run brings: few that are known are no kernel.
    lengths = {n: fed(f"x_{n}", [2, None, 34], (2, n, 34)) for n in (9, 33, 130, 260)}
    number = iter(range(1, 100))

    def parts(x):
        return tf.split(x * (1 + next(number) / 16), [8, 8, 9, 9], axis=-1)

    def case(name, count, scores_of):
        """The gradients that TensorFlow's graph has."""
        x = lengths[count]
        rows, columns = tf.range(tf.shape(x)[-2])[:, None], tf.range(tf.shape(x)[-2])[None, :]
        q, k, v, g = parts(x)
        result = softmax_product(scores_of(tf.matmul(q, k, transpose_b=True), rows, columns), v)
        record(name, [thin(y) for y in [result, *tf.gradients(result, [q, k, v], grad_ys=g)]])

    hide = lambda seen: (1 - tf.cast(seen, tf.float32)) * -1e9
    case("few", 9, lambda s, i, j: s)
    case("one_block", 33, lambda s, i, j: s * 0.35)
    case("blocks", 260, lambda s, i, j: s * 0.25 + 1e3)
    case("causal_added", 260, lambda s, i, j: s * 0.3 + hide(j <= i))
    case("causal_chosen", 260, lambda s, i, j: tf.where(j <= i, s * 0.3, tf.constant(-1e9)))
    case("causal_infinite", 130, lambda s, i, j: tf.where(j <= i, s, tf.constant(-INFINITY)))
    case("padded_front", 260, lambda s, i, j: tf.where(j < 140, tf.constant(-1e9), s))
    # Finite numbers that hide all keys from a query leave it the mean of all values.
    case("blind_chosen", 130, lambda s, i, j: tf.where((j <= i) & (i % 5 != 3), s / 3, tf.constant(-1e9)))
    case("blind_added", 260, lambda s, i, j: s / 3 + hide((j <= i) & (i % 5 != 3)))

    # As many as are known when compiling; keys that lie across.
    q, k, v, g = (fed(name, shape, shape) for name, shape in [("q", (2, 256, 8)), ("k", (2, 8, 260)), ("v", (2, 260, 9)), ("g", (2, 256, 9))])
    result = softmax_product(tf.matmul(q, tf.transpose(k, [0, 2, 1]), transpose_b=True) * 0.5, v)
    gradients = tf.gradients(result, [q, k, v], grad_ys=g)
    record("known", [thin(y) for y in [result, gradients[0], tf.transpose(gradients[1], [0, 2, 1]), gradients[2]]])

    # What else reads the weights keeps them.
    q, k, v, g = parts(lengths[33])
    weights = tf.nn.softmax(tf.matmul(q, k, transpose_b=True))
    result = tf.matmul(weights, v)
    record("fetched", [thin(result), weights[:, ::7, ::9], *(thin(y) for y in tf.gradients(result, [q, k, v], grad_ys=g))])
    # A bias of the scores has a gradient of its own.
    q, k, v, g = parts(lengths[33])
    bias = q[0, :, :1] * k[0, :, 0]
    gradients = tf.gradients(softmax_product(tf.matmul(q, k, transpose_b=True) + bias, v), [q, k, v, bias], grad_ys=g)
    record("biased", [*(thin(y) for y in gradients[:3]), gradients[3]])

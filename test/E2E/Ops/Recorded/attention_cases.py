import numpy as np
import tensorflow as tf

INFINITY = np.float32(np.inf)


def softmax_product(scores, values, transposed=False):
    return tf.matmul(tf.nn.softmax(scores), values, transpose_b=transposed)


def cases(record):
    random = np.random.default_rng(35)

    def fed(name, shape, like):
        array = random.standard_normal(like).astype(np.float32)
        feeds = tf.compat.v1.placeholder(tf.float32, shape, name=name)
        record("given_" + name, tf.zeros([]), {feeds: array})
        return feeds

    # Everything known: one block of keys, several, and a last one that is not whole; queries that are not whole panels.
    queries, keys, values = fed("q", [1, 2, 35, 8], (1, 2, 35, 8)), fed("k", [1, 1, 300, 8], (1, 1, 300, 8)), fed("v", [1, 1, 300, 9], (1, 1, 300, 9))
    for count in (9, 37, 128, 256, 257, 300):
        k, v = (tf.tile(x[:, :, :count], [1, 2, 1, 1]) for x in (keys, values))
        record(f"keys_{count}", softmax_product(tf.matmul(queries, k, transpose_b=True), v))
    for count in (8, 15, 32, 33):
        k, v = keys[:, :, :50], values[:, :, :50]
        scores = tf.matmul(queries[:, :1, :count], k, transpose_b=True) * 0.35
        record(f"queries_{count}", tf.transpose(softmax_product(scores, v), [0, 2, 1, 3]))
    k, v = keys[0, 0, :70], values[0, 0, :70]
    record("matrices", softmax_product(tf.matmul(queries[0, 0], k, transpose_b=True), v))
    record("large_scores", softmax_product(40 * tf.matmul(queries[0, 1], k, transpose_b=True), v))
    record("turned", softmax_product(tf.matmul(tf.transpose(queries[0, 0]), tf.transpose(k[:60]), transpose_a=True), tf.transpose(v[:60]), transposed=True))
    scores = tf.matmul(queries[0], tf.tile(keys[0, :, :64], [2, 1, 1]), transpose_b=True)
    weights = tf.nn.softmax(scores)
    record("fetched", [tf.matmul(weights, tf.tile(values[0, :, :64], [2, 1, 1])), weights[:, ::7, ::9], tf.reduce_max(scores)])
    record("einsum", tf.einsum("bhqk,bkhe->bqhe", tf.nn.softmax(tf.einsum("bqhd,bkhd->bhqk", tf.transpose(queries, [0, 2, 1, 3]),
                                                                          tf.tile(tf.transpose(keys[:, :, :60], [0, 2, 1, 3]), [1, 1, 2, 1]))),
                               tf.tile(tf.transpose(values[:, :, :60], [0, 2, 1, 3]), [1, 1, 2, 1])))

    # Masks: what cannot be seen is far below, or at minus infinity, or chosen against; rows that see nothing, and nothing at first.
    k, v = keys[:1, 0], values[:1, 0]
    # Each case has a product of its own, which nothing else reads.
    product = lambda scale: tf.matmul(queries[:1, 0] * scale, k, transpose_b=True)
    rows, columns = tf.range(35)[:, None], tf.range(300)[None, :]
    seen = columns <= rows + 5
    record("causal_added", softmax_product(product(1.1) + (1 - tf.cast(seen, tf.float32)) * -1e9, v))
    record("causal_chosen", softmax_product(tf.where(seen[None], product(1.2) / 3, tf.constant(-1e9)), v))
    record("causal_infinite", softmax_product(tf.where(seen[None], product(1.3), tf.constant(-INFINITY)), v))
    record("late_keys", softmax_product(tf.where(columns >= 200, product(1.4), tf.constant(-INFINITY)), v))
    record("unseeing_rows", softmax_product(tf.where(tf.equal(rows % 4, 1), tf.constant(-INFINITY), product(1.5)), v))
    # Blocks of keys that a mask hides are left out, but not from queries that see nothing, or where what stands for them counts.
    some = seen & (rows % 5 != 3)
    record("blind_chosen", softmax_product(tf.where(some, product(1.7), tf.constant(-1e9)), v))
    record("blind_added", softmax_product(product(1.8) + (1 - tf.cast(some, tf.float32)) * -1e9, v))
    record("padded", softmax_product(tf.where(columns >= 140, tf.constant(-1e9), product(1.9)), v))
    record("padded_front", softmax_product(tf.where(columns < 140, tf.constant(-1e9), product(2.1)), v))
    record("all_hidden", softmax_product(tf.where(columns < 0, product(2.2), tf.constant(-1e9)), v))
    record("half_hidden", softmax_product(tf.where(seen, product(0.3), tf.constant(0.5)), v))
    record("row_numbers", softmax_product(tf.tanh(product(1.6) + random.standard_normal((35, 1)).astype(np.float32)) * 4, v))

    # Sizes that only the run knows, projections around, a mask of keys.
    x, mask = fed("x", [None, None, 24], (2, 21, 24)), tf.compat.v1.placeholder(tf.int32, [None, None], name="mask")
    batch, length = tf.shape(x)[0], tf.shape(x)[1]
    split = lambda name: tf.transpose(tf.reshape(tf.matmul(tf.reshape(x, [-1, 24]), random.standard_normal((24, 24)).astype(np.float32) / 3),
                                                 [batch, length, 3, 8], name=name), [0, 2, 1, 3])
    scores = tf.matmul(split("a"), split("b"), transpose_b=True) * 0.25
    hidden = (1 - tf.cast(mask[:, None, None, :], tf.float32)) * -10000.
    joined = tf.transpose(softmax_product(scores + hidden, split("c")), [0, 2, 1, 3])
    given = (np.arange(21) < np.array([[21], [13]])).astype(np.int32)
    record("block", tf.reshape(joined, [batch, length, 24]), {mask: given})
    a, b = fed("any_q", [None, None, None, 8], (2, 2, 5, 8)), fed("any_k", [None, None, None, 8], (2, 2, 140, 8))
    record("any", softmax_product(tf.matmul(a, b, transpose_b=True), b))
    record("no_keys", softmax_product(tf.matmul(a, b[:, :, :0], transpose_b=True), b[:, :, :0]))
    record("one_of_two", softmax_product(tf.matmul(a[:1], b[:1], transpose_b=True) + tf.reduce_sum(b, -1)[:, :1, None, :], b))

    # In 16 bits nothing is left of the scores under a large number: what sees no key gets the mean of all values.
    for kind, least, scale in (tf.float16, -3e4, 2.3), (tf.float16, -65504, 2.4), (tf.bfloat16, -3e4, 2.5):
        q, k, v = (tf.cast(tensor, kind) for tensor in (queries[:1, 0] * scale, keys[:1, 0], values[:1, 0]))
        added = tf.matmul(q, k, transpose_b=True) + (1 - tf.cast(some, kind)) * tf.cast(least, kind)
        record(f"blind_{kind.name}_{-int(least)}", softmax_product(added, v)[:, 3::5])

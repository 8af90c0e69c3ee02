import numpy as np
import tensorflow as tf

operands = {}


def cases(record):
    random = np.random.default_rng(53)
    rand = lambda *shape: random.standard_normal(shape).astype(np.float32)
    # Heads brought by transposes, sizes that the run brings, a mask of keys; a loss that tgc differentiates.
    x = tf.compat.v1.placeholder(tf.float32, [None, None, 24], name="x")
    record("given", tf.zeros([]), {x: rand(2, 21, 24)})
    batch, length = tf.shape(x)[0], tf.shape(x)[1]
    hidden = tf.where(x[:, None, None, :, 0] > 0.5, -1e4, 0.)
    weighs = tf.reshape(tf.range(24, dtype=tf.float32) / 24, [1, 1, 24])

    def block(kernels):
        heads = [tf.transpose(tf.reshape(tf.matmul(tf.reshape(x, [-1, 24]), w), [batch, length, 3, 8]), [0, 2, 1, 3]) for w in kernels]
        scores = tf.matmul(heads[0], heads[1], transpose_b=True) * 0.25 + hidden
        return tf.reshape(tf.transpose(tf.matmul(tf.nn.softmax(scores), heads[2]), [0, 2, 1, 3]), [batch, length, 24]) * weighs

    kernels = [tf.constant(rand(24, 24) / 3) for _ in range(3)]
    result = block(kernels)
    record("block", [result, *(tf.identity(y) for y in tf.gradients(result, kernels))])
    operands["own"] = [tf.identity(w * 1.25, name=f"own_{i}") for i, w in enumerate(kernels)]
    record("total", tf.reduce_sum(block(operands["own"]), name="total"))

def backward(record):
    total = tf.compat.v1.get_default_graph().get_tensor_by_name("total:0")
    for name, tensors in operands.items():
        record("gradients/" + name, tf.gradients(total, tensors))

import tensorflow as tf

raw = tf.raw_ops
PRODUCER = 8  # which still knows BatchNormWithGlobalNormalization


def global_normalization(record, kind):
    t, back = (record.fed(record.numbers(kind, [2, 3, 2, 4])) for _ in range(2))
    m, v, beta, gamma = (record.fed(record.numbers(kind, [4], .5, 2)) for _ in range(4))
    results = []
    for scaled in (False, True):
        given = dict(t=t, m=m, v=v, gamma=gamma, variance_epsilon=.01, scale_after_normalization=scaled)
        results += [raw.BatchNormWithGlobalNormalization(beta=beta, **given), *raw.BatchNormWithGlobalNormalizationGrad(backprop=back, **given)]
    record.joined("global_" + kind.name, results)


def fused(record, kind):
    """Batch normalization in training and after it, with channels last and first; channel by channel it is one of [elements, channel]."""
    x, back = (record.fed(record.numbers(kind, [2, 3, 2, 4])) for _ in range(2))
    scale, offset, mean, variance = (record.fed(record.numbers(tf.float32, [4], .5, 2)) for _ in range(4))
    none = tf.zeros([0])
    results = []
    for layout in ("NHWC", "NCHW"):
        a, b = (t if layout == "NHWC" else tf.transpose(t, [0, 3, 1, 2]) for t in (x, back))
        for training in (False, True):
            given = dict(epsilon=.01, data_format=layout, is_training=training)
            y, batch_mean, batch_variance, *reserve = raw.FusedBatchNormV2(x=a, scale=scale, offset=offset, mean=none if training else mean, variance=none if training else variance, **given)
            results += [y, batch_mean, batch_variance]
            if layout == "NCHW" and not training:  # for whose gradients TensorFlow has no kernel
                continue
            # After training nothing is put by for the gradients: they take what the forward operator was given.
            kept = reserve if training else (mean, variance)
            grads = dict(y_backprop=b, x=a, scale=scale, reserve_space_1=kept[0], reserve_space_2=kept[1], **given)
            results += list(raw.FusedBatchNormGradV2(**grads))[:3]
            if kind == tf.float32:
                results += list(raw.FusedBatchNormGrad(**grads))[:3]
    given = dict(x=x, scale=scale, offset=offset, mean=mean, variance=variance, epsilon=.01)
    results += list(raw.FusedBatchNormV2(exponential_avg_factor=.25, is_training=True, **given))[:3]
    record.joined("fused_" + kind.name, results)
    if kind == tf.float32:
        nothing = dict(given, x=x[:0])
        record.joined("fused_of_nothing", list(raw.FusedBatchNormV2(is_training=False, **nothing))[:1])


def responses(record, kind):
    x, back = (record.fed(record.numbers(kind, [2, 2, 3, 7])) for _ in range(2))
    results = []
    for given in (dict(), dict(depth_radius=1, bias=.5, alpha=.3, beta=.75), dict(depth_radius=9, bias=2., alpha=.1, beta=1.)):
        results.append(raw.LRNGrad(input_grads=back, input_image=x, output_image=raw.LRN(input=x, **given), **given))
    record.joined("responses_" + kind.name, results)


def temporal(record):
    """CTCLossV2, whose blank is class 0, by CTCLoss, whose blank is the last class."""
    inputs, lengths = record.fed(record.numbers(tf.float32, [6, 3, 4])), record.fed([6, 5, 3], tf.int32)
    indices, labels = record.fed([[0, 0], [0, 1], [0, 2], [1, 0], [2, 0], [2, 1]], tf.int64), record.fed([1, 1, 2, 3, 2, 3], tf.int32)
    rolled = tf.roll(inputs, -1, 2)
    for merge in (False, True):
        given = dict(labels_indices=indices, sequence_length=lengths, preprocess_collapse_repeated=False, ctc_merge_repeated=merge)
        loss, gradient = raw.CTCLoss(inputs=rolled, labels_values=labels - 1, **given)
        record.known(f"temporal_{merge}", raw.CTCLossV2(inputs=inputs, labels_values=labels, **given), [loss, tf.roll(gradient, 1, 2)])


def cases(record):
    for kind in record.types("BatchNormWithGlobalNormalization"):
        global_normalization(record, kind)
    for kind in record.types("FusedBatchNormV2"):
        fused(record, kind)
    for kind in record.types("LRNGrad"):
        responses(record, kind)
    temporal(record)

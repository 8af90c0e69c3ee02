import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    random = np.random.default_rng(7)
    uniform = lambda *shape: tf.constant(random.uniform(-1, 1, shape), tf.float32)
    x = tf.compat.v1.placeholder(tf.float32, [None, None, 3], name="x")
    given = {x: random.uniform(-1, 1, (4, 2, 3)).astype(np.float32)}
    state, output, weights, bias = uniform(2, 5), uniform(2, 5), uniform(8, 20), uniform(20)
    peepholes = dict(wci=uniform(5), wcf=uniform(5), wco=uniform(5))
    for version in ("", "V2"):
        for peeps in (False, True):
            layer = dict(seq_len_max=tf.constant(4, tf.int64), x=x, cs_prev=state, h_prev=output, w=weights, b=bias, use_peephole=peeps, **peepholes)
            results = getattr(raw, "BlockLSTM" + version)(**layer, cell_clip=.7)
            record(f"layer_{version}_{peeps}", list(results), given)
            gradients = getattr(raw, "BlockLSTMGrad" + version)(**layer, **results._asdict(), cs_grad=uniform(4, 2, 5), h_grad=uniform(4, 2, 5))
            record(f"layer_grad_{version}_{peeps}", [g for i, g in enumerate(gradients) if peeps or i not in (4, 5, 6)])
    cell = dict(x=x[0], cs_prev=state, h_prev=output, w=weights, b=bias, use_peephole=True, **peepholes)
    results = raw.LSTMBlockCell(**cell)._asdict()
    del results["h"]
    record("cell_grad", list(raw.LSTMBlockCellGrad(**cell, **results, cs_grad=uniform(2, 5), h_grad=uniform(2, 5))))
    gru = dict(x=x[0], h_prev=state, w_ru=uniform(8, 10), w_c=uniform(8, 5), b_ru=uniform(10), b_c=uniform(5))
    results = raw.GRUBlockCell(**gru)._asdict()
    del results["h"]
    record("gru_grad", list(raw.GRUBlockCellGrad(**gru, **results, d_h=uniform(2, 5))))
    logits = tf.constant(random.uniform(-3, 3, (6, 2, 4)), tf.float32)
    for width, paths, merged in ((4, 1, True), (9, 3, False)):
        found = raw.CTCBeamSearchDecoder(inputs=logits, sequence_length=[6, 4], beam_width=width, top_paths=paths, merge_repeated=merged)
        record(f"beam_{width}", tf.nest.flatten(found))

import numpy as np
import tensorflow as tf

v1, schedules = tf.compat.v1.train, tf.keras.optimizers.schedules


def cases(record):
    """What graphs of the first version compute of a counter of steps, and what Keras does."""
    for count in (0, 3, 7, 40):
        step = record.fed(count, tf.int64, [])
        record(f"at_{count}", tf.stack([
            v1.exponential_decay(.1, step, 5, .9),
            v1.exponential_decay(.1, step, 5, .9, staircase=True),
            v1.natural_exp_decay(.1, step, 5, .9),
            v1.natural_exp_decay(.1, step, 5, .9, staircase=True),
            v1.inverse_time_decay(.1, step, 5, .9),
            v1.inverse_time_decay(.1, step, 5, .9, staircase=True),
            v1.piecewise_constant(step, [2, 7, 20], [.5, .4, .3, .2]),
            v1.polynomial_decay(.1, step, 10, .01, power=2.),
            v1.polynomial_decay(.1, step, 10, .01, power=.5, cycle=True),
            v1.cosine_decay(.1, step, 30, alpha=.1),
            v1.cosine_decay_restarts(.1, step, 6, t_mul=1.5, m_mul=.9, alpha=.01),
            v1.linear_cosine_decay(.1, step, 30, num_periods=.7, alpha=.1, beta=.01),
            schedules.ExponentialDecay(.1, 5, .9)(step),
            schedules.CosineDecay(.01, 30, warmup_target=.1, warmup_steps=5)(step),
            schedules.PiecewiseConstantDecay([2, 7, 20], [.5, .4, .3, .2])(step),
        ]))

import numpy as np
import tensorflow as tf

raw = tf.raw_ops
# By optimizer: its slots and its numbers.
STEPS = {
    "Momentum": (["accum"], dict(lr=.1, momentum=.9, use_nesterov=True)),
    "KerasMomentum": (["accum"], dict(lr=.1, momentum=.9)),
    "Adadelta": (["accum", "accum_update"], dict(lr=.5, rho=.9, epsilon=.1)),
    "Adagrad": (["accum"], dict(lr=.1)),
    "AdagradV2": (["accum"], dict(lr=.1, epsilon=.01)),
    "AdagradDA": (["gradient_accumulator", "gradient_squared_accumulator"], dict(lr=.1, l1=.01, l2=.1, global_step=3)),
    "CenteredRMSProp": (["mg", "ms", "mom"], dict(lr=.1, rho=.9, momentum=.5, epsilon=1.)),
    "RMSProp": (["ms", "mom"], dict(lr=.1, rho=.9, momentum=.5, epsilon=.1)),
    "Ftrl": (["accum", "linear"], dict(lr=.1, l1=.01, l2=.1, lr_power=-.5)),
    "FtrlV2": (["accum", "linear"], dict(lr=.1, l1=.01, l2=.1, l2_shrinkage=.2, lr_power=-.5)),
    "ProximalAdagrad": (["accum"], dict(lr=.1, l1=.01, l2=.1)),
    "ProximalGradientDescent": ([], dict(alpha=.1, l1=.01, l2=.1)),
}


def cases(record):
    """Steps of rows that come twice: one after the other, each from where the one before ended."""
    random = np.random.default_rng(3)
    indices, grad = (tf.compat.v1.placeholder(dtype, shape, name=name) for dtype, shape, name in ((tf.int32, [None], "indices"), (tf.float32, [None, 2], "grad")))
    given = {indices: np.array([2, 0, 2, 1, 2], np.int32), grad: random.uniform(-1, 1, (5, 2)).astype(np.float32)}
    for name, (slots, numbers) in STEPS.items():
        handles = {key: raw.VarHandleOp(dtype=tf.float32, shape=[4, 2], shared_name=f"{name}_{key}") for key in ["var"] + slots}
        start = [raw.AssignVariableOp(resource=handle, value=random.uniform(.5, 1, (4, 2)).astype(np.float32)) for handle in handles.values()]
        with tf.control_dependencies(start):
            step = getattr(raw, "ResourceSparseApply" + name)(**handles, grad=grad, indices=indices, **{k: tf.constant(v, tf.int64 if k == "global_step" else tf.float32) if k != "use_nesterov" else v for k, v in numbers.items()})
        with tf.control_dependencies([step]):
            record(name, [raw.ReadVariableOp(resource=handle, dtype=tf.float32) for handle in handles.values()], given)

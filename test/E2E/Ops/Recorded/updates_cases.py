import numpy as np
import tensorflow as tf

raw = tf.raw_ops
# By optimizer: its slots and its numbers.
DENSE = {
    "AdaMax": ("m v", dict(beta1_power=.9, lr=.1, beta1=.9, beta2=.99, epsilon=.1)),
    "Adadelta": ("accum accum_update", dict(lr=.5, rho=.9, epsilon=.1)),
    "Adagrad": ("accum", dict(lr=.1)),
    "AdagradDA": ("gradient_accumulator gradient_squared_accumulator", dict(lr=.1, l1=.01, l2=.1, global_step=3)),
    "AdagradV2": ("accum", dict(lr=.1, epsilon=.01)),
    "AddSign": ("m", dict(lr=.1, alpha=.7, sign_decay=.8, beta=.9)),
    "CenteredRMSProp": ("mg ms mom", dict(lr=.1, rho=.9, momentum=.5, epsilon=1.)),
    "Ftrl": ("accum linear", dict(lr=.1, l1=.01, l2=.1, lr_power=-.5)),
    "FtrlV2": ("accum linear", dict(lr=.1, l1=.01, l2=.1, l2_shrinkage=.2, lr_power=-.3)),
    "PowerSign": ("m", dict(lr=.1, logbase=.7, sign_decay=.8, beta=.9)),
    "ProximalAdagrad": ("accum", dict(lr=.1, l1=.2, l2=.1)),
    "ProximalGradientDescent": ("", dict(alpha=.1, l1=.2, l2=.1)),
    "RMSProp": ("ms mom", dict(lr=.1, rho=.9, momentum=.5, epsilon=.1)),
    "Adam": ("m v", dict(beta1_power=.9, beta2_power=.99, lr=.1, beta1=.9, beta2=.99, epsilon=.1)),
    "AdamWithAmsgrad": ("m v vhat", dict(beta1_power=.9, beta2_power=.99, lr=.1, beta1=.9, beta2=.99, epsilon=.1)),
    "GradientDescent": ("", dict(alpha=.1)),
    "KerasMomentum": ("accum", dict(lr=.1, momentum=.9)),
    "Momentum": ("accum", dict(lr=.1, momentum=.9)),
}
ONLY_OF_RESOURCES = ("AdamWithAmsgrad", "KerasMomentum")
SPARSE = "Adadelta AdagradDA AdagradV2 CenteredRMSProp Ftrl FtrlV2 Momentum ProximalAdagrad ProximalGradientDescent RMSProp".split()


def reference(kind, value):
    """A reference variable that holds the value, once the second result has run."""
    variable = raw.VariableV2(shape=value.shape, dtype=kind)
    return variable, raw.Assign(ref=variable, value=value)


def resource(kind, value):
    variable = raw.VarHandleOp(dtype=kind, shape=value.shape, shared_name=tf.compat.v1.get_default_graph().unique_name("variable"))
    return variable, raw.AssignVariableOp(resource=variable, value=value)


def step(record, name, kind, make, given):
    """One update of variables from numbers above zero; what they all hold then."""
    slots, numbers = DENSE[name.split("Apply")[1]]
    made = {slot: make(kind, record.numbers(kind, [4, 2], .5, 1)) for slot in ["var"] + slots.split()}
    variables = {slot: variable for slot, (variable, _) in made.items()}
    scalars = {key: tf.constant(value, tf.int64 if key == "global_step" else kind) for key, value in numbers.items()}
    with tf.control_dependencies([start for _, start in made.values()]):
        done = getattr(raw, name)(**variables, **scalars, **given)
    with tf.control_dependencies([done]):
        return [raw.ReadVariableOp(resource=v, dtype=kind) if make is resource else raw.Identity(input=v) for v in variables.values()]


def cases(record):
    for kind in (tf.float32, tf.float64):
        grad, rows = (record.fed(record.numbers(kind, shape, -1, 1)) for shape in ([4, 2], [3, 2]))
        indices = record.fed([3, 0, 2], tf.int64 if kind == tf.float64 else tf.int32)
        for name in DENSE:
            given = {"delta" if "GradientDescent" in name else "grad": grad}
            results = step(record, "ResourceApply" + name, kind, resource, given)
            if name not in ONLY_OF_RESOURCES:
                results += step(record, "Apply" + name, kind, reference, given)
            if name in SPARSE:
                results += step(record, "SparseApply" + name, kind, reference, dict(grad=rows, indices=indices))
            record.joined(f"{name}_{kind.name}", results)
    fed = [record.fed(record.numbers(tf.float32, shape, -1, 1)) for shape in ([4, 2], [3, 2])] + [record.fed([3, 0, 2], tf.int32)]
    for name in DENSE:
        for kind in record.types("ResourceApply" + name, without=("float32", "float64", "complex128")):
            rare(record, name, kind, *fed)
    scatters(record)


def rare(record, name, kind, grad, rows, indices):
    """One step in another type that TensorFlow's kernel takes."""
    grad, rows = tf.cast(grad, kind), tf.cast(rows, kind)
    results = step(record, "ResourceApply" + name, kind, resource, {"delta" if "GradientDescent" in name else "grad": grad})
    if name in SPARSE and kind in record.types("SparseApply" + name):
        results += step(record, "SparseApply" + name, kind, reference, dict(grad=rows, indices=indices))
    record.joined(f"{name}_{kind.name}", results)


def scatters(record):
    for kind in (tf.float32, tf.int32):
        indices, places = record.fed([1, 3, 1], tf.int32), record.fed([[1, 0], [3, 1], [0, 0]], tf.int32)
        rows, points = record.fed(record.numbers(kind, [3, 2], 1, 4)), record.fed(record.numbers(kind, [3], 1, 4))
        for what in ("Add", "Sub", "Mul", "Div", "Min", "Max", "Update"):
            results = []
            targets = [("Scatter" + what, reference, dict(indices=indices, updates=rows)), ("ResourceScatter" + what, resource, dict(indices=indices, updates=rows))]
            if what not in ("Mul", "Div"):
                given = dict(indices=places, updates=points)
                targets += [("ScatterNd" + what, reference, given), ("ResourceScatterNd" + what, resource, given)]
            for name, make, given in targets:
                variable, start = make(kind, record.numbers(kind, [4, 2], 20, 30))
                with tf.control_dependencies([start]):
                    done = getattr(raw, name)(**{"resource" if make is resource and "Nd" not in name else "ref": variable}, **given)
                with tf.control_dependencies([done]):
                    results.append(raw.ReadVariableOp(resource=variable, dtype=kind) if make is resource else raw.Identity(input=variable))
            record.joined(f"scatter_{what}_{kind.name}", results)
        table = record.fed(record.numbers(kind, [4, 2], 0, 5))
        record.joined("scattered_" + kind.name, [getattr(raw, "TensorScatter" + what)(tensor=table, indices=places, updates=points) for what in ("Max", "Min", "Sub")]
                      + [raw.ScatterNdNonAliasingAdd(input=table, indices=places, updates=points)])
    places, values = record.fed([[2, 1], [0, 0]], tf.int32), record.fed([[1., 2.], [3., 4.]], tf.float32)
    variable, start = resource(tf.float32, np.arange(6, dtype=np.float32).reshape(3, 2))
    with tf.control_dependencies([start]):
        record("read", [raw.ResourceGatherNd(resource=variable, indices=places, dtype=tf.float32), raw.VariableShape(input=variable)])
    counter, start = resource(tf.int32, np.array(5, np.int32))
    with tf.control_dependencies([start]):
        count = raw.ResourceCountUpTo(resource=counter, limit=7, T=tf.int32)
    with tf.control_dependencies([count]):
        record("count", [count, raw.ReadVariableOp(resource=counter, dtype=tf.int32)])
    counter, start = reference(tf.int64, np.array(5))
    with tf.control_dependencies([start]):
        record("count_reference", raw.CountUpTo(ref=counter, limit=7))
    matrix, start = reference(tf.float32, np.zeros([3, 4], np.float32))
    with tf.control_dependencies([start]):
        record("slices", raw.Identity(input=raw.StridedSliceAssign(ref=matrix, begin=[1, 0], end=[3, 4], strides=[1, 2], value=values)))
    temporary = raw.TemporaryVariable(shape=[2], dtype=tf.float32, var_name="temporary")
    filled = raw.Assign(ref=temporary, value=record.fed([3., -4.], tf.float32))
    record("temporary", raw.DestroyTemporaryVariable(ref=filled, var_name="temporary"))

#!/usr/bin/env python3
"""Further cases of make_frames.py, about the ends of what loops, branches and functions can do; used the same way."""
from make_frames import *
from tensorflow.python.ops import functional_ops

raw = tf.raw_ops


@case
def counters_at_their_ends():
    """Conditions that hold for every number of the counter's type: it wraps, and something else ends the loop."""
    n, wide = placeholder([], "n", tf.int32), placeholder([], "wide", tf.int64)
    fetches = []

    def loop(name, start, holds, step, most=20):
        result = tf1.while_loop(lambda i, t: tf.logical_and(holds(i), t < most), lambda i, t: (i + step, t + 1), [start, 0])
        tf.identity(result[0], name)
        tf.identity(result[1], name + "_turns")
        fetches.extend([name + ":0", name + "_turns:0"])

    for bits, kind, fed in ((32, tf.int32, n), (64, tf.int64, wide)):
        low, high = kind.min, kind.max
        number = lambda value: tf.constant(value, kind)
        loop(f"most{bits}", number(high - 3), lambda i: i <= high, 1)
        loop(f"least{bits}", number(low + 3), lambda i: i >= low, -1)
        loop(f"steps{bits}", number(high - 3), lambda i: i < high - 1, 2)
        loop(f"down_steps{bits}", number(low + 7), lambda i: i > low + 1, -5)
        loop(f"positive{bits}", number(high - 3), lambda i: i >= 0, 1)
        loop(f"negative{bits}", number(low + 4), lambda i: i < 0, -3)
        loop(f"fed{bits}", fed - 4, lambda i: i <= fed, 1)
        loop(f"fed_steps{bits}", fed - 4, lambda i: i <= fed, 3)
        loop(f"fed_below{bits}", fed - 5, lambda i: i < fed, 3)
        loop(f"fed_down{bits}", -fed + 2, lambda i: i >= -fed - 1, -1)
        loop(f"far{bits}", -fed, lambda i: i <= fed, 2)
    array = tf1.while_loop(lambda i, t, a: tf.logical_and(i <= n, t < 20), lambda i, t, a: (i + 1, t + 1, a.write(t, i)),
                           [n - 4, 0, tf.TensorArray(tf.int32, 0, dynamic_size=True)])[2]
    tf.identity(array.stack(), "written")
    return [({"n": np.int32(2 ** 31 - k), "wide": np.int64(2 ** 63 - k)}, fetches + ["written:0"], []) for k in (1, 2, 3)]


@case
def far_bounds():
    """Lists filled in loops whose bounds lie further apart than the numbers of their type reach."""
    low, high = placeholder([], "low", tf.int64), placeholder([], "high", tf.int64)
    stride, scalar = 2 ** 62, tf.constant([], tf.int32)
    for name, start, end in (("fed", low, high), ("known", tf.constant(-2 ** 63, tf.int64), tf.constant(stride, tf.int64)),
                             ("mixed", tf.constant(-2 ** 63, tf.int64), high)):
        empty = raw.EmptyTensorList(element_shape=scalar, max_num_elements=-1, element_dtype=tf.int64)
        filled = tf1.while_loop(lambda i, held: i < end, lambda i, held: (i + stride, raw.TensorListPushBack(input_handle=held, tensor=i)), [start, empty])[1]
        tf.identity(raw.TensorListStack(input_handle=filled, element_shape=scalar, element_dtype=tf.int64), name)
    return [({"low": np.int64(-2 ** 63), "high": np.int64(k)}, ["fed:0", "known:0", "mixed:0"], []) for k in (stride, 0, -2 ** 63)]


@case
def printed_condition():
    """A loop that carries a variable's value by reference, and whose condition prints."""
    variable = tf1.Variable([1.0, 2.0], use_resource=False, name="variable")
    n = placeholder([], "n", tf.int32)
    result = tf1.while_loop(lambda i, x: tf1.Print(i, [i], "turn ") < n, lambda i, x: (i + 1, x * 2.0), [0, variable])[1]
    tf.identity(result, "result")
    tf.group(variable.initializer, name="init")
    return [({}, [], ["init"])] + [({"n": np.int32(k)}, ["result:0"], []) for k in (0, 2)]


@case
def many_writes():
    """Hundreds of nodes that write elements: of an array, which is stacked and read, and in a loop."""
    x, n = placeholder([None], "x"), placeholder([], "n", tf.int32)
    array = tf.TensorArray(tf.float32, 60, clear_after_read=False)
    for i in range(60):
        array = array.write(i, x * float(i))
    tf.identity(array.stack()[::7], "stacked")
    tf.identity(array.read(59), "last")

    def body(i, a):
        for k in range(40):
            a = a.write(i * 40 + k, x[:1] * float(k) + tf.cast(i, tf.float32))
        return i + 1, a

    looped = tf1.while_loop(lambda i, a: i < n, body, [0, tf.TensorArray(tf.float32, n * 40)])[1]
    tf.identity(looped.stack()[::9], "looped")
    return [({"x": ramp(k), "n": np.int32(k)}, ["stacked:0", "last:0", "looped:0"], []) for k in (1, 3)]


@case
def array_in_nested_frames():
    """An array that is written in a loop in a branch in a loop, and the gradient of what it holds."""
    x, n = placeholder([None, 2], "x"), placeholder([], "n", tf.int32)

    def outer(i, v, a):
        def fill():
            return tf1.while_loop(lambda j, w, b: j < 2, lambda j, w, b: (j + 1, w * 0.5 + tf.cast(j, tf.float32), b.write(i * 2 + j, w * w)), [0, v, a])[1:]

        def skip():
            return v + 1.0, a.write(i * 2, v).write(i * 2 + 1, v * 3.0)

        return (i + 1, *tf1.cond(tf.equal(i % 2, 0), fill, skip))

    loop = tf1.while_loop(lambda i, v, a: i < n, outer, [0, x, tf.TensorArray(tf.float32, n * 2, element_shape=[None, 2])])
    y = tf.identity(loop[2].stack(), "y")
    tf.identity(tf.gradients(tf.square(y) + tf.reduce_sum(loop[1]), x)[0], "dx")
    return [({"x": ramp(3, 2), "n": np.int32(k)}, ["y:0", "dx:0"], []) for k in (1, 2, 5)]


@case
def branch_numbers():
    """Case whose number is out of range takes the last branch; so do branches of frames."""
    k, x = placeholder([], "k", tf.int32), placeholder([None], "x")

    def branch(scale):
        @function.Defun(tf.float32, func_name=f"times{int(scale)}")
        def times(v):
            return v * scale, tf.reduce_sum(v) + scale
        return times

    for name, op in (("taken", raw.Case), ("pure", raw.StatelessCase)):
        results = op(branch_index=k, input=[x], Tout=[tf.float32, tf.float32], branches=[branch(s) for s in (1.0, 2.0, 3.0)])
        tf.identity(results[0], name)
        tf.identity(results[1], name + "_sum")
    return [({"k": np.int32(i), "x": ramp(3)}, ["taken:0", "taken_sum:0", "pure:0", "pure_sum:0"], []) for i in (-2147483648, -1, 0, 1, 2, 3, 2147483647)]


@case
def gradients_of_many_results():
    """SymbolicGradient of a function of several results, of one with a loop and branches of its own, in a loop, of a noinline one."""
    x, w, n = placeholder([None], "x"), placeholder([], "w"), placeholder([], "n", tf.int32)

    @function.Defun(tf.float32, tf.float32, func_name="several")
    def several(v, s):
        return tf.tanh(v * s), tf.reduce_sum(v) * s, v

    @function.Defun(tf.float32, tf.float32, noinline=True, func_name="kept")
    def kept(v, s):
        a, b, c = several(v, s)
        return a * b + c

    @function.Defun(tf.float32, tf.float32, func_name="polynomial")
    def polynomial(v, s):
        for i in range(3):
            v = v * s + tf.sin(v)
        return tf.reduce_sum(v)

    def gradient(of, inputs, outputs, gradients):
        types = [value.dtype for value in inputs]
        return functional_ops.symbolic_gradient(input=inputs + gradients, Tout=types, f=of.name if isinstance(of, function._DefinedFunction) else of)

    y = several(x, w)
    a, b = gradient(several, [x, w], 3, [tf.ones_like(x), tf.constant(2.0), x])
    tf.identity(y[0] + y[1] + y[2], "several_y")
    tf.identity(a, "several_x")
    tf.identity(b, "several_w")
    kept(x, w)
    a, b = gradient(kept, [x, w], 1, [x * 0.5])
    tf.identity(a, "kept_x")
    tf.identity(b, "kept_w")
    polynomial(x, w)

    def step(i, v, s):
        dv, ds = gradient(polynomial, [v, s], 1, [tf.constant(1.0)])
        return i + 1, v - 0.1 * dv, s - 0.01 * ds

    loop = tf1.while_loop(lambda i, v, s: i < n, step, [0, x, w])
    tf.identity(loop[1], "descended")
    tf.identity(loop[2], "descended_w")
    fetches = ["several_y", "several_x", "several_w", "kept_x", "kept_w", "descended", "descended_w"]
    return [({"x": ramp(4), "w": np.float32(0.5), "n": np.int32(k)}, [f + ":0" for f in fetches], []) for k in (0, 3)]


@case
@with_functions
def resources_through_functions():
    """A variable that goes through two levels of functions, loops and branches, beside results that are arguments."""
    x, n = placeholder([2], "x"), placeholder([], "n", tf.int32)
    with tf1.variable_scope("", use_resource=True):
        v = tf1.get_variable("v", initializer=np.float32([1, 2]))
    init = tf.group(v.initializer, name="init")

    @tf.function(experimental_attributes={"_noinline": True})
    def inner(handle, value):
        raw.AssignAddVariableOp(resource=handle, value=value)
        return value, raw.ReadVariableOp(resource=handle, dtype=tf.float32), value

    @tf.function
    def outer(handle, value, count):
        a, b, c = inner(handle, value)
        d, e, f = inner(handle, b)
        g = tf.while_loop(lambda i, u: i < count, lambda i, u: (i + 1, tf.cond(tf.equal(i % 2, 0), lambda: inner(handle, u)[1], lambda: inner(handle, u * 0.5)[0])), [0, e])[1]
        return a, c, d, g, value, raw.ReadVariableOp(resource=handle, dtype=tf.float32)

    for i, result in enumerate(outer(v.handle, x, n)):
        tf.identity(result, f"result{i}")
    results = [f"result{i}:0" for i in range(6)]
    return [({}, [], ["init"])] + [({"x": ramp(2) + 1.0, "n": np.int32(k)}, results, []) for k in (0, 1, 4)]


if __name__ == "__main__":
    main()

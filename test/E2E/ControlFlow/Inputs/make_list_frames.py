#!/usr/bin/env python3
"""Further cases of make_frames.py, about TensorArrays and lists; used the same way."""
from make_frames import *
from tensorflow.python.ops import gen_data_flow_ops as data_flow

raw = tf.raw_ops


def set_item(handle, index, item):
    return raw.TensorListSetItem(input_handle=handle, index=index, item=item)


def get_item(handle, index, shape):
    return tf.ensure_shape(raw.TensorListGetItem(input_handle=handle, index=index, element_shape=-1, element_dtype=tf.float32), shape)


def reserve(count, dtype=tf.float32):
    return raw.TensorListReserve(element_shape=-1, num_elements=count, element_dtype=dtype)


@case
def ragged_arrays():
    """Arrays whose elements differ in size, written in a loop: read, joined, split, written over."""
    x, n = placeholder([None, 2], "x"), placeholder([], "n", tf.int32)

    def fill(size_of):
        array = tf.TensorArray(tf.float32, n, infer_shape=False, clear_after_read=False)
        return tf1.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a.write(i, x[:size_of(i)] + tf.cast(i, tf.float32))), [0, array])[1]

    growing, shrinking = fill(lambda i: i + 1), fill(lambda i: n - i)
    tf.identity(growing.concat(), "joined")
    tf.identity(growing.read(n // 2), "middle")
    tf.identity(tf.gradients(tf.square(shrinking.concat()), x)[0], "dx")
    parts = tf.TensorArray(tf.float32, 3, infer_shape=False, clear_after_read=False).split(x, tf.stack([1, tf.shape(x)[0] - 1, 0]))
    tf.identity(parts.read(1) * 2.0, "part")
    tf.identity(tf.shape(parts.read(2)), "nothing")
    return [({"x": ramp(k + 1, 2), "n": np.int32(k)}, ["joined:0", "middle:0", "dx:0", "part:0", "nothing:0"], []) for k in (1, 2, 5)]


@case
def arrays_in_branches():
    """A loop that writes elements in both branches of a condition, and its gradient."""
    x, n = placeholder([None, 2], "x"), placeholder([], "n", tf.int32)

    def body(i, v, a):
        return i + 1, v * 0.75, tf1.cond(tf.equal(i % 2, 0), lambda: a.write(i, v), lambda: a.write(i, -2.0 * v))

    array = tf1.while_loop(lambda i, v, a: i < n, body, [0, x, tf.TensorArray(tf.float32, n)])[2]
    y = tf.identity(array.stack(), "y")
    tf.identity(tf.gradients(tf.square(y), x)[0], "dx")
    return [({"x": ramp(2, 2), "n": np.int32(k)}, ["y:0", "dx:0"], []) for k in (1, 4)]


@case
def array_read_twice():
    """Elements that were read are gone, and none is written twice; clear_after_read=False keeps them."""
    x, k = placeholder([None], "x"), placeholder([], "k", tf.int32)

    def array(keeps):
        return tf.TensorArray(tf.float32, 3, clear_after_read=not keeps).unstack(tf.stack([x, x + 1.0, x * 2.0]))

    kept, cleared, stacked = array(True), array(False), array(False)
    tf.identity(kept.read(1) + kept.read(1), "kept")
    first = cleared.read(1)
    with tf.control_dependencies([first]):
        tf.identity(cleared.read(1), "twice")
    rows = stacked.stack()
    with tf.control_dependencies([rows]):
        tf.identity(stacked.read(2), "after")
    written = tf.TensorArray(tf.float32, 3).write(0, x)
    tf.identity(tf.raw_ops.TensorArrayWriteV3(handle=written.handle, index=0, value=x, flow_in=written.flow), "written")
    return [({"x": ramp(2)}, [fetch], []) for fetch in ("kept:0", "twice:0", "after:0", "written:0")]


@case
def arrays_touched_twice_in_loops():
    """Turns that touch what another turn, or another loop, has touched; and turns that do not, or never come to it."""
    x, n = placeholder([None], "x"), placeholder([], "n", tf.int32)
    rows = tf.stack([x + float(i) for i in range(6)])

    def run(body, value):
        return tf1.while_loop(lambda i, v: i < n, lambda i, v: (i + 1, body(i, v)), [0, value], parallel_iterations=1)[1]

    def array(keeps=False):
        return tf.TensorArray(tf.float32, 6, clear_after_read=not keeps)

    given = lambda keeps=False: array(keeps).unstack(rows)
    add = lambda a, at: lambda i, v: v + a.read(at(i))
    fill = lambda at: lambda i, a: a.write(at(i), x)
    fetches = {
        "same_written": run(fill(lambda i: 0), array()).flow,
        "other_loop_writes": run(fill(lambda i: i), run(fill(lambda i: 4 - i), array())).flow,
        "after_loop": run(fill(lambda i: i + 1), array()).write(2, x).flow,
        "before_loop": run(fill(lambda i: i), array().write(3, x)).flow,
        "neighbours": (lambda a: run(lambda i, v: v + a.read(i) * a.read(i + 1), x))(given()),
        "neighbours_kept": (lambda a: run(lambda i, v: v + a.read(i) * a.read(i + 1), x))(given(True)),
        "same_read": run(add(given(), lambda i: 2), x),
        "stacked_after": (lambda a, v: tf.reduce_sum(v) + tf.reduce_sum(tf.TensorArray(tf.float32, handle=a.handle, flow=a.flow + 0.0 * v[0]).stack()))(
            *(lambda a: (a, run(add(a, lambda i: i), x)))(given())),
        "follows": run(lambda i, a: a.write(i + 1, a.read(i) * 2.0), array(True).write(0, x)).stack()[:2],
    }
    for name, value in fetches.items():
        tf.identity(value, name)
    return [({"x": ramp(2), "n": np.int32(k)}, [name + ":0"], []) for name in fetches for k in (0, 1, 4)
            if not (name in ("other_loop_writes", "same_written", "after_loop", "before_loop") and k == 0) and not (name == "follows" and k == 0)]


@case
def ranks_in_lists():
    """Elements of different ranks in one list: of a tensor array, of a stack-like list."""
    x = placeholder([None], "x")
    array = tf.TensorArray(tf.float32, 4, infer_shape=False, clear_after_read=False)
    array = array.write(0, x).write(2, tf.stack([x, x * 2.0])).write(1, tf.reduce_sum(x)).write(3, x[1:])
    for i in range(4):
        tf.identity(array.read(i), f"read{i}")
    pushed = tf.raw_ops.EmptyTensorList(element_shape=-1, max_num_elements=-1, element_dtype=tf.float32)
    for value in (x, x[None] + 1.0, x[:1]):
        pushed = tf.raw_ops.TensorListPushBack(input_handle=pushed, tensor=value)
    for i in range(3):
        pushed, value = tf.raw_ops.TensorListPopBack(input_handle=pushed, element_shape=-1, element_dtype=tf.float32)
        tf.identity(value, f"popped{i}")
    return [({"x": ramp(k)}, [f"read{i}:0" for i in range(4)] + [f"popped{i}:0" for i in range(3)], []) for k in (1, 3)]


@case
def ragged_lists():
    """Lists of elements of different sizes: sums, joins, rows scattered into them, zeros of their shapes."""
    x, n = placeholder([None], "x"), placeholder([], "n", tf.int32)
    raw = tf.raw_ops

    def fill(size_of, scale):
        start = raw.TensorListReserve(element_shape=-1, num_elements=n, element_dtype=tf.float32)
        body = lambda i, a: (i + 1, raw.TensorListSetItem(input_handle=a, index=i, item=x[:size_of(i)] * scale))
        return tf1.while_loop(lambda i, a: i < n, body, [0, start])[1]

    def joined(handle, name):
        tensor, lengths = raw.TensorListConcatV2(input_handle=handle, element_shape=[-1], leading_dims=tf.zeros([0], tf.int64), element_dtype=tf.float32)[:2]
        tf.identity(tensor, name)
        tf.identity(lengths, name + "_lengths")

    growing, doubled, shrinking = fill(lambda i: i + 1, 1.0), fill(lambda i: i + 1, 2.0), fill(lambda i: n - i, -1.0)
    joined(tf.add_n([growing, doubled]), "sum")
    joined(raw.TensorListConcatLists(input_a=growing, input_b=shrinking, element_dtype=tf.float32), "both")
    joined(tf.add_n([growing, tf.zeros_like(doubled)]), "same")
    joined(raw.TensorListScatterIntoExistingList(input_handle=shrinking, tensor=tf.stack([x[:2], x[1:3]]), indices=tf.stack([0, n - 1])), "scattered")
    fetches = [name + end for name in ("sum", "both", "same", "scattered") for end in (":0", "_lengths:0")]
    return [({"x": ramp(6), "n": np.int32(k)}, fetches, []) for k in (2, 5)]


@case
def lists_of_known_elements():
    """Arrays and lists that loops fill: in a known number of turns, in an unknown one, with elements of unlike sizes."""
    x, n = placeholder([2, 3], "x"), placeholder([], "n", tf.int32)
    raw, bound = tf.raw_ops, tf.cast(n, tf.float32)
    empty = raw.EmptyTensorList(element_shape=[2, 3], max_num_elements=-1, element_dtype=tf.float32)
    rows = raw.EmptyTensorList(element_shape=[-1, 3], max_num_elements=-1, element_dtype=tf.float32)
    push = lambda a, v: raw.TensorListPushBack(input_handle=a, tensor=v)

    def until(body, value):
        return tf1.while_loop(lambda i, s, a: s < bound, lambda i, s, a: (i + 1, s + 0.5 + tf.square(x[0, 0]), body(i, a)), [0, 0.0, value])[2]

    turns = lambda body, value: tf1.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, body(i, a)), [0, value])[1]
    scaled = lambda i: x * tf.cast(i % 8, tf.float32)
    stacked = lambda a: raw.TensorListStack(input_handle=a, element_shape=[2, 3], element_dtype=tf.float32)
    results = {
        "written": turns(lambda i, a: a.write(i, scaled(i)), tf.TensorArray(tf.float32, n)).stack(),
        "pushed": stacked(turns(lambda i, a: push(a, scaled(i)), empty)),
        "grown": until(lambda i, a: a.write(i, scaled(i)), tf.TensorArray(tf.float32, 0, dynamic_size=True)).stack(),
        "pushed_until": stacked(until(lambda i, a: push(a, scaled(i)), empty)),
        "unlike": raw.TensorListConcatV2(input_handle=until(lambda i, a: push(a, scaled(i)[: 1 + i % 2]), rows), element_shape=[-1, 3],
                                         leading_dims=tf.zeros([0], tf.int64), element_dtype=tf.float32)[0],
    }
    for name, value in results.items():
        tf.reduce_sum(value, 0, name=name)
    return [({"x": ramp(2, 3), "n": np.int32(k)}, [name + ":0" for name in results], []) for k in (1, 9, 100)]


@case
def gradients_of_arrays_in_loops():
    """Backward loops of the first version that find handles of arrays on a stack, and optionals: arrays that turns make, functional branches."""
    x, n = placeholder([None, 2], "x"), placeholder([], "n", tf.int32)

    def outer(i, v):
        array = tf1.while_loop(lambda j, a: j < i + 1, lambda j, a: (j + 1, a.write(j, v * tf.cast(j + 1, tf.float32))), [0, tf.TensorArray(tf.float32, i + 1)])[1]
        return i + 1, tf.tanh(tf.reduce_sum(array.stack(), 0))

    inner = tf1.while_loop(lambda i, v: i < n, outer, [0, x])[1]
    chosen = tf1.while_loop(lambda i, v: i < n, lambda i, v: (i + 1, tf.switch_case(i % 2, [lambda: tf.sin(v), lambda: v * v])), [0, x])[1]
    for name, y in (("inner", inner), ("chosen", chosen)):
        tf.identity(y, name)
        tf.identity(tf.gradients(y, x)[0], "d" + name)
    fetches = [kind + name + ":0" for name in ("inner", "chosen") for kind in ("", "d")]
    return [({"x": ramp(k, 2), "n": np.int32(k)}, fetches, []) for k in (1, 3)]


@case
def arrays_of_branches():
    """Gradients of arrays that branches make and fill, which the backward branches find by their handles."""
    x, p, n = placeholder([None, 2], "x"), placeholder([], "p", tf.bool), placeholder([], "n", tf.int32)

    def fill(f):
        array = tf1.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a.write(i, f(x) * tf.cast(i, tf.float32))), [0, tf.TensorArray(tf.float32, n)])[1]
        return array.stack()

    y = tf.identity(tf1.cond(p, lambda: fill(tf.sin), lambda: fill(tf.exp)), "y")
    tf.identity(tf.gradients(tf.square(y), x)[0], "dx")
    return [({"x": ramp(2, 2), "p": np.bool_(p), "n": np.int32(k)}, ["y:0", "dx:0"], []) for p in (False, True) for k in (1, 3)]


@case
def ranks_that_change():
    """Lists of elements of different ranks: a loop and a branch write the elements, two such lists are added."""
    x, n, p = placeholder([None, 3], "x"), placeholder([], "n", tf.int32), placeholder([], "p", tf.bool)
    two = set_item(set_item(reserve(2), 0, x), 1, tf.reduce_sum(x))

    def body(i, a):
        rows, number = get_item(a, 0, [None, 3]), get_item(a, 1, [])
        return i + 1, set_item(set_item(a, 0, tf.concat([rows, rows[:1] + number], 0)), 1, number * 0.5 + tf.reduce_sum(rows))

    looped = tf1.while_loop(lambda i, a: i < n, body, [0, two])[1]
    chosen = tf1.cond(p, lambda: set_item(two, 0, x[1:] * 2.0), lambda: set_item(set_item(two, 1, tf.reduce_max(x)), 0, x + 1.0))
    fetches = []
    for name, handle in (("looped", looped), ("chosen", chosen), ("sum", tf.add_n([two, two]))):
        tf.identity(get_item(handle, 0, [None, 3]), name + "_rows")
        tf.identity(get_item(handle, 1, []), name + "_number")
        fetches += [name + "_rows:0", name + "_number:0"]
    return [({"x": ramp(2, 3), "n": np.int32(k), "p": np.bool_(k)}, fetches, []) for k in (0, 3)]


@case
def sums_of_ragged_lists():
    """Lists whose elements are lists of elements of different sizes, added one to the other; some were never written."""
    x, n = placeholder([None], "x"), placeholder([], "n", tf.int32)

    def fill(size_of, scale):
        body = lambda i, a: (i + 1, set_item(a, i, x[:size_of(i)] * scale))
        return tf1.while_loop(lambda i, a: i < n, body, [0, reserve(n)])[1]

    outer = reserve(3, tf.variant)
    first = set_item(set_item(outer, 0, fill(lambda i: i + 1, 1.0)), 1, fill(lambda i: n - i, -1.0))
    second = set_item(set_item(outer, 0, fill(lambda i: i + 1, 10.0)), 2, fill(lambda i: 1 + i % 2, 3.0))
    total, fetches = tf.add_n([first, second]), []
    for k in range(3):
        inner = raw.TensorListGetItem(input_handle=total, index=k, element_shape=-1, element_dtype=tf.variant)
        joined = raw.TensorListConcatV2(input_handle=inner, element_shape=[-1], leading_dims=tf.zeros([0], tf.int64), element_dtype=tf.float32)
        tf.identity(joined[0], f"values{k}")
        tf.identity(joined[1], f"lengths{k}")
        fetches += [f"values{k}:0", f"lengths{k}:0"]
    return [({"x": ramp(6), "n": np.int32(k)}, fetches, []) for k in (2, 5)]


@case
def arrays_touched_where_data_says():
    """Elements that data names: in a loop, as a vector, beside those that were touched before; each run may touch one twice."""
    at, x = placeholder([3], "at", tf.int32), placeholder([5, 2], "x")

    def array(name, clears=True):
        return tf.TensorArray(tf.float32, 5, clear_after_read=clears, element_shape=[2], tensor_array_name=name)

    def written(i, a):
        return i + 1, a.write(at[i], x[i])

    loop = tf1.while_loop(lambda i, a: i < 3, written, [0, array("written")])[1]
    tf.identity(loop.gather(at[:1]), "written")
    full = array("full", clears=True).unstack(x)
    tf.identity(tf1.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s * 0.5 + full.read(at[i])), [0, x[0]])[1], "read")
    tf.identity(array("kept", clears=False).unstack(x).gather(at), "kept")
    tf.identity(array("gathered").unstack(x).gather(at), "gathered")
    tf.identity(array("scattered").scatter(at, x[:3]).read(at[2]), "scattered")
    tf.identity(array("begun").write(1, x[0]).scatter(at, x[:3]).read(1), "begun")
    mixed = tf1.while_loop(lambda i, a: i < 3, written, [0, array("mixed").write(4, x[4])])[1]
    tf.identity(mixed.stack(), "mixed")
    runs = []
    for indices in ([0, 2, 3], [0, 2, 0], [1, 4, 2]):
        runs += [({"at": np.int32(indices), "x": ramp(5, 2)}, [name + ":0"], [])
                 for name in ("written", "read", "kept", "gathered", "scattered", "begun", "mixed")]
    return runs


@case
def vectors_of_lists():
    """Tensors of lists: packed, pushed to, tiled, indexed by data, carried by a loop and a condition, made of a list of lists and back."""
    x, k, n = placeholder([2, 3], "x"), placeholder([], "k", tf.int32), placeholder([], "n", tf.int32)

    def stacked(handle, name):
        tf.identity(raw.TensorListStack(input_handle=handle, element_shape=[3], element_dtype=tf.float32), name)

    def push(handles, rows):
        return raw.TensorListPushBackBatch(input_handles=handles, tensor=rows)

    scalar = tf.zeros([0], tf.int32)
    empty = raw.EmptyTensorList(element_shape=[3], max_num_elements=-1, element_dtype=tf.float32)
    longer = raw.TensorListPushBack(input_handle=empty, tensor=x[0])
    pair = push(tf.stack([empty, longer]), x)
    first, second = tf.unstack(pair, 2)
    stacked(first, "first")
    stacked(second, "second")
    stacked(tf.gather(pair, k), "by_data")
    count = tf.shape(x)[0] + k
    tiled = push(tf.tile(tf.reshape(longer, [-1]), tf.reshape(count, [1])), tf.concat([x, x * 2.0], 0)[:count])
    stacked(tiled[count - 1], "last")
    tf.identity(tf.shape(tiled), "how_many")
    stacked(tf.gather(tf.gather(pair, [1, 0, 1]), 2), "gathered")
    grown = tf1.while_loop(lambda i, v: i < n, lambda i, v: (i + 1, push(v, x * tf.cast(i, tf.float32))), [0, tf.stack([empty, empty])])[1]
    stacked(grown[1], "grown")
    stacked(tf1.cond(k > 0, lambda: push(pair, -x), lambda: pair)[0], "chosen")
    of_lists = raw.EmptyTensorList(element_shape=scalar, max_num_elements=-1, element_dtype=tf.variant)
    for handle in (longer, raw.TensorListPushBack(input_handle=empty, tensor=x[1])):
        of_lists = raw.TensorListPushBack(input_handle=of_lists, tensor=handle)
    rest, top = raw.TensorListPopBack(input_handle=of_lists, element_shape=scalar, element_dtype=tf.variant)
    stacked(top, "top")
    stacked(raw.TensorListPopBack(input_handle=rest, element_shape=scalar, element_dtype=tf.variant)[1], "bottom")
    vector = raw.TensorListStack(input_handle=of_lists, element_shape=scalar, element_dtype=tf.variant)
    stacked(push(vector, x * 10.0)[1], "pushed")
    stacked(raw.TensorListGather(input_handle=of_lists, indices=[1, 0], element_shape=scalar, element_dtype=tf.variant)[0], "of_list")
    again = raw.TensorListFromTensor(tensor=vector, element_shape=scalar)
    stacked(raw.TensorListGetItem(input_handle=again, index=k, element_shape=scalar, element_dtype=tf.variant), "item")
    fetches = ["first", "second", "by_data", "last", "how_many", "gathered", "grown", "chosen", "top", "bottom", "pushed", "of_list", "item"]
    return [({"x": ramp(2, 3), "k": np.int32(i), "n": np.int32(i + 2)}, [name + ":0" for name in fetches], []) for i in (0, 1)]


@case
def arrays_touched_in_branches():
    """Elements that branches touch, and counters that take other steps than one, of which each run may touch one twice."""
    x, k, q = placeholder([], "x"), placeholder([], "k", tf.int32), placeholder([], "q", tf.bool)

    def array(name, size=3):
        return tf.TensorArray(tf.float32, size, element_shape=[], tensor_array_name=name)

    def chosen(first, second):
        return tf1.cond(q, lambda: first().flow, lambda: second().flow)

    def after(array, flow):
        return tf.TensorArray(tf.float32, handle=array.handle, flow=flow)

    def loop(name, size, turns, body):
        return tf1.while_loop(lambda i, a: i < turns, body, [0, array(name, size)])[1]

    written, begun, nested, looped = array("written"), array("begun").write(0, x), array("nested"), array("looped")
    tf.identity(after(written, chosen(lambda: written.write(0, x), lambda: written.write(1, x))).write(0, -x).read(0), "written")
    tf.identity(chosen(lambda: begun.write(0, x), lambda: begun.write(1, x)), "begun")
    inner = chosen(lambda: after(nested, tf1.cond(k > 5, lambda: nested.write(0, x).flow, lambda: nested.write(1, x).flow)), lambda: nested.write(2, x))
    tf.identity(after(nested, inner).write(1, -x).read(1), "nested")
    full = array("read").unstack([x, x, x])
    value = tf1.cond(q, lambda: full.read(0), lambda: full.read(1))
    with tf.control_dependencies([value]):
        tf.identity(value + full.read(1), "read")
    flow = chosen(lambda: tf1.while_loop(lambda i, a: i < 2, lambda i, a: (i + 1, a.write(i, x)), [0, looped])[1], lambda: looped)
    tf.identity(after(looped, flow).write(1, -x).read(1), "looped")
    turns = loop("turns", 4, 4, lambda i, a: (i + 1, tf1.cond(tf.equal(i, 3) & q, lambda: a.write(0, x), lambda: a.write(i, -x))))
    tf.identity(turns.flow * 0.0, "turns")
    tf.identity(loop("fine", 4, 4, lambda i, a: (i + 1, tf1.cond(tf.equal(i % 2, 0), lambda: a.write(i, x), lambda: a.write(i, -x)))).stack(), "fine")
    tf.identity(loop("steps", 9, 6, lambda i, a: (i + 2, a.write(i, x).write(i + k, x))).flow * 0.0, "steps")
    tf.identity(loop("products", 7, 3, lambda i, a: (i + 1, a.write(i * (k - 1), x))).flow * 0.0, "products")

    def own(i, s):
        a = array("own").write(0, x)
        return i + 1, s + after(a, tf1.cond(i < k, lambda: a.write(1, x).flow, lambda: a.write(0, x).flow)).read(0)

    tf.identity(tf1.while_loop(lambda i, s: i < 3, own, [0, 0.0])[1], "own")
    names = ("written", "begun", "nested", "read", "looped", "turns", "fine", "steps", "products", "own")
    return [({"x": np.float32(2), "k": np.int32(i), "q": np.bool_(flag)}, [name + ":0"], []) for i, flag in ((1, True), (2, False), (3, True)) for name in names]


@case
def seldom_used():
    """Operators of arrays, stacks and lists that programs seldom use."""
    x = placeholder([None, 2], "x")
    make = lambda op: getattr(data_flow, "tensor_array" + op + "_v3")
    array = lambda size: make("")(size, tf.float32, clear_after_read=False)
    handle, flow = array(2)
    parts_flow = make("_split")(handle, x, tf.cast([1, tf.shape(x)[0] - 1], tf.int64), flow)
    part = tf.identity(make("_read")(handle, 0, parts_flow, tf.float32), "split")
    with tf.control_dependencies([part]):
        close = make("_close")(handle)
    with tf.control_dependencies([close]):
        tf.identity(part, "closed")
    handle, flow = array(2)
    wide, wide_flow = data_flow.tensor_array_grad_with_shape(handle, make("_write")(handle, 0, x[0], flow), [2], source="w")
    wide_flow = make("_write")(wide, 1, x[:2], wide_flow)
    tf.identity(make("_gather")(wide, [0, 1], wide_flow, tf.float32), "wide")

    newer = data_flow.stack_v2(3, tf.float32, stack_name="newer")
    with tf.control_dependencies([data_flow.stack_push_v2(newer, x)]):
        popped = data_flow.stack_pop_v2(newer, tf.float32)
    with tf.control_dependencies([popped]):
        close = data_flow.stack_close_v2(newer)
    with tf.control_dependencies([close]):
        tf.identity(popped, "newer")

    handle = raw.TensorListScatter(tensor=x, indices=[1, 0], element_shape=[2], name="scattered")
    tf.identity(raw.TensorListGetItem(input_handle=handle, index=0, element_shape=[2], element_dtype=tf.float32), "scattered_item")
    joined, lengths = raw.TensorListConcat(input_handle=handle, element_dtype=tf.float32, element_shape=[2])
    tf.identity(joined, "list_joined")
    tf.identity(lengths, "list_lengths")
    fetches = ["split", "closed", "wide", "newer", "scattered_item", "list_joined", "list_lengths"]
    return [({"x": ramp(2, 2)}, [name + ":0" for name in fetches], [])]


@case
def sums_of_deep_lists():
    """Sums and zeros of lists of lists of lists, as gradients of nested loops have them."""
    x = placeholder([2], "x")
    scalar = tf.zeros([0], tf.int32)

    def push(handle, *elements):
        for element in elements:
            handle = raw.TensorListPushBack(input_handle=handle, tensor=element)
        return handle

    def nest(depth, value):
        if depth == 0:
            return push(raw.EmptyTensorList(element_shape=[2], max_num_elements=-1, element_dtype=tf.float32), value, value * 2.0)
        outer = raw.EmptyTensorList(element_shape=scalar, max_num_elements=-1, element_dtype=tf.variant)
        return push(outer, nest(depth - 1, value), nest(depth - 1, value * 3.0))

    def pick(handle, *indices):
        for index in indices:
            handle = raw.TensorListGetItem(input_handle=handle, index=index, element_shape=scalar, element_dtype=tf.variant)
        return raw.TensorListStack(input_handle=handle, element_shape=[2], element_dtype=tf.float32)

    total = tf.add_n([nest(2, x), nest(2, x + 1.0), nest(2, -0.5 * x)])
    tf.identity(pick(total, 1, 0), "total_10")
    tf.identity(pick(total, 0, 1), "total_01")
    tf.identity(pick(tf.add_n([nest(1, x), nest(1, x + 1.0)]), 1), "pair_1")
    tf.identity(pick(tf.zeros_like(nest(2, x)), 1, 1), "zeros")
    return [({"x": ramp(2)}, ["total_10:0", "total_01:0", "pair_1:0", "zeros:0"], [])]


@case
def draws_in_order():
    """Random operators in loops that TensorFlow runs one iteration at a time."""
    n = placeholder([], "n", tf.int32)
    for name, shape in (("one", lambda a: [2]), ("grows", lambda a: tf.shape(a))):
        body = lambda i, a, t: (i + 1, tf.concat([a * 0.5 + tf1.random_uniform(shape(a), seed=7)] * (1 if name == "one" else 2), 0), t + tf.reduce_sum(a))
        loop = tf1.while_loop(lambda i, a, t: i < n, body, [0, tf.zeros([2]), 0.0], parallel_iterations=1 if name == "one" else 10,
                              shape_invariants=[tf.TensorShape([]), tf.TensorShape([None]), tf.TensorShape([])])
        tf.identity(loop[1], name)
        tf.identity(loop[2], name + "_sum")
    return [({"n": np.int32(k)}, [f + end for f in ("one", "grows") for end in (":0", "_sum:0")], []) for k in (1, 4)]


if __name__ == "__main__":
    main()

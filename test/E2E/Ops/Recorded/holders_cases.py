import numpy as np
import tensorflow as tf
from tensorflow.python.framework import kernels

raw = tf.raw_ops
NUMBERS = (tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.bool, tf.complex64, tf.complex128)


class Queue:
    """A queue, held by reference or (suffix V2) by handle. Its operations run one after another."""

    def __init__(self, kind, suffix, types, **options):
        name = tf.compat.v1.get_default_graph().unique_name("queue")
        self.handle = getattr(raw, kind + suffix)(component_types=types, shared_name=name, **options)
        self.suffix, self.types, self.last = suffix, types, self.handle

    def do(self, name, **given):
        with tf.control_dependencies([self.last]):
            done = getattr(raw, "Queue" + name + self.suffix)(handle=self.handle, **given)
        self.last = done[0] if isinstance(done, (list, tuple)) else done
        return done

    def enter(self, *components):
        self.do("Enqueue", components=components)

    def enter_all(self, *components):
        self.do("EnqueueMany", components=components)

    def take(self, name="Dequeue", **given):
        types = [tf.int64] + self.types if "Priority" in self.handle.op.type else self.types
        return self.do(name, component_types=types, **given)


def queues(record, suffix):
    """First in, first out; in an order that is drawn; by priority; padded to the longest."""
    x = record.fed([5., 6., 7., 8., 9.], tf.float32)
    for kind in ("FIFOQueue", "PaddingFIFOQueue", "RandomShuffleQueue"):
        queue = Queue(kind, suffix, [tf.float32, tf.string], shapes=[[], []], **dict(seed=7, seed2=3) if kind[0] == "R" else dict(capacity=20))
        queue.enter_all(x[:4], tf.as_string(x[:4]))
        queue.enter(x[4], "last")
        queue.enter_all(x[:0], tf.as_string(x[:0]))
        results = [queue.do("Size"), *queue.take(), *queue.take("DequeueMany", n=0), *queue.take("DequeueMany", n=2), queue.do("IsClosed")]
        queue.do("Close")
        results += [queue.do("IsClosed"), *queue.take("DequeueUpTo", n=9), queue.do("Size")]
        record.joined(f"{kind}{suffix}", results)
    queue = Queue("PriorityQueue", suffix, [tf.float32], shapes=[[2]])
    queue.enter_all(tf.constant([3, 1, 2, 1], tf.int64), tf.stack([x[:4], x[1:]], 1))
    queue.enter(tf.constant(-5, tf.int64), x[:2])
    record.joined("PriorityQueue" + suffix, [*queue.take(), *queue.take("DequeueMany", n=4)])
    queue = Queue("PaddingFIFOQueue", suffix, [tf.int32, tf.string], shapes=[[None, 2], [None]])
    for rows in (2, 0, 1):
        queue.enter(np.arange(2 * rows, dtype=np.int32).reshape(rows, 2) + 1, tf.constant(["a", "bc"][:rows], tf.string))
    record.joined("padded" + suffix, queue.take("DequeueMany", n=3))
    kinds = NUMBERS[:7] if suffix else NUMBERS[7:]
    queue = Queue("FIFOQueue", suffix, list(kinds), shapes=[[2]] * len(kinds))
    queue.enter(*[record.fed(record.numbers(kind, [2]), shape=[2]) for kind in kinds])
    record.joined("types" + suffix, queue.take())


def accumulators(record):
    """Means and sums of gradients; those of a step that is over are dropped."""
    at = [tf.constant(step, tf.int64) for step in (0, 1, 5)]
    required = tf.constant(2)
    for kind in record.types("ConditionalAccumulator", "dtype"):
        gradients = [record.fed(record.numbers(kind, [3]), shape=[3]) for _ in range(3)]
        for reduction in ("MEAN", "SUM"):
            held = raw.ConditionalAccumulator(dtype=kind, shape=[3], reduction_type=reduction, shared_name=f"accumulator_{kind.name}_{reduction}")
            done, results = held, []
            for steps in ((at[0], at[0], at[1]), at):
                for step, gradient in zip(steps, gradients):
                    with tf.control_dependencies([done]):
                        done = raw.AccumulatorApplyGradient(handle=held, local_step=step, gradient=gradient)
                with tf.control_dependencies([done]):
                    count = raw.AccumulatorNumAccumulated(handle=held)
                with tf.control_dependencies([count]):
                    done = raw.AccumulatorTakeGradient(handle=held, num_required=required, dtype=kind)
                results += [count, done]
            record.joined(f"accumulated_{kind.name}_{reduction}", results)


def key_and_value_types(op):
    """The pairs of types that TensorFlow has tables of."""
    pairs = ({constraint.name: tf.as_dtype(constraint.allowed_values.list.type[0]) for constraint in kernel.constraint}
             for kernel in kernels.get_registered_kernels_for_op(op).kernel if kernel.device_type == "CPU")
    return sorted(((pair["key_dtype"], pair["value_dtype"]) for pair in pairs), key=lambda pair: pair[0].name + pair[1].name)


def entries(kind, count, shape=()):
    values = np.arange(count * int(np.prod(shape)), 0, -1).reshape((count,) + shape)
    return tf.constant(values.astype("S") if kind == tf.string else (values % 2 if kind == tf.bool else values), kind)


def fixed_tables(record):
    for i, (key, value) in enumerate(key_and_value_types("HashTable")):
        table = raw.HashTable(key_dtype=key, value_dtype=value, shared_name=f"fixed{i}")
        wanted = entries(key, 6)
        forms = [wanted, tf.reshape(wanted, [2, 1, 3]), wanted[:0], wanted[1]][i % 4:][:1 + (i == 0) * 3]
        with tf.control_dependencies([raw.InitializeTable(table_handle=table, keys=entries(key, 4), values=entries(value, 4))]):
            record.joined(f"fixed_{key.name}_{value.name}", [raw.LookupTableFind(table_handle=table, keys=keys, default_value=entries(value, 1)[0]) for keys in forms]
                          + [raw.LookupTableSize(table_handle=table)])


def tables_of_rows(record):
    """Rows by key, of which the second insertion replaces one; the import replaces them all."""
    for i, (key, value) in enumerate(key_and_value_types("MutableHashTableOfTensors")):
        given = dict(key_dtype=key, value_dtype=value, value_shape=[2], shared_name=f"rows{i}")
        handle, suffix = (raw.MutableHashTableOfTensorsV2(**given), "V2") if i % 2 else (raw.MutableHashTableOfTensors(**given), "")
        table, results = dict(table_handle=handle), []
        find, size, export = (getattr(raw, "LookupTable" + name + suffix) for name in ("Find", "Size", "Export"))
        change, one, rows, wanted = handle, entries(key, 5)[:1], entries(value, 5, (2,)), tf.reshape(entries(key, 6), [2, 3])
        for name, keys, values in (("Insert", entries(key, 4), rows[:4]), ("Insert", entries(key, 2), rows[3:]), ("Import", one, rows[2:3])):
            with tf.control_dependencies([change]):
                change = getattr(raw, "LookupTable" + name + suffix)(keys=keys, values=values, **table)
            if keys is one or name == "Insert" and values.shape[0] == 2:
                with tf.control_dependencies([change]):
                    found = find(keys=wanted, default_value=rows[0], **table)
                with tf.control_dependencies([found]):
                    change = size(**table)
                results += [found, change]
        with tf.control_dependencies([change]):
            pair = export(Tkeys=key, Tvalues=value, **table)
        results += pair
        if suffix:
            with tf.control_dependencies(pair):
                removed = raw.LookupTableRemoveV2(keys=entries(key, 5), **table)
            with tf.control_dependencies([removed]):
                results += [size(**table), *export(Tkeys=key, Tvalues=value, **table)]
        record.joined(f"rows_{key.name}_{value.name}", results)


def lists(record):
    for i, kind in enumerate(NUMBERS):
        rows = record.fed(record.numbers(kind, [3, 2]), shape=[3, 2])
        at, count = (([3, 0, 2], 5), ([1, 0, 2], -1))[i % 2]
        scattered = raw.TensorListScatterV2(tensor=rows, indices=at, element_shape=[2], num_elements=count)
        parts = raw.TensorListSplit(tensor=rows, element_shape=[-1, 2], lengths=tf.constant(([2, 1], [0, 3, 0])[i // 2 % 2], tf.int64))
        record.joined("list_" + kind.name, [raw.TensorListStack(input_handle=scattered, element_shape=[2], element_dtype=kind),
                                            *raw.TensorListConcat(input_handle=parts, element_dtype=kind, element_shape=[None, 2]),
                                            raw.TensorListGetItem(input_handle=parts, index=1, element_shape=[-1, 2], element_dtype=kind),
                                            raw.TensorListLength(input_handle=scattered), raw.TensorListLength(input_handle=parts)])


def others(record):
    record.joined("optional", [raw.OptionalHasValue(optional=optional) for optional in (raw.OptionalFromValue(components=[tf.constant(1.)]), raw.OptionalNone())])
    record.joined("device", [raw.DeviceIndex(device_names=names) for names in (["CPU", "GPU"], ["GPU", "CPU"], ["TPU"])])
    record.joined("fake", [raw.Shape(input=raw.FakeParam(dtype=kind, shape=shape)) for kind in (tf.float32, tf.int64) for shape in ([2, 3], [0], [])])
    variable = raw.VarHandleOp(dtype=tf.float32, shape=[2], shared_name="destroyed")
    with tf.control_dependencies([raw.AssignVariableOp(resource=variable, value=[1., 2.])]):
        before = raw.VarIsInitializedOp(resource=variable)
    with tf.control_dependencies([before]):
        destroyed = raw.DestroyResourceOp(resource=variable)
    with tf.control_dependencies([destroyed]):
        again = raw.DestroyResourceOp(resource=variable)
    with tf.control_dependencies([again]):
        record.joined("destroyed", [before, raw.VarIsInitializedOp(resource=variable)])


def references(record):
    """A variable that goes round a loop by reference, and grows by its own size every time."""
    for kind in (tf.float32, tf.float64):
        variable = raw.VariableV2(shape=[2], dtype=kind)
        held = raw.RefIdentity(input=raw.Assign(ref=variable, value=record.fed([1, -2], kind)))
        first, counted = raw.RefEnter(data=held, frame_name="loop_" + kind.name), raw.Enter(data=0, frame_name="loop_" + kind.name)
        round_, count = raw.RefMerge(inputs=[first, first])[0], raw.Merge(inputs=[counted, counted])[0]
        with tf.control_dependencies([count]):
            one, limit = tf.constant(1), tf.constant(3)
        goes_on = raw.LoopCond(input=raw.Less(x=count, y=limit))
        left, stays = raw.RefSwitch(data=round_, pred=goes_on)
        _, next_count = raw.Switch(data=count, pred=goes_on)
        grown = raw.AssignAdd(ref=stays, value=raw.Identity(input=stays))
        round_.op._update_input(1, raw.RefNextIteration(data=grown))
        count.op._update_input(1, raw.NextIteration(data=raw.Add(x=next_count, y=one)))
        record("looped_" + kind.name, raw.Identity(input=raw.RefExit(data=left)))


def switched(record):
    """Branches by a number, as they are when a Case has been lowered: the last one takes what no other does."""
    x, results = record.fed([1., 2.], tf.float32, [2]), []
    for i in (-1, 0, 1, 2, 7):
        name = tf.compat.v1.get_default_graph().unique_name("switch")
        attributes = dict(num_outs=tf.compat.v1.AttrValue(i=3), T=tf.compat.v1.AttrValue(type=tf.float32.as_datatype_enum))
        switch = tf.compat.v1.get_default_graph().create_op("_SwitchN", [x, record.fed(i, tf.int32, [])], [tf.float32] * 3, name=name, attrs=attributes)
        results += raw.Merge(inputs=[op(x=taken) for op, taken in zip((raw.Neg, raw.Square, raw.Exp), switch.outputs)])
    record.joined("switched", results)
    # The same before it is lowered; a branch with an effect makes it a Case rather than a StatelessCase.
    branches = [lambda: raw.Neg(x=x), lambda: raw.Square(x=raw.CheckNumerics(tensor=x, message="finite")), lambda: raw.Exp(x=x)]
    tf.compat.v1.enable_control_flow_v2()
    record.joined("case", [tf.switch_case(record.fed(i, tf.int32, []), branches) for i in (-1, 0, 1, 2, 7)])


def cases(record):
    for suffix in ("", "V2"):
        queues(record, suffix)
    accumulators(record)
    fixed_tables(record)
    tables_of_rows(record)
    lists(record)
    others(record)
    references(record)
    switched(record)

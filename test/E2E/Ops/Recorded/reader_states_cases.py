"""States of readers, kept and brought back, of both versions of the operators."""
import tensorflow as tf

raw = tf.raw_ops
# Readers by reference are not for graphs of later producers.
PRODUCER = 25


def chain(suffix):
    """One operator after the other; gives what they give."""
    op = lambda name, **inputs: getattr(raw, name + suffix)(**inputs)
    queue = op("FIFOQueue", component_types=[tf.string], shapes=[[]], shared_name="names" + suffix)
    reader = op("IdentityReader", shared_name="reader" + suffix)
    last, found = None, []

    def then(name, **inputs):
        nonlocal last
        with tf.control_dependencies([last] if last else []):
            made = op(name, **inputs)
        if isinstance(made, tf.Operation):
            last = made
            return None
        made = list(made) if isinstance(made, tuple) else [made]
        last = made[0].op
        found.extend(made)
        return made[0]

    state = lambda: then("ReaderSerializeState", reader_handle=reader)
    read = lambda: then("ReaderRead", reader_handle=reader, queue_handle=queue)

    def restore(text):
        then("ReaderRestoreState", reader_handle=reader, state=text)
        then("ReaderNumRecordsProduced", reader_handle=reader)
        then("ReaderNumWorkUnitsCompleted", reader_handle=reader)
        state()

    then("QueueEnqueueMany", handle=queue, components=[["first", "", "a third name" * 20]])
    state()
    read()
    first = state()
    read()
    state()
    read()
    state()
    restore(first)
    restore(b"\x08\x07\x10\xac\x02\x18\x05\x28\x09\x22\x03abc")
    restore(b"")
    return found


def cases(record):
    record("states", chain(""))
    record("states_v2", chain("V2"))

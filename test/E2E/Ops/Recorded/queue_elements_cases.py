import numpy as np
import tensorflow as tf

raw = tf.raw_ops


class Queue:
    """A queue by handle; its operations run one after another."""

    def __init__(self, kind, types, **options):
        self.handle = getattr(raw, kind + "V2")(component_types=types, shared_name=tf.compat.v1.get_default_graph().unique_name("queue"), **options)
        self.last = self.handle.op

    def do(self, name, **given):
        with tf.control_dependencies([self.last]):
            done = getattr(raw, f"Queue{name}V2")(handle=self.handle, **given)
        self.last = done if isinstance(done, tf.Operation) else (done[0] if isinstance(done, list) else done).op
        return done


def priorities(record):
    """Equal priorities do not leave in the order in which they came."""
    for count in (1, 2, 3, 7, 33):
        queue = Queue("PriorityQueue", [tf.int32], shapes=[[]])
        order = record.random.integers(0, 4, 2 * count)
        queue.do("EnqueueMany", components=[tf.constant(order, tf.int64), tf.range(2 * count)])
        results = []
        for _ in range(count):
            results += queue.do("Dequeue", component_types=[tf.int64, tf.int32])
        queue.do("Enqueue", components=[tf.constant(1, tf.int64), tf.constant(-1)])
        results += queue.do("DequeueMany", n=count + 1, component_types=[tf.int64, tf.int32])
        record.joined(f"priorities{count}", results)


def none(record):
    """What holds no element has the shape that the queue says; sizes that it leaves open are zero."""
    for kind, shapes in (("FIFOQueue", [[2, 3], []]), ("RandomShuffleQueue", [[4], [1]]), ("PaddingFIFOQueue", [[None, 3], [2]])):
        queue = Queue(kind, [tf.float32, tf.string], shapes=shapes)
        for i, name in enumerate(("DequeueMany", "DequeueUpTo")):
            for j, tensor in enumerate(queue.do(name, n=record.fed(0, tf.int32), component_types=[tf.float32, tf.string])):
                record(f"none_{kind}_{i}{j}", tf.shape(tensor))
    queue = Queue("FIFOQueue", [tf.float32], shapes=[[2]])
    queue.do("Close")
    queue.do("EnqueueMany", components=[record.fed(np.zeros([0, 2]), tf.float32)])
    record("none_closed", queue.do("Size"))


def shapeless(record):
    """A queue without shapes holds what the graph puts in, through other queues too."""
    queue = Queue("FIFOQueue", [tf.float32, tf.string], shapes=[])
    queue.do("EnqueueMany", components=[record.fed(record.numbers(tf.float32, [3, 2]), shape=[3, 2]), tf.constant(["a", "b", "c"])])
    x, name = queue.do("Dequeue", component_types=[tf.float32, tf.string])
    other = Queue("FIFOQueue", [tf.float32], shapes=[])
    other.do("Enqueue", components=[x * 2])
    other.do("Enqueue", components=[x + 1])
    queue.do("Enqueue", components=[x + 5, name + "!"])
    results = [x, name]
    for _ in range(3):
        results += queue.do("Dequeue", component_types=[tf.float32, tf.string])
    results += other.do("Dequeue", component_types=[tf.float32]) + other.do("Dequeue", component_types=[tf.float32])
    record.joined("shapeless", results)
    queue = Queue("FIFOQueue", [tf.float32], shapes=[])
    queue.do("Enqueue", components=[record.fed(record.numbers(tf.float32, [3, 2]), shape=[3, 2])])
    queue.do("Enqueue", components=[record.fed(record.numbers(tf.float32, [1, 2]), shape=[1, 2])])
    record.joined("rows", queue.do("Dequeue", component_types=[tf.float32]) + queue.do("Dequeue", component_types=[tf.float32]))


def cases(record):
    priorities(record)
    none(record)
    shapeless(record)

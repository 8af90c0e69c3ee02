import tensorflow as tf

raw = tf.raw_ops
IDS = [0, 0, 1, 3, 3, 3]
SIZED = (tf.int32, tf.int64)


def per_type(record):
    """Segments with a gap, of matrices and vectors."""
    names = [("Segment" + name, getattr(raw, "Segment" + name)) for name in ("Max", "Mean", "Min", "Prod", "Sum")]
    for i, kind in enumerate(record.types("SegmentSum")):
        ids = record.fed(IDS, SIZED[i % 2])
        data = record.fed(record.numbers(kind, [6] if i % 3 == 0 else [6, 2], 1))
        record.joined("segment_" + kind.name, [op(data=data, segment_ids=ids) for name, op in names if kind in record.types(name)])
    for ids in ([], [2]):
        data = record.fed(record.numbers(tf.float32, [len(ids), 3]))
        record.joined(f"segment_of_{len(ids)}", [op(data=data, segment_ids=record.fed(ids, tf.int32)) for _, op in names])
    wide = record.fed(record.numbers(tf.float32, [6, 0, 2]))
    ends = [record.fed([first, 1, float("inf"), -float("inf"), 2, float("inf")], tf.float32) for first in (0, float("nan"))]
    lowest = record.fed([-float("inf"), -float("inf"), 1, -float("inf"), 3, float("inf")], tf.float32)
    record("segment_infinite", [raw.SegmentMax(data=lowest, segment_ids=IDS), raw.SegmentMin(data=-lowest, segment_ids=IDS)])
    # Which of a NaN and a number is the larger depends on their order in TensorFlow.
    record.joined("segment_edges", [op(data=x, segment_ids=IDS) for name, op in names for x in [wide] + ends[:1 if name[-3:] in ("Max", "Min") else 2]])


def of_a_number(record):
    """Operators for which only XLA has kernels: the last argument says how many segments there are."""
    kinds = record.types("SegmentSum", without=("complex128",))
    given = [record.fed(record.numbers(kind, [6, 2], 1), shape=[6, 2]) for kind in kinds]
    ids = record.fed(IDS, tf.int64, shape=[6])
    for name in ("Max", "Min", "Prod", "Sum"):
        op = getattr(raw, f"Segment{name}V2")
        data = [x for x in given if not x.dtype.is_complex or name in ("Prod", "Sum")]
        compiled = tf.function(lambda: [op(data=x, segment_ids=ids, num_segments=4 if x.dtype == tf.float32 else 5) for x in data], jit_compile=True, autograph=False)
        record.joined(f"number_{name}", compiled())


def sparse(record):
    for i, kind in enumerate(record.types("SparseSegmentSumWithNumSegments")):
        at, ids = record.fed([4, 0, 4, 2, 1, 1], SIZED[i % 2]), record.fed(IDS, SIZED[i // 2 % 2])
        data, grad, results = record.fed(record.numbers(kind, [5, 2])), record.fed(record.numbers(kind, [4, 2])), []
        for name in ("Sum", "Mean", "SqrtN")[:3 if kind.is_floating else 1]:
            named = getattr(raw, f"SparseSegment{name}WithNumSegments")
            results.append(named(data=data, indices=at, segment_ids=ids, num_segments=tf.constant(4 + i % 3, SIZED[i % 2])))
            if kind.is_floating:
                results.append(getattr(raw, f"SparseSegment{name}Grad")(grad=grad, indices=at, segment_ids=ids, output_dim0=5 + i % 3))
        record.joined("sparse_" + kind.name, results)
    none, data = record.fed([], tf.int32), record.fed(record.numbers(tf.float32, [3, 2]))
    record.joined("sparse_none", [getattr(raw, f"SparseSegment{name}WithNumSegments")(data=data, indices=none, segment_ids=none, num_segments=count)
                                  for name in ("Sum", "Mean", "SqrtN") for count in (0, 2)])


def cases(record):
    per_type(record)
    of_a_number(record)
    sparse(record)

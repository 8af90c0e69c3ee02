import tensorflow as tf

raw = tf.raw_ops
# The operators here are not for graphs of later producers.
PRODUCER = 7


def arrays_by_name(record):
    """Tensor arrays of the second version, which carry their handle as a string."""
    for kind in record.types("TensorArrayReadV2", "dtype"):
        rows, lengths = record.fed(record.numbers(kind, [3, 2]), shape=[3, 2]), tf.constant([1, 0, 2], tf.int64)
        handle = raw.TensorArrayV2(size=3, dtype=kind, element_shape=[2], clear_after_read=False)
        flow = raw.TensorArrayScatterV2(handle=handle, indices=[2, 0], value=rows[1:], flow_in=tf.constant(0.))
        given = dict(handle=handle, flow_in=raw.TensorArrayWriteV2(handle=handle, index=1, value=rows[0], flow_in=flow))
        results = [raw.TensorArrayReadV2(index=1, dtype=kind, **given), raw.TensorArrayGatherV2(indices=[0, 2, 0], dtype=kind, **given), raw.TensorArraySizeV2(**given)]
        split = raw.TensorArrayV2(size=3, dtype=kind, clear_after_read=False)
        given = dict(handle=split, flow_in=raw.TensorArraySplitV2(handle=split, value=rows, lengths=lengths, flow_in=tf.constant(0.)))
        results += [raw.TensorArrayReadV2(index=2, dtype=kind, **given), *raw.TensorArrayConcatV2(dtype=kind, **given)]
        with tf.control_dependencies(results):
            closed = [raw.TensorArrayCloseV2(handle=held) for held in (handle, split)]
        with tf.control_dependencies(closed):
            record.joined("by_name_" + kind.name, [tf.identity(t) for t in results])


def gradients(record):
    """What is written to the gradient of an array twice is added up."""
    for kind in (tf.float32, tf.float64):
        rows = record.fed(record.numbers(kind, [2, 3]), shape=[2, 3])
        handle = raw.TensorArrayV2(size=2, dtype=kind, clear_after_read=False)
        flow = raw.TensorArrayScatterV2(handle=handle, indices=[0, 1], value=rows, flow_in=tf.constant(0.))
        gradient = raw.TensorArrayGradV2(handle=handle, flow_in=flow, source="g")
        for index, row in ((0, rows[1]), (1, rows[0]), (0, rows[0])):
            flow = raw.TensorArrayWriteV2(handle=gradient, index=index, value=row, flow_in=flow)
        record("gradient_" + kind.name, raw.TensorArrayGatherV2(handle=gradient, indices=[1, 0], flow_in=flow, dtype=kind))


def arrays_by_reference(record):
    """Tensor arrays of the first version."""
    for kind in record.types("TensorArrayRead", "dtype"):
        rows = record.fed(record.numbers(kind, [3, 2]), shape=[3, 2])
        handle = raw.TensorArray(size=3, dtype=kind, clear_after_read=False)
        given = dict(handle=handle, flow_in=raw.TensorArrayUnpack(handle=handle, value=rows, flow_in=tf.constant(0.)))
        results = [raw.TensorArrayPack(dtype=kind, **given), raw.TensorArrayRead(index=2, dtype=kind, **given), raw.TensorArrayGather(indices=[1, 1], dtype=kind, **given),
                   raw.TensorArraySize(**given), *raw.TensorArrayConcat(dtype=kind, **given)]
        other = raw.TensorArray(size=3, dtype=kind, clear_after_read=False)
        flow = raw.TensorArrayScatter(handle=other, indices=[2, 0], value=rows[:2], flow_in=tf.constant(0.))
        results.append(raw.TensorArrayPack(handle=other, flow_in=raw.TensorArrayWrite(handle=other, index=1, value=rows[2], flow_in=flow), dtype=kind))
        split = raw.TensorArray(size=2, dtype=kind)
        flow = raw.TensorArraySplit(handle=split, value=rows, lengths=tf.constant([2, 1], tf.int64), flow_in=tf.constant(0.))
        results.append(raw.TensorArrayRead(handle=split, index=0, flow_in=flow, dtype=kind))
        record.joined("by_reference_" + kind.name, results)


def drawn(record):
    for kind in record.types("RandomCrop"):
        image = record.fed(record.numbers(kind, [5, 4, 2]), shape=[5, 4, 2])
        record.joined("crop_" + kind.name, [raw.RandomCrop(image=image, size=tf.constant(size, tf.int64), seed=5, seed2=7) for size in ([3, 2], [5, 4], [1, 4])])
    for kind in record.types("RandomPoisson", "dtype"):
        rate = record.fed([.4, 3, 9.9, 10, 55], kind)
        record.joined("poisson_" + kind.name, [raw.RandomPoisson(shape=tf.constant(shape, dtype), rate=rate, seed=5, seed2=7)
                                               for shape, dtype in (([4], tf.int32), ([2, 3], tf.int64), ([0], tf.int32))])


def cases(record):
    arrays_by_name(record)
    gradients(record)
    arrays_by_reference(record)
    drawn(record)
    sound = record.fed(record.numbers(tf.float32, [2, 9, 2], -1, 1))
    record("sound", [raw.AudioSummary(tag="tag", tensor=sound, sample_rate=8000., max_outputs=count) for count in (1, 3)])

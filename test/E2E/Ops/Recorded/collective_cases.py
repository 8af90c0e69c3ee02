"""Nodes that run together, on three CPUs of TensorFlow, which has no kernels of NCCL there: their values are numpy's."""
import numpy as np
import tensorflow as tf
from tensorflow.python.ops import gen_nccl_ops

CPUS = 3
ops = tf.raw_ops
keys = iter(range(1, 1000))
MERGED = {"Add": np.sum, "Mul": np.prod, "Max": np.max, "Min": np.min}
REDUCED = {"sum": np.sum, "prod": np.prod, "max": np.max, "min": np.min}


def members(record, dtype, shape):
    return [record.fed(record.numbers(dtype, shape, -2, 3), dtype, [None] * len(shape)) for _ in range(CPUS)]


def on_each(make, values):
    results = []
    for i, value in enumerate(values):
        with tf.device(f"/cpu:{i}"):
            results.append(make(value, i))
    return results


def collective(record):
    for dtype in tf.float32, tf.float16, tf.float64, tf.int32, tf.int64:
        values, key = members(record, dtype, (2, 3)), next(keys)
        for merge in MERGED:
            for final in "Id", "Div":
                # Nodes that none of three divides: TensorFlow cuts what integers are divided by as C does.
                key = next(keys)
                record(f"reduce_{merge}_{final}_{dtype.name}", on_each(lambda value, i: ops.CollectiveReduce(
                    input=value, group_size=CPUS, group_key=1, instance_key=key, merge_op=merge, final_op=final, subdiv_offsets=[0]), values))
        key = next(keys)
        record(f"gather_{dtype.name}", on_each(lambda value, i: ops.CollectiveGather(
            input=value, group_size=CPUS, group_key=1, instance_key=key, shape=[6, 3]), values))
    for size in 1, 17, 65:
        values = members(record, tf.float32, (size,))
        key = next(keys)
        record(f"reduce_v2_{size}", on_each(lambda value, i: ops.CollectiveReduceV2(
            input=value, group_size=CPUS, group_key=1, instance_key=tf.identity(key), ordering_token=[], merge_op="Add", final_op="Div"), values))
        key = next(keys)
        record(f"gather_v2_{size}", on_each(lambda value, i: ops.CollectiveGatherV2(
            input=value, group_size=CPUS, group_key=1, instance_key=key, ordering_token=[]), values))
    for dtype in tf.float32, tf.bool, tf.int64:
        sent, key = record.fed(record.numbers(dtype, (2, 5)), dtype, [2, 5]), next(keys)
        record(f"broadcast_{dtype.name}", on_each(lambda value, i: ops.CollectiveBcastSend(
            input=sent, group_size=CPUS, group_key=1, instance_key=key, shape=[2, 5]) if i == 1 else ops.CollectiveBcastRecv(
            T=dtype, group_size=CPUS, group_key=1, instance_key=key, shape=[2, 5]), [None] * CPUS))
        second = next(keys)
        record(f"broadcast_v2_{dtype.name}", on_each(lambda value, i: ops.CollectiveBcastSendV2(
            input=sent, group_size=CPUS, group_key=1, instance_key=second) if i == 2 else ops.CollectiveBcastRecvV2(
            T=dtype, group_size=CPUS, group_key=1, instance_key=second, shape=[2, 5]), [None] * CPUS))


def nccl(record):
    for dtype in tf.float32, tf.float16, tf.float64, tf.int32, tf.int64:
        arrays = [record.numbers(dtype, (3, 4)) for _ in range(CPUS)]
        values = [record.fed(array, dtype) for array in arrays]
        for reduction, compute in REDUCED.items():
            wanted = compute(np.stack(arrays).astype("float64"), 0).astype(dtype.as_numpy_dtype)
            record.known(f"all_{reduction}_{dtype.name}", [gen_nccl_ops.nccl_all_reduce(
                value, reduction, CPUS, f"{reduction}_{dtype.name}") for value in values], [wanted] * CPUS)
            record.known(f"one_{reduction}_{dtype.name}", [gen_nccl_ops.nccl_reduce(values, reduction)], [wanted])
        record.known(f"from_one_{dtype.name}", [gen_nccl_ops.nccl_broadcast(values[0], [3, 4])], [arrays[0]])
    alone = record.numbers(tf.float32, (7,))
    record.known("alone", [gen_nccl_ops.nccl_all_reduce(record.fed(alone), "sum", 1, "alone")], [alone])


def cases(record):
    collective(record)
    nccl(record)

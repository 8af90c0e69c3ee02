import tensorflow as tf

raw = tf.raw_ops
MIXED = [(tf.int8, tf.int8, tf.int32), (tf.uint8, tf.int8, tf.int32), (tf.int8, tf.uint8, tf.int32), (tf.uint8, tf.uint8, tf.int32)]


def cases(record):
    for kind in record.types("BatchMatMul"):
        x, y, across, row = (record.fed(record.numbers(kind, shape)) for shape in ([2, 3, 4], [2, 4, 3], [2, 5, 3], [3]))
        record.joined("all_" + kind.name, [raw.BatchMatMul(x=x, y=y), raw.BatchMatMul(x=x, y=across, adj_x=True, adj_y=True),
                                           raw.BatchMatMul(x=x[0], y=x[1], adj_y=True), raw.BatchMatMul(x=x[:, :, :0], y=y[:, :0]),
                                           raw.BatchMatMul(x=x[:0], y=y[:0]), raw.BatchMatMul(x=x[:, :0], y=y)])
    for kind in record.types("BatchMatMulV3", "Ta", without=("int8", "uint8")):
        x, y, row = (record.fed(record.numbers(kind, shape)) for shape in ([2, 1, 3, 4], [5, 4, 2], [4, 1]))
        record.joined("spread_" + kind.name, [raw.BatchMatMulV3(x=x, y=y, Tout=kind), raw.BatchMatMulV3(x=y, y=x, Tout=kind, adj_x=True, adj_y=True),
                                              raw.BatchMatMulV3(x=x, y=row, Tout=kind)])
    for left, right, out in MIXED:
        x, y = record.fed(record.numbers(left, [2, 3, 4], -128, 255 if left.is_unsigned else 127)), record.fed(record.numbers(right, [4, 3], -128, 255 if right.is_unsigned else 127))
        record.joined(f"mixed_{left.name}_{right.name}", [raw.BatchMatMulV3(x=x, y=y, Tout=out), raw.BatchMatMulV3(x=y, y=x, Tout=out, adj_x=True, adj_y=True)])
    inf, nan = float("inf"), float("nan")
    x, y = record.fed([[inf, 1.], [nan, 0.], [2., -inf]], tf.float32), record.fed([[1., 0., -1.], [1., inf, 0.]], tf.float32)
    record("ends", [raw.BatchMatMul(x=x, y=y), raw.BatchMatMulV3(x=x, y=y, Tout=tf.float32)])
    for kind in record.types("BiasAddV1"):
        x, row = record.fed(record.numbers(kind, [2, 1, 3])), record.fed(record.numbers(kind, [3]))
        record.joined("bias_" + kind.name, [raw.BiasAddV1(value=x, bias=row), raw.BiasAddV1(value=x[0], bias=row), raw.BiasAddV1(value=x[:0], bias=row)])

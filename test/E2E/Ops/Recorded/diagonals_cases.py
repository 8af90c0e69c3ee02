import tensorflow as tf

raw = tf.raw_ops
PRODUCER = 6  # which still knows the operators named Batch...


def cases(record):
    for kind in record.types("MatrixDiag"):
        x, row, square = (record.fed(record.numbers(kind, shape)) for shape in ([2, 3, 4], [2, 3], [2, 3, 3]))
        # TensorFlow's inference takes operators of several diagonals for wrong unless it knows all sizes.
        sized, band = (record.fed(record.numbers(kind, shape), shape=shape) for shape in ([2, 3, 3], [2, 2, 3]))
        filler = tf.constant(True if kind.is_bool else 1, kind)
        results = [op(diagonal=row) for op in (raw.BatchMatrixDiag, raw.MatrixDiag)]
        results += [op(input=x) for op in (raw.BatchMatrixDiagPart, raw.MatrixDiagPart)]
        results += [op(input=square, diagonal=row) for op in (raw.BatchMatrixSetDiag, raw.MatrixSetDiag)]
        results += [raw.MatrixDiagPartV2(input=x, k=[-1, 1], padding_value=filler), raw.MatrixSetDiagV2(input=square, diagonal=row, k=0),
                    raw.MatrixDiagV2(diagonal=band, k=[-1, 0], num_rows=3, num_cols=3, padding_value=filler),
                    raw.MatrixSetDiagV3(input=sized, diagonal=band, k=[-1, 0])]
        if not kind.is_bool:
            results.append(raw.BatchMatrixBandPart(input=square, num_lower=1, num_upper=0))
        if kind in record.types("DiagPart"):
            results += [raw.DiagPart(input=record.fed(record.numbers(kind, shape))) for shape in ([2, 3, 2, 3], [0, 0])]
        record.joined("all_" + kind.name, results)
    bands(record)
    nothing(record)


def bands(record):
    """Every alignment of bands below, across and above the main diagonal, one diagonal of several and the sizes that follow from it."""
    wide, tall = (record.fed(record.numbers(tf.float32, shape), shape=shape) for shape in ([2, 3, 5], [5, 3]))
    limits, filler = record.fed([0, 0], tf.int32), tf.constant(9.)
    for name, k in (("below", [-2, -1]), ("across", [-1, 2]), ("above", [1, 2]), ("one", [1, 1]), ("scalar", -2)):
        results = []
        for matrix in (wide, tall):
            parts = raw.MatrixDiagPartV2(input=matrix, k=limits + k, padding_value=filler)
            results += [parts, raw.MatrixSetDiagV2(input=-matrix, diagonal=parts, k=k)]
        for align in ("LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"):
            parts = raw.MatrixDiagPartV3(input=wide, k=k, padding_value=filler, align=align)
            results += [parts, raw.MatrixSetDiagV3(input=-wide, diagonal=parts, k=k, align=align)]
        record.joined("bands_" + name, results)
    row, band = (record.fed(record.numbers(tf.float32, shape), shape=shape) for shape in ([3], [2, 3, 4]))
    record.joined("placed", [raw.MatrixDiagV2(diagonal=row, k=k, num_rows=rows, num_cols=columns, padding_value=filler)
                             for k, rows, columns in ((0, -1, -1), (2, -1, -1), (-1, -1, -1), (1, 3, -1), (-2, -1, 3), (0, 5, 3))]
                  + [raw.MatrixDiagV2(diagonal=band, k=[-1, 1], num_rows=rows, num_cols=columns, padding_value=filler) for rows, columns in ((-1, -1), (4, 5))])
    record.joined("kept", [raw.BatchMatrixBandPart(input=wide, num_lower=tf.constant(lower, tf.int64), num_upper=tf.constant(upper, tf.int64))
                           for lower, upper in ((0, 0), (-1, 1), (1, -1), (-1, -1), (3, 5), (0, 2))])


def nothing(record):
    for name, batch, rows, columns in (("matrices", 0, 3, 3), ("rows", 2, 0, 3), ("columns", 2, 3, 0), ("elements", 2, 0, 0)):
        matrix = record.fed(record.numbers(tf.float32, [batch, rows, columns]))
        row = record.fed(record.numbers(tf.float32, [batch, min(rows, columns)]))
        record.joined("no_" + name, [raw.BatchMatrixBandPart(input=matrix, num_lower=-1, num_upper=0), raw.MatrixDiagPart(input=matrix), raw.MatrixDiag(diagonal=row),
                                     raw.MatrixSetDiag(input=matrix, diagonal=row), raw.MatrixSetDiagV3(input=matrix, diagonal=row, k=0)])

import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    random = np.random.default_rng(3)
    corners = random.random((30, 2)).astype(np.float32)
    values = np.concatenate([corners, corners + random.random((30, 2)).astype(np.float32) * 0.5], 1)
    values[4] = values[3]
    values[7] = values[7][[2, 3, 0, 1]]
    boxes = tf.compat.v1.placeholder(tf.float32, [None, 4], name="boxes")
    scores = tf.constant(np.round(random.random(30), 1), tf.float32)
    record("v1", [raw.NonMaxSuppression(boxes=boxes, scores=scores, max_output_size=most, iou_threshold=0.3) for most in (3, 100, 0)], {boxes: values})
    record("v2", raw.NonMaxSuppressionV2(boxes=boxes, scores=scores, max_output_size=10, iou_threshold=0.1))
    record("v3", raw.NonMaxSuppressionV3(boxes=boxes, scores=scores, max_output_size=10, iou_threshold=0.5, score_threshold=0.45))
    for pad in (False, True):
        record(f"v4_{pad}", list(raw.NonMaxSuppressionV4(boxes=boxes, scores=scores, max_output_size=25, iou_threshold=0.2, score_threshold=0.3,
                                                         pad_to_max_output_size=pad)))
        for sigma in (0., 0.5):
            record(f"v5_{pad}_{int(sigma * 10)}", list(raw.NonMaxSuppressionV5(
                boxes=boxes, scores=scores, max_output_size=25, iou_threshold=0.4, score_threshold=0.1, soft_nms_sigma=sigma,
                pad_to_max_output_size=pad)))
    record("overlaps", raw.NonMaxSuppressionWithOverlaps(overlaps=tf.constant(random.random((30, 30)), tf.float32), scores=scores,
                                                         max_output_size=9, overlap_threshold=0.8, score_threshold=0.2))
    many = tf.constant(random.random((2, 30, 3)), tf.float32)
    for shared in (1, 3):
        stacked = tf.tile(boxes[None, :, None, :], [2, 1, shared, 1]) * 1.2
        for pad in (False, True):
            record(f"combined_{shared}_{pad}", list(raw.CombinedNonMaxSuppression(
                boxes=stacked, scores=many, max_output_size_per_class=4, max_total_size=15, iou_threshold=0.4, score_threshold=0.5,
                pad_per_class=pad, clip_boxes=pad)))

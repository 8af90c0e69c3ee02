"""Feeds of moving-elements.mlir, and what numpy makes of them: moving-elements.py feeds|compare NPZ [RESULTS]."""
import sys

import numpy as np

if sys.argv[1] == "feeds":
    x = np.arange(24, dtype=np.float32).reshape(4, 6) - 7.5
    np.savez(sys.argv[2], **{"x:0": x, "row:0": x[1:2] * 2, "u:0": np.array([1, 128, 255], np.uint8)})
    sys.exit()

feeds, results = np.load(sys.argv[2]), np.load(sys.argv[3])
x, row, u = feeds["x:0"], feeds["row:0"], feeds["u:0"]
padded = np.full((7, 10), 7, np.float32)
padded[1:5, 1::2] = x[:, 1:]
inserted = x.copy()
inserted[2, 1:4] = [-1, -2, -3]
expected = {
    "reshape:0": x.reshape(4, 2, 3),
    "broadcast:0": np.broadcast_to(row, (4, 6)),
    "transpose:0": x.T,
    "reverse:0": x[::-1, ::-1],
    "concat:0": np.concatenate([x, row, x]),
    "slice:0": x[:, 1:5:3],
    "back:0": x[:, 5::-2],
    "pad:0": padded,
    "bytes:0": np.ascontiguousarray(x).view(np.uint8).reshape(4, 6, 4),
    "iota:0": np.broadcast_to(np.arange(4, dtype=np.uint8), (2, 4)),
    "insert:0": inserted,
    "unsigned:0": np.concatenate([u, np.array([250, 251, 255], np.uint8)]),
}
for name, value in expected.items():
    np.testing.assert_array_equal(results[name], value, err_msg=name, strict=True)
print(len(expected), "fetches are right")

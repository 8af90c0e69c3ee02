"""Feeds of indexing.mlir, and what numpy makes of them: indexing.py feeds|out-of-range|compare NPZ [RESULTS]."""
import sys

import numpy as np

if sys.argv[1] != "compare":
    p = np.array([[0, 1, 2], [3, 0, 5], [6, 7, 8], [0, 0, 0], [9, 10, np.nan]], np.float32)
    i = np.array([[4, 0], [2, 2]], np.int32)
    if sys.argv[1] == "out-of-range":
        i[0, 1] = -1
    # The third lies outside and is skipped, the fourth repeats the first.
    at = np.array([[0, 1], [4, 0], [5, 0], [0, 1]], np.int64)
    np.savez(sys.argv[2], **{"p:0": p, "i:0": i, "at:0": at, "u:0": np.array([10, 20, 30, 40], np.float32)})
    sys.exit()

feeds, results = np.load(sys.argv[2]), np.load(sys.argv[3])
p, i, at, u = (feeds[name + ":0"] for name in ("p", "i", "at", "u"))
inside = [0, 1, 3]
rows, columns = at[inside].T
elements = np.zeros(4, np.float32)
elements[inside] = p[rows, columns]
total, last = p.copy(), p.copy()
np.add.at(total, (rows, columns), u[inside])
last[0, 1], last[4, 0] = 40, 20
expected = {"rows:0": p[i], "elements:0": elements, "sum:0": total, "last:0": last, "where:0": np.argwhere(p != 0)}
for name, value in expected.items():
    np.testing.assert_array_equal(results[name], value, err_msg=name, strict=True)

# host-kernels.py feeds|singular OUT.npz: inputs; host-kernels.py compare IN.npz OUT.npz: what numpy says of the results.
import sys

import numpy as np

random = np.random.RandomState(7)
if sys.argv[1] in ("feeds", "singular"):
    a = random.randn(4, 3, 3)
    if sys.argv[1] == "singular":
        a[2, 1] = 0
    x = np.array([3, 1, -0.0, 3, np.nan, 0, 1, 3, np.nan], np.float32)
    y = np.array([1, 0, 7, np.nan], np.float32)
    np.savez(sys.argv[2], **{"a:0": a, "r:0": random.randn(5, 3).astype(np.float32), "x:0": x, "y:0": y})
    sys.exit()

given, got = np.load(sys.argv[2]), np.load(sys.argv[3])
a, r, x, y = (given[name] for name in ("a:0", "r:0", "x:0", "y:0"))
np.testing.assert_allclose(got["inverse:0"], np.linalg.inv(a), rtol=1e-12)
np.testing.assert_allclose(got["determinant:0"], np.linalg.det(a), rtol=1e-12)
q, upper = got["q:0"], got["r_factor:0"]
np.testing.assert_allclose(q @ upper, r, atol=1e-6)
np.testing.assert_allclose(q.T @ q, np.eye(3), atol=1e-6)
assert not np.tril(upper, -1).any()
np.testing.assert_allclose(got["singular:0"], np.linalg.svd(r, compute_uv=False), rtol=1e-6)
# A NaN equals nothing, the zeros are equal; the first of equals stands for all.
np.testing.assert_array_equal(got["unique:0"], np.array([3, 1, -0.0, np.nan, np.nan], np.float32))
np.testing.assert_array_equal(got["which:0"], [0, 1, 2, 0, 3, 2, 1, 0, 4])
np.testing.assert_array_equal(got["uses:0"], [3, 2, 2, 1, 1])
np.testing.assert_array_equal(got["rest:0"], np.array([3, 3, np.nan, 3, np.nan], np.float32))
np.testing.assert_array_equal(got["places:0"], [0, 3, 4, 7, 8])

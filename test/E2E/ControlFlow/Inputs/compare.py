"""compare.py GOT.npz EXPECTED.npz: floats to 1e-5, everything else exactly."""
import sys

import numpy as np

got, expected = (np.load(name) for name in sys.argv[1:3])
right = 0
for key in expected.files:
    x, y = got[key], expected[key]
    fits = x.shape == y.shape and x.dtype == y.dtype
    if fits and (np.allclose(x, y, rtol=1e-5, atol=1e-6) if y.dtype.kind == "f" else (x == y).all()):
        right += 1
    else:
        print(f"{key}: got {x.dtype} {x.tolist()}, expected {y.dtype} {y.tolist()}")
print(f"{right} of {len(expected.files)} fetches are right")

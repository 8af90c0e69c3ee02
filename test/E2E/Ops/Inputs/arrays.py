"""Feeds of a module and what numpy says of its fetches: the tests of single ops call write() and check()."""
import sys

import numpy as np


def write(path, **feeds):
    np.savez(path, **{name + ":0": array for name, array in feeds.items()})


def check(path, rtol=1e-6, **expected):
    got = np.load(path)
    for name, want in expected.items():
        have = got[name + ":0"]
        want = np.asarray(want)
        if have.shape != want.shape or not np.allclose(have, want, rtol=rtol, atol=0, equal_nan=True):
            sys.exit(f"{name}: got {have}, expected {want}")
    print(len(expected), "fetches are right")

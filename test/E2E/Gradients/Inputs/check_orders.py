"""check_orders.py TGC_RUN: derivatives of the first to the third order by every name of orders.pb (make_orders.py) beside their formulas."""
import os
import subprocess
import sys
import tempfile

import numpy as np

GRAPH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "orders.pb")
x = np.array([0.5, -1.25, 2.0])


def power(n):
    """x^n and its derivatives."""
    return lambda order: np.prod(np.arange(n, n - order, -1.0)) * x ** max(n - order, 0)


def waves(order):
    return np.sin(x + order * np.pi / 2)


def square_like(order):
    return (2 * x, np.full(3, 2.0), np.zeros(3))[order - 1]


# By tensor: the feeds beside x, and the derivative of an order. StopGradient holds in the first; x is what is left.
CASES = [("loop", {"n": 5}, power(5), 3), ("functional", {"n": 5}, power(5), 3), ("loop", {"n": 0}, power(0), 1),
         ("chosen_loop", {"p": True}, power(4), 3), ("chosen_loop", {"p": False}, waves, 3),
         ("chosen_functional", {"p": True}, power(4), 3), ("chosen_functional", {"p": False}, waves, 3),
         ("called", {}, lambda order: 2.0**order * np.exp(2 * x), 3), ("stopped", {}, lambda order: x, 1), ("turned", {}, square_like, 2)]
TYPES = {"n": np.int32, "p": np.bool_}
for name, feeds, derivative, orders in CASES:
    with tempfile.TemporaryDirectory() as work:
        feeds = {"x:0": x, **{key + ":0": TYPES[key](value) for key, value in feeds.items()}}
        np.savez(work + "/in.npz", **feeds)
        prefixes = ["gradients", *(f"gradients_{i}" for i in range(1, orders))]
        flags = [part for y in [name + ":0", *(prefix + "/x:0" for prefix in prefixes[:-1])] for part in ("--gradients", y, "--wrt", "x:0")]
        fetches = ",".join(prefix + "/x:0" for prefix in prefixes)
        subprocess.run([sys.argv[1], GRAPH, "--feeds", work + "/in.npz", *flags, "--fetch", fetches, "--out", work + "/out.npz"], check=True)
        out = np.load(work + "/out.npz")
        for order, prefix in enumerate(prefixes, 1):
            got, want = out[prefix + "/x:0"], derivative(order)
            assert np.allclose(got, want, 1e-12, 1e-12), (name, order, got, want)
print(f"{sum(case[3] for case in CASES)} derivatives are right")

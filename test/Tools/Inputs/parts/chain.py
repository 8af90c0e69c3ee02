"""A chain of matrix products of many sizes, each with one weight: writes it and its feeds, or checks its results."""
import sys

import numpy as np

WIDTHS = [17 + 5 * i for i in range(28)]


def weigh(row, column):
    """Repeats after 31 rows or columns, a prime that no panel of a kernel has a multiple of."""
    return ((row * row + 3 * column * column + row * column) % 31 - 15) / 256


def write(program, feeds):
    with open(program, "w") as f:
        f.write('func.func @main(%v0: tensor<?x17xf32> {tg.feed = "x:0"}) -> (tensor<?x17xf32> {tg.fetch = "y:0"})\n'
                '    attributes {tg.entry = "main", tg.targets = []} {\n')
        for i, (rows, columns) in enumerate(zip(WIDTHS, WIDTHS[1:] + WIDTHS[:1])):
            values = [[weigh(r, c) for c in range(columns)] for r in range(rows)]
            weight = f"tensor<{rows}x{columns}xf32>"
            result = f"tensor<?x{columns}xf32>"
            f.write(f"  %w{i} = tg.constant dense<{values}> : {weight}\n"
                    f"  %v{i + 1} = tg.matmul %v{i}, %w{i} : (tensor<?x{rows}xf32>, {weight}) -> {result}\n")
        f.write(f"  return %v{len(WIDTHS)} : tensor<?x17xf32>\n}}\n")
    np.savez(feeds, **{"x:0": np.random.default_rng(1).standard_normal((9, 17), dtype=np.float32)})


def check(feeds, *results):
    value = np.load(feeds)["x:0"].astype(np.float64)
    for rows, columns in zip(WIDTHS, WIDTHS[1:] + WIDTHS[:1]):
        value = value @ weigh(*np.ogrid[:rows, :columns])
    assert np.abs(value).max() > 0
    for path in results:
        np.testing.assert_allclose(np.load(path)["y:0"], value, rtol=1e-4, atol=1e-6 * np.abs(value).max())


if sys.argv[1] == "--check":
    check(*sys.argv[2:])
else:
    write(*sys.argv[1:])

#!/usr/bin/env python3
"""Shows images of digits in the terminal with what a net took them for.

    show-digits.py IMAGES.npz PREDICTED.npz EXPECTED.npz
"""
import sys

import numpy as np

SHADES = " .:-=+*#%@"
PER_ROW = 8


def main():
    images, predicted, expected = (np.load(path) for path in sys.argv[1:4])
    pixels, digits, labels = images["images:0"][..., 0], predicted["digit:0"], expected["labels"]
    for first in range(0, 16, PER_ROW):
        rows = range(first, first + PER_ROW)
        for y in range(pixels.shape[1]):
            print("  ".join("".join(2 * SHADES[int(v * 9.99)] for v in pixels[i, y]) for i in rows))
        print("  ".join(f"{digits[i]}{'' if digits[i] == labels[i] else f' (is {labels[i]})'}".center(16) for i in rows) + "\n")
    logits, wanted = predicted["logits:0"], expected["logits:0"]
    print(f"{(digits == labels).sum()} of {len(labels)} images right; largest difference to TensorFlow's logits: {np.abs(logits - wanted).max():.2g}")
    sys.exit(0 if (np.abs(logits - wanted) <= 1e-4 + 1e-4 * np.abs(wanted)).all() else 1)


main()

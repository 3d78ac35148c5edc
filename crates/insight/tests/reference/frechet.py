"""Prints the Fréchet distances that src/frechet.rs is compared with: numpy's covariances and scipy's matrix square root.

    python frechet.py
"""

import numpy as np
from scipy.linalg import sqrtm


def vectors(rows, width, start):
    i, j = np.meshgrid(np.arange(rows), np.arange(width), indexing="ij")
    number = lambda j: np.sin(((i * width + j) + start) * 12.9898) * 43758.5453
    fract = lambda x: x - np.trunc(x)
    return (fract(number(j)) + 0.5 * fract(number((j + 1) % width))).astype(np.float32).astype(np.float64)


for rows, width, start in [(40, 3, 5000.0), (200, 16, 1e4), (90, 64, 1e5)]:
    a, b = vectors(rows, width, 0.0), vectors(rows + 7, width, start)
    first, second = np.cov(a.T), np.cov(b.T)
    root = sqrtm(first @ second).real
    apart = ((a.mean(0) - b.mean(0)) ** 2).sum()
    print(f"({rows}, {width}, {start!r}, {apart + np.trace(first + second - 2 * root):.10f}),")

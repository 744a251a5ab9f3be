"""Nearest-neighbor statistics for the bench of analyses: KSG (k = 3) and its permutation test.

Reads one task per line from stdin and answers each with one line: {"pairs": [[x, y], …], "nulls": draws} → {"p": […]}.
The columns have no ties. Each p-value compares the statistic with its draws under random permutations of the rows. The
scores of such columns are always the same numbers in another order, so one null distribution serves all pairs, as it
does in the service.
"""

import json
import sys

import numpy as np
from scipy.special import digamma, ndtri

K = 3


def ksg(x: np.ndarray, y: np.ndarray) -> float:
    """Kraskov, Stögbauer & Grassberger 2004, first estimator, maximum norm. x, y: [rows]."""
    distance_x, distance_y = abs(x[:, None] - x), abs(y[:, None] - y)
    radius = np.partition(np.maximum(distance_x, distance_y), K, axis=1)[:, K, None]
    within = digamma((distance_x < radius).sum(1)) + digamma((distance_y < radius).sum(1))
    return digamma(K) + digamma(len(x)) - within.mean()


def scores(column: list) -> np.ndarray:
    """Normal scores of the ranks."""
    ranks = np.argsort(np.argsort(column))
    return ndtri((ranks + 0.5) / len(column))


nulls = {}
for line in sys.stdin:
    task = json.loads(line)
    pairs = [(scores(x), scores(y)) for x, y in task["pairs"]]
    rows, draws = len(pairs[0][0]), task["nulls"]
    if (rows, draws) not in nulls:
        rng, column = np.random.default_rng(0), np.sort(pairs[0][0])
        nulls[rows, draws] = np.array([ksg(column, rng.permutation(column)) for _ in range(draws)])
    null = nulls[rows, draws]
    p = [(1 + (null >= ksg(x, y)).sum()) / (draws + 1) for x, y in pairs]
    print(json.dumps({"p": p}), flush=True)

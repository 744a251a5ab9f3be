"""Seeds and classical estimators of mutual information that the tests of families share."""

import numpy as np
import torch
from scipy import spatial, special, stats


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ksg(x, y, k=4) -> float:
    """Kraskov, Stögbauer and Grassberger's first estimator on normal scores of the columns, nats."""
    sides = [np.asarray(side, dtype=float).reshape(len(x), -1) for side in (x, y)]
    sides = [special.ndtri((stats.rankdata(side, axis=0) - 0.5) / len(side)) for side in sides]
    radius = spatial.cKDTree(np.hstack(sides)).query(np.hstack(sides), k + 1, p=np.inf)[0][:, -1]
    counts = [
        spatial.cKDTree(side).query_ball_point(side, radius - 1e-12, p=np.inf, return_length=True) for side in sides
    ]
    return special.digamma(k) + special.digamma(len(x)) - sum(special.digamma(count).mean() for count in counts)


def plug_in(x, y) -> float:
    """MI of the empirical table, nats."""
    table = np.unique(x, return_inverse=True)[1], np.unique(y, return_inverse=True)[1]
    counts = np.zeros((table[0].max() + 1, table[1].max() + 1))
    np.add.at(counts, table, 1)
    p = counts / counts.sum()
    return float(special.rel_entr(p, p.sum(1, keepdims=True) * p.sum(0, keepdims=True)).sum())

"""Writes classical.json: reference answers for src/classical.

python test/golden/classical.py > test/golden/classical.json    (needs numpy, scipy, scikit-learn)

- ksg: every distance at once, by the text of Kraskov, Stögbauer & Grassberger (2004).
- sklearn, npeet: KSG of one column a side by scikit-learn's own code and by NPEET's definition (its
  `mi` in nats, without its noise); both are the first estimator.
- cca: canonical correlations by the SVD of whitened sides. copula: normal scores, scikit-learn's
  Ledoit-Wolf. plugin: scikit-learn's mutual_info_score.
"""

import json

import numpy as np
from scipy.linalg import qr
from scipy.spatial import cKDTree
from scipy.special import digamma
from scipy.stats import norm, rankdata
from sklearn.covariance import ledoit_wolf
from sklearn.feature_selection._mutual_info import _compute_mi_cc
from sklearn.metrics import mutual_info_score


def ksg(x, y, k):
    """Both estimators; no ties in the data, so the k neighbors are certain."""
    x, y = x / x.std(axis=0), y / y.std(axis=0)
    dx = np.abs(x[:, None] - x[None]).max(axis=2)
    dy = np.abs(y[:, None] - y[None]).max(axis=2)
    joint = np.maximum(dx, dy)
    np.fill_diagonal(joint, np.inf)
    n, rows = len(x), np.arange(len(x))[:, None]
    neighbors = np.argsort(joint, axis=1)[:, :k]
    radius = joint[rows, neighbors][:, -1:]
    nx, ny = (dx < radius).sum(axis=1) - 1, (dy < radius).sum(axis=1) - 1
    first = digamma(k) + digamma(n) - np.mean(digamma(nx + 1) + digamma(ny + 1))
    edge_x = dx[rows, neighbors].max(axis=1, keepdims=True)
    edge_y = dy[rows, neighbors].max(axis=1, keepdims=True)
    nx, ny = (dx <= edge_x).sum(axis=1) - 1, (dy <= edge_y).sum(axis=1) - 1
    second = digamma(k) - 1 / k + digamma(n) - np.mean(digamma(nx) + digamma(ny))
    return first, second


def npeet(x, y, k):
    x, y = x / x.std(axis=0), y / y.std(axis=0)
    joint = np.hstack([x, y])
    radius = cKDTree(joint).query(joint, k + 1, p=np.inf)[0][:, k]
    counts = [
        cKDTree(side).query_ball_point(side, radius - 1e-15, p=np.inf, return_length=True) for side in (x, y)
    ]
    return digamma(k) + digamma(len(x)) - sum(np.mean(digamma(count)) for count in counts)


def cca(x, y):
    bases = [qr(side - side.mean(axis=0), mode="economic")[0] for side in (x, y)]
    correlations = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    return -0.5 * np.sum(np.log1p(-(correlations**2)))


def copula(x, y):
    scores = norm.ppf((rankdata(np.hstack([x, y]), axis=0) - 0.5) / len(x))
    scores = scores / scores.std(axis=0)
    r = ledoit_wolf(scores, assume_centered=True)[0]
    d = x.shape[1]
    logdet = [np.linalg.slogdet(block)[1] for block in (r[:d, :d], r[d:, d:], r)]
    return 0.5 * (logdet[0] + logdet[1] - logdet[2])


rng = np.random.default_rng(2004)
cases = []
for rows, dim_x, dim_y, k, noise in [
    (60, 1, 1, 1, 1.0),
    (200, 1, 1, 3, 0.3),
    (150, 1, 1, 7, 0.01),
    (120, 2, 1, 3, 0.5),
    (100, 3, 2, 4, 1.0),
    (80, 5, 6, 2, 0.5),
    (700, 2, 1, 3, 0.5),
]:
    x = rng.standard_normal((rows, dim_x)) * 10.0 ** rng.integers(-3, 4, dim_x)
    scaled = x / x.std(axis=0)
    y = np.stack([np.sin(scaled[:, c % dim_x]) for c in range(dim_y)], axis=1)
    y = (y + noise * rng.standard_t(3, (rows, dim_y))) * 10.0 ** rng.integers(-3, 4, dim_y)
    first, second = ksg(x, y, k)
    case = {"x": x.tolist(), "y": y.tolist(), "k": k, "ksg1": first, "ksg2": second}
    case |= {"cca": cca(x, y), "copula": copula(x, y)}
    if dim_x == dim_y == 1:
        one = [side[:, 0] / side[:, 0].std() for side in (x, y)]
        case |= {"sklearn": _compute_mi_cc(*one, k), "npeet": npeet(x, y, k)}
    cases.append(case)

a = rng.integers(0, 4, 300)
b = (a + rng.integers(0, 3, 300)) % 5
discrete = {"x": a.tolist(), "y": b.tolist(), "plugin": mutual_info_score(a, b)}
cells = [len(np.unique(cells)) for cells in (a, b, 10 * a + b)]
discrete["miller_madow"] = discrete["plugin"] + (cells[0] + cells[1] - cells[2] - 1) / 600
print(json.dumps({"cases": cases, "discrete": discrete}))

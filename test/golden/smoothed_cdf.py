"""Writes smoothed_cdf.json: the derivative of normal scores by PyTorch's autograd through the smoothed empirical
distribution function itself, for the service's closed form of it.

python test/golden/smoothed_cdf.py > test/golden/smoothed_cdf.json
"""

import json

import numpy as np
import torch
from scipy.stats import norm, rankdata

rng = np.random.default_rng(5)
COLUMNS = [
    rng.normal(size=25),
    rng.standard_t(1.5, size=60) * 1e6 + 3e6,
    np.exp(3 * rng.normal(size=41)) * 1e-9,
    np.round(rng.normal(size=50), 1),
    rng.integers(0, 2, size=30).astype(float),
    np.r_[np.zeros(20), 1.0, 2.0],
    np.array([2.0, -1.0]),
]

cases = []
for column in COLUMNS:
    rows = len(column)
    cotangent = rng.normal(size=rows)
    scores = norm.ppf((rankdata(column) - 0.5) / rows)
    robust = np.subtract(*np.percentile(column, [75, 25])) / 1.349
    spread = min(column.std(), robust) if robust > 0 else column.std()
    bandwidth = 0.9 * spread * rows**-0.2

    samples = torch.tensor(column, requires_grad=True)
    smoothed = torch.special.ndtr((samples[:, None] - samples[None]) / bandwidth).mean(1)
    weights = torch.tensor(cotangent / norm.pdf(scores))
    (gradient,) = torch.autograd.grad((weights * smoothed).sum(), samples)
    cases.append({
        "samples": column.tolist(), "scores": scores.tolist(), "cotangent": cotangent.tolist(),
        "bandwidth": bandwidth, "gradient": gradient.tolist(),
    })  # fmt: skip
print(json.dumps(cases))

"""Writes false_discovery.json: SciPy's Benjamini-Hochberg adjustment of p-values.

python test/golden/false_discovery.py > test/golden/false_discovery.json
"""

import json

import numpy as np
from scipy.stats import false_discovery_control

rng = np.random.default_rng(1)
cases = [[0.3], [0.01, 0.02, 0.03], [0.5, 0.5, 1.0], [0.0, 0.04, 0.2, 0.9]]
cases += [(rng.uniform(size=size) ** power).tolist() for size, power in ((10, 1), (50, 2), (200, 5))]
print(json.dumps([{"p": p, "q": false_discovery_control(p, method="bh").tolist()} for p in cases]))

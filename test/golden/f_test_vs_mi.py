"""Writes f_test_vs_mi.json: the data of scikit-learn's example "Comparison of F-test and mutual information", to four
decimals, with what both say of its features (F relative to the largest, mutual information in nats).

python test/golden/f_test_vs_mi.py > test/golden/f_test_vs_mi.json
"""

import json

import numpy as np
from sklearn.feature_selection import f_regression, mutual_info_regression

rng = np.random.RandomState(0)
x = rng.rand(1000, 3)
y = (x[:, 0] + np.sin(6 * np.pi * x[:, 1]) + 0.1 * rng.randn(1000)).round(4)
x = x.round(4)
names = ["x1", "x2", "x3"]
f_test = f_regression(x, y)[0]
f_test /= f_test.max()
mi = mutual_info_regression(x, y, n_neighbors=3, random_state=0)
answer = {
    "features": {name: column.tolist() for name, column in zip(names, x.T)},
    "target": y.tolist(),
    "f_test": dict(zip(names, f_test.round(6).tolist())),
    "mi": dict(zip(names, mi.round(6).tolist())),
}
print(json.dumps(answer))

"""Mutual information of classes and one continuous column by scikit-learn (Ross 2014), for
test/classical/classes.test.ts. Needs numpy and scikit-learn; run it from the repository root."""

import json

import numpy as np
from scipy.stats import norm, rankdata
from sklearn.feature_selection import mutual_info_classif

rng = np.random.default_rng(20140219)
cases = []
for rows, classes, gap in ((50, 2, 1.0), (120, 5, 0.5), (300, 3, 0.0), (400, 8, 3.0)):
    labels = rng.integers(0, classes, rows)
    column = np.round(rng.standard_normal(rows) + gap * labels, 6)
    scores = norm.ppf((rankdata(column) - 0.5) / rows)
    found = mutual_info_classif(scores[:, None], labels, n_neighbors=3, random_state=0)
    information = float(found[0])
    cases.append({"labels": labels.tolist(), "column": column.tolist(), "information": information})
with open("test/golden/classes.json", "w") as file:
    json.dump(cases, file)
    file.write("\n")

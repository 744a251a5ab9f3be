"""Writes scikit_learn.json: mutual_info_regression and _classif on the data sets in examples/, in nats.

python test/golden/scikit_learn.py > test/golden/scikit_learn.json
"""

import csv
import json
from pathlib import Path

import numpy as np
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

EXAMPLES = Path(__file__).parents[2] / "examples"


def read(name):
    with open(EXAMPLES / f"{name}.csv") as file:
        header, *rows = csv.reader(file)
    return header[:-1], np.array(rows, dtype=float)


answers = {}
for name, estimate in {
    "diabetes": mutual_info_regression,
    "wine": mutual_info_classif,
    "iris": mutual_info_classif,
    "breast_cancer": mutual_info_classif,
}.items():
    features, table = read(name)
    values = estimate(table[:, :-1], table[:, -1], n_neighbors=3, random_state=0)
    answers[name] = dict(zip(features, values.round(6).tolist()))
print(json.dumps(answers, indent=1))

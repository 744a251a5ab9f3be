"""Writes jidt.json: KSG by the Java Information Dynamics Toolkit, whose own tests hold it to MILCA, the program of the
estimator's authors, within 1e-7. JIDT is under the GPL v3 and not part of this repository; its figures are.

python test/golden/jidt.py path/to/infodynamics.jar > test/golden/jidt.json    (needs numpy, JPype and Java)
"""

import json
import sys

import jpype
import numpy as np

jpype.startJVM("-ea", classpath=[sys.argv[1]])
kraskov = jpype.JPackage("infodynamics.measures.continuous.kraskov")
calculators = {
    "ksg1": kraskov.MutualInfoCalculatorMultiVariateKraskov1,
    "ksg2": kraskov.MutualInfoCalculatorMultiVariateKraskov2,
}


def ksg(method, x, y, k):
    """In nats; columns standardized, maximum norm, without JIDT's noise."""
    calculator = calculators[method]()
    for name, value in {"k": str(k), "NORMALISE": "true", "NOISE_LEVEL_TO_ADD": "0"}.items():
        calculator.setProperty(name, value)
    calculator.initialise(x.shape[1], y.shape[1])
    calculator.setObservations(jpype.JDouble[:, :](x.tolist()), jpype.JDouble[:, :](y.tolist()))
    return float(calculator.computeAverageLocalOfObservations())


rng = np.random.default_rng(66138)
sets = []
for rows, dim_x, dim_y, noise in [(500, 1, 1, 10.0), (400, 1, 1, 0.1), (300, 2, 2, 0.5), (300, 1, 3, 0.5)]:
    x = rng.standard_normal((rows, dim_x)).round(6)
    y = (x[:, [c % dim_x for c in range(dim_y)]] ** 3 + noise * rng.standard_normal((rows, dim_y))).round(6)
    answers = [{"k": k, **{method: ksg(method, x, y, k) for method in calculators}} for k in [1, 4, 15]]
    sets.append({"x": x.tolist(), "y": y.tolist(), "answers": answers})
print(json.dumps({"sets": sets}))

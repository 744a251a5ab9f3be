"""The figures of POST /did/pairs in NumPy, from a file of preference pairs.

Reads one task per line from stdin, {"path", "format": "ndjson" or "csv", "beta"}, and answers each with one line: the
figures and the milliseconds from opening the file to the figures.
"""

import json
import sys
import time

import numpy as np

COLUMNS = ["chosen_logps", "rejected_logps", "ref_chosen_logps", "ref_rejected_logps"]
BINS, Z = 10, 1.6448536269514722


def read_ndjson(path: str) -> tuple[np.ndarray, np.ndarray]:
    loads = json.loads
    with open(path, "rb") as file:
        rows = [loads(line) for line in file]
    return np.array([row["prompt_id"] for row in rows]), np.array([[row[c] for c in COLUMNS] for row in rows])


def read_csv(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Reads with NumPy's own parser, which is written in C."""
    dtype = [("prompt_id", "U16")] + [(c, "f8") for c in COLUMNS]
    table = np.loadtxt(path, delimiter=",", skiprows=1, dtype=dtype)
    return table["prompt_id"], np.stack([table[c] for c in COLUMNS], axis=1)


def sigmoid(a: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1, e) / (1 + e)


def figures(prompt_id: np.ndarray, logps: np.ndarray, beta: float) -> dict:
    names, prompt = np.unique(prompt_id, return_inverse=True)
    groups, n = len(names), len(prompt)
    sizes = np.bincount(prompt, minlength=groups)

    def mean(values: np.ndarray) -> list[float]:
        m = values.mean()
        sums = np.bincount(prompt, weights=values, minlength=groups) - sizes * m
        error = np.sqrt(groups / (groups - 1) * (sums @ sums)) / n
        return [m, error, m - Z * error, m + Z * error]

    won, lost = logps[:, 0] - logps[:, 2], logps[:, 1] - logps[:, 3]
    margin = won - lost
    loss = np.logaddexp(0, -beta * margin)
    answer = {
        "loss": mean(loss),
        "rewards/chosen": mean(beta * won),
        "rewards/rejected": mean(beta * lost),
        "rewards/accuracies": mean((margin > 0).astype(float)),
        "rewards/margins": mean(beta * margin),
        "logps/chosen": mean(logps[:, 0]),
        "logps/rejected": mean(logps[:, 1]),
        "logps/ref_chosen": mean(logps[:, 2]),
        "logps/ref_rejected": mean(logps[:, 3]),
        "ties": mean((margin == 0).astype(float)),
        "preference_probability": mean(sigmoid(beta * margin)),
        "chosen_log_ratio": mean(won),
        "rejected_log_ratio": mean(lost),
        "chosen_fell": mean((won < 0).astype(float)),
        "rejected_fell": mean((lost < 0).astype(float)),
        "both_fell": mean(((won < 0) & (lost < 0)).astype(float)),
        "information": mean(np.log(2) - loss),
    }

    scaled = margin / np.sqrt(np.mean(margin**2))
    weight = 0.0
    for _ in range(100):
        miss = sigmoid(-weight * scaled)
        information = (scaled**2 * miss * (1 - miss)).sum()
        step = (scaled * miss).sum() / information
        weight += step
        if abs(step) <= 1e-11 * abs(weight):
            break
    scores = np.bincount(prompt, weights=scaled * sigmoid(-weight * scaled), minlength=groups)
    scale = scaled[0] / margin[0]
    clustered = np.sqrt(groups / (groups - 1) * (scores @ scores)) / information
    answer["beta_fit"] = [weight * scale, scale / np.sqrt(information), scale * clustered]
    answer["fitted_loss"] = np.logaddexp(0, -weight * scaled).mean()

    size = np.abs(margin)
    edges = np.sort(size)[np.arange(1, BINS) * n // BINS]
    place = np.searchsorted(edges, size, side="right")
    counts = np.bincount(place, minlength=BINS)
    predicted = np.bincount(place, weights=sigmoid(beta * size), minlength=BINS) / counts
    observed = np.bincount(place, weights=(1 + np.sign(margin)) / 2, minlength=BINS) / counts
    answer["expected_error"] = (np.abs(observed - predicted) * counts).sum() / n
    return answer


for line in sys.stdin:
    task = json.loads(line)
    start = time.perf_counter()
    answer = figures(*{"ndjson": read_ndjson, "csv": read_csv}[task["format"]](task["path"]), task["beta"])
    print(json.dumps({"ms": 1000 * (time.perf_counter() - start), "figures": answer}), flush=True)

"""Samples of a user, for the tests of adapting."""

import numpy as np


def bent(rows, seed):
    """A side far from normal, [rows, 2]: the second column is a parabola of the first, plus noise."""
    first, second = np.random.default_rng(seed).standard_normal((2, rows))
    return np.stack([first, first**2 + 0.2 * second], 1)


def write_csv(path, rows=60, seed=0, **columns):
    """Write a CSV file with columns a and b (a bent side), c (a plus noise) and the given ones. Returns its path."""
    side = bent(rows, seed)
    noise = np.random.default_rng(seed + 1).standard_normal(rows)
    table = {"a": side[:, 0], "b": side[:, 1], "c": side[:, 0] + noise, **columns}
    lines = [",".join(f'"{name}"' if "," in name else name for name in table)]
    lines += [",".join(str(value) for value in row) for row in zip(*table.values())]
    path.write_text("\n".join(lines) + "\n")
    return path

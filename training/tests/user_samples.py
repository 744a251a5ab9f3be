"""Samples of a user, for the tests of adapting."""

import numpy as np


def bent(rows, seed):
    """A side far from normal: the second column is a parabola of the first."""
    first, second = np.random.default_rng(seed).standard_normal((2, rows))
    return np.stack([first, first**2 + 0.2 * second], 1)


def write_csv(path, rows=60, seed=0, **columns):
    """a, b: a bent side; c: noise; with the columns given."""
    side = bent(rows, seed)
    noise = np.random.default_rng(seed + 1).standard_normal(rows)
    table = {"a": side[:, 0], "b": side[:, 1], "c": side[:, 0] + noise, **columns}
    lines = [",".join(f'"{name}"' if "," in name else name for name in table)]
    lines += [",".join(str(value) for value in row) for row in zip(*table.values())]
    path.write_text("\n".join(lines) + "\n")
    return path

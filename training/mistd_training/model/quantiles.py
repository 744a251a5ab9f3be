"""The quantile function through the model's knots. The service computes the same in estimation/quantile-function."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtri

TAUS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4,
    0.5,
    0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995,
)  # fmt: skip
MEDIAN = TAUS.index(0.5)
LEVELS = (0.5, 0.8, 0.9, 0.95)  # the central intervals whose coverage is calibrated; their ends are knots


def ends(level: float) -> tuple[int, int]:
    """Indices of the lower and upper knot of the central interval at one of `LEVELS`."""
    low = TAUS.index(round(0.5 - level / 2, 3))
    return low, len(TAUS) - 1 - low


def below_knots(knots: np.ndarray, mi: np.ndarray) -> np.ndarray:
    """Whether the true mi [n] lies below each of its knots [n, len(TAUS)], which are ≥ 0. Returns [n, len(TAUS)].

    For calibrated knots the mean over data sets is τ. If mi is 0 (or just below, by rounding), knots at 0 count in
    part: by the mean of the randomized probability transform (Czado, Gneiting and Held 2009).
    """
    at_zero = np.max(np.where(knots <= 0, TAUS, 0), 1, keepdims=True)
    tied = (mi[:, None] <= 0) & (knots <= 0)
    return np.where(tied, TAUS / np.maximum(at_zero, 1e-12), mi[:, None] < knots)


def coverage(knots: np.ndarray, mi: np.ndarray) -> np.ndarray:
    """Share of the true mi [n] in the central interval at each of `LEVELS`. Returns [len(LEVELS)].

    knots: [n, len(TAUS)]. An mi of 0 counts by the interval's share of the probability at 0 (`below_knots`).
    """
    below = below_knots(knots, mi).mean(0)
    return np.array([below[high] - below[low] for low, high in map(ends, LEVELS)])


def quantile(knots: np.ndarray, taus: np.ndarray) -> np.ndarray:
    """Q(τ) for every τ of `taus`, in (0, 1), from knots [batch, len(TAUS)]. Returns [batch, len(taus)] nats.

    Monotone cubic (PCHIP) in Φ⁻¹(τ). Beyond the outermost knots, linear in Φ⁻¹(τ) with the end slope. Never below 0.
    """
    return _curve(knots, ndtri(np.asarray(taus, dtype=float)))


def combine(knots: np.ndarray, spread_exponent: float) -> np.ndarray:
    """Knots of K blocks of rows [K, ..., T] → knots of all rows [..., T].

    The knots are averaged, and their distances from the median are multiplied by K^−spread_exponent. The exponent 0
    keeps the width of one block (all error is shared); ½ treats the blocks as independent.

    A knot that is 0 in most blocks stays 0. These blocks find independence likely, and a small positive mean would
    rule it out.
    """
    average = knots.mean(0)
    median = average[..., MEDIAN : MEDIAN + 1]
    spread = np.maximum(0, median + (average - median) * len(knots) ** -spread_exponent)
    return np.where((knots <= 0).mean(0) > 0.5, 0, spread)


def mean(knots: np.ndarray) -> np.ndarray:
    """Mean of the distribution: ∫ Q(τ) dτ by a 401-point trapezoid in Φ⁻¹(τ) on [−6, 6].

    knots: [batch, len(TAUS)]. Returns [batch] nats.
    """
    grid = np.linspace(-6, 6, 401)
    weights = np.exp(-0.5 * grid**2)
    weights[[0, -1]] /= 2
    return _curve(knots, grid) @ (weights / weights.sum())


def _curve(knots: np.ndarray, w: np.ndarray) -> np.ndarray:
    at = ndtri(np.asarray(TAUS))
    curve = PchipInterpolator(at, knots, axis=1)
    inside = curve(np.clip(w, at[0], at[-1]))
    slope_low, slope_high = curve(at[[0, -1]], nu=1).T
    below = np.minimum(w - at[0], 0)[None] * slope_low[:, None]
    above = np.maximum(w - at[-1], 0)[None] * slope_high[:, None]
    return np.maximum(inside + below + above, 0)

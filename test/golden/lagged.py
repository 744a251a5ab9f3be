"""Writes lagged.json: three pairs of time series, what is known of them, and nearest-neighbor estimates (KSG), in nats.

python test/golden/lagged.py > test/golden/lagged.json

autoregressive: x[t] = 0.6 x[t-1] + noise, y[t] = 0.5 y[t-1] + 0.8 x[t-2] + noise. Everything is normal, so mutual
information and transfer entropy follow from the stationary covariance.

logistic: x is the logistic map at r = 4, y[t] = x[t-2] + 0.1 normal noise, so I(x[t-2]; y[t]) is the entropy of y less
that of the noise, by integration over the map's stationary density, that of sin² of a uniform angle.

folded: x is the logistic map with noise, y follows x by a row. In u, x = sin²(πu/2), the map is the tent map:
u[t+1] = tent(u[t]) + noise, v[t+1] = tent(u[t]) + noise, modulo 1, the noises uniform on ±delta. u is uniform, so
I(x[t]; y[t+1]) = I(x[t]; x[t+1]) = -log(2 delta).
"""

import json

import numpy as np
from scipy.integrate import trapezoid
from scipy.linalg import solve_discrete_lyapunov
from scipy.stats import norm
from sklearn.feature_selection import mutual_info_regression

ROWS, LAGS = 500, list(range(-3, 6))


def autoregressive(rng):
    depth = 10  # state: x[t] … x[t-9], y[t] … y[t-9]
    step = np.zeros((2 * depth, 2 * depth))
    step[0, 0], step[depth, depth], step[depth, 1] = 0.6, 0.5, 0.8
    for i in range(1, depth):
        step[i, i - 1] = step[depth + i, depth + i - 1] = 1
    noise = np.zeros((2 * depth, 2 * depth))
    noise[0, 0] = noise[depth, depth] = 1
    covariance = solve_discrete_lyapunov(step, noise)

    def x(back):
        return [back]

    def y(back):
        return [depth + back]

    def logdet(at):
        return np.linalg.slogdet(covariance[np.ix_(at, at)])[1] if at else 0.0

    def information(a, b, given=()):
        c = list(given)
        return (logdet(a + c) + logdet(b + c) - logdet(a + b + c) - logdet(c)) / 2

    state, series = np.zeros(2 * depth), []
    for _ in range(ROWS + 200):
        state = step @ state
        state[[0, depth]] += rng.standard_normal(2)
        series.append(state[[0, depth]])
    known = {
        "lags": [information(x(max(0, lag)), y(max(0, -lag))) for lag in LAGS],
        "auto_x": [information(x(0), x(lag)) for lag in range(1, 6)],
        "auto_y": [information(y(0), y(lag)) for lag in range(1, 6)],
        "x_to_y": information(x(1) + x(2), y(0), y(1)),
        "y_to_x": information(y(1) + y(2), x(0), x(1)),
    }
    return np.array(series[200:]), known


def logistic(rng, spread=0.1):
    x = [rng.uniform()]
    for _ in range(ROWS + 200):
        # Rounding would end the map in 0 or in a short cycle.
        x.append(np.clip(4 * x[-1] * (1 - x[-1]) + 1e-9 * rng.standard_normal(), 1e-9, 1 - 1e-9))
    x = np.array(x[-ROWS - 2 :])
    y = x[:-2] + spread * rng.standard_normal(ROWS)
    angles = (np.arange(20_000) + 0.5) / 20_000 * np.pi
    grid = np.linspace(-1, 2, 6001)
    density = norm.pdf(grid[:, None], np.sin(angles[::10]) ** 2, spread).mean(1)
    entropy = -trapezoid(density * np.log(density + 1e-300), grid)
    return np.stack([x[2:], y], axis=1), {"best_lag": entropy - norm(scale=spread).entropy()}


def folded(rng, delta=0.05):
    def tent(u):
        return 1 - abs(1 - 2 * u)

    u, series = rng.uniform(), []
    for _ in range(ROWS):
        noise = rng.uniform(-delta, delta, size=2)
        after, v = (tent(u) + noise) % 1
        series.append((u, v))
        u = after
    u, v = np.array(series).T
    # v[t] of the list is that of t + 1.
    table = np.stack([u[1:], v[:-1]], axis=1)
    return np.sin(np.pi * table / 2) ** 2, {"best_lag": -np.log(2 * delta)}


def ksg(table):
    x, y = table.T
    low, high = max(0, *LAGS), len(x) + min(0, *LAGS)
    return [
        mutual_info_regression(x[low - lag : high - lag, None], y[low:high], n_neighbors=3, random_state=0)[0]
        for lag in LAGS
    ]


answers = {"lag_range": LAGS}
for name, make in (("autoregressive", autoregressive), ("logistic", logistic), ("folded", folded)):
    table, known = make(np.random.default_rng(7))
    x, y = table.round(6).T.tolist()
    answers[name] = {"x": x, "y": y, "known": known, "ksg": ksg(table)}
print(json.dumps(answers, default=float))

"""Benchmarks of a model for any kind of dependence, in addition to the reference's test sets: one function each.

Every function takes the served model and returns plain numbers for `evaluation.json`; `benchmarks_card` shows them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from scipy.stats import entropy

from ..export.served_model import OnnxModel
from ..families.atoms import table_mi
from ..families.joint_validation import HELD_OUT, sample_validation
from ..model.quantiles import LEVELS, MEDIAN, TAUS, coverage, quantile
from ..training.calibrate import DATA_SETS, judged_on, mixture_batches
from ..training.config import PRESETS
from .rivals import cca, ksg

BMI_ROWS = (200, 1_000, 5_000, 10_000)
# Mean absolute error in nats over the 40 tasks at 1,000, 5,000 and 10,000 rows, as published by their authors.
BMI_PUBLISHED = {
    "Alice Base (85M parameters)": (0.092, 0.063, 0.060),
    "Alice Small (19M)": (0.101, 0.103, 0.104),
    "InfoAtlas": (0.253, 0.271, 0.276),
    "MINDE-C": (0.353, 0.070, 0.065),
    "MINE": (0.248, 0.117, 0.108),
    "InfoNCE": (0.887, 0.123, 0.083),
    "KSG": (0.288, 0.240, 0.219),
    "CCA": (0.195, 0.192, 0.181),
}
COLUMN_BANDS = {"2-4": (2, 4), "5-12": (5, 12), "13-32": (13, 32), "33-128": (33, 128)}  # dim_x + dim_y
ROW_BANDS = {f"{low}-{high}": (low, high) for low, high in DATA_SETS}


# --- The BMI benchmark (Czyż et al. 2023) -----------------------------------------------------------------------------


def bmi_tasks(model: OnnxModel, seeds: Iterable[int], cache: Path) -> dict:
    """Errors on the 40 BMI tasks at each of `BMI_ROWS`; KSG and CCA on the first seed, up to 1,000 rows."""
    result: dict = {"seeds": list(seeds), "published": BMI_PUBLISHED, "rows": {}}
    for rows in BMI_ROWS:
        drawn = {seed: _bmi_samples(seed, rows, cache) for seed in result["seeds"]}
        tasks = {}
        for name, (_, _, mi) in drawn[result["seeds"][0]].items():
            knots = np.concatenate([model.knots(*(s[None] for s in drawn[seed][name][:2])) for seed in drawn])
            tasks[name] = {"mi": round(mi, 4), **scores_of(knots, np.full(len(knots), mi))}
        result["rows"][rows] = {"tasks": tasks, **_average(tasks.values())}
        if rows <= 1_000:
            first = drawn[result["seeds"][0]].values()
            result["rows"][rows]["baselines"] = {
                name: {"mae": _mean(abs(estimate(x, y) - mi) for x, y, mi in first)}
                for name, estimate in (("KSG (k = 5)", ksg), ("CCA", cca))
            }
        print(f"BMI, {rows} rows: MAE {result['rows'][rows]['mae']}", flush=True)
    return result


def interval_against_bootstrap(model: OnnxModel, seed: int, cache: Path, rows: int = 200, resamples: int = 100) -> dict:
    """Interval scores (Gneiting and Raftery 2007) of 90 % intervals on the BMI tasks: the model against a bootstrap.

    The bootstrap is a percentile bootstrap of KSG (k = 5). A resample contains equal rows, for which BMI's KSG has no
    answer, so noise of a millionth of each column's standard deviation is added.
    """
    generator = np.random.default_rng(seed)

    def resample(side: np.ndarray, pick: np.ndarray) -> np.ndarray:
        return side[pick] + 1e-6 * side.std(0) * generator.standard_normal(side.shape)

    model_scores, bootstrap_scores, spent = [], [], np.zeros(2)
    for x, y, mi in _bmi_samples(seed, rows, cache).values():
        began = time.perf_counter()
        low, _, high = quantile(model.knots(x[None], y[None]), np.array([0.05, 0.5, 0.95]))[0]
        spent[0] += time.perf_counter() - began
        model_scores.append(interval_score(low, high, mi))
        began = time.perf_counter()
        picks = generator.integers(0, rows, (resamples, rows))
        draws = [ksg(resample(x, pick), resample(y, pick)) for pick in picks]
        spent[1] += time.perf_counter() - began
        bootstrap_scores.append(interval_score(*np.quantile(draws, [0.05, 0.95]), mi))
    return {
        "rows": rows,
        "resamples": resamples,
        "seed": seed,
        "model": _mean(model_scores),
        "bootstrap": _mean(bootstrap_scores),
        "ratio": round(float(np.mean(bootstrap_scores) / np.mean(model_scores)), 2),
        "times_faster": round(float(spent[1] / spent[0])),
    }


def neural_estimators(model: OnnxModel, seed: int, cache: Path, rows: int = 1_000, resamples: int = 3) -> dict:
    """Seconds for one estimate of a BMI task with 5 + 5 columns: the model against BMI's MINE and InfoNCE.

    The model runs on one thread, and its answer includes an interval. MINE and InfoNCE run at BMI's settings, on the
    samples and on `resamples` bootstrap resamples. Their interval would take 100 such fits, which are counted, not run.
    """
    from bmi.estimators import InfoNCEEstimator, MINEEstimator

    x, y, mi = _bmi_samples(seed, rows, cache)["multinormal-dense-5-5-0.5"]
    knots = model.knots(x[None], y[None])  # warm-up
    began = time.perf_counter()
    for _ in range(20):
        knots = model.knots(x[None], y[None])
    own = (time.perf_counter() - began) / 20
    result = {"rows": rows, "mi": mi, "model": {"seconds": own, "estimate": float(knots[0, MEDIAN])}}
    generator = np.random.default_rng(seed)
    drawn = [np.arange(rows)] + [generator.integers(0, rows, rows) for _ in range(resamples)]
    for name, estimator in (("MINE", MINEEstimator), ("InfoNCE", InfoNCEEstimator)):
        estimates, seconds = [], []
        for kept in drawn:
            began = time.perf_counter()
            estimates.append(float(estimator(verbose=False).estimate(x[kept], y[kept])))
            seconds.append(time.perf_counter() - began)
        fit = float(np.mean(seconds))
        result[name] = {
            "seconds": fit,
            "estimate": estimates[0],
            "times_slower": round(fit / own),
            "interval_times_slower": round(100 * fit / own),
        }
    return result


def _bmi_samples(seed: int, rows: int, cache: Path) -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
    """Samples of all BMI tasks, generated once and then read from the cache.

    Returns task name → (x [rows, dim_x], y [rows, dim_y], MI in nats).
    """
    kept = cache / f"bmi-{seed}-{rows}.npz"
    if not kept.exists():
        from bmi.benchmark import BENCHMARK_TASKS

        cache.mkdir(parents=True, exist_ok=True)
        arrays = {}
        for name, task in BENCHMARK_TASKS.items():
            # Different sizes of one seed are independent draws.
            x, y = task.sample(rows, seed=seed * 100_000 + rows)
            arrays |= {f"{name}|x": np.asarray(x), f"{name}|y": np.asarray(y), f"{name}|mi": task.mutual_information}
        np.savez_compressed(kept, **arrays)
    with np.load(kept) as arrays:
        names = [key.removesuffix("|mi") for key in arrays if key.endswith("|mi")]
        return {name: (arrays[f"{name}|x"], arrays[f"{name}|y"], float(arrays[f"{name}|mi"])) for name in names}


# --- Own families -----------------------------------------------------------------------------------------------------


def joint_structures(model: OnnxModel, seed: int, data_sets: int = 48) -> dict:
    """Errors on the held-out families whose dependence lives in three or more columns together; KSG for comparison.

    At 200 and 1,000 rows, without and with two noise columns on each side.
    """
    result: dict = {"seed": seed, "rows": {}}
    for rows in (200, 1_000):
        families = {}
        for index, name in enumerate(HELD_OUT):
            for extra in (0, 2):
                generator = torch.Generator().manual_seed(seed * 1_000 + rows + index * 10 + extra)
                batch = sample_validation(name, data_sets, rows, generator, extra)
                x, y, mi = batch.x.numpy(), batch.y.numpy(), batch.mi.double().numpy()
                points = np.array([ksg(*pair) for pair in zip(x, y)])
                families[f"{name} + {extra} noise" if extra else name] = {
                    **scores_of(model.knots(x, y), mi),
                    "ksg_mae": _mean(np.abs(points - mi)),
                    "mean_mi": _mean(mi),
                }
        result["rows"][rows] = {"families": families, **_average(families.values())}
        print(f"joint structures, {rows} rows: MAE {result['rows'][rows]['mae']}", flush=True)
    return result


def mixture_calibration(model: OnnxModel, seed: int, data_sets: int = 4_000) -> dict:
    """Coverage at `LEVELS` and error on fresh draws of the training mixture, by rows band and by columns band.

    Each data set has its own shape and recipe (see `mixture_batches`). data_sets: number per rows band; bands above
    2,000 rows, which are slow, have a quarter of it.
    """
    result: dict = {"seed": seed, "levels": list(LEVELS), "bands": {}}
    by_columns: dict[str, list] = {name: [] for name in COLUMN_BANDS}
    for index, (band, rows) in enumerate(ROW_BANDS.items()):
        count = data_sets if rows[1] <= 2_000 else data_sets // 4
        parts = []
        for one in mixture_batches(judged_on(PRESETS["wide"], rows), count, seed + index):
            parts.append((model.knots(one.x.numpy(), one.y.numpy()), one.mi.double().numpy()))
            columns = one.x.shape[2] + one.y.shape[2]
            by_columns[next(name for name, (_, most) in COLUMN_BANDS.items() if columns <= most)].append(parts[-1])
        result["bands"][band] = _coverages(*map(np.concatenate, zip(*parts)))
        print(f"training mixture, {band} rows: {result['bands'][band]}", flush=True)
    result["columns"] = {
        name: _coverages(*map(np.concatenate, zip(*parts))) for name, parts in by_columns.items() if parts
    }
    return result


def independent_data(model: OnnxModel, seed: int, rows: int = 500, data_sets: int = 60) -> dict:
    """Median estimates for independent x and y, by number of columns per side; KSG for comparison."""
    generator = np.random.default_rng(seed)
    result: dict = {"seed": seed, "rows": rows, "columns": {}}
    for dim in (1, 2, 3, 5, 10):
        x, y = generator.standard_t(3, (2, data_sets, rows, dim))
        medians = model.knots(x, y)[:, MEDIAN]
        points = [ksg(*pair) for pair in zip(x[:20], y[:20])]
        result["columns"][dim] = {
            "median": _round(np.median(medians)),
            "least": _round(medians.min()),
            "largest": _round(medians.max()),
            "ksg_least": _round(min(points)),
            "ksg_largest": _round(max(points)),
        }
    return result


def few_values(model: OnnxModel, seed: int, data_sets: int = 60) -> dict:
    """Errors on columns of 2 to 10 values, where a random table joins each column of y to one column of x.

    MI is the sum over the tables. The plug-in estimate from the joint table of the rows (with Miller and Madow's
    correction) is for comparison.
    """
    generator = np.random.default_rng(seed)
    result: dict = {"seed": seed, "rows": {}}
    for rows in (200, 1_000):
        columns = {}
        for dim in (1, 2, 3, 5):
            x, y = np.empty((2, data_sets, rows, dim))
            mi = np.zeros(data_sets)
            for i, c in np.ndindex(data_sets, dim):
                table = generator.gamma(
                    np.exp(generator.uniform(np.log(0.1), np.log(5))), size=generator.integers(2, 11, 2)
                )
                table /= table.sum()
                cells = generator.choice(table.size, rows, p=table.ravel())
                x[i, :, c], y[i, :, c] = np.unravel_index(cells, table.shape)
                mi[i] += table_mi(torch.from_numpy(table)[None]).item()
            points = np.array([_plug_in(*pair) for pair in zip(x, y)])
            columns[dim] = {
                **scores_of(model.knots(x, y), mi),
                "plug_in_mae": _mean(np.abs(points - mi)),
                "mean_mi": _mean(mi),
            }
        result["rows"][rows] = columns
        print(f"few values, {rows} rows: {columns}", flush=True)
    return result


def _plug_in(x: np.ndarray, y: np.ndarray) -> float:
    """Plug-in estimate of MI in nats from the counts of distinct rows of x [rows, dim_x], y [rows, dim_y] and both.

    Each entropy is corrected by (K − 1) / (2 · rows), where K is the number of distinct rows (Miller 1955).
    """
    counts = [np.unique(side, axis=0, return_counts=True)[1] for side in (x, y, np.concatenate([x, y], 1))]
    of_x, of_y, of_both = (entropy(count) + (len(count) - 1) / (2 * len(x)) for count in counts)
    return float(of_x + of_y - of_both)


# --- Scores -----------------------------------------------------------------------------------------------------------


def interval_score(low: float, high: float, truth: float, level: float = 0.9) -> float:
    """Width plus 2 / (1 − level) times the distance from the interval to the truth (Gneiting and Raftery 2007)."""
    return float(high - low + 2 / (1 - level) * (max(0, low - truth) + max(0, truth - high)))


def scores_of(knots: np.ndarray, mi: np.ndarray) -> dict:
    """Mean median, its MAE, and coverage and mean interval score of the central 90 % interval.

    knots: [n, len(TAUS)]; mi: true MI [n]; all in nats.
    """
    low, high = knots[:, TAUS.index(0.05)], knots[:, TAUS.index(0.95)]
    return {
        "estimate": _round(knots[:, MEDIAN].mean()),
        "mae": _mean(np.abs(knots[:, MEDIAN] - mi)),
        "coverage_90": _mean((low <= mi) & (mi <= high)),
        "interval_score": _mean(interval_score(*triple) for triple in zip(low, high, mi)),
    }


def _average(parts: Iterable[dict]) -> dict:
    """Means of `scores_of` over tasks or families, and of KSG's error if measured."""
    parts = list(parts)
    keys = [key for key in ("mae", "coverage_90", "interval_score", "ksg_mae") if key in parts[0]]
    return {key: _mean(part[key] for part in parts) for key in keys}


def _coverages(knots: np.ndarray, mi: np.ndarray) -> dict:
    """Coverage of the central intervals at `LEVELS`, and the MAE of the median.

    If MI is exactly 0 and the prediction has probability at 0, every interval that begins at 0 contains the truth,
    whatever its level. "coverage" therefore counts such an interval by its share of the probability at 0
    (`below_knots`); "counting_zeros" counts it in full.
    """
    counting_zeros = []
    for level in LEVELS:
        lower, upper = quantile(knots, np.array([0.5 - level / 2, 0.5 + level / 2])).T
        counting_zeros.append(_mean((lower <= mi) & (mi <= upper + 1e-12)))
    return {
        "data_sets": len(mi),
        "coverage": [_round(share) for share in coverage(knots, mi)],
        "counting_zeros": counting_zeros,
        "mae": _mean(np.abs(knots[:, MEDIAN] - mi)),
    }


def _mean(values: Iterable[float]) -> float:
    return _round(np.mean(list(values)))


def _round(value: float) -> float:
    return float(f"{value:.4g}")

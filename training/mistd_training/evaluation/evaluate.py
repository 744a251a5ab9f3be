"""Evaluation of a model folder, through the served ONNX file and next to rival estimators.

Every model is evaluated on the reference's test sets, and a model of the wide meta-distribution on `benchmarks` too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..export.manifest import read_manifest
from ..export.served_model import OnnxModel
from ..model.quantiles import MEDIAN, TAUS, mean, quantile
from . import benchmarks
from .efficiency import efficient_errors
from .reference_sets import SETS, DataSet, reference_set
from .rivals import cca, ksg

BANDS = {"10-100": (10, 100), "100-300": (100, 300), "300-500": (300, 501)}
REFERENCE_TAUS = (0.05, 0.25, 0.5, 0.75, 0.95)

# Published figures: squared error by rows band from the reference's README; MSE and pinball loss on its in-distribution
# set from its logs.
REFERENCE = {
    "MIST": {"imd": {"mse": 0.484, "bands": (3.1, 0.34, 0.28)}, "oomd": {"bands": (8.0, 7.3, 8.8)}},
    "MIST-QR": {"imd": {"pinball": 0.108, "bands": (3.1, 0.31, 0.12)}, "oomd": {"bands": (9.5, 9.9, 10.0)}},
}


@dataclass
class Predictions:
    """Knots [n, len(TAUS)] and true MI [n] in nats, with the rows [n] and the family [n] of each data set."""

    knots: np.ndarray
    mi: np.ndarray
    rows: np.ndarray
    family: np.ndarray

    def where(self, mask: np.ndarray) -> Predictions:
        """The predictions selected by a boolean mask [n]."""
        return Predictions(self.knots[mask], self.mi[mask], self.rows[mask], self.family[mask])


def evaluate_model(
    folder: Path,
    cache: Path,
    seeds: list[int],
    baseline_seeds: int,
    bmi_seeds: list[int],
    parts: list[str] | None = None,
) -> dict:
    """Measure `folder/model.onnx` and write `folder/evaluation.json`.

    cache: folder for generated test sets; seeds: of the reference's sets; baseline_seeds: number of these seeds on
    which KSG and CCA run too (they take longer than the model); bmi_seeds: of the BMI tasks, and the first also of all
    other benchmarks; parts: names of the parts to measure again, keeping the others. Default: all parts that apply to
    the model's meta-distribution.
    """
    manifest = read_manifest(folder)
    model = OnnxModel(folder, manifest["blocks"])
    path = folder / "evaluation.json"
    wide = manifest["meta_distribution"]["name"] == "wide"
    results = json.loads(path.read_text()) if parts and path.exists() else {}
    first = bmi_seeds[0]
    measure: dict[str, Callable[[], dict]] = {
        "reference": lambda: reference_sets(model, cache, seeds, baseline_seeds),
        "efficiency": lambda: efficient_errors(first, *BANDS["300-500"]),
        "bmi": lambda: benchmarks.bmi_tasks(model, bmi_seeds, cache),
        "joint": lambda: benchmarks.joint_structures(model, first),
        "calibration": lambda: benchmarks.mixture_calibration(model, first),
        "independent": lambda: benchmarks.independent_data(model, first),
        "few_values": lambda: benchmarks.few_values(model, first),
        "bootstrap": lambda: benchmarks.interval_against_bootstrap(model, first, cache),
        "neural": lambda: benchmarks.neural_estimators(model, first, cache),
    }
    for name in parts or (list(measure) if wide else ["reference", "efficiency"]):
        began = time.time()
        results[name] = measure[name]()
        print(f"{name}: {time.time() - began:.0f} s", flush=True)
        path.write_text(json.dumps(results, indent=1) + "\n")
    return results


def reference_sets(model: OnnxModel, cache: Path, seeds: list[int], baseline_seeds: int) -> dict:
    """Results on the reference's two test sets, all seeds pooled."""
    results: dict = {"taus": list(TAUS), "reference_taus": list(REFERENCE_TAUS), "reference": REFERENCE, "sets": {}}
    for name in SETS:
        drawn = {seed: reference_set(name, seed, cache) for seed in seeds}
        predictions = predict(model, [d for sets in drawn.values() for d in sets])
        results["sets"][name] = {"seeds": seeds, **summarize(predictions)}
        subset = [d for seed in seeds[:baseline_seeds] for d in drawn[seed]]
        results["sets"][name]["baselines"] = {
            estimator: {"seeds": seeds[:baseline_seeds], **summarize_points(subset, estimate)}
            for estimator, estimate in (("KSG (k = 5)", ksg), ("CCA", cca))
            if baseline_seeds
        }
    return results


def predict(model: OnnxModel, data: list[DataSet]) -> Predictions:
    """The model's knots for every data set. Data sets of one shape run in batches."""
    knots = np.empty((len(data), len(TAUS)))
    groups: dict[tuple[int, int], list[int]] = {}
    for index, item in enumerate(data):
        groups.setdefault((item.rows, item.dim), []).append(index)
    for (_, dim), members in groups.items():
        for start in range(0, len(members), 16):
            part = members[start : start + 16]
            samples = np.stack([data[i].samples for i in part])
            knots[part] = model.knots(samples[:, :, :dim], samples[:, :, dim:])
    return Predictions(
        knots,
        np.array([d.mi for d in data]),
        np.array([d.rows for d in data]),
        np.array([d.family for d in data]),
    )


def summarize(predictions: Predictions) -> dict:
    """Metrics over all data sets, by rows band, by family and by rows, and the calibration curve of each band."""
    return {
        "overall": metrics(predictions),
        "bands": {band: metrics(predictions.where(_in_band(predictions.rows, band))) for band in BANDS},
        "families": {
            str(family): metrics(predictions.where(predictions.family == family))
            for family in np.unique(predictions.family)
        },
        "families_by_band": {
            str(family): {
                band: metrics(predictions.where((predictions.family == family) & _in_band(predictions.rows, band)))[
                    "mse"
                ]
                for band in BANDS
            }
            for family in np.unique(predictions.family)
        },
        "calibration": {
            band: _calibration(predictions.where(_in_band(predictions.rows, band))).round(4).tolist() for band in BANDS
        },
        "by_rows": {
            int(rows): metrics(predictions.where(predictions.rows == rows))["mse"]
            for rows in np.unique(predictions.rows)
        },
    }


def metrics(predictions: Predictions) -> dict:
    """Mean errors in nats.

    mse: of the predicted mean; mae, bias: of the predicted median; pinball: loss averaged over the reference's five
    taus; coverage_90, width_90: of the central 90 % interval.
    """
    knots, mi = predictions.knots, predictions.mi
    five = quantile(knots, np.array(REFERENCE_TAUS))
    error = mi[:, None] - five
    losses = np.maximum(np.array(REFERENCE_TAUS) * error, (np.array(REFERENCE_TAUS) - 1) * error)
    median_error = knots[:, MEDIAN] - mi
    return {
        "data_sets": len(mi),
        "mse": _round((mean(knots) - mi) ** 2),
        "mae": _round(np.abs(median_error)),
        "bias": _round(median_error),
        "pinball": _round(losses),
        "coverage_90": _round((five[:, 0] <= mi) & (mi <= five[:, -1])),
        "width_90": _round(five[:, -1] - five[:, 0]),
    }


def summarize_points(data: list[DataSet], estimate: Callable[[np.ndarray, np.ndarray], float]) -> dict:
    """MSE and MAE of a point estimator in nats, over all data sets and by rows band."""
    error = np.array([estimate(d.samples[:, : d.dim], d.samples[:, d.dim :]) - d.mi for d in data])
    rows = np.array([d.rows for d in data])

    def of(mask: np.ndarray) -> dict:
        return {"data_sets": int(mask.sum()), "mse": _round(error[mask] ** 2), "mae": _round(np.abs(error[mask]))}

    return {"overall": of(rows > 0), "bands": {band: of(_in_band(rows, band)) for band in BANDS}}


def _in_band(rows: np.ndarray, band: str) -> np.ndarray:
    low, high = BANDS[band]
    return (rows >= low) & (rows < high)


def _calibration(predictions: Predictions) -> np.ndarray:
    """Share of data sets whose MI lies at or below each knot. Returns [len(TAUS)]."""
    return (predictions.mi[:, None] <= predictions.knots).mean(0)


def _round(values: np.ndarray) -> float:
    return float(f"{values.mean():.5g}")

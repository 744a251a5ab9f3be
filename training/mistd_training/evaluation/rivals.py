"""Estimators that the model is compared with, from samples to nats."""

from __future__ import annotations

import numpy as np


def ksg(x: np.ndarray, y: np.ndarray) -> float:
    """KSG estimate (k = 5) of BMI, from x [rows, dim_x] and y [rows, dim_y]."""
    from bmi.estimators import KSGEnsembleFirstEstimator

    return float(KSGEnsembleFirstEstimator(neighborhoods=(5,)).estimate(x, y))


def cca(x: np.ndarray, y: np.ndarray) -> float:
    """CCA estimate of BMI, from x [rows, dim_x] and y [rows, dim_y]; 0 where CCA has no answer.

    CCA has no answer for samples with at least as many columns as rows.
    """
    from bmi.estimators import CCAMutualInformationEstimator

    if x.shape[1] >= len(x):
        return 0.0
    value = CCAMutualInformationEstimator().estimate(x, y)
    return float(value) if np.isfinite(value) else 0.0

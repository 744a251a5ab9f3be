"""The reference's two test sets, from its own generator (PyPI `mist-statinf` on `benchmark-mi`)."""

from __future__ import annotations

import contextlib
import os
import pickle
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

SETS = ("imd", "oomd")  # in and out of the reference's training meta-distribution


@dataclass
class DataSet:
    """One data set. samples: [rows, 2 · dim] float32, X's columns first; mi: true MI in nats."""

    family: str
    rows: int
    dim: int
    samples: np.ndarray
    mi: float


def reference_set(name: str, seed: int, cache: Path) -> list[DataSet]:
    """The set `imd` or `oomd` drawn with `seed`: the package's grid of 20 sizes (10–500 rows) × 9 data sets per family.

    Generating takes a minute or two. The set is then kept in `cache` as a compressed file.
    """
    kept = cache / f"{name}-{seed}.npz"
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _generate(name, seed, cache)
    with np.load(kept) as arrays:
        stops = np.cumsum(arrays["rows"] * 2 * arrays["dim"])
        flat = np.split(arrays["samples"], stops[:-1])
        return [
            DataSet(str(family), int(rows), int(dim), part.reshape(rows, 2 * dim), float(mi))
            for family, rows, dim, mi, part in zip(arrays["family"], arrays["rows"], arrays["dim"], arrays["mi"], flat)
        ]


def _generate(name: str, seed: int, cache: Path) -> None:
    from mist_statinf.data.generate import generate_main
    from omegaconf import OmegaConf

    config = OmegaConf.load(str(files("mist_statinf") / f"configs/data_generation/test_{name}.yaml"))
    config.experiment.seed = seed
    config.experiment.name = f"{name}-{seed}"
    config.plot_stats = False
    OmegaConf.save(config, cache / f"{name}-{seed}.yaml")
    with contextlib.chdir(cache):  # the generator writes below the current folder
        generate_main(f"{name}-{seed}.yaml")
    folder = cache / "data" / f"{name}-{seed}"
    with (folder / "meta_dataset.pkl").open("rb") as file:
        made = pickle.load(file)
    np.savez_compressed(
        cache / f"{name}-{seed}.partial.npz",
        family=np.array([entry["distribution"].removeprefix("multi_") for entry in made]),
        rows=np.array([int(entry["n_row"]) for entry in made]),
        dim=np.array([entry["dimension"] for entry in made]),
        mi=np.array([float(np.ravel(entry["target"])[0]) for entry in made]),
        samples=np.concatenate([np.asarray(entry["source"], dtype=np.float32).ravel() for entry in made]),
    )
    os.replace(cache / f"{name}-{seed}.partial.npz", cache / f"{name}-{seed}.npz")
    (folder / "meta_dataset.pkl").unlink()

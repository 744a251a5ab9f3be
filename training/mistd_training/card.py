"""evaluation.json and manifest.json → card.md with its plots."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from .benchmarks_card import benchmark_tables
from .evaluate import BANDS, REFERENCE_TAUS
from .export import sha256

SET_NAMES = {"imd": "In-distribution (IMD)", "oomd": "Out-of-distribution (OoMD)"}
PLOTS = ("calibration.png", "error-by-rows.png")


_USE = {
    "paper": """**Meant for** continuous data whose dependence resembles its training families: Gaussian, Student and
additive-noise dependence, dense or sparse, under any monotone marginals. **Not meant for** dependence that only shows
in three or more columns together, rings, spirals and other shapes without correlation, or columns with many ties: they
are not among its paper's families, and its interval does not know.""",
    "wide": """**Meant for** any kind of dependence between two sides of a data set: linear or not, heavy-tailed,
discrete or tied, sparse or dense, in one column or many. **Weak at** dependence that only shows in many columns
together, spirals, Swiss rolls and other shapes that no pair of columns betrays, at many columns of few values whose
tables know no order, where its intervals are too narrow (the tables below show how weak), at labels spread over columns
of 0 and 1, which it was not shown, and at rows that depend on each other, such as time series, which no estimate here
knows of.""",
}
_FAMILIES = {
    "paper": "Families, the reference's sixteen up to their marginal maps, in equal shares of dense, sparse,"
    " latent-variable and additive-noise structure",
    "wide": "Families (`training/mistd_training/families/wide.py` has their shares)",
}


def write_card(folder: Path) -> None:
    """Write `card.md` and its plots into a model folder, and their checksums and a summary into its manifest."""
    evaluation = json.loads((folder / "evaluation.json").read_text())
    manifest = json.loads((folder / "manifest.json").read_text())
    _plot_calibration(evaluation["reference"], folder / PLOTS[0])
    _plot_error(evaluation["reference"], folder / PLOTS[1])
    (folder / "card.md").write_text(_card(manifest, evaluation))
    manifest["metrics"] = {
        name: {key: result["overall"][key] for key in ("data_sets", "mse", "mae", "pinball", "coverage_90")}
        for name, result in evaluation["reference"]["sets"].items()
    }
    for rows, result in evaluation.get("bmi", {"rows": {}})["rows"].items():
        manifest["metrics"][f"bmi_{rows}"] = {key: result[key] for key in ("mae", "coverage_90")}
    for file in ("model.onnx", "card.md", "evaluation.json", *PLOTS):
        path = folder / file
        manifest["files"][file] = {"sha256": sha256(path), "bytes": path.stat().st_size}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def summary_table(reference: dict) -> str:
    """The reference's sets as Markdown: MSE by rows band, pinball and coverage, model and rivals."""
    lines = []
    for name, result in reference["sets"].items():
        overall, bands = result["overall"], result["bands"]
        lines += [
            f"**{SET_NAMES[name]}**: {overall['data_sets']} data sets, seeds"
            f" {', '.join(map(str, result['seeds']))}",
            "",
            "| estimator | MSE | MSE, rows " + " | ".join(BANDS) + " | pinball | MAE | coverage of 90 % |",
            "|---|---|" + "---|" * len(BANDS) + "---|---|---|",
            _row("**mistd**", overall["mse"], [bands[b]["mse"] for b in BANDS], overall["pinball"], overall["mae"],
                 f"{overall['coverage_90']:.3f} ({', '.join(format(bands[b]['coverage_90'], '.3f') for b in BANDS)})"),
        ]  # fmt: skip
        for rival, published in reference["reference"].items():
            values = published.get(name, {})
            lines.append(
                _row(
                    f"{rival} (published)", values.get("mse"), values.get("bands", []), values.get("pinball"), None, "–"
                )
            )
        for rival, points in result["baselines"].items():
            lines.append(
                _row(f"{rival}, {points['overall']['data_sets']} of the data sets", points["overall"]["mse"],
                     [points["bands"][b]["mse"] for b in BANDS], None, points["overall"]["mae"], "–")
            )  # fmt: skip
        lines.append("")
    return "\n".join(lines)


def _efficiency(evaluation: dict) -> str:
    """What the errors with most rows are to be compared with."""
    if "efficiency" not in evaluation:
        return ""
    least = ", ".join(
        f"{result['mse']:.4f} ± {result['error']:.4f} on {SET_NAMES[name]}"
        for name, result in evaluation["efficiency"]["sets"].items()
    )
    return f"""
What to compare with at 300–500 rows: the variance of the information density, log p(x, y) / (p(x) p(y)), divided by
rows, is the least MSE of an estimator that knows nothing of the distributions
(`training/mistd_training/efficiency.py`). It is {least}.
"""


def _block_choice(blocks: dict) -> str:
    """Why blocks have the rows that they have."""
    if len(blocks.get("mae", {})) < 2:
        return ""
    errors = ", ".join(f"{error} in blocks of {int(rows):,}" for rows, error in blocks["mae"].items())
    most = max(int(rows) for rows in blocks["mae"])
    return f" (mean absolute error on fresh data sets of {most:,} rows: {errors})"


def _card(manifest: dict, evaluation: dict) -> str:
    training, trained, blocks = manifest["training"], manifest["trained"], manifest["blocks"]
    meta = manifest["meta_distribution"]
    reference = evaluation["reference"]
    families = "\n".join(_family_tables(reference))
    benchmarks = benchmark_tables(evaluation)
    return f"""# {manifest["id"]} {manifest["version"]}

{manifest["description"]}

**What it is.** A network of {training["parameters"]:,} parameters that reads two sets of columns as normal scores of
their mid-ranks and answers {len(manifest["taus"])} quantiles of their mutual information in nats. Two-dimensional
attention over rows and columns beside a pair stream with triangular updates (`training/mistd_training/model.py`).
Row order, column order within a side, the swap of X and Y and strictly monotone maps of any column change nothing.

{_USE[meta["name"]]} Trained on {trained["rows"][0]:,}–{trained["rows"][1]:,} rows and
{trained["dim_x"][0]}–{trained["dim_x"][1]} columns a side; beyond, the service answers with a warning.

**Training.** `{training["command"]}`: {training["steps"]:,} steps, {training["distributions"]:,} distributions, each
drawn afresh and seen once, in {training["minutes"]:.0f} minutes on {training["hardware"]}. {training["notes"]}
{_FAMILIES[meta["name"]]}: {", ".join(meta["families"])}. ONNX Runtime agrees with PyTorch to
{training["parity"]["worst"]:.1e} over {training["parity"]["shapes"]} shapes.

**More rows than {blocks["rows"]:,}.** Blocks of at most {blocks["rows"]:,} rows{_block_choice(blocks)}, their knots
averaged and the spread multiplied by (number of blocks)^−{blocks["spread_exponent"]}; a knot that is 0 in most blocks
stays 0. 90 % intervals then cover {blocks.get("coverage_90", "–")} of {blocks.get("data_sets", "–")} fresh data sets of
2–10 blocks.

## The reference's test sets

Made by the reference's own generator (`mist-statinf`), judged through the served ONNX file. MSE is of the mean of the
predicted distribution, MAE of its median; pinball is the mean over τ = {", ".join(map(str, REFERENCE_TAUS))}; in
brackets the coverage by rows band. The published figures are the reference's README (squared error by band) and logs.
KSG and CCA are those of `benchmark-mi`; CCA, which has no answer with more columns than rows, counts as 0 there.

{summary_table(reference)}{_efficiency(evaluation)}
`mistd-train evaluate --model models/{manifest["id"]}` prints these tables and writes this card.

![Calibration](calibration.png)

Share of data sets whose true MI lies at or below each predicted quantile; on the diagonal is right.

![Error by rows](error-by-rows.png)

### By family

{families}
{benchmarks}

License: MIT, as the rest of the repository.
"""


def _family_tables(reference: dict) -> list[str]:
    lines = []
    for name, result in reference["sets"].items():
        lines += [
            f"**{SET_NAMES[name]}**",
            "",
            "| family | MSE | MSE, rows " + " | ".join(BANDS) + " | MAE | bias | pinball | coverage of 90 % |",
            "|---|---|" + "---|" * len(BANDS) + "---|---|---|---|",
        ]
        for family, values in result["families"].items():
            by_band = result["families_by_band"][family]
            lines.append(
                f"| {family} | {_number(values['mse'])} | "
                + " | ".join(_number(by_band[b]) for b in BANDS)
                + f" | {_number(values['mae'])} | {values['bias']:+.3f} | {_number(values['pinball'])}"
                + f" | {values['coverage_90']:.3f} |"
            )
        lines.append("")
    return lines


def _row(name: str, mse: float | None, bands: list[float], pinball: float | None, mae: float | None, last: str) -> str:
    cells = [mse, *(list(bands) or [None] * len(BANDS)), pinball, mae]
    return f"| {name} | " + " | ".join(_number(value) for value in cells) + f" | {last} |"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _plot_calibration(reference: dict, path: Path) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.4), sharey=True)
    for axis, (name, result) in zip(axes, reference["sets"].items()):
        axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        for band, shares in result["calibration"].items():
            axis.plot(reference["taus"], shares, marker="o", markersize=3, label=f"rows {band}")
        axis.set_title(SET_NAMES[name])
        axis.set_xlabel("predicted quantile τ")
    axes[0].set_ylabel("share of true values at or below")
    axes[0].legend(frameon=False)
    _save(figure, path)


def _plot_error(reference: dict, path: Path) -> None:
    figure, axis = plt.subplots(figsize=(7, 4.2))
    for name, result in reference["sets"].items():
        rows = np.array([int(r) for r in result["by_rows"]])
        axis.plot(
            rows, list(result["by_rows"].values()), marker="o", markersize=3, label=f"mistd, {SET_NAMES[name].lower()}"
        )
    for rival, published in reference["reference"].items():
        for name, values in published.items():
            centers = [(low + high) / 2 for low, high in BANDS.values()]
            label = f"{rival}, {SET_NAMES[name].lower()}, published by band"
            axis.plot(centers, values["bands"], linestyle="none", marker="x" if name == "imd" else "+", label=label)
    axis.set_yscale("log")
    axis.set_xlabel("rows")
    axis.set_ylabel("mean squared error, nats²")
    axis.legend(frameon=False, fontsize=8)
    _save(figure, path)


def _save(figure: plt.Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)

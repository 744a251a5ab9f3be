"""`evaluation.json` and `manifest.json` → `card.md` and its plots."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from ..export.manifest import file_entry, read_manifest, write_manifest
from .benchmarks_card import benchmark_tables
from .evaluate import BANDS, REFERENCE_TAUS

SET_NAMES = {"imd": "In-distribution (IMD)", "oomd": "Out-of-distribution (OoMD)"}
PLOTS = ("calibration.png", "error-by-rows.png")

_USE = {
    "paper": """**Meant for** continuous data whose dependence resembles its training families: Gaussian, Student and
additive-noise dependence, dense or sparse, under any monotone marginals. **Not meant for** dependence that only shows
in three or more columns together, rings, spirals and other shapes without correlation, or columns with many ties. The
paper's families contain none of these, and the intervals do not reflect it.""",
    "wide": """**Meant for** any kind of dependence between two sides of a data set: linear or not, heavy-tailed,
discrete or tied, sparse or dense, in one column or many. **Weak at**

- dependence that only shows in many columns together, spirals, Swiss rolls and other shapes that no pair of columns
  shows;
- many columns of few unordered values, where the intervals are too narrow (the tables below show by how much);
- labels spread over columns of 0 and 1, which training does not contain;
- rows that depend on each other, such as time series: every estimate assumes independent rows.""",
}
_FAMILIES = {
    "paper": "Families (the reference's sixteen without their marginal maps, in equal shares of dense, sparse,"
    " latent-variable and additive-noise structure)",
    "wide": "Families (for their shares, see `training/mistd_training/families/wide.py`)",
}


def write_card(folder: Path) -> None:
    """Write `card.md` and its plots into a model folder, and their checksums and a summary into its manifest."""
    evaluation = json.loads((folder / "evaluation.json").read_text())
    manifest = read_manifest(folder)
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
        manifest["files"][file] = file_entry(folder / file)
    write_manifest(folder, manifest)


def summary_table(reference: dict) -> str:
    """Results on the reference's sets as Markdown: the model and its rivals."""
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
    """The lower bound for the errors with most rows, as a paragraph; empty if not measured."""
    if "efficiency" not in evaluation:
        return ""
    least = ", ".join(
        f"{result['mse']:.4f} ± {result['error']:.4f} on {SET_NAMES[name]}"
        for name, result in evaluation["efficiency"]["sets"].items()
    )
    return f"""
A lower bound for comparison: an estimator that knows nothing about the distribution has, for many rows, an MSE of at
least the variance of the information density, log p(x, y) / (p(x) p(y)), divided by the number of rows
(`training/mistd_training/evaluation/efficiency.py`). At 300–500 rows the bound is {least}.
"""


def _block_choice(blocks: dict) -> str:
    """The errors that decided the block size, in brackets; empty if there was one candidate only."""
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

**What it is.** A network of {training["parameters"]:,} parameters. It reads the columns of X and Y as normal scores of
their mid-ranks and answers {len(manifest["taus"])} quantiles of their mutual information in nats. It combines
two-dimensional attention over rows and columns with a pair stream and triangular updates
(`training/mistd_training/model/mist.py`). The order of rows, the order of columns within a side, the swap of X and Y
and strictly monotone maps of any column do not change the answer.

{_USE[meta["name"]]}

**Trained on** {trained["rows"][0]:,}–{trained["rows"][1]:,} rows and {trained["dim_x"][0]}–{trained["dim_x"][1]}
columns per side. Outside this range the service adds a warning.

**Training.** `{training["command"]}`: {training["steps"]:,} steps in {training["minutes"]:.0f} minutes on
{training["hardware"]}, with {training["distributions"]:,} distributions, each drawn for one step only.
{training["notes"]}
{_FAMILIES[meta["name"]]}: {", ".join(meta["families"])}. ONNX Runtime agrees with PyTorch to
{training["parity"]["worst"]:.1e} over {training["parity"]["shapes"]} shapes.

**More than {blocks["rows"]:,} rows.** The service splits the rows into blocks of at most {blocks["rows"]:,}
rows{_block_choice(blocks)}. It averages the knots of the blocks and multiplies their distances from the median by
(number of blocks)^−{blocks["spread_exponent"]}; a knot that is 0 in most blocks stays 0. These 90 % intervals contain
the true value in {blocks.get("coverage_90", "–")} of {blocks.get("data_sets", "–")} fresh data sets of 2–10 blocks.

## The reference's test sets

The reference's own generator (`mist-statinf`) made the test sets, and the served ONNX file answered. MSE is that of the
mean of the predicted distribution, MAE that of its median. Pinball is the loss averaged over
τ = {", ".join(map(str, REFERENCE_TAUS))}. The coverage by rows band is in brackets. Published figures are from the
reference's README (squared error by band) and its logs. KSG and CCA are those of `benchmark-mi`. CCA has no answer
for at least as many columns as rows; it counts as 0 there.

{summary_table(reference)}{_efficiency(evaluation)}
`mistd-train evaluate --model models/{manifest["id"]}` prints these tables and writes this card.

![Calibration](calibration.png)

Share of data sets whose true MI lies at or below each predicted quantile. A calibrated model follows the diagonal.

![Error by rows](error-by-rows.png)

### By family

{families}
{benchmarks}

License: MIT, like the rest of the repository.
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

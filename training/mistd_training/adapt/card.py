"""The evaluation of an adapted model → `evaluation.json`, `card.md` and their entries in the manifest."""

from __future__ import annotations

import json
from pathlib import Path

from ..export.manifest import file_entry, write_manifest

KINDS = {
    "canonical": "canonical correlations",
    "atoms": "2-D atoms of any shape",
    "lifted": "visible only in several columns together",
    "independent": "independent",
}


def write_adapted_card(folder: Path, manifest: dict, evaluation: dict) -> None:
    """Write `evaluation.json` and `card.md`, and their checksums and a summary into the manifest."""
    (folder / "evaluation.json").write_text(json.dumps(evaluation, indent=1) + "\n")
    (folder / "card.md").write_text(_card(manifest, evaluation))
    for rows, result in evaluation["held_out"]["rows"].items():
        manifest["metrics"][f"held_out_{rows}"] = {
            name: {key: result[name][key] for key in ("mae", "coverage_90", "interval_score")} for name in result
        }
    for file in ("evaluation.json", "card.md"):
        manifest["files"][file] = file_entry(folder / file)
    write_manifest(folder, manifest)


def held_out_table(evaluation: dict) -> str:
    """Errors of base and adapted model on held-out flow data, as Markdown."""
    held_out = evaluation["held_out"]
    lines = [
        f"| rows | dependence ({held_out['data_sets']} data sets) | MAE, base | MAE, adapted | coverage of 90 %, base"
        " | adapted | interval score, base | adapted |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for rows, result in held_out["rows"].items():
        lines.append(_row(f"**{int(rows):,}**", "**all**", result["base"], result["adapted"]))
        lines += [
            _row("", name, result["base"]["kinds"][kind], result["adapted"]["kinds"][kind])
            for kind, name in KINDS.items()
        ]
    return "\n".join(lines) + "\n"


def _row(rows: str, name: str, base: dict, adapted: dict) -> str:
    cells = [f"{model[key]:.3f}" for key in ("mae", "coverage_90", "interval_score") for model in (base, adapted)]
    return f"| {rows} | {name} | " + " | ".join(cells) + " |"


def _card(manifest: dict, evaluation: dict) -> str:
    samples, flows, training = evaluation["samples"], evaluation["flows"], manifest["training"]
    meta, blocks, trained = manifest["meta_distribution"], manifest["blocks"], manifest["trained"]
    own = {name: f"{v['estimate']:.3f} ({v['interval_90'][0]:.3f} to {v['interval_90'][1]:.3f})"
           for name, v in evaluation["own"].items()}  # fmt: skip
    return f"""# {manifest["id"]} {manifest["version"]}

{manifest["description"]}

**Meant for** x with the columns {_list(samples["x"])} and y with {_list(samples["y"])}, or for columns with similar
dependence within each side, at {trained["rows"][0]:,} to {trained["rows"][1]:,} rows. **Not meant for** other data: the
base model is better there. Only {meta["replayed"]:.0%} of the batches in the fine-tuning came from the base model's
training distribution.

**Made from** {samples["rows"]:,} rows of `{samples["file"]}` ({samples["dropped"]} rows with a missing value were left
out) by `{training["command"]}`: {training["steps"]:,} steps from `{meta["base"]["checkpoint"]}` on
{training["hardware"]}. Normalizing flows, fitted to one half of the rows, give each side of a training data set the
look of the samples. The dependence between the sides is drawn
({", ".join(KINDS[kind] for kind in meta["families"])}), so that the mutual information is known. Under these flows, the
rows of the other half have a mean log density of {_density(flows["x"])} for x and {_density(flows["y"])} for y. ONNX
Runtime agrees with PyTorch to {training["parity"]["worst"]:.1e}.

## Held-out flow data

Data sets with known mutual information. Their sides come from flows fitted to the other half of the rows, which
training has not seen. Errors are in nats. The interval score is the width plus 20 times the distance of a miss; lower
is better.

{held_out_table(evaluation)}
For the samples themselves, whose mutual information is not known, the base model estimates {own["base"]} and the
adapted model {own["adapted"]} (estimate and 90 % interval, in nats).

**More than {trained["rows"][1]:,} rows.** The service splits the rows into blocks of at most {blocks["rows"]:,} rows.
It averages the knots of the blocks and multiplies their distances from the median by
(number of blocks)^−{blocks["spread_exponent"]}; a knot that is 0 in most blocks stays 0. These 90 % intervals contain
the true value in {blocks["coverage_90"]} of {blocks["data_sets"]} fresh data sets of 2–10 blocks.
"""


def _list(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _density(fit: dict) -> str:
    return f"{fit['log_density']:.2f} nats per row (independent columns: {fit['independent']:.2f})"

"""The results of `benchmarks` in `evaluation.json` as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable


def benchmark_tables(evaluation: dict) -> str:
    """One section for each benchmark in the evaluation; empty if there is none."""
    sections = [
        f"## {title}\n\n{table(evaluation[name])}" for name, (title, table) in _SECTIONS.items() if name in evaluation
    ]
    if {"bmi", "joint"} <= evaluation.keys():
        sections.append("## Where it fails\n\n" + _failures(evaluation["bmi"], evaluation["joint"]))
    return "\n".join(sections)


def _bmi(result: dict) -> str:
    sizes = list(result["rows"])
    lines = [
        "The 40 tasks of the BMI benchmark (Czyż et al. 2023); training uses none of them. The table shows the mean"
        f" absolute error in nats over the tasks and the seeds {result['seeds']}, and for mistd, in brackets, the"
        " coverage of its 90 % interval. Published figures are those of each estimator's authors.",
        "",
        "| estimator | " + " | ".join(f"{int(rows):,} rows" for rows in sizes) + " |",
        "|---|" + "---|" * len(sizes),
        "| **mistd** | "
        + " | ".join(f"{r['mae']:.3f} ({r['coverage_90']:.2f})" for r in result["rows"].values())
        + " |",
    ]
    for name in result["rows"][sizes[0]]["baselines"]:
        cells = [r["baselines"][name]["mae"] if "baselines" in r else None for r in result["rows"].values()]
        lines.append(f"| {name}, measured | " + " | ".join(_number(c) for c in cells) + " |")
    for name, (at_1k, at_5k, at_10k) in result["published"].items():
        cells = {"1000": at_1k, "5000": at_5k, "10000": at_10k}
        lines.append(f"| {name}, published | " + " | ".join(_number(cells.get(str(rows))) for rows in sizes) + " |")
    lines += ["", "The true MI and the mean estimate over the seeds, by task:", ""]
    lines += [
        "| task | MI | " + " | ".join(f"{int(rows):,} rows" for rows in sizes) + " |",
        "|---|---|" + "---|" * len(sizes),
    ]
    for task, values in result["rows"][sizes[0]]["tasks"].items():
        cells = [f"{r['tasks'][task]['estimate']:.3f}" for r in result["rows"].values()]
        lines.append(f"| {task} | {values['mi']:.3f} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _joint(result: dict) -> str:
    families = {rows: r["families"] for rows, r in result["rows"].items()}
    lines = [
        "Families that training never draws and whose dependence lives in three or more columns together"
        " (`families/joint_validation.py`), without and with two noise columns on each side, with seed"
        f" {result['seed']}. KSG (k = 5) runs on the same data sets.",
        "",
        *_errors("family | mean MI", "KSG", "ksg_mae", families),
        "| **all** | | " + _error_cells(result["rows"].values(), "ksg_mae"),
    ]
    return "\n".join(lines) + "\n"


def _errors(names: str, rival: str, rival_mae: str, sizes: dict[str, dict[str, dict]]) -> list[str]:
    """Lines of a table that compares `scores_of` with a rival on the same data sets. sizes: rows → name → scores."""
    head = " | ".join(f"MAE, {int(rows):,} rows | {rival} | coverage of 90 %" for rows in sizes)
    lines = [f"| {names} | {head} |", "|---|---|" + "---|---|---|" * len(sizes)]
    for name, first in next(iter(sizes.values())).items():
        cells = _error_cells((named[name] for named in sizes.values()), rival_mae)
        lines.append(f"| {name} | {first['mean_mi']:.2f} | {cells}")
    return lines


def _error_cells(parts: Iterable[dict], rival_mae: str) -> str:
    return " | ".join(f"{p['mae']:.3f} | {p[rival_mae]:.3f} | {p['coverage_90']:.2f}" for p in parts) + " |"


def _failures(bmi: dict, joint: dict, count: int = 12) -> str:
    """The largest errors in the two tables above at 1,000 rows."""
    tasks = bmi["rows"]["1000"]["tasks"]
    families = joint["rows"]["1000"]["families"]
    errors = [(name, v["mi"], v["mae"], v["coverage_90"]) for name, v in tasks.items()]
    errors += [(f"joint: {name}", v["mean_mi"], v["mae"], v["coverage_90"]) for name, v in families.items()]
    worst = sorted(errors, key=lambda row: -row[2])[:count]
    return "\n".join(
        [
            f"The {count} largest mean absolute errors among the BMI tasks and the joint structures at 1,000 rows, with"
            " the coverage of the 90 % interval.",
            "",
            "| | MI, or mean MI | MAE | coverage of 90 % |",
            "|---|---|---|---|",
            *(f"| {name} | {mi:.2f} | {mae:.3f} | {coverage:.2f} |" for name, mi, mae, coverage in worst),
            "",
        ]
    )


def _ablation(result: dict) -> str:
    lines = [
        f"Errors of version {result['version']} in nats after one change each: an input is set to 0, a part that reads"
        " some of the rows reads fewer or more, the answer is averaged over orders or parts of the rows, or the"
        f" weights have 8 bits. Measured on {result['data_sets']:,} fresh data sets of the training mixture (seed"
        f" {result['seed']}) and on the held-out joint structures at 1,000 rows. The table shows how much the trained"
        " network relies on each input; a network trained without the input might do better. `mistd-train ablate`"
        " measures it.",
        "",
        "| | pinball | MAE | MAE, joint structures |",
        "|---|---|---|---|",
    ]
    for name, values in result["variants"].items():
        lines.append(f"| {name} | " + " | ".join(f"{value:.4f}" for value in values.values()) + " |")
    return "\n".join(lines) + "\n"


def _calibration(result: dict) -> str:
    levels = " | ".join(f"{level:.0%}" for level in result["levels"])
    lines = [
        f"Share of fresh data sets of the training mixture (seed {result['seed']}) whose true MI lies in the central"
        " interval of each level. For independent data, whose MI is 0, the prediction has part of its probability at"
        " 0; an interval that begins at 0 counts by its share of this part (in brackets: counts in full). Each data"
        " set has its own shape and recipe. The standard error of a share is at most"
        f" {_largest_error(result['bands'])} percentage points in the rows bands.",
        "",
    ]
    for kind, bands in (("rows", result["bands"]), ("columns, both sides together", result["columns"])):
        lines += [
            f"| {kind} | data sets | {levels} | MAE |",
            "|---|---|" + "---|" * len(result["levels"]) + "---|",
        ]
        for band, values in bands.items():
            shares = zip(values["coverage"], values["counting_zeros"])
            cells = " | ".join(f"{share:.3f} ({full:.3f})" for share, full in shares)
            lines.append(f"| {band} | {values['data_sets']:,} | {cells} | {values['mae']:.3f} |")
        lines.append("")
    return "\n".join(lines)


def _largest_error(bands: dict) -> str:
    """Largest standard error of a share in percentage points: for a share of one half in the smallest band."""
    return f"{50 / math.sqrt(min(values['data_sets'] for values in bands.values())):.1f}"


def _independent(result: dict) -> str:
    lines = [
        f"Independent Student columns (3 degrees of freedom), {result['rows']} rows: the median estimate over the data"
        " sets, the range of the estimates, and the range of KSG (k = 5).",
        "",
        "| columns per side | median | range | KSG |",
        "|---|---|---|---|",
    ]
    for columns, v in result["columns"].items():
        lines.append(
            f"| {columns} | {v['median']:.4f} | {v['least']:.4f} to {v['largest']:.4f} |"
            f" {v['ksg_least']:.3f} to {v['ksg_largest']:.3f} |"
        )
    return "\n".join(lines) + "\n"


def _few_values(result: dict) -> str:
    names = f"columns per side | mean MI, {int(next(iter(result['rows']))):,} rows"
    lines = [
        "Columns of 2 to 10 values. A random table of probabilities joins each column of y to one column of x, so the"
        f" true MI is a sum over the tables (seed {result['seed']}). The plug-in estimate uses the joint table of the"
        " rows of the same data sets, with Miller and Madow's correction.",
        "",
        *_errors(names, "plug-in", "plug_in_mae", result["rows"]),
    ]
    return "\n".join(lines) + "\n"


def _bootstrap(result: dict) -> str:
    return (
        f"On the BMI tasks at {result['rows']} rows (seed {result['seed']}), the mean interval score of 90 % intervals"
        f" (width plus 20 times the distance of a miss; lower is better) is **{result['model']:.3f}** for mistd and"
        f" {result['bootstrap']:.3f} for a percentile bootstrap of KSG (k = 5, {result['resamples']} resamples). The"
        f" score of mistd is {result['ratio']} times lower, and it takes 1/{result['times_faster']} of the time.\n"
    )


def _neural(result: dict) -> str:
    lines = [
        f"Time of one estimate of `multinormal-dense-5-5-0.5` (true MI {result['mi']:.3f}) at {result['rows']:,} rows."
        " mistd runs on one thread. MINE and InfoNCE of `benchmark-mi` run at its default settings; their time is the"
        " mean of four fits (to the samples and to three bootstrap resamples). Their interval would take 100 fits,"
        " which are counted here, not run.",
        "",
        "| estimator | seconds | estimate | one fit, times slower | with an interval, times slower |",
        "|---|---|---|---|---|",
    ]
    own = result["model"]
    lines.append(f"| **mistd**, with interval | {own['seconds']:.4f} | {own['estimate']:.3f} | 1 | 1 |")
    for name in ("MINE", "InfoNCE"):
        r = result[name]
        times = f"{r['times_slower']:,} | {r['interval_times_slower']:,}"
        lines.append(f"| {name} | {r['seconds']:.1f} | {r['estimate']:.3f} | {times} |")
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


_SECTIONS: dict[str, tuple[str, Callable[[dict], str]]] = {
    "bmi": ("The BMI benchmark", _bmi),
    "joint": ("Dependence in three or more columns together", _joint),
    "calibration": ("Calibration on the training mixture", _calibration),
    "ablation": ("What each input is worth", _ablation),
    "independent": ("Independent data", _independent),
    "few_values": ("Columns of few values", _few_values),
    "bootstrap": ("Intervals against a bootstrap", _bootstrap),
    "neural": ("Time against neural estimators", _neural),
}

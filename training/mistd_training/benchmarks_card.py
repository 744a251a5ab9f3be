"""The part of evaluation.json that `benchmarks` measures, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable


def benchmark_tables(evaluation: dict) -> str:
    """A section for each benchmark that was measured; empty when none was."""
    sections = [
        f"## {title}\n\n{table(evaluation[name])}" for name, (title, table) in _SECTIONS.items() if name in evaluation
    ]
    if {"bmi", "joint"} <= evaluation.keys():
        sections.append("## Where it fails\n\n" + _failures(evaluation["bmi"], evaluation["joint"]))
    return "\n".join(sections)


def _bmi(result: dict) -> str:
    sizes = list(result["rows"])
    lines = [
        "The 40 tasks of the BMI benchmark (Czyż et al. 2023), none of them trained on. Mean absolute error in nats"
        f" over the tasks and seeds {result['seeds']}, and for mistd the coverage of its 90 % interval; published"
        " figures are their authors'.",
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
    lines += ["", "By task, estimate for the true MI, averaged over the seeds:", ""]
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
        f" (`families/joint_validation.py`), alone and with two noise columns on each side; seed {result['seed']}. KSG"
        " (k = 5) on the same data sets.",
        "",
        *_errors("family | mean MI", "KSG", "ksg_mae", families),
        "| **all** | | " + _error_cells(result["rows"].values(), "ksg_mae"),
    ]
    return "\n".join(lines) + "\n"


def _errors(names: str, rival: str, rival_mae: str, sizes: dict[str, dict[str, dict]]) -> list[str]:
    """A table of what `scores_of` and a rival say of the same data sets, sizes: rows → name → scores."""
    head = " | ".join(f"MAE, {int(rows):,} rows | {rival} | coverage of 90 %" for rows in sizes)
    lines = [f"| {names} | {head} |", "|---|---|" + "---|---|---|" * len(sizes)]
    for name, first in next(iter(sizes.values())).items():
        cells = _error_cells((named[name] for named in sizes.values()), rival_mae)
        lines.append(f"| {name} | {first['mean_mi']:.2f} | {cells}")
    return lines


def _error_cells(parts: Iterable[dict], rival_mae: str) -> str:
    return " | ".join(f"{p['mae']:.3f} | {p[rival_mae]:.3f} | {p['coverage_90']:.2f}" for p in parts) + " |"


def _failures(bmi: dict, joint: dict, count: int = 12) -> str:
    """The largest errors of the two tables above at 1,000 rows."""
    tasks = bmi["rows"]["1000"]["tasks"]
    families = joint["rows"]["1000"]["families"]
    errors = [(name, v["mi"], v["mae"], v["coverage_90"]) for name, v in tasks.items()]
    errors += [(f"joint: {name}", v["mean_mi"], v["mae"], v["coverage_90"]) for name, v in families.items()]
    worst = sorted(errors, key=lambda row: -row[2])[:count]
    return "\n".join(
        [
            f"The {count} largest mean absolute errors among the BMI tasks and the joint structures at 1,000 rows, and"
            " how often the 90 % interval says so.",
            "",
            "| | MI, or its mean | MAE | coverage of 90 % |",
            "|---|---|---|---|",
            *(f"| {name} | {mi:.2f} | {mae:.3f} | {coverage:.2f} |" for name, mi, mae, coverage in worst),
            "",
        ]
    )


def _ablation(result: dict) -> str:
    lines = [
        f"Errors of version {result['version']} in nats with an input taken away (set to 0), with parts that read some"
        " rows reading fewer or more, averaged over orders or parts of the rows, or with its weights in 8 bits, on"
        f" {result['data_sets']:,} fresh data sets of the training mixture (seed {result['seed']}) and on the held-out"
        " joint structures at 1,000 rows. This says what the trained network leans on, not how well another would do"
        " that was trained without. `mistd-train ablate` makes it.",
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
        " interval of each level. Independent data, whose MI is 0, have part of the predicted probability at 0; of an"
        " interval that begins there its share of that part counts (in brackets: counts in full). Each data set has a"
        " shape and a recipe of its own, so a share has a standard error of at most"
        f" {_largest_error(result['bands'])} points among the rows bands.",
        "",
    ]
    for kind, bands in (("rows", result["bands"]), ("columns of both sides", result["columns"])):
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
    """Of a share of data sets that are independent of each other, in points: at one half, of the smallest band."""
    return f"{50 / math.sqrt(min(values['data_sets'] for values in bands.values())):.1f}"


def _independent(result: dict) -> str:
    lines = [
        f"Independent Student columns (3 degrees of freedom), {result['rows']} rows: the median estimate over data"
        " sets, its range, and KSG's range (k = 5).",
        "",
        "| columns a side | median | range | KSG |",
        "|---|---|---|---|",
    ]
    for columns, v in result["columns"].items():
        lines.append(
            f"| {columns} | {v['median']:.4f} | {v['least']:.4f} to {v['largest']:.4f} |"
            f" {v['ksg_least']:.3f} to {v['ksg_largest']:.3f} |"
        )
    return "\n".join(lines) + "\n"


def _few_values(result: dict) -> str:
    names = f"columns a side | mean MI, {int(next(iter(result['rows']))):,} rows"
    lines = [
        "Columns of 2 to 10 values, each column of y with one of x by a random table of probabilities, so that the true"
        f" MI is a sum over columns (seed {result['seed']}). The plug-in estimate from the table of all rows (with"
        " Miller and Madow's correction) on the same data sets.",
        "",
        *_errors(names, "plug-in", "plug_in_mae", result["rows"]),
    ]
    return "\n".join(lines) + "\n"


def _bootstrap(result: dict) -> str:
    return (
        f"On the BMI tasks at {result['rows']} rows (seed {result['seed']}), the mean interval score of 90 % intervals"
        f" (width plus 20 times the distance of a miss; lower is better) is **{result['model']:.3f}** for mistd and"
        f" {result['bootstrap']:.3f} for a percentile bootstrap of KSG (k = 5, {result['resamples']} resamples):"
        f" {result['ratio']} times lower, in 1/{result['times_faster']} of the time.\n"
    )


def _neural(result: dict) -> str:
    lines = [
        f"One estimate of `multinormal-dense-5-5-0.5` (true MI {result['mi']:.3f}) at {result['rows']:,} rows in one"
        " run: mistd on one thread, MINE and InfoNCE of `benchmark-mi` at their own settings, the mean of four fits"
        " (the samples and three bootstrap resamples). For an interval MINE and InfoNCE are fitted to 100 resamples;"
        " that is counted here, not run.",
        "",
        "| estimator | seconds | estimate | one fit, times slower | with an interval, times slower |",
        "|---|---|---|---|---|",
    ]
    own = result["model"]
    lines.append(f"| **mistd**, with its interval | {own['seconds']:.4f} | {own['estimate']:.3f} | 1 | 1 |")
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

"""A user's CSV → the columns of x and y that a model is adapted to, or a clear word on why not."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Words for a missing value, as the service reads CSV.
MISSING = {"", "na", "n/a", "nan", "null", "none"}
LEAST_ROWS = 40
LEAST_VALUES = 10
MOST_EQUAL = 0.25  # share of rows with one value
SAME_ORDER = 0.9999  # rank correlation


class InputError(ValueError):
    """What was given cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class OwnSamples:
    """x: [rows, dim_x], y: [rows, dim_y], finite; names of the columns; dropped: rows left out for a missing value;
    tied: share of values that equal another of their column, by column."""

    x: np.ndarray
    y: np.ndarray
    names_x: list[str]
    names_y: list[str]
    dropped: int
    tied: dict[str, float]


def read_samples(path: Path, x: str, y: str) -> OwnSamples:
    """Read the columns named by x and y (`a,b`; a name with a comma in double quotes) of a CSV file with a header.

    Raises InputError when a normalizing flow cannot be fitted to them.
    """
    names_x, names_y = _names(x, "--x"), _names(y, "--y")
    if both := [name for name in names_x if name in names_y]:
        raise InputError(f"column {both[0]!r} is on both sides: leave it out of --x or of --y")
    names = names_x + names_y
    values, dropped = _read(path, names)
    if len(values) < LEAST_ROWS:
        left_out = f" ({dropped} more have a missing value)" if dropped else ""
        raise InputError(
            f"{path} has {len(values)} complete rows{left_out}: adapting needs {LEAST_ROWS}, half of them to judge by"
        )
    tied = {name: _tied_share(name, column) for name, column in zip(names, values.T)}
    cut = len(names_x)
    for side, side_names in ((values[:, :cut], names_x), (values[:, cut:], names_y)):
        _check_apart(side, side_names)
    return OwnSamples(values[:, :cut], values[:, cut:], names_x, names_y, dropped, tied)


def _names(text: str, option: str) -> list[str]:
    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not names or not all(names):
        raise InputError(f"{option} {text!r}: name columns, separated by commas")
    if len(set(names)) < len(names):
        raise InputError(f"{option} {text!r} names a column twice")
    return names


def _read(path: Path, names: list[str]) -> tuple[np.ndarray, int]:
    """Complete rows of the named columns [rows, columns], and how many others there are."""
    rows, dropped = [], 0
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            places = [_place(header, name, path) for name in names]
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    place = f"{path}, line {reader.line_num}"
                    raise InputError(f"{place}: {len(cells)} cells, but the header names {len(header)} columns")
                row = [_number(cells[place], name, path, reader.line_num) for place, name in zip(places, names)]
                if None in row:
                    dropped += 1
                else:
                    rows.append(row)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} is not a CSV file in UTF-8: {error}") from error
    return np.array(rows, dtype=float).reshape(-1, len(names)), dropped


def _place(header: list[str], name: str, path: Path) -> int:
    if header.count(name) == 1:
        return header.index(name)
    if name in header:
        raise InputError(f"{path} has several columns called {name!r}: give them different names")
    raise InputError(f"{path} has no column {name!r}; it has {', '.join(header) or 'no header at all'}")


def _number(cell: str, name: str, path: Path, line: int) -> float | None:
    """None for a missing value."""
    if cell.strip().lower() in MISSING:
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{path}, line {line}, column {name!r}: {cell!r} is not a finite number")
    return value


def _tied_share(name: str, column: np.ndarray) -> float:
    """Share of values that are not alone. Raises InputError when the column is too discrete for a density."""
    values, counts = np.unique(column, return_counts=True)
    if len(values) == 1:
        raise InputError(f"column {name!r} is constant ({values[0]:g}): it says nothing, leave it out")
    if len(values) < LEAST_VALUES or counts.max() > MOST_EQUAL * len(column):
        raise InputError(
            f"column {name!r} is discrete: {len(values)} different values, {counts.max() / len(column):.0%} of the rows"
            f" have {values[counts.argmax()]:g}. A normalizing flow needs continuous columns: leave it out. The default"
            " model was trained on discrete columns too"
        )
    return round(float(counts[counts > 1].sum() / len(column)), 3)


def _check_apart(side: np.ndarray, names: list[str]) -> None:
    """Two columns in the same order have no density together."""
    ranks = side.argsort(0, kind="stable").argsort(0)
    correlation = np.abs(np.atleast_2d(np.corrcoef(ranks, rowvar=False))) - np.eye(side.shape[1])
    if correlation.max() > SAME_ORDER:
        i, j = np.unravel_index(correlation.argmax(), correlation.shape)
        raise InputError(f"columns {names[i]!r} and {names[j]!r} order the rows alike: leave one of them out")

"""Reads a user's CSV file for `mistd-train adapt`: the columns of x and y, or an error with a remedy."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Cells that mean a missing value, as in the service.
MISSING = {"", "na", "n/a", "nan", "null", "none"}
LEAST_ROWS = 40
LEAST_VALUES = 10  # distinct values of a continuous column
MOST_EQUAL = 0.25  # largest share of rows with the same value
SAME_ORDER = 0.9999  # columns with a larger rank correlation count as having the same order


class InputError(ValueError):
    """The input cannot be used. The message states the reason and the remedy."""


@dataclass(frozen=True)
class OwnSamples:
    """The user's samples: complete rows of the selected columns.

    x: [rows, dim_x]; y: [rows, dim_y]; both finite. names_x, names_y: names of the columns; dropped: number of rows
    left out because of a missing value; tied: for each column, the share of values that occur more than once.
    """

    x: np.ndarray
    y: np.ndarray
    names_x: list[str]
    names_y: list[str]
    dropped: int
    tied: dict[str, float]


def read_samples(path: Path, x: str, y: str) -> OwnSamples:
    """Read columns of a CSV file with a header.

    x, y: names of the columns, separated by commas; a name that contains a comma is in double quotes. Raises InputError
    if the file or the columns cannot be used, for example because a normalizing flow needs continuous columns.
    """
    names_x, names_y = _names(x, "--x"), _names(y, "--y")
    if both := [name for name in names_x if name in names_y]:
        raise InputError(f"column {both[0]!r} is on both sides: remove it from --x or from --y")
    names = names_x + names_y
    values, dropped = _read(path, names)
    if len(values) < LEAST_ROWS:
        incomplete = f" and {dropped} rows with a missing value" if dropped else ""
        raise InputError(
            f"{path} has {len(values)} complete rows{incomplete}; adapting needs at least {LEAST_ROWS} complete rows"
        )
    tied = {name: _tied_share(name, column) for name, column in zip(names, values.T)}
    cut = len(names_x)
    for side, side_names in ((values[:, :cut], names_x), (values[:, cut:], names_y)):
        _check_apart(side, side_names)
    return OwnSamples(values[:, :cut], values[:, cut:], names_x, names_y, dropped, tied)


def _names(text: str, option: str) -> list[str]:
    names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not names or not all(names):
        raise InputError(f"{option} {text!r} is not a list of columns: give their names, separated by commas")
    if len(set(names)) < len(names):
        raise InputError(f"{option} {text!r} names a column twice: give each column once")
    return names


def _read(path: Path, names: list[str]) -> tuple[np.ndarray, int]:
    """Complete rows of the named columns [rows, columns], and the number of rows with a missing value."""
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
                    cell_count = f"{len(cells)} cell{'s' if len(cells) != 1 else ''}"
                    raise InputError(
                        f"{path}, line {reader.line_num}: the row has {cell_count}; the header has {len(header)}"
                    )
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
        raise InputError(f"{path} has several columns named {name!r}: give them different names")
    if not header:
        raise InputError(f"{path} is empty: it needs a header with the names of the columns")
    raise InputError(f"{path} has no column {name!r}; its columns are {', '.join(header)}")


def _number(cell: str, name: str, path: Path, line: int) -> float | None:
    """The value of a cell, or None if it is missing. Raises InputError if it is not a finite number."""
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
    """Share of values that occur more than once. Raises InputError if the column is constant or discrete."""
    values, counts = np.unique(column, return_counts=True)
    if len(values) == 1:
        raise InputError(f"column {name!r} is constant ({values[0]:g}) and carries no information: leave it out")
    if len(values) < LEAST_VALUES or counts.max() > MOST_EQUAL * len(column):
        raise InputError(
            f"column {name!r} is discrete: it has {len(values)} different values, and {counts.max() / len(column):.0%}"
            f" of the rows have the value {values[counts.argmax()]:g}. A normalizing flow needs continuous columns:"
            " leave it out, or use the default model, which was trained on discrete columns too"
        )
    return round(float(counts[counts > 1].sum() / len(column)), 3)


def _check_apart(side: np.ndarray, names: list[str]) -> None:
    """Raise InputError if two columns have the same order: together they have no density."""
    ranks = side.argsort(0, kind="stable").argsort(0)
    correlation = np.abs(np.atleast_2d(np.corrcoef(ranks, rowvar=False))) - np.eye(side.shape[1])
    if correlation.max() > SAME_ORDER:
        i, j = np.unravel_index(correlation.argmax(), correlation.shape)
        raise InputError(f"columns {names[i]!r} and {names[j]!r} have the same order of rows: leave one of them out")

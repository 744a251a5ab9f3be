"""Reading a user's CSV file."""

import numpy as np
import pytest
from user_samples import bent, write_csv

from mistd_training.adapt.own_samples import InputError, read_samples


def test_columns_are_read_by_name_and_rows_with_a_missing_value_are_left_out(tmp_path):
    ties = np.arange(62) // 4
    path = write_csv(tmp_path / "own.csv", 62, **{"d, e": ["NA", "", *ties[2:]]})
    samples = read_samples(path, "b,a", '"d, e"')
    assert samples.names_x == ["b", "a"] and samples.names_y == ["d, e"]
    assert samples.x.shape == (60, 2) and samples.y.shape == (60, 1) and samples.dropped == 2
    np.testing.assert_allclose(samples.x, bent(62, 0)[2:, ::-1])
    assert samples.tied == {"b": 0, "a": 0, "d, e": 1}


@pytest.mark.parametrize(
    ("x", "y", "says"),
    [
        ("a,z", "b", "no column 'z'; its columns are a, b, c"),
        ("a,b", "b", "'b' is on both sides"),
        ("a,a", "b", "names a column twice"),
        ("", "b", "--x ''"),
        ("a,", "b", "not a list of columns"),
        ("a", "constant", "'constant' is constant"),
        ("a", "label", "'label' is discrete: it has 3 different values"),
        ("a", "censored", "'censored' is discrete"),
        ("a", "text", "line 2, column 'text': 'red' is not a finite number"),
        ("a", "infinite", "'inf' is not a finite number"),
        ("a,exp_a", "b", "'a' and 'exp_a' have the same order of rows"),
        ("a", "gaps", "has 30 complete rows and 30 rows with a missing value"),
    ],
)
def test_columns_that_cannot_be_used_are_named_with_the_reason(tmp_path, x, y, says):
    values = np.arange(60.0)
    path = write_csv(
        tmp_path / "own.csv", constant=0 * values, label=values % 3, censored=np.maximum(values, 30),
        text=["red"] * 60, infinite=["inf"] * 60, exp_a=np.exp(bent(60, 0)[:, 0]),
        gaps=["" if value % 2 else value for value in values],
    )  # fmt: skip
    with pytest.raises(InputError) as error:
        read_samples(path, x, y)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty: it needs a header"),
        (b"a,b\n1,2\n1\n", "line 3: the row has 1 cell; the header has 2"),
        (b"a,a,b\n1,2,3\n", "several columns named 'a'"),
        (b"a,b\n\xff,1\n", "not a CSV file in UTF-8"),
        (b"a,b\n1,2\n", "has 1 complete rows"),
    ],
)
def test_files_that_cannot_be_used_are_refused_with_the_reason(tmp_path, content, says):
    (tmp_path / "own.csv").write_bytes(content)
    with pytest.raises(InputError) as error:
        read_samples(tmp_path / "own.csv", "a", "b")
    assert says in str(error.value)

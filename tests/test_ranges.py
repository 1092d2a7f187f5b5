"""Several values in one text: nothing is guessed, and no size changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrest.errors import InputError
from vrest.ranges import is_several, read_values

UNITS = {"nM": 1e-6, "uM": 1e-3, "mM": 1.0, "M": 1e3}
NUMBERS = st.floats(1e-3, 900.0).map(lambda x: f"{x:.6g}")


@given(st.lists(st.tuples(NUMBERS, st.sampled_from(sorted(UNITS))), min_size=2, max_size=6))
def test_every_value_of_a_list_has_its_own_unit(values: list[tuple[str, str]]) -> None:
    text = ",".join(f"{number} {unit}" for number, unit in values)
    read = read_values(text, "concentration")
    np.testing.assert_allclose(read, [float(number) * UNITS[unit] for number, unit in values], rtol=1e-14)


@given(NUMBERS, NUMBERS, st.sampled_from(sorted(UNITS)), st.sampled_from(["lin", "log"]), st.integers(2, 50))
def test_a_range_has_its_ends_and_equal_steps(first: str, last: str, unit: str, how: str, count: int) -> None:
    if float(first) == float(last):
        return
    read = read_values(f"{first} {unit}:{last} {unit}:{how}:{count}", "concentration")
    ends = np.array([float(first), float(last)]) * UNITS[unit]
    np.testing.assert_allclose(read[[0, -1]], ends, rtol=1e-14)
    steps = np.diff(read if how == "lin" else np.log(read))
    np.testing.assert_allclose(steps, steps.mean(), rtol=1e-6, atol=1e-13 * np.abs(ends).max())
    assert len(read) == count


@given(NUMBERS, NUMBERS, st.sampled_from(sorted(UNITS)))
def test_a_unit_never_reaches_a_neighbour(bare: str, other: str, unit: str) -> None:
    for text in (f"{bare}, {other} {unit}", f"{other} {unit}, {bare}", f"{bare}:{other} {unit}:log"):
        with pytest.raises(InputError) as caught:
            read_values(text, "concentration", "outside")
        assert caught.value.code == "mixed_units", text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2,5", "decimal_comma"),
        ("2,5 mM", "decimal_comma"),
        ("-70,5", "decimal_comma"),
        ("2,5, 3,5", "decimal_comma"),
        ("2,5; 3,5", "bad_range"),
        ("2;5,3", "bad_range"),
        ("1,000,000", "not_a_number"),
        ("1,250,000 mM", "not_a_number"),
        ("1,,2", "bad_range"),
        ("1,", "bad_range"),
        (":5", "bad_range"),
        ("1:", "bad_range"),
        ("1:2:3", "bad_range"),  # a step or a count
        ("0:10:100", "bad_range"),
        ("1:2:log:1", "bad_range"),
        ("1:2:log:2.5", "bad_range"),
        ("1:2:log:3:4", "bad_range"),
        ("1:2,3", "bad_range"),
        ("0:5:log", "bad_range"),
        ("-1:5:log", "bad_range"),
        ("5:5", "bad_range"),
        ("1:2:Log", "bad_range"),
        ("1:100 mV", "mixed_units"),
        ("1 mM:100 mV", "wrong_unit"),
        ("a:b", "not_a_number"),
        ("1e400:2", "not_finite"),
    ],
)
def test_what_is_not_clear_is_refused(text: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read_values(text, "concentration", "outside")
    assert caught.value.code == code, caught.value
    assert caught.value.hint
    assert "outside" in caught.value.message


def test_a_logarithm_of_a_temperature_is_refused() -> None:
    with pytest.raises(InputError, match="no zero"):
        read_values("10:37:log", "temperature")
    assert read_values("10:30:lin:3", "temperature").tolist() == [283.15, 293.15, 303.15]


def test_zero_needs_no_unit() -> None:
    assert read_values("0, 1 s, 1 min", "time").tolist() == [0.0, 1.0, 60.0]
    with pytest.raises(InputError):
        read_values("0, 310 K", "temperature")


def test_blanks_and_the_other_minus() -> None:
    assert read_values(" −70 mV , -65 mV ", "potential").tolist() == [-0.07, -0.065]
    assert not is_several("−7,5")
    assert is_several("2, 5")

"""Nernst, GHK and Mullins-Noda of bare numbers and of arrays, against the equations written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import vrest
from vrest.errors import InputError

R, F = 8.31446261815324, 96485.33212331
MM = st.floats(0.01, 500.0)
MANY = st.lists(MM, min_size=1, max_size=4)


def thermal(celsius: float) -> float:
    """RT/F, mV."""
    return 1e3 * R * (celsius + 273.15) / F


@settings(max_examples=50)
@given(MANY, MM, st.floats(0.0, 45.0))
def test_nernst_of_an_array_is_that_of_each(outside: list[float], inside: float, celsius: float) -> None:
    found = vrest.nernst("Ca", inside=inside, outside=np.array(outside), celsius=celsius)
    expected = [thermal(celsius) / 2 * math.log(o / inside) for o in outside]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-11)


@settings(max_examples=50)
@given(MANY, MM, MM, MM, st.floats(0.001, 10.0))
def test_ghk_of_an_array_is_that_of_each(ko: list[float], ki: float, nai: float, clo: float, p: float) -> None:
    found = vrest.ghk([("K", ki, ko, 1), ("Na", nai, 145, p), ("Cl", 7, clo, 0.45)])
    for k, each in enumerate(ko):
        v = thermal(37) * math.log((each + p * 145 + 0.45 * 7) / (ki + p * nai + 0.45 * clo))
        alone = vrest.ghk([("K", ki, each, 1), ("Na", nai, 145, p), ("Cl", 7, clo, 0.45)])
        assert found.v[k] == pytest.approx(v, abs=1e-10) == pytest.approx(alone.v, abs=1e-10)
        assert found.E["K"][k] == pytest.approx(thermal(37) * math.log(each / ki), abs=1e-10)
        assert found.slope_shares["Na"][k] == pytest.approx(alone.slope_shares["Na"], rel=1e-12)
        assert found.ghk_shares is not None
        assert alone.ghk_shares is not None
        assert found.ghk_shares["Cl"]["depolarising"][k] == pytest.approx(alone.ghk_shares["Cl"]["depolarising"])


def test_ions_of_any_valence_and_a_side_without_one() -> None:
    found = vrest.ghk([("K", 140, 5, 1), ("Ca", 1e-4, [0.0, 1.5], 1)])

    def current(v: float, cao: float) -> float:
        u = v / thermal(37)
        flux = [
            z * z * u * (ci - co * math.exp(-z * u)) / (1 - math.exp(-z * u))
            for z, ci, co in ((1, 140, 5), (2, 1e-4, cao))
        ]
        return sum(flux)

    expected: list[Any] = [brentq(current, -150.0, -1.0, args=(cao,), xtol=1e-10) for cao in (0.0, 1.5)]
    np.testing.assert_allclose(found.v, expected, atol=1e-6)
    assert math.isnan(found.E["Ca"][0])
    assert vrest.ghk([("K", 140, 5, 1), ("Ca", 1e-4, 0.0, 1)]).E["Ca"] is None


def zero_of_both_leaks(ki: float, ko: float, nai: float, nao: float, p: float, r: float) -> float:
    """V where r K+ leak out for each Na+ that leaks in: what a pump of that ratio makes good."""

    def flux(v: float, inside: float, outside: float) -> float:
        u = v / thermal(37)
        return inside - outside if u == 0.0 else u * (inside - outside * math.exp(-u)) / -math.expm1(-u)

    return brentq(lambda v: r * flux(v, ki, ko) + p * flux(v, nai, nao), -400.0, 400.123, xtol=1e-11)  # pyright: ignore[reportReturnType]


@settings(max_examples=50)
@given(MM, MM, MM, MM, st.floats(0.001, 1.0), st.floats(0.5, 3.0))
def test_mullins_noda_is_where_the_pump_makes_good_both_leaks(
    ki: float, ko: float, nai: float, nao: float, p: float, r: float
) -> None:
    found = vrest.mullins_noda([("Na", nai, nao, p), ("K", ki, ko, 1)], pump_ratio=r)
    expected = zero_of_both_leaks(ki, ko, nai, nao, p, r)
    assert found == pytest.approx(expected, abs=1e-7)


def test_arrays_broadcast_in_all_three() -> None:
    ko, r = np.array([2.5, 5.0, 10.0]), np.array([[1.0], [1.5]])
    cell = [("K", 140, ko, 1), ("Na", 15, 145, 0.04)]
    found = vrest.mullins_noda(cell, pump_ratio=r)
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found[0], vrest.ghk(cell).v, rtol=1e-13)
    assert np.all(found[1] < found[0])
    assert vrest.nernst("K", inside=[[100], [140]], outside=ko).shape == (2, 3)
    assert vrest.ghk(cell, celsius=[20, 30, 37]).v.shape == (3,)
    assert vrest.ghk(cell).varied[0].name == "K outside"
    assert isinstance(vrest.mullins_noda([("K", 140, 5, 1), ("Na", 15, 145, 0.04)]), float)


K, NA = ("K", 140, 5, 1), ("Na", 15, 145, 0.04)


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda: vrest.nernst("K", inside=[1, 2], outside=[1, 2, 3]), "bad_shape"),
        (lambda: vrest.nernst("K", inside=140, outside=[0, 5]), "undefined"),
        (lambda: vrest.nernst("K", inside=140, outside=[-1, 5]), "out_of_range"),
        (lambda: vrest.ghk([("K", [1, 2], [1, 2, 3], 1)]), "bad_shape"),
        (lambda: vrest.ghk([("K", 140, [0, 5], 1)]), "undefined"),
        (lambda: vrest.ghk([K, ("Na", 15, 145, [-1, 1])]), "out_of_range"),
        (lambda: vrest.ghk([("K", 140, 5, [0, 1]), ("Na", 15, 145, 0)]), "undefined"),
        (lambda: vrest.mullins_noda([K]), "not_in_equation"),
        (lambda: vrest.mullins_noda([K, NA, ("Cl", 7, 110, 0.45)]), "not_in_equation"),
        (lambda: vrest.mullins_noda([K, NA], pump_ratio=0), "out_of_range"),
        (lambda: vrest.mullins_noda([K, NA], pump_ratio=[1.5, -1]), "out_of_range"),
        (lambda: vrest.mullins_noda([("K", 140, 0, 1), ("Na", 15, 0, 0.04)]), "undefined"),
        (lambda: vrest.mullins_noda([K, K]), "duplicate_ion"),
        (lambda: vrest.mullins_noda([]), "no_ions"),
        (lambda: vrest.mullins_noda([K, ("Na", 15, 145, "4e-8 cm/s")]), "mixed_permeabilities"),
    ],
)
def test_what_has_no_answer_is_refused(ask, code: str) -> None:
    with pytest.raises(InputError) as caught:
        ask()
    assert caught.value.code == code
    assert caught.value.hint


def test_a_sweep_is_drawn() -> None:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    vrest.ghk([("K", 140, np.geomspace(1, 100, 9), 1), NA]).plot(ax)
    assert (ax.get_xscale(), ax.get_xlabel(), len(ax.lines)) == ("log", "K outside (mM)", 3)

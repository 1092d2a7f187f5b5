"""Mass balances against closed forms and SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from vrest.physics.speciation import Forms, equilibrium_constant, free_metals, root_between, shares

R = 8.31446261815324

amounts = st.floats(-12.0, 3.0).map(lambda power: 10.0**power)
"""mol/m3, from a picomolar to a molar and more."""

affinities = st.floats(-8.0, 60.0)
"""ln K per mol/m3."""


def test_a_constant_moves_with_temperature_by_van_t_hoff():
    enthalpy, heat_capacity, start, end = 30e3, -150.0, 298.15, 315.0
    slope = quad(lambda t: (enthalpy + heat_capacity * (t - start)) / (R * t * t), start, end)[0]
    found = equilibrium_constant(2.0, enthalpy=enthalpy, heat_capacity=heat_capacity, reference=start, temperature=end)
    assert found == pytest.approx(2.0 + slope, rel=1e-12)


@given(st.floats(-40.0, 40.0))
def test_an_acid_shares_out_by_henderson_and_hasselbalch(excess):
    forms = Forms(ligand=np.array([0, 0]), metal=np.array([-1, -1]))
    assert shares(forms, np.array([0.0, excess]), np.array([]))[1] == pytest.approx(
        1.0 / (1.0 + math.exp(-excess)), rel=1e-13
    )


@given(amounts, amounts, affinities)
def test_one_ligand_and_one_metal_obey_the_quadratic(ligand, metal, affinity):
    forms = Forms(ligand=np.array([0, 0]), metal=np.array([-1, 0]))
    free = float(free_metals(forms, np.array([0.0, affinity]), np.array([ligand]), np.array([metal]))[0])
    k = math.exp(affinity)
    b = 1.0 + k * (ligand - metal)
    root = math.sqrt(b * b + 4.0 * k * metal)
    exact = 2.0 * metal / (b + root) if b > 0.0 else (root - b) / (2.0 * k)
    # what rounding of the totals alone does, where nearly all is bound
    assert free == pytest.approx(exact, rel=1e-12 + 1e-15 * abs(b) * metal * k / (root * exact * k))


@st.composite
def mixtures(draw):
    """One or two metals, one to four ligands, each with one to four forms of which some hold a metal."""
    metals = draw(st.integers(1, 2))
    ligand, metal, weight = [], [], []
    for i in range(draw(st.integers(1, 4))):
        forms = [-1, *draw(st.lists(st.integers(-1, metals - 1), max_size=3))]
        ligand += [i] * len(forms)
        metal += forms
        weight += [0.0, *(draw(affinities) for _ in forms[1:])]
    each = np.array([draw(amounts) for _ in range(i + 1)]), np.array([draw(amounts) for _ in range(metals)])
    return Forms(ligand=np.array(ligand), metal=np.array(metal)), np.array(weight), *each


def bound(forms, weight, ligands, free):
    """What of each metal the ligands hold, written out."""
    held = [0.0] * len(free)
    for i, ligand in enumerate(ligands):
        mine = [j for j in range(len(weight)) if forms.ligand[j] == i]
        terms = [math.exp(weight[j]) * (free[forms.metal[j]] if forms.metal[j] >= 0 else 1.0) for j in mine]
        for j, term in zip(mine, terms, strict=True):
            if forms.metal[j] >= 0:
                held[forms.metal[j]] += ligand * term / math.fsum(terms)
    return held


@given(mixtures())
@settings(max_examples=300, deadline=None)
def test_every_total_is_kept(mixture):
    forms, weight, ligands, totals = mixture
    free = free_metals(forms, weight, ligands, totals)
    assert np.all(free > 0.0)
    assert np.all(free <= totals * (1.0 + 1e-12))
    # in relation to all that has to balance: rounding of a large ligand moves what little metal it holds
    for total, unbound, held in zip(totals, free, bound(forms, weight, ligands, free), strict=True):
        assert unbound + held == pytest.approx(total, rel=1e-11)


@given(mixtures())
@settings(max_examples=60, deadline=None)
def test_two_metals_by_nested_bisection(mixture):
    """Each balance is monotone in its own metal, and so is the second once the first is solved."""
    forms, weight, ligands, totals = mixture
    found = free_metals(forms, weight, ligands, totals)

    def first(others):
        return brentq(
            lambda x: math.exp(x) + bound(forms, weight, ligands, [math.exp(x), *others])[0] - totals[0],
            math.log(totals[0]) - 80.0,
            math.log(totals[0]) + 1e-9,
            xtol=1e-14,
        )

    def second(y):
        free = [math.exp(first([math.exp(y)])), math.exp(y)]
        return free[1] + bound(forms, weight, ligands, free)[1] - totals[1]

    if len(totals) == 1:
        exact = [math.exp(first([]))]
    else:
        y = brentq(second, math.log(totals[1]) - 80.0, math.log(totals[1]) + 1e-9, xtol=1e-13)
        exact = [math.exp(first([math.exp(y)])), math.exp(y)]
    # compared by what they bind: where all but rounding is bound, free concentrations are not determined better
    for mine, theirs, total in zip(
        bound(forms, weight, ligands, found), bound(forms, weight, ligands, exact), totals, strict=True
    ):
        assert mine == pytest.approx(theirs, abs=1e-9 * total)


def test_what_is_held_constant_binds_in_proportion():
    none, empty = Forms(ligand=np.array([], dtype=int), metal=np.array([], dtype=int)), np.array([])
    free = free_metals(none, empty, empty, np.array([3.0]), bound_per_free=np.array([0.5]))
    assert free == pytest.approx([2.0], rel=1e-14)
    assert len(free_metals(none, empty, empty, empty)) == 0


@given(st.floats(-5.0, 5.0), st.floats(0.01, 40.0))
def test_a_root_in_a_bracket_as_brent_finds_it(where, steepness):
    def f(x):
        return math.expm1(min(steepness * (x - where), 500.0))

    assert root_between(f, -7.0, 6.0, tolerance=1e-12) == pytest.approx(brentq(f, -7.0, 6.0, xtol=1e-13), abs=1e-11)
    assert root_between(f, where + 1.0, where + 2.0, tolerance=1e-12) is None


def test_an_end_can_be_the_root():
    assert root_between(lambda x: x, 0.0, 1.0, tolerance=1e-12) == 0.0
    assert root_between(lambda x: x, -1.0, 0.0, tolerance=1e-12) == 0.0

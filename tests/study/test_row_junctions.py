"""The junction of each row, and what rows share of its error: against `ljp`, and Nernst-Planck of other mobilities."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import vrest
from vrest.constants import F, R
from vrest.model.solution.mobilities import mobility_of
from vrest.physics.junction import nernst_planck
from vrest.study.fit.fit import fitted
from vrest.study.fit.row_junctions import with_amounts

PIPETTE = {"name": "internal", "kind": "pipette", "ions": {"K": 140, "Na": 10, "Cl": 10, "gluconate": 140}}
IONS = {"K": 3, "Na": 145, "Cl": 152, "Ca": 2}
BATH = {"name": "saline", "kind": "bath", "ions": IONS}
KO = np.array([3.0, 10.0, 30.0, 100.0])
PHI = 1e3 * R * 295.15 / F


def changed(k):
    return {"name": "changed", "ions": IONS | {"K": k, "Na": 148 - k}}


def ghk(ko, ratio):
    return PHI * np.log((ko + ratio * (148 - ko)) / (140 + ratio * 10))


@pytest.fixture(scope="module")
def junction():
    return vrest.ljp(PIPETTE, BATH, celsius=22)


@pytest.fixture(scope="module")
def cell(junction):
    return vrest.bare_membrane(junction.pipette, junction.bath)


def test_each_row_has_the_junction_of_its_own_bath(cell, junction):
    found = vrest.fit(cell, {"Ko swap Na": KO, "Vm": ghk(KO, 0.03)}, ljp=junction)
    alone = [vrest.ljp(PIPETTE, changed(k), celsius=22) for k in KO]
    assert found.data.junction == pytest.approx([each.value for each in alone], abs=1e-9)
    assert np.sqrt((found.data.shared**2).sum(axis=1)) == pytest.approx([each.sd for each in alone], rel=1e-9)
    assert np.ptp(found.data.junction) > 3
    (told,) = (w.message for w in found.warnings if w.code == "zeroed_in_each_bath")
    assert "--reference '3 M KCl'" in told


def test_swapped_sides_are_asked_about_once():
    turned = vrest.ljp({"ions": BATH["ions"]}, {"ions": PIPETTE["ions"]}, celsius=22)
    found = vrest.fit(vrest.bare_membrane(turned.pipette, turned.bath), {"Vm": [40.0, 41.0]}, ljp=turned)
    assert [each.code for each in (*turned.warnings, *found.warnings)].count("sides_look_swapped") == 2


def test_what_was_changed_in_the_bath_of_all_rows_changes_their_junction(cell, junction):
    other = vrest.apply(cell, "outside.K=10 mM swap Na")
    found = vrest.fit(other, {"Vm": [-45.0, -46.0]}, "P_Na/P_K", ljp=junction)
    alone = vrest.ljp(PIPETTE, changed(10), celsius=22).value
    assert found.data.junction == pytest.approx([alone, alone], abs=1e-9)


def test_the_unit_may_stand_behind_the_companion(cell, junction):
    heads = ("Ko swap Na", "Ko (mM) swap Na", "Ko swap Na (mM)", "Ko swap Na (M)")
    found = [
        vrest.fit(cell, {head: KO / (1e3 if "(M)" in head else 1), "Vm": ghk(KO, 0.03)}, ljp=junction).data.rows
        for head in heads
    ]
    for rows in found[1:]:
        assert rows == pytest.approx(found[0])


@pytest.mark.parametrize("reference", ["3 M KCl", "bath"])
def test_baths_that_came_after_the_seal_move_the_reference(cell, reference):
    junction = vrest.ljp(PIPETTE, BATH, celsius=22, reference=reference)
    found = vrest.fit(cell, {"Ko swap Na": KO, "Vm": ghk(KO, 0.03)}, ljp=junction)
    for k, taken in zip(KO[1:], found.data.junction[1:], strict=True):
        alone = vrest.ljp(PIPETTE, BATH, celsius=22, reference=reference, new_bath=changed(k))
        assert taken == pytest.approx(alone.off, abs=1e-9)
    assert found.data.junction[0] == pytest.approx(junction.value, abs=1e-9)
    assert "zeroed_in_each_bath" not in [w.code for w in found.warnings]


def test_a_pellet_sees_the_chloride_of_each_bath(cell):
    junction = vrest.ljp(PIPETTE, BATH, celsius=22, pellet=True)
    data = {"Clo with Na": [152.0, 76.0], "Vm": [-60.0, -58.0]}
    with_cl = vrest.bare_membrane(junction.pipette, junction.bath, ["K", "Na", "Cl"])
    first, second = vrest.fit(with_cl, data, ljp=junction).data.junction
    assert second - first == pytest.approx(PHI * math.log(76 / 152), abs=1e-9)


def test_the_shared_errors_are_those_of_other_mobilities(cell, junction):
    """Covariance of the rows, by solving each junction with each mobility wrong by a hundredth."""
    data = vrest.fit(cell, {"Ko swap Na": KO, "Vm": ghk(KO, 0.03)}, ljp=junction).data
    names = ["K", "Na", "Cl", "gluconate", "Ca"]
    valence = np.array([1, 1, -1, -1, 2])
    known = [mobility_of(name) for name in names]
    inside = np.array([140.0, 10.0, 10.0, 140.0, 0.0])

    def potentials(mobility):
        outside = [np.array([k, 148 - k, 152.0, 0.0, 2.0]) for k in KO]
        solved = (
            nernst_planck(valence=valence, mobility=mobility, pipette=inside, bath=o, temperature=295.15)
            for o in outside
        )
        return np.array([1e3 * each.potential for each in solved])

    u = np.array([m.u_rel for m in known])
    slopes = []
    for k, m in enumerate(known):
        up, down = u.copy(), u.copy()
        up[k] *= 1.01
        down[k] /= 1.01
        slopes.append((potentials(up) - potentials(down)) / (2 * math.log(1.01)) * m.relative_sd)
    expected = np.array(slopes).T @ np.array(slopes)
    assert data.shared @ data.shared.T == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_the_ratio_comes_back_from_what_the_amplifier_showed(cell, junction):
    showed = ghk(KO, 0.03) + [vrest.ljp(PIPETTE, changed(k), celsius=22).value for k in KO]
    found = vrest.fit(cell, {"Ko swap Na": KO, "Vm": showed}, ljp=junction)
    assert found.values["P_Na/P_K"] == pytest.approx(0.03, rel=1e-6)
    blind = vrest.fit(cell, {"Ko swap Na": KO, "Vm": showed}, ljp=0)
    assert blind.values["P_Na/P_K"] > 2 * 0.03


def test_an_inside_out_patch_has_the_bath_inside():
    solved = vrest.ljp(PIPETTE, BATH, celsius=22, config="inside-out")
    patch = vrest.bare_membrane(solved.bath, solved.pipette)
    v = PHI * np.log((140 + 0.03 * 10) / (KO + 0.03 * (148 - KO)))
    showed = -v + [vrest.ljp(PIPETTE, changed(k), celsius=22).value for k in KO]
    found = vrest.fit(patch, {"Ki": KO, "Nai": 148 - KO, "Vm": showed}, ljp=solved)
    assert found.values["P_Na/P_K"] == pytest.approx(0.03, rel=1e-6)


def test_a_row_that_charges_its_bath_has_no_junction(cell, junction):
    with pytest.raises(vrest.InputError, match=r"row 2 \(Ko = 10 mM\): the charge of '.*' changes by \+7 mM") as error:
        vrest.fit(cell, {"Ko": KO, "Vm": ghk(KO, 0.03)}, ljp=junction)
    assert error.value.code == "not_neutral"
    assert "Ko swap Na" in error.value.hint
    with pytest.raises(vrest.InputError, match=rf"row 2 .*the charge of '{junction.pipette.name}' changes by \+2 mM"):
        vrest.fit(cell, {"Nai": [10.0, 12.0, 14.0], "Vm": [-60.0, -59.0, -58.0]}, ljp=junction)


def test_what_is_said_twice_or_otherwise_is_refused(cell, junction):
    data = {"Ko swap Na": KO, "Vm": ghk(KO, 0.03)}
    for more, code in (({"config": "inside-out"}, "two_configurations"), ({"config": "sharp"}, "two_junctions")):
        with pytest.raises(vrest.InputError) as error:
            vrest.fit(cell, data, ljp=junction, **more)
        assert error.value.code == code


def test_a_metal_takes_its_complexes_along(junction):
    bound = vrest.model.solution.species.Species(
        name="CaEGTA(-2)", charge=-2, concentration=1.0, component="EGTA", metal="Ca"
    )
    solved = replace(junction.bath, species=(*junction.bath.species, bound))
    more = with_amounts(solved, {"Ca": 6.0, "Cl": 154.0})
    held = {s.name: s.concentration for s in more.species}
    assert (held["Ca"], held["CaEGTA(-2)"], held["K"]) == pytest.approx((4.0, 2.0, 3.0))


def test_bare_membranes_have_the_potential_of_the_ghk_equation():
    cell = vrest.bare_membrane(PIPETTE, BATH, ["K", "Na", "Cl"], celsius=22)
    v = PHI * math.log((3 + 0.04 * 145 + 0.45 * 10) / (140 + 0.04 * 10 + 0.45 * 152))
    assert vrest.rest(cell).v_rest == pytest.approx(v, abs=1e-6)


@pytest.mark.library
def test_intervals_cover_whatever_the_mobilities_are(cell, junction):
    """Each fit has mobilities off by their own errors, which moves all rows' junctions, each by its own slope."""
    rng, count = np.random.default_rng(20), 1_000
    ko = np.tile(KO, 3)
    begun = vrest.fit(cell, {"Ko swap Na": ko, "Vm": ghk(ko, 0.03), "sd": np.ones(12)}, ljp=junction)
    truth, shared, hits = begun.data.junction, begun.data.shared, 0
    for _ in range(count):
        showed = ghk(ko, 0.03) + truth + shared @ rng.normal(0, 1.0, shared.shape[1]) + rng.normal(0, 1.0, 12)
        v = showed - truth
        found = fitted(begun.cell, replace(begun.data, v=v), replace(begun.squares, v=v), 0.95).profiles[0]
        hits += found.low <= math.log(0.03) <= found.high
    assert 0.93 <= hits / count <= 0.97

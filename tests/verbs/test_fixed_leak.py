"""A leak with a reversal of its own: V feels it and no content pays. By closed forms, and SciPy over time."""

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import vrest
from vrest.constants import F, R

CELL = Path(__file__).with_name("dopaminergic.toml").read_text(encoding="utf-8")
CELL += """
pump = { law = "pump_hill", max_rate = "20 uA/cm2", k_outside = "saturating" }
pas = { law = "fixed_leak", conductance = "1e-5 S/cm2", reversal = "-65 mV" }
"""
HELD = CELL.replace('"fixed"', '"dialysed"').replace('impermeant = { concentration = "138 mM", valence = "solve" }', "")
PHI, CM, SURFACE_TO_VOLUME = R * 308.15 / F, 1e-2, 2 / 7.5e-6
OUTSIDE, Z, G = np.array([2.5, 145.0, 147.5]), np.array([1.0, 1.0, -1.0]), np.array([0.2, 0.04, 0.1])
START = np.array([140.0, 8.0, 10.0])
TURNS = np.array([-2.0, 3.0, 0.0])


def pump(na):
    return 0.2 / F / (1 + 10.0 / na) ** 3


def slope(t, x):
    """V (V) and contents (mM): every current moves V, that of the fixed leak alone no content."""
    v, c = x[0], x[1:]
    flux = G * (v - PHI / Z * np.log(OUTSIDE / c)) / (Z * F) + TURNS * pump(c[1])
    return [-(F * Z @ flux + 0.1 * (v + 0.065)) / CM, *(-SURFACE_TO_VOLUME * flux)]


def test_where_contents_are_held_it_is_one_more_conductance():
    e = PHI / Z * np.log(OUTSIDE / START)
    v = (G @ e + 0.1 * -0.065 - F * pump(8.0)) / (G.sum() + 0.1)
    found = vrest.rest(vrest.parse_cell(HELD))
    assert found.outcome.name == "rests"
    assert found.v_rest == pytest.approx(1e3 * v, abs=1e-6)
    assert found.uncounted_charge == {}
    told = vrest.explain(found)
    adds = -0.1 * (v + 0.065) / G.sum()
    assert f"The current of 'pas', which belongs to no ion's channel, makes {1e3 * adds:+.2f} mV of it." in " ".join(
        str(told).split()
    )


def test_where_contents_are_followed_v_settles_at_its_reversal():
    found = vrest.rest(vrest.parse_cell(CELL))
    inside = found.concentrations["inside"]
    na = brentq(lambda na: 0.04 * (-0.065 - PHI * np.log(145.0 / na)) / F + 3 * pump(na), 1e-3, 1e3, xtol=1e-14)
    k = 2.5 / np.exp((-0.065 - 2 * F * pump(na) / 0.2) / PHI)
    cl = 147.5 * np.exp(-0.065 / PHI)
    assert found.outcome.name == "rests"
    assert found.v_rest == pytest.approx(-65.0, abs=1e-6)
    assert [inside["K"], inside["Na"], inside["Cl"]] == pytest.approx([k, na, cl], rel=1e-7)
    gained = (np.array([k, na, cl]) - START) @ Z - CM * SURFACE_TO_VOLUME / F * (-0.065 + 0.060)
    assert found.uncounted_charge["inside"] == pytest.approx(gained, rel=1e-7)
    assert f"gained {gained:.4g} mM of charge that no membrane holds." in " ".join(str(found).split())
    assert not found.ledger  # nothing of it is conserved: the leak moves charge without ions


def test_over_time_it_is_scipy():
    exact = solve_ivp(slope, (0, 3600), [-0.06, *START], "LSODA", rtol=1e-10, atol=1e-12, t_eval=[0.01, 60, 3600])
    run = vrest.simulate(vrest.parse_cell(CELL), [], "1 h", times=["10 ms", "1 min", "1 h"])
    assert run.v == pytest.approx(1e3 * exact.y[0], abs=1e-4)
    amounts = [run.states[:, run.system.index["amount", f"inside.{ion}"]] for ion in ("K", "Na", "Cl")]
    assert np.array(amounts) == pytest.approx(exact.y[1:], rel=1e-6)


@pytest.mark.library
def test_without_it_charge_is_that_of_the_contents():
    off = vrest.rest(vrest.parse_cell(CELL), "pas.conductance=0 S/cm2")
    without = vrest.rest(vrest.parse_cell("\n".join(line for line in CELL.splitlines() if "fixed_leak" not in line)))
    assert off.v_rest == pytest.approx(without.v_rest, abs=1e-9)
    assert [account.name for account in off.ledger] == ["inside.K + inside.Na - inside.Cl - charge(m)"]
    assert off.uncounted_charge["inside"] == pytest.approx(0, abs=1e-9)
    assert "untracked_charge" not in [notice.code for notice in off.warnings]


@pytest.mark.parametrize("text", [CELL, HELD])
def test_results_say_that_it_is_not_counted(text):
    cell = vrest.parse_cell(text)
    said = "membrane 'm', pas: its charge is not counted; no ion that is followed carries it"
    for result in (cell, vrest.rest(cell), vrest.simulate(cell, [], "1 s", times=["1 s"])):
        found = vrest.notices(result) if result is cell else result.warnings
        assert [n.code for n in found if n.message.startswith(said)] == ["untracked_charge"]
    idle = vrest.apply(cell, "pas.conductance=0 S/cm2")
    assert "untracked_charge" not in [n.code for n in vrest.notices(idle)]
    switched = vrest.simulate(idle, [("0.5 s", "pas.conductance=1e-5 S/cm2")], "1 s", times=["0.7 s", "1 s"])
    assert "untracked_charge" in [n.code for n in switched.warnings]


def test_the_settled_cell_can_be_written_where_a_valence_is_solved():
    found = vrest.rest(vrest.parse_cell(CELL))
    again = vrest.rest(vrest.parse_cell(vrest.write_cell(found.as_cell())))
    assert again.v_rest == pytest.approx(found.v_rest, abs=1e-9)
    assert again.concentrations["inside"] == pytest.approx(found.concentrations["inside"], rel=1e-9)
    for written in (
        CELL.replace('Cl = "10 mM"', 'Cl = "solve"').replace('valence = "solve"', "valence = -1.0"),
        CELL.replace('concentration = "138 mM", valence = "solve"', 'concentration = "solve", valence = -1.0'),
    ):
        with pytest.raises(vrest.InputError, match="cannot be written as a cell") as refused:
            vrest.rest(vrest.parse_cell(written)).as_cell()
        assert refused.value.code == "untracked_charge"
        assert "impermeant.valence = 'solve'" in refused.value.hint


@pytest.mark.parametrize(
    ("was", "now", "code", "hint"),
    [
        ('reversal = "-65 mV"', 'reversal = "-65 V"', "out_of_range", "unit"),
        ('reversal = "-65 mV"', 'reversal = "-65 mV", counter_charge = "what"', "moves_nothing", "counter_charge"),
        (', reversal = "-65 mV"', "", "missing_key", ""),
        ('law = "fixed_leak"', 'law = "pas"', "unknown_law", "'fixed_leak'"),
        ('law = "fixed_leak"', 'law = "leak"', "unknown_law", "'ohmic_leak'"),
    ],
)
def test_what_makes_no_sense_is_refused(was, now, code, hint):
    with pytest.raises(vrest.InputError) as refused:
        vrest.parse_cell(CELL.replace(was, now))
    assert refused.value.code == code
    assert hint in refused.value.hint


@pytest.mark.library
def test_charge_adds_up_wherever_all_of_it_is_counted():
    for name in ("mammalian_neuron", "frog_skin", "astrocyte_pair", "dijkstra_2016"):
        found = vrest.rest(name)
        assert set(found.uncounted_charge) == {space.name for space in found.system.structure.spaces if space.finite}
        assert list(found.uncounted_charge.values()) == pytest.approx([0.0] * len(found.uncounted_charge), abs=1e-11)
    assert vrest.rest("wei_2014").uncounted_charge["outside"] != pytest.approx(0, abs=1e-3)  # it names counter-charges

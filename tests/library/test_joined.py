"""Cells whose potentials depend on each other: an epithelium, a muscle fibre with tubules, two coupled astrocytes.

Values "of a separate model" are from one written in SciPy with charges of nodes, which shares nothing with the package.
"""

import numpy as np
import pytest

import vrest
from vrest.constants import F, R
from vrest.verbs.outcome import Outcome

CELLS = {"astrocyte_pair": "astrocyte_1", "frog_skin": "apical", "muscle_tubule": "surface"}


@pytest.mark.parametrize("name", CELLS)
def test_rests_where_it_starts(name):
    cell = vrest.load(name)
    found = vrest.rest(cell)
    assert found.outcome is Outcome.rests
    assert not found.warnings
    for membrane in cell.membranes:
        assert found.v_rest[membrane] == pytest.approx(1e3 * cell.potential(membrane), abs=1e-7)
    for space, part in cell.compartments.items():
        for ion, c in cell.contents(space).items() if part.finite else ():
            assert found.concentrations[space][ion] == pytest.approx(c, rel=1e-9)
    assert "derived" in cell.title + cell.notes.lower()


@pytest.mark.parametrize("name", CELLS)
def test_a_day_of_nothing(name):
    run = vrest.simulate(vrest.load(name), until="24 h", points=5)
    assert np.ptp(run.v, axis=0).max() < 1e-6
    for account in run.ledger:
        assert account.drift <= account.floor


@pytest.mark.parametrize("name", CELLS)
def test_a_day_without_pumps_conserves_to_rounding(name):
    cell = vrest.load(name)
    pumps = [
        f"membranes.{m}.transports.pump.max_rate*=0" for m, part in cell.membranes.items() if "pump" in part.transports
    ]
    run = vrest.simulate(cell, [("1 min", pump) for pump in pumps], "24 h", points=20)
    for account in run.ledger:
        assert account.drift <= account.floor
    for space, part in cell.compartments.items():  # what a compartment holds is what its membranes hold
        if not part.finite:
            continue
        content = run.system.concentrations(run.states, run.parameters, space)
        volume = run.system.volume(run.states, run.parameters, space)
        x = run.system.impermeant(run.states, run.parameters, space)
        z = cell.impermeant(space)[1]
        net = volume * (sum(run.system.valence[ion] * c for ion, c in content.items()) + z * x)
        held = np.zeros_like(net)
        for name_, m in cell.membranes.items():
            side = (m.inside == space) - (m.outside == space)
            if side and m.capacitance:
                wall = run.system.structure.wall(name_)
                held += side * m.capacitance * cell.area(name_) * run.system.potential(run.states, wall) / F
        gross = (volume * sum(content.values())).max()
        assert np.abs(net - held).max() < 1e-13 * gross


# --- the frog's skin ------------------------------------------------------------------------------------------------

SODIUM = "apical.transports.Na_leak.permeability"
JUNCTION = [f"{ion}_junction.permeability*=10" for ion in ("K", "Na", "Cl")]


@pytest.mark.parametrize(
    ("changes", "apical", "basolateral", "sodium"),
    [
        ([], -8.8021, -79.1117, 6.8494),
        (["electrode.conductance=1 mS"], -61.1482, -61.1482, 11.6326),
        ([f"{SODIUM}*=0.01"], -95.092, -97.472, 1.514),
        (["basolateral.K_leak.permeability*=0.1"], 12.514, -31.785, None),
        (JUNCTION, -50.678, -64.834, None),
    ],
)
def test_skin_settles_as_a_separate_model_does(changes, apical, basolateral, sodium):
    """Open and short-circuited, in amiloride, in Ba2+, with a leaky junction."""
    found = vrest.rest(vrest.load("frog_skin"), changes)
    assert found.v_rest["apical"] == pytest.approx(apical, abs=0.01)
    assert found.v_rest["basolateral"] == pytest.approx(basolateral, abs=0.01)
    if sodium:
        assert found.concentrations["cell"]["Na"] == pytest.approx(sodium, rel=1e-3)


def test_short_circuit_current_is_the_sodium_that_is_absorbed():
    """27.78 uA/cm2 is F times 287.95 pmol/cm2/s, three times what the pump itself carries."""
    found = vrest.rest(vrest.load("frog_skin"), "electrode.conductance=1 mS")
    current = found.exchange_currents["electrode"]
    assert current == pytest.approx(27.7826, rel=1e-3)
    turns = vrest.explain(found).membranes[1].pumps[0].turnover
    assert current == pytest.approx(1e-3 * F * 3 * turns, rel=1e-6)
    in_amiloride = vrest.rest(vrest.load("frog_skin"), [f"{SODIUM}*=0.01", "electrode.conductance=1 mS"])
    assert in_amiloride.exchange_currents["electrode"] == pytest.approx(0.4155, rel=1e-3)


def test_skin_without_its_pump():
    """V of the serosa above the mucosa after 1 s, 10 min and 1 h."""
    run = vrest.simulate(vrest.load("frog_skin"), [("0 s", "pump.max_rate*=0")], "1 h", times=[0.0, 1.0, 600.0, 3600.0])
    assert -run.v[1:, 2] == pytest.approx([67.327, 47.558, 12.326], abs=0.01)
    assert run.v[1, 1] == pytest.approx(-74.063, abs=0.01)


# --- the muscle fibre -----------------------------------------------------------------------------------------------


def test_tubules_hold_the_fibre_until_the_bath_has_come_in():
    """K+ of the bath to 10 mM: at once only the surface, 17 % of the area, sees it; a second later the tubules do."""
    cell, change = vrest.load("muscle_tubule"), "outside.K=10 mM swap Na"
    assert vrest.instant(cell, change).v["surface"] == pytest.approx(-90.645, abs=0.01)
    assert vrest.instant(vrest.load("skeletal_muscle"), change).v == pytest.approx(-85.56, abs=0.01)
    run = vrest.simulate(cell, [("0 s", change)], "1 h", times=[0.0, 0.35, 1.0, 3600.0])
    inside = run.dataset.concentration.sel(compartment="tubule", ion="K")
    risen = (inside - inside[0]) / (10.0 - inside[0])
    assert 0.5 < float(risen[1]) < 1 - np.exp(-1)  # it comes in with 0.35 s, and the fibre takes some up
    assert run.v[2, 0] == pytest.approx(-86.747, abs=0.01)
    assert vrest.rest(cell, change).v_rest["surface"] == pytest.approx(-71.582, abs=0.01)


def test_mouths_conduct_what_their_ions_do():
    """70 Ohm cm2 of surface, and the drop along them is what both membranes leave."""
    cell = vrest.load("muscle_tubule")
    found = vrest.rest(cell)
    mouths = cell.exchanges["mouths"]
    clearance = {ion: d * mouths.cross_section / mouths.length for ion, d in mouths.diffusivity.items()}
    assert clearance["K"] * 0.35 == pytest.approx(cell.compartments["tubule"].start_volume, rel=1e-12)
    drop = 1e-3 * (found.v_rest["surface"] - found.v_rest["tubule_wall"])
    inner, outer = found.concentrations["tubule"], found.concentrations["outside"]
    current = 0.0
    for ion, k in clearance.items():
        z = -1 if ion == "Cl" else 1
        drift = z * (inner[ion] + outer[ion]) / 2 * drop * F / (R * cell.temperature)
        current += F * z * k * (inner[ion] - outer[ion] + drift)
    assert found.exchange_currents["mouths"] == pytest.approx(1e12 * current, rel=1e-9)
    conductance = F**2 / (R * cell.temperature) * sum(k * outer[ion] for ion, k in clearance.items())
    assert 1e4 * cell.area("surface") / conductance == pytest.approx(70.3, abs=0.1)


# --- two astrocytes -------------------------------------------------------------------------------------------------

HIGH = "outside_1.K=10 mM swap Na"


@pytest.mark.parametrize(
    ("nS", "second", "settled", "potassium"),
    [
        (0, (-61.018, -85.000), (-62.471, -85.000), (115.41, 100.00)),
        (1, (-66.447, -75.786), (-66.877, -76.731), (113.41, 102.73)),
        (5, (-69.138, -71.888), (-69.567, -72.719), (110.75, 106.29)),
        (20, (-69.983, -70.739), (-70.589, -71.478), (109.60, 108.14)),
        (100, (-70.241, -70.397), (-70.927, -71.111), (109.18, 108.86)),
    ],
)
def test_pair_shares_what_happens_to_one(nS, second, settled, potassium):
    """Values of a separate model: 1 nS between 150 mM of ions is 1.846682 um3/s at 37 degC."""
    cell = vrest.load("astrocyte_pair")
    junction = f"gap_junction.permeability={nS * 1.846682} um3/s"
    run = vrest.simulate(cell, [("0 s", junction), ("0 s", HIGH)], "1 s", times=[0.0, 1.0])
    assert run.v[-1] == pytest.approx(second, abs=0.005)
    found = vrest.rest(cell, [junction, HIGH])
    assert list(found.v_rest.values()) == pytest.approx(settled, abs=0.005)
    assert [found.concentrations[f"inside_{k}"]["K"] for k in (1, 2)] == pytest.approx(potassium, abs=0.01)


def test_ions_cross_the_junction_not_charge_alone():
    """amol/s after a second: 112.23 of K+, 10.58 of Na+, -33.70 of Cl-."""
    run = vrest.simulate(vrest.load("astrocyte_pair"), [("0 s", HIGH)], "1 s", times=[0.0, 1.0])
    system, x, p = run.system, run.states[-1], run.parameters[-1]
    rates, _ = system.turnovers(x, p)
    crossed = {}
    for column, rate in zip(system.columns, rates, strict=True):
        if system.structure.movers[column.mover].label == "gap_junction":
            (ion,) = {system.states[k][1].split(".")[1] for k in column.adds if system.states[k][0] == "amount"}
            crossed[ion] = 1e18 * float(rate)
    assert crossed == pytest.approx({"K": 112.23, "Na": 10.58, "Cl": -33.70}, rel=5e-3)
    current = float(run.dataset.exchange_current[-1, 0])
    assert current == pytest.approx(1e-6 * F * (crossed["K"] + crossed["Na"] - crossed["Cl"]), rel=1e-9)


def test_curves_of_one_of_several_membranes():
    """V of the second astrocyte against K+ around the first; each point is what `instant` and `rest` say."""
    cell = vrest.load("astrocyte_pair")
    curve = vrest.curve(cell, "outside_1.K", [3.0, 10.0], membrane="astrocyte_2")
    change = "outside_1.K=10 mM"
    assert curve.instant[1] == pytest.approx(vrest.instant(cell, change).v["astrocyte_2"], abs=1e-6)
    assert curve.settled[1] == pytest.approx(vrest.rest(cell, change).v_rest["astrocyte_2"], abs=1e-6)
    assert curve.ion is None  # its own bath stays: there is no line to draw
    assert np.isnan(curve.nernst).all()
    found = vrest.current_voltage(vrest.rest(vrest.load("frog_skin")), np.array([-70.309669166644]), "junction")
    assert found.net[0] == pytest.approx(-12.0025, abs=1e-3)
    with pytest.raises(vrest.InputError, match="2 membranes"):
        vrest.curve(cell, "outside_1.K")


def test_time_course_shows_the_current_and_names_its_peak():
    """Closing the circuit charges the membranes at once; the panel has the scale of what flows afterwards."""
    from vrest.plot.clock import Clock
    from vrest.plot.samples import samples
    from vrest.plot.traces import panels

    skin = vrest.load("frog_skin")
    run = vrest.simulate(skin, [("1 min", "electrode.conductance=1 mS")], "3 min", points=100)
    panel = panels(samples(run, Clock(0.0, 180.0)))[0][-1]
    assert panel.label == "exchange\ncurrent (pA)"
    assert panel.traces[0].name == "electrode, peak 70.3 µA"
    assert panel.span is not None
    assert 25 < panel.span[1] < 50
    calm = panels(samples(vrest.simulate(skin, until="1 min", points=5), Clock(0.0, 60.0)))[0]
    assert [each.label for each in calm] == ["V (mV)"]

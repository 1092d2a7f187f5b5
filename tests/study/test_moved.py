"""What moved V: parts that add up to the change, against formulas written again here, and in states that are odd."""

import re

import numpy as np
import pytest
from scipy.optimize import brentq

from vrest.model.cellfile import load
from vrest.model.change import apply, parse_changes
from vrest.study.explain.called import called
from vrest.study.explain.moved import Part, moved
from vrest.study.explain.reasons import because, pulls, span
from vrest.study.perturb.two_clocks import at_once, resting
from vrest.study.perturb.why import Why
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.rest import rest
from vrest.verbs.run import simulate

R, T, FARADAY = 8.31446261815324, 310.15, 96485.33212331002
RTF = 1e3 * R * T / FARADAY


def changed(cell, changes):
    """The system, and its states at rest, at once and settled (None where it does not)."""
    before, changes = resting(cell), parse_changes(changes)
    now, end = at_once(before, changes), rest(cell, changes, start=before.state)
    settled = (end.state, end.parameters) if end.outcome.is_rest else None
    return before.system, (before.state, before.parameters), now.state, settled


def steps(system, before, after):
    return {
        wall.name: 1e3 * float(system.potential(after[0], wall) - system.potential(before[0], wall))
        for wall in system.structure.walls
    }


def adds_up(system, before, after):
    parts = moved(system, before, after)
    for name, step in steps(system, before, after).items():
        assert sum(part.mV for part in parts[name]) == pytest.approx(step, abs=1e-9)
    return parts


def one(parts, kind, of):
    (found,) = [part for part in parts if (part.kind, part.of) == (kind, of)]
    return found


# --- against formulas written again ------------------------------------------------------------------------------


def ghk(permeability, z, inside, outside, v):
    """Outward GHK current density over F, in any unit of the permeability; v in mV."""
    u = z * v / RTF
    return permeability * z * u * (inside - outside * np.exp(-u)) / (1 - np.exp(-u))


def test_parts_of_a_stopped_pump_are_those_of_the_chord_equation_by_hand():
    """Three constant-field leaks; the pump's current of the cell is what they leave, and V at once its root."""
    cell = load("mammalian_neuron")
    system, before, now, _ = changed(cell, "pump.max_rate*=0")
    rested = resting(cell)
    inside, outside = rested.concentrations["inside"], rested.concentrations["outside"]
    transports = cell.membranes["neuron"].transports
    P = {ion: float(transports[f"{ion}_leak"].permeability) for ion in ("K", "Na", "Cl")}
    z = {"K": 1, "Na": 1, "Cl": -1}

    def current(ion, v):
        return ghk(P[ion], z[ion], inside[ion], outside[ion], v)

    v0 = rested.v_rest
    pump = -sum(current(ion, v0) for ion in P)
    v1 = brentq(lambda v: sum(current(ion, v) for ion in P), -80, -1, xtol=1e-12)
    E = {ion: RTF / z[ion] * np.log(outside[ion] / inside[ion]) for ion in P}
    slope_cl = (current("Cl", v0 + 1e-4) - current("Cl", v0 - 1e-4)) / 2e-4
    g = {ion: (current(ion, v0) / (v0 - E[ion]), current(ion, v1) / (v1 - E[ion])) for ion in ("K", "Na")}
    g["Cl"] = (slope_cl, current("Cl", v1) / (v1 - E["Cl"]))
    mean = sum(sum(pair) / 2 for pair in g.values())

    parts = adds_up(system, before, now)["neuron"]
    assert one(parts, "current", "pump").mV == pytest.approx(pump / mean, abs=1e-6)
    for ion in P:
        pull = (E[ion] - (v0 + v1) / 2) * (g[ion][1] - g[ion][0]) / mean
        assert one(parts, "rectification", f"{ion}_leak").mV == pytest.approx(pull, abs=1e-6)
    assert sum(abs(p.mV) for p in parts if p.kind not in ("current", "rectification")) < 1e-9
    pump_pA = one(parts, "current", "pump")
    assert (pump_pA.before > 0, pump_pA.after) == (True, 0.0)


def test_backwards_the_parts_turn_their_signs():
    system, before, _, settled = changed(load("mammalian_neuron"), "outside.K=9 mM")
    there, back = moved(system, before, settled)["neuron"], moved(system, settled, before)["neuron"]

    def sums(parts):
        """By what changed; how much of a conductance follows V depends on the V one starts from."""
        found = {}
        for part in parts:
            key = "conductance" if part.kind == "rectification" else part.kind, part.of
            found[key] = found.get(key, 0.0) + part.mV
        return found

    turned = {key: -value for key, value in sums(back).items()}
    assert sums(there) == pytest.approx(turned, abs=1e-9)


# --- closed, wherever one stands ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mammalian_neuron", "frog_skin", "astrocyte_pair", "kir_muscle", "muscle_tubule"])
def test_parts_add_up_between_any_two_states(name):
    """Far from rest, where membranes are still being charged."""
    cell, random = load(name), np.random.default_rng(1)
    system = assemble(cell)
    x, p = system.start(cell), parameter_vector(cell)
    for _ in range(5):
        a, b = ((x * random.uniform(0.7, 1.4, len(x)), p * random.uniform(0.9, 1.1, len(p))) for _ in range(2))
        parts = adds_up(system, a, b)
        assert any(part.kind == "charging" and abs(part.mV) > 0.01 for some in parts.values() for part in some)


def test_a_membrane_on_its_way_is_told_to_be_charged():
    cell = load("hodgkin_huxley_1952")
    run = simulate(cell, [(0, "K.conductance*=0.5")], "1 ms", points=3)
    a, b = ((run.states[k], run.parameters[k]) for k in (0, 1))
    assert abs(one(adds_up(run.system, a, b)["axon"], "charging", "axon").mV) > 0.01


def test_a_membrane_that_closes_a_ring_moves_with_the_others():
    system, before, now, _ = changed(load("frog_skin"), "pump.max_rate*=0.5")
    parts = adds_up(system, before, now)
    moves = steps(system, before, now)
    ring = {part.of: part.mV for part in parts["junction"]}
    assert ring == pytest.approx({"basolateral": moves["basolateral"], "apical": -moves["apical"]}, abs=1e-9)
    assert one(parts["apical"], "path", "junction").mV > 1.0
    assert "V of 'basolateral' rises" in because(load("frog_skin"), "junction", parts["junction"], 3)


def test_a_gap_junction_is_a_path():
    cell = load("astrocyte_pair")
    system, before, now, _ = changed(cell, "outside_1.K=50 mM")
    parts = adds_up(system, before, now)["astrocyte_2"]
    largest = max(parts, key=lambda part: part.mV)
    assert (largest.kind, largest.of) == ("path", "gap_junction")
    told = because(cell, "astrocyte_2", parts, 3)
    assert re.match(r": \+[\d.]+ mV as the current that leaves through the gap junction falls from 0 to -", told)


def test_where_no_channel_conducts_nothing_is_shared_out():
    cell = apply(load("mammalian_neuron"), [f"{ion}_leak.permeability=0 cm/s" for ion in ("K", "Na", "Cl")])
    system, p = assemble(cell), parameter_vector(cell)
    x = system.start(cell)
    further = system.at_potential(x, system.structure.walls[0], -0.05)
    parts = adds_up(system, (x, p), (further, p))["neuron"]
    assert [part.kind for part in parts] == ["no_conductance"]
    assert "no channel conducts" in because(cell, "neuron", parts, 3)


def test_an_ion_of_which_a_side_has_none_counts_with_its_current():
    cell = load("mammalian_neuron")
    system, before, now, _ = changed(cell, "outside.Na=0 mM")
    parts = adds_up(system, before, now)["neuron"]
    sodium = one(parts, "one_sided", "Na_leak")
    assert sodium.before < 0 < sodium.after
    assert sodium.mV < -5
    assert not [part for part in parts if part.kind == "reversal" and part.of == "Na"]
    assert all(np.isfinite([part.mV, part.before, part.after]).all() for part in parts)


def test_an_ion_on_neither_side_has_no_part():
    cell = load("mammalian_neuron")
    system = assemble(cell)
    x, p = system.start(cell).copy(), system.with_values(parameter_vector(cell), {"compartments.outside.ions.Cl": 0.0})
    x[system.index["amount", "inside.Cl"]] = 0.0
    other = system.with_values(p, {"membranes.neuron.transports.pump.max_rate": 0.0})
    parts = adds_up(system, (x, p), (x, other))["neuron"]
    assert not [part for part in parts if part.of in ("Cl", "Cl_leak") and part.mV]


def test_a_passive_ion_follows_and_is_no_reason():
    """Cl- rests at V before and after: what it carries is nothing, and the others make all of the change."""
    system, before, now, settled = changed(load("mammalian_neuron"), "outside.K=9 mM")
    parts = adds_up(system, before, settled)["neuron"]
    assert abs(one(parts, "passive", "Cl_leak").mV) < 1e-6
    assert not [part for part in parts if part.kind == "reversal" and part.of == "Cl"]
    held = one(adds_up(system, before, now)["neuron"], "rectification", "Cl_leak")
    assert held.mV < 0  # at once it is not yet where V is, and holds V back


def test_opening_channels_of_an_ion_at_v_moves_nothing_and_says_so():
    cell = load("mammalian_neuron")
    system, before, now, settled = changed(cell, "Cl_leak.permeability*=5")
    assert sum(abs(part.mV) for part in adds_up(system, before, now)["neuron"]) < 1e-6
    why = Why(cell, system, before, now, settled)
    assert why.says_at_once() == (
        "V hardly moves at once: the conductance for Cl- goes from 0.30 to 1.5 nS, but V is where E_Cl is."
    )
    assert why.says_later() == "Kept on, V settles there."


def test_the_temperature_moves_every_e_alike():
    cell = load("mammalian_neuron")
    system, before, now, _ = changed(cell, "temperature=27 degC")
    parts = adds_up(system, before, now)["neuron"]
    together = sum(part.mV for part in parts if part.kind == "reversal")
    assert {part.of for part in parts if part.kind == "reversal"} == {"K", "Na"}  # Cl- is passive, cold as well
    told = because(cell, "neuron", parts, 3)
    assert told.startswith(f": +{together:.1f} mV as every E shrinks with RT/F by {100 * 10 / 310.15:.1f} %")


# --- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "place", "label", "name"),
    [
        ("mammalian_neuron", "neuron", "pump", "the Na/K pump"),
        ("kir_muscle", "fibre", "Kir", "the inward rectifier (Kir)"),
        ("kir_muscle", "fibre", "gating_pore", "the Na+ leak 'gating_pore'"),
        ("hodgkin_huxley_1952", "axon", "K", "the gated K+ channel"),
        ("duesterwald_2018", "neuron", "KCC2", "KCC2"),
        ("astrocyte_pair", "astrocyte_1", "K_leak", "the K+ leak of 'astrocyte_1'"),
        ("astrocyte_pair", "", "gap_junction", "the gap junction"),
    ],
)
def test_transports_go_by_the_words_of_the_field(cell, place, label, name):
    assert called(load(cell), place, label) == name


def test_what_cancels_is_told_so():
    cell = load("mammalian_neuron")
    parts = [Part("reversal", "K", 3.0, -90.0, -80.0, "mV"), Part("reversal", "Na", -2.98, 60.0, 40.0, "mV")]
    assert because(cell, "neuron", parts, 3) == (
        ": K+ pulls it by +3.0 mV (E_K rises from -90.0 to -80.0 mV) and "
        "-3.0 mV from Na+ (E_Na falls from 60.0 to 40.0 mV) all but cancel"
    )


def test_an_ion_is_one_cause_and_all_else_makes_the_sum():
    """E_K and the leak of K+ are told together; what is named and what is left add up to the printed digit."""
    cell = load("mammalian_neuron")
    parts = [
        Part("reversal", "K", -22.196, -89.06, -132.1, "mV"),
        Part("conductance", "K_leak", 12.06, 0.5983, 0.3249, "nS"),
        Part("rectification", "K_leak", 0.70, 0.3249, 0.3092, "nS"),
        Part("current", "pump", 5.07, 5.701, 1.242, "pA"),
        Part("conductance", "Na_leak", 0.44, 0.1309, 0.1338, "nS"),
        Part("reversal", "Na", 0.11, 60.63, 61.36, "mV"),
        Part("rectification", "Na_leak", 0.27, 0.1338, 0.1357, "nS"),
    ]
    assert because(cell, "neuron", parts, 2) == (
        ": K+ pulls it by -10.1 mV (E_K falls from -89.1 to -132.1 mV, though its leak conducts less, 0.60 → 0.32 nS), "
        "against +5.1 mV as the Na/K pump's own outward current falls from 5.7 to 1.2 pA and +1.5 mV in all else"
    )
    by = {(pull.kind, pull.of): round(pull.mV, 3) for pull in pulls(cell, "neuron", parts)}
    assert by == {("ion", "K"): -10.136, ("response", ""): 0.97, ("current", "pump"): 5.07, ("ion", "Na"): 0.55}


def test_a_conductance_that_leads_is_named_itself():
    cell = load("mammalian_neuron")
    parts = [
        Part("reversal", "K", -8.8, -89.1, -101.7, "mV"),
        Part("conductance", "K_leak", 25.9, 0.598, 0.157, "nS"),
    ]
    assert because(cell, "neuron", parts, 3) == (", as the K+ leak conducts less, 0.60 → 0.16 nS")


@pytest.mark.parametrize(
    ("before", "after", "unit", "told"),
    [
        (613000.0, 0.0, "pA", ("613", "0", "nA")),
        (5.701, 1.242, "pA", ("5.7", "1.2", "pA")),
        (0.5983, 0.3249, "nS", ("0.60", "0.32", "nS")),
        (5.701, 0.0171, "pA", ("5.7", "0.017", "pA")),
        (-79.0, -7e-14, "mV", ("-79.0", "0.0", "mV")),
        (-9.71, -9.7, "pA", ("-9.71", "-9.70", "pA")),
        (139.2, 6.52, "nS", ("139", "6.5", "nS")),
    ],
)
def test_ends_are_told_in_a_unit_and_digits_that_suit_them(before, after, unit, told):
    assert span(Part("current", "pump", 0.0, before, after, unit)) == told


def test_the_table_has_a_row_for_each_cause_and_adds_up():
    system, before, now, settled = changed(load("mammalian_neuron"), "outside.K=9 mM")
    (table,) = Why(load("mammalian_neuron"), system, before, now, settled).tables()
    frame = table.to_dataframe().set_index("what")
    assert {"K+ (E_K, conductance)", "the Na/K pump's own outward current"} < set(frame.index)
    for column, state in zip(frame.columns, (now, settled), strict=True):
        step = steps(system, before, state)["neuron"]
        assert frame[column]["all together"] == pytest.approx(step, abs=1e-9)
        assert frame[column].drop("all together").sum() == pytest.approx(step, abs=0.01)

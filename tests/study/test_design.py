"""A designed cell rests where it was wanted, and what cannot rest is refused for the right reason."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

import vrest
from vrest.constants import F, R
from vrest.errors import InputError
from vrest.study.design.draft import Target, draft
from vrest.study.design.refusal import State, refuse_state
from vrest.study.design.strengths import Columns
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.rest import result
from vrest.verbs.search import searched
from vrest.verbs.verdict import verdict

PHI = 1e3 * R * 310.15 / F


@pytest.fixture(scope="module")
def neuron():
    return vrest.load("mammalian_neuron")


def by_name(made, what="value"):
    return {c.path.split(".")[-2]: getattr(c, what) for c in made.choices if ".transports." in c.path}


def test_a_target_is_met_and_the_choices_are_told(neuron):
    made = vrest.design(neuron, v_rest="-75 mV", inside={"Cl": 5}, add=["KCC2"], input_resistance="150 Mohm")
    assert made.stable
    assert made.rest.v_rest == pytest.approx(-75, abs=1e-9)
    assert made.rest.concentrations["inside"]["Cl"] == pytest.approx(5, rel=1e-12)
    assert made.input_resistance == pytest.approx(150, rel=1e-9)
    how = by_name(made, "how")
    assert how["K_leak"] == "from the input resistance"
    assert how["Cl_leak"] == "in proportion to K_leak"
    assert (how["Na_leak"], how["pump"], how["KCC2"]) == ("solved", "solved", "added, solved")
    values = by_name(made)
    assert values["Cl_leak"] / values["K_leak"] == pytest.approx(0.45, rel=1e-12)
    assert made.cell.osmolarity("inside") == pytest.approx(300, rel=1e-14)


def test_what_rests_already_is_designed_to_be_itself(neuron):
    made = draft(neuron, Target(-70, {}, {}))
    for choice in made.choices:
        assert choice.value == pytest.approx(choice.was, rel=1e-12)
    assert made.cell.sources["membranes.neuron.transports.K_leak.permeability"].text.startswith("chosen")


ATTWELL = """
name = "budget"
[compartments.outside]
kind = "bath"
ions = { K = "5 mM", Na = "145 mM" }
impermeant = { concentration = "150 mM", valence = -1 }
[compartments.inside]
kind = "fixed"
volume = "2000 um3"
ions = { K = "100 mM", Na = "10 mM" }
impermeant = { concentration = "100 mM", valence = "solve" }
[membranes.soma]
inside = "inside"
outside = "outside"
area = "1000 um2"
[membranes.soma.transports]
K_leak = { law = "ohmic_leak", ion = "K", conductance = "1e-4 S/cm2" }
Na_leak = { law = "ohmic_leak", ion = "Na", conductance = "1e-4 S/cm2" }
pump = { law = "pump_constant", max_rate = "1 pmol/cm2/s" }
"""


def test_budget_of_attwell_and_laughlin():
    """I_p = (E_Na - V)(V - E_K) / (R_in (V + 2 E_Na - 3 E_K)): two leaks, a 3:2 pump and an input resistance."""
    inside = {"K": 5 * math.exp(100 / PHI), "Na": 145 * math.exp(-50 / PHI)}
    made = vrest.design(vrest.parse_cell(ATTWELL), v_rest=-70, inside=inside, input_resistance=200)
    pump = by_name(made)["pump"] * 1e-12 * F * 1000e-8  # pmol/cm2/s over 1000 um2, A
    assert 1e12 * pump == pytest.approx(120 * 30 / (200 * (-70 + 100 + 300)) * 1e3, rel=1e-9)
    assert made.rest.atp_per_second == pytest.approx(3.404e8, rel=1e-3)


def test_parametric_solution_of_duesterwald():
    """E_Na = V + 3J/g_Na, E_K = V - 2J(g_Cl + g_KCC2)/beta, E_Cl = V - 2J g_KCC2/beta."""
    cell = vrest.load("duesterwald_2018")
    phi = 1e3 * R * cell.temperature / F
    g_na, g_k, g_cl, g_kcc2, current, v = 30.0, 80.0, 15.0, 10.0, 0.7, -68.0  # uS/cm2, uA/cm2, mV
    beta = g_k * g_cl + g_kcc2 * g_cl + g_k * g_kcc2
    e_na = v + 3e3 * current / g_na
    e_k, e_cl = v - 2e3 * current * (g_cl + g_kcc2) / beta, v - 2e3 * current * g_kcc2 / beta
    out = cell.contents("outside")
    inside = {
        "Na": out["Na"] * math.exp(-e_na / phi),
        "K": out["K"] * math.exp(-e_k / phi),
        "Cl": out["Cl"] * math.exp(e_cl / phi),
    }
    cell = vrest.apply(cell, f"K_leak.conductance={g_k} uS/cm2")
    cell = vrest.apply(cell, f"Cl_leak.conductance={g_cl} uS/cm2")
    made = draft(cell, Target(v, inside, {}))
    values = by_name(made)
    assert values["Na_leak"] == pytest.approx(1e-6 * g_na, rel=1e-10)
    assert values["KCC2"] == pytest.approx(1e6 * 1e-6 * g_kcc2 * 1e-3 * phi / F * 1e6, rel=1e-10)  # U = g phi / F
    rate = values["pump"] * (inside["Na"] / out["Na"]) ** 3  # pmol/cm2/s
    assert rate * 1e-6 * F == pytest.approx(current, rel=1e-10)


@pytest.mark.parametrize(
    ("target", "options", "code", "words"),
    [
        (65, {}, "pump_backwards", "above E_Na = 60.63 mV"),
        (-95, {}, "pump_backwards", "below E_K = -89.06 mV"),
        (-75, {"inside": {"Cl": 5}}, "not_at_equilibrium", "passive 6.65 mM. Add KCC2"),
        (-75, {"inside": {"Cl": 20}}, "not_at_equilibrium", "Add NKCC1"),
        (-75, {"inside": {"Cl": 3}, "add": ("KCC2",)}, "one_way", "Cl_leak and KCC2"),
        (-70, {"hold": ("P_Na/P_K=0.04",)}, "held", "only with 0.05422"),
        (-75, {"hold": ("pump.max_rate", "K_leak.permeability")}, "held", "it can be 1.422e-6 cm/s"),
        (-89, {"inside": {"Na": 0.05}}, "pump_beyond_reversal", "more than ATP gives"),
        (-70, {"inside": {"K": 300}}, "too_many_osmoles", "no room"),
        (-70, {"inside": {"Mg": 1}}, "unknown_ion", "Mg"),
        (-70, {"hold": ("water.hydraulic_permeability",)}, "bad_hold", "not among"),
        (-70, {"add": ("kcc3",)}, "unknown_law", "kcc2"),
        (-75, {"add": ("ghk_leak Cl",)}, "undetermined", "carries nothing"),
        (-70, {"add": ("pump_hill",)}, "undetermined", "Many strengths"),
        (-70, {"hold": ("P_Na/P_K=0.1", "Na_leak.permeability", "K_leak.permeability")}, "bad_hold", "contradicts"),
        (-70, {"hold": ("pump.max_rate", "P_Cl/P_K"), "input_resistance": 200}, "held", "allows 831.9 Mohm"),
        (-70, {"outside": {"K": 0}}, "zero_concentration", "0 mM"),
    ],
)
def test_the_impossible_is_refused_with_its_reason(neuron, target, options, code, words):
    with pytest.raises(InputError) as refused:
        vrest.design(neuron, v_rest=target, **options)
    assert refused.value.code == code
    assert words in str(refused.value)


def test_without_a_pump_nothing_holds_sodium(neuron):
    with pytest.raises(InputError, match=r"K\+ cannot stay at 140 mM.*Add pump_hill") as refused:
        vrest.design(vrest.apply(neuron, "pump.max_rate*=0"), v_rest=-70)
    assert refused.value.code == "not_at_equilibrium"


def test_charge_can_be_what_fails(neuron):
    """KCC2 takes what NKCC1 brings; above E_Na the leak of Na+ and the pump then both carry charge out."""
    cell = draft(neuron, Target(-70, {"Cl": 12}, {}, add=("KCC2", "NKCC1"))).cell
    cell = vrest.apply(cell, ["K_leak.permeability*=0", "Cl_leak.permeability*=0"])
    assert by_name(draft(cell, Target(55, {}, {})))["NKCC1"] > 0
    with pytest.raises(InputError, match=r"every current is outward \(Na_leak and pump\)"):
        draft(cell, Target(65, {}, {}))


def test_a_combination_of_ions_can_be_what_fails(neuron):
    """One moves 1 Na+ in for 1 K+ out, the other 1 Na+ out for 2 K+ in: 3 Na+ + 2 K+ counts both as gains."""
    gains = {"one": np.array([1.0, -1.0]), "other": np.array([-1.0, 2.0])}
    rows = (("amount", "inside.Na"), ("amount", "inside.K"))
    table = Columns(rows, gains, dict.fromkeys(gains, 0.0), tuple(gains), 0.0)
    refusal = refuse_state(State(neuron, "neuron", table, lambda law: False))
    assert refusal.code == "no_balance"
    weights = [float(w) for w in re.findall(r"([+-][\d.]+) x", refusal.message)]
    assert weights[0] * 1 - weights[1] >= 0
    assert -weights[0] + 2 * weights[1] >= 0
    assert "and one above it" in refusal.message


def test_a_ratio_that_was_held_sets_the_potential_it_allows(neuron):
    """Mullins-Noda: with r P_K and P_Na = 0.04 P_K these contents are stationary at one potential."""
    v = PHI * math.log((1.5 * 5 + 0.04 * 145) / (1.5 * 140 + 0.04 * 15))
    made = vrest.design(neuron, v_rest=v, hold=["P_Na/P_K=0.04"])
    assert made.rest.v_rest == pytest.approx(-73.82428598048575, abs=1e-9)
    values = by_name(made)
    assert values["Na_leak"] / values["K_leak"] == pytest.approx(0.04, rel=1e-12)


def test_area_sets_the_size_and_resistance_what_is_in_it(neuron):
    made = draft(neuron, Target(-70, {}, {}, area="2000 um2"))
    assert 1e12 * made.cell.area("neuron") == pytest.approx(2000, rel=1e-12)
    assert by_name(made)["pump"] == pytest.approx(66.66725455171135, rel=1e-10)


def test_several_leaks_of_one_ion_keep_their_proportions():
    cell = vrest.load("kir_muscle")
    made = draft(cell, Target(-85, {}, {}, input_resistance=1))
    values, was = by_name(made), by_name(made, "was")
    assert values["Kir"] / was["Kir"] == pytest.approx(values["K_leak"] / was["K_leak"], rel=1e-12)


def test_an_unstable_point_is_called_unstable():
    """A leak that holds the squid's membrane at -55 mV makes it fire for ever."""
    made = vrest.design(vrest.load("hodgkin_huxley_1952"), v_rest=-55, inside={"Cl": 150})
    assert not made.stable
    assert made.rest.outcome.name == "oscillates"
    assert made.rest.v_rest == pytest.approx(-55, abs=1e-9)
    assert made.rest.eigenvalues.real.max() > 1.0
    assert made.warnings[0].code == "unstable_design"


@pytest.mark.library
@pytest.mark.parametrize("name", ["wei_2014", "dijkstra_2016"])
def test_published_cells_are_designed_to_be_themselves(name):
    found = vrest.rest(vrest.load(name))
    made = draft(found.as_cell(), Target(found.v_rest, {}, {}))
    for choice in made.choices:
        assert choice.value == pytest.approx(choice.was, rel=1e-9)


@pytest.mark.parametrize("count", [40, pytest.param(400, marks=pytest.mark.library)])
def test_what_a_refusal_proposes_to_add_leads_to_a_design(neuron, count):
    rng = np.random.default_rng(5)
    cells = [neuron, vrest.apply(neuron, "pump.max_rate*=0")]
    proposed = 0
    for k in range(count):
        inside = {"K": rng.uniform(60, 170), "Na": rng.uniform(2, 60), "Cl": 10 ** rng.uniform(0.3, 1.6)}
        add = (("kcc2", "pump_hill"), ("kcc2",), ())[rng.integers(3)]
        target = Target(rng.uniform(-105, 70), inside, {}, add=add)
        try:
            draft(cells[k % 2], target)
        except InputError as refusal:
            for law in re.findall(r"--add (\w+)", refusal.hint):
                proposed += 1
                draft(cells[k % 2], replace(target, add=(*add, law)))
            for path in re.findall(r"--hold ([\w.]+)", refusal.hint):
                draft(cells[k % 2], replace(target, hold=(path,)))
    assert proposed > count / 10


def ghk_outward(z, inside, outside, v):
    """z^2 left out: the sign and size of a constant-field flux per permeability."""
    u = z * v / PHI
    return u * (inside - outside * math.exp(-u)) / -math.expm1(-u)


def possible(v, inside, outside):
    """Whether positive strengths of three leaks, a 3:2 pump, KCC2 and NKCC1 balance all ions: a linear programme."""
    leaks = {ion: ghk_outward(-1 if ion == "Cl" else 1, inside[ion], outside[ion], v) for ion in ("K", "Na", "Cl")}
    kcc2 = math.log(inside["K"] * inside["Cl"] / (outside["K"] * outside["Cl"]))
    nkcc1 = kcc2 + math.log(inside["Na"] * inside["Cl"] / (outside["Na"] * outside["Cl"]))
    out = [[leaks["K"], 0, 0], [0, leaks["Na"], 0], [0, 0, leaks["Cl"]], [-2, 3, 0], [kcc2, 0, kcc2]]
    table = np.array([*out, [nkcc1, nkcc1, 2 * nkcc1]]).T
    table = np.hstack([table / np.abs(table).max(axis=0), np.zeros((3, 1))])
    least = np.hstack([-np.eye(6), np.ones((6, 1))])  # every factor is at least the last unknown, which is raised
    best = linprog([0] * 6 + [-1], A_ub=least, b_ub=np.zeros(6), A_eq=table, b_eq=np.zeros(3), bounds=(0, 1))
    return -best.fun > 1e-9


def cost(v, inside, outside):
    """kJ/mol of a pump cycle."""
    gradients = 3 * math.log(outside["Na"] / inside["Na"]) + 2 * math.log(inside["K"] / outside["K"])
    return 1e-3 * (R * 310.15 * gradients - F * 1e-3 * v)


@pytest.mark.parametrize("count", [150, pytest.param(10_000, marks=pytest.mark.library)])
def test_random_targets_are_met_or_refused_rightly(neuron, count):
    rng = np.random.default_rng(20)
    cell = vrest.load("mammalian_neuron")
    for law in ("KCC2", "NKCC1"):
        cell = draft(cell, Target(-70, {"Cl": 7 if law == "KCC2" else 9}, {}, add=(law,))).cell
    bath = neuron.contents("outside")
    made, aims = [], []
    for _ in range(count):
        v = rng.uniform(-105.0, 70.0)
        inside = {"K": rng.uniform(60, 170), "Na": rng.uniform(2, 60), "Cl": 10 ** rng.uniform(0.3, 1.6)}
        outside = bath | {"K": rng.uniform(1, 20)}
        code = "met"
        try:
            made.append(draft(cell, Target(v, inside, {"K": outside["K"]})).cell)
            aims.append(v)
        except InputError as refusal:
            code = refusal.code
        e_k, e_na = (PHI * math.log(outside[ion] / inside[ion]) for ion in ("K", "Na"))
        reason = {
            "met": possible(v, inside, outside) and cost(v, inside, outside) < 57,
            "pump_backwards": not e_k < v < e_na,
            "pump_beyond_reversal": cost(v, inside, outside) > 57,
            "too_many_osmoles": sum(inside.values()) > 295 + outside["K"],
            "one_way": not possible(v, inside, outside),
            "no_balance": not possible(v, inside, outside),
        }
        assert reason[code], (code, v, inside, outside)
    assert count / 4 < len(made) < 3 * count / 4
    found = rests_of(made)
    for rest, v in zip(found, aims, strict=True):
        if rest.outcome.is_rest:
            assert rest.v_rest == pytest.approx(v, abs=1e-9)
        else:
            assert rest.outcome.name == "unstable"
    assert sum(rest.outcome.is_rest for rest in found) > 0.9 * len(found)


def rests_of(cells):
    """The rests of cells of one structure."""
    system = assemble(cells[0])
    found = []
    for each in cells:
        p = parameter_vector(each)
        x0 = system.start(each)
        found.append(result(each, x0, verdict(system, p, x0, searched(system, p[None], x0[None]))))
    return found

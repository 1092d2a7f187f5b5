"""Effects against closed forms, summation theorems and differences of `rest`; Sobol indices against analytic ones."""

import sys

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.optimize import brentq

import vrest
from vrest.constants import F, R

RATES = ["K_leak.permeability", "Na_leak.permeability", "Cl_leak.permeability", "pump.max_rate"]
WATER = "water.hydraulic_permeability"


@pytest.fixture(scope="module")
def moved(neuron):
    """A cell that does not rest where it starts, so that its capacitance matters a little."""
    return vrest.apply(neuron, "outside.K=8 mM swap Na")


@pytest.fixture(scope="module")
def everything(moved):
    return vrest.sensitivity(moved)


def summed(found, weights):
    """What a step of all of some numbers together does."""
    names = [e.factor.name for e in found.effects]
    assert set(weights) <= set(names)
    return {
        q.name: sum(w * found.effects[names.index(name)].on[q.name] for name, w in weights.items())
        for q in found.quantities
    }


def test_ishigami():
    a, b = 7.0, 0.1

    def ishigami(u):
        x = np.pi * (2 * u - 1)
        return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])

    found = vrest.sobol_indices(ishigami, 3, 2**12, seed=1)
    alone, second = 0.5 * (1 + b * np.pi**4 / 5) ** 2, a**2 / 8
    pair = b**2 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = alone + second + pair
    assert found.sd**2 == pytest.approx(whole, rel=0.01)
    assert found.mean == pytest.approx(a / 2, rel=0.01)
    assert found.first == pytest.approx([alone / whole, second / whole, 0], abs=0.015)
    assert found.total == pytest.approx([(alone + pair) / whole, second / whole, pair / whole], abs=0.015)
    assert found.second[np.triu_indices(3, 1)] == pytest.approx([0, pair / whole, 0], abs=0.02)
    for value, half, exact in (
        (found.first, found.first_ci, [alone / whole, second / whole, 0]),
        (found.total, found.total_ci, [(alone + pair) / whole, second / whole, pair / whole]),
    ):
        assert (np.abs(value - exact) < half).all()
        assert (half < 0.1).all()
    again = vrest.sobol_indices(ishigami, 3, 2**12, seed=1)
    assert (again.first_ci == found.first_ci).all()  # the bootstrap has the seed as well


def test_ghk_has_its_closed_form():
    cell = vrest.parse_cell("""
        name = "ghk"
        temperature = "37 degC"
        [compartments.outside]
        kind = "bath"
        ions = { K = "5 mM", Na = "145 mM", Cl = "110 mM" }
        [compartments.inside]
        kind = "dialysed"
        shape = "sphere"
        radius = "8 um"
        ions = { K = "140 mM", Na = "15 mM", Cl = "7 mM" }
        [membranes.m]
        inside = "inside"
        outside = "outside"
        [membranes.m.transports]
        K = { law = "ghk_leak", ion = "K", permeability = "1e-6 cm/s" }
        Na = { law = "ghk_leak", ion = "Na", permeability = "4e-8 cm/s" }
        Cl = { law = "ghk_leak", ion = "Cl", permeability = "4.5e-7 cm/s" }
    """)
    ions = ("K", "Na", "Cl")
    paths = [f"outside.{i}" for i in ions] + [f"inside.{i}" for i in ions] + [f"{i}.permeability" for i in ions]
    found = vrest.sensitivity(cell, [*paths, "m.capacitance", "inside.radius"], of="V")
    above = np.array([1.0 * 5, 0.04 * 145, 0.45 * 7])
    below = np.array([1.0 * 140, 0.04 * 15, 0.45 * 110])
    thermal = 1e3 * R * 310.15 / F
    up, down = thermal * above / above.sum(), thermal * below / below.sum()
    assert found.values["V"] == pytest.approx(thermal * np.log(above.sum() / below.sum()), abs=1e-9)
    by_hand = [up[0], up[1], -down[2], -down[0], -down[1], up[2], *(up - down)]
    effects = np.array([e.on["V"] for e in found.effects])
    assert effects[:9] == pytest.approx(0.01 * np.array(by_hand), rel=1e-10)
    assert effects[:3] == pytest.approx([0.09579, 0.11112, -0.06959], abs=1e-5)  # tabulated
    assert abs(effects[:6].sum()) < 1e-12
    assert abs(effects[6:9].sum()) < 1e-12
    assert (effects[9:] == 0.0).all()


def test_all_rates_together_move_no_rest_only_time(moved):
    names = [*RATES, WATER]
    found = vrest.sensitivity(moved, names, of=["V", "inside", "E_K", "volume", "ATP", "tau", "collapse"])
    total = summed(found, dict.fromkeys(names, 1))
    assert total.pop("ATP") == pytest.approx(1, abs=1e-10)
    assert total.pop("tau") == pytest.approx(-1, abs=1e-8)
    assert total.pop("collapse") == pytest.approx(-1, abs=1e-6)
    assert abs(found.effects[0].on["V"]) > 0.1
    for name, value in total.items():
        assert abs(value) <= 4 * found.bounds[name], name


def test_a_larger_cell_of_larger_capacitance_is_the_same_cell_only_larger(moved):
    names = ["inside.radius", "neuron.capacitance"]
    found = vrest.sensitivity(moved, names, of=["V", "inside", "volume", "ATP", "tau", "collapse"])
    total = summed(found, dict.fromkeys(names, 1))
    assert [total.pop(name) for name in ("volume", "ATP")] == pytest.approx([3, 2], abs=1e-10)
    assert total.pop("tau") == pytest.approx(1, abs=1e-8)
    assert total.pop("collapse") == pytest.approx(1, abs=1e-6)
    assert abs(found.effects[0].on["V"]) > 1e-8  # each alone does move it
    for name, value in total.items():
        assert abs(value) <= 4 * found.bounds[name], name


def test_everything_diluted_alike_keeps_its_potential(moved):
    # fluxes scale with concentrations; the half-saturations, the pump, and the charge per volt with them
    contents = [f"{side}.{ion}" for side in ("inside", "outside") for ion in ("K", "Na", "Cl")]
    names = [*contents, "inside.impermeant.concentration", "outside.impermeant.concentration"]
    names += ["pump.km_na", "pump.km_k", "pump.max_rate", "neuron.capacitance"]
    found = vrest.sensitivity(moved, names, of=["V", "inside", "E_Na", "volume", "ATP"])
    total = summed(found, dict.fromkeys(names, 1))
    assert total.pop("ATP") == pytest.approx(1, abs=1e-10)
    for name, value in total.items():
        assert abs(value - name.startswith("inside")) <= 10 * found.bounds[name], name


@pytest.mark.parametrize("name", [pytest.param("dijkstra_2016", marks=pytest.mark.library), "duesterwald_2018"])
def test_all_rates_together_in_published_cells(name):
    found = vrest.sensitivity(vrest.load(name))
    strengths = ("permeability", "conductance", "turnover", "max_rate")
    rates = [e.factor.name for e in found.effects if e.factor.name.endswith(strengths)]
    assert len(rates) >= 6
    total = summed(found, dict.fromkeys(rates, 1))
    assert total.pop("ATP") == pytest.approx(1, abs=1e-10)
    if "gate" not in {kind for kind, _ in found.rest.system.states}:  # gates keep their own time
        assert total["tau"] == pytest.approx(-1, abs=1e-8)
    total.pop("tau")
    for quantity, value in total.items():
        assert abs(value) <= 10 * found.bounds[quantity], quantity


def test_effects_are_the_differences_of_rests(moved, everything):
    share = 1e-3
    for effect in everything.effects:
        factor = effect.factor
        # 1e-3 of a step of 1 % or 1 K, to either side
        si = [factor.parameter.value + side * share * factor.step for side in (-1, 1)]
        low, high = (vrest.rest(moved, f"{factor.path}={_text(factor, value)}") for value in si)
        read = {"V": lambda r: r.v_rest, "ATP": lambda r: r.atp_per_second, "volume": lambda r: r.volumes["inside"]}
        read |= {f"inside.{ion}": lambda r, ion=ion: r.concentrations["inside"][ion] for ion in ("K", "Na", "Cl")}
        read["tau"] = lambda r: r.slowest_time_constant
        for q in everything.quantities:
            slope = (read[q.name](high) - read[q.name](low)) / (2 * share)
            slope *= 100 / everything.values[q.name] if q.relative else 1.0
            noise = 1e-5 if q.name == "tau" else 1e-7
            assert effect.on[q.name] == pytest.approx(slope, rel=1e-6, abs=noise), (factor.name, q.name)


def _text(factor, si):
    value = vrest.units.from_si(si, factor.parameter.spec.dimension)
    return f"{float(value)!r} {factor.unit}"


def test_what_moves_the_rest_is_told_from_what_moves_only_the_dynamics(neuron, moved, everything):
    found = vrest.sensitivity(neuron, [*RATES, WATER, "inside.radius", "neuron.capacitance", "pump.atp_free_energy"])
    verdicts = {e.factor.name: (e.verdict, e.exact) for e in found.effects}
    assert verdicts == {
        "K_leak.permeability": ("moves", False),
        "Na_leak.permeability": ("moves", False),
        "Cl_leak.permeability": ("dynamics", True),  # chloride is passive: no flux at rest
        "pump.max_rate": ("moves", False),
        WATER: ("dynamics", True),
        "inside.radius": ("size", True),
        "neuron.capacitance": ("dynamics", True),
        "pump.atp_free_energy": ("nothing", True),
    }
    capacitance = everything.effects[[e.factor.name for e in everything.effects].index("neuron.capacitance")]
    assert (capacitance.verdict, capacitance.exact) == ("dynamics", False)
    assert 1e-9 < capacitance.v_moves < 1e-5
    assert "by " in capacitance.text


def test_the_time_to_collapse_moves_as_its_differences(neuron):
    paths = ["Na_leak.permeability", "outside.K swap Na", "temperature"]
    found = vrest.sensitivity(neuron, paths, of="collapse")
    changes = {
        "Na_leak.permeability": lambda step: f"Na_leak.permeability*={1 + 0.01 * step!r}",
        "outside.K swap Na": lambda step: f"outside.K={5 + 0.05 * step!r} mM swap Na",
        "temperature": lambda step: f"temperature={37 + step!r} degC",
    }
    events, share, at = [(0, "pump.max_rate*=0")], 1e-2, np.linspace(2400, 2600, 401)
    for effect in found.effects:
        times = []
        for side in (-share, share):
            cell = vrest.apply(neuron, changes[effect.factor.name](side))
            run = vrest.simulate(vrest.rest(cell).as_cell(), events, "1 h", times=at, rtol=1e-11)
            times.append(_crossing(run.time, run.v))
        slope = 100 * (times[1] - times[0]) / (2 * share) / found.values["collapse"]
        assert effect.on["collapse"] == pytest.approx(slope, rel=2e-5), effect.factor.name
    assert found.values["collapse"] == pytest.approx(np.mean(times), rel=1e-6)


def _crossing(time, v):
    curve = CubicSpline(time, v + 30)
    return brentq(curve, time[0], time[-1], xtol=1e-12)


def test_indices_of_small_spreads_are_squares_of_effects(neuron):
    over = {
        "K_leak.permeability": "lognormal(0.01)",
        "Na_leak.permeability": "lognormal(0.005)",
        "outside.K swap Na": "normal(5, 0.05)",
        "temperature": "normal(37, 1)",
        "Cl_leak.permeability": "lognormal(0.1)",
    }
    found = vrest.sensitivity(neuron, over, of=["V", "E_K", "ATP", "volume"], n=1024)
    spread = np.array([1.0, 0.5, 1.0, 1.0, 10.0])  # in steps
    assert found.sobol.cells == 1024 * 12
    assert found.sobol.outcomes == {"rests": 1024 * 12}
    for q in found.quantities:
        parts = (spread * [e.on[q.name] for e in found.effects]) ** 2
        index = found.sobol.indices[q.name]
        sd = index.sd if not q.relative else 100 * index.sd / found.values[q.name]
        assert sd == pytest.approx(np.sqrt(parts.sum()), rel=0.02), q.name
        assert index.first == pytest.approx(parts / parts.sum(), abs=0.01), q.name
        assert index.total == pytest.approx(parts / parts.sum(), abs=0.02), q.name
        assert index.total[-1] == pytest.approx(0, abs=1e-12), q.name


def test_cells_without_a_rest_are_left_out_or_refused(neuron):
    # without a K+ conductance to speak of, the cell swells
    over = {"K_leak.permeability": "lognormal(1.3)", "Na_leak.permeability": "lognormal(0.1)"}
    found = vrest.sensitivity(neuron, over, of="V", n=256)
    outcomes = found.sobol.outcomes
    assert sum(outcomes.values()) == 256 * 6
    assert 0 < outcomes["swells_without_limit"] < 6
    assert 0 < 256 - found.sobol.indices["V"].used <= 2
    assert [notice.code for notice in found.warnings] == ["left_out"]
    with pytest.raises(vrest.NoRestError) as refused:
        vrest.sensitivity(neuron, over | {"K_leak.permeability": "lognormal(1.6)"}, of="V", n=256)
    assert refused.value.code == "without_rest"
    assert "swells_without_limit" in refused.value.message
    assert refused.value.message.split("total Sobol index: ")[1].startswith("K_leak.permeability")


@pytest.mark.parametrize(
    ("over", "how", "code"),
    [
        ("outside.Kx", {}, "unknown_path"),
        ("inside.impermeant.valence", {}, "is_solved"),
        ("pump.km_atp", {}, "is_zero"),
        (["outside.K swap Na", "outside.Na"], {}, "bad_companion"),
        ("outside.K swap Cl", {}, "bad_companion"),
        ("outside.K", {"of": "Vm"}, "unknown_quantity"),
        ("outside.K", {"n": 1000}, "out_of_range"),
        ({"outside.K": "lognormal"}, {}, "bad_distribution"),
        ("", {}, "unknown_path"),
    ],
)
def test_slips(neuron, over, how, code):
    with pytest.raises(vrest.InputError) as error:
        vrest.sensitivity(neuron, over, **how)
    assert error.value.code == code


def test_a_cell_that_does_not_rest_has_no_sensitivity(neuron):
    with pytest.raises(vrest.NoRestError):
        vrest.sensitivity(vrest.apply(neuron, "K_leak.permeability*=0"))


def test_sobol_indices_without_salib_say_how_to_get_it(neuron, monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib.analyze", None)
    with pytest.raises(vrest.InputError, match=r"vrest\[sensitivity\]") as error:
        vrest.sensitivity(neuron, "outside.K", of="V", n=8)
    assert error.value.code == "no_salib"


@pytest.mark.library
def test_several_membranes_have_a_potential_and_contents_each():
    found = vrest.sensitivity(vrest.load("edpr_2020"), of=["V", "soma.K", "ATP"])
    assert [q.name for q in found.quantities] == ["V.soma", "V.dendrite", "soma.K", "ATP"]
    rates = ("conductance", "turnover", "max_rate", "rate_constant", "cross_section")
    total = summed(found, dict.fromkeys((e.factor.name for e in found.effects if e.factor.name.endswith(rates)), 1))
    assert total["ATP"] == pytest.approx(1, abs=1e-9)
    assert [total[name] for name in ("V.soma", "V.dendrite", "soma.K")] == pytest.approx([0, 0, 0], abs=1e-9)

"""Parts of a potential: rows that say what they are, sums that make V, slopes and GHK by other ways."""

import numpy as np
import pytest
from scipy.constants import R, physical_constants
from scipy.differentiate import derivative
from scipy.optimize import brentq
from scipy.special import exprel

import vrest
from vrest.model.channels import GHKLeak
from vrest.study.explain.parts import Parts, account_rows, accounting, parts
from vrest.system.assemble import assemble
from vrest.system.observables import currents, transports
from vrest.system.structure import parameter_vector
from vrest.units import from_door


def at(found: Parts, quantity: str, place: tuple[str, ...]):
    value = getattr(found, quantity)
    for key in place:
        value = value[key]
    return value


def channels(system, p, wall):
    """(label, ion) of each channel of a membrane."""
    found = transports(system, p, wall).items()
    return [(label, next(iter(part.moved_ions))) for label, part in found if part.is_channel]


@pytest.fixture(scope="module", params=vrest.library())
def rest(request):
    return vrest.rest(request.param)


@pytest.fixture(scope="module")
def made(rest):
    return parts(rest.system, rest.state, rest.parameters)


def test_each_row_is_what_it_says_for_one_state_and_for_many(rest, made):
    system, n = rest.system, 5
    rows = account_rows(system)
    x = rest.state[:, None] * np.linspace(0.9, 1.1, n)
    p = np.repeat(rest.parameters[:, None], n, axis=1)
    many = parts(system, x, p)
    filled = accounting(system)((x, p), ())
    assert accounting(system).native
    assert len(set(rows)) == len(rows) == len(filled)
    for row, values in zip(rows, filled, strict=True):
        assert np.array_equal(at(many, row.quantity, row.place), values, equal_nan=True)
        assert at(made, row.quantity, row.place) == pytest.approx(values[2], rel=1e-9, abs=1e-9, nan_ok=True)


def test_the_parts_make_v(rest, made):
    for name, v in made.v.items():
        known = [part for part in made.chord_part[name].values() if not np.isnan(part)]
        assert sum(known) == pytest.approx(made.chord_sum[name], abs=1e-12)
        whole = made.chord_sum[name] + made.chord_pump[name] + made.chord_paths[name] + made.chord_one_sided[name]
        assert whole == pytest.approx(v, abs=1e-8)
        shares = made.chord_share[name]
        conductances = [
            current / made.driving_force[name][ion] / shares[ion]
            for ion, current in made.channel_current[name].items()
            if shares[ion] > 1e-6 and abs(made.driving_force[name][ion]) > 1e-3
        ]
        assert conductances == pytest.approx(conductances[:1] * len(conductances), rel=1e-9)


def test_slope_shares_are_those_of_scipys_derivative(rest, made):
    system, p = rest.system, rest.parameters
    for wall in system.structure.walls:
        slopes: dict[str, float] = {}
        for label, ion in channels(system, p, wall):

            def flow(v, wall=wall, label=label):
                x = system.at_potential(np.broadcast_to(rest.state, (*v.shape, len(rest.state))), wall, v)
                return currents(system, x, np.broadcast_to(p, (*v.shape, len(p))), wall)[label]

            v = from_door(made.v[wall.name], "potential")
            found = derivative(flow, v, initial_step=from_door(2.0, "potential"), order=8)
            slopes[ion] = slopes.get(ion, 0.0) + found.df
        for ion, slope in slopes.items():
            assert made.slope_share[wall.name][ion] == pytest.approx(slope / sum(slopes.values()), abs=1e-9)
        silent = set(made.slope_share[wall.name]) - set(slopes)
        assert all(np.isnan(made.slope_share[wall.name][ion]) for ion in silent)


def test_the_ghk_equation_is_where_the_leaks_carry_no_current(rest, made):
    system, x, p = rest.system, rest.state, rest.parameters
    vt = R * system.get(p, "temperature") / physical_constants["Faraday constant"][0]
    for wall in system.structure.walls:
        leaks = [(transports(system, p, wall)[label], ion) for label, ion in channels(system, p, wall)]
        inside, outside = system.free(x, p, wall.inside), system.free(x, p, wall.outside)
        if not leaks or not all(isinstance(leak, GHKLeak) and abs(system.valence[leak.ion]) == 1 for leak, _ in leaks):
            assert np.isnan([made.ghk[wall.name], *made.ghk_share_numerator[wall.name].values()]).all()
            continue

        def net(v, ions, inside=inside, outside=outside, leaks=leaks):
            """z P u (ci - co e^-u) / (1 - e^-u) of each, u = z V F / RT."""
            total = 0.0
            for leak, ion in leaks:
                if ion in ions:
                    u = system.valence[ion] * v / vt
                    flux = leak.permeability * (inside[ion] - outside[ion] * np.exp(-u)) / exprel(-u)
                    total += system.valence[ion] * flux
            return total

        carried = {ion for _, ion in leaks}
        root = brentq(net, -0.2001, 0.2002, args=(carried,), xtol=1e-16)
        assert made.ghk[wall.name] == pytest.approx(1e3 * root, abs=1e-9)
        top = {
            ion: sum(leak.permeability for leak, of in leaks if of == ion)
            * (outside if system.valence[ion] > 0 else inside)[ion]
            for ion in carried
        }
        for ion in carried:
            share = top[ion] / sum(top.values())
            assert made.ghk_share_numerator[wall.name][ion] == pytest.approx(share, rel=1e-12)
        assert sum(made.ghk_share_denominator[wall.name][ion] for ion in carried) == pytest.approx(1.0, abs=1e-12)
        if {"K", "Na"} <= carried:
            root = brentq(net, -0.2001, 0.2002, args=(("K", "Na"),), xtol=1e-16)
            assert made.ghk_without_cl[wall.name] == pytest.approx(1e3 * root, abs=1e-9)
            beyond = made.mullins_noda[wall.name] - made.ghk_without_cl[wall.name]
            assert made.mullins_noda_minus_ghk[wall.name] == pytest.approx(beyond, abs=1e-12)
        else:
            assert np.isnan(made.mullins_noda[wall.name])


def test_a_cycle_costs_all_of_its_atp_where_the_pump_would_reverse(rest, made):
    system, x, p = rest.system, rest.state, rest.parameters
    for wall in system.structure.walls:
        for pump, reversal in made.reversal_potential[wall.name].items():
            if not np.isnan(reversal):
                there = parts(system, system.at_potential(x, wall, from_door(reversal, "potential")), p)
                cost, given = there.cycle_cost[wall.name][pump], there.atp_free_energy[wall.name][pump]
                assert cost == pytest.approx(given, rel=1e-12)


def test_at_its_own_e_an_ion_votes_with_its_slope():
    """The share goes through V = E without a step: on both sides of it the quotient is the same."""
    r = vrest.rest("mammalian_neuron")
    (wall,) = r.system.structure.walls
    e = parts(r.system, r.state, r.parameters).E["neuron"]["K"]
    potentials = from_door(e + np.array([-1e-3, 0.0, 1e-3]), "potential")
    x = r.system.at_potential(np.repeat(r.state[None], 3, axis=0), wall, potentials).T
    shares = parts(r.system, x, np.repeat(r.parameters[:, None], 3, axis=1)).chord_share["neuron"]["K"]
    assert shares[1] == pytest.approx((shares[0] + shares[2]) / 2, rel=1e-9)
    assert shares[0] < shares[1] < shares[2]


def test_lanes_with_and_without_an_ion_stand_side_by_side(neuron):
    """Without Na+ outside it has no E and no chord, and its current stands apart; the other lane keeps both."""
    r = vrest.rest(neuron)
    p = np.repeat(r.parameters[:, None], 2, axis=1)
    p[r.system.names.index("compartments.outside.ions.Na"), 1] = 0.0
    found = parts(r.system, np.repeat(r.state[:, None], 2, axis=1), p)
    na = {name: at(found, name, ("neuron", "Na")) for name in ("E", "chord_share", "chord_part", "slope_share")}
    assert [np.isnan(v).tolist() for v in na.values()] == [[False, True]] * 3 + [[False, False]]
    assert found.channel_current["neuron"]["Na"][1] > 0
    assert found.chord_one_sided["neuron"][0] == 0
    share, force = found.chord_share["neuron"]["K"][1], found.driving_force["neuron"]["K"][1]
    conductance = found.channel_current["neuron"]["K"][1] / force / share
    assert found.chord_one_sided["neuron"][1] == pytest.approx(-found.channel_current["neuron"]["Na"][1] / conductance)
    assert np.isfinite(found.ghk["neuron"]).all()  # GHK counts what comes out


def test_a_membrane_without_channels_has_no_votes(neuron):
    """Every permeability off: no chord, no slope, no GHK; the pump moves nothing in a conductance that is not there."""
    r = vrest.rest(neuron)
    off = {f"membranes.neuron.transports.{ion}_leak.permeability": 0.0 for ion in ("K", "Na", "Cl")}
    found = parts(r.system, r.state, r.system.with_values(r.parameters, off))
    assert (found.chord_sum["neuron"], found.chord_pump["neuron"], found.chord_paths["neuron"]) == (0.0, 0.0, 0.0)
    shares = (found.chord_share, found.slope_share, found.ghk_share_numerator, found.ghk_share_denominator)
    assert np.isnan([list(share["neuron"].values()) for share in shares]).all()
    assert np.isnan([found.ghk["neuron"], found.mullins_noda["neuron"]]).all()


SHORT = """
name = "short_circuit"
temperature = "37 degC"
[compartments.blood]
kind = "bath"
ions = { K = "5 mM", Na = "145 mM", Cl = "150 mM" }
[compartments.pond]
kind = "bath"
ions = { K = "20 mM", Na = "130 mM", Cl = "150 mM" }
[compartments.cell]
kind = "fixed"
volume = "2145 um3"
ions = { K = "140 mM", Na = "15 mM", Cl = "7 mM" }
impermeant = { concentration = "145 mM", valence = "solve" }
[membranes.m]
inside = "cell"
outside = "blood"
potential = "-70 mV"
area = "804 um2"
capacitance = "1 uF/cm2"
[membranes.m.transports]
K_leak = { law = "ghk_leak", ion = "K", permeability = "1e-6 cm/s" }
[membranes.seal]
inside = "pond"
outside = "blood"
area = "100 um2"
[membranes.seal.transports]
K_seal = { law = "ohmic_leak", ion = "K", conductance = "0.1 mS/cm2" }
[exchanges.short]
kind = "wire"
inside = "pond"
outside = "blood"
"""


def test_a_membrane_held_at_zero_has_a_chord_and_no_slope():
    """A wire joins its sides: its V is no state. The current that its K+ drives returns along the wire."""
    r = vrest.rest(vrest.parse_cell(SHORT))
    found = parts(r.system, r.state, r.parameters)
    e = 1e3 * R * 310.15 / physical_constants["Faraday constant"][0] * np.log(5 / 20)
    assert found.v["seal"] == 0.0
    assert found.chord_share["seal"]["K"] == 1.0
    assert found.channel_current["seal"]["K"] == pytest.approx(-0.1 * e, rel=1e-9)  # 100 pS
    assert (found.chord_sum["seal"], found.chord_paths["seal"]) == pytest.approx((e, -e), rel=1e-12)
    assert np.isnan(found.slope_share["seal"]["K"])
    assert found.v["m"] == pytest.approx(found.E["m"]["K"], abs=1e-9)


def described(leaks: str, more: str = "") -> Parts:
    """Of the cell as described, with further lines of leaks and further ions everywhere."""
    text = SHORT.replace('permeability = "1e-6 cm/s" }\n', f'permeability = "1e-6 cm/s" }}\n{leaks}\n')
    cell = vrest.parse_cell(
        text.replace(' mM" }\n[', f' mM"{more} }}\n[').replace(' mM" }\nimperm', f' mM"{more} }}\nimperm')
    )
    system = assemble(cell)
    return parts(system, system.start(cell), parameter_vector(cell))


NA = 'Na_leak = { law = "ghk_leak", ion = "Na", permeability = "4e-8 cm/s" }'


def test_leaks_of_one_ion_count_together():
    k = '{ law = "ghk_leak", ion = "K", permeability = "%s cm/s" }'
    more = described(f"{NA}\nK_more = {k % '5e-7'}\nK_less = {k % '5e-7'}")
    one = described(f"{NA}\nK_more = {k % '1e-6'}")
    for name in ("ghk", "mullins_noda", "chord_sum"):
        assert getattr(more, name)["m"] == pytest.approx(getattr(one, name)["m"], rel=1e-12)
    for name in ("channel_current", "chord_share", "slope_share", "ghk_share_denominator"):
        assert at(more, name, ("m", "K")) == pytest.approx(at(one, name, ("m", "K")), rel=1e-12)


def test_a_divalent_leak_leaves_no_ghk_equation():
    """It has a chord and a slope; the equation in closed form is of monovalent ions."""
    calcium = 'Ca_leak = { law = "ghk_leak", ion = "Ca", permeability = "1e-8 cm/s" }'
    found, without = described(f"{NA}\n{calcium}", ', Ca = "1 mM"'), described(NA)
    assert found.chord_share["m"]["Ca"] > 0
    assert found.slope_share["m"]["Ca"] > 0
    told = [
        found.ghk["m"],
        found.ghk_without_cl["m"],
        found.mullins_noda["m"],
        *found.ghk_share_numerator["m"].values(),
    ]
    assert np.isnan(told).all()
    assert without.ghk["m"] == pytest.approx(26.7267 * np.log((5 + 0.04 * 145) / (140 + 0.04 * 15)), abs=1e-3)


def test_no_ghk_equation_where_nothing_would_enter():
    """A K+ leak alone and no K+ outside: one of the two sums is 0, and a share of the other would mean nothing."""
    system = assemble(cell := vrest.parse_cell(SHORT))
    p = system.with_values(parameter_vector(cell), {"compartments.blood.ions.K": 0.0})
    found = parts(system, system.start(cell), p)
    assert np.isnan([found.ghk["m"], found.ghk_share_numerator["m"]["K"], found.ghk_share_denominator["m"]["K"]]).all()

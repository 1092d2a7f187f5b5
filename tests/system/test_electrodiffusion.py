"""Paths along which ions drift and diffuse: closed forms, no net current, and what is conserved."""

import numpy as np
import pytest

import vrest
from vrest.constants import F, R
from vrest.errors import InputError
from vrest.model.paths import set_si
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.run import simulate

PHI = R * 310.15 / F
D = {"Na": 1330e-12, "K": 1960e-12, "Cl": 2030e-12}

VESSELS = """
name = "two_vessels"
[compartments.left]
kind = "fixed"
volume = "1000 um3"
ions = { Na = "200 mM", Cl = "solve" }
[compartments.right]
kind = "fixed"
volume = "1000 um3"
ions = { Na = "100 mM", Cl = "solve" }
[compartments.vesicle]
kind = "fixed"
volume = "1 um3"
ions = { Na = "100 mM", Cl = "solve" }
[membranes.vesicle]
inside = "vesicle"
outside = "right"
area = "1 um2"
potential = "0 mV"
transports = {}
[exchanges.tube]
kind = "electrodiffusion"
inside = "left"
outside = "right"
diffusivity = { Na = "1330 um2/s", Cl = "2030 um2/s" }
cross_section = "1 um2"
length = "100 um"
"""

CABLE = """
name = "cable"
{places}
[exchanges.outside]
kind = "electrodiffusion"
inside = "b_out"
outside = "a_out"
diffusivity = {{ Na = "1330 um2/s", K = "1960 um2/s", Cl = "2030 um2/s" }}
cross_section = "0.4 um2"
length = "100 um"
tortuosity = 1.6
[exchanges.inside]
kind = "electrodiffusion"
inside = "a"
outside = "b"
diffusivity = {{ K = "1960 um2/s", Na = "1330 um2/s", Cl = "2030 um2/s" }}
cross_section = "2 um2"
length = "100 um"
tortuosity = 3.2
"""

PLACE = """
[compartments.{n}]
kind = "fixed"
volume = "1000 um3"
ions = {{ K = "140 mM", Na = "12 mM", Cl = "7 mM" }}
impermeant = {{ concentration = "145 mM", valence = "solve" }}
[compartments.{n}_out]
kind = "fixed"
volume = "500 um3"
ions = {{ K = "4 mM", Na = "145 mM", Cl = "130 mM" }}
impermeant = {{ concentration = "19 mM", valence = "solve" }}
[membranes.{n}]
inside = "{n}"
outside = "{n}_out"
area = "{area} um2"
potential = "{v} mV"
transports = {{}}
"""


@pytest.fixture(scope="module")
def cable():
    """Two places with the same contents and different potentials, without channels."""
    places = PLACE.format(n="a", v=-60, area=600) + PLACE.format(n="b", v=-70, area=300)
    return vrest.parse_cell(CABLE.format(places=places))


def fluxes(system, x, p):
    """Flux of every ion along each path, mol/s, and the drop along it: {label: (fluxes, drop)}."""
    here = system.between(x, p)
    return {
        system.structure.movers[m].label: (
            dict(zip(system.bound(m, p).diffusivity, system.bound(m, p).rates(seen), strict=True)),
            seen.drop,
        )
        for m, seen in here.items()
    }


def test_a_salt_diffuses_with_the_harmonic_mean_of_its_diffusivities():
    """Nernst and Hartley: D = 2 D+ D-/(D+ + D-), and a junction potential (D- - D+)/(D- + D+) RT/F dc/c."""
    cell = vrest.parse_cell(VESSELS)
    system, p = assemble(cell), parameter_vector(cell)
    moved, drop = fluxes(system, system.start(cell), p)["tube"]
    share = (D["Cl"] - D["Na"]) / (D["Cl"] + D["Na"])
    assert drop == pytest.approx(PHI * share * 100 / 150, rel=1e-12)
    assert moved["Na"] == pytest.approx(moved["Cl"], rel=1e-12)
    rate = 2 * D["Na"] * D["Cl"] / (D["Na"] + D["Cl"]) * 1e-12 / 100e-6 * (1 / 1000e-18 + 1 / 1000e-18)
    run = simulate(cell, until="2 min", points=5)
    left = run.states[:, system.index["amount", "left.Na"]]
    assert left - 150 == pytest.approx(50 * np.exp(-rate * run.time), rel=1e-5)
    for account in run.ledger:
        assert account.drift <= account.floor, account


def test_potentials_alone_spread_along_a_cable_as_ohm_says(cable):
    """Without gradients, inside and outside are resistors in series between two capacitors."""
    system, p = assemble(cable), parameter_vector(cable)
    x = system.start(cable)

    def resistance(c, area, tortuosity):
        return 1 / (F / PHI * sum(D[ion] * c[ion] for ion in c) * area / (tortuosity**2 * 100e-6))

    inside = resistance({"K": 140, "Na": 12, "Cl": 7}, 2e-12, 3.2)
    outside = resistance({"K": 4, "Na": 145, "Cl": 130}, 0.4e-12, 1.6)
    current = 0.010 / (inside + outside)
    slope = dict(zip(system.states, system.derivative(x, p), strict=True))
    assert slope["charge", "a"] == pytest.approx(-current / (0.01 * 600e-12), rel=1e-9)
    assert slope["charge", "b"] == pytest.approx(current / (0.01 * 300e-12), rel=1e-9)
    found = fluxes(system, x, p)
    charge = {
        name: sum((-1 if ion == "Cl" else 1) * j for ion, j in moved.items()) for name, (moved, _) in found.items()
    }
    assert F * charge["inside"] == pytest.approx(current, rel=1e-9)
    # the second path is described from b to a: the same current comes back
    assert charge["outside"] == pytest.approx(charge["inside"], rel=1e-9)
    assert found["inside"][1] == pytest.approx(current * inside, rel=1e-9)
    assert found["outside"][1] == pytest.approx(current * outside, rel=1e-9)


def test_the_table_moves_the_partner_at_the_rate_that_its_own_law_gives(cable):
    """The partner has no column: what the others take along equals its Nernst-Planck flux."""
    cell = set_si(cable, {"compartments.a_out.ions.K": 9.0, "compartments.b.ions.Na": 30.0})
    system, p = assemble(cell), parameter_vector(cell)
    x = system.start(cell)
    (link,) = system.network.links
    assert (system.structure.movers[link.back].label, link.partner) == ("outside", "Cl")
    slope = dict(zip(system.states, system.derivative(x, p), strict=True))
    assert -slope["amount", "b_out.Cl"] * 500e-18 == pytest.approx(fluxes(system, x, p)["outside"][0]["Cl"], rel=1e-9)


def test_a_closed_cable_has_one_law_per_ion_and_per_place(cable):
    """Three ions inside and three outside, and the charge of four compartments; one of these follows from the rest."""
    system = assemble(cable)
    assert len(system.laws.dependent) == 3 + 3 + 4 - 1
    run = simulate(cable, until="1 h", points=20)
    for account in run.ledger:
        assert account.drift <= account.floor, account
    # the charge of both on both, but for what their impermeants differ in
    assert run.v[-1] == pytest.approx([(2 * -60 + -70) / 3] * 2, abs=1e-3)


def test_a_ring_of_paths_is_refused(cable):
    third = PLACE.format(n="c", v=-65, area=300)
    path = '[exchanges.{n}]\nkind = "electrodiffusion"\ninside = "{i}"\noutside = "{o}"\n'
    path += 'diffusivity = {{ K = "1960 um2/s", Cl = "2030 um2/s" }}\ncross_section = "1 um2"\nlength = "100 um"\n'
    places = PLACE.format(n="a", v=-60, area=600) + PLACE.format(n="b", v=-70, area=300) + third
    chain = CABLE.format(places=places) + path.format(n="more", i="b_out", o="c_out")
    assert len(assemble(vrest.parse_cell(chain)).network.links) == 2
    with pytest.raises(InputError, match="closes a ring"):
        assemble(vrest.parse_cell(chain + path.format(n="last", i="c_out", o="a_out")))

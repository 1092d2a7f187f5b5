"""Who holds the gradients of a cell: a pump, a pipette, closures, or nobody; and that it is said."""

import numpy as np
import pytest
from scipy.optimize import fsolve

import vrest
from vrest.constants import F, R

CELL = """
name = "held"
[compartments.outside]
kind = "bath"
ions = { K = "5 mM", Na = "145 mM", Cl = "150 mM" }
[compartments.pipette]
kind = "bath"
ions = { K = "140 mM", Na = "10 mM", Cl = "20 mM" }
impermeant = { concentration = "130 mM", valence = -1 }
[compartments.dendrite]
kind = "fixed"
volume = "200 um3"
ions = { K = "140 mM", Na = "10 mM", Cl = "20 mM" }
impermeant = { concentration = "130 mM", valence = -1 }
[compartments.soma]
KIND
shape = "sphere"
radius = "8 um"
ions = { K = "140 mM", Na = "10 mM", Cl = "20 mM" }
[membranes.m]
inside = "soma"
outside = "outside"
potential = "-70 mV"
[membranes.m.transports]
K = { law = "ghk_leak", ion = "K", permeability = "1e-6 cm/s" }
Na = { law = "ghk_leak", ion = "Na", permeability = "5e-8 cm/s" }
Cl = { law = "ghk_leak", ion = "Cl", permeability = "4e-7 cm/s" }
"""
FIXED = 'kind = "fixed"\nimpermeant = { concentration = "130 mM", valence = "solve" }'
PUMP = 'pump = { law = "pump_hill", max_rate = "60 pmol/cm2/s" }\n'


def path(name, inside, outside, clearance="100 um3/s"):
    return (
        f'[exchanges.{name}]\nkind = "salt_diffusion"\ninside = "{inside}"\noutside = "{outside}"\n'
        f'ions = ["K", "Na", "Cl"]\nclearance = "{clearance}"\n'
    )


HOLDERS = {
    # what a file adds: its outcome, and what is said of the soma
    "a pump": (FIXED, PUMP, "rests", None),
    "nobody": (FIXED, "", "rests_run_down", None),
    "a pump that is off": (FIXED, PUMP.replace("60", "0"), "rests_run_down", None),
    "dialysis": ('kind = "dialysed"', "", "rests", "The contents of 'soma' are held by dialysis, not by a pump."),
    "dialysis beside a pump": (
        'kind = "dialysed"',
        PUMP,
        "rests",
        "The contents of 'soma' are held by dialysis, beside 'pump'.",
    ),
    "closures": (
        FIXED,
        '[closures]\n"soma.K" = {}\n"soma.Na" = {}\n',
        "rests",
        "K and Na of 'soma' are held by closures, not by a pump.",
    ),
    "a closure of one ion": (FIXED, '[closures]\n"soma.Na" = {}\n', "rests_run_down", None),  # K+ is in equilibrium
    "a closure of one ion beside a pump": (
        FIXED,
        PUMP + '[closures]\n"soma.K" = {}\n',
        "rests",
        "K of 'soma' is held by closures, beside 'pump'.",
    ),
    "a pipette": (
        FIXED,
        path("patch", "soma", "pipette"),
        "rests",
        "'soma' is refilled from 'pipette' by 'patch', not by a pump.",
    ),
    "a pipette, the other way round": (
        FIXED,
        path("patch", "pipette", "soma"),
        "rests",
        "'soma' is refilled from 'pipette' by 'patch', not by a pump.",
    ),
    "a pipette on the dendrite": (
        FIXED,
        path("neck", "soma", "dendrite") + path("patch", "dendrite", "pipette"),
        "rests",
        "'soma' is refilled from 'pipette' by 'patch', not by a pump.",
    ),
    "a pipette that is blocked": (FIXED, path("patch", "soma", "pipette", "0 um3/s"), "rests_run_down", None),
    "a pipette that is all but blocked": (
        FIXED,
        path("patch", "soma", "pipette", "1e-6 um3/s"),
        "rests_run_down",
        None,
    ),
    "a hole to the bath": (FIXED, path("hole", "soma", "outside"), "rests_run_down", None),
}
QUICK = {"dialysis", "a pipette"}


def cell(kind, more):
    return vrest.parse_cell(CELL.replace("KIND", kind) + more)


@pytest.mark.parametrize(
    "holder", [name if name in QUICK else pytest.param(name, marks=pytest.mark.library) for name in HOLDERS]
)
def test_who_holds_the_gradients(holder):
    kind, more, outcome, said = HOLDERS[holder]
    found = vrest.rest(cell(kind, more))
    assert found.outcome.name == outcome
    assert found.held_by == ({"soma": said} if said else {})
    assert (said or "held") in " ".join(str(found).split())


def test_a_pipette_holds_what_scipy_finds():
    """Neutral diffusion from the pipette makes up for what leaks; V is where the leaks carry no current."""
    phi, area, volume = R * 310.15 / F, 4 * np.pi * 8e-6**2, 4 / 3 * np.pi * 8e-6**3
    pipette, bath, z = (np.array(each) for each in ((140.0, 10.0, 20.0), (5.0, 145.0, 150.0), (1.0, 1.0, -1.0)))
    permeability, clearance = np.array([1e-8, 5e-10, 4e-9]), 1e-16
    fixed = 20.0 - 150.0 + 1e-2 * area * -0.070 / (F * volume)

    def left(unknown):
        v, c = unknown[0], np.exp(unknown[1:])
        u = z * v / phi
        leak = area * permeability * u * (c - bath * np.exp(-u)) / (1 - np.exp(-u))
        gradient, mean = c - pipette, (c + pipette) / 2
        junction = -np.sum(z * gradient) / np.sum(mean)
        enters = -clearance * (gradient + z * mean * junction)
        charge = c @ z + fixed - 1e-2 * area * v / (F * volume)
        return [*(1e18 * (enters - leak))[:2], 1e18 * z @ leak, charge]

    answer = fsolve(left, [-0.06, *np.log(pipette)], xtol=1e-13)
    assert np.abs(left(answer)).max() < 1e-6
    kind, more, _, _ = HOLDERS["a pipette"]
    found = vrest.rest(cell(kind, more))
    assert found.v_rest == pytest.approx(1e3 * answer[0], abs=1e-5)
    assert list(found.concentrations["soma"].values()) == pytest.approx(list(np.exp(answer[1:])), rel=1e-6)


def test_the_library_says_it_where_it_is_so():
    assert vrest.rest("hodgkin_huxley_1952").held_by == {
        "inside": "The contents of 'inside' are held by dialysis, not by a pump."
    }
    assert vrest.rest("mammalian_neuron").held_by == {}

"""Conserved totals are computed from the table of transports, never listed."""

import numpy as np
import pytest

import vrest
from vrest.errors import InputError
from vrest.model.cellfile import parse_cell, write_cell
from vrest.model.paths import parameters, set_si
from vrest.system.assemble import assemble, shared
from vrest.system.laws import conserved
from vrest.system.ledger import describe
from vrest.system.structure import _ranked, parameter_names, parameter_vector, structure_of
from vrest.verbs.run import simulate

GLIA = """
name = "neuron_and_glia"
[compartments.neuron]
kind = "fixed"
volume = "2000 um3"
ions = { K = "140 mM", Na = "15 mM", Cl = "8 mM" }
impermeant = { concentration = "137 mM", valence = "solve" }
[compartments.glia]
kind = "fixed"
volume = "1000 um3"
ions = { K = "110 mM", Na = "15 mM", Cl = "8 mM" }
impermeant = { concentration = "160 mM", valence = "solve" }
[compartments.space]
kind = "fixed"
volume = "500 um3"
ions = { K = "4 mM", Na = "145 mM", Cl = "120 mM" }
impermeant = { concentration = "31 mM", valence = "solve" }
[membranes.neuron]
inside = "neuron"
outside = "space"
area = "900 um2"
potential = "-70 mV"
[membranes.neuron.transports]
K_leak = { law = "ghk_leak", ion = "K", permeability = "1e-6 cm/s" }
Na_leak = { law = "ghk_leak", ion = "Na", permeability = "5e-8 cm/s" }
Cl_leak = { law = "ghk_leak", ion = "Cl", permeability = "4e-7 cm/s" }
pump = { law = "pump_hill", max_rate = "60 pmol/cm2/s" }
[membranes.glia]
inside = "glia"
outside = "space"
area = "700 um2"
potential = "-80 mV"
[membranes.glia.transports]
K_leak = { law = "kir", conductance = "1e-4 S/cm2" }
Na_leak = { law = "ghk_leak", ion = "Na", permeability = "5e-8 cm/s" }
Cl_leak = { law = "ghk_leak", ion = "Cl", permeability = "1e-8 cm/s" }
pump = { law = "pump_hill", max_rate = "60 pmol/cm2/s" }
"""


@pytest.fixture(scope="module")
def trio():
    return vrest.parse_cell(GLIA)


def test_neuron_glia_and_closed_space_have_five_laws_not_six(trio):
    system = assemble(trio)
    assert len(system.states) == 11
    assert len(system.laws.dependent) == 5
    # and each law kills every column of the table
    rows = system.laws.matrix(11)
    assert np.abs(rows @ system.table).max() == 0.0
    assert np.linalg.matrix_rank(rows) == 5
    assert np.linalg.matrix_rank(system.table) == 6


def test_a_closed_system_keeps_every_ion_and_all_charge(trio):
    run = simulate(trio, [("5 min", "neuron.transports.pump.max_rate*=0")], "24 h", points=100)
    system, p = run.system, run.parameters[0]
    for ion in ("K", "Na", "Cl"):
        amounts = sum(
            run.states[:, system.index["amount", f"{s}.{ion}"]] * system.get(p, f"compartments.{s}.volume")
            for s in ("neuron", "glia", "space")
        )
        assert np.abs(amounts / amounts[0] - 1).max() < 1e-12
    for account in run.ledger:
        assert account.drift <= account.floor, account
    assert run.v.shape == (len(run.time), 2)


def test_several_membranes_rest(trio):
    result = vrest.rest(trio)
    assert result.outcome is vrest.Outcome.rests
    assert set(result.v_rest) == {"neuron", "glia"}
    run = simulate(result.as_cell(), until="24 h", points=20)
    assert np.abs(run.v - run.v[0]).max() < 1e-6


def test_every_state_is_either_integrated_or_follows(trio):
    laws = assemble(trio).laws
    assert sorted([*laws.independent, *laws.dependent]) == list(range(11))


def test_split_and_join_are_inverse(trio):
    system, p = assemble(trio), parameter_vector(trio)
    x = system.start(trio)
    y, c, matrix = system.split(x, p)
    assert system.join(y, c, matrix) == pytest.approx(x, rel=1e-15, abs=0)


def test_the_abundant_ion_is_the_one_that_follows(neuron):
    system = assemble(neuron)
    (dependent,) = system.laws.dependent
    assert system.states[dependent] == ("amount", "inside.K")
    assert describe(system) == ["inside.K + inside.Na - inside.Cl - charge(neuron)"]


def test_what_is_off_adds_a_law(neuron):
    off = set_si(neuron, {"membranes.neuron.transports.Cl_leak.permeability": 0.0})
    assert len(assemble(off, only_active=True).laws.dependent) == 2
    assert len(assemble(off).laws.dependent) == 1


@pytest.mark.parametrize("name", ["mammalian_neuron", "edpr_2020", "astrocyte_pair", "frog_skin"])
def test_a_changed_cell_has_the_equations_and_numbers_of_its_description(name):
    """What copies of a cell share, of all copies: each is compared with the same cell read from a file."""
    cell = vrest.load(name)
    for path, parameter in parameters(cell).items():
        if parameter.value == "solve":
            continue
        for factor in (1.01, 0.0) if ".transports." in path else (1.01, 1.1 if path == "temperature" else 30.0):
            try:
                changed = set_si(cell, {path: factor * parameter.value})
            except InputError:
                continue
            again = parse_cell(write_cell(changed))
            for only_active in (True, False):
                assert assemble(changed, only_active=only_active) is assemble(again, only_active=only_active)
                assert structure_of(changed, only_active=only_active) == structure_of(again, only_active=only_active)
            assert parameter_names(changed) == parameter_names(again)
            np.testing.assert_array_equal(parameter_vector(changed), parameter_vector(again))
            assert parameters(changed) == parameters(again)


def test_a_system_in_use_stays_the_only_one(neuron):
    """However many other structures were met since: a second one would compile its code again."""
    mine = assemble(neuron)
    shared.cache_clear()
    assert assemble(parse_cell(write_cell(neuron))) is mine


def test_rational_elimination_is_exact():
    """A combination with thirds and a tiny stoichiometry: rounding must not decide the rank."""
    columns = np.array([[3.0, 0.0], [-2.0, 1.0], [0.0, 3.0], [1.0, 1 / 3]])
    laws = conserved(columns, [0, 1, 2, 3])
    assert laws.independent == (0, 1)
    assert np.abs(laws.matrix(4) @ columns).max() < 1e-15


def test_charge_row_is_derived_from_what_crosses(neuron):
    """Each column's charge row is minus the charge it carries out: pump -1, KCC2 0, leaks their valence."""
    cell = vrest.load("duesterwald_2018")
    system = assemble(cell)
    charge = system.index["charge", "neuron"]
    row = {system.structure.movers[c.mover].label: c.adds.get(charge, 0.0) for c in system.columns}
    assert row == {"K_leak": -1.0, "Na_leak": -1.0, "Cl_leak": 1.0, "KCC2": 0.0, "pump": -1.0, "water": 0.0}


def test_salt_exchange_with_a_bath_moves_no_charge():
    text = (
        GLIA
        + """
[compartments.bath]
kind = "bath"
ions = { K = "4 mM", Na = "145 mM", Cl = "120 mM" }
impermeant = { concentration = "29 mM", valence = -1 }
[exchanges.diffusion]
kind = "salt_diffusion"
inside = "space"
outside = "bath"
ions = ["K", "Na", "Cl"]
clearance = "10 um3/s"
"""
    )
    cell = vrest.parse_cell(text)
    system = assemble(cell)
    # ion totals are gone, the charges of the three compartments stay
    assert len(system.laws.dependent) == 3
    run = simulate(cell, [("5 min", "neuron.transports.pump.max_rate*=0")], "6 h", points=50)
    for account in run.ledger:
        assert account.drift <= account.floor, account
    assert vrest.rest(cell).outcome.is_rest


def test_cells_share_equations_whatever_the_order_of_their_amounts():
    """Soma and dendrite, which differ a little once they have fired; Na+ above Cl-, which no law depends on."""
    for name, change in (("edpr_2020", "dendrite.ions.K=98 mM"), ("mammalian_neuron", "inside.Cl=30 mM")):
        cell = vrest.load(name)
        assert assemble(vrest.apply(cell, change)) is assemble(cell)


@pytest.mark.parametrize("gained", [1.0, 1.2, 1.9])
def test_which_amount_follows_from_the_others_does_not_turn_on_a_little(gained):
    """What soma and dendrite hold of an ion is about alike: a little more of one must not change the equations."""
    alike = [(1.3, "soma.K"), (gained, "dendrite.K"), (0.1, "soma.Na"), (5.0, "soma.Cl")]
    assert _ranked(alike) == ("soma.Na", "soma.K", "dendrite.K", "soma.Cl")

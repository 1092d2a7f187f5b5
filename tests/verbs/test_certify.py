"""What is checked of a point before it may be called a rest: points beside rests, and numbers by differences."""

import numpy as np
import pytest

import vrest
from vrest.constants import F, R
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.allowed import SWOLLEN
from vrest.verbs.certify import certify
from vrest.verbs.linearised import linearised
from vrest.verbs.outcome import Ended, Outcome
from vrest.verbs.search import searched
from vrest.verbs.verdict import departed, verdict

V_SIZE = 0.05
"""V that changes are measured with, those of amounts and volumes with themselves; the potential on a face if larger."""


class Place:
    """The rest of a cell, and points beside it."""

    def __init__(self, found):
        self.system, self.p, self.x0, self.found = found.system, found.parameters, found.start, found
        self.rows = list(found.system.laws.independent)
        self.y = found.state[self.rows]
        self.kinds = [self.system.states[k][0] for k in self.rows]
        self.point = linearised(self.system, self.p, self.x0, self.y)._replace(converged=True)

    def row(self, kind, name):
        return self.rows.index(self.system.index[kind, name])

    def judged(self, ended=Ended.settled, **changed):
        return certify(self.system, self.p, self.x0, self.point._replace(**changed), ended)

    def corrected(self, change):
        """Judged with a Newton correction (state: how much) that is left."""
        correction = self.point.correction.copy()
        for (kind, name), by in change.items():
            correction[self.row(kind, name)] = by
        return self.judged(correction=correction)

    def slope(self, y):
        _, c, matrix = self.system.split(self.x0, self.p)
        return self.system.derivative(self.system.join(y, c, matrix), self.p)[self.rows]

    def jacobian(self, at, v_size=V_SIZE):
        """By central differences, in relative changes; `at`: which of the independent states."""
        size = np.array([v_size if kind == "charge" else abs(v) for kind, v in zip(self.kinds, self.y, strict=True)])
        columns = []
        for i in at:
            h = np.zeros(len(self.y))
            h[i] = 1e-5 * size[i]
            columns.append((self.slope(self.y + h) - self.slope(self.y - h))[at] / (2e-5 * size[at]))
        return np.stack(columns, axis=-1)


@pytest.fixture(scope="module")
def place(neuron):
    return Place(vrest.rest(neuron))


def test_eigenvalues_and_conditioning_are_those_of_differences(place):
    jacobian = place.jacobian(list(range(len(place.y))))
    found = place.judged()
    assert found.outcome is Outcome.rests
    assert found.reason == Outcome.rests.value
    assert found.eigenvalues.dtype == np.complex128
    assert np.sort(found.eigenvalues.real) == pytest.approx(np.sort(np.linalg.eigvals(jacobian).real), rel=1e-6)
    assert found.conditioning == pytest.approx(np.linalg.cond(jacobian), rel=1e-6)


def test_without_an_ion_they_are_those_of_the_others_and_its_own_decay(neuron):
    place = Place(vrest.rest(neuron, "outside.Na=0 mM"))
    na = place.row("amount", "inside.Na")
    others = [i for i in range(len(place.y)) if i != na]
    jacobian = place.jacobian(others, v_size=max(V_SIZE, abs(place.y[place.row("charge", "neuron")])))
    little = np.zeros(len(place.y))
    little[na] = 1e-3
    decay = place.slope(place.y + little)[na] / 1e-3
    expected = np.sort([*np.linalg.eigvals(jacobian).real, decay])
    assert place.found.outcome is Outcome.rests_run_down
    assert np.sort(place.found.eigenvalues.real) == pytest.approx(expected, rel=1e-4)
    assert place.found.conditioning == pytest.approx(np.linalg.cond(jacobian), rel=1e-6)
    assert place.found.residual_mV < 1e-9
    assert "inside.Na is used up: what is left of it decays, and nothing" in place.found.reason


@pytest.mark.parametrize("volt", [2e-9, -2e-9, 5e-10, -5e-10])
def test_a_correction_of_v_beyond_a_nanovolt_is_no_rest(place, volt):
    found = place.corrected({("charge", "neuron"): volt})
    assert found.residual_mV == pytest.approx(1e3 * abs(volt), rel=1e-12, abs=0)
    assert found.outcome is (Outcome.rests if abs(volt) < 1e-9 else Outcome.not_converged)


def test_only_corrections_of_v_are_in_its_residual(place):
    found = place.corrected({("charge", "neuron"): 0.0, ("volume", "inside"): 1.0, ("amount", "inside.Na"): 1.0})
    assert found.residual_mV == 0.0


@pytest.mark.parametrize(("apical", "basolateral"), [(1e-10, -3e-10), (3e-10, 1e-10)])
def test_the_worst_membrane_counts(apical, basolateral):
    skin = Place(vrest.rest("frog_skin"))
    first, second = (wall.name for wall in skin.system.structure.tree)
    found = skin.corrected({("charge", first): apical, ("charge", second): basolateral})
    assert found.residual_mV == pytest.approx(3e-7, rel=1e-12, abs=0)


def test_the_imbalance_is_what_crosses_the_membrane(neuron, place):
    """In a cell with 2 % more Na+ and 10 % more volume: GHK and the pump's law, written again."""
    y = place.y.copy()
    y[place.row("amount", "inside.Na")] *= 1.02
    y[place.row("volume", "inside")] = w = 1.1
    found = place.judged(y=y)
    transports = neuron.membranes["neuron"].transports
    na = 1.02 * 15.0 / w
    u = place.found.v_rest * 1e-3 * F / (R * neuron.temperature)
    leak = transports["Na_leak"].permeability * u * (na - 145.0 * np.exp(-u)) / (1 - np.exp(-u))
    pump = transports["pump"].max_rate * (na / (na + 10)) ** 3 * (5 / (5 + 2)) ** 2
    exponent = place.system.structure.wall("neuron").exponent
    u_of_charge = y[place.row("charge", "neuron")] / w**exponent
    assert u_of_charge == pytest.approx(-0.070 / w**exponent)
    if exponent:
        u = u_of_charge * F / (R * neuron.temperature)
        leak = transports["Na_leak"].permeability * u * (na - 145.0 * np.exp(-u)) / (1 - np.exp(-u))
    area, volume = neuron.area("neuron") * w**exponent, neuron.compartments["inside"].start_volume * w
    gains = -60 * (leak + 3 * pump) * area / volume
    assert found.residual_mM_per_min["inside"]["Na"] == pytest.approx(gains, rel=1e-9)
    worst = max(abs(v) for v in found.residual_mM_per_min["inside"].values())
    assert found.outcome is Outcome.not_converged
    assert f"The motion ended with an imbalance of {worst:.3g} mM/min." in found.reason
    assert "The motion could not go on with an imbalance" in place.judged(Ended.stopped, y=y).reason
    moving = place.judged(Ended.moving, y=y)
    assert (moving.outcome, moving.reason) == (Outcome.not_followed, Outcome.not_followed.value)


def test_how_a_search_ended_counts(place):
    cancelled = place.judged(Ended.cancelled)
    assert cancelled.outcome is Outcome.not_followed
    assert cancelled.reason == f"{Outcome.not_followed.value} The search was stopped."
    assert place.judged(converged=False).outcome is Outcome.not_converged
    assert place.judged(Ended.moving, converged=False).outcome is Outcome.rests  # still, whoever says that it moves


def test_a_jacobian_with_a_hole_proves_nothing(place):
    jacobian = place.point.jacobian.copy()
    jacobian[1, 2] = np.nan
    found = place.judged(jacobian=jacobian)
    assert found.outcome is Outcome.not_converged
    assert "not finite" in found.reason
    assert (len(found.eigenvalues), found.conditioning, found.residual_mM_per_min) == (0, np.inf, {})


def test_an_ion_that_only_leaves_is_an_imbalance(place):
    y = place.y.copy()
    y[place.row("amount", "inside.Cl")] *= 1.001
    found = place.judged(y=y)
    table = found.residual_mM_per_min["inside"]
    assert min(table.values()) < -1e-6
    assert found.outcome is Outcome.not_converged
    assert f"an imbalance of {max(abs(v) for v in table.values()):.3g} mM/min" in found.reason


def test_neutral_is_said_only_where_nothing_moves(place):
    jacobian = 0.0 * place.point.jacobian
    assert place.judged(jacobian=jacobian).outcome is Outcome.neutral
    y = place.y.copy()
    y[place.row("amount", "inside.Cl")] *= 1.001
    assert place.judged(jacobian=jacobian, y=y).outcome is Outcome.not_converged


def test_what_is_free_is_named_down_to_a_tenth(place):
    """Of a direction that nothing determines: the states that move along it, whichever way."""
    names = [place.system.states[k] for k in place.rows]
    direction = np.zeros(len(names))
    direction[:3] = 1.0, -0.101, 0.05
    size = np.array([V_SIZE if kind == "charge" else abs(v) for kind, v in zip(place.kinds, place.y, strict=True)])
    relative = np.outer(direction, direction) / (direction @ direction) - np.eye(len(names))
    for sign in (1, -1):  # of what the eigenvector begins with
        order = [0, 1, 2, *range(3, len(names))] if sign > 0 else [1, 0, 2, *range(3, len(names))]
        found = place.judged(jacobian=relative[np.ix_(order, order)] * size[:, None] / size[None, :])
        named = sorted(f"{name} ({kind})" for kind, name in names[:2])
        assert found.outcome is Outcome.neutral
        assert sorted(found.reason.split("Free: ")[1].removesuffix(".").split(", ")) == named


@pytest.mark.parametrize(("amount", "known"), [(1e-20, np.nan), (0.0, 1.0)])
def test_less_than_an_ion_is_told_without_a_jacobian(place, amount, known):
    y = place.y.copy()
    y[place.row("amount", "inside.Na")] = amount
    found = place.judged(Ended.stopped, y=y, jacobian=known * place.point.jacobian)
    assert found.outcome is Outcome.runs_out
    assert "inside.Na falls below one ion; 'pump' takes it" in found.reason


@pytest.mark.parametrize(("contents", "outcome"), [(3, Outcome.swells_without_limit), (0.5, Outcome.not_converged)])
def test_swelling_without_limit_goes_on(place, contents, outcome):
    """At twice the limit a cell of three times the ions per volume takes up water, and one of half of them shrinks."""
    size = 2 * SWOLLEN
    y = place.y.copy()
    y[place.row("volume", "inside")] = size
    for i, kind in enumerate(place.kinds):
        y[i] *= contents * size if kind == "amount" else 1.0
    x0 = place.x0.copy()  # with charge as it would be
    amounts = [k for k, (kind, _) in enumerate(place.system.states) if kind == "amount"]
    x0[amounts] *= contents * size
    found = certify(place.system, place.p, x0, place.point._replace(y=y), Ended.stopped)
    assert found.outcome is outcome
    if outcome is Outcome.swells_without_limit:
        assert "'inside' has passed 10000 times its volume" in found.reason


def test_a_cell_that_swells_does_so_whatever_it_loses(neuron):
    """Without its leak Na+ is on its way to nothing, and the volume has no limit."""
    place = Place(vrest.rest(neuron, "Na_leak.permeability*=0"))
    y, size = place.y.copy(), 2 * SWOLLEN
    y[place.row("volume", "inside")] = size
    x0 = place.x0.copy()
    for name, share in (("K", 3 * size), ("Cl", 3 * size), ("Na", 1.0)):
        k = place.system.index["amount", f"inside.{name}"]
        x0[k] = share * place.found.state[k] + (1e-4 if name == "Na" else 0.0)
        if k in place.rows:
            y[place.rows.index(k)] = x0[k]
    x0[place.system.index["amount", "inside.Na"]] = 15.0
    found = certify(place.system, place.p, x0, place.point._replace(y=y), Ended.stopped)
    assert found.outcome is Outcome.swells_without_limit


def with_lithium(cell, inside, transport):
    """The cell with a little Li+, none outside, and what moves it."""
    (membrane,) = cell.membranes
    text = vrest.write_cell(cell)
    for space, amount in (("inside", inside), ("outside", "0 mM")):
        ions = f"[compartments.{space}.ions]\n"
        assert ions in text
        text = text.replace(ions, f'{ions}Li = "{amount}"\n')
    return vrest.parse_cell(f"{text}\n[membranes.{membrane}.transports.Li]\n{transport}\n")


def test_an_unstable_state_is_unstable_without_an_ion_as_well():
    """A fibre between its two rests: what is left of Li+ decays, and the rest grows as it does without Li+."""
    fibre = vrest.apply(vrest.load("kir_muscle"), "outside.K=2.5 mM swap Na")
    leaky = with_lithium(fibre, "0.01 mM", 'law = "ghk_leak"\nion = "Li"\npermeability = "1e-7 cm/s"')
    (plain,) = [r for r in vrest.rest_all(fibre, starts=0) if r.outcome is Outcome.unstable]
    (gone,) = [r for r in vrest.rest_all(leaky, starts=0) if r.outcome is Outcome.unstable]
    assert gone.concentrations["inside"]["Li"] == 0.0
    assert len(gone.eigenvalues) == len(plain.eigenvalues) + 1
    assert gone.eigenvalues.real.max() == pytest.approx(plain.eigenvalues.real.max(), rel=1e-3)
    assert (gone.eigenvalues.real > 0).sum() == 1


def test_a_state_without_an_ion_that_gathers_itself_is_unstable(neuron):
    """A law of one's own takes Li+ up in proportion to what is inside: a trace of it grows."""

    @vrest.transport("test_gathers", strength="max_rate")
    class Gathers(vrest.Transport):
        max_rate: float = vrest.quantity("turnover")

        def stoichiometry(self):
            return {"Li": 1}

        def rate(self, here):
            return -self.max_rate * here.inside["Li"]

    gathers = 'law = "test_gathers"\nmax_rate = "1 pmol/cm2/s"'
    leaks = 'law = "ghk_leak"\nion = "Li"\npermeability = "1e-7 cm/s"'
    for law, outcome, said in (
        (gathers, Outcome.unstable, "by a factor e in"),
        (leaks, Outcome.rests, "of it decays, and"),
    ):
        cell = with_lithium(neuron, "1e-12 mM", law)
        system, p = assemble(cell, only_active=True), parameter_vector(cell)
        x0 = system.start(cell)
        point = linearised(system, p, x0, x0[list(system.laws.independent)])._replace(converged=True)
        found = certify(system, p, x0, point)
        assert found.outcome is outcome
        assert said in found.reason


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("mammalian_neuron", "outside.K*=1.1"),
        ("mammalian_neuron", "outside.Na=1e-9 mM"),
        ("kay_2017", "outside.Cl=1e-5 mM"),
        ("kay_2017", "pump.max_rate*=0.05"),
        ("edpr_2020", "temperature=45 degC"),
        ("frog_skin", "Na_leak.permeability*=30"),
        ("red_blood_cell", "outside.Na=1e-9 mM"),
        ("astrocyte", "pump.max_rate*=0"),
    ],
)
def test_what_the_search_has_seen_in_order_is_what_the_judge_would_find(name, change):
    """The verdict takes from machine code what the judge else works out by NumPy: both must say the same."""
    cell = vrest.apply(name, change)
    system, p = assemble(cell, only_active=True), parameter_vector(cell)
    x0 = system.start(cell)
    search = searched(system, p[None], x0[None])
    assert search.ended[0] == Ended.settled
    told = verdict(system, p, x0, search)
    point = linearised(system, p, x0, search.points.state[list(system.laws.independent), 0])
    found = departed(system, p, x0, certify(system, p, x0, point._replace(converged=True)))
    assert (told.outcome, told.reason) == (found.outcome, found.reason)
    assert max(abs(v) for ions in found.residual_mM_per_min.values() for v in ions.values()) < 1e-6


def test_a_trace_that_stays_is_not_used_up(neuron):
    """1e-5 mM of chloride outside are 1e-6 mM inside, hundreds of ions; chloride is passive, so E_Cl is V."""
    found = vrest.rest(neuron, "outside.Cl=1e-5 mM")
    assert found.outcome is Outcome.rests
    assert found.E["Cl"] == pytest.approx(found.v_rest, abs=1e-9)
    assert "used up" not in found.reason


def test_what_was_not_followed_says_so(neuron):
    (only,) = vrest.rest_all(neuron, starts=0)
    assert (only.followed, only.steps) == (0.0, 0)

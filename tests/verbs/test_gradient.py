"""Derivatives of prepared rests: against JAX's, against finite differences, and against a cell rebuilt by hand."""

import jax
import numpy as np
import pytest

import vrest
from vrest.model.paths import parameters
from vrest.system.assemble import assemble
from vrest.verbs.arguments import arguments
from vrest.verbs.gradient import gradient_of
from vrest.verbs.rest_batch import IMPOSSIBLE
from vrest.verbs.rest_function import differentiable_rest

SHARES = np.array([1e-2, 3e-3, 1e-3])

USUAL = {
    "mammalian_neuron": ["outside.K swap Na", "pump.max_rate", "inside.Na", "temperature", "neuron.capacitance"],
    "cressman_2009": ["bath.K", "inside.radius", "pump.max_rate", "outside.Cl"],
    "hodgkin_huxley_1952": ["outside.K with Cl", "Na.conductance", "leak.conductance", "temperature"],
    "frog_skin": ["serosa.K swap Na", "apical.Na_leak.permeability", "basolateral.pump.max_rate", "cell.volume"],
    "red_blood_cell": ["pump.max_rate", "inside.K"],
}


def varies(cell, path):
    try:
        arguments(cell, path)
    except vrest.InputError:
        return False
    return True


def some(name):
    """Some of a cell's numbers, others for each cell; where there is a bath, with a companion."""
    cell = vrest.load(name)
    rests = assemble(cell, only_active=True)
    off = {m.path(m.kind.strength) for m in rests.structure.movers if not m.active and m.kind.strength}
    free = [path for path, one in parameters(cell).items() if one.value and path not in off and varies(cell, path)]
    paths = np.random.default_rng(sum(map(ord, name))).choice(free, size=min(4, len(free)), replace=False).tolist()
    for space, c in cell.compartments.items():
        bath = f"compartments.{space}.ions."
        if c.kind == "bath" and {"K", "Na"} <= set(c.ions) and not {f"{bath}K", f"{bath}Na"} & set(paths):
            return [*paths, f"{bath}K swap Na"]
    return paths


def flat(v, concentrations, volumes):
    """All readings as rows, (readings, ...)."""
    spaces = sorted(concentrations)
    ions = [concentrations[space][ion] for space in spaces for ion in sorted(concentrations[space])]
    return np.stack([*(v if np.ndim(v) > np.ndim(ions[0] if ions else v) else [v]), *ions, *map(volumes.get, spaces)])


def readings(rests):
    """The same of rests."""
    system, x, p = rests.system, tuple(rests.state), tuple(rests.parameters)
    finite = [space.name for space in system.structure.spaces if space.finite]
    volumes = {name: 1e18 * system.volume(x, p, name) for name in finite}
    return flat(rests.v, {name: system.concentrations(x, p, name) for name in finite}, volumes)


def rows_of(found):
    """Derivatives by path, as rows (readings, paths, lanes)."""
    v = found.v if found.v.ndim == 2 else np.moveaxis(found.v, 1, 0)
    return flat(v, found.concentrations, found.volumes)


def orders(ready, found, along):
    """Orders in e of the remainders |f(a + e d) - f(a) - e f'(a) d|, by reading: 2 where the derivative is right."""
    steps = np.concatenate([[0.0], SHARES])
    moved = readings(ready.rest(ready.values[:, None] + steps * along[:, None]))
    slope = np.einsum("rk,k->r", rows_of(found)[..., 0], along)
    left = np.abs(moved[:, 1:] - moved[:, :1] - slope[:, None] * SHARES)
    seen = (left > 1e-9 * np.abs(moved[:, :1]).clip(1e-3)).all(axis=1)  # above what rounding leaves
    return np.diff(np.log(left[seen]), axis=1) / np.diff(np.log(SHARES))


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        *USUAL.items(),
        *(pytest.param(name, None, marks=pytest.mark.library, id=f"{name}-some") for name in vrest.library()),
    ],
)
def test_it_is_the_derivative_of_the_described_rest(name, paths):
    paths = paths or some(name)
    ready = vrest.prepare(name, paths)
    f = vrest.rest_function(name, paths, output="state")
    values = ready.values[:, None] * [1.0, 1.003]
    found = ready.gradient(values)
    assert found.rests.is_rest.all()
    for lane in range(2):
        with_jax = jax.jacfwd(f)(values[:, lane])
        v = np.asarray(with_jax["v"])
        expected = flat(v, with_jax["concentrations"], with_jax["volumes"])
        size = np.abs(readings(found.rests)[:, lane, None] / values[:, lane])
        assert (np.abs(rows_of(found)[..., lane] - expected) < 1e-9 * np.abs(expected) + 1e-13 * size).all()


@pytest.mark.parametrize(("name", "paths"), USUAL.items())
def test_finite_differences_agree_to_second_order(name, paths):
    ready = vrest.prepare(name, paths)
    found = ready.gradient()
    along = ready.values * np.array([1.0, -0.5, 0.7, 0.05, 0.5])[: len(paths)]
    along[[name.endswith("temperature") for name in ready.paths]] = 5.0
    slopes = orders(ready, found, along)
    assert len(slopes)
    assert slopes == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(("name", "paths"), USUAL.items())
def test_times_steps_it_is_what_one_percent_does(name, paths):
    ready = vrest.prepare(name, paths)
    values = ready.values[:, None] * [1.0, 1.003]
    found = ready.gradient(values)
    expected = 0.01 * np.abs(values)
    expected[[path.endswith("temperature") for path in ready.paths]] = 1.0
    assert found.steps == pytest.approx(expected, rel=1e-15)
    assert ready.steps == pytest.approx(expected[:, 0], rel=1e-15)
    told = [e.on for e in vrest.sensitivity(name, paths, of="V").effects]
    moved = (found.v.reshape(len(paths), -1, 2)[..., 0] * ready.steps[:, None]).tolist()
    for by_hand, effect in zip(moved, told, strict=True):
        assert by_hand == pytest.approx(list(effect.values()), rel=1e-7, abs=1e-9)


def test_its_tables_have_the_derivative_and_what_a_step_does():
    found = vrest.prepare("mammalian_neuron", ["K_leak.permeability", "temperature"]).gradient()
    raw, step = (table.to_dataframe() for table in found.tables())
    assert raw["dV (mV)"].tolist() == found.v[:, 0].tolist()
    assert step["step"].tolist() == ["1 %", "1 K"]
    assert step["dV (mV)"].tolist() == pytest.approx((found.v * found.steps)[:, 0])


def test_a_potential_has_a_step_of_its_own():
    ready = vrest.prepare("mammalian_neuron", ["neuron.potential", "temperature", "inside.radius"])
    assert ready.of.step_texts == ("1 mV", "1 K", "1 %")
    assert ready.steps == pytest.approx([1.0, 1.0, 0.01 * ready.values[2]])


def test_matter_and_charge_that_are_held_stay(neuron):
    paths = ["inside.radius", "neuron.capacitance", "pump.max_rate", "inside.K", "inside.impermeant.concentration"]
    ready = vrest.prepare(neuron, paths)
    found, described = ready.gradient(totals="held"), ready.gradient()
    assert found.v[2] == pytest.approx(described.v[2], rel=1e-9)  # a pump describes no contents
    assert np.all(found.state[3:] == 0.0)  # what only says what there is
    assert np.abs(described.v[3:]).min() > 1e-3
    for k, area_and_volume in ((0, (2, 3)), (1, (0, 0))):  # another size of a cell with as much in it, by hand

        def resting(share, k=k, powers=area_and_volume):
            charge = (1 + share) ** (1 if k else powers[0])
            fuller = (1 + share) ** -powers[1]
            inside = {ion: c * fuller for ion, c in neuron.contents("inside").items()}
            changes = {f"inside.ions.{ion}": c for ion, c in inside.items()}
            changes["inside.impermeant.concentration"] = neuron.impermeant("inside")[0] * fuller
            changes["neuron.potential"] = -70.0 / charge
            changes[paths[k]] = ready.values[k] * (1 + share)
            return vrest.rest(neuron, changes)

        here, there = (np.array([[r.v_rest, r.volumes["inside"]] for r in map(resting, s)]) for s in ([0.0], SHARES))
        slope = np.array([found.v[k, 0], found.volumes["inside"][k, 0]]) * ready.values[k]
        left = np.abs(there - here - SHARES[:, None] * slope)
        assert np.all(left < 1e-8 * np.abs(here) + 10 * SHARES[:, None] ** 2 * np.abs(slope) + 1e-12), paths[k]


def test_lanes_without_a_derivative_are_no_numbers_and_leave_the_others(neuron):
    ready = vrest.prepare(neuron, "outside.K", switches=["pump", "Cl_leak", "Na_leak"])
    own = dict(zip(("outside.K", "pump", "Cl_leak", "Na_leak"), ready.values, strict=True))
    lanes = [{}, {"Cl_leak": 0.0}, {"pump": 0.0}, {"outside.K": -1.0}, {"Na_leak": 0.0}, {"outside.K": 8.0}]
    found = ready.gradient({name: [(own | lane)[name] for lane in lanes] for name in own})
    rests = found.rests
    assert rests.outcome[3] == IMPOSSIBLE
    assert rests.is_rest.tolist() == [True, True, True, False, True, True]
    assert np.isnan(found.v).T.tolist() == [
        [False] * 4,
        [False, False, True, False],
        [False, True, False, False],
        [True] * 4,
        [True] * 4,  # its sodium is used up
        [False] * 4,
    ]
    for lane, potassium in ((0, 5.0), (5, 8.0)):
        one = ready.gradient({"outside.K": potassium})
        np.testing.assert_allclose(found.v[:, lane], one.v[:, 0], rtol=1e-12)
        np.testing.assert_allclose(found.state[..., lane], one.state[..., 0], rtol=1e-12)
    alone = vrest.prepare(vrest.apply(neuron, "Cl_leak.permeability*=0"), "outside.K").gradient()
    np.testing.assert_allclose(found.v[0, 1], alone.v[0, 0], rtol=1e-9)
    np.testing.assert_allclose(found.state[0, :, 1], alone.state[0, :, 0], rtol=1e-9)
    np.testing.assert_array_equal(np.isnan(found.state).any(axis=1), np.isnan(found.v))
    assert list(found.concentrations["inside"]) == ["K", "Na", "Cl"]


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("frog_muscle", {"outside.Na": 0.0}),
        ("mammalian_neuron", {"Na_leak.permeability": 0.0}),  # the pump takes the last as its cube: no exponential
    ],
)
def test_an_ion_that_is_used_up_may_stay_away(name, without):
    empty = vrest.prepare(vrest.apply(vrest.load(name), without), ["outside.K", "pump.max_rate", "inside.K"])
    rests, rows = empty.rest(), empty.si()
    assert rests.is_rest[0]
    assert 0.0 in rests.state
    found = gradient_of(empty.of, rests, rows, faces=True)
    assert np.isnan(gradient_of(empty.of, rests, rows).state).all()
    system = assemble(empty.cell, only_active=True)
    resting, laws = differentiable_rest(system, faces=True), system.laws

    def independent(values):
        return resting(*empty.of.described(system, values))

    expected = np.asarray(jax.jacfwd(independent)(empty.values))
    assert found.state[:, list(laws.independent), 0] == pytest.approx(expected.T, rel=1e-9, abs=1e-12)
    assert np.all(found.state[:, rests.state[:, 0] == 0.0] == 0.0)
    assert np.abs(expected).max() > 0.1


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (lambda: vrest.prepare("mammalian_neuron").gradient(), "nothing_varies"),
        (lambda: vrest.prepare("mammalian_neuron", "outside.K").gradient(totals="hold"), "unknown_totals"),
        (lambda: vrest.prepare("mammalian_neuron", "outside.K").gradient([[1.0], [2.0]]), "bad_shape"),
    ],
)
def test_what_makes_no_sense_is_refused(asked, code):
    with pytest.raises(vrest.InputError) as error:
        asked()
    assert error.value.code == code
    assert error.value.hint

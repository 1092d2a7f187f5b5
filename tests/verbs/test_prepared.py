"""A prepared cell answers for each lane what the verbs answer for the cell that the lane describes."""

import pickle

import numpy as np
import pytest

import vrest
from vrest.model.paths import parameters
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.arguments import arguments
from vrest.verbs.rest_batch import IMPOSSIBLE

VARIED = {
    "mammalian_neuron": ["outside.K swap Na", "pump.max_rate", "K_leak.permeability"],
    "article_neuron": ["inside.ions.K", "temperature"],
    "kay_2017": ["outside.Na with Cl", "pump.max_rate"],
    "skeletal_muscle": ["outside.K", "inside.radius"],
    "frog_skin": ["temperature"],
    "cressman_2009": ["bath.K"],
}


def may_vary(cell: vrest.Cell) -> list[str]:
    """Every number that a function of the cell may take."""
    found = []
    for path in parameters(cell):
        try:
            arguments(cell, path)
        except vrest.InputError:
            continue
        found.append(path)
    return found


def around(ready: vrest.Prepared, n: int, by: float = 0.05) -> np.ndarray:
    """Values around those of the cell, (paths, n); the first lane is the cell itself."""
    factor = np.exp(by * np.random.default_rng(0).standard_normal((len(ready.paths), n)))
    factor[:, 0] = 1.0
    values = ready.values[:, None] * factor
    for row, p in zip(values, ready.of.parameters, strict=True):
        low, high = (None if limit is None else p.door(limit) for limit in (p.spec.minimum, p.spec.maximum))
        np.clip(row, low, high, out=row)
    return values


def changed(ready: vrest.Prepared, column: np.ndarray) -> vrest.Cell:
    return vrest.apply(ready.cell, [one.change(float(v)) for one, v in zip(ready.of.each, column, strict=True)])


@pytest.mark.parametrize("name", vrest.library())
def test_all_numbers_at_once_describe_the_same_cell(name):
    cell = vrest.load(name)
    ready = vrest.prepare(cell, may_vary(cell))
    values = around(ready, 4, by=1e-3)
    p, x0 = ready.described(ready.si(values))
    system = assemble(cell)
    for k in range(4):
        one = changed(ready, values[:, k])
        # a solved value is a small difference of charges
        np.testing.assert_allclose(p[:, k], parameter_vector(one), rtol=1e-10, atol=1e-30)
        np.testing.assert_allclose(x0[:, k], system.start(one), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", VARIED)
def test_rests_are_those_of_rest(name):
    ready = vrest.prepare(name, VARIED[name])
    values = around(ready, 5)
    found = ready.rest(values)
    for k in range(5):
        one = vrest.rest(changed(ready, values[:, k]))
        assert found.outcomes[k] is one.outcome
        v = np.array(list(one.v_rest.values()) if isinstance(one.v_rest, dict) else one.v_rest)
        np.testing.assert_allclose(found.v[..., k], v, rtol=0, atol=1e-9)
        np.testing.assert_allclose(found.state[:, k], one.state, rtol=1e-10, atol=1e-12)


def test_a_switch_that_is_off_is_a_cell_without_it():
    ready = vrest.prepare("mammalian_neuron", "outside.K", switches=["pump", "Cl_leak"])
    found = ready.rest({"outside.K": [5.0, 5.0, 7.0, 7.0], "pump.max_rate": [66.7, 0.0, 0.0, 66.7], "Cl_leak": 0.0})
    for k, (potassium, pump) in enumerate([(5.0, 66.7), (5.0, 0.0), (7.0, 0.0), (7.0, 66.7)]):
        one = vrest.rest(ready.cell, {"outside.K": potassium, "pump.max_rate": pump, "Cl_leak.permeability": 0.0})
        assert found.outcomes[k] is one.outcome
        assert found.v[k] == pytest.approx(one.v_rest, abs=1e-9)
    assert found.outcomes[1] is vrest.Outcome.rests_run_down


def test_what_cannot_be_is_impossible_and_leaves_the_others():
    ready = vrest.prepare("mammalian_neuron", "outside.K swap Na")
    found = ready.rest([[5.0, -1.0, 500.0, np.nan]])  # there are 145 mM of sodium to go along
    assert found.outcome.tolist()[1:] == [IMPOSSIBLE] * 3
    assert found.outcomes[0] is vrest.Outcome.rests
    assert np.isnan(found.v[1:]).all()
    assert found.v[0] == pytest.approx(-70)


def test_kelvin_for_celsius_is_no_cell_in_an_array_and_refused_by_path():
    ready = vrest.prepare("mammalian_neuron", "temperature")
    assert ready.rest([[37.0, 310.15, -60.0]]).outcome.tolist()[1:] == [IMPOSSIBLE] * 2
    with pytest.raises(vrest.InputError) as error:
        ready.rest({"temperature": [37.0, 310.15]})
    assert error.value.code == "kelvin_for_celsius"


def test_nothing_is_read_of_what_cannot_be():
    ready = vrest.prepare("article_neuron", ["neuron.capacitance", "pump.km_atp"])
    values = [[1.0, 0.0, 1.0], [0.5, 0.5, -1.0]]  # V at once depends on neither
    for state in (None, ready.rest().state):
        assert np.isnan(ready.instant(values, state)).tolist() == [False, True, True]
        now = ready.read(values, state)
        for found in (now.v["neuron"], now.volumes["inside"], now.concentrations["outside"]["K"], now.atp_per_second):
            assert np.isnan(found).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("cell", "changes"),
    [
        ("article_neuron", {"neuron.capacitance": 0.001, "pump.max_rate": 0.0, "K_leak.permeability": 1.0}),
        ("astrocyte", {"pump.atp": 30.0, "water.hydraulic_permeability": 1.0}),
    ],
)
def test_what_double_precision_cannot_tell_is_told_by_neither(cell, changes):
    changes = {vrest.prepare(cell, path).paths[0]: value for path, value in changes.items()}
    one, found = vrest.rest(cell, changes), vrest.prepare(cell, list(changes)).rest(changes)
    assert found.outcomes == [one.outcome]
    assert not one.outcome.is_rest


def test_it_can_be_sent_to_another_process():
    ready = vrest.prepare("mammalian_neuron", "outside.K")
    v = ready.rest([[4.0, 5.0]]).v
    assert pickle.loads(pickle.dumps(ready)).rest([[4.0, 5.0]]).v.tolist() == v.tolist()
    many = vrest.rest_many(ready.cell, {"outside.K": [4.0, 5.0]})
    assert pickle.loads(pickle.dumps(many)).v_rest.tolist() == v.tolist()


def test_what_spends_no_atp_adds_none_where_its_rate_is_undefined():
    off = {f"{name}.conductance": 0.0 for name in ("K", "Na", "leak")}  # 0 S/cm2 times an endless driving force
    found = vrest.prepare("hodgkin_huxley_1952", ["inside.Na", *off]).read({"inside.Na": 0.0, **off})
    assert np.isnan(found.currents["axon"]["Na"]).all()
    assert found.atp_per_second == found.watts == 0.0


def test_its_own_values_cannot_be_overwritten():
    ready = vrest.prepare("mammalian_neuron", "outside.K")
    with pytest.raises(ValueError, match="read-only"):
        ready.si()[:] = 0.0


def test_what_is_left_out_is_as_in_the_cell():
    ready = vrest.prepare("mammalian_neuron", ["outside.K", "temperature"])
    assert ready.rest({"temperature": "37 degC"}).v[0] == pytest.approx(-70)
    assert ready.rest({"outside.K": ["5 mM", "8 mM"]}).v[1] == ready.rest([8.0, 37.0]).v[0]
    one = vrest.prepare("mammalian_neuron", "outside.K")
    assert one.rest([5.0, 8.0]).v.tolist() == one.rest({"outside.K": [5.0, 8.0]}).v.tolist()
    assert vrest.prepare("mammalian_neuron").rest().v[0] == pytest.approx(-70)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (lambda p: p.rest([5.0]), "bad_shape"),
        (lambda p: p.rest(np.zeros((2, 0))), "bad_shape"),
        (lambda p: p.rest(["5 mM", "60"]), "not_a_number"),
        (lambda p: p.rest([[1.0, 2.0], [3.0]]), "not_a_number"),
        (lambda p: p.instant(None, "rest"), "not_a_number"),
        (lambda p: p.rest({"outside.K": [5.0, 6.0], "pump.max_rate": [1.0, 2.0, 3.0]}), "bad_shape"),
        (lambda p: p.rest({"outside.K": 5.0, "outside.ions.K": 6.0}), "varies_twice"),
        (lambda p: p.rest({"outside.Na": 140.0}), "not_prepared"),
        (lambda p: p.rest({"outside.Kalium": 140.0}), "unknown_path"),
        (lambda p: p.rest({"outside.K": "5 mV"}), "wrong_unit"),
        (lambda p: vrest.prepare(p.cell, switches="pum"), "unknown_name"),
        (lambda p: vrest.prepare(p.cell, [3]), "unknown_path"),
        (lambda p: vrest.prepare(p.cell, "outside.K with Na"), "bad_companion"),
        (lambda p: vrest.prepare(p.cell, ["outside.K", "outside.ions.K"]), "varies_twice"),
    ],
)
def test_what_makes_no_sense_is_refused(asked, code):
    ready = vrest.prepare("mammalian_neuron", ["outside.K", "pump.max_rate"])
    with pytest.raises(vrest.InputError) as error:
        asked(ready)
    assert error.value.code == code
    assert error.value.hint


PLAN = [("5 min", "pump.max_rate*=0"), ("25 min", "pump.max_rate=restore"), ("40 min", {"outside.K": "8 mM"})]


def test_runs_are_those_of_simulate():
    ready = vrest.prepare("mammalian_neuron", ["outside.K swap Na", "pump.max_rate"])
    values, times = around(ready, 3), ["0 s", "5 min", "20 min", "25 min", "1 h"]
    found = ready.run(values, PLAN, times, rtol=1e-9)
    assert found.complete.all()
    for k in range(3):
        plan = [*PLAN[:2], ("40 min", "outside.K=8 mM swap Na")]
        one = vrest.simulate(changed(ready, values[:, k]), plan, "1 h", times=times, rtol=1e-9)
        at = np.searchsorted(one.time, found.time)
        np.testing.assert_allclose(found.v[:, k], np.ravel(one.v)[at], rtol=0, atol=1e-5)
        np.testing.assert_allclose(found.state[:, :, k], one.states[at].T, rtol=1e-6, atol=1e-8)
        np.testing.assert_array_equal(found.parameters[:, -1, k], one.parameters[-1])


def test_a_run_goes_on_from_a_rest_with_a_change_for_each_lane():
    ready = vrest.prepare("kay_2017", "outside.K")
    at_rest = ready.rest()
    found = ready.run(None, [(0, {"outside.K": [3.0, 5.0, 12.0]})], [0.0, 1e6], start=at_rest.state)
    np.testing.assert_allclose(found.v[0], at_rest.v[0])
    np.testing.assert_allclose(found.v[1], ready.rest({"outside.K": [3.0, 5.0, 12.0]}).v, atol=1e-3)


@pytest.mark.parametrize(
    ("stages", "times", "code"),
    [
        ([("5 min", "inside.Na*=2")], "1 h", "fixed_at_start"),
        ([("5 min", "K_leak.permeability=0")], "1 h", "not_prepared"),
        ([("2 h", "outside.K=8")], "1 h", "bad_times"),
        ([("20 min", "outside.K=8"), ("10 min", "outside.K=4")], "1 h", "bad_times"),
        ([("20 min", "outside.K=8 over 5 min")], "1 h", "bad_change"),
        ([("20 min", {"outside.K": -3.0})], "1 h", "out_of_range"),
        ([("20 min", {"outside.K": [8.0, -3.0]})], "1 h", "out_of_range"),
        ([("20 min", "outside.K*=-1")], "1 h", "out_of_range"),
        ([("20 min", {"outside.K": [8, 9]}), ("30 min", {"outside.K": [8, 9, 10]})], "1 h", "bad_shape"),
        ([("20 min", "temperature*=1.1")], "1 h", "bad_change"),
        (["outside.K=8"], "1 h", "bad_stage"),
        ({"20 min": "outside.K=8"}, "1 h", "bad_stage"),
        ([], [], "bad_times"),
        ([], [3.0, 2.0], "bad_times"),
        ([], 0.0, "out_of_range"),
    ],
)
def test_stages_that_make_no_sense_are_refused(stages, times, code):
    ready = vrest.prepare("article_neuron", ["outside.K", "inside.ions.Na", "temperature"])
    with pytest.raises(vrest.InputError) as error:
        ready.run(None, stages, times)
    assert error.value.code == code


@pytest.mark.parametrize("name", ["mammalian_neuron", "edpr_2020", "frog_skin"])
def test_readings_are_those_of_a_rest(name):
    one, ready = vrest.rest(name), vrest.prepare(name, "temperature")
    found = ready.rest()
    now = found.read()
    membranes = list(one.v_rest) if isinstance(one.v_rest, dict) else [next(iter(now.v))]
    v = one.v_rest if isinstance(one.v_rest, dict) else {membranes[0]: one.v_rest}
    for membrane in membranes:
        assert now.v[membrane][0] == pytest.approx(v[membrane], abs=1e-9)
    for space, ions in one.concentrations.items():
        for ion, mM in ions.items():
            assert now.concentrations[space][ion][0] == pytest.approx(mM, rel=1e-9)
    assert now.atp_per_second[0] == pytest.approx(one.atp_per_second, rel=1e-9)
    again = ready.read(None, found.state[:, 0])
    assert again.v[membranes[0]] == now.v[membranes[0]]


def test_a_state_of_another_cell_is_refused():
    ready = vrest.prepare("mammalian_neuron", "outside.K")
    for state in (np.ones(3), np.ones((len(ready.system.states), 3))):
        with pytest.raises(vrest.InputError) as error:
            ready.read({"outside.K": [4.0, 5.0]}, state)
        assert error.value.code == "bad_start"


@pytest.mark.parametrize(("name", "path"), [("mammalian_neuron", "outside.K swap Na"), ("frog_skin", "temperature")])
def test_instants_are_those_of_instant(name, path):
    ready, at_rest = vrest.prepare(name, path), vrest.rest(name)
    values = ready.values * [0.7, 1.0, 1.2]
    found = np.atleast_2d(ready.instant([values], at_rest.state))
    for k, value in enumerate(values):
        v = vrest.instant(at_rest.as_cell(), [ready.of.each[0].change(float(value))]).v
        np.testing.assert_allclose(found[:, k], list(v.values()) if isinstance(v, dict) else v, rtol=0, atol=1e-9)


def test_an_instant_is_none_where_a_law_has_no_rate():
    ready = vrest.prepare("skeletal_muscle", "outside.K")
    assert np.isnan(ready.instant([[-1.0]]))

"""Populations: the draws, the vectorised way from draws to parameters, and what comes out, cell by cell."""

from contextlib import suppress

import numpy as np
import pytest
from scipy import stats

import vrest
from vrest.model.change import apply
from vrest.model.paths import parameters, set_si
from vrest.model.protocol import protocol, segments
from vrest.system.assemble import assemble
from vrest.system.structure import parameter_vector
from vrest.verbs.population_job import Runs
from vrest.verbs.samples import samples

RESTS = {
    "K_leak.permeability": "lognormal(0.2)",
    "outside.K": "uniform(3 mM, 8 mM) swap Na",
    "inside.radius": "uniform(0.8x, 1.2x)",
}


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("normal(−5 mM, 0.5 mM)", stats.norm(-5, 0.5)),
        ("lognormal(0.2)", stats.lognorm(0.2, scale=5)),
        ("lognormal(4000 uM, 0.1)", stats.lognorm(0.1, scale=4)),
        ("uniform(3 mM, 8)", stats.uniform(3, 5)),
        ("LogUniform(0.1x, 10x)", stats.loguniform(0.5, 50)),
    ],
)
def test_a_distribution_is_what_scipy_says(neuron, text, law):
    from vrest.model.paths import resolve
    from vrest.verbs.distribution import distribution

    parameter = resolve(neuron, "outside.K")
    u = np.array([1e-12, 0.01, 0.3, 0.5, 0.9, 1 - 1e-12])
    assert distribution(text, parameter, 5.0).quantile(u) == pytest.approx(law.ppf(u), rel=1e-12)


def test_a_spread_of_temperature_is_a_difference(neuron):
    (v,) = samples(neuron, {"temperature": "normal(35 degC, 2 K)"}, 20_000).varied
    assert v.door.mean() == pytest.approx(35.0, abs=0.05)
    assert v.door.std() == pytest.approx(2.0, rel=0.02)


def test_the_table_is_the_seed_s_whatever_else_there_is(neuron):
    table = samples(neuron, RESTS, 100, seed=7)
    longer = samples(neuron, dict(reversed(RESTS.items())), 300, seed=7)
    other = samples(neuron, RESTS, 100, seed=8)
    for v in table.varied:
        assert np.array_equal(v.values, next(w for w in longer.varied if w.name == v.name).values[:100])
    assert not np.isin(table.varied[0].values, other.varied[0].values).any()
    assert abs(np.corrcoef([v.values for v in longer.varied])[np.triu_indices(3, 1)]).max() < 0.2


@pytest.mark.parametrize("design", ["latin_hypercube", "sobol"])
def test_designs_put_one_draw_in_each_stratum(neuron, design):
    vary = {"outside.K": "uniform(0 mM, 64 mM)", "outside.Na": "uniform(0 mM, 64 mM)"}
    one, two = (samples(neuron, vary, 64, seed=3, design=design) for _ in range(2))
    for a, b in zip(one.varied, two.varied, strict=True):
        assert np.array_equal(a.values, b.values)
        assert sorted(np.floor(a.door)) == list(range(64))


@pytest.mark.parametrize(
    ("vary", "code", "said"),
    [
        ({}, "nothing_varies", "outside.K"),
        ({"outside.K": "gaussian(1, 2)"}, "unknown_distribution", "Allowed"),
        ({"outside.K": "lognorml(1)"}, "unknown_distribution", "lognormal"),
        ({"outside.K": "uniform(3 mM)"}, "bad_distribution", "LOW, HIGH"),
        ({"outside.K": "uniform(8, 3)"}, "bad_distribution", "lower"),
        ({"outside.K": "3 mM"}, "bad_distribution", "lognormal"),
        ({"outside.K": "uniform(3 mV, 8 mM)"}, "wrong_unit", "mM"),
        ({"outside.K": "normal(5 mM, 4 mM)"}, "out_of_range", "lognormal"),
        ({"inside.K": "discrete(0 mM, 140 mM)"}, "out_of_range", "Nernst"),
        ({"temperature": "lognormal(0.1)"}, "no_multiple", "median"),
        ({"outside.K": "uniform(3, 8) swap Cl"}, "bad_companion", "with Cl"),
        ({"pump.max_rate": "uniform(0x, 1x) swap K"}, "bad_companion", "bath"),
        ({"outside.K": "uniform(3, 8) swap Na", "outside.Na": "lognormal(0.1)"}, "bad_companion", "Choose another"),
        ({"outside.K": [1.0, 2.0], "outside.Na": [1.0]}, "bad_shape", "as many"),
        ({"outside.K": [[1.0]]}, "bad_shape", "row"),
        ({"outside.K": [5.0, -1.0, -2.0]}, "out_of_range", "table"),
        ({"outside.K": [5.0], "compartments.outside.ions.K": "lognormal(0.1)"}, "varies_twice", "once"),
        ({"impermeant.valence": "uniform(-2, -1)"}, "ambiguous_path", "Choose"),
        ({"inside.impermeant.valence": "uniform(-2, -1)"}, "charge_imbalance", "solve"),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_anything_is_computed(neuron, vary, code, said):
    with pytest.raises(vrest.InputError) as error:
        vrest.population(neuron, vary)
    assert error.value.code == code
    assert said in str(error.value)


def test_a_data_frame_is_a_table(neuron):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"outside.K swap Na": [3.0, 5.0], "pump.max_rate": ["50 pmol/cm2/s", "5 uA/cm2"]})
    first, second = samples(neuron, frame).varied
    assert (first.companion, first.door.tolist()) == ("Na", [3.0, 5.0])
    assert second.values == pytest.approx([50e-8, 5e-2 / 96485.33212])


def test_a_companion_may_stand_with_the_path_or_with_the_law(neuron):
    first, second = (
        samples(neuron, vary, n=5).varied[0]
        for vary in ({"outside.K swap Na": "uniform(3 mM, 8 mM)"}, {"outside.K": "uniform(3 mM, 8 mM) swap Na"})
    )
    assert (first.name, first.how, first.companion) == (second.name, second.how, second.companion)
    assert first.values.tolist() == second.values.tolist()


def test_the_row_of_a_bad_draw_is_named(neuron):
    with pytest.raises(vrest.InputError, match=r"2 of 3 values .* cell 1\..* is -1 mM"):
        samples(neuron, {"outside.K": [5.0, -1.0, -2.0]})


@pytest.mark.parametrize("name", ["mammalian_neuron", "wei_2014", "red_blood_cell", "squid_axon", "kay_2017"])
def test_columns_give_what_apply_gives_for_every_path(name):
    """Bath and transport values, contents, sizes, potentials: all that follows from one follows in a column."""
    cell = vrest.load(name)
    system = assemble(cell)
    checked = 0
    for path, parameter in parameters(cell).items():
        if not isinstance(parameter.value, float):
            continue
        values = parameter.value * np.array([0.98, 1.0, 1.01])
        cells = []
        with suppress(vrest.InputError):  # what is balanced by numbers alone cannot change alone
            cells = [set_si(cell, {path: float(value)}) for value in values]
        if not cells:
            continue
        table = samples(cell, {path: vrest.units.from_si(values, parameter.spec.dimension)})
        many = table.applied(cell)
        p = np.broadcast_to(parameter_vector(many), (3, len(system.names)))
        assert p == pytest.approx(np.stack([parameter_vector(c) for c in cells]), rel=1e-13, abs=1e-300), path
        each = np.stack([system.start(c) for c in cells])
        assert np.broadcast_to(system.start(many), each.shape) == pytest.approx(each, rel=1e-12, abs=1e-300), path
        checked += 1
    assert checked > 15


def test_companions_move_along(neuron):
    vary = {"outside.K": "uniform(3 mM, 8 mM) swap Na", "outside.Cl": "normal(110 mM, 1 mM) with Na"}
    table = samples(neuron, vary, 4)
    many, names = table.applied(neuron), assemble(neuron).names
    for k in range(4):
        texts = [f"{v.name}={float(v.door[k])!r} mM {v.how} Na" for v in table.varied]
        assert parameter_vector(many)[k] == pytest.approx(parameter_vector(apply(neuron, texts)), rel=1e-14)
        assert parameter_vector(table.cell(neuron, k)) == pytest.approx(parameter_vector(many)[k], rel=1e-14)
    sodium = parameter_vector(many)[:, names.index("compartments.outside.ions.Na")]
    assert np.ptp(sodium) > 0.5


def test_a_protocol_acts_on_each_cell_s_own_values(neuron):
    vary = {"pump.max_rate": "uniform(0.5x, 2x)", "outside.K": "uniform(3 mM, 8 mM) swap Na"}
    plan = protocol(
        [
            ("1 min", "pump.max_rate*=0.1"),
            ("2 min", "outside.K=12 mM swap Na over 3 min"),
            ("4 min", "pump.max_rate=restore over 2 min"),
            ("8 min", "outside.K=restore"),
        ]
    )
    table = samples(neuron, vary, 3)
    system = assemble(neuron)
    p0 = np.broadcast_to(parameter_vector(table.applied(neuron)), (3, len(system.names)))
    job = Runs(neuron, plan, 600.0, 1e-6, None, 0.0, False, False)
    edges, p, slope = job._segments(system, table, p0)
    for k in range(3):
        cell = table.cell(neuron, k)
        pieces = segments(cell, plan, 600.0)
        assert edges.tolist() == [0.0, *(piece.stop for piece in pieces)]
        for s, piece in enumerate(pieces):
            own, rates = parameter_vector(cell).copy(), np.zeros(len(system.names))
            for path, value in piece.values.items():
                own[system.names.index(path)] = value
            for path, rate in piece.slopes.items():
                rates[system.names.index(path)] = rate
            assert p[s, k] == pytest.approx(own, rel=1e-13)
            assert slope[s, k] == pytest.approx(rates, rel=1e-9, abs=1e-30)


def test_rests_are_those_of_each_cell_alone(neuron):
    """Knock-outs too: a transport that is off leaves a total behind, which only those cells keep."""
    vary = {**RESTS, "Cl_leak.permeability": "discrete(0x, 1x)"}
    many = vrest.population(neuron, vary, 8, seed=2)
    names = many.dataset.outcome.attrs["flag_meanings"].split()
    assert 1 <= (many.dataset["Cl_leak.permeability"].values == 0).sum() <= 7
    assert sum(many.outcomes.values()) == many.n
    for k in range(many.n):
        alone, row = vrest.rest(many.cell_at(k)), many.dataset.isel(cell=k)
        assert names[int(row.outcome) + 1] == alone.outcome.name
        assert float(row.v_rest) == pytest.approx(alone.v_rest, abs=1e-9)
        for ion in ("K", "Na", "Cl"):
            settled = float(row.concentration.sel(compartment="inside", ion=ion))
            assert settled == pytest.approx(alone.concentrations["inside"][ion], rel=1e-9)
        assert float(row.volume[0]) == pytest.approx(alone.volumes["inside"], rel=1e-9)
        assert float(row.atp_use) == pytest.approx(alone.atp_per_second, rel=1e-9)
        assert float(row.slowest_time_constant) == pytest.approx(alone.slowest_time_constant, rel=1e-6)


def test_cells_that_cannot_be_are_kept_and_explained(neuron):
    vary = {"outside.K": [5.0, 200.0, 8.0]}
    many = vrest.population(neuron, {f"{key} swap Na": values for key, values in vary.items()})
    assert many.outcomes == {"rests": 2, "impossible": 1}
    assert np.isnan(many.v).tolist() == [False, True, False]
    assert "no cell" in many.reasons["impossible"]
    with pytest.raises(vrest.InputError, match="cell 1 would be negative"):
        many.cell_at(1)
    runs = vrest.population(neuron, {"outside.K swap Na": [200.0]}, until="1 min", times=[0, 60])
    assert runs.outcomes == {"impossible": 1}
    assert np.isnan(runs.dataset.v.values).all()


RUN = {"events": [("1 min", "pump.max_rate*=0"), ("40 min", "pump.max_rate=restore")], "until": "1 h"}
LEVEL = -38.0
VARY = {"Na_leak.permeability": "lognormal(0.3)", "pump.max_rate": "uniform(0.8x, 1.2x)"}


@pytest.fixture(scope="module")
def runs(neuron):
    return vrest.population(
        neuron, VARY, 6, seed=1, times=["0 s", "10 min", "1 h"], from_rest=True, rtol=1e-8, threshold=LEVEL, **RUN
    )


def test_runs_are_those_of_each_cell_alone(neuron, runs):
    assert runs.outcomes == {"finished": 6}
    above = runs.dataset.time_above.values
    for k in (int(above.argmin()), int(above.argmax())):
        alone = vrest.simulate(vrest.rest(runs.cell_at(k)).as_cell(), points=36_001, rtol=1e-10, **RUN)
        data, row = alone.dataset, runs.dataset.isel(cell=k)
        assert row.v.values == pytest.approx(data.v.sel(time=[0.0, 600.0, 3600.0]).values, abs=1e-5)
        assert float(row.v_end) == float(row.v[-1])
        inside = data.concentration.sel(compartment="inside")
        assert row.concentration_end.values[0] == pytest.approx(inside.values[-1], rel=1e-6)
        assert (float(row.v_min), float(row.v_max)) == pytest.approx(
            (float(data.v.min()), float(data.v.max())), abs=1e-3
        )
        assert float(row.v_mean) == pytest.approx(np.trapezoid(data.v, data.time) / 3600, abs=1e-3)
        assert float(row.volume_max[0]) == pytest.approx(float(data.volume.sel(compartment="inside").max()), rel=1e-5)
        assert bool(row.recovered) == (abs(data.v.values[-1] - data.v.values[0]) <= 1.0)
        over = data.v.values > LEVEL
        assert float(row.time_above) == pytest.approx(0.1 * over.sum(), abs=0.3)
        if over.any():
            assert float(row.time_to_depolarisation) == pytest.approx(data.time.values[over.argmax()], abs=0.2)
        else:
            assert np.isnan(row.time_to_depolarisation)
    assert above.max() > 60
    assert above.min() == 0


def test_the_same_population_whatever_the_chunks_and_the_threads(neuron, runs):
    how = {"times": ["0 s", "10 min", "1 h"], "from_rest": True, "rtol": 1e-8, "threshold": LEVEL, **RUN}
    again = vrest.population(neuron, VARY, 6, seed=1, chunk=4, workers=2, **how)
    assert again.outcomes == runs.outcomes
    for name in VARY:
        assert np.array_equal(again.dataset[name], runs.dataset[name])
    for name in ("v_end", "v_max", "concentration_end", "volume_max", "v"):
        assert again.dataset[name].values == pytest.approx(runs.dataset[name].values, rel=1e-9)


def test_what_goes_along_with_v(neuron):
    many = vrest.population(
        neuron, {"outside.K": "uniform(3, 8)", "water.hydraulic_permeability": "lognormal(0.5)"}, 64
    )
    ranks = many.importance()
    expected = stats.spearmanr(many.dataset["outside.K"], many.v).statistic
    assert ranks["outside.K"] == pytest.approx(expected)
    assert expected > 0.99
    assert abs(ranks["water.hydraulic_permeability"]) < 0.5


def test_runs_refuse_what_makes_no_sense(neuron):
    for how, code in (
        ({"until": "0 s"}, "out_of_range"),
        ({"until": "1 h", "times": [7200.0]}, "bad_times"),
        ({"until": "1 h", "events": [("2 h", "pump.max_rate*=0")]}, "bad_protocol"),
        ({"until": "1 h", "events": [("1 min", "inside.K=3 mM")]}, "bad_protocol"),
        ({"until": "1 h", "rtol": 1.0}, "out_of_range"),
        ({"from_rest": True}, "no_run"),
        ({"n": 0}, "out_of_range"),
        ({"seed": -1}, "out_of_range"),
        ({"design": "sobbol"}, "unknown_design"),
        ({"workers": 0}, "out_of_range"),
    ):
        with pytest.raises(vrest.InputError) as error:
            vrest.population(neuron, VARY, **how)
        assert error.value.code == code, how


def test_kinds_of_rest_and_groups_are_told_apart():
    """With the pump and without: each kind has its spread, and V falls into two groups, the numbers NumPy's."""
    rates = np.concatenate([np.linspace(50.0, 80.0, 60), np.zeros(40)])
    found = vrest.population("mammalian_neuron", {"pump.max_rate": rates})
    told = found.summary
    for name, cells in (("rests", rates > 0), ("rests_run_down", rates == 0)):
        spread = told["v_by_outcome"][name]["neuron"]
        assert spread["median"] == pytest.approx(np.median(found.v[cells]), abs=1e-12)
        assert spread["count"] == cells.sum()
    high, low = told["groups"]["neuron"]
    assert (high["count"], low["count"]) == (60, 40)
    assert "V falls into 2 groups" in str(found)
    heads = [column.name for table in found.tables() if table.title == "Spread of V" for column in table.columns]
    rows = next(table for table in found.tables() if table.title == "Spread of V").columns[0].values
    assert heads[0] == "at rest"
    assert rows == ["V", "V, rests", "V, rests run down"]

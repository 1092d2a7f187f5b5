"""`fit`: against SciPy, closed forms of linear regression and of analysis of variance, and its own promises."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import curve_fit
from scipy.stats import f, norm, t

import vrest
from vrest.constants import F, R
from vrest.study.fit.fit import fitted
from vrest.study.fit.models import compiled
from vrest.study.fit.noise import noise_of
from vrest.study.fit.result import left_over
from vrest.study.fit.slips import TREND_LEVEL, _negative, trend

DEMO = Path(__file__).parents[2] / "examples" / "vm_ko.csv"
PHI = 1e3 * R * 293.15 / F
KO = np.repeat([1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0], 2)


@pytest.fixture(scope="module")
def frog():
    return vrest.load("frog_muscle")


def mullins_noda(ko, ratio):
    """Of the frog's contents, mV."""
    return PHI * np.log((1.5 * ko + ratio * 109) / (1.5 * 124 + ratio * 10.4))


def turned(*rows):
    """-1 for these rows, 1 for the others."""
    return np.where(np.isin(np.arange(len(KO)) + 1, rows), -1, 1)


def ghk(ko, na, cl, ki=124.0, clo=77.5, nao=109.0):
    return PHI * np.log((ko + na * nao + cl * 1.8593770150023643) / (ki + na * 10.4 + cl * clo))


def test_the_demo_is_what_it_says_and_gives_back_its_ratio(frog):
    data = vrest.read_measurements(DEMO)
    ko, nao = np.array(data["Ko (mM)"]), np.array(data["Nao (mM)"])
    assert ko + nao == pytest.approx(111.25)
    noise = np.random.default_rng(1959).normal(0, 1.5, len(ko))
    truth = PHI * np.log((ko + 0.01 * nao) / (124 + 0.01 * 10.4))
    assert np.array(data["Vm (mV)"]) == pytest.approx(np.round(truth + noise, 1))
    (found,) = vrest.fit(frog, data, "P_Na/P_K").estimates
    assert found.low < 0.01 < found.high
    assert found.high / found.low < 1.25
    assert found.freedom == np.inf


@pytest.mark.parametrize("errors", [None, np.linspace(0.5, 2.0, len(KO))])
def test_values_and_standard_errors_are_those_of_curve_fit(frog, errors):
    v = ghk(KO, 0.012, 0.4) + np.random.default_rng(3).normal(0, 1.0, len(KO))
    data = {"Ko": KO, "Vm": v} | ({} if errors is None else {"sd": errors})
    found = vrest.fit(frog, data, ["P_Na/P_K", "P_Cl/P_K"])
    best, covariance = curve_fit(
        ghk, KO, v, [0.01, 0.3], errors, absolute_sigma=errors is not None, ftol=1e-14, xtol=1e-14, gtol=1e-14
    )
    assert [e.value for e in found.estimates] == pytest.approx(best, rel=1e-6)
    assert [e.standard_error for e in found.estimates] == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-5)
    assert found.residuals == pytest.approx(v - ghk(KO, *best), abs=1e-6)


@pytest.mark.parametrize("known", [True, False])
def test_a_linear_unknown_has_the_interval_of_linear_regression(frog, known):
    """V is proportional to T: the profile of a temperature is exactly quadratic."""
    slope = ghk(KO, 0.01, 2.0) / 293.15
    v = slope * 300 + np.random.default_rng(5).normal(0, 1.0, len(KO))
    n = np.arange(1, len(KO) + 1)
    weight = n / (0.8**2 if known else 1.0)
    data = {"Ko": KO, "Vm": v, "n": n} | ({"sd": np.full(len(KO), 0.8)} if known else {})
    (found,) = vrest.fit(frog, data, "temperature", level=0.9).estimates
    best = (weight * slope * v).sum() / (weight * slope**2).sum()
    variance = 1 / (weight * slope**2).sum()
    half = norm.ppf(0.95) * math.sqrt(variance)
    if not known:
        scatter = (weight * (v - slope * best) ** 2).sum() / (len(v) - 1)
        half = t.ppf(0.95, len(v) - 1) * math.sqrt(scatter * variance)
    assert found.value == pytest.approx(best - 273.15, rel=1e-9)
    assert [found.low, found.high] == pytest.approx([best - half - 273.15, best + half - 273.15], rel=1e-5)


def test_cells_that_differ_are_counted_as_cells(frog):
    """All potentials in one bath: the analysis of variance of a balanced layout has them in closed form."""
    rng = np.random.default_rng(8)
    groups, each = 6, 5
    v = -92.0 + np.repeat(rng.normal(0, 3.0, groups), each) + rng.normal(0, 1.0, groups * each)
    means = v.reshape(groups, each).mean(axis=1)
    within = v.reshape(groups, each).var(axis=1, ddof=1).mean()
    among = each * means.var(ddof=1)
    data = {"Vm": v, "cell": np.repeat([f"fibre {k}" for k in range(groups)], each)}
    found = vrest.fit(frog, data, "temperature")
    per_kelvin = ghk(2.25, 0.01, 2.0) / 293.15
    (e,) = found.estimates
    assert found.scatter**2 == pytest.approx(within, rel=1e-3)
    assert found.between_cells**2 == pytest.approx((among - within) / each, rel=1e-3)
    assert e.freedom == pytest.approx(groups - 1, rel=1e-3)
    assert e.value + 273.15 == pytest.approx(means.mean() / per_kelvin, rel=1e-9)
    half = t.ppf(0.975, groups - 1) * math.sqrt(among / (groups * each)) / abs(per_kelvin)
    assert e.high - e.value == pytest.approx(half, rel=1e-3)


def test_a_unit_may_stand_before_or_behind_what_keeps_the_bath_neutral(frog):
    v, ko = [-92.0, -60.0, -45.0], np.array([2.25, 10.0, 20.0])
    ways = ("Ko swap Na", "Ko (mM) swap Na", "Ko swap Na (mM)", "Ko swap Na / mM")
    rows = [vrest.fit(frog, {way: ko, "Vm": v}).data.conditions for way in ways]
    for each in rows:
        assert [c.values.tolist() for c in each] == [ko.tolist(), pytest.approx(111.25 - ko)]


def test_models_are_what_they_are_called(frog):
    """Each against another way to the same potential."""
    ko = np.array([1.0, 2.25, 20.0])
    data = {"Ko swap Na": ko, "Vm": [-100.0, -92.0, -45.0]}
    rests = [vrest.rest(frog, f"outside.K={k} mM swap Na").v_rest for k in ko]
    frozen = [vrest.instant(frog, f"outside.K={k} mM swap Na").v for k in ko]
    textbook = ghk(ko, 0.01, 2.0, nao=111.25 - ko)
    noda = PHI * np.log((1.5 * ko + 0.01 * (111.25 - ko)) / (1.5 * 124 + 0.01 * 10.4))
    data["sd"] = [1.0, 1.0, 1.0]
    for model, expected in (("settled", rests), ("instant", frozen), ("ghk", textbook), ("mullins_noda", noda)):
        free = ["P_Na/P_K", "P_Cl/P_K"] if model == "settled" else "P_Na/P_K"
        squares = vrest.fit(frog, data, free, model).squares
        own = np.array([each.inner(each.own) for each in squares.predict.free])
        v, slope = squares.predict(own, squares.rows)
        assert v == pytest.approx(expected, abs=1e-9), model
        along = 1e-5 * np.eye(len(own))[0]
        up, down = (squares.predict(own + d, squares.rows)[0] for d in (along, -along))
        assert slope[:, 0] == pytest.approx((up - down) / 2e-5, rel=1e-6), model


def test_chord_averages_reversals_with_the_conductances_of_the_described_state(frog):
    found = vrest.fit(frog, {"Ko": [2.25, 10.0, 40.0], "Vm": [-92.0, -80.0, -60.0]}, "g_Na/g_K", "chord")
    (each,) = found.free
    g = {}
    u = -94.22710807855552 / PHI
    for ion, p, inside, outside in (("K", 1, 124, 2.25), ("Na", 0.01, 10.4, 109)):
        current = p * u * (inside - outside * math.exp(-u)) / -math.expm1(-u)
        g[ion] = current / (u - math.log(outside / inside))
    assert each.own == pytest.approx(g["Na"] / g["K"], rel=1e-9)
    v = found.squares.predict(np.log([each.own]), found.squares.rows)[0]
    cl = 2.0 * 77.5 * -u / math.expm1(-u)  # at its equilibrium, where chord and slope meet
    share = (v[1] - v[0]) / (PHI * math.log(10 / 2.25))  # of each e-fold of K+ outside V takes the share of g_K
    assert share == pytest.approx(g["K"] / (g["K"] + g["Na"] + cl), rel=1e-6)


def test_what_data_cannot_tell_is_said_and_the_advice_helps(frog):
    free = ["P_Na/P_K", "P_Cl/P_K", "inside.K"]
    rng = np.random.default_rng(2)
    data = {"Ko": KO, "Clo": np.full(len(KO), 77.5), "Vm": ghk(KO, 0.01, 2.0) + rng.normal(0, 0.5, len(KO))}
    found = vrest.fit(frog, data, free)
    chloride = found.estimates[1]
    assert not chloride.learnt
    assert chloride.low is None
    assert "a change of Cl outside, such as outside.Cl=0 mM" in chloride.verdict
    advice = vrest.next_measurement(found, parameter="P_Cl/P_K")
    assert advice[0].conditions == {"compartments.outside.ions.Cl": 0.0}
    assert advice[0].now["P_Cl/P_K"] == math.inf
    more = {key: np.append(column, value) for (key, column), value in zip(data.items(), [2.25, 0.0, 0.0], strict=True)}
    more["Vm"][-1] = ghk(2.25, 0.01, 2.0, clo=0.0)
    e = vrest.fit(frog, more, free).estimates[1]
    assert e.low < 2.0 < e.high
    assert math.sqrt(e.high / e.low) == pytest.approx(advice[0].after["P_Cl/P_K"], rel=0.15)


@pytest.mark.parametrize(
    ("candidates", "parameter", "code"),
    [
        ([], None, "no_candidates"),
        ("outside.K=0 mM", None, None),
        (["outside.Cl=5 mM", "inside.Cl=0 mM"], None, "no_prediction"),
        ("Na_leak.permeability*=2", None, "bad_candidate"),
        ("outside.K=5 mM over 1 s", None, "bad_candidate"),
        ("outside.Kx=5 mM", None, "unknown_path"),
        (None, "P_Cl/P_K", "unknown_parameter"),
    ],
)
def test_candidates_that_make_no_sense_are_refused(frog, candidates, parameter, code):
    found = vrest.fit(frog, {"Ko": KO, "Vm": ghk(KO, 0.01, 2.0), "sd": np.ones(len(KO))}, "P_Na/P_K")
    if code is None:
        assert len(vrest.next_measurement(found, candidates, parameter)) == 1
        return
    with pytest.raises(vrest.InputError) as refused:
        vrest.next_measurement(found, candidates, parameter)
    assert refused.value.code == code


def test_unknowns_that_make_up_for_each_other_are_named(frog):
    found = vrest.fit(
        frog, {"Ko": KO, "Vm": mullins_noda(KO, 0.01) + np.sin(KO)}, ["P_Na/P_K", "pump_ratio"], "mullins_noda"
    )
    for e, other in zip(found.estimates, ("pump_ratio", "P_Na/P_K"), strict=True):
        assert (e.low, e.high, e.standard_error) == (None, None, None)
        assert f"cannot be learnt from these data: changes of {other} make up for changes of it" in e.verdict
    assert math.isfinite(found.predict(found.squares.rows)[1].max())


def test_a_rest_in_which_chloride_is_passive_says_nothing_of_its_permeability(frog):
    ko = np.geomspace(1.5, 60, 12)
    v = vrest.rest_many(frog, {"outside.K": ko}).v_rest + np.random.default_rng(4).normal(0, 0.5, 12)
    found = vrest.fit(frog, {"Ko": ko, "Vm": v, "sd": np.full(12, 0.5)}, ["P_Na/P_K", "P_Cl/P_K"], "settled")
    sodium, chloride = found.estimates
    assert sodium.low < 0.01 < sodium.high
    assert "no measured potential depends on it" in chloride.verdict
    assert vrest.rest(found.fitted_cell, "outside.K=1.5").v_rest == pytest.approx(found.predicted[0], abs=1e-6)


def test_the_search_does_not_depend_on_where_the_cell_stands(frog):
    v = ghk(KO, 0.05, 0.4)
    for na, cl in ((1e-4, 1e2), (10, 1e-3)):
        cell = vrest.apply(frog, [f"Na_leak.permeability*={na}", f"Cl_leak.permeability*={cl}"])
        found = vrest.fit(cell, {"Ko": KO, "Vm": v, "sd": np.ones(len(KO))}, ["P_Na/P_K", "P_Cl/P_K"])
        assert list(found.values.values()) == pytest.approx([0.05, 0.4], rel=1e-6)


def test_other_data_and_an_equal_cell_compile_nothing(frog):
    def asked(cell, n):
        return vrest.fit(cell, {"Ko": KO[:n], "Vm": mullins_noda(KO[:n], 0.01)}, "P_Na/P_K", "mullins_noda")

    code = compiled(asked(frog, 4).squares.predict.known)
    count = code._cache_size()
    again = asked(vrest.load("frog_muscle"), 16).squares.predict.known
    assert compiled(again) is code
    assert asked(frog, 16).estimates[0].value == pytest.approx(0.01, rel=1e-9)  # potentials without noise are no error
    assert code._cache_size() == count
    assert compiled(asked(vrest.apply(frog, "inside.K=130 mM"), 4).squares.predict.known) is not code


def test_akaike_chooses_the_model_that_made_the_data(frog):
    v = mullins_noda(KO, 0.01) + np.random.default_rng(6).normal(0, 0.5, len(KO))
    choice = vrest.compare_models(frog, {"Ko": KO, "Vm": v}, "P_Na/P_K", ["ghk", "mullins_noda", "chord"])
    assert choice.best.model == "mullins_noda"
    assert sum(choice.weights) == pytest.approx(1.0)
    n, squares = len(v), (choice.best.residuals**2).sum()
    assert choice.best.aicc == pytest.approx(n * math.log(2 * math.pi * math.e * squares / n) + 4 + 12 / (n - 3))
    known = vrest.fit(frog, {"Ko": KO, "Vm": v, "sd": np.full(n, 0.5)}, "P_Na/P_K", "mullins_noda")
    deviance = -2 * norm.logpdf(known.residuals, scale=0.5).sum()
    assert known.aicc == pytest.approx(deviance + 2 + 4 / (n - 2))


def test_a_model_that_misses_the_data_is_told(frog):
    rough = {"Ko": KO, "Vm": mullins_noda(KO, 0.01) + np.tile([0.1, -0.1], len(KO) // 2)}
    assert [w.code for w in vrest.fit(frog, rough, "P_Na/P_K", ljp=0).warnings] == ["bath_not_neutral", "poor_fit"]
    good = vrest.fit(frog, {"Ko swap Na": KO, "Vm": rough["Vm"]}, ["P_Na/P_K", "temperature"], "mullins_noda")
    assert "bath_not_neutral" not in [w.code for w in good.warnings]
    sure = vrest.fit(frog, rough | {"sd": np.full(len(KO), 0.01)}, "P_Na/P_K", "mullins_noda")
    assert sure.warnings[-1].code == "poor_fit"
    assert sure.misfit[0] == pytest.approx((sure.residuals**2).sum() / 0.01**2 / (len(KO) - 1))


def test_where_the_search_ended_is_no_number(frog):
    """Potentials below every GHK potential: the best is no sodium, and no 1e-8 of what the cell has."""
    below = {"Ko": KO, "Vm": ghk(KO, 0.0, 2.0) - 1.0, "sd": np.ones(len(KO))}
    found = vrest.fit(frog, below)
    (e,) = found.estimates
    assert (e.at_bound, e.best, e.low) == ("lower", "about 0 (at the bound)", None)
    assert "The best is about 0 (at the bound)." in e.verdict
    assert found.as_dict()["parameters"][0]["value"] is None
    assert "1e-10" not in str(found)
    above = vrest.fit(frog, below | {"Vm": np.full(len(KO), 90.0)}).estimates[0]
    assert (above.at_bound, above.high) == ("upper", None)
    # a least inside the limits stays a number, though it has no lower end
    rough = ghk(KO, 3e-4, 2.0) + 0.2 * np.sin(7 * KO)
    inside = vrest.fit(frog, {"Ko": KO, "Vm": rough, "sd": np.ones(len(KO))}).estimates[0]
    assert (inside.at_bound, inside.low) == ("", None)
    assert 1e-6 < inside.best < 1e-2


def test_one_potential_tells_a_value_and_no_interval(frog):
    found = vrest.fit(frog, {"Ko": [2.5], "Vm": [float(ghk(2.5, 0.02, 2.0))]})
    (e,) = found.estimates
    assert e.value == pytest.approx(0.02, rel=1e-6)
    assert (e.low, e.high, e.standard_error, e.learnt, found.scatter) == (None, None, None, False, None)
    assert "without an interval" in e.verdict
    assert found.as_dict()["parameters"][0]["value"] == e.value
    far = vrest.fit(frog, {"Ko": [2.5], "Vm": [-130.0]}).estimates[0]
    assert "No P_Na/P_K gives -130 mV; the nearest is" in far.verdict
    with pytest.raises(vrest.InputError) as refused:
        vrest.next_measurement(found)
    assert refused.value.code == "no_interval"


def test_each_model_is_under_its_own_unknowns(frog):
    choice = vrest.compare_models(frog, {"Ko": KO, "Vm": ghk(KO, 0.01, 2.0)}, "P_Na/P_K", ["ghk", "chord"])
    (table,) = choice.tables()
    columns = {c.name: dict(zip(table.columns[0].values, c.values, strict=True)) for c in table.columns[5:]}
    by_name = {f.model: f for f in choice.fits}
    assert columns == {
        "P_Na/P_K": {"ghk": by_name["ghk"].values["P_Na/P_K"], "chord": None},
        "g_Na/g_K": {"ghk": None, "chord": by_name["chord"].values["g_Na/g_K"]},
    }


def test_what_was_not_written_of_the_errors_is_said(frog):
    data = {"Ko swap Na": KO[::2], "Vm": ["-92 ± 2"] * 7 + ["-40"]}
    assert [w.code for w in vrest.fit(frog, data).warnings][:2] == ["error_lent", "which_error"]
    assert "row 8 (Ko = 100 mM) has no error" in vrest.fit(frog, data).warnings[0].message


@pytest.mark.parametrize(
    ("columns", "code", "says"),
    [
        (
            {"Vm": -mullins_noda(KO[:10], 0.01), "Ko": KO[:10]},
            "sign_slip",
            "are positive where the model has them negative",
        ),
        ({"Ko": 3 * KO, "Vm": -mullins_noda(3 * KO, 0.01)}, "sign_slip", "mV if their sign is turned"),
        ({"Vm": turned(4) * mullins_noda(KO, 0.01)}, "sign_slip", "by 0 mV if the sign of row 4 is turned"),
        (
            {"Vm": turned(1, 3, 6) * mullins_noda(KO, 0.01)},
            "sign_slip",
            "by 0 mV if the sign of rows 1, 3 and 6 is turned",
        ),
        ({"Vm": 1e-3 * mullins_noda(KO, 0.01)}, "unit_slip", "if they are in V, write 'Vm (V)'"),
        ({"Vm": 1e3 * mullins_noda(KO[:10], 0.01), "Ko": KO[:10]}, "unit_slip", "if they are in µV, write 'Vm (µV)'"),
        ({"Ko": 1e-3 * KO}, "unit_slip", "mV if Ko is in M: write the unit into its name"),
        ({"Ko": 50 * KO, "Vm": mullins_noda(0.05 * KO, 0.01)}, "unit_slip", "if Ko is in µM"),
    ],
)
def test_slips_of_sign_and_unit_are_seen(frog, columns, code, says):
    data = {"Ko": KO, "Vm": mullins_noda(KO, 0.01)}
    assert not {"sign_slip", "unit_slip"} & {w.code for w in vrest.fit(frog, data, model="mullins_noda").warnings}
    slip = next(w for w in vrest.fit(frog, data | columns, model="mullins_noda").warnings if w.code == code)
    assert says in slip.message


def test_the_chance_of_a_trend_is_that_of_an_f():
    """Two roots, m and n times: the sum is below 0 where a ratio of mean squares is below theirs."""
    for m, n, up, down in ((4, 6, 1, 2), (1, 2, 1, 0.3), (10, 12, 1, 0.01), (1, 9, 20, 1), (2, 2, 1, 1e-4)):
        assert _negative(np.array([up] * m + [-down] * n)) == pytest.approx(f.cdf(down * n / (up * m), m, n), rel=1e-6)


def test_residuals_with_a_trend_are_told_and_others_are_not(frog):
    """False alarms of the test at 1 %: binomial bounds of 300 fits; a model that bends otherwise is always seen."""
    ko, rng, told = np.array([1.0, 2.5, 5.0, 10.0, 30.0, 80.0]), np.random.default_rng(7), 0
    begun = vrest.fit(frog, {"Ko": ko, "Vm": mullins_noda(ko, 0.01)}, "P_Na/P_K", "mullins_noda")
    for _ in range(300):
        squares = replace(begun.squares, v=mullins_noda(ko, 0.01) + rng.normal(0, 1.5, 6))
        best = squares.least(begun.optimum.inner)
        told += trend(begun.data, begun.noise, best.residuals, left_over(best.jacobian))[2] < TREND_LEVEL
    assert told <= 9
    data = {"Ko swap Na": ko, "Vm corrected": mullins_noda(ko, 0.01) + rng.normal(0, 1, 6)}
    bent = vrest.fit(frog, data, "P_Na/P_K", "ghk")
    (warning,) = bent.warnings
    assert warning.code == "trend"
    assert "the residuals follow Ko (Durbin-Watson" in warning.message


@pytest.mark.parametrize("membrane", ["apical", "basolateral", "junction"])
def test_a_cell_of_several_membranes_is_fitted_by_the_one_that_was_measured(membrane):
    skin, na = vrest.load("frog_skin"), [110, 60, 25]
    rests = [vrest.rest(skin, f"mucosa.Na={x} mM with Cl").v_rest[membrane] for x in na]
    data = {"mucosa.Na with Cl": na, f"V_{membrane} (mV)": rests, "sd": [1.0, 1.0, 1.0]}
    found = vrest.fit(skin, data, "Na_leak.permeability", "settled")
    assert found.residuals == pytest.approx(np.zeros(3), abs=1e-6)
    assert found.estimates[0].value == pytest.approx(1e-6, rel=1e-5)
    data["Vm"] = data.pop(f"V_{membrane} (mV)")
    named = vrest.fit(skin, data, "Na_leak.permeability", "settled", membrane=membrane)
    assert named.values == found.values
    with pytest.raises(vrest.InputError, match="has 3 membranes: apical, basolateral, junction") as refused:
        vrest.fit(skin, data, "Na_leak.permeability", "settled")
    assert refused.value.code == "several_membranes"


def test_a_closed_form_is_of_the_membrane_that_was_measured():
    """GHK of the basolateral leaks and the serosa; a leak of another membrane is not in it."""
    skin = vrest.load("frog_skin")
    k, cl = np.array([2.5, 5.0, 20.0]), skin.compartments["cell"].ions["Cl"]
    ki = skin.compartments["cell"].ions["K"]
    v = 1e3 * R * 295.15 / F * np.log((k + 0.4 * cl) / (ki + 0.4 * 112.5))
    found = vrest.fit(skin, {"Ko swap Na": k, "Vm": v}, "P_Cl/P_K", membrane="basolateral")
    assert found.values["P_Cl/P_K"] == pytest.approx(0.4, rel=1e-6)
    for free, model, code in (
        ("Na_leak.permeability", "ghk", "not_in_model"),
        ("P_Cl/P_K", "instant", "model_does_not_apply"),
    ):
        with pytest.raises(vrest.InputError) as refused:
            vrest.fit(skin, {"Ko": k, "Vm": v}, free, model, membrane="basolateral")
        assert refused.value.code == code


SLIPS = [
    ({}, "P_Na/P_Kx", "ghk", "bad_ratio"),
    ({}, "P_K/P_K", "ghk", "bad_ratio"),
    ({}, "g_Na/g_K", "ghk", "bad_ratio"),
    ({}, "P_Na/P_K", "chord", "bad_ratio"),
    ({}, "Na_leek.permeability", "ghk", "unknown_path"),
    ({}, "pump.max_rate", "ghk", "not_in_model"),
    ({}, "pump_ratio", "ghk", "not_in_model"),
    ({}, "P_Cl/P_K", "mullins_noda", "not_in_model"),
    ({}, ["P_Na/P_K", "Na_leak.permeability"], "ghk", "varies_twice"),
    ({}, "outside.K", "ghk", "varies_twice"),
    ({}, "inside.impermeant.valence", "settled", "is_solved"),
    ({}, [], "ghk", "nothing_free"),
    ({}, "P_Na/P_K", "gkh", "unknown_model"),
    ({}, ["P_Na/P_K", "P_Cl/P_K", "inside.K"], "ghk", "too_few_data"),
    ({"pump.max_rate*": [0, 1, 1]}, "P_Na/P_K", "ghk", "not_in_model"),
    ({"Ko": [0, 1, 1], "Clo": [0, 0, 0], "Nao": [0, 1, 1]}, "P_Na/P_K", "mullins_noda", "no_prediction"),
    ({"Clo": [0, 0, 0]}, "g_Na/g_K", "chord", "undefined"),
    ({"Ko": [1, 2]}, "P_Na/P_K", "ghk", "bad_data"),
    ({"Ko": [1, -2, 3]}, "P_Na/P_K", "ghk", "out_of_range"),
    ({"sd": [1, 0, 3]}, "P_Na/P_K", "ghk", "out_of_range"),
    ({"sd": [1, 1, 3], "sem": [1, 1, 1]}, "P_Na/P_K", "ghk", "bad_data"),
    ({"V_m": [1, 1, 3]}, "P_Na/P_K", "ghk", "bad_data"),
    ({"Kox": [1, 1, 3]}, "P_Na/P_K", "ghk", "unknown_column"),
    ({"Ko swap Cl": [1, 1, 3]}, "P_Na/P_K", "ghk", "bad_data"),
    ({"cell": ["a", "", "b"]}, "P_Na/P_K", "ghk", "bad_data"),
    ({"Vm": [-90, math.nan, -60]}, "P_Na/P_K", "ghk", "not_a_number"),
]


@pytest.mark.parametrize(("columns", "free", "model", "code"), SLIPS)
def test_slips_are_refused(frog, columns, free, model, code):
    with pytest.raises(vrest.InputError) as refused:
        vrest.fit(frog, {"Ko": [2.5, 10, 40], "Vm": [-90, -61, -29]} | columns, free, model)
    assert refused.value.code == code


def test_models_refuse_cells_they_are_not_about():
    data = {"Ko": [2.5, 10, 40], "Vm": [-90, -61, -29]}
    with pytest.raises(vrest.InputError, match="knows nothing of 'Kir'"):
        vrest.fit(vrest.load("kir_muscle"), data, "P_Na/P_K")
    with pytest.raises(vrest.InputError, match="P_Na/P_K: 'K_leak' is off, in 'frog_muscle'"):
        vrest.fit(vrest.apply(vrest.load("frog_muscle"), "K_leak.permeability*=0"), data, "P_Na/P_K")


def again(found, v):
    """The same fit to other potentials."""
    squares = replace(found.squares, v=v)
    return fitted(found.cell, replace(found.data, v=v), squares, found.level)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("count", [150, pytest.param(2_000, marks=pytest.mark.library)])
def test_intervals_cover_the_truth_as_often_as_they_say(frog, known, count):
    """Binomial bounds: 93.5 to 96.5 % of 2,000 fits, and as many standard deviations of fewer."""
    rng = np.random.default_rng(2024)
    truth = mullins_noda(KO, 0.01)
    data = {"Ko": KO, "Vm": truth} | ({"sd": np.full(len(KO), 1.5)} if known else {})
    begun = vrest.fit(frog, data, "P_Na/P_K", "mullins_noda")
    hits = 0
    for _ in range(count):
        found = again(begun, truth + rng.normal(0, 1.5, len(KO))).profiles[0]
        low, high = found.low, found.high
        hits += (low is None or low <= math.log(0.01)) and (high is None or math.log(0.01) <= high)
    assert abs(hits / count - 0.95) <= 0.015 * math.sqrt(2_000 / count)


def summary(frog, seed=12):
    """Measurements in five baths, and what a paper prints of them: means, SEM and n."""
    rng, n = np.random.default_rng(seed), np.array([3, 4, 3, 5, 4])
    ko = np.array([1.0, 2.5, 10.0, 30.0, 80.0])
    every = [mullins_noda(k, 0.01) + rng.normal(0, s, m) for k, s, m in zip(ko, (4, 2, 3, 2, 1), n, strict=True)]
    means, sd = np.array([x.mean() for x in every]), np.array([x.std(ddof=1) for x in every])
    return {"Ko": ko, "Vm": means, "SEM": sd / np.sqrt(n), "n": n}, {
        "Ko": np.repeat(ko, n),
        "Vm": np.concatenate(every),
    }


def test_means_with_sem_and_n_are_the_table_of_all_measurements(frog):
    brief, whole = summary(frog)
    found, all_of_them = (vrest.fit(frog, data, "P_Na/P_K", "mullins_noda") for data in (brief, whole))
    assert found.estimates[0].value == pytest.approx(all_of_them.estimates[0].value, rel=1e-8)
    assert found.aicc == pytest.approx(all_of_them.aicc, rel=1e-9)
    assert found.spread == pytest.approx(brief["SEM"])
    as_sd = {"Ko": brief["Ko"], "Vm": brief["Vm"], "SD": brief["SEM"] * np.sqrt(brief["n"]), "n": brief["n"]}
    again = vrest.fit(frog, as_sd, "P_Na/P_K", "mullins_noda").estimates[0]
    assert (again.low, again.high) == pytest.approx((found.estimates[0].low, found.estimates[0].high), rel=1e-9)


def test_the_interval_of_means_is_that_of_welch(frog):
    """V is proportional to T: weights n, the variance of each row's own SEM, Satterthwaite's degrees of freedom."""
    brief, _ = summary(frog)
    slope = mullins_noda(brief["Ko"], 0.01) / 293.15
    found = vrest.fit(frog, brief, "temperature", "mullins_noda")
    (e,) = found.estimates
    share = brief["n"] * slope / (brief["n"] * slope**2).sum()
    parts = (share * brief["SEM"]) ** 2
    freedom = parts.sum() ** 2 / (parts**2 / (brief["n"] - 1)).sum()
    half = t.ppf(0.975, freedom) * math.sqrt(parts.sum())
    assert e.value + 273.15 == pytest.approx((share * brief["Vm"]).sum(), rel=1e-9)
    assert e.freedom == pytest.approx(freedom, rel=1e-6)
    assert e.standard_error == pytest.approx(math.sqrt(parts.sum()), rel=1e-6)
    assert (e.high - e.value, e.value - e.low) == pytest.approx((half, half), rel=1e-5)


def test_what_equal_spreads_do_not_explain_is_an_f(frog):
    """Brown and Forsythe's: where all rows have one SD and n, the squares over (rows - 1) variances, as usual."""
    ko, n = np.array([1.0, 2.5, 10.0, 30.0, 80.0]), 4
    slope = mullins_noda(ko, 0.01) / 293.15
    data = {"Ko": ko, "Vm": slope * 295 + [3, -2, 1, -4, 2], "sd": np.full(5, 2.5), "n": np.full(5, n)}
    found = vrest.fit(frog, data, "temperature", "mullins_noda")
    left = 1 - slope**2 / (slope @ slope)
    ratio = n * (found.residuals**2).sum() / 4 / 2.5**2
    assert found.misfit == pytest.approx((ratio, f.sf(ratio, 4, 4**2 / (left**2 / (n - 1)).sum())), rel=1e-6)


@pytest.mark.library
@pytest.mark.parametrize("spread", [(2, 2, 2, 2, 2, 2), (1, 2, 4, 2, 1, 4), (4, 4, 2, 2, 1, 1), (1, 1, 2, 2, 4, 4)])
@pytest.mark.parametrize("n", [3, 5])
def test_intervals_cover_where_each_mean_has_its_own_sem(frog, spread, n):
    """Binomial bounds. Taken as known, these errors would hold the truth in 55 to 86 %."""
    rng, ko = np.random.default_rng(31), np.array([1.0, 2.5, 5.0, 10.0, 30.0, 80.0])
    truth = mullins_noda(ko, 0.01)
    data = {"Ko": ko, "Vm": truth, "sem": np.ones(6), "n": np.full(6, n)}
    begun = vrest.fit(frog, data, "P_Na/P_K", "mullins_noda")
    hits, alarms, count = 0, 0, 500
    for _ in range(count):
        every = truth + rng.normal(0, spread, (n, 6))
        told = replace(begun.data, v=every.mean(axis=0), error=every.std(axis=0, ddof=1) / math.sqrt(n))
        squares = replace(begun.squares, v=told.v, noise=noise_of(told))
        found = fitted(begun.cell, told, squares, 0.95)
        low, high = found.profiles[0].low, found.profiles[0].high
        hits += (low is None or low <= math.log(0.01)) and (high is None or math.log(0.01) <= high)
        alarms += found.misfit[1] < 0.05
    assert 0.925 <= hits / count <= 0.98
    assert alarms / count <= 0.08


@pytest.mark.library
def test_intervals_cover_where_cells_differ(frog):
    """Five cells with an offset each; pooled, the intervals would cover far less."""
    rng = np.random.default_rng(11)
    cells, ko = np.repeat(list("abcde"), 8), np.tile(KO[::2], 5)
    truth = mullins_noda(ko, 0.01)
    begun = vrest.fit(frog, {"Ko": ko, "Vm": truth + rng.normal(0, 1, 40), "cell": cells}, "P_Na/P_K", "mullins_noda")
    hits, count = 0, 1_000
    for _ in range(count):
        v = truth + np.repeat(rng.normal(0, 2.0, 5), 8) + rng.normal(0, 1.0, 40)
        found = again(begun, v).profiles[0]
        hits += found.low <= math.log(0.01) <= found.high
    assert 0.93 <= hits / count <= 0.97


@pytest.mark.library
def test_the_posterior_agrees_with_the_profile(frog):
    v = mullins_noda(KO, 0.01) + np.random.default_rng(9).normal(0, 1.0, len(KO))
    found = vrest.fit(frog, {"Ko": KO, "Vm": v, "sd": np.ones(len(KO))}, "P_Na/P_K", "mullins_noda")
    drawn = vrest.posterior(found, draws=3_000, warmup=500)["P_Na/P_K"]
    (e,) = found.estimates
    assert drawn.shape == (6_000,)
    assert np.quantile(drawn, [0.025, 0.975]) == pytest.approx([e.low, e.high], rel=0.02)


def test_without_numpyro_the_way_is_told(frog, monkeypatch):
    monkeypatch.setitem(sys.modules, "numpyro", None)
    found = vrest.fit(frog, {"Ko": KO, "Vm": mullins_noda(KO, 0.01)}, "P_Na/P_K", "mullins_noda")
    with pytest.raises(vrest.VrestError, match=r"vrest\[bayes\]") as error:
        vrest.posterior(found)
    assert error.value.code == "missing_extra"


def test_cells_of_one_structure_are_fitted_one_after_another():
    data = {"temperature": [20.0, 25.0, 30.0, 37.0], "Vm": [-70.0, -69.0, -68.5, -68.0]}
    for name in ("article_neuron", "mammalian_neuron"):
        (found,) = vrest.fit(vrest.load(name), data, "K_leak.permeability", "instant").estimates
        assert found.learnt


def test_a_leak_that_the_data_switch_off_is_said_to_be_off():
    data = {"Ko": [2.5, 10.0, 30.0], "Cl_leak.permeability*": [0.0, 0.0, 0.0], "Vm": [-92.0, -62.1, -35.0]}
    with pytest.raises(vrest.InputError, match=r"'Cl_leak' is off, in 'frog_muscle' or in every row") as error:
        vrest.fit("frog_muscle", data, "P_Cl/P_K")
    assert "Cells of the library" not in str(error.value)  # the data would switch theirs off as well


def test_the_rows_of_a_fit_can_be_fitted_again():
    """Factors are quantities there, so heads have no star: read as a table they say the same."""
    data = {"Ko": [2.5, 10.0, 30.0], "Cl_leak.permeability*": [0.5, 0.5, 1.0], "Vm": [-92.0, -62.1, -35.0]}
    first = vrest.fit("frog_muscle", data)
    rows = next(table for table in first.tables() if table.title == "Measurements").columns
    again = {f"{c.name} ({c.unit})": c.values for c in rows if c.name not in ("measured", "predicted", "residual")}
    assert again["Cl_leak.permeability (cm/s)"] == pytest.approx([2e-6, 2e-6, 4e-6])
    second = vrest.fit("frog_muscle", {**again, "Vm": data["Vm"]})
    assert second.predicted == pytest.approx(first.predicted, abs=1e-6)

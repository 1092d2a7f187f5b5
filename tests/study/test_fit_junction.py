"""`fit` and the liquid junction: what is taken off, what is asked, and intervals that know the junction's error."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm, t

import vrest
from vrest.constants import F, R
from vrest.study.fit.fit import fitted
from vrest.study.fit.noise import Noise

PHI = 1e3 * R * 293.15 / F
KO = np.array([1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 50.0, 100.0])
SLOPE = PHI * np.log((1.5 * KO + 0.01 * 109) / (1.5 * 124 + 0.01 * 10.4)) / 293.15
"""Of Mullins and Noda's V of the frog's contents per kelvin, to which it is proportional."""


@pytest.fixture(scope="module")
def frog():
    return vrest.load("frog_muscle")


def potentials(seed=4, noise=1.0):
    return 293.15 * SLOPE + np.random.default_rng(seed).normal(0, noise, len(KO))


def table(v, **columns):
    return {"Ko": KO, "Vm": v, **columns}


def codes(found):
    return [warning.code for warning in found.warnings]


# what is taken off -----------------------------------------------------------------------------------------------


def test_every_way_to_say_it_says_the_same(frog):
    v = potentials()
    plain = vrest.fit(frog, table(v), ljp=0)
    ways = (
        vrest.fit(frog, table(v + 15.9), ljp=15.9),
        vrest.fit(frog, table(v + 15.9), ljp="15.9 mV"),
        vrest.fit(frog, table(v + 15.9, ljp=np.full(len(KO), 15.9))),
        vrest.fit(frog, table(v + 15.9) | {"junction potential (V)": np.full(len(KO), 0.0159)}),
        vrest.fit(frog, table(-v + 15.9), ljp=15.9, config="inside-out"),
    )
    for found in ways:
        assert found.values["P_Na/P_K"] == pytest.approx(plain.values["P_Na/P_K"], rel=1e-9)
        assert found.data.v == pytest.approx(v)
        assert "junction_unsaid" not in codes(found)
        assert "15.9 mV" in repr(found)
    rows = ways[0].as_dict()["rows"][0]
    assert (rows["read"], rows["ljp"]) == pytest.approx((v[0] + 15.9, 15.9))


def test_each_row_may_have_a_junction_of_its_own(frog):
    v, ljp = potentials(), np.linspace(12.0, 16.0, len(KO))
    found = vrest.fit(frog, table(v + ljp, ljp=ljp))
    assert found.data.v == pytest.approx(v)
    assert "12 to 16 mV (whole-cell)" in repr(found)


@pytest.mark.parametrize(
    ("data", "more"),
    [
        ({"Vm": potentials()}, {"ljp": 0}),
        ({"Vm": potentials()}, {"config": "sharp"}),
        ({"Vm (mV, LJP-corrected)": potentials()}, {}),
        ({"Vm corrected": potentials()}, {}),
        ({"corrected Vm / mV": potentials()}, {}),
    ],
)
def test_where_it_is_said_that_nothing_is_to_be_taken_off_nothing_is(frog, data, more):
    found = vrest.fit(frog, {"Ko": KO, **data}, **more)
    assert found.data.v == pytest.approx(potentials())
    assert "junction_unsaid" not in codes(found)


def test_where_nothing_is_said_the_fit_asks_and_says_how_much_it_matters(frog):
    v = potentials() + 15
    found, off = vrest.fit(frog, table(v), "P_Na/P_K"), vrest.fit(frog, table(v), "P_Na/P_K", ljp=15.0)
    (asked,) = (w.message for w in found.warnings if w.code == "junction_unsaid")
    now, then = (each.values["P_Na/P_K"] for each in (found, off))
    assert f"would make P_Na/P_K {then:.4g} in place of {now:.4g}" in asked
    for way in ("--ljp 0", "--ljp 15.9", "a column ljp", "--pipette", "--config sharp"):
        assert way in asked
    (asked,) = (w.message for w in vrest.fit(frog, table(v - 15)).warnings if w.code == "junction_unsaid")
    assert "would make P_Na/P_K about 0 in place of 0.02" in asked


@pytest.mark.parametrize(
    ("data", "more", "code"),
    [
        ({"Vm": [-90.0, -60.0], "ljp": [15.9, 15.9]}, {"ljp": 15.9}, "two_junctions"),
        ({"Vm corrected": [-90.0, -60.0]}, {"ljp": 15.9}, "two_junctions"),
        ({"Vm corrected": [-90.0, -60.0], "ljp": [15.9, 15.9]}, {}, "two_junctions"),
        ({"Vm": [-90.0, -60.0]}, {"ljp": 15.9, "config": "sharp"}, "two_junctions"),
        ({"Vm": [-90.0, -60.0]}, {"ljp": "15.9 ± 0"}, "out_of_range"),
        ({"Vm": [-90.0, -60.0]}, {"ljp": "x"}, "not_a_number"),
        ({"Vm": [-90.0, -60.0]}, {"ljp": 15900}, "out_of_range"),
        ({"Vm": [-90.0, -60.0], "ljp": [15.9, -15900]}, {}, "out_of_range"),
        ({"Vm": [-90.0, -60.0]}, {"ljp": "15.9 mM"}, "wrong_unit"),
        ({"Vm": [-90.0, -60.0]}, {"config": "cell-attached"}, "relative_potential"),
        ({"Vm": [-90.0, -60.0]}, {"config": "whole"}, "unknown_configuration"),
        ({"Vm": [-90.0, -60.0], "ljp sd": [1.0, 1.0]}, {}, "bad_data"),
        ({"Vm": [-90.0, -60.0], "ljp": [15.9, math.nan]}, {}, "not_a_number"),
        ({"Vm": [-90.0, -60.0], "ljp": ["15.9", ""]}, {}, "empty_value"),
    ],
)
def test_what_makes_no_sense_is_refused(frog, data, more, code):
    with pytest.raises(vrest.InputError) as error:
        vrest.fit(frog, {"Ko": [2.5, 10.0], **data}, **more)
    assert error.value.code == code


@pytest.mark.parametrize(("junction", "says"), [(16.0, "nothing is taken off"), (-16.0, "the sign of the junction")])
def test_a_junction_that_is_off_twice_or_has_lost_its_sign_is_seen(frog, junction, says):
    """Read with +16 mV of junction; or corrected already, and then 16 mV once more."""
    ko = np.array([1.0, 2.0, 3.0, 30.0, 60.0, 100.0])
    v = PHI * np.log((1.5 * ko + 0.01 * 109) / (1.5 * 124 + 0.01 * 10.4))
    read = v if junction > 0 else v - junction
    found = vrest.fit(frog, {"Ko": ko, "Vm": read}, model="mullins_noda", ljp=junction)
    (said,) = (w.message for w in found.warnings if w.code == "junction_slip")
    assert says in said


# the error that all potentials share ---------------------------------------------------------------------------------


def generalised(v, covariance):
    """Temperature (K) and its variance by generalised least squares."""
    inverse = np.linalg.inv(covariance)
    variance = 1 / (SLOPE @ inverse @ SLOPE)
    return variance * (SLOPE @ inverse @ v), variance


def test_a_linear_unknown_has_the_interval_of_generalised_least_squares(frog):
    v = potentials()
    found = vrest.fit(frog, table(v + 15.9, sd=np.full(len(KO), 0.8)), "temperature", "mullins_noda", ljp="15.9 ± 1.1")
    best, variance = generalised(v, 0.8**2 * np.eye(len(KO)) + 1.1**2)
    (e,) = found.estimates
    half = norm.ppf(0.975) * math.sqrt(variance)
    assert e.value + 273.15 == pytest.approx(best, rel=1e-9)
    assert (e.high - e.value, e.value - e.low) == pytest.approx((half, half), rel=1e-5)
    left = v - best * SLOPE
    chi2 = left @ np.linalg.inv(0.8**2 * np.eye(len(KO)) + 1.1**2) @ left
    assert found.misfit[0] == pytest.approx(chi2 / (len(KO) - 1), rel=1e-9)


def test_a_column_of_errors_is_one_error_that_moves_all_rows_together(frog):
    v, spread = potentials(), np.linspace(0.5, 2.0, len(KO))
    data = table(v + 15.9, sd=np.full(len(KO), 0.8)) | {"ljp": [f"15.9 ± {s}" for s in spread]}
    (e,) = vrest.fit(frog, data, "temperature", "mullins_noda").estimates
    best, variance = generalised(v, 0.8**2 * np.eye(len(KO)) + np.outer(spread, spread))
    assert e.value + 273.15 == pytest.approx(best, rel=1e-9)
    assert e.standard_error == pytest.approx(math.sqrt(variance), rel=1e-6)


def test_an_estimated_scatter_beside_a_shared_error_is_that_of_restricted_likelihood(frog):
    """The score of REML in closed form: y'P D P y = tr(P D), V = s2 I + 1.1^2 J; freedom by Satterthwaite."""
    v = potentials()
    found = vrest.fit(frog, table(v + 15.9), "temperature", "mullins_noda", ljp="15.9 ± 1.1")
    n = len(KO)

    def projection(s2):
        inverse = np.linalg.inv(s2 * np.eye(n) + 1.1**2)
        return inverse - np.outer(inverse @ SLOPE, inverse @ SLOPE) / (SLOPE @ inverse @ SLOPE)

    s2 = brentq(lambda s2: v @ projection(s2) @ projection(s2) @ v - np.trace(projection(s2)), 0.05, 20.0)
    assert found.scatter**2 == pytest.approx(s2, rel=1e-3)
    best, variance = generalised(v, s2 * np.eye(n) + 1.1**2)
    inverse = np.linalg.inv(s2 * np.eye(n) + 1.1**2)
    gain = variance * SLOPE @ inverse
    information = 0.5 * np.trace(projection(s2) @ projection(s2))
    freedom = 2 * variance**2 / ((gain @ gain) ** 2 / information)
    (e,) = found.estimates
    assert e.value + 273.15 == pytest.approx(best, rel=1e-6)
    assert e.freedom == pytest.approx(freedom, rel=1e-2)
    assert e.freedom > n - 1
    assert e.high - e.value == pytest.approx(t.ppf(0.975, freedom) * math.sqrt(variance), rel=2e-3)


def test_means_with_n_keep_their_weights_beside_a_shared_error(frog):
    """V is proportional to T: Welch's variance of each row's own SEM, and the shared error on top of it."""
    v, n, sem = potentials(), np.array([3, 4, 3, 5, 4, 3, 6, 4]), np.linspace(0.5, 1.5, len(KO))
    found = vrest.fit(frog, table(v, sem=sem, n=n), "temperature", "mullins_noda", ljp="0 ± 1.1")
    scatter = np.average(n * sem**2, weights=n - 1)
    inverse = np.linalg.inv(np.diag(scatter / n) + 1.1**2)
    gain = (SLOPE @ inverse) / (SLOPE @ inverse @ SLOPE)
    parts, shared = (gain * sem) ** 2, (1.1 * gain.sum()) ** 2
    freedom = (parts.sum() + shared) ** 2 / (parts**2 / (n - 1)).sum()
    (e,) = found.estimates
    assert e.value + 273.15 == pytest.approx(gain @ v, rel=1e-9)
    assert e.standard_error == pytest.approx(math.sqrt(parts.sum() + shared), rel=1e-6)
    assert e.freedom == pytest.approx(freedom, rel=1e-6)


def test_whitened_errors_have_no_covariance_left():
    rng = np.random.default_rng(1)
    error, shared = rng.uniform(0.5, 2.0, 9), rng.normal(0, 1.0, (9, 3))
    groups = (np.arange(4), np.arange(4, 9))
    noise = Noise(error, False, groups, rho=0.7, shared=shared, s2=1.3)
    z = np.array([[1.0, 0.0]] * 4 + [[0.0, 1.0]] * 5)
    covariance = np.diag(error**2) + 0.7 * z @ z.T + shared @ shared.T / 1.3
    root = noise.white(np.eye(9))
    assert root @ covariance @ root.T == pytest.approx(np.eye(9), abs=1e-12)
    assert noise.log_determinant == pytest.approx(np.linalg.slogdet(covariance)[1])


def test_the_next_measurement_shares_the_error_too(frog):
    """More potentials in one bath cannot make up for a junction that is off in all of them."""
    data = {"Ko": np.full(12, 2.25), "Vm": np.full(12, -90.0), "sd": np.full(12, 1.0)}
    alone, shared = (vrest.fit(frog, data, "temperature", ljp=ljp) for ljp in (0, "0 ± 0.5"))
    (now,), (beside,) = (vrest.next_measurement(found, "outside.K=2.25 mM") for found in (alone, shared))
    assert now.after["temperature"] / now.now["temperature"] == pytest.approx(math.sqrt(12 / 13), rel=1e-3)
    after = math.sqrt((1 / 13 + 0.25) / (1 / 12 + 0.25))
    assert beside.after["temperature"] / beside.now["temperature"] == pytest.approx(after, rel=1e-3)


@pytest.mark.library
@pytest.mark.parametrize("known", [True, False])
def test_intervals_cover_the_truth_whatever_the_junction_is(frog, known):
    """Each fit has a junction off by its own error, shared by all rows. Binomial bounds: 93.5 to 96.5 % of 2,000."""
    rng = np.random.default_rng(18)
    truth, ko = 293.15 * np.tile(SLOPE, 2), np.tile(KO, 2)
    data = {"Ko": ko, "Vm": truth} | ({"sd": np.full(16, 1.5)} if known else {})
    begun = vrest.fit(frog, data, "P_Na/P_K", "mullins_noda", ljp="0 ± 2")
    hits, blind, count = 0, 0, 2_000
    for k in range(count):
        v = truth + rng.normal(0, 1.5, 16) + rng.normal(0, 2.0)
        hits += covers(again(begun, v, begun.data.shared))
        blind += k < 100 and covers(again(begun, v, None))
    assert abs(hits / count - 0.95) <= 0.015
    assert blind < 85  # that the junction's error is counted is what makes them honest


def again(found, v, shared):
    """The same fit to other potentials."""
    noise = replace(found.noise, shared=shared, s2=1.0)
    squares = replace(found.squares, v=v, noise=noise)
    return fitted(found.cell, replace(found.data, v=v, shared=shared), squares, found.level)


def covers(found):
    low, high = found.profiles[0].low, found.profiles[0].high
    return (low is None or low <= math.log(0.01)) and (high is None or math.log(0.01) <= high)


@pytest.mark.library
@pytest.mark.parametrize("sd", [0.5, 2.0, 5.0])
def test_intervals_of_two_unknowns_cover_with_few_rows(frog, sd):
    """Six rows, the scatter estimated, the junction known to within `sd`."""
    rng, ko, count = np.random.default_rng(19), np.array([1.0, 2.5, 10.0, 30.0, 60.0, 100.0]), 1_000
    truth = PHI * np.log((1.5 * ko + 0.01 * 109) / (1.5 * 124 + 0.01 * 10.4))
    begun = vrest.fit(frog, {"Ko": ko, "Vm": truth}, ["P_Na/P_K", "temperature"], "mullins_noda", ljp=f"0 ± {sd}")
    hits = sum(
        covers(again(begun, truth + rng.normal(0, 1.0, 6) + rng.normal(0, sd), begun.data.shared)) for _ in range(count)
    )
    assert 0.93 <= hits / count <= 0.975


@pytest.mark.library
def test_the_posterior_knows_the_shared_error(frog):
    found = vrest.fit(frog, table(potentials(), sd=np.ones(len(KO))), "P_Na/P_K", "mullins_noda", ljp="0 ± 2")
    drawn = vrest.posterior(found, draws=3_000, warmup=500)["P_Na/P_K"]
    (e,) = found.estimates
    assert np.quantile(drawn, [0.025, 0.975]) == pytest.approx([e.low, e.high], rel=0.03)


@pytest.mark.parametrize(("ljp", "told"), [(0.0159, True), ("0.0159 V", False), (0, False)])
def test_a_junction_in_volts_is_remarked(frog, ljp, told):
    found = vrest.fit(frog, {"Ko": [2.5, 10.0], "Vm": [-90.0, -60.0]}, ljp=ljp)
    assert ("small_junction" in {each.code for each in found.warnings}) == told


@pytest.mark.parametrize(("config", "told"), [("perforated", True), ("whole-cell", False)])
def test_what_a_perforated_patch_leaves_open_is_told(frog, config, told):
    found = vrest.fit(frog, {"Ko": [2.5, 10.0], "Vm": [-90.0, -60.0]}, ljp=15, config=config)
    assert ("perforated" in {each.code for each in found.warnings}) == told

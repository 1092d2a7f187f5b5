"""Liquid junctions against closed forms, Planck's own equation, shooting, an initial value problem, and themselves."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

sys.path.insert(0, str(Path(__file__).parents[1]))

from physics.junction_vectors import VECTORS
from physics.junctions import across, random_junction, shot, swapped
from vrest.constants import F, R
from vrest.errors import InputError
from vrest.physics import junction as module
from vrest.physics import planck
from vrest.physics.activity import davies_log_gamma
from vrest.physics.junction import NoJunctionError, henderson, nernst_planck

T = 298.15
VOLTS = R * T / F
BY_NAME = {vector.name: vector.arguments() for vector in VECTORS}
POTASSIUM = BY_NAME["V3"]
BOTH = ["none", "davies"]

mobilities = st.floats(0.1, 5.0)
seeds = st.integers(0, 2**32 - 1)
valences = st.integers(1, 4)


def drawn(seed):
    return random_junction(np.random.default_rng(seed))


def potential(**junction):
    return nernst_planck(**junction).potential


def changed(junction, **by):
    return {key: np.multiply(value, by.get(key, 1.0)) for key, value in junction.items()}


@settings(max_examples=40)
@given(valences, valences, mobilities, mobilities, st.floats(-5.0, 5.0))
def test_one_salt_has_a_closed_form(plus, minus, u_plus, u_minus, decades):
    near, far = np.array([minus, plus]), np.array([minus, plus]) * 10**decades
    expected = VOLTS * (u_minus - u_plus) / (plus * u_plus + minus * u_minus) * np.log(10**decades)
    ions = {"valence": [plus, -minus], "mobility": [u_plus, u_minus], "pipette": near, "bath": far, "temperature": T}
    assert henderson(**ions) == pytest.approx(expected, abs=1e-14)
    assert potential(**ions) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=30)
@given(st.lists(mobilities, min_size=2, max_size=6), mobilities, st.floats(1e-3, 1e3), st.sampled_from([1, -1]))
def test_salts_of_one_concentration_with_a_common_ion(others, common, concentration, sign):
    pipette = np.append(np.arange(1.0, len(others) + 1), 0.0)
    bath = np.append(pipette[-2::-1], 0.0)
    pipette[-1] = bath[-1] = pipette.sum()
    ions = {
        "valence": [sign] * len(others) + [-sign],
        "mobility": [*others, common],
        "pipette": concentration * pipette,
        "bath": concentration * bath,
        "temperature": T,
    }
    expected = sign * VOLTS * np.log((ions["mobility"] @ pipette) / (ions["mobility"] @ bath))
    assert henderson(**ions) == pytest.approx(expected, abs=1e-13)
    assert potential(**ions) == pytest.approx(expected, abs=1e-10)


@settings(max_examples=40)
@given(st.lists(mobilities, min_size=4, max_size=8), seeds)
def test_ions_of_valence_1_satisfy_plancks_own_equation(u, seed):
    """Planck 1890: one equation for exp(V), in the sums of u c of cations and of anions on either side."""
    rng, u = np.random.default_rng(seed), np.array(u)
    z = np.array([1.0, -1.0] * (len(u) // 2) + [1.0] * (len(u) % 2))
    pipette, bath = (10 ** rng.uniform(-2, 2, len(u)) for _ in "01")
    for side in (pipette, bath):
        side[z < 0] *= side[z > 0].sum() / side[z < 0].sum()
    (u0, v0), (u1, v1) = (((u * c)[z > 0].sum(), (u * c)[z < 0].sum()) for c in (pipette, bath))
    ratio = bath[z > 0].sum() / pipette[z > 0].sum()

    def planck(phi):
        xi = np.exp(phi)
        left = (xi * u1 - u0) * (ratio - xi) * (np.log(ratio) + phi)
        return left - (v1 - xi * v0) * (np.log(ratio) - phi) * (xi * ratio - 1.0)

    found = potential(valence=z, mobility=u, pipette=pipette, bath=bath, temperature=T) / VOLTS
    width = 1e-7 * max(1.0, abs(found))
    if abs(abs(found) - abs(np.log(ratio))) > 1e-3 and abs(found) > 1e-3:  # where both sides of it have other zeros
        assert brentq(planck, found - width, found + width, xtol=1e-13) == pytest.approx(found, abs=1e-9)


@settings(max_examples=25)
@given(seeds)
def test_what_makes_no_difference(seed):
    junction, rng = drawn(seed), np.random.default_rng(seed)
    expected, tol = potential(**junction), 1e-9
    assert potential(**swapped(junction)) == pytest.approx(-expected, abs=tol)
    assert potential(**changed(junction, pipette=7.0, bath=7.0)) == pytest.approx(expected, abs=tol)
    assert potential(**changed(junction, mobility=0.3)) == pytest.approx(expected, abs=tol)
    assert potential(**changed(junction, temperature=1.1)) == pytest.approx(1.1 * expected, abs=tol)
    assert potential(**changed(junction, valence=-1.0)) == pytest.approx(-expected, abs=tol)
    order = rng.permutation(len(junction["valence"]))
    ions = {key: junction[key] for key in ("valence", "mobility", "pipette", "bath")}
    assert potential(**{k: v[order] for k, v in ions.items()}, temperature=T) == pytest.approx(expected, abs=tol)
    more = {"valence": [0.0, 3.0], "mobility": [0.5, 0.4], "pipette": [300.0, 0.0], "bath": [0.0, 0.0]}
    with_glucose = {key: np.append(values, more[key]) for key, values in ions.items()}
    assert potential(**with_glucose, temperature=T) == pytest.approx(expected, abs=tol)
    halves = {key: np.append(v, v) * (0.5 if key in ("pipette", "bath") else 1.0) for key, v in ions.items()}
    assert potential(**halves, temperature=T) == pytest.approx(expected, abs=tol)


def test_in_hendersons_equation_ions_that_hardly_move_make_no_difference():
    """In that of Nernst and Planck they do: their concentrations follow the potential, and neutrality counts them."""
    more = {"valence": [1, -1], "mobility": [1e-9, 1e-9], "pipette": [50, 50], "bath": [50, 50]}
    slow = {key: np.append(POTASSIUM[key], values) for key, values in more.items()} | {"temperature": 293.15}
    assert henderson(**slow) == pytest.approx(henderson(**POTASSIUM), abs=1e-9)
    assert 1e-6 < abs(potential(**slow) - potential(**POTASSIUM)) < 1e-5


def test_sides_that_are_alike_have_no_junction():
    alike = {**POTASSIUM, "bath": POTASSIUM["pipette"]}
    assert henderson(**alike) == 0.0
    assert potential(**alike) == 0.0
    assert not np.any(nernst_planck(**alike).fluxes)
    assert nernst_planck(**alike).iterations == 2  # one on each of two meshes


@pytest.mark.parametrize("more", [0.0, 1e-14, 1e-9, -1e-9, 1e-6])
def test_hendersons_equation_is_smooth_where_both_sides_conduct_alike(more):
    ions = {"valence": [1, 1, -1], "mobility": [1.0, 0.5, 1.0], "temperature": T}
    v = henderson(**ions, pipette=[1.0, 2.0, 3.0], bath=[2.125 + more, 0.5, 2.625 + more])
    assert v == pytest.approx(VOLTS * -0.75 / 5.0, abs=2e-15 + 0.05 * abs(more))


@pytest.mark.parametrize("name", BY_NAME)
def test_shooting_on_the_fluxes_finds_the_same(name):
    assert shot(BY_NAME[name], henderson(**BY_NAME[name])) == pytest.approx(potential(**BY_NAME[name]), abs=1e-11)


def slope_of_davies(temperature):
    """dg/dI of ln(gamma) = z^2 g(I), by differences, of mol/m3."""

    def slope(strength):
        at = [davies_log_gamma(1, ionic_strength=strength * (1 + h), temperature=temperature) for h in (1e-5, -1e-5)]
        return (at[0] - at[1]) / (2e-5 * strength)

    return slope


@pytest.mark.parametrize("name", ["V1", "V3", "V9", "V18", "V20"])
@pytest.mark.parametrize("activity", BOTH)
def test_the_fluxes_lead_from_the_pipette_to_the_bath(name, activity):
    ions = {key: np.asarray(values) for key, values in BY_NAME[name].items()}
    z, u, temperature = ions["valence"], ions["mobility"], float(ions["temperature"])
    solved = nernst_planck(**BY_NAME[name], activity=activity)
    end = across(z, u, ions["pipette"], solved.fluxes, slope_of_davies(temperature) if activity == "davies" else None)
    assert end[:-1] == pytest.approx(ions["bath"], abs=1e-7)
    assert R * temperature / F * end[-1] == pytest.approx(solved.potential, abs=1e-10)


@pytest.mark.parametrize("activity", BOTH)
@pytest.mark.parametrize("name", ["V3", "V4", "V18"])
def test_the_profile_is_neutral_and_carries_no_current(name, activity):
    ions = {key: np.asarray(values) for key, values in BY_NAME[name].items()}
    solved = nernst_planck(**BY_NAME[name], activity=activity)
    z, c = ions["valence"], solved.concentrations
    assert np.abs(z @ c / (z**2 @ c)).max() < 1e-9
    assert np.abs(z @ solved.fluxes) < 1e-9 * (np.abs(z) @ np.abs(solved.fluxes))
    assert c[:, 0] == pytest.approx(ions["pipette"], abs=1e-12)
    assert c[:, -1] == pytest.approx(ions["bath"], abs=1e-12)
    assert (c >= 0.0).all()
    assert solved.position[0] == 0.0
    assert solved.position[-1] == 1.0
    assert (np.diff(solved.position) > 0.0).all()
    assert solved.potentials[0] == 0.0
    assert solved.potentials[-1] == solved.potential


def test_a_neutral_molecule_diffuses_alone():
    more = {"valence": 0, "mobility": 0.5, "pipette": 10.0, "bath": 2.0}
    ions = {key: np.append(POTASSIUM[key], value) for key, value in more.items()}
    solved = nernst_planck(**ions, temperature=293.15)
    assert solved.fluxes[-1] == pytest.approx(0.5 * (10.0 - 2.0), rel=1e-9)
    assert solved.concentrations[-1] == pytest.approx(10.0 - 8.0 * solved.position, abs=1e-9)


@pytest.mark.parametrize("activity", BOTH)
@pytest.mark.parametrize("name", ["V3", "V9", "V18"])
def test_the_sensitivity_to_each_mobility_is_the_slope(name, activity):
    ions, h = BY_NAME[name], 1e-4
    solved = nernst_planck(**ions, activity=activity)
    for i, slope in enumerate(solved.sensitivity):
        moved = [np.multiply(ions["mobility"], np.exp(s * h * (np.arange(len(ions["valence"])) == i))) for s in (1, -1)]
        ends = [potential(**{**ions, "mobility": u}, activity=activity) for u in moved]
        assert slope == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-10)
    assert solved.sensitivity.sum() == pytest.approx(0.0, abs=1e-14)
    assert np.abs(solved.sensitivity).max() > 1e-3


@settings(max_examples=25)
@given(mobilities, mobilities, st.floats(0.01, 400.0), st.floats(0.01, 400.0), st.floats(275.0, 315.0))
def test_one_salt_with_activities_has_a_closed_form(u_plus, u_minus, near, far, temperature):
    """V = -(RT/F) (u+ - u-)/(u+ + u-) ln(a1/a0), a mean activity."""
    ions = {"valence": [1, -1], "mobility": [u_plus, u_minus], "pipette": [near] * 2, "bath": [far] * 2}
    gain = [davies_log_gamma(1, ionic_strength=c, temperature=temperature) for c in (near, far)]
    rise = np.log(far / near) + gain[1] - gain[0]
    expected = -R * temperature / F * (u_plus - u_minus) / (u_plus + u_minus) * rise
    solved = nernst_planck(**ions, temperature=temperature, activity="davies")
    assert solved.potential == pytest.approx(expected, abs=1e-9)


def judged(junction, fine):
    """Whether one was solved; if so it must be antisymmetric, of any mesh, neutral and without current."""
    try:
        solved = nernst_planck(**junction)
    except NoJunctionError:
        return False
    z, c = junction["valence"], solved.concentrations
    assert potential(**swapped(junction)) == pytest.approx(-solved.potential, abs=1e-8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PANELS", fine)
        assert potential(**junction) == pytest.approx(solved.potential, abs=1e-8)
    assert np.abs(z @ c / (z**2 @ c)).max() < 1e-6
    assert np.abs(z @ solved.fluxes) < 1e-9 * (np.abs(z) @ np.abs(solved.fluxes))
    return True


def test_random_junctions_are_right_or_refused():
    rng = np.random.default_rng(1907)
    assert np.mean([judged(random_junction(rng), (6, 12)) for _ in range(50)]) == 1.0


@pytest.mark.library
def test_solutions_that_nobody_can_make_are_solved_or_refused():
    """Up to 1e150 apart, valences up to 40: numbers overflow, matrices are singular, and an error says so."""
    rng, refused = np.random.default_rng(3), 0
    for _ in range(40):
        most, decades = rng.choice([1, 4, 40]), rng.choice([6, 40, 150])
        z = np.append([1.0, -1.0], rng.integers(-most, most + 1, rng.integers(0, 5)))
        sides = [10 ** rng.uniform(-decades, decades, len(z)) for _ in "01"]
        for c in sides:
            c[z < 0] *= (z * c)[z > 0].sum() / -(z * c)[z < 0].sum()
        u = 10 ** rng.uniform(-decades / 6, decades / 6, len(z))
        try:
            solved = nernst_planck(valence=z, mobility=u, pipette=sides[0], bath=sides[1], temperature=T)
        except NoJunctionError:
            refused += 1
            continue
        assert np.isfinite(solved.potential)
        assert np.isfinite(solved.concentrations).all()
        assert (np.diff(solved.position) > 0.0).all()
    assert 0 < refused < 40


def test_meshes_that_disagree_give_no_answer(monkeypatch):
    rng = np.random.default_rng(7)
    junctions = [random_junction(rng) for _ in range(60)]
    right = [potential(**junction) for junction in junctions]
    monkeypatch.setattr(module, "PANELS", (2, 4))
    monkeypatch.setattr(planck, "DEGREE", 5)
    monkeypatch.setattr(module, "mesh_of", planck.mesh_of.__wrapped__)
    off = []
    for junction, expected in zip(junctions, right, strict=True):
        for sides, sign in ((junction, 1.0), (swapped(junction), -1.0)):
            try:
                off.append(abs(potential(**sides) - sign * expected) / VOLTS)
            except NoJunctionError:
                off.append(np.nan)
    assert 0 < np.isnan(off).sum() < len(off) / 2
    assert np.nanmax(off) < module.AGREE


def shots(number):
    """How far shooting is off for random junctions, V, and how often it loses its way."""
    rng, off, lost = np.random.default_rng(1890), [], 0
    while len(off) < number:
        junction = random_junction(rng)
        potential_shot = shot(junction, henderson(**junction))
        if potential_shot is None:
            lost += 1
        else:
            off.append(abs(potential_shot - potential(**junction)))
    return np.array(off), lost


def test_random_junctions_by_shooting():
    off, lost = shots(10)
    assert off.max() < 1e-8
    assert lost < 4


@pytest.mark.library
def test_many_random_junctions_are_right_or_refused():
    rng = np.random.default_rng(2026)
    assert np.mean([judged(random_junction(rng), (6, 12, 24)) for _ in range(10_000)]) >= 0.998


@pytest.mark.library
def test_many_random_junctions_by_shooting():
    off, lost = shots(1000)
    assert off.max() < 1e-8
    assert lost < 100


@pytest.mark.parametrize("solve", [henderson, potential])
@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ({"pipette": [1, 2]}, "not_neutral", "pipette do not balance: -1 mM"),
        ({"bath": [2 + 1e-6, 2]}, "not_neutral", "An anion is missing"),
        ({"pipette": [0, 0]}, "no_ions", "The pipette has no ions"),
        ({"valence": [0, 0]}, "no_ions", "The pipette has no ions"),
        ({"bath": [-2, -2]}, "out_of_range", "in the bath of ion 1 of 2 is -2 mol/m3"),
        ({"bath": [2, np.nan]}, "out_of_range", "in the bath of ion 2 of 2 is nan"),
        ({"pipette": [np.inf, 1]}, "out_of_range", "in the pipette of ion 1 of 2 is inf"),
        ({"mobility": [1, 0]}, "out_of_range", "mobility of ion 2 of 2 is 0."),
        ({"mobility": [-1, 1]}, "out_of_range", "mobility of ion 1 of 2 is -1"),
        ({"valence": [np.nan, 1]}, "out_of_range", "valence of ion 1 of 2 is nan."),
        ({"temperature": 0.0}, "out_of_range", "temperature is 0 K"),
        ({"temperature": np.nan}, "out_of_range", "temperature is nan K"),
        ({"mobility": [1, 1, 1]}, "bad_shape", "(2,), (3,), (2,) and (2,)"),
        ({"valence": 1, "mobility": 1, "pipette": 1, "bath": 1}, "bad_shape", "one number per ion"),
    ],
)
def test_what_cannot_be_is_refused(solve, change, code, told):
    salt = {"valence": [1, -1], "mobility": [1, 1], "pipette": [1, 1], "bath": [2, 2], "temperature": T}
    assert solve(**salt) == 0.0
    with pytest.raises(InputError) as refused:
        solve(**{**salt, **change})
    assert refused.value.code == code
    assert told in str(refused.value)


def test_charge_that_is_rounding_is_none():
    thirds = {"valence": [1, 2, -3], "mobility": [1, 1, 1], "pipette": [0.1, 0.1, 0.1], "bath": [7.7, 7.7, 7.7]}
    assert np.isfinite(potential(**thirds, temperature=T))


def test_what_is_too_far_apart_is_refused_as_such():
    salt = {"valence": [1, -1], "mobility": [3, 1], "pipette": [1e30, 1e30], "bath": [1, 1], "temperature": T}
    with pytest.raises(
        NoJunctionError, match=r": \d+ Newton steps .* Henderson's equation, an estimate, gives 887 mV"
    ) as refused:
        nernst_planck(**salt)
    assert refused.value.code == "no_convergence"
    assert refused.value.exit_code == 4


@pytest.mark.parametrize(("bath", "solved"), [(1.0, True), (2.0, False)])
def test_a_way_that_turns_back_is_no_junction(bath, solved):
    """By Davies' equation this salt is hardly stable at 1 mM, and at 2 it would flow towards where there is more of it.

    On a coarse mesh both have a solution whose position is not rising.
    """
    u, c0 = [0.797, 1.299], 0.001487
    salt = {"valence": [6, -3], "mobility": u, "pipette": [c0, 2 * c0], "bath": [bath, 2 * bath], "temperature": T}
    if not solved:
        with pytest.raises(NoJunctionError):
            nernst_planck(**salt, activity="davies")
        return
    junction = nernst_planck(**salt, activity="davies")
    gain = [davies_log_gamma(1, ionic_strength=(36 + 2 * 9) / 2 * c, temperature=T) for c in (c0, bath)]
    rise = (u[0] - u[1]) * np.log(bath / c0) + (36 * u[0] - 9 * u[1]) * (gain[1] - gain[0])
    assert junction.potential == pytest.approx(-VOLTS * rise / (6 * u[0] + 3 * u[1]), abs=1e-8)
    assert (np.diff(junction.position) > 0.0).all()


@pytest.mark.parametrize("side", ["pipette", "bath"])
def test_activities_end_with_davies_equation(side):
    strong = {"valence": [1, -1], "mobility": [1, 1], "pipette": [1, 1], "bath": [1, 1], "temperature": T}
    assert potential(**{**strong, side: [500, 500]}, activity="davies") == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(InputError, match=f"The {side} has an ionic strength of 501 mM") as refused:
        nernst_planck(**{**strong, side: [501, 501]}, activity="davies")
    assert refused.value.code == "beyond_davies"


def test_activities_that_do_not_exist_are_refused():
    with pytest.raises(InputError, match="Did you mean 'davies'") as refused:
        nernst_planck(**POTASSIUM, activity="davis")
    assert refused.value.code == "unknown_name"

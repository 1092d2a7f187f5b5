"""Certified resting states against closed forms, published values and SciPy."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

import vrest
from vrest.constants import F, R
from vrest.model.notices import notices
from vrest.model.paths import parameters, set_si
from vrest.verbs.outcome import Outcome
from vrest.verbs.search import rounding

PHI_37 = R * 310.15 / F


# --- closed forms of ohmic pump-leak cells (Duesterwald 2018; Kay 2017, Keener and Sneyd) -----------------------


def ohmic_pump_leak(cell, z, *, beta_sign=+1):
    """Steady state of an ohmic K/Na/Cl cell with pump, KCC2 and osmotic balance, for mean valence z.

    From E_Na = V + 3J/gNa, E_K = V - 2J(gCl + gKCC2)/beta and E_Cl = V - 2J gKCC2/beta, electroneutrality and
    iso-osmolarity give a quadratic in theta = exp(-V/phi). `beta_sign=-1` is the misprint of a supplement.
    Returns V (V), concentrations inside (K, Na, Cl, X) and the pump current J (A/m2).
    """
    phi = R * cell.temperature / F
    out = cell.compartments["outside"]
    membrane = next(iter(cell.membranes.values()))
    t = membrane.transports
    g_k, g_na, g_cl = (t[f"{ion}_leak"].conductance for ion in ("K", "Na", "Cl"))
    g_kcc2 = t["KCC2"].turnover * F**2 / (R * cell.temperature) if "KCC2" in t else 0.0
    osm = cell.osmolarity("outside")
    beta = g_k * g_cl + beta_sign * g_kcc2 * g_cl + g_k * g_kcc2

    def state(current):
        s_na = out.ions["Na"] * math.exp(-3 * current / (phi * g_na))
        s_k = out.ions["K"] * math.exp(2 * current * (g_cl + g_kcc2) / (phi * beta))
        c = out.ions["Cl"] * math.exp(-2 * current * g_kcc2 / (phi * beta))
        s = s_na + s_k
        theta = (-z * osm + math.sqrt((z * osm) ** 2 + 4 * (1 - z**2) * c * s)) / (2 * (1 - z) * s)
        na, k, cl = s_na * theta, s_k * theta, c / theta
        return -phi * math.log(theta), k, na, cl, osm - na - k - cl

    pump = t["pump"]
    if pump.law == "pump_constant":
        return *state(F * pump.max_rate), F * pump.max_rate

    def mismatch(log_current):
        na = state(math.exp(log_current))[2]
        return log_current - math.log(F * pump.max_rate * (na / out.ions["Na"]) ** 3)

    current = math.exp(brentq(mismatch, math.log(1e-5), math.log(0.05), xtol=1e-15))
    return *state(current), current


def effective_valence(cell, result):
    """The mean valence of the impermeants less the membrane's own charge, z - C A V/(F n_X), at the solution."""
    z = cell.impermeant("inside")[1]
    n_x = cell.impermeant("inside")[0] * cell.compartments["inside"].start_volume
    for _ in range(60):
        v, *_, x, _ = ohmic_pump_leak(cell, z)
        volume = n_x / x
        name, m = next(iter(cell.membranes.items()))
        area = cell.area(name) * (volume / cell.compartments["inside"].start_volume) ** cell.area_exponent(name)
        z = cell.impermeant("inside")[1] - m.capacitance * area * v / (F * n_x)
    return z


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("duesterwald_2018", []),
        ("duesterwald_2018", ["KCC2.turnover*=0"]),
        ("duesterwald_2018", ["pump.max_rate*=0.1"]),
        ("kay_2017", []),
        ("kay_2017", ["pump.max_rate*=2"]),
    ],
)
def test_rest_equals_the_closed_form(name, changes):
    cell = vrest.apply(vrest.load(name), changes)
    result = vrest.rest(cell)
    assert result.outcome is Outcome.rests
    z = effective_valence(cell, result)
    v, k, na, cl, *_ = ohmic_pump_leak(cell, z)
    assert result.v_rest == pytest.approx(1e3 * v, abs=1e-6)
    assert result.v_rest == pytest.approx(1e3 * v, abs=1e-9)  # and in fact to rounding
    inside = result.concentrations["inside"]
    assert [inside["K"], inside["Na"], inside["Cl"]] == pytest.approx([k, na, cl], rel=1e-10)
    plain = 1e3 * ohmic_pump_leak(cell, cell.impermeant("inside")[1])[0]
    assert 1e-6 < abs(plain - result.v_rest) < 2e-3  # the plain form neglects the charge of the membrane


def test_duesterwald_published_values():
    result = vrest.rest(vrest.load("duesterwald_2018"))
    assert result.v_rest == pytest.approx(-72.588106, abs=2e-6)
    assert result.E["Cl"] == pytest.approx(-83.844, abs=2e-3)
    assert result.E["K"] == pytest.approx(-95.099, abs=2e-3)
    assert result.concentrations["inside"]["Cl"] == pytest.approx(5.1647, abs=1e-3)
    without = vrest.rest(vrest.load("duesterwald_2018"), "KCC2.turnover*=0")
    assert without.v_rest == pytest.approx(-69.929, abs=2e-3)
    assert without.E["Cl"] == pytest.approx(without.v_rest, abs=1e-6)


def test_duesterwald_misprint_canary():
    """The supplement's sign of beta gives -66.42 mV, which no simulation confirms."""
    cell = vrest.load("duesterwald_2018")
    wrong = 1e3 * ohmic_pump_leak(cell, -0.85, beta_sign=-1)[0]
    assert wrong == pytest.approx(-66.42, abs=0.01)
    assert abs(vrest.rest(cell).v_rest - wrong) > 6


@pytest.mark.parametrize(
    ("p", "v", "na", "cl"),
    [
        (0.05, -72.776, 17.39, 5.219),
        (0.02, -72.740, 23.13, 5.353),
        (0.01, -72.420, 28.65, 5.520),
        (0.005, -71.755, 35.43, 5.772),
        (0.001, -68.047, 57.36, 6.983),
    ],
)
def test_duesterwald_pump_strengths(p, v, na, cl):
    result = vrest.rest(vrest.load("duesterwald_2018"), {"pump.max_rate": f"{1e4 * p} uA/cm2"})
    assert result.v_rest == pytest.approx(v, abs=3e-3)
    assert result.concentrations["inside"]["Na"] == pytest.approx(na, abs=6e-3)
    assert result.concentrations["inside"]["Cl"] == pytest.approx(cl, abs=1e-3)


# --- the neuron of the package ------------------------------------------------------------------------------------


def test_mammalian_neuron_rests_at_minus_70():
    result = vrest.rest(vrest.load("mammalian_neuron"))
    assert result.outcome is Outcome.rests
    assert result.v_rest == pytest.approx(-70.0, abs=1e-9)
    assert result.concentrations["inside"]["Cl"] == pytest.approx(8.0155, abs=1e-4)
    assert result.stable
    assert result.residual_mV < 1e-9
    worst = max(abs(v) for ions in result.residual_mM_per_min.values() for v in ions.values())
    assert worst < 1e-9
    assert vrest.load("mammalian_neuron").impermeant("inside")[1] == pytest.approx(-1.073, abs=5e-4)


def test_textbook_ratio_rests_elsewhere():
    """GHK at 1:0.04:0.45 leaves the pump's current out; the cell that has it rests 4 mV lower."""
    article = vrest.rest(vrest.load("article_neuron"))
    mullins_noda = 1e3 * PHI_37 * math.log((1.5 * 5 + 0.04 * 145) / (1.5 * 140 + 0.04 * 15))
    assert article.v_rest == pytest.approx(mullins_noda, abs=1e-9)
    assert article.v_rest == pytest.approx(-73.82, abs=0.01)
    weaker = vrest.rest(vrest.load("mammalian_neuron"), "Na_leak.permeability=4e-8 cm/s")
    assert weaker.v_rest == pytest.approx(-74.3, abs=0.05)


EVERYDAY = [
    "article_neuron",
    "astrocyte",
    "fast_spiking_interneuron",
    "frog_muscle",
    "immature_neuron",
    "kir_astrocyte",
    "kir_muscle",
    "mammalian_neuron",
    "pyramidal_neuron",
    "red_blood_cell",
    "skeletal_muscle",
    "squid_axon",
    "ventricular_myocyte",
]
"""Cells whose file says where they rest; published ones start where their papers do."""


@pytest.mark.parametrize("name", vrest.library())
def test_every_library_cell_rests_where_it_says(name):
    cell = vrest.load(name)
    result = vrest.rest(cell)
    assert result.outcome is Outcome.rests
    if name in EVERYDAY:
        assert not result.warnings
        target = next(iter(cell.membranes.values())).potential
        assert result.v_rest == pytest.approx(1e3 * target, abs=1e-7)


@pytest.mark.parametrize("name", EVERYDAY)
def test_baths_are_neutral_and_iso_osmotic(name):
    cell = vrest.load(name)
    assert notices(cell) == []
    assert cell.osmolarity("inside") == pytest.approx(cell.osmolarity("outside"), rel=1e-14)


def test_every_value_has_a_source():
    for name in vrest.library():
        cell = vrest.load(name)
        missing = [p for p in parameters(cell) if p not in cell.sources]
        assert missing == [], f"{name}: no source for {missing}"


# --- other ends -----------------------------------------------------------------------------------------------------


def test_pump_off_runs_down_to_donnan():
    result = vrest.rest(vrest.load("mammalian_neuron"), "pump.max_rate*=0")
    assert result.outcome is Outcome.rests_run_down
    # every permeant ion at equilibrium, osmolarity equal: that is Donnan
    for e in result.E.values():
        assert e == pytest.approx(result.v_rest, abs=1e-6)
    inside, outside = result.concentrations["inside"], result.concentrations["outside"]
    x = 136.98453647732458 * vrest.load("mammalian_neuron").compartments["inside"].start_volume * 1e18
    osm = sum(inside.values()) + x / result.volumes["inside"]
    assert osm == pytest.approx(sum(outside.values()) + 40, rel=1e-9)
    assert result.atp_per_second == 0.0


def test_without_outside_impermeants_and_pump_a_cell_swells_without_limit():
    result = vrest.rest(vrest.load("kay_2017"), "pump.max_rate*=0")
    assert result.outcome is Outcome.swells_without_limit
    assert not result.stable
    with pytest.raises(vrest.NoRestError, match="no resting state"):
        _ = result.v_rest
    with pytest.raises(vrest.NoRestError) as error:
        result.raise_if_none()
    assert error.value.exit_code == 4


def test_kay_volume_is_finite_exactly_where_theory_says():
    """Finite volume needs alpha(J) < 1: any small pump rate gives it, and a largest one loses it (Kay 2017)."""
    cell = vrest.load("kay_2017")
    phi, out = R * cell.temperature / F, cell.compartments["outside"].ions
    t = next(iter(cell.membranes.values())).transports

    def alpha(current):
        na = out["Na"] * math.exp(-3 * current / (phi * t["Na_leak"].conductance))
        return (na + out["K"] * math.exp(2 * current / (phi * t["K_leak"].conductance))) / out["Cl"] - 1

    assert vrest.rest(cell, {"pump.max_rate": "0.02 uA/cm2"}).outcome.is_rest  # run down, but of finite volume
    largest = brentq(alpha, 1e-2, 1.0)
    # there the closed form has 1e-72 mM of Na+: a pump that does not slow down empties the cell first, on both sides
    for share in (0.98, 1.02):
        strong = vrest.apply(cell, {"pump.max_rate": f"{100 * largest * share} uA/cm2"})
        found = vrest.rest(strong)
        assert found.outcome is Outcome.runs_out
        assert "inside.Na falls below one ion: 'pump' goes on taking it" in found.reason
        with pytest.raises(vrest.NoRestError, match=r"inside\.Na is used up") as error:
            vrest.simulate(strong, until="1 min")
        assert error.value.run.time[-1] == pytest.approx(found.followed, rel=1e-3)


def test_a_leak_that_is_off_conserves_what_only_it_moved():
    result = vrest.rest(vrest.load("mammalian_neuron"), "Cl_leak.permeability*=0")
    assert result.outcome is Outcome.rests
    amount = result.concentrations["inside"]["Cl"] * result.volumes["inside"]
    cell = vrest.load("mammalian_neuron")
    assert amount == pytest.approx(cell.contents("inside")["Cl"] * cell.compartments["inside"].start_volume * 1e18)
    assert "inside.Cl" in [a.name for a in result.ledger]


def test_in_a_batch_what_is_off_conserves_what_only_it_moved():
    many = vrest.rest_many(vrest.load("mammalian_neuron"), {"Cl_leak.permeability": [4.5e-7, 0.0]})
    assert [o.name for o in many.outcomes] == ["rests", "rests"]
    assert many.v_rest[1] == pytest.approx(vrest.rest("mammalian_neuron", "Cl_leak.permeability=0").v_rest, abs=1e-9)


def test_batch_equals_single():
    cell = vrest.load("mammalian_neuron")
    values = np.array([2.0, 5.0, 9.0, 20.0])
    many = vrest.rest_many(cell, {"outside.K": values})
    singles = [vrest.rest(cell, {"outside.K": float(k)}) for k in values]
    assert many.v_rest == pytest.approx([s.v_rest for s in singles], abs=1e-9)
    assert [o.name for o in many.outcomes] == [s.outcome.name for s in singles]


def test_conserved_totals_are_respected():
    result = vrest.rest(vrest.load("mammalian_neuron"), "outside.K=12 mM")
    for account in result.ledger:
        assert account.drift <= account.floor
    assert [w.code for w in result.warnings] == ["bath_not_neutral"]


def test_rest_does_not_depend_on_where_it_starts():
    cell = vrest.load("mammalian_neuron")
    z = cell.impermeant("inside")[1]
    base = "compartments.inside."
    moved = set_si(cell, {f"{base}impermeant.valence": z, f"{base}ions.K": "solve", f"{base}ions.Na": 60.0})
    assert vrest.rest(moved).v_rest == pytest.approx(-70.0, abs=1e-8)
    assert vrest.rest(moved).volumes["inside"] == pytest.approx(vrest.rest(cell).volumes["inside"], rel=1e-9)


def test_scipy_finds_the_same_rest():
    """SciPy's hybr on the same physics, written again from the formulas: charge constraint in place of V'."""
    from scipy.optimize import root

    cell = vrest.load("mammalian_neuron")
    t = cell.membranes["neuron"].transports
    z_x = cell.impermeant("inside")[1]

    def flux(p, z, ci, co, v):
        u = z * v / PHI_37
        return p * u * (ci - co * math.exp(-u)) / (1 - math.exp(-u))

    def equations(q):
        na, k, cl, x, v = q[0], q[1], q[2], q[3], q[4] * 1e-3
        pump = t["pump"].max_rate * (na / (na + 10)) ** 3 * (9.0 / (9.0 + 2)) ** 2
        w = 136.98453647732458 / x
        charge = (
            na + k - cl + z_x * x - 1e-2 * cell.area("neuron") * v / (F * w * cell.compartments["inside"].start_volume)
        )
        return [
            1e8 * (flux(t["Na_leak"].permeability, 1, na, 145.0, v) + 3 * pump),
            1e8 * (flux(t["K_leak"].permeability, 1, k, 9.0, v) - 2 * pump),
            1e8 * flux(t["Cl_leak"].permeability, -1, cl, 110.0, v),
            charge,
            na + k + cl + x - 304.0,
        ]

    answer = root(equations, [15.0, 140.0, 9.0, 137.0, -60.0], tol=1e-13)
    result = vrest.rest(cell, "outside.K=9 mM")
    assert result.v_rest == pytest.approx(answer.x[4], abs=1e-7)
    assert result.concentrations["inside"]["Na"] == pytest.approx(answer.x[0], rel=1e-9)


def test_settled_cell_written_out_starts_at_rest():
    result = vrest.rest(vrest.load("mammalian_neuron"), "outside.K=9 mM")
    again = vrest.rest(vrest.parse_cell(vrest.write_cell(result.as_cell())))
    assert again.v_rest == pytest.approx(result.v_rest, abs=1e-9)
    assert again.volumes["inside"] == pytest.approx(result.volumes["inside"], rel=1e-12)


SLOW_AND_QUICK = ["neuron.capacitance=0.001 uF/cm2", "K_leak.permeability*=100"]
"""The membrane settles in 0.2 us; a chloride leak of a millionth settles in years."""


@pytest.mark.parametrize(("sodium", "certain"), [(1, Outcome.rests), (0, Outcome.rests_run_down)])
def test_a_rate_that_double_precision_cannot_tell_from_zero_is_not_certified(sodium, certain):
    """The slowest rate is in proportion to the chloride leak; beside 6e6 /s double precision knows rates to 1e-8 /s.

    Without its leak Na+ is used up, and the others are judged without it.
    """
    cell = vrest.load("mammalian_neuron")
    changes = [*SLOW_AND_QUICK, f"Na_leak.permeability*={sodium}"]

    def rested(share):
        result = vrest.rest(cell, [*changes, f"Cl_leak.permeability*={share}"])
        rates = np.abs(result.eigenvalues.real)
        return result, rates[rates > 0].min(), rates.max()

    known, rate, quickest = rested(1e-4)
    assert known.outcome is certain
    assert quickest > 6e6
    for share, outcome in ((1e-5, certain), (1e-6, Outcome.not_converged), (1e-7, Outcome.not_converged)):
        result, slowest, _ = rested(share)
        assert result.outcome is outcome
        assert slowest == pytest.approx(1e4 * share * rate, rel=1e-3)
        assert ("double precision" in result.reason) == (outcome is Outcome.not_converged)
    nothing, *_ = rested(1e-8)  # a time constant of 500 years
    assert nothing.outcome is Outcome.neutral
    free = "Free: inside.Cl (amount)." if sodium else "inside.Na is used up, and nothing determines one of the others."
    assert free in nothing.reason


def test_what_double_precision_tells_from_zero():
    """The computed eigenvalue of a singular matrix of condition 1 is below it, and not by much."""
    rng = np.random.default_rng(5)
    missed = []
    for n in (3, 6, 12):
        for _ in range(30):
            basis, _ = np.linalg.qr(rng.standard_normal((n, n)))
            singular = basis @ np.diag([0.0, *-np.exp(rng.uniform(-10, 10, n - 1))]) @ basis.T
            missed.append(np.abs(np.linalg.eigvals(singular)).min() / rounding(singular))
    assert max(missed) < 1
    assert max(missed) > 1e-3


def test_a_pump_run_beyond_its_reversal_is_said():
    result = vrest.rest(vrest.load("kay_2017"), {"pump.atp_free_energy": "40 kJ/mol"})
    assert "pump_beyond_reversal" in [w.code for w in result.warnings]

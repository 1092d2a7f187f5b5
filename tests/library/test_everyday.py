"""The derived everyday cells: they rest where they say, balance by hand, and behave as their kind does."""

import math

import numpy as np
import pytest

import vrest
from vrest.constants import F, R
from vrest.model.gating import find_gating
from vrest.model.transport import Surroundings
from vrest.physics.kir import kir_open_fraction
from vrest.verbs.outcome import Outcome

CELLS = [
    "fast_spiking_interneuron",
    "immature_neuron",
    "kir_astrocyte",
    "kir_muscle",
    "pyramidal_neuron",
    "red_blood_cell",
    "ventricular_myocyte",
]
PHI = R * 310.15 / F


def nernst(z, inside, outside):
    return PHI / z * math.log(outside / inside)


# --- the balance of every ion, written again ------------------------------------------------------------------------


def ghk(p, z, inside, outside, v):
    """Constant-field flux, outward."""
    u = z * v / PHI
    return p * u * (inside - outside * math.exp(-u)) / (1 - math.exp(-u))


def linoid(x):
    return x / (1 - math.exp(-x))


def cortical_open(gating, v):
    """Open fraction at rest of Pospischil's channels; V in mV, rates in 1/ms."""
    v = 1e3 * v
    kind, ion = gating.rsplit("_", 1)
    t = {"pyramidal": -56.2, "fast_spiking": -57.9}[kind]
    if ion == "na":
        am, bm = 0.32 * 4 * linoid((v - t - 13) / 4), 0.28 * 5 * linoid(-(v - t - 40) / 5)
        ah, bh = 0.128 * math.exp(-(v - t - 17) / 18), 4 / (1 + math.exp(-(v - t - 40) / 5))
        return (am / (am + bm)) ** 3 * ah / (ah + bh)
    if ion == "k":
        an, bn = 0.032 * 5 * linoid((v - t - 15) / 5), 0.5 * math.exp(-(v - t - 10) / 40)
        return (an / (an + bn)) ** 4
    return 1 / (1 + math.exp(-(v + 35) / 10))


def k1_open(v, e_k):
    """K1 of Luo and Rudy 1991."""
    x = 1e3 * (v - e_k)
    alpha = 1.02 / (1 + math.exp(0.2385 * (x - 59.215)))
    beta = (0.49124 * math.exp(0.08032 * (x + 5.476)) + math.exp(0.06175 * (x - 594.31))) / (
        1 + math.exp(-0.5143 * (x + 4.753))
    )
    return alpha / (alpha + beta)


def luo_rudy_pump(na_in, na_out, k_out, v):
    sigma = (math.exp(na_out / 67.3) - 1) / 7
    factor = 1 / (1 + 0.1245 * math.exp(-0.1 * v / PHI) + 0.0365 * sigma * math.exp(-v / PHI))
    return factor * na_in**1.5 / (na_in**1.5 + 10**1.5) * k_out / (k_out + 1.5)


def fluxes(cell):
    """{ion: [outward flux through each transport]} at the declared contents and potential, mol/(m2 s)."""
    m = next(iter(cell.membranes.values()))
    v, i, o = m.potential, cell.contents("inside"), cell.contents("outside")
    found = {ion: [] for ion in i}
    for t in m.transports.values():
        e_k = nernst(1, i["K"], o["K"])
        match t.law:
            case "ghk_leak":
                z = -1 if t.ion in ("Cl", "HCO3") else 1
                found[t.ion].append(ghk(t.permeability, z, i[t.ion], o[t.ion], v))
            case "gated_ohmic":
                g = t.conductance * cortical_open(t.gating, v)
                found[t.ion].append(g * (v - nernst(1, i[t.ion], o[t.ion])) / F)
            case "kir":
                share = math.sqrt(o["K"] / t.k_reference) / (1 + math.exp((v - e_k - t.v_half) / t.v_slope))
                found["K"].append(t.conductance * share * (v - e_k) / F)
            case "kir_luo_rudy":
                found["K"].append(t.conductance * math.sqrt(o["K"] / 5.4) * k1_open(v, e_k) * (v - e_k) / F)
            case "kcc2":
                rate = t.turnover * math.log(i["K"] * i["Cl"] / (o["K"] * o["Cl"]))
                found["K"].append(rate)
                found["Cl"].append(rate)
            case "nkcc1":
                rate = t.turnover * math.log(i["Na"] * i["K"] * i["Cl"] ** 2 / (o["Na"] * o["K"] * o["Cl"] ** 2))
                found["Na"].append(rate)
                found["K"].append(rate)
                found["Cl"].append(2 * rate)
            case "pump_hill" | "pump_luo_rudy":
                if t.law == "pump_hill":
                    relative = (i["Na"] / (i["Na"] + t.km_na)) ** 3 * (o["K"] / (o["K"] + t.km_k)) ** 2
                else:
                    relative = luo_rudy_pump(i["Na"], o["Na"], o["K"], v)
                found["Na"].append(3 * t.max_rate * relative)
                found["K"].append(-2 * t.max_rate * relative)
            case other:
                assert other in ("water", "injected_current")
    return found


@pytest.mark.parametrize("name", CELLS)
def test_every_ion_balances(name):
    for ion, terms in fluxes(vrest.load(name)).items():
        largest = max(abs(t) for t in terms)
        if ion in ("Cl", "HCO3") and len(terms) == 1:  # passive: nothing flows at all
            assert largest < 1e-20
        else:
            assert largest > 0
            assert abs(sum(terms)) < 1e-10 * largest


@pytest.mark.parametrize("name", CELLS)
def test_rests_at_its_target(name):
    cell = vrest.load(name)
    result = vrest.rest(cell)
    assert result.outcome is Outcome.rests
    target = next(iter(cell.membranes.values())).potential
    assert result.v_rest == pytest.approx(1e3 * target, abs=1e-7)
    assert result.residual_mV < 1e-9
    for ion, c in cell.contents("inside").items():
        assert result.concentrations["inside"][ion] == pytest.approx(c, rel=1e-9)
    assert not result.warnings
    for account in result.ledger:
        assert account.drift <= account.floor
    assert "derived" in cell.title + cell.notes.lower()


@pytest.mark.parametrize(
    ("name", "atp", "tau"),
    [
        ("pyramidal_neuron", (3e8, 1e9), (30, 600)),
        ("fast_spiking_interneuron", (3e8, 1e9), (30, 600)),
        ("immature_neuron", (3e6, 3e7), (600, 7200)),
        ("kir_astrocyte", (1e8, 3e8), (600, 7200)),
        ("kir_muscle", (1e9, 1e10), (600, 7200)),
        ("ventricular_myocyte", (1e8, 1e9), (600, 14400)),
        ("red_blood_cell", (5e3, 5e4), (1e5, 1e6)),
    ],
)
def test_energy_and_time_are_those_of_its_kind(name, atp, tau):
    result = vrest.rest(vrest.load(name))
    assert atp[0] < result.atp_per_second < atp[1]
    slowest = result.slowest_time_constant
    assert slowest is not None
    assert tau[0] < slowest < tau[1]


@pytest.mark.parametrize("name", ["pyramidal_neuron", "red_blood_cell"])
def test_a_day_of_nothing(name):
    run = vrest.simulate(vrest.load(name), until="24 h", points=25)
    assert np.ptp(run.v) < 1e-6
    for account in run.ledger:
        assert account.drift <= account.floor


# --- chloride and GABA ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "above"),
    [
        ("pyramidal_neuron", -10.2),
        ("fast_spiking_interneuron", 7.0),
        ("immature_neuron", 17.9),
        ("kir_astrocyte", 45.0),
        ("kir_muscle", 0.0),
        ("ventricular_myocyte", 37.4),
        ("red_blood_cell", 0.0),
    ],
)
def test_where_chloride_lies(name, above):
    """E_Cl - V: what opening a chloride channel would do."""
    result = vrest.rest(vrest.load(name))
    assert result.E["Cl"] - result.v_rest == pytest.approx(above, abs=0.1)


@pytest.mark.parametrize(("name", "sign"), [("pyramidal_neuron", -1), ("immature_neuron", +1)])
def test_gaba_inhibits_the_adult_and_excites_the_young(name, sign):
    moved = vrest.instant(vrest.load(name), "Cl_leak.permeability*=10")
    assert isinstance(moved.v, float)
    assert isinstance(moved.before, float)
    assert sign * (moved.v - moved.before) > 1


def test_the_switch_of_gaba():
    """Without NKCC1 and with an adult's KCC2 the young neuron's chloride falls below passive."""
    switched = vrest.rest(vrest.load("immature_neuron"), ["NKCC1.turnover*=0", "KCC2.turnover=0.8 pmol/cm2/s"])
    assert switched.outcome is Outcome.rests
    assert switched.E["Cl"] < switched.v_rest - 5
    assert switched.concentrations["inside"]["Cl"] < 8


def test_without_kcc2_chloride_is_passive():
    passive = vrest.rest(vrest.load("pyramidal_neuron"), "KCC2.turnover*=0")
    assert passive.E["Cl"] == pytest.approx(passive.v_rest, abs=1e-6)


# --- spikes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("v", [-80.0, -56.2, -35.0, 10.0])
@pytest.mark.parametrize(("kind", "t"), [("pyramidal", -56.2), ("fast_spiking", -57.9)])
def test_rates_of_the_gates_are_the_published_ones(kind, t, v):
    """1/ms and mV, as the paper writes them."""
    here = Surroundings(1e-3 * v, 310.15, {}, {}, 0, 0, {}, {})
    sodium, potassium = (find_gating(f"{kind}_{ion}").kinetics(here) for ion in ("na", "k"))
    rates = [*sodium["m"], *sodium["h"], *potassium["n"]]
    assert [1e-3 * float(r) for r in rates] == pytest.approx(
        [
            -0.32 * (v - t - 13) / (math.exp(-(v - t - 13) / 4) - 1),
            0.28 * (v - t - 40) / (math.exp((v - t - 40) / 5) - 1),
            0.128 * math.exp(-(v - t - 17) / 18),
            4 / (1 + math.exp(-(v - t - 40) / 5)),
            -0.032 * (v - t - 15) / (math.exp(-(v - t - 15) / 5) - 1),
            0.5 * math.exp(-(v - t - 10) / 40),
        ],
        rel=1e-12,
    )
    opening, closing = find_gating("pyramidal_m").kinetics(here)["p"]
    assert opening / (opening + closing) == pytest.approx(1 / (1 + math.exp(-(v + 35) / 10)), rel=1e-12)
    slow = 608 / (3.3 * math.exp((v + 35) / 20) + math.exp(-(v + 35) / 20))
    assert 1e3 / (opening + closing) == pytest.approx(slow, rel=1e-12)


def spikes(name, current):
    """Upward crossings of 0 mV in half a second of current (uA/cm2)."""
    run = vrest.simulate(
        vrest.load(name), [("20 ms", f"stimulus.density={current} uA/cm2")], until="520 ms", points=6000, rtol=1e-6
    )
    return int(np.sum((run.v[:-1] < 0) & (run.v[1:] >= 0)))


def test_both_cortical_cells_fire_and_the_interneuron_faster():
    assert spikes("pyramidal_neuron", 0.6) == 0
    assert spikes("pyramidal_neuron", 5) > 20
    assert spikes("fast_spiking_interneuron", 1) == 0
    assert spikes("fast_spiking_interneuron", 6) > 50


# --- astrocyte ------------------------------------------------------------------------------------------------------


def test_astrocyte_follows_e_k_at_once_and_stores_potassium_slowly():
    cell = vrest.load("kir_astrocyte")
    change = "outside.K=8 mM swap Na"
    at_once = vrest.instant(cell, change)
    e_k = 1e3 * PHI * math.log(8 / 100)
    assert isinstance(at_once.v, float)
    assert e_k - 2 < at_once.v < e_k  # below E_K: K+ enters through Kir itself
    run = vrest.simulate(vrest.apply(cell, change), until="24 h", points=200, spacing="log")
    settled = vrest.settled(cell, change)
    amount = settled.concentrations["inside"]["K"] * settled.volumes["inside"]
    start = 100 * cell.compartments["inside"].start_volume * 1e18
    assert amount > 1.2 * start
    assert settled.volumes["inside"] > 1.1 * cell.compartments["inside"].start_volume * 1e18
    assert run.v[-1] == pytest.approx(settled.v_rest, abs=0.1)


def test_kir_conductance_grows_with_the_square_root_of_potassium():
    """The published form at V = E_K and 3 mM is 16.96 S/m2; 12 mM doubles it."""
    kir = vrest.load("kir_astrocyte").membranes["astrocyte"].transports["Kir"]
    assert kir.v_half == pytest.approx(-18.5e-3)

    def g(k_out):
        e = PHI * math.log(k_out / 100)
        return kir.conductance * kir_open_fraction(
            potential=e,
            reversal_k=e,
            k_outside=k_out,
            k_reference=kir.k_reference,
            v_half=kir.v_half,
            v_slope=kir.v_slope,
        )

    assert g(3.0) == pytest.approx(16.96, rel=1e-12)
    assert g(12.0) == pytest.approx(2 * 16.96, rel=1e-12)


# --- skeletal muscle ------------------------------------------------------------------------------------------------


def walk(cell, values, extra=()):
    """Rests met while [K]o (mM) goes through the values, each from the one before."""
    found = []
    for k in values:
        result = vrest.rest(cell, [f"outside.K={k} mM swap Na", *extra])
        assert result.outcome is Outcome.rests, k
        assert result.residual_mV < 1e-9
        cell = result.as_cell()
        found.append(result.v_rest)
    return found, cell


def flip(values, potentials):
    """The first [K]o at which the fibre is on the other branch."""
    low = [v > -75 for v in potentials]
    return next(k for k, is_low in zip(values, low, strict=True) if is_low != low[0])


DOWN = [4.0, 3.5, 3.2, 3.0, 2.8, 2.6, 2.4, 2.2, 2.0, 1.9, 1.7, 1.5, 1.0]


def test_muscle_has_two_stable_states_at_low_potassium():
    cell = vrest.load("kir_muscle")
    down, flipped = walk(cell, DOWN)
    assert down[0] == pytest.approx(-85, abs=1e-6)
    assert min(down) < -95  # hypokalaemia hyperpolarises first
    assert 1.0 < flip(DOWN, down) <= 1.9
    assert down[-1] == pytest.approx(-61.7, abs=1)
    rising = DOWN[::-1]
    up, back = walk(flipped, rising)
    assert 2.4 < flip(rising, up) < 3.0
    assert up[-1] == pytest.approx(-85, abs=1e-6)  # and all is as before
    assert back.compartments["inside"].start_volume == pytest.approx(cell.compartments["inside"].start_volume)
    two = {k: (a, b) for k, a in zip(DOWN, down, strict=True) for q, b in zip(rising, up, strict=True) if q == k}
    assert two[2.2][0] < -90
    assert two[2.2][1] > -66


@pytest.mark.parametrize(("leak", "least"), [("4e-9 cm/s", 2.2), ("8e-9 cm/s", 2.8)])
def test_a_gating_pore_moves_the_flip_to_ordinary_potassium(leak, least):
    extra = [f"gating_pore.permeability={leak}"]
    down, _ = walk(vrest.load("kir_muscle"), DOWN, extra)
    assert -84 < down[0] < -79
    assert least <= flip(DOWN, down) < 3.5


def test_chloride_delays_the_flip():
    """With contents held the fibre's chloride keeps it; with chloride channels shut it flips within seconds."""
    cell = vrest.load("kir_muscle")
    assert vrest.instant(cell, "outside.K=1.5 mM swap Na").v == pytest.approx(-84.5, abs=0.5)
    low = vrest.apply(cell, "outside.K=1.5 mM swap Na")
    later = vrest.simulate(low, until="3 h", times=[60.0, 600.0, 3600.0, 10800.0])
    assert later.v[0] < -80
    assert later.v[-1] == pytest.approx(-62.5, abs=1)
    without = vrest.simulate(vrest.apply(low, "Cl_leak.permeability*=0"), until="10 min", times=[10.0, 600.0])
    assert without.v[0] > -66


# --- heart ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [4.0, 5.0, 6.0, 8.0, 10.0])
def test_ventricle_follows_ghk_of_potassium_and_sodium(k):
    """P_Na/P_K = 0.01 and contents held: -87.02, -82.48, -78.60, -72.21, -67.05 mV."""
    anchor = 1e3 * PHI * math.log((k + 0.01 * 140) / (140 + 0.01 * 10))
    v = vrest.instant(vrest.load("ventricular_myocyte"), f"outside.K={k} mM").v
    assert v == pytest.approx(anchor, abs=2.1)


def test_ventricle_depolarises_where_k1_fails():
    cell = vrest.load("ventricular_myocyte")
    e_k = 1e3 * PHI * math.log(1.5 / 140)
    v = vrest.instant(cell, "outside.K=1.5 mM swap Na").v
    assert isinstance(v, float)
    assert -65 < v < -55
    assert v > e_k + 50  # GHK would say -103
    settled = vrest.rest(cell, "outside.K=2 mM swap Na")
    assert settled.outcome is Outcome.rests
    assert settled.v_rest == pytest.approx(-59.8, abs=1)


# --- red cell -------------------------------------------------------------------------------------------------------


def test_red_cell_is_a_donnan_cell_held_by_its_pump():
    cell = vrest.load("red_blood_cell")
    result = vrest.rest(cell)
    inside, outside = result.concentrations["inside"], result.concentrations["outside"]
    assert inside["Cl"] / outside["Cl"] == pytest.approx(0.7, rel=1e-12)
    assert inside["HCO3"] / outside["HCO3"] == pytest.approx(0.7, rel=1e-12)
    assert result.v_rest == pytest.approx(1e3 * PHI * math.log(0.7), abs=1e-9)
    # the ratio from the charge inside: cations - impermeants = anions, with no flux law at all
    conc, z = cell.impermeant("inside")
    membrane = 1e-2 * cell.area("cell") * 1e-3 * result.v_rest / (F * cell.compartments["inside"].start_volume)
    ratio = (inside["K"] + inside["Na"] + z * conc - membrane) / (outside["Cl"] + outside["HCO3"])
    assert ratio == pytest.approx(0.7, rel=1e-12)
    assert z == pytest.approx(-1.037, abs=1e-3)
    assert result.volumes["inside"] == pytest.approx(90, rel=1e-9)
    assert cell.area("cell") == pytest.approx(135e-12)


def test_red_cell_pump_as_quoted():
    """3 mmol of Na+ per litre of cells and hour."""
    cell = vrest.load("red_blood_cell")
    out = max(fluxes(cell)["Na"]) * cell.area("cell") / cell.compartments["inside"].start_volume
    assert out * 3600 == pytest.approx(3.0, rel=1e-9)


def test_red_cell_without_pump_would_burst():
    run_down = vrest.rest(vrest.load("red_blood_cell"), "pump.max_rate*=0")
    assert run_down.outcome is Outcome.rests_run_down
    sphere = (135.0**1.5) / (6 * math.sqrt(math.pi))
    assert run_down.volumes["inside"] > 2 * sphere

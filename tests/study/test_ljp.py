"""Junctions through the door: published sets, what readings become, how sure that is, and what is refused."""

import math
from dataclasses import replace

import numpy as np
import pytest

import vrest
from vrest.errors import InputError
from vrest.ions import VALENCE
from vrest.model.solution.mobilities import Mobility, mobility_of
from vrest.model.solution.species import Species
from vrest.study.junction import between
from vrest.study.junction.configuration import CONFIGURATIONS

PIPETTE = {
    "name": "K-gluconate",
    "kind": "pipette",
    "ions": {"K": 145, "Na": 13, "Cl": 10, "gluconate": 145, "Mg": 1, "HEPES(-1)": 5},
}
BATH = {"name": "Ringer", "kind": "bath", "ions": {"K": 2.8, "Na": 145, "Cl": 148.8, "Mg": 2, "Ca": 1, "HEPES(-1)": 5}}
LOW = {"name": "low Cl", "kind": "bath", "ions": BATH["ions"] | {"Cl": 8.8, "gluconate": 140}}
SULFATE = {"name": "sulfate Ringer", "ions": {"Na": 145, "K": 2.8, "SO4": 73.9}}
SIDES = {"celsius": 20}

CONDUCTIVITY = {"K": 73.5, "Na": 50.11, "Cl": 76.31, "Cs": 77.3, "F": 55.4, "Mg": 53.06, "Ca": 59.5, "Zn": 52.8}
CONDUCTIVITY |= {"Li": 38.69, "H": 350.1, "SO4": 80.0, "gluconate": 24.255, "HEPES(-1)": 22.05, "EGTA(-2)": 2 * 17.64}
CONDUCTIVITY |= {"ATP(-2)": 2 * 11.025, "H2PO4": 33.0, "HCO3": 44.5}
"""Limiting equivalent conductivities of LJPcalc's table (S cm2/mol), with which these values were computed."""

SETS = {
    "JPCalcWin p. 7": (20, "Na 10/145 Cl 10/145 Cs 135/0 F 135/0", 8.74, 0.5, 8.7479, 8.8354),
    "AxoBits 39": (
        20, "K 145/2.8 Na 13/145 Cl 10/148.8 gluconate 145/0 Mg 1/2 Ca 0/1 HEPES(-1) 5/5", 15.6, 0.5, 15.6075, 16.0509,
    ),
    "JLJP": (25, "Zn 9/0.0284 K 0/3 Cl 18/3.0568", -20.82, 0.01, -19.8585, -20.8140),
    "Ng and Barry NaCl KCl": (25, "Na 50/0 K 0/50 Cl 50/50", -4.3, 0.1, -4.3615, -4.3615),
    "Ng and Barry NaCl KCl, more": (25, "Na 150/0 K 0/150 Cl 150/150", -4.3, 0.1, -4.3615, -4.3615),
    "Ng and Barry NaCl CsCl": (25, "Na 50/0 Cs 0/50 Cl 50/50", -4.9, 0.2, -5.0051, -5.0051),
    "Ng and Barry NaCl MgCl2": (25, "Na 100/0 Mg 0/100 Cl 100/200", 10.0, 0.3, 10.2020, 10.2804),
    "Ng and Barry CaCl2 MgCl2": (25, "Ca 100/0 Mg 0/100 Cl 200/200", 0.6, 0.1, 0.6241, 0.6241),
    "Ng and Barry KCl LiCl": (25, "K 100/0 Li 0/100 Ca 2/2 Cl 104/104", 6.4, 0.2, 6.5233, 6.5233),
    "Harper NaCl": (25, "Na 99.5/4.99 Cl 99.5/4.99", -15.6, 0.4, -15.9353, -15.9353),
    "Harper HCl": (25, "H 100/3.45 Cl 100/3.45", 55.5, 0.1, 55.5411, 55.5411),
    "Harper ZnSO4": (25, "Zn 400/18.6 SO4 400/18.6", -8.1, 0.1, -8.0732, -8.0732),
}  # fmt: skip
"""degC, ions (pipette/bath, mM), what was published and its tolerance, and the exact potential by each equation, mV."""

KGLU = (
    "K 130/3 gluconate 110/0 HEPES(-1) 5/0 EGTA(-2) 1/0 Cl 24/133.8 Mg 2/1.5 Na 9/152.2 ATP(-2) 2/0 SO4 0/1.5 "
    "H2PO4 0/1.2 Ca 0/2.4 HCO3 0/25"
)
"""K-gluconate of LJPcalc's library, whose pipette lacks 2 mM of positive charge."""


def split(text):
    """Two solutions."""
    words = text.split()
    rows = [(name, *map(float, pair.split("/"))) for name, pair in zip(words[::2], words[1::2], strict=True)]
    return [{"ions": {row[0]: row[k] for row in rows}} for k in (1, 2)]


def kcl(text):
    """A bridge."""
    return {"ions": {"K": text, "Cl": text}}


@pytest.fixture
def of_ljpcalc(monkeypatch):
    def mobility(name):
        z = abs(int(name.partition("(")[2].rstrip(")") or VALENCE[name]))
        return Mobility(name=name, u_rel=CONDUCTIVITY[name] / 73.5 / z, quality="measured", source="LJPcalc")

    monkeypatch.setattr(between, "mobility_of", mobility)


@pytest.mark.parametrize("name", SETS)
def test_published_sets(of_ljpcalc, name):
    celsius, ions, published, tolerance, henderson, exact = SETS[name]
    found = vrest.ljp(*split(ions), celsius=celsius)
    assert found.value == pytest.approx(exact, abs=0.001)
    assert found.henderson == pytest.approx(henderson, abs=0.001)
    assert found.value == pytest.approx(published, abs=tolerance)
    assert vrest.ljp(*split(ions), celsius=celsius, method="henderson").value == found.henderson


@pytest.mark.parametrize("name", SETS)
def test_published_sets_with_the_mobilities_here(name):
    celsius, ions, published, tolerance, *_ = SETS[name]
    assert vrest.ljp(*split(ions), celsius=celsius).value == pytest.approx(published, abs=tolerance + 0.06)


def test_what_may_be_missing_is_in_the_error(of_ljpcalc):
    found = vrest.ljp(*split(KGLU), celsius=25)
    by = {ours: 1e3 * each for ours, _, each in found.solved.fills}
    assert by["K"] == pytest.approx(13.513, abs=0.001)
    assert by["Na"] == pytest.approx(13.459, abs=0.001)
    assert found.value == pytest.approx(by["K"], abs=1e-9)
    half = 0.5 * (max(by.values()) - min(by.values()))
    neutral = split(KGLU.replace("K 130", "K 132"))
    alone = vrest.ljp(*neutral, celsius=25)
    assert alone.value == pytest.approx(found.value, abs=1e-9)
    assert found.sd == pytest.approx(math.hypot(alone.sd, half), abs=1e-9)
    assert [notice.code for notice in found.warnings] == ["not_neutral"]
    assert "-2 mM" in found.warnings[0].message
    assert "13.51 mV with 2 mM more K in the pipette, as in the table; 13.46 mV with 2 mM more Na" in plain(str(found))


@pytest.mark.parametrize(("dilute", "ideal", "real"), [(75, -3.472, -3.226), (37.5, -7.123, -6.621)])
def test_activities_of_a_dilution(of_ljpcalc, monkeypatch, dilute, ideal, real):
    monkeypatch.setitem(CONDUCTIVITY, "Na", 0.682 * 73.5)
    found = vrest.ljp(*split(f"Na 145/{dilute} Cl 145/{dilute}"), celsius=22, activity="davies")
    assert (found.ideal, found.value) == (pytest.approx(ideal, abs=0.001), pytest.approx(real, abs=0.005))
    assert f"{found.ideal:+.2f} mV in concentrations" in plain(repr(found))


def plain(text):
    return " ".join(text.replace("\u00a0", " ").split())


def test_swapped_sides_and_order_change_the_sign_and_nothing():
    ahead = vrest.ljp(PIPETTE, BATH, **SIDES)
    back = vrest.ljp({**BATH, "kind": "pipette"}, {**PIPETTE, "kind": "bath"}, **SIDES)
    assert back.value == pytest.approx(-ahead.value, abs=1e-6)
    turned = PIPETTE | {"ions": dict(reversed(PIPETTE["ions"].items()))}
    assert vrest.ljp(turned, BATH, **SIDES).value == pytest.approx(ahead.value, abs=1e-9)


def test_error_is_that_of_mobilities_drawn_at_random(monkeypatch):
    """A thousandth of their errors, so that the equation is straight, in five hundred draws of all mobilities."""
    found = vrest.ljp(PIPETTE, BATH, method="henderson", **SIDES)
    rng, values = np.random.default_rng(1), []
    for _ in range(500):
        draws: dict[str, float] = {}

        def drawn(name, draws=draws):
            own = mobility_of(name)
            factor = 1.0 + 1e-3 * draws.setdefault(own.name, rng.standard_normal()) * own.relative_sd
            return Mobility(name=own.name, u_rel=own.u_rel * factor, quality=own.quality, source="")

        monkeypatch.setattr(between, "mobility_of", drawn)
        values.append(vrest.ljp(PIPETTE, BATH, method="henderson", **SIDES).value)
    assert found.sd == pytest.approx(1e3 * np.std(values), rel=0.1)


@pytest.mark.parametrize("method", ["np", "henderson"])
def test_only_ratios_of_mobilities_count(method):
    slopes = vrest.ljp(PIPETTE, BATH, method=method, **SIDES).solved.sensitivity
    assert abs(sum(slopes)) < 1e-7 * max(abs(slopes))


SAID = {
    "whole-cell": "You read -60.0 mV; the cell is at -76.0 mV (junction +16.0 ± {sd} mV).",
    "outside-out": "You read -60.0 mV; the patch is at -76.0 mV (junction +16.0 ± {sd} mV).",
    "inside-out": "You read -60.0 mV; the patch is at +76.0 mV, inside (which faces the bath) minus outside (junction",
    "cell-attached": "You read -60.0 mV; the patch is at V_cell + 76.0 mV, inside minus outside (junction",
    "perforated": "You read -60.0 mV; the cell is at -76.0 mV (junction +16.0 ± {sd} mV). The Donnan potential between",
}


@pytest.mark.parametrize("config", CONFIGURATIONS)
def test_sentence_of_each_configuration(config):
    found = vrest.ljp(PIPETTE, BATH, measured=-60, config=config, **SIDES)
    assert plain(str(found)).startswith(SAID[config].format(sd=f"{found.sd:.1f}"))
    sign = 1 if config in ("whole-cell", "outside-out", "perforated") else -1
    assert found.corrected == (pytest.approx(sign * (-60.0 - found.value)),)


def test_several_readings_have_a_table():
    found = vrest.ljp(PIPETTE, BATH, measured=[-60, -62.5, -71], **SIDES)
    table = found.to_dataframe()
    assert table["V (mV)"].tolist() == pytest.approx([read - found.value for read in (-60, -62.5, -71)])
    assert "You read 3 values from -71.0 mV to -60.0 mV; the cell is at -87.0 mV to -76.0 mV" in plain(str(found))
    patch = vrest.ljp(PIPETTE, BATH, measured=[-60, -71], config="inside-out", **SIDES)
    assert "from -71.0 mV to -60.0 mV; the patch is at +87.0 mV to +76.0 mV" in plain(str(patch))


def test_without_a_reading_it_takes_one_as_an_example():
    assert plain(str(vrest.ljp(PIPETTE, BATH, **SIDES))).startswith("If you read -60.0 mV, the cell is at -76.0 mV")


def test_a_bath_changed_through_a_bridge_of_the_old_one():
    """EPC 9 manual (HEKA), example 3: the junction of the pipette, and with its sign turned that of the new bath."""
    found = vrest.ljp(kcl(140), BATH, new_bath=SULFATE, reference="bath", measured=-60, celsius=25)
    pipette, turned = (vrest.ljp(each, BATH, celsius=25).value for each in (kcl(140), SULFATE))
    assert found.off == pytest.approx(pipette - turned, abs=1e-6)
    assert found.value == pytest.approx(pipette)
    assert turned == pytest.approx(6.0, abs=1.5)  # the manual's table has 6 mV for a sulfate Ringer, and 3 for KCl
    assert pipette == pytest.approx(3.0, abs=1.5)
    assert found.corrected == (pytest.approx(-60.0 - pipette + turned, abs=1e-6),)
    assert "taken off: junction" in plain(str(found))


def test_a_bath_changed_past_a_bridge_of_kcl():
    """The loop of wires: pipette, membrane, new bath, bridge; zeroed in the old bath with the pipette open."""
    found = vrest.ljp(PIPETTE, BATH, new_bath=LOW, reference="3 M KCl", measured=-60, **SIDES)
    pipette, old, new = (
        vrest.ljp(a, b, **SIDES).value for a, b in ((PIPETTE, BATH), (kcl("3 M"), BATH), (kcl("3 M"), LOW))
    )
    v, offset = -71.0, pipette - old  # in the old bath the reading is 0: -pipette + old + offset
    read = v + new + offset  # phi(pipette) - phi(new bath) + phi(new bath) - phi(bridge) + offset
    assert read - found.off == pytest.approx(v, abs=1e-6)
    assert abs(found.off - pipette) < 3.0


def test_what_is_to_know_of_a_new_bath_is_told():
    odd = LOW | {"ions": LOW["ions"] | {"Na": 140}}
    found = vrest.ljp(PIPETTE, BATH, new_bath=odd, reference="3 M KCl", **SIDES)
    assert ["low Cl" in notice.message for notice in found.warnings if notice.code == "not_neutral"] == [True]
    assert found.off_sd > vrest.ljp(PIPETTE, BATH, new_bath=LOW, reference="3 M KCl", **SIDES).off_sd


def test_bridge_of_the_same_solution_is_the_bath():
    ours = vrest.ljp(PIPETTE, BATH, new_bath=LOW, reference="bath", **SIDES)
    named = vrest.ljp(PIPETTE, BATH, new_bath=LOW, reference=BATH, **SIDES)
    assert ours.off == pytest.approx(named.off, abs=1e-12)


def test_shared_mobilities_are_wrong_in_both_junctions_at_once():
    """A pipette of the new bath: what its junction is wrong by, the reference is wrong by too."""
    found = vrest.ljp(LOW | {"kind": "pipette"}, BATH, new_bath=LOW, reference="bath", **SIDES)
    assert found.off == pytest.approx(0.0, abs=1e-6)
    assert found.off_sd < 1e-3 < found.sd


@pytest.mark.parametrize("how", [{"reference": "3 M KCl"}, {"pellet": True}])
def test_a_reference_in_the_bath_that_was_zeroed_adds_nothing_and_says_so(how):
    found = vrest.ljp(PIPETTE, BATH, measured=-60, **how, **SIDES)
    assert found.off == found.value
    assert "reference electrode: still in 'Ringer', where it was zeroed" in plain(str(found))


def test_readings_in_volts_are_remarked():
    assert [n.code for n in vrest.ljp(PIPETTE, BATH, measured=-0.06, **SIDES).warnings] == ["small_readings"]
    assert vrest.ljp(PIPETTE, BATH, measured="-0.06 V", **SIDES).measured == (pytest.approx(-60.0),)


def test_a_pellet_is_nernst_of_chloride():
    """LJPcalc, issue 7: 145 to 75 mM of Cl- at 20 degC are 16.65 mV."""
    sides = [{"ions": {"Na": c, "Cl": c}} for c in (145, 75)]
    found = vrest.ljp(sides[0], sides[0], new_bath=sides[1], pellet=True, measured=-60, celsius=20)
    assert found.value == pytest.approx(0.0, abs=1e-9)
    assert found.off == pytest.approx(-16.65, abs=0.005)
    assert found.corrected == (pytest.approx(-43.35, abs=0.005),)
    assert "Ag/AgCl pellet" in str(found)


def test_what_does_not_count_and_what_is_guessed_are_named():
    solution = vrest.solution(BATH, celsius=20)
    glucose = Species(name="glucose", charge=0, concentration=10.0, component="glucose")
    sweet = replace(solution, species=(*solution.species, glucose), recipe=None)
    guessed = PIPETTE | {"ions": PIPETTE["ions"] | {"gluconate": 140, "lactobionate": 5}}
    found = vrest.ljp(guessed, sweet)
    assert found.value == pytest.approx(vrest.ljp(guessed, BATH, **SIDES).value, abs=1e-9)
    told = plain(str(found))
    assert "No net charge, so they do not count: glucose." in told
    worth = 0.25 * 1e3 * abs(found.solved.sensitivity[found.solved.sides.names.index("lactobionate")])
    assert f"Guessed mobilities, each with what ±25 % of it are worth: lactobionate (0.25, ±{worth:.2f} mV)." in told
    assert not [notice for notice in found.warnings if notice.code == "no_temperature"]


def test_temperature_is_that_of_the_one_that_says_it():
    warm = vrest.ljp(PIPETTE, BATH | {"temperature": 32})
    assert warm.celsius == pytest.approx(32.0)
    assert warm.value == pytest.approx(vrest.ljp(PIPETTE, BATH, celsius=32).value, abs=1e-9)
    assert [notice.code for notice in vrest.ljp(PIPETTE, BATH).warnings] == ["no_temperature"]


REFUSED = {
    "temperatures_differ": ((PIPETTE | {"temperature": 22}, BATH | {"temperature": 32}), {}),
    "sides_swapped": ((BATH, PIPETTE), SIDES),
    "no_reference": ((PIPETTE, BATH), {"new_bath": LOW, **SIDES}),
    "two_references": ((PIPETTE, BATH), {"new_bath": LOW, "pellet": True, "reference": "bath", **SIDES}),
    "undefined": ((PIPETTE, BATH), {"new_bath": SULFATE, "pellet": True, **SIDES}),
    "beyond_davies": ((PIPETTE, BATH), {"new_bath": LOW, "reference": "3 M KCl", "activity": "davies", **SIDES}),
    "henderson_activity": ((PIPETTE, BATH), {"method": "henderson", "activity": "davies", **SIDES}),
    "unknown_configuration": ((PIPETTE, BATH), {"config": "whole", **SIDES}),
    "unknown_method": ((PIPETTE, BATH), {"method": "planck", **SIDES}),
    "unknown_activity": ((PIPETTE, BATH), {"activity": "pitzer", **SIDES}),
    "wrong_unit": ((PIPETTE, BATH), {"measured": "-60 mM", **SIDES}),
    "out_of_range": ((PIPETTE, BATH), {"measured": -60000, **SIDES}),
}


@pytest.mark.parametrize("code", REFUSED)
def test_refusals(code):
    solutions, more = REFUSED[code]
    with pytest.raises(InputError) as refused:
        vrest.ljp(*solutions, **more)
    assert refused.value.code == code
    assert refused.value.hint


def test_a_bath_in_the_pipette_is_usual_in_a_patch_that_faces_it():
    assert vrest.ljp(BATH, PIPETTE, config="inside-out", **SIDES).value < 0.0


def test_sides_that_look_swapped_are_remarked():
    found = vrest.ljp({"ions": {"Na": 145, "Cl": 145}}, {"ions": {"K": 145, "Cl": 145}}, **SIDES)
    assert "sides_look_swapped" in [notice.code for notice in found.warnings]
    unnamed = {"ions": PIPETTE["ions"]}
    for sides, name in (((BATH, unnamed), "Ringer"), ((unnamed, PIPETTE), "K-gluconate")):
        (notice,) = vrest.ljp(*sides, **SIDES).warnings
        assert notice.code == "sides_look_swapped"
        assert name in notice.message


@pytest.mark.parametrize("bath", ["acsf", "ringer", "tyrode"])
@pytest.mark.parametrize("pipette", ["k_gluconate_internal", "cs_internal"])
def test_recipes_of_the_library(pipette, bath):
    found = vrest.ljp(pipette, bath, celsius=32)
    sides = found.solved.sides
    for side in (sides.pipette, sides.bath):
        assert abs(sides.valence @ side) < 1e-8 * (abs(sides.valence) @ side)
    assert 0.5 < found.sd < 2.0
    assert abs(found.value - found.henderson) < 1.0
    swapped = vrest.ljp(bath, pipette, celsius=32, config="inside-out")
    assert swapped.value == pytest.approx(-found.value, abs=1e-6)


def test_it_cites_what_it_used():
    assert "Davies1962" not in vrest.ljp(PIPETTE, BATH, **SIDES).cite()
    cited = vrest.ljp(PIPETTE, BATH, activity="davies", **SIDES).cite()
    assert all(key in cited for key in ("Planck1890", "Henderson1907", "Barry1991", "Neher1992", "Davies1962"))


def test_an_ion_that_a_side_lacks_is_0_there_for_programs():
    ions = {row["ion"]: row for row in vrest.ljp(PIPETTE, BATH, **SIDES).as_dict()["ions"]}
    assert (ions["gluconate"]["pipette"], ions["gluconate"]["bath"], ions["Ca"]["pipette"]) == (145.0, 0.0, 0.0)


def test_each_quality_of_a_mobility_is_said_with_its_error():
    told = plain(str(vrest.ljp(PIPETTE, BATH, **SIDES)))
    for quality in {mobility_of(name).quality for name in (*PIPETTE["ions"], "phosphocreatine(-2)")}:
        share = 100 * replace(mobility_of("K"), quality=quality).relative_sd
        assert f"{quality.replace('guess', 'guessed')} to {share:g} %" in told


@pytest.mark.parametrize(("dilute", "told"), [(1e-6, True), (0.02, False)])
def test_a_solution_that_is_nearly_water_is_remarked(dilute, told):
    found = vrest.ljp({"ions": {"Na": dilute, "Cl": dilute}}, {"ions": {"Na": 140, "Cl": 140}}, celsius=22)
    assert ("nearly_water" in {each.code for each in found.warnings}) == told

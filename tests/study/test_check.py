"""What drifts is found, sized, foretold and mended; what rests is left alone."""

import tomllib

import numpy as np
import pytest

import vrest
from vrest.errors import InputError
from vrest.model.cellfile import write_cell
from vrest.study.check.absurd import absurdities
from vrest.study.check.findings import Claims, _stronger, findings, first_moment
from vrest.study.check.future import Later


@pytest.fixture(scope="module")
def trap():
    """Hodgkin and Huxley's channels in a 10 um compartment, everything else NEURON's default."""
    return vrest.check(*vrest.neuron_cell({"diam": 10, "L": 10, "gnabar_hh": 0.12, "gkbar_hh": 0.036}, "hh"))


@pytest.fixture(scope="module")
def neuron():
    return vrest.load("mammalian_neuron")


def named(story, code):
    return {f.where: f for f in story.findings if f.code == code}


def test_default_concentrations_of_neuron(trap):
    """NEURON 9.0.2 with rxd following Na+ and K+, CVode, hh without its tables: measured by running it."""
    assert not trap.rests
    at_once, minute = trap.later[:2]
    assert at_once.v["membrane"] == pytest.approx(-63.8077, abs=1e-3)
    assert minute.v["membrane"] == pytest.approx(-60.5071, abs=1e-3)
    assert minute.concentrations["inside"]["K"] == pytest.approx(41.6676, abs=1e-3)
    assert minute.concentrations["inside"]["Na"] == pytest.approx(16.6543, abs=1e-3)
    assert [at.time for at in trap.later] == [0, 60, 600, 3600]


def test_the_trap_is_taken_apart(trap):
    imbalance = named(trap, "imbalance")
    # NEURON: 1.985 mM of K+ gone and 0.824 mM of Na+ come in the first 10 s
    assert imbalance["inside.K"].mM_per_min == pytest.approx(6 * 1.985, rel=0.02)
    assert imbalance["inside.Na"].mM_per_min == pytest.approx(6 * 0.824, rel=0.05)
    assert "nothing brings it back" in imbalance["inside.K"].message
    reversals = named(trap, "reversal")
    assert "-74.2 mV" in reversals["K"].message
    assert "63.6 mV" in reversals["Na"].message
    # what enters through the leak of no ion is what the followed ions lose in charge
    net = imbalance["inside.K"].mM_per_min - imbalance["inside.Na"].mM_per_min
    assert named(trap, "no_ion")["l_hh"].mM_per_min == pytest.approx(net, rel=1e-6)
    assert "no_pump" in {f.code for f in trap.findings}
    sizes = [f.mM_per_min for f in trap.findings]
    assert sizes == pytest.approx(sorted(sizes, reverse=True), rel=1e-8)  # what is equal to rounding has no rank
    assert "ki = 54.4" in trap.warnings[0].message


def test_the_mended_trap_rests_as_written(trap):
    """The lines of the first fix, put back into the file, make it rest where plain hh rests for ever: -64.97 mV."""
    (fix,) = trap.fixes  # contents that make the written E_K and E_Na would drift by more than 1 mV
    assert fix.v_after_1h == pytest.approx(-64.974, abs=1e-3)
    assert fix.drift < 1e-6
    given = {"diam": 10, "L": 10, "gnabar_hh": 0.12, "gkbar_hh": 0.036, "nai": 10, "nao": 140, "ki": 54.4, "ko": 2.5}
    mended = given | tomllib.loads("\n".join(fix.lines))
    cell, claims = vrest.neuron_cell(mended)
    assert findings(first_moment(cell), claims) == []


def test_sizes_are_those_of_a_run(neuron):
    """A finding's mM/min is the slope of the concentrations of a second that is simulated."""
    cell = vrest.apply(neuron, "pump.max_rate*=0.8")
    story = vrest.check(cell)
    run = vrest.simulate(cell, until=1.1, times=[0.1, 1.1])
    inside = run.system.concentrations(run.states, run.parameters, "inside")
    for ion, sign in (("Na", 1), ("K", -1), ("Cl", 1)):
        finding = named(story, "imbalance")[f"inside.{ion}"]
        assert 60 * float(np.diff(inside[ion])[0]) * sign == pytest.approx(finding.mM_per_min, rel=0.03)
    assert {fix.code for fix in story.fixes} == {"strengths", "settle"}
    resized, settled = story.fixes
    assert vrest.rest(resized.cell).v_rest == pytest.approx(-70, abs=1e-9)
    assert settled.v_after_1h == pytest.approx(vrest.rest(cell).v_rest, abs=1e-9)
    assert story.later[-1].v["neuron"] == pytest.approx(settled.v_after_1h, abs=0.01)


def test_what_rests_is_left_alone(neuron):
    story = vrest.check(neuron)
    assert story.rests
    assert story.fixes == ()
    assert story.later[-1].v["neuron"] == pytest.approx(-70, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ("pump.max_rate*=0", "no_pump", "4.7 mM/min leaks in"),
        ("pump.max_rate*=0.01", "pump", "Even saturated it reaches only 0.15"),
        ("membranes.neuron.potential=-60 mV", "start", "no current flows at -70.00 mV"),
        ("inside.impermeant.concentration=120 mM", "water", "shrinks"),
        ("inside.Na=0.05 mM", "pump_beyond_reversal", "run backwards"),
    ],
)
def test_each_fault_has_its_name(neuron, change, code, words):
    found = {f.code: f for f in findings(first_moment(vrest.apply(neuron, change)), Claims())}
    assert words in found[code].message


@pytest.mark.library
def test_chloride_follows_or_a_cotransporter_keeps_it(neuron):
    story = vrest.check(vrest.apply(neuron, ["inside.Cl=20 mM", "inside.impermeant.concentration=125 mM"]))
    follows, kept, settled = story.fixes
    assert "Cl- follows to 8.015 mM; the inside needs 137 mM of impermeants" in follows.message
    assert "Add NKCC1" in kept.message
    assert kept.cell.contents("inside")["Cl"] == 20
    assert settled.code == "settle"
    assert max(fix.drift for fix in story.fixes) < 1e-6


def test_what_no_strengths_hold_is_said(neuron):
    story = vrest.check(vrest.apply(neuron, "membranes.neuron.potential=65 mV"))
    assert [fix.code for fix in story.fixes] == ["settle"]
    assert "above E_Na" in story.unfixed


def test_charge_that_a_published_model_leaves_out_is_found():
    """Its diffusion moves K+ alone, and what crosses its membrane is not what V feels."""
    found = findings(first_moment(vrest.apply(vrest.load("cressman_2009"), "pump.max_rate*=0.9")), Claims())
    outside = {f.where.split(".")[-1]: f for f in found if f.where.startswith("outside")}
    signs = {ion: -1 if "loses" in outside[ion].message else 1 for ion in ("Na", "K")}
    net = sum(signs[ion] * outside[ion].mM_per_min for ion in signs)
    assert abs(net) == pytest.approx(outside["outside"].mM_per_min, rel=1e-6)
    assert outside["outside"].code == "charge"


@pytest.mark.library
def test_balance_without_stability_is_no_rest():
    held = vrest.design(vrest.load("hodgkin_huxley_1952"), v_rest=-55, inside={"Cl": 150}).cell
    story = vrest.check(held)
    assert not story.rests
    assert story.findings[0].code == "unstable"


@pytest.mark.library
@pytest.mark.parametrize("name", vrest.library())
def test_every_settled_cell_rests(name):
    assert vrest.check(vrest.rest(vrest.load(name)).as_cell()).findings == ()


def test_a_description_is_read_in_the_units_of_neuron():
    described = {"diam": 20, "L": "30 um", "celsius": 37, "gk": "0.3 mS/cm2", "pump": 1e-3, "g_pas": 1e-4, "e_pas": -65}
    cell, claims = vrest.neuron_cell(described | {"cli": 7, "clo": 110, "ecl": -70, "cm": 0.9})
    assert cell.area("membrane") == pytest.approx(np.pi * 20e-6 * 30e-6, rel=1e-12)
    transports = cell.membranes["membrane"].transports
    assert transports["gk"].conductance == pytest.approx(3.0, rel=1e-12)  # S/m2
    assert transports["ipump"].max_rate * 96485.33212331001 == pytest.approx(0.01, rel=1e-12)  # A/m2
    assert claims.reversals == pytest.approx({"K": -0.077, "Cl": -0.07})  # nothing carries Na+ down its gradient
    assert claims.unnamed == pytest.approx({"pas": -0.065})
    assert "ko = 2.5" in claims.defaults
    assert vrest.instant(cell).before == pytest.approx(-65)


def test_a_single_leak_needs_no_pump():
    """Alone, K+ rests at its equilibrium: at that of its concentrations, or at the one that was written."""
    story = vrest.check(*vrest.neuron_cell({"gk": 1e-4, "ki": 140, "ko": 5, "celsius": 37}))
    assert [f.code for f in story.findings] == ["start"]
    assert story.fixes[0].lines == (f"v_init = {vrest.nernst('K', inside=140, outside=5):.12g}",)
    assert story.fixes[0].drift < 1e-6
    written = vrest.check(*vrest.neuron_cell({"gk": 1e-4, "ek": -77}))
    assert written.fixes[-1].message.endswith("V is then -77.00 mV at once and stays.")
    assert written.fixes[-1].drift < 1e-3
    given = tomllib.loads("\n".join(written.fixes[-1].lines))
    assert vrest.nernst("K", inside=given["ki"], outside=2.5, celsius=6.3) == pytest.approx(-77, abs=1e-9)


def test_a_pump_without_any_leak_runs_away():
    story = vrest.check(*vrest.neuron_cell({"ipump": 1e-3}))
    (runs,) = named(story, "no_potential").values()
    assert "by -1000 mV/s" in runs.message  # 1 uA/cm2 on 1 uF/cm2
    assert "nothing in the description lets V come to rest" in story.unfixed


@pytest.mark.parametrize(
    ("described", "code"),
    [
        ({"gbar_k": 1}, "unknown_key"),
        ({"gk": True}, "not_a_number"),
        ({"gk": "1 mV"}, "wrong_unit"),
        ({"gk": -1.0}, "out_of_range"),
        ({"nai": 10}, "nothing_moves"),
        ({"gk": 1e-4, "ki": 0}, "zero_concentration"),
        ({"gk": 1e-4, "celsius": 310.15}, "kelvin_for_celsius"),
    ],
)
def test_slips_in_a_description_are_told(described, code):
    with pytest.raises(InputError) as refused:
        vrest.neuron_cell(described)
    assert refused.value.code == code


def test_findings_of_one_size_stay_in_the_order_of_causes():
    """What the pump lacks is what Na+ gains; which of the two is a rounding larger is no ground to name it first."""
    found = vrest.check(vrest.rest("mammalian_neuron", "pump.max_rate*=0.8").cell).findings
    assert found[0].mM_per_min == pytest.approx(found[1].mM_per_min, rel=1e-9)
    assert [finding.code for finding in found[:2]] == ["imbalance", "pump"]


@pytest.mark.parametrize(
    ("ratio", "told"), [(1.0031, "0.31 % stronger"), (0.8, "20 % weaker"), (3.0, "3 times as strong")]
)
def test_how_much_stronger_a_pump_would_have_to_be_reads_as_one_says_it(ratio, told):
    assert _stronger(ratio) == told


PATCHED = """
name = "patched"
temperature = "22 degC"
[compartments.outside]
kind = "bath"
ions = { K = "3 mM", Na = "145 mM", Cl = "148 mM" }
[compartments.inside]
kind = "dialysed"
ions = { K = "140 mM", Na = "10 mM", Cl = "10 mM" }
[membranes.m]
inside = "inside"
outside = "outside"
potential = "-60 mV"
area = "1000 um2"
[membranes.m.transports]
K_leak = { law = "ohmic_leak", ion = "K", conductance = "2.5e-5 S/cm2" }
Na_leak = { law = "ohmic_leak", ion = "Na", conductance = "2.5e-6 S/cm2" }
Cl_leak = { law = "ohmic_leak", ion = "Cl", conductance = "1e-5 S/cm2" }
"""


def test_what_a_pipette_holds_needs_no_pump():
    """The chord: with K+ and Cl- as they are, Na+ alone has to carry their current at -60 mV."""
    story = vrest.check(vrest.parse_cell(PATCHED))
    resized, settled = story.fixes
    assert story.unfixed == ""
    assert resized.message.startswith("Size the leaks to each other.")
    e = {ion: vrest.nernst(ion, inside=i, outside=o, celsius=22) for ion, i, o in PATCH}
    g_na = (2.5e-5 * (-60 - e["K"]) + 1e-5 * (-60 - e["Cl"])) / (e["Na"] + 60)
    assert {c.path.split(".")[-2]: c.value for c in resized.choices}["Na_leak"] == pytest.approx(g_na, rel=1e-10)
    v = (2.5e-5 * e["K"] + 2.5e-6 * e["Na"] + 1e-5 * e["Cl"]) / 3.75e-5
    assert settled.v_rest == pytest.approx(v, abs=1e-9)


PATCH = (("K", 140, 3), ("Na", 10, 145), ("Cl", 10, 148))


def test_what_an_hour_makes_absurd_is_remarked_on(trap, neuron):
    (sodium,) = trap.remarks  # of K+ 17 mM are left: that can be
    assert (sodium.code, sodium.where, sodium.time, sodium.unit) == ("too_much", "inside.Na", 3600, "mM")
    assert sodium.value == trap.later[3].concentrations["inside"]["Na"]
    assert "801.7 mM after 1 h" in sodium.message
    assert trap.as_dict()["remarks"][0]["message"] == sodium.message
    inside = {"K": 1.2, "Na": 15.0, "Cl": 8.0}
    told = absurdities(neuron, [Later(60.0, {"neuron": -260.0}, {"inside": inside})])
    assert [(r.code, r.where) for r in told] == [("run_out", "inside.K"), ("breakdown", "neuron")]
    assert "1.2 mM after 1 min, of 140 mM now" in told[0].message
    assert absurdities(neuron, [Later(60.0, {"neuron": -70.0}, {"inside": inside | {"K": 2.0, "Na": 290.0}})]) == ()


def test_free_calcium_that_kills_is_remarked_on():
    cell, _ = vrest.neuron_cell({"gca": 1e-6, "gk": 1e-4, "gna": 1e-5, "ipump": 1e-4, "celsius": 37, "v_init": -70})
    story = vrest.check(cell)
    assert "Ca2+ in 'inside' would be" in " ".join(remark.message for remark in story.remarks)


@pytest.mark.library
@pytest.mark.parametrize("name", ["frog_skin", "astrocyte_pair"])
def test_a_cell_of_several_membranes_may_start_from_its_own_rest(name):
    cell = vrest.apply(vrest.load(name), ["cell.Na*=0.8"] if name == "frog_skin" else ["inside_1.Na*=1.3"])
    story = vrest.check(cell)
    (settled,) = story.fixes
    assert settled.v_rest == pytest.approx(vrest.rest(cell).v_rest, abs=1e-6)
    assert settled.drift < 0.1
    assert "sized for one membrane" in story.unfixed
    assert len(story.tables()[2].columns) == 2 + len(cell.membranes)


def test_a_fixed_leak_of_a_cell_file_is_nobodys_current(neuron):
    """What it lets in is what the followed ions lose in charge, as of `g_pas`."""
    pas = '[membranes.neuron.transports.pas]\nlaw = "fixed_leak"\nconductance = "1e-5 S/cm2"\nreversal = "-60 mV"\n'
    cell = vrest.parse_cell(write_cell(neuron) + pas)
    story = vrest.check(cell)
    unnamed = named(story, "no_ion")["pas"]
    at_once = story.later[0].v["neuron"]
    per_area = 1e-5 * 1e4 * 1e-3 * abs(at_once + 60) / 96485.33212331001  # mol/m2/s
    volume = cell.compartments["inside"].start_volume
    assert unnamed.mM_per_min == pytest.approx(60 * per_area * cell.area("neuron") / volume, rel=1e-9)
    assert "charge" not in {f.code for f in story.findings}


def test_an_ion_that_the_cell_declares_has_its_charge():
    size = '"fixed"\nvolume = "2000 um3"\nimpermeant = { concentration = "50 mM", valence = "solve" }'
    text = "valences = { MOPS = -1 }" + PATCHED.replace("Cl", "MOPS").replace('"dialysed"', size)
    said = str(vrest.check(vrest.parse_cell(text)))
    assert "MOPS- in 'inside'" in said
    assert "valence" not in said

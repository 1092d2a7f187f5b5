"""Whatever is typed: the right number, or a clear refusal with the right exit code; never a traceback."""

import math
import re
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

R, F = 8.31446261815324, 96485.33212331001

VALENCES = {"K": 1, "Na": 1, "Cl": -1, "Ca": 2, "HCO3": -1}


def e_nernst(z, inside, outside, kelvin=310.15):
    return 1e3 * R * kelvin / (z * F) * (math.log(outside) - math.log(inside))


# --- numbers as people write them: (text, value in the door unit, or None for what must be refused) --------------

PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@st.composite
def spelt(draw, low=1e-3, high=9.9e3, units=None):
    """A number in some spelling that must be read, and its value."""
    value = draw(st.floats(low, high, allow_subnormal=False))
    text = draw(st.sampled_from([repr(value), f"{value:.17g}", f"{value:.16e}", f" {value!r} ", f"+{value!r}"]))
    if units:
        unit, factor = draw(st.sampled_from(units))
        return f"{text.strip()}{draw(st.sampled_from(['', ' ']))}{unit}", value * factor
    return text, value


MILLIMOLAR = [("mM", 1.0), ("mmol/L", 1.0), ("uM", 1e-3), ("µM", 1e-3), ("mol/m3", 1.0), ("mol/m^3", 1.0)]

ODD_NUMBERS = ["nan", "NaN", "inf", "-inf", "∞", "", " ", "1e999", "−1e999", "1e-999", "0x10", "1_000", "1 000", "1,5"]
ODD_NUMBERS += ["1.2.3", "--5", "5e", "five", "-1", "−1", "-1e-9 mM", "10001", "1e-13", "½", "٣", "(5)", "5;7", "True"]
ODD_UNITS = ["3,5 mM", "5 mm", "5 mV", "5 furlongs", "20 M", "5 mM mM", "5 M^2", "5mM5", "5%", "0.5 kM", "5 mM 7 mM"]

REFUSED = st.one_of(
    st.sampled_from(ODD_NUMBERS + ODD_UNITS),
    st.text(alphabet="0123456789.,eE+-−–_ mMuUnNKC°%/∞", max_size=12).filter(lambda t: not t.startswith("--")),
    st.text(max_size=8).filter(lambda t: not t.startswith("--") and "\0" not in t),
)


def judge(answer, expected):
    """Either the answer is the expected number, or the refusal is complete."""
    assert "Traceback" not in answer.out + answer.err
    assert answer.err == ""
    if answer.code == 0:
        assert set(answer.json["units"]) == set(answer.json["result"])
        (value,) = (
            answer.json["result"][key] for key in ("E", "v") if isinstance(answer.json["result"].get(key), float)
        )
        assert value == pytest.approx(expected(answer.json["inputs"]), rel=1e-9, abs=1e-9)
        return
    assert answer.code == 3
    assert answer.error


@settings(deadline=None, max_examples=150)
@given(ion=st.sampled_from(sorted(VALENCES)), inside=spelt(), outside=spelt(units=MILLIMOLAR), celsius=spelt(0.1, 60.0))
def test_good_numbers_give_the_independent_value(vrest, ion, inside, outside, celsius):
    answer = vrest("nernst", ion, "--inside", inside[0], "--outside", outside[0], "--celsius", celsius[0], "--json")
    assert answer.code == 0
    expected = e_nernst(VALENCES[ion], inside[1], outside[1], celsius[1] + 273.15)
    assert answer.json["result"]["E"] == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=300)
@given(text=REFUSED, option=st.sampled_from(["--inside", "--outside"]))
@example("0", "--inside")
@example("310.15 K", "--inside")
def test_any_text_as_a_concentration(vrest, text, option):
    other = {"--inside": "--outside", "--outside": "--inside"}[option]
    answer = vrest("nernst", "K", option, text, other, "5", "--json")
    judge(answer, lambda i: e_nernst(1, i["inside"], i["outside"]))
    if answer.code == 0:
        # what was understood is what was written: the sign and the size of the digits are those of the text
        digits = PLAIN.match(text.strip().replace("−", "-"))
        assert digits
        understood = answer.json["inputs"][option[2:]]
        power = math.log10(understood / float(digits[0]))
        assert power == pytest.approx(round(power), abs=1e-9)


@settings(deadline=None, max_examples=200)
@given(
    text=st.one_of(REFUSED, st.sampled_from(["310.15", "310.15 K", "300", "-60", "98.6 degF", "37 C", "0 K", "120"]))
)
def test_any_text_as_a_temperature(vrest, text):
    answer = vrest("nernst", "K", "--inside", "140", "--outside", "5", "--celsius", text, "--json")
    judge(answer, lambda i: e_nernst(1, 140, 5, i["celsius"] + 273.15))
    if answer.code == 0:
        assert -50 <= answer.json["temperature"] <= 200


@settings(deadline=None, max_examples=150)
@given(
    rows=st.dictionaries(
        st.sampled_from(["K", "Na", "Cl", "HCO3"]), st.tuples(spelt(), spelt(), spelt(1e-6, 1e6)), min_size=1
    )
)
def test_ghk_equals_the_textbook(vrest, rows):
    arguments = [part for ion, row in rows.items() for part in ("--ion", ion, *(text for text, _ in row))]
    top = bottom = 0.0
    for ion, ((_, inside), (_, outside), (_, p)) in rows.items():
        plus = VALENCES[ion] > 0
        top += p * (outside if plus else inside)
        bottom += p * (inside if plus else outside)
    answer = vrest("ghk", *arguments, "--json")
    assert answer.code == 0
    assert answer.json["result"]["v"] == pytest.approx(
        1e3 * R * 310.15 / F * math.log(top / bottom), rel=1e-9, abs=1e-9
    )


@settings(deadline=None, max_examples=200)
@given(text=REFUSED, place=st.integers(0, 2))
def test_any_text_in_ghk(vrest, text, place):
    row = ["140", "5", "1"]
    row[place] = text
    answer = vrest("ghk", "--ion", "K", *row, "--ion", "Na", "15", "145", "0.04", "--json")
    assert "Traceback" not in answer.out + answer.err
    if answer.code == 0:
        assert math.isfinite(answer.json["result"]["v"])
    else:
        assert answer.code == 3
        assert answer.error


@settings(deadline=None, max_examples=100)
@given(
    change=st.one_of(
        st.text(alphabet=string.ascii_letters + string.digits + ".=*,−- _", max_size=30),
        st.builds(
            "{}{}{}".format,
            st.sampled_from(["outside.K", "pump.max_rate", "temperature", "potential", "inside.radius", "K", "x.y"]),
            st.sampled_from(["=", "*=", " = ", "==", ""]),
            st.one_of(REFUSED, st.sampled_from(["solve", "restore", "12 mM swap Na", "5 mM with Na", "1 mM over 1 s"])),
        ),
    ).filter(lambda t: not t.startswith("--"))
)
@example("outside.K=12,5 mM")
@example("outside.K=−12 mM")
@example("outside.K=12")
@example("temperature=310")
@example("temperature*=2")
@example("inside.K=130 mM")
@example("inside.K=0 mM")
def test_any_change(vrest, change):
    answer = vrest("show", "mammalian_neuron", "--set", change, "--json")
    assert "Traceback" not in answer.out + answer.err
    assert answer.code in (0, 3)
    assert answer.json["result"] if answer.code == 0 else answer.error


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nernst", "K", "--inside", "0", "--outside", "5"], "undefined", "no K+ inside"),
        (["nernst", "Ca", "--inside", "1", "--outside", "0"], "undefined", "no Ca2+ outside"),
        (["nernst", "K", "--inside", "0", "--outside", "0"], "undefined", "inside or outside"),
        (["nernst", "K", "--inside", "-140", "--outside", "5"], "out_of_range", "sign"),
        (["nernst", "K", "--inside", "140 M", "--outside", "5"], "out_of_range", "mM"),
        (["nernst", "K", "--inside", "nan", "--outside", "5"], "not_a_number", ""),
        (["nernst", "K", "--inside", "140,5", "--outside", "5"], "decimal_comma", "dot"),
        (["nernst", "K", "--inside", "140 mV", "--outside", "5"], "wrong_unit", "potential"),
        (["nernst", "K", "--inside", "140", "--outside", "5", "--celsius", "310"], "kelvin_for_celsius", "kelvin"),
        (["nernst", "Pottasium", "--inside", "140", "--outside", "5"], "unknown_ion", "Did you mean 'potassium'"),
        (["nernst", "k2+", "--inside", "140", "--outside", "5"], "known_ion", "K is +1"),
        (["nernst", "HEPES", "--inside", "10", "--outside", "5"], "unknown_ion", "pH 7.3"),
        (["nernst", "Ca", "--inside", "5 mEq/L", "--outside", "10 mg/dL"], "wrong_unit", "2.5 mM"),
        (["ghk", "--ion", "Ca2+", "1", "10 mg/dL", "1"], "wrong_unit", "2.495 mM"),
        (["rest", "mammalian_neuron", "--set", "outside.K=12 mEq/L"], "wrong_unit", "'12 mM'"),
        (["bifurcation", "mammalian_neuron", "outside.K", "3 mEq/L", "9 mM"], "wrong_unit", "'3 mM'"),
        (["nernst", "--valence", "0", "--inside", "1", "--outside", "5"], "unknown_ion", ""),
        (["nernst", "--valence", "1" * 5000, "--inside", "1", "--outside", "5"], "unknown_ion", ""),
        (["ghk", "--ion", "K", "140", "0", "1"], "undefined", "no K+ outside"),
        (["ghk", "--ion", "K", "140", "5", "0"], "undefined", "permeable"),
        (["ghk", "--ion", "K", "140", "5", "-1"], "out_of_range", "negative"),
        (["ghk", "--ion", "K", "140", "5", "1", "--ion", "K", "1", "2", "3"], "duplicate_ion", ""),
        (["ghk", "--ion", "K", "140", "5", "1e-6 cm/s", "--ion", "Na", "1", "2", "3"], "mixed_permeabilities", ""),
        (["rest", "mammalian_neron"], "unknown_cell", "mammalian_neuron"),
        (["rest", "nowhere.toml"], "no_file", ""),
        (["rest", "mammalian_neuron", "--set", "outside.K=12 mV"], "wrong_unit", ""),
        (["rest", "mammalian_neuron", "--set", "outsde.K=12 mM"], "unknown_path", "outside.K"),
        (["rest", "mammalian_neuron", "--set", "permeability=0"], "ambiguous_path", "Na_leak"),
        (["rest", "mammalian_neuron", "--set", "temperature=310"], "kelvin_for_celsius", ""),
        (["rest", "mammalian_neuron", "--set", "outside.K=12 mM swap Cl"], "bad_companion", "with Cl"),
        (["rest", "mammalian_neuron", "--plot", "figure.jpg"], "unknown_suffix", ".png"),
        (["rest", "mammalian_neuron", "-o", "cell.xls"], "unknown_suffix", ".toml"),
        (["rest", "mammalian_neuron", "-o", "no/such/folder/cell.toml"], "cannot_write", "folder"),
        (["run", "mammalian_neuron", "-o", "run.xls"], "unknown_suffix", ".nc"),
        (["run", "mammalian_neuron", "--points", "2.5"], "not_a_number", "whole"),
        (["run", "mammalian_neuron", "--points", "-3"], "out_of_range", ""),
        (["run", "mammalian_neuron", "--rtol", "0"], "out_of_range", ""),
        (["run", "mammalian_neuron", "--until", "-1 h"], "out_of_range", ""),
        (["run", "mammalian_neuron", "--until", "5 mM"], "wrong_unit", "time"),
        (["run", "mammalian_neuron", "--at", "2 h", "pump.max_rate*=0"], "bad_protocol", ""),
        (["run", "mammalian_neuron", "--at", "1 min", "inside.K=5 mM"], "bad_protocol", ""),
        (["run", "--from", "nowhere.nc"], "no_file", ""),
        (["show", "squid"], "unknown_cell", "squid_axon"),
    ],
)
def test_slips_have_their_codes(vrest, arguments, code, says):
    answer = vrest(*arguments, "--json")
    assert (answer.code, answer.error) == (3, code)
    error = answer.json["error"]
    assert says in error["message"] + error["hint"]
    spoken = vrest(*arguments)
    assert (spoken.code, spoken.out) == (3, "")
    assert spoken.err.startswith("Error: ")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nersnt"], "unknown_command", "nernst"),
        (["nernst", "K", "--insde", "5"], "unknown_option", "--inside"),
        (["nernst", "K", "--inside", "5"], "missing_argument", "--outside"),
        (["nernst", "--inside", "5", "--outside", "5"], "missing_argument", "ION"),
        (["nernst", "K", "Na", "--inside", "5", "--outside", "5"], "usage", ""),
        (["ghk"], "missing_argument", "--ion"),
        (["ghk", "--ion", "K", "140", "5"], "missing_argument", "four values"),
        (["ghk", "--ion", "K", "140", "5", "--ion", "Na", "15", "145", "1"], "missing_argument", "PERMEABILITY"),
        (["rest"], "missing_argument", "CELL"),
        (["run"], "missing_argument", "CELL"),
        (["run", "mammalian_neuron", "--from", "run.nc"], "usage", "CELL"),
        (["run", "--from", "run.nc", "--until", "1 h"], "usage", "--until"),
        (["show", "--sources"], "missing_argument", "CELL"),
        (["--wrong"], "unknown_option", ""),
    ],
)
def test_the_shape_of_the_command_line(vrest, arguments, code, says):
    answer = vrest(*arguments, "--json")
    assert answer.code == 2
    assert answer.error == code
    error = answer.json["error"]
    assert says in error["message"] + error["hint"]
    spoken = vrest(*arguments, "--quiet")
    assert (spoken.code, spoken.out) == (2, "")
    assert spoken.err.startswith("Error: ")


def test_nothing_is_computed_for_a_file_that_cannot_be_written(vrest, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("computed")

    monkeypatch.setattr("vrest.verbs.rest.rest", refuse)
    monkeypatch.setattr("vrest.verbs.run.simulate", refuse)
    for arguments in (
        ["rest", "-o", "a.xls"],
        ["rest", "--plot", "a.bmp"],
        ["run", "-o", "a.toml"],
        ["run", "--plot", "a"],
    ):
        answer = vrest(arguments[0], "mammalian_neuron", *arguments[1:], "--json")
        assert (answer.code, answer.error) == (3, "unknown_suffix")


def test_what_should_not_happen_is_told_without_a_traceback(vrest, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("vrest.verbs.rest.rest", fail)
    answer = vrest("rest", "mammalian_neuron", "--json")
    assert (answer.code, answer.error) == (1, "unexpected")
    assert "report" in answer.json["error"]["hint"]
    assert "Traceback" not in vrest("rest", "mammalian_neuron").err
    monkeypatch.setenv("VREST_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        vrest("rest", "mammalian_neuron")


def test_an_interrupt_leaves_nothing(vrest, monkeypatch, tmp_path):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("vrest.verbs.run.simulate", stop)
    answer = vrest("run", "mammalian_neuron", "-o", str(tmp_path / "run.nc"), "--json")
    assert (answer.code, answer.error) == (130, "interrupted")
    assert not list(tmp_path.iterdir())


@settings(deadline=None, max_examples=60)
@given(
    changes=st.dictionaries(
        st.sampled_from(["outside.K", "outside.Na", "pump.max_rate", "K_leak.permeability", "Cl_leak.permeability"]),
        st.one_of(st.floats(0, 20, allow_subnormal=False), st.sampled_from([0.0, 1e-6, 1e6])),
        min_size=1,
    ),
    celsius=st.floats(0.0, 45.0),
)
@example({"pump.max_rate": 0.0, "K_leak.permeability": 0.0, "Cl_leak.permeability": 0.0}, 37.0)
def test_a_rest_is_certified_or_has_a_reason(vrest, changes, celsius):
    settings = [part for path, factor in changes.items() for part in ("--set", f"{path}*={factor!r}")]
    answer = vrest("rest", "mammalian_neuron", *settings, "--set", f"temperature={celsius!r}", "--json")
    assert "Traceback" not in answer.out + answer.err
    assert answer.code in (0, 3, 4)
    if answer.code == 3:
        assert answer.error == "out_of_range"
        return
    result = answer.json["result"]
    assert set(answer.json["units"]) == set(result)
    if answer.code == 4:
        assert answer.error == result["outcome"]
        return
    assert result["outcome"] in ("rests", "rests_run_down")
    assert math.isfinite(result["v_rest"])
    assert result["residual_mV"] < 1e-6
    assert max(abs(x) for x in result["residual_mM_per_min"]["inside"].values()) < 1e-6
    assert all(c >= 0 for ions in result["concentrations"].values() for c in ions.values())


@settings(deadline=None, max_examples=60)
@given(
    time=st.one_of(REFUSED, st.sampled_from(["0", "0.5 s", "1 s", "10 min", "−1 s", "1 mM"])),
    change=st.one_of(
        st.sampled_from(["pump.max_rate*=0", "outside.K=12 mM swap Na over 0.2 s", "inside.K=1 mM", "K_leak=0", "x"]),
        st.text(max_size=12).filter(lambda t: not t.startswith("--")),
    ),
    until=st.one_of(st.just("1 s"), REFUSED),
)
def test_any_event(vrest, time, change, until):
    answer = vrest("run", "mammalian_neuron", "--at", time, change, "--until", until, "--points", "3", "--json")
    assert "Traceback" not in answer.out + answer.err
    assert answer.code in (0, 3)
    assert answer.json["result"]["complete"] if answer.code == 0 else answer.error


def test_what_is_meant_can_be_set(vrest):
    """Hints name one number each, and the places of an ion; a drug is called as it was asked for."""
    told = vrest("rest", "frog_skin", "--set", "pond.Na=5").err
    assert "ions.Na'" not in told
    for path in ("mucosa.Na", "serosa.Na", "cell.Na"):
        assert path in told
        assert "unknown_path" not in vrest("show", "frog_skin", "--set", f"{path}=5 mM", "--json").out
    assert "nkcc1_block (bumetanide) finds nothing" in vrest("perturb", "mammalian_neuron", "bumetanide").err
    assert "leave out log" in vrest("curve", "mammalian_neuron", "outside.K", "0", "10", "--log").err.replace("\n", " ")

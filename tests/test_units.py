"""Units: no accepted text may ever change sign or size, and everything else is refused with a reason."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import cache

import numpy as np
import pint
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from vrest.constants import ZERO_CELSIUS, F
from vrest.dimensions import DIMENSIONS
from vrest.errors import InputError
from vrest.numerals import parse_number
from vrest.units import duration, format_si, from_door, from_si, to_si, unit_of

NAMES = sorted(DIMENSIONS)
TABLE = [(name, spelling) for name in NAMES for spelling in DIMENSIONS[name].units]

# the field's conventions that pint does not share: C is degC, an osmole is a mole of particles, Ohm is ohm
CONVENTIONS = {"C": "degC", "deg C": "degC", "Celsius": "degC", "deg F": "degF", "Fahrenheit": "degF"}


@cache
def registry() -> pint.UnitRegistry:
    return pint.UnitRegistry(non_int_type=Fraction)


def oracle(reading: Fraction | int, spelling: str, dimension: str) -> Fraction:
    """What pint, in exact arithmetic, makes of a reading in a spelling of the table."""
    text = CONVENTIONS.get(spelling, spelling)
    text = re.sub(r"[oO]sm(ol)?(/[lL])?", "mol/L", text).replace("Ohm", "ohm")
    text = re.sub(r"(?<=[A-Za-z])(?=[2-9])", "**", text).replace("(Pa s)", "(Pa*s)")
    unit = registry().parse_units("1" + text if text.startswith("/") else text)
    return registry().Quantity(Fraction(reading), unit).to(DIMENSIONS[dimension].pint).magnitude


def values(dimension: str) -> st.SearchStrategy[float]:
    """SI values of every size and sign that `to_si` may return."""
    if dimension == "temperature":
        return st.floats(ZERO_CELSIUS - 50.0, ZERO_CELSIUS + 100.0)
    size = st.floats(1e-30, 1e30)
    return st.one_of(size, size.map(lambda x: -x), st.sampled_from([0.0, -0.0]))


def readings(dimension: str) -> st.SearchStrategy[float]:
    """Bare numbers in the door unit."""
    return st.floats(-50.0, 100.0) if dimension == "temperature" else values(dimension)


def same(a: float, b: float) -> bool:
    return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)


def outcome(read: Callable[..., float], *arguments: object, **options: bool) -> float | InputError:
    """What a reader returns, or the complete error it raises."""
    try:
        return read(*arguments, **options)
    except InputError as error:
        return error if error.message and error.code and error.hint else pytest.fail(f"incomplete: {error!r}")


def refusal(value: object, dimension: str = "concentration", **options: bool) -> InputError:
    with pytest.raises(InputError) as caught:
        to_si(value, dimension, "outside.K", **options)
    assert caught.value.hint
    return caught.value


# --- the table and its oracle ---------------------------------------------------------------------


@pytest.mark.parametrize(("dimension", "spelling"), TABLE)
def test_every_known_spelling_is_what_pint_says(dimension, spelling):
    factor = DIMENSIONS[dimension].units[spelling]
    assert oracle(38, spelling, dimension) - oracle(37, spelling, dimension) == factor
    reading = 310 if spelling in ("K", "kelvin") else 37
    assert to_si(f"{reading} {spelling}", dimension) == pytest.approx(
        float(oracle(reading, spelling, dimension)), rel=4e-16
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_dimension_describes_itself(name):
    dimension = DIMENSIONS[name]
    assert dimension.name == name
    assert unit_of(name) == dimension.unit
    offset = float(oracle(0, dimension.unit, name))
    scale = float(oracle(1, dimension.unit, name) - oracle(0, dimension.unit, name))
    reading = float(dimension.example.split()[0])
    assert to_si(dimension.example, name) == pytest.approx(reading * scale + offset, rel=1e-15)
    assert same(to_si(f"300.5 {dimension.pint}", name), 300.5)


def test_the_si_unit_is_spelt_as_pint_reads_it():
    for name in NAMES:
        unit = registry().parse_units(DIMENSIONS[name].pint)
        assert registry().Quantity(1, unit).to_base_units().magnitude in (1, Fraction(1000)), name


def test_import_needs_neither_pint_nor_numpy():
    code = (
        "import sys; from vrest.units import to_si, format_si\n"
        "assert to_si('5 mM', 'concentration') == 5.0 and to_si('−70 mV', 'potential') == -0.07\n"
        "assert format_si(to_si(8, 'length'), 'length') == '8 um'\n"
        "print({'pint', 'numpy', 'jax'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# --- sign and size --------------------------------------------------------------------------------

signs = st.sampled_from(["", "-", "+", "−"])
digits = st.text("0123456789", min_size=1, max_size=12)
numbers = st.builds(
    "{}{}{}{}".format,
    signs,
    digits,
    st.one_of(st.just(""), st.just("."), digits.map(".{}".format)),
    st.one_of(st.just(""), st.builds("{}{}{}".format, st.sampled_from("eE"), signs, st.integers(0, 30))),
)


@given(numbers, st.sampled_from(["", " ", "  ", "\t", "\u00a0", "\u202f"]), st.sampled_from(TABLE))
def test_a_text_keeps_sign_and_size(number, gap, entry):
    dimension, spelling = entry
    assume(dimension != "temperature")
    assume(not spelling.startswith("1/") or gap)
    exact = Fraction(Decimal(number.replace("−", "-")))
    expected = exact * oracle(1, spelling, dimension)
    got = to_si(number + gap + spelling, dimension)
    assert got == pytest.approx(float(expected), rel=1e-15, abs=0.0)
    assert math.copysign(1.0, got) == math.copysign(1.0, float(number.replace("−", "-")))


SUPERSCRIPTS = str.maketrans("-123456789", "⁻¹²³⁴⁵⁶⁷⁸⁹")


def written(spelling: str, style: str) -> str:
    """A unit of the table as papers write it: 'mA/mM2/cm2' as 'mA mM^-2 cm^-2', 'mA·mM⁻²·cm⁻²', 'mA/(mM² cm²)'..."""
    above, *below = spelling.split("/")

    def raised(term: str, sign: str) -> str:
        base, power = re.fullmatch(r"(.*?)([2-9]?)", term).groups()
        power = sign + (power or "1") if sign else power
        mark = {"^": "^", "**": "**"}.get(style[0] if style[0] != "*" else "**", "")
        return base + (power.translate(SUPERSCRIPTS) if style.startswith("sup") else (mark + power if power else ""))

    if style.endswith("()") and len(below) > 1:
        inner = ("*" if style.startswith("sup") else " ").join(raised(term, "") for term in below)
        return f"{raised(above, '')}/({inner})"
    if style.endswith("-") and above not in ("", "1"):
        joint = "·" if style.startswith("sup") else " "
        return joint.join([raised(above, ""), *(raised(term, "-") for term in below)])
    return "/".join([raised(above, "") if above not in ("", "1") else above, *(raised(term, "") for term in below)])


STYLES = ["^", "^-", "^()", "**", "**()", "sup", "sup-", "sup()", "plain", "plain-", "plain()"]
MICRO = st.sampled_from(["u", "µ", "μ"])
SIMPLE = [(name, spelling) for name, spelling in TABLE if name != "temperature" and "(" not in spelling]


@settings(max_examples=500)
@given(numbers, st.sampled_from(SIMPLE), st.sampled_from(STYLES), MICRO, st.sampled_from(["", " ", " / ", "\u202f"]))
def test_a_unit_written_as_in_papers_keeps_its_size(number, entry, style, micro, gap):
    dimension, spelling = entry
    unit = written(spelling, style)
    if gap == " / ":
        unit = unit.replace("/", gap)
    unit = re.sub(r"u(?=[A-Za-z])", micro, unit) if micro != "u" else unit
    text = number + (" " if unit[:1] in "1/" else gap.strip("/ ") or " ") + unit
    expected = Fraction(Decimal(number.replace("−", "-"))) * oracle(1, spelling, dimension)
    got = to_si(text, dimension)
    assert got == pytest.approx(float(expected), rel=1e-15, abs=0.0), text
    assert math.copysign(1.0, got) == math.copysign(1.0, float(number.replace("−", "-")))


NOT_ONE_NUMBER = [
    "{a},{b}", "{a} {b}", "{a}\u202f{b}", "{a}\u00a0{b}", "{a}'{b}", "{a}_{b}", "{a}.{b}.{a}", "{a},{b}.{a}",
    "{a}.{b},{a}", "{a},{b},{a}", "{a} ± {b}", "{a}±{b}", "{a}({b})", "{a} ({b})", "{a}.{b}({a})", "{a} +/- {b}",
    "{a}+/-{b}", "{a} +- {b}", "{a}+{b}", "{a}-{b}", "{a}−{b}", "{a}–{b}", "{a} – {b}", "{a} to {b}", "{a}...{b}",
    "{a}×10{b}", "{a} x 10^{b}", "{a}·10⁻³", "{a}*10**-{b}", "10^-{b}", "10⁻³", "{a}e{b}e{a}", "{a}e", "{a}e-",
    "{a}/{b}", "{a}:{b}", "<{a}", ">{a}", "~{a}", "≈{a}", "±{a}", "–{a}", "— {a}", "- {a}", "−−{a}", "+-{a}", "({a})",
    "[{a}]", "{a}%%", "{a}d{b}", "{a}j", "0x{a}", "{a};{b}", "{a}⁰", "½", "{a}½", "١{a}", "{a}٫{b}", "{a}·{b}",
    "{a}`{b}", "{a}’{b}", "{a}\u200b{b}", "{a}\u2008{b}",
]  # fmt: skip


@settings(max_examples=500)
@given(
    st.sampled_from(NOT_ONE_NUMBER),
    st.integers(1, 99999),
    st.integers(100, 999),
    st.sampled_from([entry for entry in SIMPLE if entry[1][:1] not in ("1", "/", "")]),
    st.sampled_from(["", " "]),
    signs,
)
def test_what_is_not_one_number_is_refused(form, a, b, entry, gap, sign):
    dimension, spelling = entry
    text = sign + form.format(a=a, b=b) + gap + spelling
    got = outcome(to_si, text, dimension, bare_ok=True)
    assert isinstance(got, InputError), (text, got)
    with pytest.raises(InputError):
        parse_number(sign + form.format(a=a, b=b))


def longest_number(text: str) -> tuple[float, str]:
    """Python's own reading of the longest number a text starts with, and the rest."""
    for end in range(len(text), 0, -1):
        if re.fullmatch(r"[-+.0-9eE]+", text[:end]):
            try:
                return float(text[:end]), text[end:]
            except ValueError:
                continue
    raise AssertionError(f"{text!r} was accepted without a number")


@given(
    st.lists(
        st.sampled_from([*"0123456789", *".,+-−–_'eExX /*^()%°µ²", "mM", "mV", "V", "s", "1/s", "cm", "mol/L"]),
        max_size=8,
    ).map("".join),
    st.sampled_from([name for name in NAMES if name != "temperature"]),
)
@example("1e5e5 mM", "concentration")
@example("5 mM^", "concentration")
@example("0b1 mM", "concentration")
def test_garbage_is_refused_or_read_right(text, dimension):
    got = outcome(to_si, text, dimension, bare_ok=True)
    if isinstance(got, InputError):
        return
    assert not set(text) & set(",_'–")
    reading, rest = longest_number(text.strip().replace("−", "-"))
    rest = re.sub(r"\s+", "", rest.replace("°", "deg").replace("µ", "u").replace("²", "2"))
    rest = rest.replace("**", "^").replace("^", "")
    if re.fullmatch("[A-Za-z]*", rest) and (rest in DIMENSIONS[dimension].units or not rest):
        unit = rest or unit_of(dimension)
        factor = oracle(1, unit, dimension) - oracle(0, unit, dimension)
        assert got == pytest.approx(float(Fraction(reading) * factor), rel=1e-15, abs=0.0)
    assert math.copysign(1.0, got) == math.copysign(1.0, reading)


@given(st.text(max_size=12), st.sampled_from(NAMES))
def test_any_text_raises_only_input_errors(text, dimension):
    for got in (outcome(to_si, text, dimension), outcome(parse_number, text, decimal_comma=True)):
        assert isinstance(got, InputError) or math.isfinite(got)


@given(st.floats(1e-30, 1e30), st.sampled_from(NAMES))
def test_the_unicode_minus_is_a_minus(size, dimension):
    unit = unit_of(dimension)
    if dimension == "temperature":
        size = min(size, 50.0)
    got = to_si(f"−{size!r} {unit}", dimension)
    assert got == to_si(f"-{size!r} {unit}", dimension)
    assert got < 0 or dimension == "temperature"


@given(st.data(), st.sampled_from(NAMES))
def test_a_bare_number_is_in_the_door_unit(data, dimension):
    reading = data.draw(readings(dimension))
    expected = to_si(f"{reading!r} {unit_of(dimension)}", dimension)
    array = np.array([reading, reading])
    assert same(to_si(reading, dimension), expected)
    assert same(to_si(repr(reading), dimension, bare_ok=True), expected)
    assert to_si(array, dimension).tolist() == [expected, expected]
    assert array.tolist() == [reading, reading]


@given(st.data(), st.sampled_from(NAMES))
def test_format_is_undone_by_reading(data, dimension):
    value = data.draw(values(dimension))
    text = format_si(value, dimension)
    assert same(to_si(text, dimension), value)
    assert text.isascii()


@given(st.data(), st.sampled_from(NAMES))
def test_a_typed_number_is_printed_as_typed(data, dimension):
    low, high = (-4000, 9999) if dimension == "temperature" else (-(10**6), 10**6)
    reading = data.draw(st.integers(low, high)) / 100
    text = f"{reading:g} {unit_of(dimension)}".strip()
    assume(float(f"{reading:g}") == reading and "e" not in text)
    assert format_si(to_si(reading, dimension), dimension) == text


@given(st.data(), st.sampled_from(NAMES))
def test_from_si_undoes_to_si(data, dimension):
    reading = data.draw(readings(dimension))
    back = from_si(to_si(reading, dimension), dimension)
    assert back == pytest.approx(reading, rel=1e-15, abs=1e-13 if dimension == "temperature" else 0.0)


@given(st.data(), st.sampled_from(TABLE))
def test_any_unit_of_the_table_is_read_and_written_as_pint_does(data, named):
    dimension, spelling = named
    reading = data.draw(readings(dimension))
    si = from_door(reading, dimension, spelling)
    assert si == pytest.approx(float(oracle(Fraction(reading), spelling, dimension)), rel=1e-15)
    close = {"rel": 1e-15, "abs": 1e-12 if dimension == "temperature" else 0.0}
    assert from_si(si, dimension, spelling) == pytest.approx(reading, **close)


@pytest.mark.parametrize("dimension", ["potential", "concentration_rate", "volume", "temperature"])
def test_a_traced_number_is_read_by_one_operation_and_the_same_bits(dimension):
    import jax

    array = np.random.default_rng(1).uniform(-1.0, 1.0, 1000)

    def door(si):
        return from_si(si, dimension)

    assert len(jax.make_jaxpr(door)(array).eqns) == (2 if dimension == "temperature" else 1)
    assert np.array_equal(jax.jit(door)(array), door(array))
    assert [door(float(v)) for v in array] == door(array).tolist()


@given(st.data(), st.sampled_from([name for name in NAMES if name != "number"]), st.integers(1, 15))
def test_rounded_text_is_near(data, dimension, figures):
    value = data.draw(values(dimension))
    number, _, unit = format_si(value, dimension, digits=figures).partition(" ")
    assert unit == unit_of(dimension)
    assert float(number) == pytest.approx(from_si(value, dimension), rel=0.51 * 10 ** (1 - figures))


# --- spellings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "dimension", "si"),
    [
        ("5 mM", "concentration", 5.0),
        ("10uM", "concentration", 0.01),
        ("1 M", "concentration", 1000.0),
        ("5 mmol/L", "concentration", 5.0),
        ("5 mol/dm3", "concentration", 5000.0),
        ("-70 mV", "potential", -0.07),
        ("−75 mV", "potential", -0.075),
        ("37 degC", "temperature", 310.15),
        ("37 C", "temperature", 310.15),
        ("37 °C", "temperature", 310.15),
        ("37°C", "temperature", 310.15),
        ("37 ℃", "temperature", 310.15),
        ("98.6 degF", "temperature", 310.15),
        ("310.15 K", "temperature", 310.15),
        ("8 um", "length", 8e-6),
        ("8 µm", "length", 8e-6),
        ("8 μm", "length", 8e-6),
        ("1 inch", "length", 0.0254),
        ("1 uF/cm2", "specific_capacitance", 0.01),
        ("1 µF/cm^2", "specific_capacitance", 0.01),
        ("1 μF/cm**2", "specific_capacitance", 0.01),
        ("1 uF cm⁻²", "specific_capacitance", 0.01),
        ("1e-6 cm/s", "permeability", 1e-8),
        ("1e−6 cm s^-1", "permeability", 1e-8),
        ("90s", "time", 90.0),
        ("5 min", "time", 300.0),
        ("2 h", "time", 7200.0),
        ("1 d", "time", 86400.0),
        ("50 pmol/(cm2 s)", "turnover", 5e-7),
        ("50 pmol cm-2 s-1", "turnover", 5e-7),
        ("50 pmol/cm²/s", "turnover", 5e-7),
        ("1e-12 m/(Pa*s)", "hydraulic_permeability", 1e-12),
        ("1 m/(s MPa)", "hydraulic_permeability", 1e-6),
        ("2 1/min", "rate", 1 / 30),
        ("2/min", "rate", 1 / 30),
        ("2 min^-1", "rate", 1 / 30),
        ("6 mM/min", "concentration_rate", 0.1),
        ("50 %", "number", 0.5),
        ("50%", "number", 0.5),
        ("0.5", "number", 0.5),
        ("300 mOsm", "osmolarity", 300.0),
        ("300 mOsm/L", "osmolarity", 300.0),
        ("300 mosmol/l", "osmolarity", 300.0),
        ("300 mM", "osmolarity", 300.0),
        ("1 cm/s/mM", "product_permeability", 0.01),
        ("2 pmol/cm2/s/mM2", "product_permeability", 2e-8),
        (" +5.\u00a0mM ", "concentration", 5.0),
        (".5 mM", "concentration", 0.5),
    ],
)
def test_what_people_write(text, dimension, si):
    assert to_si(text, dimension) == pytest.approx(si, rel=4e-16)


def test_a_turnover_can_be_a_current_density():
    assert to_si("4.9 uA/cm2", "turnover") == pytest.approx(0.049 / F, rel=1e-15)
    assert to_si("5 uA/mm2", "turnover") == pytest.approx(5.0 / F, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "1 mA/mM2/cm2",
        "1 mA/cm2/mM2",
        "1 mA/(mM2 cm2)",
        "1 mA mM^-2 cm^-2",
        "1 mA/mM²/cm²",
        "1000 uA/cm2/mM^2",
        "1e6 mA/cm2/M2",
    ],
)
def test_a_product_permeability_can_be_a_current(text):
    """1 mA/cm2/mM2 is 10 A/m2 per (mol/m3)^2."""
    assert to_si(text, "product_permeability") == pytest.approx(10.0 / F, rel=1e-15)


@pytest.mark.parametrize(
    ("value", "dimension", "code"),
    [
        ("3,5 mM", "concentration", "decimal_comma"),
        ("-3,5e2 mM", "concentration", "decimal_comma"),
        ("1,000.5 mM", "concentration", "not_a_number"),
        ("1,2,3 mM", "concentration", "not_a_number"),
        ("10 000 mM", "concentration", "not_a_number"),
        ("10'000 mM", "concentration", "not_a_number"),
        ("1_000 mM", "concentration", "not_a_number"),
        ("0x10 mM", "concentration", "not_a_number"),
        ("1e mM", "concentration", "not_a_number"),
        ("1e", "number", "not_a_number"),
        ("--5 mM", "concentration", "not_a_number"),
        ("- 5 mM", "concentration", "not_a_number"),
        ("–75 mV", "potential", "not_a_number"),
        ("5 5 mM", "concentration", "not_a_number"),
        ("5..5 mM", "concentration", "not_a_number"),
        ("５ mM", "concentration", "not_a_number"),
        ("5 × mM", "concentration", "unknown_unit"),
        ("5×10 mM", "concentration", "not_a_number"),
        ("5×10^-3 mM", "concentration", "not_a_number"),
        ("5·10⁻³ mM", "concentration", "not_a_number"),
        ("10⁻³ M", "concentration", "not_a_number"),
        ("10^-3 M", "concentration", "not_a_number"),
        ("10**-3 M", "concentration", "not_a_number"),
        ("5 ± 1 mM", "concentration", "not_a_number"),
        ("5(1) mM", "concentration", "not_a_number"),
        ("5 +/- 1 mM", "concentration", "not_a_number"),
        ("5-10 mM", "concentration", "not_a_number"),
        ("5 to 10 mM", "concentration", "not_a_number"),
        ("<5 mM", "concentration", "not_a_number"),
        ("1.234,5 mM", "concentration", "not_a_number"),
        ("1,234 mM", "concentration", "decimal_comma"),
        ("70 MS/cm2", "specific_conductance", "unknown_unit"),
        ("70 MS cm-2", "specific_conductance", "unknown_unit"),
        ("70 MS/mm^2", "specific_conductance", "unknown_unit"),
        ("5 Mmol L-1", "concentration", "unknown_unit"),
        ("5 mmol/ML", "concentration", "unknown_unit"),
        ("5 PA", "current", "unknown_unit"),
        ("5 Mg/ML", "concentration", "wrong_unit"),
        ("1 Pmol/cm^2/s", "turnover", "unknown_unit"),
        ("5 mM 3", "concentration", "unknown_unit"),
        ("5 mM!", "concentration", "unknown_unit"),
        ("5 mM and more", "concentration", "unknown_unit"),
        ("mM", "concentration", "not_a_number"),
        ("", "concentration", "not_a_number"),
        ("nan", "number", "not_a_number"),
        ("nan mM", "concentration", "not_a_number"),
        ("inf", "number", "not_finite"),
        ("1e400 mM", "concentration", "not_finite"),
        ("1e306 S/cm2", "specific_conductance", "not_finite"),
        ("1e-400 mM", "concentration", "too_small"),
        ("1e-320 pA", "current", "too_small"),
        (math.nan, "concentration", "not_a_number"),
        (-math.inf, "concentration", "not_finite"),
        (10**400, "concentration", "not_finite"),
        (np.array([1.0, math.nan]), "concentration", "not_a_number"),
        (np.array([1.0, math.inf]), "concentration", "not_finite"),
        (np.array([1e306]), "specific_conductance", "not_finite"),
        (True, "number", "not_a_number"),
        (np.True_, "number", "not_a_number"),
        (np.array([True]), "number", "not_a_number"),
        ([1.0, True], "number", "not_a_number"),
        ([[1.0, 2.0], [3.0]], "number", "not_a_number"),
        (None, "number", "not_a_number"),
        (b"5", "number", "not_a_number"),
        (1j, "number", "not_a_number"),
        (np.array(["5"]), "number", "not_a_number"),
        ("5", "concentration", "missing_unit"),
        ("5 mm", "concentration", "wrong_unit"),
        ("5 Mm", "concentration", "wrong_unit"),
        ("5 kg", "concentration", "wrong_unit"),
        ("5 mOsm", "concentration", "wrong_unit"),
        ("5 m", "time", "wrong_unit"),
        ("90 S", "time", "wrong_unit"),
        ("37 deg", "temperature", "unknown_unit"),
        ("5 MM", "concentration", "unknown_unit"),
        ("70 MV", "potential", "unknown_unit"),
        ("70 mv", "potential", "unknown_unit"),
        ("5 foo", "concentration", "unknown_unit"),
        ("5 rad/s", "rate", "unknown_unit"),
        ("5 rpm", "rate", "unknown_unit"),
        ("1 c", "permeability", "unknown_unit"),
        ("5 " + "m" * 200, "length", "unknown_unit"),
        (310, "temperature", "kelvin_for_celsius"),
        ("310 degC", "temperature", "kelvin_for_celsius"),
        (np.array([37.0, 310.15]), "temperature", "kelvin_for_celsius"),
        (-60, "temperature", "too_cold"),
        ("37 K", "temperature", "too_cold"),
        ("-1 K", "temperature", "too_cold"),
        (np.array([37.0, -273.15]), "temperature", "too_cold"),
    ],
)  # fmt: skip
def test_refusals(value, dimension, code):
    error = refusal(value, dimension)
    assert error.code == code
    assert error.message.startswith("outside.K")
    assert error.exit_code == 3


@pytest.mark.parametrize(
    ("value", "dimension", "words"),
    [
        ("5 mm", "concentration", ["'5 mm'", "a length", "not a concentration", "'mM'", "'5 mM'"]),
        ("5 Mm", "concentration", ["a length", "'mM'"]),
        ("70 MV", "potential", ["'mV'", "Upper and lower case"]),
        ("5 mmoll/L", "concentration", ["Did you mean 'mmol/l'"]),
        ("5", "concentration", ["'5 mM'", "a concentration"]),
        ("3,5 mM", "concentration", ["dot"]),
        ("–75 mV", "potential", ["dash", "'-'"]),
        ("5 ± 1 mM", "concentration", ["without its error"]),
        ("5(1) mM", "concentration", ["without its error"]),
        ("5×10^-3 mM", "concentration", ["'5e-3'"]),
        ("10⁻³ M", "concentration", ["'5e-3'"]),
        ("5–10 mM", "concentration", ["no range"]),
        ("~5 mM", "concentration", ["no limit"]),
        ("1.234,5 mM", "concentration", ["decimal dot", "thousands"]),
        ("70 MS cm-2", "specific_conductance", ["'mS/cm2'", "Upper and lower case"]),
        ("5 mmol/ML", "concentration", ["'mmol/mL'"]),
        ("1_000 mM", "concentration", ["separators"]),
        (310, "temperature", ["310 looks like kelvin", "'310 K'", "36.85"]),
        ("37 K", "temperature", ["-236.15 degC", "'37 degC'"]),
    ],
)  # fmt: skip
def test_an_error_names_the_likely_slip(value, dimension, words):
    text = str(refusal(value, dimension))
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(
    ("text", "ion", "says"),
    [
        ("5 mEq/L", "Ca", "it is '2.5 mM'"),
        ("5 meq/l", "K", "it is '5 mM'"),
        ("4 mEq/L", "SO4", "it is '2 mM'"),
        ("3 uEq/mL", "citrate", "it is '1 mM'"),
        ("−9 mval/L", "La", "it is '-3 mM'"),
        ("5 mEq", "Mg", "it is '2.5 mM'"),  # said of a concentration, it is per litre
        ("0.01 val", "Ca", "it is '5 mM'"),
        ("5 mEq/L", "", "Divide by the ion's |z|"),
        ("5 mEq/L", "O2", "Divide by the ion's |z|"),
        ("10 mg/dL", "Ca", "(40.08 g/mol) it is '2.495 mM'"),  # as clinical tables have it: 2.5 mM
        ("10 mg/100mL", "Ca", "it is '2.495 mM'"),
        ("0.1 g/L", "Ca", "it is '2.495 mM'"),
        ("100 ug/ml", "Ca", "it is '2.495 mM'"),
        ("100 ppm", "Ca", "it is '2.495 mM'"),
        ("0.01 %", "Ca", "it is '2.495 mM'"),
        ("0.1 kg/m3", "Ca", "it is '2.495 mM'"),
        ("1 mg/mL", "gluconate", "(195.1 g/mol) it is '5.124 mM'"),
        ("3.1 mg/dL", "HPO4", "weigh its phosphorus (30.97 g/mol): '1.001 mM'"),  # 31 mg/L by 30.974 g/mol
        ("1 mg/dL", "", "Divide by the molar mass"),
        ("0.9 %", "", "NaCl, 58.44 g/mol, is '154 mM'"),
        ("300 mOsm/kg", "Na", "per kg of water"),
        ("5 mmol/kg", "Na", "per kg of water"),
        ("40 mmHg", "O2", "solubility"),
        ("5 kPa", "O2", "solubility"),
        ("5 osm", "K", "an osmolarity"),
    ],
)
def test_what_lacks_something_says_what_and_how_much_it_is(text, ion, says):
    with pytest.raises(InputError) as caught:
        to_si(text, "concentration", "outside.K", ion=ion)
    assert caught.value.code == "wrong_unit"
    assert says in str(caught.value)
    assert "mol/l" not in str(caught.value)


def test_an_unknown_dimension_is_named():
    with pytest.raises(InputError, match="Did you mean 'concentration'") as caught:
        to_si(5, "concentratoin")
    assert caught.value.code == "unknown_dimension"


# --- numbers, quantities, arrays ------------------------------------------------------------------


def test_parse_number():
    assert parse_number(" −7.5e−3 ") == -0.0075
    assert parse_number("3,5", decimal_comma=True) == 3.5
    assert parse_number("−3,5e2", decimal_comma=True) == -350.0
    assert parse_number("3.5", decimal_comma=True) == 3.5
    for text in ("1.000,5", "1,000,5", "3,", ",5", "5 mM", "1_0", "", "١", "nan", "1e"):
        with pytest.raises(InputError):
            parse_number(text, "column 2", decimal_comma=True)
    with pytest.raises(InputError, match="column 2") as caught:
        parse_number("3,5", "column 2")
    assert caught.value.code == "decimal_comma"


def test_pint_quantities():
    ureg = pint.UnitRegistry()
    assert to_si(ureg.Quantity(-70, "mV"), "potential") == to_si("-70 mV", "potential")
    assert to_si(ureg.Quantity(1.0, "uF/cm^2"), "specific_capacitance") == 0.01
    assert to_si(ureg.Quantity(37, "degC"), "temperature") == 310.15
    assert to_si(ureg.Quantity(0.5), "number") == 0.5
    assert to_si(ureg.Quantity(3.0, "1/min"), "rate") == 0.05
    assert to_si(ureg.Quantity(2.0, "pmol/cm^2/s"), "turnover") == 2e-8
    assert to_si(ureg.Quantity(1.0, "m/s/atm"), "hydraulic_permeability") == pytest.approx(1 / 101325)
    assert to_si(ureg.Quantity(np.array([1.0, 2.0]), "min"), "time").tolist() == [60.0, 120.0]
    for quantity, dimension, code in [
        (ureg.Quantity(5, "mm"), "concentration", "wrong_unit"),
        (ureg.Quantity(37, "coulomb"), "temperature", "wrong_unit"),
        (ureg.Quantity(300, "delta_degC"), "temperature", "unknown_unit"),
        (ureg.Quantity(math.nan, "mM"), "concentration", "not_a_number"),
        (ureg.Quantity(np.array([True]), "mM"), "concentration", "not_a_number"),
    ]:
        assert refusal(quantity, dimension).code == code


def test_labelled_arrays_bring_their_unit():
    xarray = pytest.importorskip("xarray")
    assert to_si(xarray.DataArray([-70.0], attrs={"units": "mV"}), "potential").tolist() == [-0.07]
    assert to_si(xarray.DataArray([-70.0]), "potential").tolist() == [-0.07]


def test_other_quantities_are_refused_not_stripped():
    class Brian(np.ndarray):
        dim = "metre ** 2 * kilogram * second ** -3 * amp ** -1"

    assert refusal(np.array([0.005]).view(Brian), "potential").code == "unknown_unit"


def test_arrays_and_lists():
    array = to_si(np.array([[-70, -60], [0, 55]]), "potential")
    assert array.dtype == np.float64
    assert array.tolist() == [[-0.07, -0.06], [0.0, 0.055]]
    assert to_si([140, "5 mM", "0.1 M"], "concentration").tolist() == [140.0, 5.0, 100.0]
    assert to_si(np.array([]), "temperature").size == 0
    assert to_si([], "temperature").size == 0
    assert isinstance(to_si(np.float32(3), "time"), float)
    assert isinstance(to_si(np.array(3), "time"), float)
    assert from_si(array, "potential").tolist() == [[-70.0, -60.0], [0.0, 55.0]]
    assert from_si([310.15], "temperature").tolist() == [37.0]
    assert math.isnan(from_si(math.nan, "potential"))
    error = refusal([140, "5 mm"])
    assert error.message.startswith("outside.K[1]:")


# --- printing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "dimension", "digits", "text"),
    [
        (5.0, "concentration", None, "5 mM"),
        (-0.07, "potential", None, "-70 mV"),
        (-0.07, "potential", 3, "-70 mV"),
        (1e-8, "permeability", None, "1e-6 cm/s"),
        (1e-8, "permeability", 2, "1e-6 cm/s"),
        (310.15, "temperature", None, "37 degC"),
        (310.15, "temperature", 3, "37 degC"),
        (0.5, "number", None, "0.5"),
        (0.5, "number", 2, "0.5"),
        (99.96, "concentration", 3, "100 mM"),
        (1234.0, "concentration", 2, "1200 mM"),
        (0.0, "concentration", 3, "0 mM"),
        (0.00012345, "concentration", 3, "0.000123 mM"),
        (12345678.0, "time", 3, "1.23e7 s"),
        (1e308, "length", None, "1e308 m"),
        (1e308, "length", 3, "1e308 m"),
    ],
)  # fmt: skip
def test_format(value, dimension, digits, text):
    assert format_si(value, dimension, digits) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_not_printed(value):
    with pytest.raises(InputError) as caught:
        format_si(value, "potential")
    assert caught.value.code == "not_finite"


@pytest.mark.parametrize(
    ("seconds", "digits", "text"),
    [
        (0.00051, 4, "0.51 ms"), (59.99999, 4, "1 min"), (90.0, 4, "90 s"), (5400.0, 4, "90 min"), (3600.0, 4, "1 h"),
        (172800.0, 4, "2 d"), (1234.5, 2, "21 min"), (1e-17, 4, "1e-11 us"), (-120.0, 4, "-2 min"), (0.99999, 3, "1 s"),
    ],
)  # fmt: skip
def test_a_time_is_said_in_the_unit_one_would_use(seconds, digits, text):
    assert duration(seconds, digits) == text

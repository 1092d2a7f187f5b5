"""Tables: no token is broken to fit, nothing is lost, and numbers are as people write them."""

import math
import re
from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrest.errors import InputError
from vrest.layout import prose
from vrest.tables import Column, Table, number

FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def tokens(text):
    """Words and numbers, without the rules under heads."""
    return Counter(word for word in text.split() if set(word) != {"─"})


@given(FLOATS, st.integers(1, 6))
def test_a_number_is_its_value_to_so_many_digits(value, digits):
    text = number(value, digits)
    mantissa, _, power = text.partition("e")
    assert text != "-0"
    assert "." not in mantissa or not mantissa.endswith(("0", "."))
    assert not power.startswith(("+", "0", "-0"))
    assert abs(Decimal(text) - Decimal(value)) <= Decimal("0.5001") * Decimal(10) ** (
        (Decimal(value).adjusted() if value else 0) - digits + 1
    )
    assert len(mantissa.strip("-").replace(".", "").strip("0")) <= digits


@given(FLOATS, st.integers(0, 3))
def test_decimals_have_no_negative_zero_and_no_more_than_six_digits(value, decimals):
    text = number(value, decimals=decimals)
    assert not re.fullmatch(r"-0(\.0*)?", text)
    assert len(text.partition("e")[0].strip("-").replace(".", "")) <= 6
    assert float(text) == pytest.approx(value, rel=1e-5, abs=0.5 * 10.0**-decimals * (1 + 1e-9))


@pytest.mark.parametrize(
    ("value", "options", "text"),
    [
        (-1e-9, {"decimals": 2}, "0.00"),
        (-0.0, {}, "0"),
        (-0.0, {"signed": True}, "0"),
        (1e-9, {"decimals": 2, "signed": True}, "0.00"),
        (5.42173e-08, {}, "5.422e-8"),
        (999999.9, {}, "1e6"),
        (0.00012345, {}, "0.0001234"),
        (math.nan, {}, "–"),
        (-math.inf, {}, "-inf"),
        (3.0, {"signed": True}, "+3"),
    ],
)
def test_numbers(value, options, text):
    assert number(value, **options) == text


WORDS = st.text("abKN_.+", min_size=1, max_size=14)
HEADS = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
UNITS = st.sampled_from(["", "mV", "mM", "pmol/cm2/s", "uA/cm2"])
NUMBERS = st.lists(st.one_of(st.none(), FLOATS, st.integers(-(10**6), 10**6)), min_size=5, max_size=5)
PROSE = st.lists(st.lists(WORDS, max_size=12).map(" ".join), min_size=5, max_size=5)


@st.composite
def tables(draw):
    rows = draw(st.integers(0, 5))
    kinds = draw(st.lists(st.sampled_from([NUMBERS, NUMBERS, PROSE]), min_size=1, max_size=14))
    first = Column(draw(HEADS), "", draw(PROSE)[:rows])
    return Table([first, *(Column(draw(HEADS), draw(UNITS), draw(kind)[:rows], rounding=0.0) for kind in kinds)])


@given(tables(), st.integers(20, 140))
def test_a_table_that_is_made_to_fit_breaks_and_loses_nothing(table, width):
    wide, narrow = table.text(None), table.text(width)
    assert set(tokens(narrow)) <= set(tokens(wide))
    assert not tokens(wide) - tokens(narrow) or not table.columns[0].values
    for line in narrow.splitlines():
        assert len(line) <= width or len(line.split()) == 1


def test_what_is_rounding_beside_the_others_is_zero_unless_it_is_meant():
    flux = (1.2, -2.5e-17, 0.0)
    assert Column("flux", "fmol/s", flux).texts == ("1.2", "0", "0")
    assert Column("flux", "fmol/s", flux, rounding=0.0).texts == ("1.2", "-2.5e-17", "0")


LISTED = ["rest", "  K inside", "  mM", "    1.5", "settled", "  K inside", "  mM", "    2.5"]


def test_forms_at_three_widths():
    """Full; heads wrapped; turned round where a few rows have very many columns; else in blocks."""
    columns = [Column("", "", ["rest", "settled"])]
    columns += [Column(f"{ion} inside", "mM", [1.5, 2.5]) for ion in ("K", "Na", "Cl", "Ca")]
    table = Table(columns)
    head = table.text(80).splitlines()[0]
    assert head.split() == ["K", "inside", "mM", "Na", "inside", "mM", "Cl", "inside", "mM", "Ca", "inside", "mM"]
    assert len(table.text(40).splitlines()) == 6
    turned = table.text(28).splitlines()
    assert turned[0].split() == ["rest", "settled"]
    assert turned[2].split() == ["K", "inside", "mM", "1.5", "2.5"]
    blocks = Table([columns[0], *(Column("K outside of", "mM", [12.5, n]) for n in (1.0, 2.0))]).text(17).split("\n\n")
    assert [block.splitlines()[-1].split() for block in blocks] == [["settled", "1"], ["settled", "2"]]
    listed = Table(columns[:2]).text(10).splitlines()
    assert listed == LISTED


def test_a_notebook_shows_it_with_its_title_and_its_note():
    table = Table([Column("time", "s", [0, 1]), Column("V", "mV", [-70.0, None], decimals=2)], "a & b", "n")
    shown = table.html()
    assert shown.count("<tr>") == 1 + 2 + 1
    assert "<caption>a &amp; b</caption>" in shown
    assert ">V (mV)</th>" in shown
    assert re.findall(r">([^<>]+)</td>", shown) == ["-70.00", "–", "n"]


def test_a_data_frame_keeps_all_digits():
    frame = Table([Column("ion", "", ["K", "Na"]), Column("E", "mV", [-89.0612345678, None])]).to_dataframe()
    assert frame["E (mV)"].tolist()[0] == -89.0612345678
    assert math.isnan(frame["E (mV)"].tolist()[1])
    assert frame["ion"].tolist() == ["K", "Na"]


def test_uneven_columns_are_refused():
    with pytest.raises(InputError, match="'b' has 2") as error:
        Table([Column("a", "", [1.0]), Column("b", "", [1.0, 2.0])])
    assert error.value.code == "uneven_table"


@given(st.lists(WORDS, max_size=30).map(" ".join), st.integers(10, 60))
def test_prose_breaks_at_blanks_alone(text, width):
    lines = prose(text, width).splitlines()
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= width or " " not in line.strip() for line in lines)


def test_prose_keeps_a_number_with_its_unit():
    assert prose("it holds -5.6 mV of V", 13).splitlines() == ["it holds", "-5.6 mV of V"]

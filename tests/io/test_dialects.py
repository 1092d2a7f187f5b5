"""One table of measurements in the ways people write it: each is read as the same table, or refused."""

import random
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import vrest
from vrest.study.fit.measured import measured

KO, V = (2.5, 10.0, 40.5, 0.04), (-91.5, -61.25, -29.0, -120.1)
ERROR, N = (2.0, 1.5, 3.25, 4.0), (4, 5, 6, 4)

K_HEADS = {
    "Ko": 1, "K_o (mM)": 1, "[K+]o [mM]": 1, "K_out/mM": 1, "[K⁺]ₒ (mmol·L⁻¹)": 1, "outside.K": 1, "[K+]ext (µM)": 1000,
    "K+ out {mM}": 1, "ko_mM": 1, "extracellular K+ (mmol/l)": 1, "[K]out / mmol/L": 1, "K_bath in mM": 1,
    "compartments.outside.ions.K": 1, "[K+]e (M)": 0.001, "[K+]o mM": 1,
}  # fmt: skip
"""Each with what its numbers are of mM."""

V_HEADS = {
    "Vm": 1, "V_m (mV)": 1, "ΔΨ": 1, "Em [mV]": 1, "membrane potential / mV": 1, "E_m (V)": 0.001, "Vm in mV": 1,
    "RMP (mV)": 1, "V": 1, "mean Vm (mV)": 1, "Resting potential": 1, "Vm\n(µV)": 1000,
}  # fmt: skip

BESIDE = ("sd", "SD (mV)", "s.d.", "Standard deviation / mV")
BESIDE_SEM = ("sem", "SEM", "s.e.m. (mV)", "standard error [mV]", "± SEM")
WITHIN = ("±", "+/-", "+-", " ± ", " +/- ", "()")


@pytest.fixture(scope="module")
def frog():
    return vrest.load("frog_muscle")


def written(rng):
    """The bytes of a table, the standard errors that it has, and whether n told them."""
    divider = rng.choice(",;\t")
    mark = "." if divider == "," else rng.choice(".,")
    minus = rng.choice("-−")

    def number(value, scale=1.0):
        text = f"{value * scale:.10f}".rstrip("0").rstrip(".") if rng.random() < 0.8 else f"{value * scale:.6e}"
        return text.replace("-", minus).replace(".", mark)

    (k_head, k_scale), (v_head, v_scale) = rng.choice([*K_HEADS.items()]), rng.choice([*V_HEADS.items()])
    error, counted = rng.choice(["none", "sd", "sem", "within"]), rng.random() < 0.4
    k = [number(value, k_scale) for value in KO]
    v = [number(value, v_scale) for value in V]
    columns = [[k_head, *k], [v_head, *v]]
    if error == "within":
        sign, meant = rng.choice(WITHIN), rng.choice(["", "SD", "SEM"]) if not counted else rng.choice(["SD", "SEM"])
        between = [sign, sign] if sign != "()" else ["(", ")"]
        plain = [f"{value * v_scale:.6f}".replace("-", minus).replace(".", mark) for value in V]
        spread = [f"{value * v_scale:.6f}".replace(".", mark) for value in ERROR]
        columns[1][1:] = [f"{a}{between[0]}{b}{between[1] if sign == '()' else ''}" for a, b in zip(plain, spread, strict=True)]  # fmt: skip # noqa: E501
        columns[1][0] = f"{v_head} ± {meant}" if meant else v_head
    elif error != "none":
        meant = error.upper()
        columns.append([rng.choice(BESIDE if error == "sd" else BESIDE_SEM), *(number(value) for value in ERROR)])
    if counted:
        columns.append([rng.choice(["n", "N"]), *map(str, N)])
    rng.shuffle(columns)
    lines = [list(line) for line in zip(*columns, strict=True)]
    if k_scale == v_scale == 1 and rng.random() < 0.3:  # units in a line of their own
        bare = {"Ko": "mM", "outside.K": "(mM)", "Vm": "mV", "ΔΨ": "[mV]"}
        if all(head in bare or head in ("n", "N", "sd", "sem", "s.d.", "SEM") for head in lines[0]):
            lines.insert(1, [bare.get(head, "") for head in lines[0]])
    if rng.random() < 0.2:
        lines = [[*line, "", ""] for line in lines]
    quoted = rng.random() < 0.3
    texts = [
        divider.join(f'"{cell}"' if quoted or divider in cell or "\n" in cell else cell for cell in line)
        for line in lines
    ]
    if rng.random() < 0.3:
        texts.insert(rng.randrange(len(texts)), rng.choice(["", "# 3 ± 4, by hand", "   "]))
    if rng.random() < 0.1:
        texts.insert(0, f"sep={divider}")
    text = rng.choice(["\n", "\r\n", "\r"]).join(texts) + rng.choice(["", "\n", "\n\n"])
    coded = text.encode(rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"]))
    counts = np.sqrt(N) if counted and error != "none" and meant == "SD" else np.ones(4)
    return coded, None if error == "none" else np.array(ERROR) / counts, counted and error != "none"


def read(path, cell, coded):
    path.write_bytes(coded)
    return measured(cell, vrest.read_measurements(path))


def test_one_table_in_five_hundred_hands(tmp_path, frog):
    rng, refused = random.Random(17), []
    for _ in range(500):
        coded, error, told = written(rng)
        try:
            table = read(tmp_path / "vm.csv", frog, coded)
        except vrest.InputError as problem:
            refused.append((coded, str(problem)))
            continue
        assert table.paths == ("compartments.outside.ions.K",), coded
        assert table.rows.ravel() == pytest.approx(KO, rel=1e-12), coded
        assert table.v == pytest.approx(V, rel=1e-12), coded
        assert table.known == (error is not None), coded
        if error is not None:
            assert table.error == pytest.approx(error, rel=1e-9), coded
            assert (table.counts is not None) == told, coded
    assert not refused, refused[:3]


def test_dialects_give_the_same_fit(tmp_path, frog):
    """The reading is the same to the last bit but for what units do, and so is what follows."""
    found = []
    for k_head, mark in product(["Ko swap Na", "[K+]o (µM) swap Na", "K_out/mM swap Na"], [".", ","]):
        scale = K_HEADS["[K+]ext (µM)"] if "µM" in k_head else 1
        rows = zip(KO[:3], V[:3], ERROR[:3], strict=True)
        lines = [f"{k_head};Vm", *(f"{k * scale:g};{v:g} ± {e:g}".replace(".", mark) for k, v, e in rows)]
        path = tmp_path / "vm.csv"
        path.write_text("\n".join(lines), encoding="utf-8")
        (e,) = vrest.fit(frog, vrest.read_measurements(path)).estimates
        found.append((e.value, e.low, e.high))
    assert found == [pytest.approx(found[0], rel=1e-9)] * len(found)


REFUSED = [
    ("Ko;Vm\n1,250;-91\n10;-61\n", "two_sizes", "row 1 (line 2), column 'Ko': '1,250' may be 1.25 or 1250."),
    ("Ko;Vm\n1.250;-91,5\n10;-61\n", "two_sizes", "'1.250' may be 1.25 or 1250"),
    ("Ko\tVm\n1,250\t-91.5\n", "two_sizes", "'1,250' may be 1.25 or 1250"),
    ("Ko;Vm\n2,5;-91 (2)\n", "not_a_number", "Write '-91 ± 2' if it is an error, '-91 (n = 2)' if a count."),
    ("Ko,Vm (SD)\n2.5,-61.2(3)\n", "not_a_number", "'-61.2(3)' does not say what 3 is"),
    ("Ko,Vm\n2.5,-91 ± 2 (4)\n", "not_a_number", "Write '-91 ± 2 (n = 4)'"),
    ("Ko,Vm,n\n2.5,-91 ± 2,4\n", "which_error", "as in 'Vm ± SEM'"),
    ("Ko,Vm ± 95 % CI\n2.5,-91 ± 2\n", "bad_table", "neither an SD nor a SEM"),
    ("Ko (mM) (µM),Vm\n2.5,-91\n", "bad_table", "one unit"),
    ("Ko,Vm\n2.5 ± 0.1,-91\n", "not_a_number", "only a potential has an error"),
    ("Ko ± SD,Vm\n2.5,-91\n", "bad_data", "only potentials have one"),
    ("Ko,Vm\n2.5,(91)\n", "not_a_number", "'(91)' is not a potential"),
    ("Ko,Vm\n2.5,- 91\n", "not_a_number", "'- 91'"),
    ("Ko,Vm\n2.5,-91 ± -2\n", "out_of_range", "row 1: -2"),
    ("Ko,Vm\n<1,-91\n", "not_a_number", "'<1'"),
    ("Ko,Vm\n2.5,n.d.\n", "not_a_number", "'n.d.'"),
    ("Ko Vm\n2.5 -91\n", "bad_table", "blanks divide the columns"),
    ("2.5,-91\n10,-61\n", "bad_table", "has numbers, not the names"),
    ('Ko,Vm\n"2.5,-91\n10,-61\n', "bad_table", "line 2: a quotation mark has no second one"),
    ("[K+] (mM),Vm\n2.5,-91\n", "unknown_column", "Write Ko or Ki"),
    ("K,Vm\n2.5,-91\n", "unknown_column", "Write Ko or Ki"),
    ("Ko,Vm,sem\n2.5,-91,\n10,-61,\n", "empty_value", "sem is empty in every row"),
    ("Ko,Vm,sem\n2.5,-91,0\n", "out_of_range", "row 1: 0"),
    ("Ko,Vm ± SEM\n2.5,-91 ± 2 (n = 3)\n10,-61 ± 2\n", "bad_data", "row 2: n is missing"),
]


@pytest.mark.parametrize(("text", "code", "says"), REFUSED)
def test_what_can_be_read_in_two_ways_is_refused(tmp_path, frog, text, code, says):
    with pytest.raises(vrest.InputError) as refused:
        read(tmp_path / "vm.csv", frog, text.encode())
    assert refused.value.code == code
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("coded", "says"),
    [
        (b"PK\x03\x04...", "is a workbook"),
        ("Ko (µM),Vm\n2500,-91\n".encode("latin-1"), "line 1 has the byte 0xb5"),
    ],
)
def test_files_that_are_no_text(tmp_path, frog, coded, says):
    with pytest.raises(vrest.InputError, match=says) as refused:
        read(tmp_path / "vm.csv", frog, coded)
    assert refused.value.code == "bad_table"


def test_the_barley_root(tmp_path, frog):
    """As published: K+ outside, and mean ± error in one cell, with the minus that papers have."""
    text = "[K+]ext\tΔΨ\n0.1\t−118 ± 10\n1.5\t−123 ± 18\n5\t−119 ± 9\n20\t−59 ± 6\n40\t−51 ± 9\n"
    table = read(tmp_path / "barley.tsv", frog, text.encode())
    assert table.rows.ravel().tolist() == [0.1, 1.5, 5, 20, 40]
    assert table.v == pytest.approx([-118, -123, -119, -59, -51], rel=1e-14)
    assert (table.error.tolist(), table.known, table.counts) == (pytest.approx([10, 18, 9, 6, 9]), True, None)


@pytest.mark.parametrize(
    ("cell", "value", "error"),
    [
        ("-141(11)", -141, 11), ("−141.2(11)", -141.2, 1.1), ("-141.2(1.1)", -141.2, 1.1), ("-141 +/- 11", -141, 11),
        ("-0.141(11) V", -141, 11), ("-141 ± 11 mV", -141, 11), ("-141 mV ± 0.011 V", -141, 11), ("-0.5(5)", -0.5, 0.5),
    ],
)  # fmt: skip
def test_errors_in_the_cell_of_the_potential(tmp_path, frog, cell, value, error):
    table = read(tmp_path / "vm.csv", frog, f"Ko,Vm\n2.5,{cell}\n".encode())
    assert table.v == pytest.approx([value], rel=1e-12)
    assert table.error == pytest.approx([error], rel=1e-12)


def test_columns_of_texts_in_python_are_read_like_files(frog):
    data = {"Ko (µM)": ["2500", "10 mM"], "Vm ± SEM (V)": ["−0.091 ± 0.002", "-61 ± 3 mV"], "n": [4, 5]}
    table = measured(frog, data)
    assert table.rows.ravel() == pytest.approx([2.5, 10.0])
    assert table.v == pytest.approx([-91.0, -61.0])
    assert table.error == pytest.approx([2.0, 3.0])
    assert table.counts.tolist() == [4, 5]


def test_a_row_without_an_error_is_lent_that_of_the_others(frog):
    table = measured(frog, {"Ko": [1, 2, 3], "Vm": [-91, -80, -70], "sem": [3.0, np.nan, 4.0]})
    assert table.lent == (1,)
    assert table.error == pytest.approx([3.0, np.sqrt(12.5), 4.0])
    table = measured(frog, {"Ko": [1, 2, 3], "Vm": [-91, -80, -70], "sem": [3.0, "", 4.0], "n": [4, 1, 9]})
    pooled = np.sqrt((3 * 4 * 9 + 8 * 9 * 16) / 11)  # of the variances of single measurements
    assert table.error == pytest.approx([3.0, pooled, 4.0])


ATOMS = (
    *(
        "Ko",
        "Vm",
        "±",
        "(",
        "3",
        ")",
        "n",
        "=",
        "-",
        "−",
        ".",
        ",",
        ";",
        "\t",
        "\n",
        '"',
        "sem",
        "sd",
        "mV",
        "mM",
        " ",
        "1e",
    ),
    *(
        "9" * 50,
        "V [V]",
        "#",
        "[K+]o",
        "\r",
        "nan",
        "0",
        "12",
        " ± ",
        "(11)",
        "SEM",
        "n = 3",
        "\x00",
        "sep=;",
        "µ",
        "ΔΨ",
        "*",
    ),
)


def test_any_text_is_read_or_refused(tmp_path, frog):
    rng = random.Random(3)
    for k in range(800):
        cells = ["".join(rng.choices(ATOMS, k=rng.randrange(1, 4 if k % 2 else 12))) for _ in range(6)]
        text = f"Ko;Vm;sem\n{';'.join(cells[:3])}\n{';'.join(cells[3:])}\n" if k % 2 else "".join(cells)
        try:
            table = read(tmp_path / "vm.csv", frog, text.encode())
        except vrest.InputError:
            continue
        assert np.isfinite([*table.v, *table.error]).all(), text


def test_an_ion_that_the_bath_does_not_name_is_set_by_its_column(tmp_path, frog):
    """Its own bath has 0 mM of it, which the column of the table replaces."""
    (own,) = (Path(vrest.__file__).parent / "model" / "library").rglob("frog_muscle.toml")
    bath, rest = own.read_text(encoding="utf-8").split("[compartments.outside.ions]\nK = ")
    path = tmp_path / "bare.toml"
    path.write_text(f"{bath}[compartments.outside.ions]{rest[rest.index(chr(10)) :]}", encoding="utf-8")
    bare = vrest.load(path)
    assert "K" not in bare.compartments["outside"].ions or bare.compartments["outside"].ions["K"] == 0.0
    data = {"Ko": [2.5, 10.0, 30.0], "Vm": [-91.0, -62.0, -35.0]}
    found = [vrest.fit(cell, data, model="mullins_noda").values["P_Na/P_K"] for cell in (bare, frog)]
    assert found[0] == pytest.approx(found[1], rel=1e-9)

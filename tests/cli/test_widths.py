"""Every command, printed at several widths: no token is split, nothing is lost, numbers are as people write them."""

import io
import re
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from vrest.cli import answer as printing
from vrest.cli.app import COMMANDS
from vrest.model.cellfile import load, write_cell

WIDTHS = (60, 80, 100, 120)
ALL = 10_000
DEMO = str(Path(__file__).parents[2] / "examples" / "vm_ko.csv")

WEAK = ("--set", "pump.max_rate*=0.7499999999999999")
OF_A_CELL = {
    "rest": (),
    "rest --all": (),
    "explain": (),
    "instant": WEAK,
    "settled": WEAK,
    "run": ("--at", "5 min", "pump.max_rate*=0.7499999999999999", "--until", "1 h", "--points", "5"),
    "check": (),
    "show": (),
    "show --sources": (),
    "perturb": (),
}
OF_ONE_MEMBRANE = {
    "perturb ouabain": ("--dose", "10 nM"),
    "design": ("--v-rest", "-75 mV"),
    "sensitivity": ("-n", "16"),
    "excitability": ("--current", "5"),
    "population": ("--vary", "K_leak.permeability ~ lognormal(0.2)", "-n", "16"),
    "bifurcation": ("pump.max_rate", "0.9x", "1.1x"),
    "curve": ("pump.max_rate", "0.9x", "1.1x", "--points", "5"),
}
CALLS = {
    "nernst": ("nernst", "Ca", "--inside", "1e-9", "--outside", "1.2345678"),
    "ghk": ("ghk", "--ion", "K", "9", "5", "1", "--ion", "Na", "0", "9", "0.0412345", "--ion", "Cl", "7", "1e-7", "1"),
    "compare": ("compare", "mammalian_neuron", "frog_muscle", "squid_axon", "--perturb", "ouabain"),
    "fit": ("fit", DEMO, "--cell", "frog_muscle", "--free", "P_Na/P_K", "--model", "chord", "--model", "ghk", "--next"),
    "show": ("show",),
    "perturb --list": ("perturb", "--list"),
    "doctor": ("doctor",),
    "explain of a ring": ("explain", "frog_skin"),
    "excitability of what fires": ("excitability", "hodgkin_huxley_1952", "--current", "10", "--current", "160"),
    "rests of two": ("rest", "dijkstra_2016", "--all"),
    "a jump": ("curve", "kir_muscle", "outside.K", "1", "5", "--log", "--points", "9", "--cells", "frog_muscle"),
    "doses": ("perturb", "dijkstra_2016", "digoxin", "--dose", "5 nM:50 nM:log:6", "--dose", "toxic"),
    "a perturbation": ("perturb", "digoxin"),
    "a map": ("map", "mammalian_neuron", "--x", "outside.K", "2:20:log:5", "--y", "pump.max_rate", "0x:1x:lin:3"),
    "recovery": ("map", "mammalian_neuron", "anoxia", "--x", "duration", "1 min, 2 h", "--y", "dose", "50 %, 100 %"),
    "mullins-noda": ("mullins-noda", "--ion", "K", "140", "1:100:log:5", "1", "--ion", "Na", "15", "145", "0.0412345"),
    "ljp of recipes": (
        "ljp", "k_gluconate_internal", "acsf", "--celsius", "32", "--new-bath", "ringer", "--reference", "3 M KCl",
    ),
    "ljp": (
        "ljp", "--ion", "K", "145", "2.8", "--ion", "Na", "13", "145.00012345", "--ion", "Cl", "158", "147.8",
        "--ion", "lactobionate", "0.0001", "0", "--celsius", "20", "--measured", "-60, -62.512345",
        "--config", "cell-attached", "--activity", "davies",
    ),
    "a sweep": ("nernst", "K", "--inside", "140", "--outside", "1:123.45678:log:4"),
    "folds": ("bifurcation", "dijkstra_2016", "pump.max_rate", "0.5x", "2x"),
    "runs of many": (
        "population", "mammalian_neuron", "--vary", "pump.max_rate ~ uniform(0.5x, 2x)", "-n", "16",
        "--at", "5 min", "pump.max_rate*=0", "--until", "1 h", "--threshold", "-60 mV",
    ),
    "a drift": ("check", "mammalian_neuron", *WEAK),
    "no rest": ("rest", "mammalian_neuron", "--set", "K_leak.permeability=0"),
    "an absent ion": ("rest", "mammalian_neuron", "--set", "outside.K=0 mM", "--swap", "Na"),
    "a wrong path": ("rest", "mammalian_neuron", "--set", "K_leak.pemeability=1e-6 cm/s"),
    "a wrong unit": ("rest", "mammalian_neuron", "--set", "outside.K=5 mm"),
    "a wrong command": ("explian", "mammalian_neuron"),
    "a wrong option": ("rest", "mammalian_neuron", "--al"),
    "edneg": ("show", "edneg_2021", "--sources"),
    "a solution": ("solution", "tyrode", "--volume", "500 mL"),
    "solutions": ("solution",),
    "two solutions": ("solution", "compare", "axobits_internal", "axobits_external"),
}  # fmt: skip


LONG = {
    "inside": "cytoplasm_of_the_soma_and_of_all_dendrites",
    "outside": "interstitial_space_around_the_soma",
    "neuron": "plasma_membrane_with_a_long_name",
    "pump": "electrogenic_sodium_potassium_pump",
}


def own_cell(folder):
    """The reference cell with names and numbers of every length."""
    text = write_cell(load("mammalian_neuron"))
    for name, long in LONG.items():
        text = re.sub(rf"(?m)^\[((?:\w+\.)*){name}(?=[].])", rf"[\1{long}", text)
        text = re.sub(rf'(?m)^(inside|outside) = "{name}"', rf'\1 = "{long}"', text)
    text = text.replace('"8 um"', '"123.456789 um"')
    text = re.sub(r"(?m)^\[compartments.(cyto\w+|inter\w+).ions\]$", '\\g<0>\nCa = "1e-7 mM"', text)
    path = folder / "a_cell_of_ones_own_with_a_long_name.toml"
    path.write_text(text.replace('"mammalian_neuron"', '"a_cell_of_ones_own_with_a_long_name"', 1), encoding="utf-8")
    return str(path)


def calls():
    cells = ("mammalian_neuron", "own", "frog_skin", "muscle_tubule", "astrocyte_pair", "edneg_2021")
    for cell in cells:
        commands = OF_A_CELL | (OF_ONE_MEMBRANE if cell in ("mammalian_neuron", "own") else {})
        for command, more in commands.items():
            if (command, cell) == ("rest --all", "edneg_2021"):
                continue  # its 27 unknowns are left to LAPACK, which tests do not allow
            head, *flags = command.split()
            names = [flag for flag in flags if not flag.startswith("-")]
            options = [flag for flag in flags if flag.startswith("-")]
            marks = [pytest.mark.library] if cell == "edneg_2021" and head not in ("show", "perturb") else []
            yield pytest.param((head, cell, *names, *more, *options), id=f"{command} {cell}", marks=marks)
    for name, arguments in CALLS.items():
        yield pytest.param(arguments, id=name)


@pytest.fixture
def printed(vrest, monkeypatch, tmp_path):
    """What a command prints, on both streams, by the width: it computes once, and what it says is printed at each."""

    def by_width(arguments):
        given = list(arguments)
        if "own" in given:
            given = [
                own_cell(tmp_path) if part == "own" else part.replace("pump.", f"{LONG['pump']}.") for part in given
            ]
        texts = {}
        real = printing.answer

        def at_every_width(body, human, **options):
            for width in (*WIDTHS, ALL):
                monkeypatch.setenv("COLUMNS", str(width))
                said = io.StringIO()
                with redirect_stdout(said), redirect_stderr(said):
                    real(body, human, **options)
                texts[width] = said.getvalue()

        monkeypatch.setattr(printing, "answer", at_every_width)
        answer = vrest(*given)
        monkeypatch.setattr(printing, "answer", real)
        assert "Traceback" not in answer.err
        assert "Something went wrong" not in answer.err
        if not texts:  # an error, which costs little
            for width in (*WIDTHS, ALL):
                monkeypatch.setenv("COLUMNS", str(width))
                refused = vrest(*given)
                texts[width] = refused.out + refused.err
        return texts

    return by_width


def tokens(text):
    """Words and numbers; rules under heads, and the backslash at the end of a command's line, are neither."""
    return Counter(word for word in text.split() if not set(word) <= set("─\\"))


def assert_fits(text, width, wide):
    for line in text.splitlines():
        assert len(line) <= width or len(line.split()) == 1, (width, line)
    here, there = tokens(text), tokens(wide)
    assert not set(here) - set(there), "split"
    assert not there - here, "lost"


NUMBER = re.compile(r"[-+]?\d[\d,]*(\.\d+)?(e-?\d+)?")


def assert_as_people_write(text):
    assert not re.search(r"(?<![\w.])-0(\.0*)?(?![\w.])", text), "negative zero"
    assert not re.search(r"\d[eE]([+]|-?0)", text), "an exponent of programs"
    assert not re.search(r"\d[eE]-(1[4-9]|[2-9]\d)", text), "rounding"
    assert not re.search(r"(?<![\d.])0\.0\d* s\b", text), "milliseconds in seconds"
    for word in text.split():
        word = word.strip("()[],;:=")
        if NUMBER.fullmatch(word) and ("." in word or "e" in word):
            digits = word.partition("e")[0].replace(",", "").strip("+-").replace(".", "").lstrip("0")
            assert len(digits) <= 6, word


@pytest.mark.parametrize("arguments", list(calls()))
def test_no_token_is_split_at_any_width(printed, arguments):
    texts = printed(arguments)
    for width in WIDTHS:
        assert_fits(texts[width], width, texts[ALL])
    if arguments[0] not in ("show", "doctor"):  # what authors of cells and packages wrote is theirs
        assert_as_people_write(texts[ALL])


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_and_its_examples_can_be_copied(vrest, monkeypatch, command):
    def helped(width):
        monkeypatch.setenv("COLUMNS", str(width))
        return re.sub("[│╭╮╰╯]", " ", vrest(*([command] if command else []), "--help").out)

    wide = helped(400)
    for width in WIDTHS:
        text = helped(width)
        assert max(map(len, text.splitlines())) <= width
        assert set(tokens(text)) == set(tokens(wide))
        examples = re.findall(r"(?m)^   (vrest (?:.*\\ *\n)*.*(?:\n +# .*)*)$", text)
        joined = [" ".join(re.sub(r"\\ *\n| # ", " ", example).split()) for example in examples]
        typed = re.findall(r"(?m)^   (vrest .*)$", wide)
        assert joined == [" ".join(example.replace(" # ", " ").split()) for example in typed]


def test_a_pipe_has_80_columns_unless_it_is_told(fresh, monkeypatch):
    code = "import sys; from vrest.cli import main; sys.exit(main(sys.argv[1:]))"
    for told, most in (("", 80), ("100", 100)):
        monkeypatch.setenv("COLUMNS", told)
        longest = max(map(len, fresh(code, "perturb", "mammalian_neuron").out.splitlines()))
        assert most - 12 < longest <= most


def test_every_command_is_printed_here():
    asked = {arguments.values[0][0] for arguments in calls()} | {"web"}
    assert asked >= set(COMMANDS)

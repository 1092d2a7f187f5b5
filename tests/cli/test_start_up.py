"""What a command loads: start-up time is part of the design, and this is what it is made of."""

import json

import pytest

RUN = """
import sys, json
from contextlib import redirect_stdout, redirect_stderr
from io import StringIO
from vrest.cli import main
with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
    code = main(sys.argv[1:])
assert code == 0, code
print(json.dumps(sorted(sys.modules)))
"""

SOLVER = {"jax", "jaxlib"}
HEAVY = {"pint", "pydantic", "xarray", "scipy.optimize", "optimistix", "equinox", "pandas", "matplotlib", "h5netcdf"}
HEAVY |= {"zarr", "distributed", "scipy.stats"}
NERNST = ["nernst", "K", "--inside", "140", "--outside", "5"]
LJP = ["ljp", "--ion", "K", "140", "3", "--ion", "Na", "10", "145", "--ion", "Cl", "150", "148", "--celsius", "25"]
GHK = ["ghk", "--ion", "K", "140", "5", "1", "--ion", "Na", "15", "145", "0.04", "--ion", "Cl", "7", "110", "0.45"]


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], SOLVER | HEAVY | {"numpy"}),
        (["rest", "--help"], SOLVER | HEAVY | {"numpy"}),
        (["settled", "--help"], SOLVER | HEAVY | {"numpy"}),
        (["population", "--help"], SOLVER | HEAVY | {"numpy"}),
        (["fit", "--help"], SOLVER | HEAVY | {"numpy"}),
        (NERNST, SOLVER | HEAVY | {"vrest.model.cell", "vrest.model.exchange", "vrest.atomic"}),
        ([*NERNST, "--json"], SOLVER | HEAVY | {"rich"}),
        (["nernst", "K", "--inside", "140 mM", "--outside", "5 mM", "--celsius", "37 degC"], SOLVER | HEAVY),
        ([*GHK, "--json"], SOLVER | HEAVY | {"rich"}),
        (["ljp", "k_gluconate_internal", "acsf", "--celsius", "32"], SOLVER | HEAVY | {"scipy", "vrest.model.cell"}),
        (LJP, SOLVER | HEAVY | {"scipy", "vrest.model.cell"}),
        ([*LJP, "--json"], SOLVER | HEAVY | {"scipy", "rich"}),
        (["show", "mammalian_neuron", "--json"], SOLVER | HEAVY),
        (["solution", "tyrode"], SOLVER | HEAVY | {"scipy", "tomlkit"}),
        (["rest", "mammalian_neuron"], HEAVY),
        (["rest", "mammalian_neuron", "--json"], HEAVY | {"rich"}),
        (["instant", "mammalian_neuron", "--set", "outside.K=12 mM", "--json"], HEAVY | {"rich"}),
        (["settled", "mammalian_neuron", "--set", "outside.K=12 mM", "--json"], HEAVY | {"rich"}),
    ],
)
def test_what_a_command_does_not_load(fresh, arguments, absent):
    answer = fresh(RUN, *arguments)
    assert answer.code == 0, answer.err
    assert not absent & set(json.loads(answer.out))


def test_the_calculator_needs_numpy_alone(fresh):
    code = "import sys, json, vrest; vrest.nernst('K', inside=140, outside=5); print(json.dumps(sorted(sys.modules)))"
    answer = fresh(code)
    assert not (SOLVER | HEAVY | {"click", "rich"}) & set(json.loads(answer.out))


def test_a_verb_reads_a_cell_of_the_library_without_what_reads_files(fresh):
    answer = fresh("import sys, json, vrest; vrest.rest('mammalian_neuron'); print(json.dumps(sorted(sys.modules)))")
    assert not (HEAVY | {"tomlkit", "click", "rich"}) & set(json.loads(answer.out))


def test_the_installed_command(fresh):
    answer = fresh("import sys; from vrest.cli import main; sys.exit(main())", "rest", "nowhere", "--json")
    assert answer.code == 3
    assert answer.error == "unknown_cell"


def test_a_terminal_without_unicode_is_no_reason_to_fail(fresh):
    code = "import sys; sys.stdout.reconfigure(encoding='ascii'); from vrest.cli import main; sys.exit(main())"
    answer = fresh(code, "ghk", "--ion", "K", "140", "5", "1", "--ion", "Na", "0", "145", "0.04")
    assert (answer.code, answer.err) == (0, "")


@pytest.mark.parametrize("quiet", [False, True])
def test_compiling_that_takes_long_says_so(vrest, tmp_path, monkeypatch, quiet):
    """On stderr, unless that was asked to be quiet."""
    from vrest.numerics.compiler import kernel
    from vrest.verbs import search

    monkeypatch.setenv("VREST_CACHE", str(tmp_path))
    monkeypatch.setattr(kernel, "PATIENCE", 0.0)
    search.settling.cache_clear()
    answer = vrest("rest", "wei_2014", *["--quiet"] * quiet)
    assert answer.code == 0
    said = " ".join(answer.err.split())
    assert ("Compiling equations (settle): some seconds, once: the code is kept on disk." in said) is not quiet
    assert bool(answer.err) is not quiet

"""Disks that are full, places that cannot be written, streams that are closed: the right exit code, a clear message,
nothing left behind and nothing half-written."""

import errno
import os
import resource
import runpy
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from click import Context

import vrest as package
from vrest.cli.app import COMMANDS, app
from vrest.errors import InputError

EACH = runpy.run_path(str(Path(__file__).with_name("test_streams.py")))["EACH"]
"""A line of each command."""

ENDS = {"--plot": ".png", "--save": ".html", "--output": ".json"}
"""Of files that every command with such an option writes."""

CELL = {"design", "rest", "settled", "check"}
"""Commands whose -o may be a cell."""


def savers():
    """Every command with every option that writes a file."""
    for name in COMMANDS:
        for parameter in app.get_command(Context(app), name).params:
            option = next((o for o in parameter.opts if o in ENDS), None)
            if option:
                known = ".toml" if option == "--output" and name in CELL else ENDS[option]
                yield name, option, ".nc" if (name, option) == ("run", "--output") else known


def test_the_generator_finds_them():
    found = {(name, option) for name, option, _ in savers()}
    assert {("rest", "--plot"), ("run", "--output"), ("web", "--save"), ("population", "--output")} <= found
    assert len(found) > 20


BAD = {
    "a folder": ("folder{}", "it is a folder"),
    "no folder": ("no/such/file{}", "its folder does not exist"),
    "a file for a folder": ("file/x{}", "its folder does not exist"),
    "no ordinary file": ("fifo{}", "it is no ordinary file"),
    "a long name": ("x" * 300 + "{}", "File name too long"),
    "a long folder": ("x" * 300 + "/x{}", "File name too long"),
    "links in a circle": ("loop{}", ""),
    "another kind": ("file.xls", "is written as"),
    "no kind": ("file", "is written as"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(("name", "option", "end"), list(savers()), ids=str)
def test_what_cannot_be_written_is_refused_at_once(vrest, tmp_path, monkeypatch, name, option, end, bad):
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"folder{end}").mkdir()
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / f"fifo{end}")
    (tmp_path / f"loop{end}").symlink_to(f"loop{end}")
    before = sorted(os.listdir(tmp_path))
    path, why = BAD[bad]
    line = [word for word in EACH[name] if word not in ("--save", "page.html")]
    began = time.process_time()
    answer = vrest(name, *line, option, path.format(end), "--json", stdin="v,outside.K\n-92,2.5\n-75,5\n")
    assert (answer.code, answer.error) == (3, "unknown_suffix" if "written as" in why else "cannot_write")
    assert why in answer.json["error"]["message"]
    assert len(answer.json["error"]["message"]) < 300
    assert time.process_time() - began < 1.0  # nothing was computed
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; run as somebody else")
def test_what_may_not_be_written_is_refused(vrest, tmp_path):
    (tmp_path / "mine.json").write_text("{}")
    (tmp_path / "mine.json").chmod(0o400)
    (tmp_path / "shut").mkdir(0o500)
    for path, why in (("mine.json", "it is read-only"), ("shut/new.json", "its folder is read-only")):
        answer = vrest("rest", "mammalian_neuron", "-o", str(tmp_path / path), "--json")
        assert (answer.code, answer.error) == (3, "cannot_write")
        assert why in answer.json["error"]["message"]


@contextmanager
def full(bytes_left):
    """A disk that takes so many bytes of each file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


WRITTEN = [
    ("rest", "--plot", "rest.png"),
    ("rest", "-o", "rest.toml"),
    ("rest", "-o", "rest.csv"),
    ("rest", "-o", "rest.nc"),
    ("rest", "-o", "rest.json"),
    ("run", "-o", "run.nc"),
    ("run", "-o", "run.csv"),
    ("population", "-o", "many.zarr"),
    pytest.param("population", "-o", "many.csv", marks=pytest.mark.library),
    pytest.param("population", "-o", "many.nc", marks=pytest.mark.library),
    pytest.param("web", "--save", "page.html", marks=pytest.mark.library),
]


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize(("name", "option", "file"), WRITTEN, ids=str)
def test_a_full_disk(vrest, tmp_path, name, option, file, old):
    path = tmp_path / file
    old = old and path.suffix != ".zarr"  # a store that is there is gone on with
    if old:
        path.write_text("old")
    line = [word for word in EACH[name] if word not in ("--save", "page.html")]
    assert vrest(name, *line[:-1], line[-1], "--quiet").code in (0, 2)  # what is compiled is kept on the same disk
    with full(200):
        answer = vrest(name, *line, option, str(path), "--json")
    assert (answer.code, answer.error) == (3, "cannot_write")
    told = answer.json["error"]
    assert str(path) in told["message"] or "..." in told["message"]
    assert "MiB are free" in told["message"]
    assert "Make room" in told["hint"]
    assert answer.err == ""
    assert os.listdir(tmp_path) == ([file] if old else [])
    assert not old or path.read_text() == "old"


def test_a_disk_that_fills_up_under_a_population(neuron, tmp_path):
    """What is done is kept; resumed, its files are those of a store that was never interrupted."""
    vary, how = {"K_leak.permeability": "lognormal(0.2)"}, {"chunk": 64, "workers": 1}

    def fill(finished, _):
        if finished == 128:
            soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            limits.append((soft, hard))
            resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))

    limits, path, whole = [], tmp_path / "cells.zarr", tmp_path / "whole.zarr"
    try:
        with pytest.raises(InputError, match="MiB are free") as caught:
            package.population(neuron, vary, 300, into=package.zarr_store(path), progress=fill, **how)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits[0])
    assert caught.value.code == "cannot_write"
    assert "goes on from there" in caught.value.hint
    assert not [name for _, _, names in os.walk(path) for name in names if name.startswith(".")]
    again = package.population(neuron, vary, 300, into=package.zarr_store(path), **how)
    assert 0 < again.computed <= 300 - 128
    package.population(neuron, vary, 300, into=package.zarr_store(whole), **how)
    assert sorted(os.listdir(tmp_path)) == ["cells.zarr", "whole.zarr"]
    assert files(path) == files(whole)


def files(root):
    """Every file below a folder, with its bytes."""
    return {str(p.relative_to(root)): p.read_bytes() for p in Path(root).rglob("*") if p.is_file()}


VREST = [sys.executable, "-c", "import sys; from vrest.cli import main; sys.exit(main())"]


def shell(redirected, *arguments):
    """Exit code and stderr of a command in a shell, whose streams are as they are said to be."""
    line = ["sh", "-c", f'exec "$@" {redirected}', "sh", *VREST, *arguments]
    done = subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode, done.stderr


NERNST = ("nernst", "K", "--inside", "140", "--outside", "5")


def test_a_full_disk_ends_no_process(tmp_path):
    """HDF5 ended it with a segmentation fault at exit."""
    code, said = shell("", "run", "mammalian_neuron", "--until", "1 s", "--quiet", "-o", str(tmp_path / "run.nc"))
    assert (code, said) == (0, "")
    (tmp_path / "run.nc").unlink()
    line = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999)); {VREST[2]}"
    line = [sys.executable, "-c", line, "run", "mammalian_neuron", "--until", "1 s", "-o", str(tmp_path / "run.nc")]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120)
    assert done.returncode == 3
    assert done.stderr.count("cannot be written") == 1
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


LINES = [NERNST, (*NERNST, "--json"), ("--help",)]
MORE = [("show",), ("run", "--help"), ("--version",), ("rest", "mammalian_neuron", "--quiet")]


@pytest.mark.parametrize(
    "arguments", [*LINES, *(pytest.param(line, marks=pytest.mark.library) for line in MORE)], ids=str
)
def test_an_answer_that_cannot_be_printed(arguments):
    for redirected, why in ((">/dev/full", os.strerror(errno.ENOSPC)), (">&-", "it is closed")):
        code, said = shell(redirected, *arguments)
        assert code == 3
        assert why in " ".join(said.split())


def test_errors_that_cannot_be_said():
    for redirected in ("2>&-", "2>/dev/full", ">/dev/full 2>/dev/full", ">&- 2>&- <&-"):
        assert shell(redirected, "nernst", "K")[0] == 2
        assert shell(redirected, "nernst", "K", "--inside", "x", "--outside", "5", "--json")[0] == 3
    assert shell("2>&-", *NERNST)[0] == shell("2>/dev/full", *NERNST)[0] == shell("<&-", *NERNST)[0] == 0


def test_a_file_is_written_though_nothing_can_be_printed(tmp_path):
    code, _ = shell(">&-", "rest", "mammalian_neuron", "--quiet", "-o", str(tmp_path / "rest.csv"))
    assert code == 3
    assert (tmp_path / "rest.csv").read_text(encoding="utf-8").startswith("# source: vrest")


@pytest.mark.parametrize(
    ("number", "suffix"),
    [
        (signal.SIGTERM, "nc"),
        *(
            pytest.param(number, suffix, marks=pytest.mark.library)
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
            for suffix in ("csv", "nc", "toml")
        ),
    ],
)
def test_a_signal_in_the_midst_of_writing(tmp_path, number, suffix):
    """The signal comes when the new file is written and has not its name yet."""
    code = (
        "import os, sys, signal; from vrest.cli import main; "
        f"os.fsync = lambda _: os.kill(os.getpid(), {int(number)}); sys.exit(main())"
    )
    path = tmp_path / f"rest.{suffix}"
    path.write_text("old")
    line = [sys.executable, "-c", code, "rest", "mammalian_neuron", "--json", "-o", str(path)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120)
    assert done.returncode == 128 + number
    assert '"code": "ended"' in done.stdout or number == signal.SIGINT
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    "line",
    [
        ("rest", "{}.toml"),
        ("rest", "{}"),
        ("check", "{}.toml"),
        ("check", "{}"),
        ("fit", "{}.csv", "--cell", "frog_muscle"),
        ("fit", "-", "--cell", "{}.toml"),
        ("run", "--from", "{}.nc"),
        ("population", "mammalian_neuron", "--table", "{}.csv"),
        ("web", "{}.toml"),
        ("show", "{}.toml"),
        ("compare", "{}.toml", "squid_axon", "--perturb", "ouabain"),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "no/" * 100 + "file", "\0"])
def test_files_that_cannot_be_read(vrest, line, name):
    answer = vrest(*(word.format(name) for word in line), "--json", stdin="v,outside.K\n-92,2.5\n-75,5\n")
    assert answer.code == 3
    assert answer.error in ("no_file", "unknown_cell", "bad_table", "not_a_run", "bad_toml")


@pytest.mark.parametrize("loaded", ["vrest.cli.app", "vrest.layout"])
def test_an_interrupt_while_the_command_is_loaded(loaded):
    """The first tenths of a second ended in a traceback."""
    code = f"""
import sys
from vrest.cli import main

class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == {loaded!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
sys.exit(main(["nernst", "K", "--inside", "140", "--outside", "5"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")

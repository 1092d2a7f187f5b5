"""Every command and every block of the documentation runs, and prints what its page shows.

`python docs/refresh.py` writes into the pages what is printed now.
"""

import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
import rich_click as click
import tomlkit

import vrest
from vrest.cli.app import COMMANDS, app

ROOT = Path(__file__).parents[2]
DOCS = SimpleNamespace(**runpy.run_path(str(ROOT / "docs" / "refresh.py")))
BLOCKS = [block for page in DOCS.PAGES for block in DOCS.blocks(page)]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LONG = {"docs/gallery.md"}
"""Pages whose commands take some ten seconds: run by `make test-library`."""


def kind(block):
    """How a block is run."""
    if block.language == "python":
        return "prompts" if ">>> " in block.text else "script"
    if block.language in ("toml", "text"):
        return block.language
    assert block.language in ("", "console"), f"{block}: nobody runs '{block.language}'"
    programs = {stage[0] for each in DOCS.typed(block) for stage in DOCS.stages(each.command)}
    if "dask" in programs:
        return "cluster"
    assert programs in ({"vrest"}, {"make"}), f"{block}: nobody runs {programs}"
    return programs.pop()


def of(*kinds):
    marks = {True: pytest.mark.library, False: ()}
    return [pytest.param(b, marks=marks[b.page in LONG], id=str(b)) for b in BLOCKS if kind(b) in kinds]


def programs(text):
    """Programs, their words, of the commands within sentences."""
    for paragraph in re.split(r"\n\s*\n", DOCS.FENCE.sub("", text)):
        for span in re.findall(r"`([^`]+)`", paragraph):
            if re.match(r"(vrest|make|python|pip) ", span):
                yield shlex.split(span)


@pytest.mark.parametrize("block", [*of("vrest"), *(pytest.param(b, id=b.page) for b in DOCS.helps())])
def test_commands_print_what_is_shown(block):
    ran = DOCS.ran(block)
    assert ran, f"{block} shows no command"
    for each in ran:
        assert not each.complaint, f"{block}: {each.typed.command}\n{each.complaint}"


@pytest.mark.parametrize(("language", "text"), [("ruby", "puts 1\n"), ("", "ls\n"), ("console", "$ vrest show | ls\n")])
def test_what_nobody_runs_is_refused(language, text):
    with pytest.raises(AssertionError, match="nobody runs"):
        kind(DOCS.Block("a page", 1, language, text))


def test_every_command_has_examples():
    assert [b.page for b in DOCS.helps()] == ["vrest --help", *(f"vrest {name} --help" for name in COMMANDS)]


def test_a_page_that_shows_something_else_is_found_out():
    shown = DOCS.Typed("vrest nernst K --inside 140 --outside 5", "E = -89.05 mV ...\n")
    with DOCS.desk():
        assert "-E = -89.05 mV" in DOCS.run(shown).complaint
        assert not DOCS.run(DOCS.Typed(shown.command, "E = -89.06 mV ...\n")).complaint
        assert "exit code 2" in DOCS.run(DOCS.Typed("vrest nernst K", "")).complaint
        assert not DOCS.run(DOCS.Typed("vrest nernst K  # exit code 2", "")).complaint


def test_outputs_are_renewed():
    assert DOCS.renewed("a\nb\n", "\nc  \nd\ne\n") == "c\nd\ne\n"
    assert DOCS.renewed("a\n...\n", "c\nd\n") == "c\n...\n"
    assert DOCS.renewed("a ... b\n", "c\n") is None


@pytest.mark.parametrize("block", of("toml"))
def test_cells_rest_and_tables_stand_in_a_cell(block):
    table = tomllib.loads(block.text)
    if "compartments" in table:
        assert vrest.rest(vrest.parse_cell(block.text)).outcome.is_rest
    elif found := re.match(r"# (\w+\.toml)", block.text):
        assert f" {found[1]}" in "".join(b.text for b in BLOCKS if b.page == block.page and b.language != "toml")
        if (example := ROOT / "examples" / found[1]).exists():
            assert example.read_text(encoding="utf-8") == block.text
    else:
        name = re.match(r"# in (\w+)\n", block.text)
        assert name, f"{block}: say in which cell it stands, as in '# in mammalian_neuron'"
        whole = tomllib.loads((ROOT / f"src/vrest/model/library/{name[1]}.toml").read_text(encoding="utf-8"))
        put(whole, table)
        assert vrest.rest(vrest.parse_cell(tomlkit.dumps(whole))).outcome.is_rest


def put(whole, part):
    """Replaces values where they stand; a name that is not there is an error."""
    for key, value in part.items():
        if isinstance(value, dict) and "value" not in value and isinstance(whole[key], dict):
            put(whole[key], value)
        else:
            assert key in whole, key
            whole[key] = value


@pytest.mark.parametrize("block", of("script"))
def test_scripts_run(block):
    with DOCS.desk():
        exec(compile(block.text, str(block), "exec"), {})


@pytest.mark.parametrize("block", of("prompts"))
def test_examples_are_collected(block):
    """Pytest runs those of the folders and files that it is told to look into."""
    assert block.page.partition("/")[0] in PROJECT["tool"]["pytest"]["ini_options"]["testpaths"]


@pytest.mark.parametrize("block", of("make"))
def test_make_knows_its_targets(block):
    """Those of the README are run by .ci/run."""
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    for each in DOCS.typed(block):
        (words,) = DOCS.stages(each.command)
        assert words[1] in targets()
        assert block.page != "README.md" or f"make {words[1]}" in ci


def targets():
    return re.search(r"\.PHONY: ((?:.*\\\n)*.*)", MAKEFILE)[1].replace("\\\n", "").split()


@pytest.mark.parametrize("block", of("text"))
def test_maps_show_what_is_there(block):
    names = re.findall(r"\b[\w/]+(?:/|\.py)(?=\s)", block.text)
    assert len(names) > 10
    for name in names:
        folders = (".", "src/vrest", "src/vrest/study", "src/vrest/numerics")
        assert any((ROOT / folder / name).exists() for folder in folders), name


@pytest.mark.parametrize("page", DOCS.PAGES, ids=lambda page: page.name)
def test_commands_in_sentences(page):
    values = {"CELL": "mammalian_neuron", "NAME": "ouabain", "PIPETTE": "internal.toml", "BATH": "bath.toml"}
    for program, *words in programs(page.read_text(encoding="utf-8")):
        if program == "make":
            assert words[0] in targets(), words
        elif program == "python":
            assert (ROOT / words[0]).exists(), words
        elif program == "pip":
            extras = re.search(r"\[(\w+)\]", words[-1])
            assert words[-1] == "." or extras[1] in PROJECT["project"]["optional-dependencies"], words
        elif words[0] in COMMANDS and (len(words) == 1 or words[1].startswith("-") or "..." in " ".join(words)):
            command = app.get_command(click.Context(app), words[0])
            options = {name for each in command.params for name in each.opts}
            assert {re.sub(r"\W+$", "", w.strip("[")) for w in words if w.strip("[").startswith("--")} <= options, words
        else:
            said = DOCS.Typed(shlex.join(["vrest", *(values.get(word, word) for word in words)]), "")
            with DOCS.desk():
                assert not DOCS.run(said).complaint, words


@pytest.mark.library
@pytest.mark.parametrize("block", of("cluster"))
def test_a_cluster_as_it_is_shown(block, tmp_path):
    """By bash, for what runs beside."""
    pytest.importorskip("distributed", reason="pip install 'vrest[cluster]'")
    lines = "\n".join(each.command for each in DOCS.typed(block))
    lines = lines.replace("HOST", "127.0.0.1").replace("/shared", str(tmp_path))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with (tmp_path / "said").open("w") as said:
        shell = subprocess.Popen(
            ["bash", "-ec", lines],
            cwd=tmp_path,
            env=os.environ | {"PATH": path},
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            assert shell.wait(300) == 0, (tmp_path / "said").read_text()
        finally:
            os.killpg(shell.pid, signal.SIGKILL)
    assert (tmp_path / "pop.zarr").exists()

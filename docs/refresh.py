"""Runs what the documentation shows, and writes what is printed now: `python docs/refresh.py [PAGE...]`.

A block of a page is TOML, Python, text, or what one types: lines that begin with `$ ` (what they print may follow), or
commands alone. Each block of commands runs in a folder of its own that has the files which the pages describe. A
command whose remark says `exit code 4` has to end with that. tests/docs holds all pages to it.

What is left out within an output (`...`) is not written anew but told, with the difference.
"""

from __future__ import annotations

import contextlib
import difflib
import doctest
import io
import os
import re
import shlex
import shutil
import sys
import tempfile
import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import rich_click as click

from vrest.cli import main as vrest
from vrest.cli.app import COMMANDS, app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
COLUMNS = "80"
FENCE = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.M)
FLAGS = doctest.ELLIPSIS

MEASURED = """\
Ko (mM),Clo,Vm (mV),sd
2.5,110,-75,0.5
5,110,-68.5,0.5
10,110,-58.3,0.5
20,110,-45,0.5
40,110,-29.8,0.5
5,10,-52.5,0.5
"""
SAMPLES = "outside.K (mM),pump.max_rate (pmol/cm2/s)\n4,60\n5,65\n6,70\n"
MODEL = "diam = 10\nL = 10\ngnabar_hh = 0.12\ngkbar_hh = 0.036\n"
PYCSF = """\
{"recipes": [],
 "reagents": [
  {"name": "cesium gluconate", "formula": "", "molweight": 328.05, "osmconst": 2, "Cs": 1},
  {"name": "tris HCl", "formula": "", "molweight": 157.6, "osmconst": 2, "K": 1}],
 "solutions": [
  {"name": "internal", "type": "internal", "reagents": {"cesium gluconate": 130, "tris HCl": 10}}]}
"""
LOW_CHLORIDE = """\
name = "low Cl-"
kind = "bath"
temperature = "32 degC"
gas = "95% O2 5% CO2"
[reagents]
Na-gluconate = "125 mM"
KCl = "2.5 mM"
NaHCO3 = "26 mM"
CaCl2 = "2 mM"
MgCl2 = "1 mM"
glucose = "10 mM"
"""
MADE = {
    "vm.csv": MEASURED,
    "posterior.csv": SAMPLES,
    "my_neuron_model.toml": MODEL,
    "lab.json": PYCSF,
    "low_chloride.toml": LOW_CHLORIDE,
}
"""What a reader has and no page shows."""


@dataclass(frozen=True)
class Block:
    """What stands between two fences of a page, or the examples of a command."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Typed:
    """A command, its remark included, and what the page says that it prints."""

    command: str
    shown: str


@dataclass(frozen=True)
class Ran:
    """What came of a command: its exit code, and what is on both streams."""

    typed: Typed
    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """What is not as the page says; empty where all is."""
        due = int(found[1]) if (found := re.search(r"#.*\bexit code (\d+)", self.typed.command)) else 0
        said = "" if self.code == due else f"exit code {self.code} in place of {due}\n{self.err}"
        return said + difference(self.typed.shown, self.out)


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    name = str(page.relative_to(ROOT))
    found = [Block(name, 1 + text.count("\n", 0, m.start(2)), m[1], m[2]) for m in FENCE.finditer(text)]
    assert 2 * len(found) == len(re.findall("^ *```", text, re.M)), f"{name}: a fence that is not closed, or set in"
    return found


def typed(block: Block) -> list[Typed]:
    """The commands of a block, over several lines where those end in a backslash."""
    found: list[Typed] = []
    prompts = re.search(r"^\$ ", block.text, re.M)
    lines = iter(block.text.splitlines())
    for line in lines:
        if prompts and not line.startswith("$ "):
            assert found, f"{block}: output before any command"
            found[-1] = Typed(found[-1].command, found[-1].shown + line.rstrip() + "\n")
        elif found and line.startswith("    #"):  # a remark that did not fit
            found[-1] = Typed(f"{found[-1].command}  {line.strip()}", found[-1].shown)
        elif line.strip() and not line.lstrip().startswith("#"):
            while line.endswith("\\"):
                line += "\n" + next(lines)
            found.append(Typed(line.removeprefix("$ "), ""))
    return [Typed(each.command, each.shown.strip("\n") + "\n" if each.shown.strip() else "") for each in found]


def stages(command: str) -> list[list[str]]:
    """A command line as words, one list for each program of a pipe; `>` is a word."""
    parser = shlex.shlex(command.replace("\\\n", ""), posix=True, punctuation_chars="|>&")
    parser.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in parser:
        if word == "|":
            found.append([])
        else:
            found[-1].append(word)
    return [stage for stage in found if stage]


def run(each: Typed) -> Ran:
    """Runs one command line in the present folder, in this process, on a terminal of 80 columns."""
    code, passed, told = 0, "", ""
    for words in stages(each.command):
        program, *arguments = words
        assert program == "vrest", f"only vrest is run: {each.command}"
        target = ""
        if ">" in arguments:
            *arguments, _, target = arguments
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, COLUMNS=COLUMNS, NO_COLOR="1"),
            patch("sys.stdin", io.StringIO(passed)),
            patch("webbrowser.open", lambda _: True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = vrest(arguments)
        passed, told = out.getvalue(), told + err.getvalue()
        if target:
            Path(target).write_text(passed, encoding="utf-8")
            passed = ""
    return Ran(each, code, passed, told)


@contextlib.contextmanager
def desk() -> Iterator[Path]:
    """A folder with the files that the pages describe, which is the present one meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in (described() | MADE).items():
            (folder / file).write_text(text, encoding="utf-8")
        shutil.copytree(ROOT / "examples", folder / "examples")
        for file in (ROOT / "examples").iterdir():
            shutil.copy(file, folder)
        with contextlib.chdir(folder):
            yield folder


def described() -> dict[str, str]:
    """The TOML files that pages show whole: those with a name, and those whose first line says it."""
    found = {}
    for page in PAGES:
        for block in blocks(page):
            if block.language == "toml":
                first = re.match(r"# (\w+\.toml)", block.text)
                name = tomllib.loads(block.text).get("name")
                found |= {first[1]: block.text} if first else {f"{name}.toml": block.text} if name else {}
    return found


def helps() -> list[Block]:
    """The examples in the help of every command."""
    found = []
    for name in ("", *COMMANDS):
        command = app.get_command(click.Context(app), name) if name else app
        text = (command.help or "").partition("Examples:\n")[2].partition("\n\n")[0]
        found.append(Block(f"vrest {name} --help".replace("  ", " "), 1, "console", textwrap.dedent(text) + "\n"))
    return found


def ran(block: Block) -> list[Ran]:
    with desk():
        return [run(each) for each in typed(block)]


def difference(shown: str, got: str) -> str:
    """What differs between what a page shows and what is printed; nothing where it shows nothing."""
    lines = [line.rstrip() for line in got.strip("\n").splitlines()]
    printed = "\n".join(lines) + "\n"
    if not shown or doctest.OutputChecker().check_output(shown, printed, FLAGS):
        return ""
    return "".join(difflib.unified_diff(shown.splitlines(True), printed.splitlines(True), "the page", "printed now"))


def renewed(shown: str, got: str) -> str | None:
    """What to show in place; as many lines where the rest was left out. None where something within was."""
    lines = [line.rstrip() for line in got.strip("\n").splitlines()]
    before = shown.splitlines()
    if "..." not in shown:
        return "\n".join(lines) + "\n"
    if before[-1].strip() == "..." and "..." not in "".join(before[:-1]):
        return "\n".join([*lines[: len(before) - 1], before[-1]]) + "\n"
    return None


class Renewal(doctest.DocTestRunner):
    """Collects what Python examples print now where that is not what their page shows: line, lines shown, and text."""

    def __init__(self) -> None:
        doctest.DocTestRunner.__init__(self, optionflags=FLAGS | doctest.NORMALIZE_WHITESPACE)
        self.changes: list[tuple[int, str, str]] = []

    def report_failure(self, out: object, test: object, example: doctest.Example, got: str) -> None:
        first = example.lineno + example.source.count("\n")
        self.changes.append((first, example.want, got))


def refresh(page: Path) -> list[str]:
    """Writes what a page's blocks print now; what has to be looked at by a person."""
    text = page.read_text(encoding="utf-8")
    lines, left = text.splitlines(keepends=True), []
    examples = Renewal()
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    with contextlib.chdir(ROOT):
        examples.run(test, out=lambda said: left.append(f"{page.name}: {said}"))
    changes = examples.changes
    for block in blocks(page):
        if block.language in ("", "console") and any(each.shown for each in typed(block)):
            at = block.line - 1
            for each in ran(block):
                begin = "$ " + each.typed.command.partition("\n")[0]
                at = next(k for k in range(at, len(lines)) if lines[k].startswith(begin))
                at += 1 + each.typed.command.count("\n")
                if each.complaint:
                    changes.append((at, each.typed.shown, each.out))
    for at, shown, got in sorted(changes, reverse=True):
        new = renewed(shown, got)
        if new is None:
            left.append(f"{page.name}:{at + 1}: look yourself:\n{difference(shown, got)}")
        else:
            lines[at : at + shown.count("\n")] = [new]
    page.write_text("".join(lines), encoding="utf-8")
    return left


def main() -> None:
    for page in [Path(name).resolve() for name in sys.argv[1:]] or PAGES:
        for said in refresh(page):
            print(said)


if __name__ == "__main__":
    main()

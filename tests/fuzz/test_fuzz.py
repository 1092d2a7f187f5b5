"""20,000 inputs of a grammar: each is answered or refused, in good time, and nothing is left behind."""

from __future__ import annotations

import io
import json
import re
import shutil
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from importlib import resources
from pathlib import Path

import pytest

from vrest.cli import main

from .grammar import Grammar, Typed

pytestmark = pytest.mark.library

PARTS, INPUTS = 40, 500
SECONDS = 60
"""For one input: what takes longer on a busy machine does not end in good time."""

EXPECTED = {0, 2, 3, 4, 5}
"""Exit codes; 1 is an unexpected failure."""

TOML = {
    name: (resources.files("vrest.model") / "library" / f"{name}.toml").read_text(encoding="utf-8")
    for name in ("mammalian_neuron", "squid_axon", "astrocyte_pair", "frog_skin")
}


def refuse(text: str) -> None:
    raise AssertionError(f"{text} in JSON")


def too_long(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def answered(typed: Typed) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command line in this process."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.stdin = sys.stdin, io.StringIO(typed.stdin)
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = main(typed.arguments)
    finally:
        signal.alarm(0)
        sys.stdin = before
    return code, out.getvalue(), err.getvalue()


def judge(typed: Typed, code: int, out: str, err: str) -> None:
    """Raise where an answer is none."""
    assert code in EXPECTED
    for sign in ("Traceback", "Something went wrong", "RuntimeWarning", "DeprecationWarning", "Exception ignored"):
        assert sign not in out + err
    if "--json" in typed.arguments and not {"--help", "-h", "--version"} & set(typed.arguments):
        body = json.loads(out, parse_constant=refuse)
        assert ("error" in body) == (code != 0)
        if code:
            assert set(body["error"]) == {"code", "message", "hint"}
            assert body["error"]["code"] != "unexpected"
            assert body["error"]["message"].strip()
    elif code in (2, 3) and "--json" not in typed.arguments:
        assert "Error" in err
        assert len(err) < 5000


@pytest.mark.parametrize("part", range(PARTS))
def test_every_input_is_answered_or_refused(part, tmp_path, monkeypatch):
    here, given = tmp_path / "here", tmp_path / "given"
    here.mkdir()
    given.mkdir()
    monkeypatch.chdir(here)
    grammar = Grammar(part, given, TOML)
    for k in range(INPUTS):
        typed = grammar.line()
        before = {*given.iterdir(), *here.iterdir()}
        try:
            code, out, err = answered(typed)
            judge(typed, code, out, err)
            new = {*given.iterdir(), *here.iterdir()} - before
            named = {Path(argument).name for argument in typed.arguments}
            assert {re.sub(r"-\d+(?=\.toml$)", "", path.name) for path in new} <= named  # rest --all numbers them
            assert not new or code in (0, 4, 5)
        except BaseException as error:
            said = f"vrest {list(typed.arguments)!r}, standard input {typed.stdin[:2000]!r}"
            raise AssertionError(f"part {part}, input {k}: {said}") from error
        for path in new:
            shutil.rmtree(path) if path.is_dir() else path.unlink()

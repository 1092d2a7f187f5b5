"""`vrest(...)` runs a command line in this process; `fresh(...)` in one of its own."""

import io
import json
import math
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest

from vrest.cli import main, waiting
from vrest.numerics.compiler import kernel


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout as one JSON object, NaN and infinities refused."""

        def refuse(text: str) -> None:
            raise AssertionError(f"{text} in JSON")

        return json.loads(self.out, parse_constant=refuse)

    @property
    def error(self) -> str:
        """The code of its JSON error, which must be complete."""
        body = self.json
        assert set(body["error"]) == {"code", "message", "hint"}
        assert body["error"]["message"]
        assert "Traceback" not in self.out + self.err
        return body["error"]["code"]


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """What is said does not depend on what was compiled before."""
    monkeypatch.setattr(kernel, "PATIENCE", math.inf)
    monkeypatch.setattr(waiting, "PATIENCE", math.inf)


@pytest.fixture(scope="session")
def vrest():
    def run(*arguments: str, stdin: str = "") -> Answer:
        out, err = io.StringIO(), io.StringIO()
        before, sys.stdin = sys.stdin, io.StringIO(stdin)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = main(arguments)
        finally:
            sys.stdin = before
        return Answer(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def fresh():
    def run(code: str, *arguments: str) -> Answer:
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120)
        return Answer(done.returncode, done.stdout, done.stderr)

    return run

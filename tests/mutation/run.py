"""Changes one place of a file at a time and asks the tests whether they notice; lists the changes that none did.

    python tests/mutation/run.py src/vrest/physics/ghk.py src/vrest/system            # every place
    python tests/mutation/run.py --sample 100 src/vrest/system                        # so many, drawn at random

Everything happens in a copy. Each mutant is judged in a process forked from one that has imported what does not
change, and the tests that noticed the last ones go first. mutmut skips dataclasses, decorated functions and constants,
which is most of this package; Cosmic Ray starts a process for every mutant, and JAX takes longer than the tests.
"""

from __future__ import annotations

import argparse
import ast
import copy
import gc
import importlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TESTS = {
    "physics/": "tests/physics",
    "model/solution/": "tests/model/solution tests/cli/test_solution.py",
    "system/": "tests/oracle/test_oracle.py tests/system tests/study/test_explain.py tests/verbs/test_rest.py",
    "numerics/compiler/": "tests/numerics/compiler/test_operations.py tests/numerics/compiler/test_trace.py "
    "tests/numerics/compiler/test_lowering.py tests/numerics/compiler/test_cache.py tests/numerics/test_kernel.py",
    "numerics/": "tests/numerics tests/study/test_bifurcation.py",
    "verbs/": "tests/verbs/test_certify.py tests/verbs/test_corners.py tests/verbs/test_rest.py "
    "tests/verbs/test_where_it_leads.py",
}
"""The tests that answer for a file, by where it is; its own examples always do."""

SLOW = 2.0
"""s: a test that takes longer is not asked."""

NEVER_TRACED = ("verbs/certify.py", "verbs/face.py", "verbs/verdict.py", "system/ledger.py", "system/laws.py")
"""No kernel is traced from these, so that mutants of them may share kernels."""

PRELOADED = (
    "numpy jax jax.numpy scipy.optimize scipy.integrate scipy.linalg llvmlite.binding mpmath pint pydantic "
    "tomlkit xarray h5netcdf array_api_compat.numpy click rich matplotlib psutil doctest"
)

SWAPPED_OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
BOUNDARY = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
BOUNDARY |= {ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is}
OPPOSITE = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
OTHER_NAME = {"min": "max", "any": "all", "minimum": "maximum", "floor": "ceil", "argmin": "argmax"}
OTHER_NAME |= {other: name for name, other in OTHER_NAME.items()}


def changed(node: ast.AST, required: set[str]) -> Iterator[ast.AST | None]:
    """What may stand in the place of an expression or a statement."""

    def with_(**fields: object) -> ast.AST:
        new = copy.copy(node)
        for name, value in fields.items():
            setattr(new, name, value)
        return new

    match node:
        case ast.BinOp(op=op) if type(op) in SWAPPED_OPERATORS:
            yield with_(op=SWAPPED_OPERATORS[type(op)]())
        case ast.AugAssign(op=op):
            yield ast.Pass()
            if type(op) in SWAPPED_OPERATORS:
                yield with_(op=SWAPPED_OPERATORS[type(op)]())
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.Compare(ops=[op]):
            yield from (with_(ops=[other[type(op)]()]) for other in (BOUNDARY, OPPOSITE) if type(op) in other)
        case ast.BoolOp(op=op, values=values):
            yield with_(op=ast.Or() if isinstance(op, ast.And) else ast.And())
            if len(values) > 2:
                yield from (with_(values=values[:k] + values[k + 1 :]) for k in range(len(values)))
            else:
                yield from values
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(value=float(value)):
            yield ast.Constant(1.1 * value or 1.0)
        case ast.If() | ast.IfExp():
            yield from (with_(test=ast.Constant(value)) for value in (True, False))
        case ast.While():
            yield with_(test=ast.Constant(False))
        case ast.comprehension(ifs=ifs) if ifs:
            yield from (with_(ifs=ifs[:k] + ifs[k + 1 :]) for k in range(len(ifs)))
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Call(func=func, args=args, keywords=keywords):
            name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
            if name in OTHER_NAME:
                other = copy.copy(func)
                setattr(other, "attr" if isinstance(func, ast.Attribute) else "id", OTHER_NAME[name])
                yield with_(func=other)
            if name == "where" and len(args) == 3:
                yield with_(args=[args[0], args[2], args[1]])
            if name in ("abs", "expm1", "log1p"):
                yield args[0]
            for k, keyword in enumerate(keywords):
                if keyword.arg and keyword.arg != "strict" and f"{name}.{keyword.arg}" not in required:
                    yield with_(keywords=keywords[:k] + keywords[k + 1 :])


def required_keywords() -> set[str]:
    """`function.argument` of the package's functions and classes that cannot be called without it."""
    found = set()
    for file in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef):
                plain = node.args.args[: len(node.args.args) - len(node.args.defaults)]
                keyword = [a for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d is None]
                found |= {f"{node.name}.{a.arg}" for a in plain + keyword}
            elif isinstance(node, ast.ClassDef):
                fields = [n for n in node.body if isinstance(n, ast.AnnAssign) and n.value is None]
                found |= {f"{node.name}.{ast.unparse(n.target)}" for n in fields}
    return found


def mutants(text: str, required: set[str]) -> list[tuple[int, str, str, str]]:
    """Line, before, after and the whole text of every mutant of a file."""
    tree, found = ast.parse(text), []

    def replace(parent: ast.AST, name: str, k: int | None, node: ast.AST) -> None:
        for new in changed(node, required):
            put(parent, name, k, new)
            after = "nothing" if isinstance(new, ast.Pass) else brief(new)
            line = (node.target if isinstance(node, ast.comprehension) else node).lineno
            found.append((line, brief(node), after, ast.unparse(tree)))
        put(parent, name, k, node)

    def visit(parent: ast.AST) -> None:
        typing_only = isinstance(parent, ast.If) and "TYPE_CHECKING" in ast.unparse(parent.test)
        if typing_only or isinstance(parent, ast.JoinedStr | ast.Import | ast.ImportFrom | ast.Raise):
            return  # what is typed, said or imported rather than computed
        for name, value in ast.iter_fields(parent):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            for k, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(node, ast.AST) and getattr(node, "arg", "") != "strict":
                    replace(parent, name, k, node)
                    visit(node)

    visit(tree)
    return found


def put(parent: ast.AST, name: str, k: int | None, node: ast.AST) -> None:
    if k is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[k] = node


def brief(node: ast.AST) -> str:
    """A line of it: of a statement with a body, its head."""
    text = ast.unparse(ast.fix_missing_locations(node))
    return text.splitlines()[0] if len(text) < 100 else text.splitlines()[0][:97] + "..."


class Judge:
    """A plugin of pytest: the tests likeliest to fail go first; it tells their times and the one that failed."""

    def __init__(self, told: Path, seconds: dict[str, float], killers: list[str]) -> None:
        self.told = told
        self.first = {test: -k for k, test in enumerate(killers, 1)}
        self.expected = seconds
        self.seconds: dict[str, float] = {}
        self.failed = ""

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if self.expected.get(item.nodeid, 0.0) < SLOW]
        items.sort(key=lambda item: self.first.get(item.nodeid, self.expected.get(item.nodeid, 0.0)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = f"{report.nodeid} (cannot be imported)"

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus not in (0, 1):
            self.failed = self.failed or f"pytest ended with {exitstatus}"
        self.told.write_text(json.dumps([self.failed, self.seconds]))
        os._exit(0)  # what is left of pytest's work takes half a second


def judged(
    copy_: Path, tests: list[str], seconds: dict[str, float], killers: list[str], limit: float, shared: bool
) -> tuple[str, dict[str, float]]:
    """The test that fails, or "" where none does, and the seconds of each that ran; by a process of its own."""
    told = copy_ / "told.json"
    told.unlink(missing_ok=True)
    if not (child := os.fork()):
        os.setsid()
        os.chdir(copy_)
        sys.path.insert(0, str(copy_ / "src"))
        sys.dont_write_bytecode = bool(seconds)  # Python tells a file by its size and the second it was written
        with open(copy_ / "said", "w") as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
        try:
            if shared:
                import vrest.numerics.compiler.kernel

                vrest.numerics.compiler.kernel.sources = lambda: "shared"
            status = pytest.main(["-qx", "-p", "no:cacheprovider", *tests], [Judge(told, seconds, killers)])
            told.write_text(json.dumps([f"pytest, which could not begin: {status}", {}]))  # a broken conftest.py
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    end = time.monotonic() + limit
    while (ended := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "time is up", {}
        time.sleep(0.01)
    if os.WIFSIGNALED(ended[1]):
        return f"signal {os.WTERMSIG(ended[1])}", {}
    if not told.exists():
        sys.exit(f"{(copy_ / 'said').read_text()}\nNothing was judged.")
    failed, seconds = json.loads(told.read_text())
    return failed, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="+", help="files and folders under src/vrest")
    parser.add_argument("--sample", type=int, help="so many mutants of them all, the same at every run")
    asked = parser.parse_args()
    package = ROOT / "src" / "vrest"
    files = [f for t in map(Path, asked.target) for f in (sorted(t.rglob("*.py")) if t.is_dir() else [t])]
    files = [file.resolve().relative_to(package) for file in files]
    required = required_keywords()
    todo = [(file, *mutant) for file in files for mutant in mutants((package / file).read_text(), required)]
    if asked.sample and asked.sample < len(todo):
        todo = [todo[k] for k in sorted(random.Random(0).sample(range(len(todo)), asked.sample))]
    for name in PRELOADED.split():
        importlib.import_module(name)
    gc.freeze()
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        copy_ = Path(folder)
        for part in ("src", "tests", "pyproject.toml"):
            (shutil.copy2 if (ROOT / part).is_file() else shutil.copytree)(ROOT / part, copy_ / part)
        os.environ |= {"VREST_CACHE": str(copy_ / "cache"), "TMPDIR": folder, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        known: dict[str, tuple[dict[str, float], float]] = {}
        killers: dict[Path, list[str]] = {}
        for file, line, before, after, text in todo:
            answering = next(tests for start, tests in TESTS.items() if str(file).startswith(start))
            tests, shared = [f"src/vrest/{file}", *answering.split()], str(file) in NEVER_TRACED
            if answering not in known:
                seconds, start = {}, 0.0
                for _ in range(2):  # once to compile what all may share
                    start = time.monotonic()
                    failed, seconds = judged(copy_, tests, {}, [], 1800, shared)
                    if failed:
                        sys.exit(f"{(copy_ / 'said').read_text()}\n{file}: {failed}, though nothing was changed")
                known[answering] = seconds, 20 + 3 * (time.monotonic() - start)
            seconds, limit = known[answering]
            mutated, start = copy_ / "src" / "vrest" / file, time.monotonic()
            whole = mutated.read_text()
            mutated.write_text(text)
            failed, _ = judged(copy_, tests, seconds, killers.get(file, []), limit, shared)
            mutated.write_text(whole)
            for kernel in () if shared else copy_.rglob("*.kernel"):
                kernel.unlink()
            killers[file] = [*(k for k in killers.get(file, []) if k != failed), failed]
            verdict = f"killed by {failed}" if failed else "SURVIVED"
            place = f"{file}:{line}: {before} -> {after}"
            print(f"{time.monotonic() - start:5.1f} s  {place}  {verdict}", flush=True)
            if not failed:
                survivors.append(place)
    print(f"\n{len(survivors)} of {len(todo)} mutants survived:", *survivors, sep="\n  ")


if __name__ == "__main__":
    main()

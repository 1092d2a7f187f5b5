"""Only `units.py` converts: no other file of the package may hold a factor between units.

What counts as one: a product or quotient with a power of a thousand (or 1e4), 60, 3600 or 86400, written out or
by the name of a constant; seconds of an hour or a day; 0 degC in kelvin; a table of units with their sizes. Small
powers in a comparison are tolerances. A factor of 10 or 100 cannot be told from a percentage and is not looked for.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

import vrest
from vrest.dimensions import DIMENSIONS

PACKAGE = Path(vrest.__file__).parent
CONVERTS = {"units.py", "dimensions.py", "constants.py"}
FILES = sorted(p.relative_to(PACKAGE).as_posix() for p in PACKAGE.rglob("*.py") if p.name not in CONVERTS)
SPELLINGS = {spelling for dimension in DIMENSIONS.values() for spelling in dimension.units}

ALLOWED = {
    ("model/plausible.py", '(1e-3, "nL")'): "a slip that is tried",
    ("model/plausible.py", '(1e-6, "uL")'): "a slip that is tried",
    ("numerics/continuation.py", "1e-12 * abs(b - a)"): "a tolerance",
    ("plot/bifurcation.py", "1e3 * outside"): "a penalty for where a label lies",
    ("plot/bifurcation.py", "1e4 * overlaps"): "a penalty",
    ("plot/bifurcation.py", "60.0 * hidden"): "a penalty",
    ("study/fit/free.py", "1e3 * scale"): "how far from its start a value may go",
    ("study/fit/least_squares.py", "1e-5 * step"): "a tolerance",
    ("study/perturb/look.py", "MOST_BLOCKS * block"): "a number of stretches",
    ("study/perturb/perturb.py", "1e-3 * span"): "a share of a run",
    ("study/fit/slips.py", '(1e3, "M")'): "a slip that is tried",
    ("verbs/clusters.py", "1e-6 * (x[-1] - x[0])"): "a tolerance",
    ("verbs/run.py", "1e-3 * (end - start)"): "a share of a run",
}


def number(node: ast.AST) -> float:
    """The size of a literal number, else NaN."""
    if isinstance(node, ast.UnaryOp):
        return number(node.operand)
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return abs(node.value)
    return math.nan


def large(size: float) -> bool:
    return size in (60.0, 1440.0, 3600.0, 86400.0) or (size >= 1e3 and math.log10(size).is_integer())


def small(size: float) -> bool:
    return size > 0.0 and 1.0 / size >= 999.0 and math.isclose(math.log10(size), round(math.log10(size)), abs_tol=1e-9)


def constants(tree: ast.Module) -> Iterator[tuple[str, float]]:
    """The names that a module gives to literal numbers."""
    for line in ast.walk(tree):
        if isinstance(line, ast.Assign | ast.AnnAssign) and line.value is not None:
            for target in line.targets if isinstance(line, ast.Assign) else [line.target]:
                several = isinstance(target, ast.Tuple) and isinstance(line.value, ast.Tuple)
                pairs = zip(target.elts, line.value.elts, strict=False) if several else [(target, line.value)]
                for name, value in pairs:
                    if isinstance(name, ast.Name):
                        yield name.id, number(value)


FACTORS = {
    name
    for file in FILES
    for name, size in constants(ast.parse((PACKAGE / file).read_text("utf-8")))
    if name.isupper() and large(size)
}


def conversions(source: str) -> Iterator[str]:
    """The pieces of a module that convert."""
    tree = ast.parse(source)
    factors = FACTORS | {name for name, size in constants(tree) if large(size)}
    compared = {id(part) for node in ast.walk(tree) if isinstance(node, ast.Compare) for part in ast.walk(node)}
    for node in ast.walk(tree):
        found = False
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Mult | ast.Div):
            sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.value,)
            found = any(
                large(number(side))
                or (small(number(side)) and id(node) not in compared)
                or getattr(side, "id", getattr(side, "attr", None)) in factors
                for side in sides
            )
        elif isinstance(node, ast.Constant):
            found = number(node) in (273.15, 3600.0, 86400.0)
        elif isinstance(node, ast.ImportFrom):
            found = any(name.name == "ZERO_CELSIUS" for name in node.names)
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
            found = sized(*node.elts) or sized(*reversed(node.elts))
        elif isinstance(node, ast.Dict):
            pairs = [(key, value) for key, value in zip(node.keys, node.values, strict=True) if key]
            found = any(sized(key, value) or sized(value, key) for key, value in pairs)
        if found:
            yield ast.get_source_segment(source, node) or ""


def sized(name: ast.AST, size: ast.AST) -> bool:
    """Whether a text that is a unit stands beside a size that it may have."""
    unit = isinstance(name, ast.Constant) and name.value in SPELLINGS
    return unit and (large(number(size)) or small(number(size)))


@pytest.mark.parametrize("file", FILES)
def test_no_file_but_units_converts(file):
    found = set(conversions((PACKAGE / file).read_text("utf-8")))
    allowed = {piece for where, piece in ALLOWED if where == file}
    assert found == allowed, "from_si and from_door of units.py convert"


@pytest.mark.parametrize(
    "slip",
    [
        "v = 1e3 * volts",
        "v = -1000 * volts",
        "v = volts / 1e-3",
        "v = 1e-3 * millivolts",
        "v *= 1e3",
        "area = 1e4 * square_metres",
        "volume = cubic_metres * 1e18",
        "text = f'{1e15 * flux:.3g} fmol/s'",
        "cost = joules / 1000",
        "per_minute = 60 * rate",
        "steady = 60.0 * rate < 0.01",
        "PER_MIN = 60.0\ngain = PER_MIN * rate",
        "def f(volts):\n    to_mV = 1000\n    return to_mV * volts",
        "TO_MV, TO_PA = 1e3, 1e12\ni = amperes * TO_PA",
        "horizon = 3600.0",
        "LONGEST = 30 * 86400",
        "celsius = kelvin - 273.15",
        "from vrest.constants import ZERO_CELSIUS",
        "for unit, size in (('h', hour), ('uM', 1e-3)): pass",
        "SIZES = {'min': 60.0, 's': 1.0}",
        "for size, unit in ((hour, 'h'), (1e-3, 'uM')): pass",
        "UNITS = {60.0: 'min', 1.0: 's'}",
    ],
)
def test_a_conversion_is_seen(slip):
    assert list(conversions(slip))


@pytest.mark.parametrize(
    "honest",
    [
        "near = abs(a - b) < 1e-9 * abs(a)",
        "RTOL = 1e-6\nfloor = RTOL * size",
        "percent = 100 * share",
        "for k in range(60): pass",
        "potentials = linspace(-120.0, 60.0, 361)",
        "limits = quantity('conductance', maximum=1e3)",
        "rates = linoid(v, 1e3, -0.040, 0.010)",
        "day = 2 * DAY",
    ],
)
def test_a_number_that_converts_nothing_is_let_be(honest):
    assert not list(conversions(honest))

"""Code that is left to XLA: each result says so, names what was missing and where, and finds the same."""

import inspect
import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import MappingProxyType

import jax
import numpy as np
import pytest

import vrest
from vrest.cli import main
from vrest.numerics.compiler import lowering, operations
from vrest.numerics.compiler.fallback import fallbacks
from vrest.numerics.compiler.kernel import Kernel
from vrest.verbs.searching import settling
from vrest.verbs.slower import slower


@vrest.transport("leak_with_lgamma_of_a_test")
class Leak(vrest.Transport):
    def stoichiometry(self):
        return {"K": 1}

    def rate(self, here):
        return 0.0 * jax.lax.lgamma(1.0 + here.potential**2)


@pytest.fixture
def cell(monkeypatch):
    monkeypatch.delenv("VREST_COMPILER")
    cell = vrest.load("mammalian_neuron")
    membrane = cell.membranes["neuron"]
    own = MappingProxyType({**membrane.transports, "own": Leak()})
    return cell._with_si(membranes=MappingProxyType({"neuron": membrane._with_si(transports=own)}))


def told(result):
    (notice,) = (n for n in result.warnings if n.code == "slower")
    assert "'lgamma'" in notice.message
    line = Leak.rate.__code__.co_firstlineno + 1
    assert f"rate, {Path(__file__)}:{line}" in notice.message
    return True


def test_a_users_law_that_has_no_machine_code_is_said_to_be_slower(cell):
    usual = vrest.load("mammalian_neuron")
    found = vrest.rest(cell)
    assert told(found)
    assert told(vrest.rest(cell))  # also where it was compiled before
    assert found.v_rest == pytest.approx(vrest.rest(usual).v_rest, abs=1e-9)
    assert [told(each) for each in vrest.rest_all(cell, starts=0)] == [True]
    assert [told(each) for each in vrest.rest_many(cell, {"outside.K": [3.0, 5.0]}).rests] == [True, True]
    assert told(vrest.population(cell, {"outside.K": [3.0, 5.0]}, workers=2))
    events = [("1 min", "pump.max_rate*=0")]
    run, same = (vrest.simulate(c, events, until="5 min", points=4) for c in (cell, usual))
    assert told(run)
    assert told(vrest.go_on(run, "10 min", points=4))
    assert run.v == pytest.approx(same.v, abs=1e-6)
    assert not [n for n in same.warnings if n.code == "slower"]


@pytest.mark.parametrize(
    ("f", "says"),
    [
        (jax.lax.lgamma, "that has no 'lgamma' ("),
        (lambda v: v + v.astype("uint32"), "that cannot hold 'uint32[lanes]' ("),
        (lambda v: v + jax.numpy.sum(np.uint32([1, 2])), "that cannot hold 'a constant uint32[2]'"),
        (lambda v: v + jax.random.uniform(jax.random.key(1)), "that cannot hold 'key<fry>[]' ("),
    ],
)
def test_what_was_missing_is_named_as_what_it_is(monkeypatch, f, says):
    monkeypatch.delenv("VREST_COMPILER")
    with fallbacks() as heard:
        Kernel(lambda lanes, _: (f(lanes[0]),))((np.ones(4),), ())
    (notice,) = slower(heard)
    assert says in notice.message


def test_a_failure_of_the_compiler_is_no_missing_operation(monkeypatch):
    def fails(*_):
        raise RuntimeError("a defect [1]")

    monkeypatch.delenv("VREST_COMPILER")
    monkeypatch.setattr(lowering, "lowered", fails)
    with fallbacks() as heard:
        Kernel(lambda lanes, _: lanes)((np.ones(4),), ())
    (notice,) = slower(heard)
    assert notice.message.endswith("that failed with 'RuntimeError: a defect [1]'")


ASKED = {
    "bifurcation": {"path": "pump.max_rate", "start": "0.9x", "stop": "1.1x", "starts": 0},
    "check": {},
    "compare": {"name": "pump_loss"},
    "curve": {"values": [3.0, 5.0]},
    "design": {"v_rest": -75},
    "dose_response": {"name": "pump_loss", "doses": "10 %, 50 %"},
    "explain": {},
    "fit": {"data": {"Ko": [3.0, 5.0, 8.0], "Vm": [-71.5, -70.0, -67.5]}, "free": "P_Na/P_K", "model": "settled"},
    "parameter_map": {"x": ("duration", [60.0, 120.0]), "y": ("dose", ["50 %"]), "perturbation": "pump_loss"},
    "perturb": {"name": "pump_loss"},
    "population": {"vary": {"outside.K": [4.0, 5.0]}},
    "rest": {},
    "rest_many": {"over": {"outside.K": [3.0, 5.0]}},
    "sensitivity": {"over": "outside.K", "of": "V"},
    "settled": {"changes": "outside.K=12 mM"},
    "simulate": {"until": "1 s", "points": 3},
}
"""What is asked of each verb whose result has warnings, beside the cell."""


def test_every_result_with_warnings_is_asked_for():
    def warns(name):
        verb = getattr(vrest, name)
        first = next(iter(inspect.signature(verb).parameters), "") if inspect.isfunction(verb) else ""
        if first in ("", "run", "what", "path"):  # go_on has a run; solutions and recipes have no equations
            return False
        return hasattr(getattr(inspect.getmodule(verb), verb.__annotations__["return"], None), "warnings")

    assert {name for name in vrest.__all__ if warns(name)} == set(ASKED)


@pytest.mark.library
@pytest.mark.parametrize("name", ASKED)
def test_every_result_says_it_once(cell, name):
    assert told(getattr(vrest, name)(cell, **ASKED[name]))


def test_the_command_line_warns(monkeypatch):
    monkeypatch.delenv("VREST_COMPILER")
    monkeypatch.setenv("VREST_CACHE", "off")
    monkeypatch.delitem(operations.FUNCTIONS, "exp")
    settling.cache_clear()
    with redirect_stderr(io.StringIO()) as err, redirect_stdout(io.StringIO()) as out:
        main(["rest", "mammalian_neuron"])
    settling.cache_clear()
    assert "-70.00" in out.getvalue()
    assert "that has no 'exp'" in " ".join(err.getvalue().split())

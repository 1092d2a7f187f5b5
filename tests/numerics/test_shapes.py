"""The dtypes and shapes in the solvers' signatures are checked wherever the tests call them (see tests/conftest.py)."""

import ast
import inspect
from importlib import import_module
from pkgutil import iter_modules

import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import TypeCheckError

import vrest.numerics
from vrest.numerics import (
    batch,
    continuation,
    elimination,
    growing,
    lanes,
    linear,
    rhs,
    rosenbrock,
    settle,
    stability,
    stationary,
    tableau,
)

TWO, THREE = jnp.ones(2), jnp.ones(3)
WHOLE = jnp.ones(2, dtype=int)
SINGLE = jnp.ones(2, dtype=np.float32)


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        (lambda: batch.chosen(jnp.ones((4, 2)), TWO), "'stage'"),  # whole numbers
        (lambda: continuation.Point(np.ones(3), np.ones(2), np.ones(2, dtype=complex)), "'tangent'"),
        (lambda: elimination.substitute(elimination.factorise({(0, 0): TWO}, 1), (SINGLE,)), "'b'"),
        (lambda: growing.longest({(0, 0): TWO}, 1, (0,), THREE), "'h'"),
        (lambda: lanes.Lanes(TWO, TWO, jnp.ones((1, 3)), WHOLE, WHOLE, WHOLE, WHOLE), "'y'"),
        (lambda: lanes.Lanes(TWO, TWO, jnp.ones((1, 2)), WHOLE, WHOLE, TWO, WHOLE), "'steps'"),
        (lambda: linear.solve(jnp.ones((2, 3)), TWO), "'a'"),
        (lambda: stationary.Proof(jnp.ones((2, 3, 3)), WHOLE, TWO), "'jacobian'"),
        (lambda: rhs.Rhs(lambda t, y, args: y, TWO, (TWO, THREE), ()), "'y'"),
        (lambda: rosenbrock.first_step((TWO,), (TWO, TWO), (TWO, TWO)), "'y'"),  # as many unknowns
        (lambda: settle.prove({(0, 0): TWO, (1, 1): THREE}, (TWO, TWO)), "'jacobian'"),
        (lambda: stability.routh([WHOLE, WHOLE], [TWO, TWO]), "'coefficients'"),
        (lambda: tableau.Tableau(**{**tableau.RODAS3._asdict(), "times": np.zeros(3)}), "'times'"),
    ],
)
def test_what_does_not_fit_is_refused(call, wrong):
    with pytest.raises(TypeCheckError, match=f"whilst typechecking parameter {wrong}"):
        call()


def test_what_a_function_returns_must_fit_as_well(monkeypatch):
    monkeypatch.setattr(jnp, "sign", lambda v: v > 0)
    with pytest.raises(TypeCheckError, match=r"return value of vrest\.numerics\.elimination\.sign"):
        elimination.sign(elimination.factorise({(0, 0): TWO}, 1))


@pytest.mark.parametrize("name", [found.name for found in iter_modules(vrest.numerics.__path__)])
def test_every_annotation_means_something(name):
    """A name that is not there would switch the check of its argument off without a word."""
    module = import_module(f"vrest.numerics.{name}")
    found = [
        part.annotation if isinstance(part, ast.arg | ast.AnnAssign) else part.returns
        for part in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(part, ast.arg | ast.AnnAssign | ast.FunctionDef)
    ]
    for annotation in filter(None, found):
        eval(ast.unparse(annotation), vars(module))


@pytest.mark.parametrize("method", [tableau.RODAS5P, tableau.RODAS3], ids=["Rodas5P", "Rodas3"])
def test_tableaux_have_the_shapes_of_their_stages(method):
    assert tableau.Tableau(*method) == method

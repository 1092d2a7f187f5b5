"""Every public name says what a reader needs: what it is, every argument and field, what it refuses, and an example.

What an example answers, and that it runs, is checked by doctest.
"""

import ast
import dataclasses
import functools
import importlib
import inspect
import itertools
import pkgutil
import re
import textwrap
from collections.abc import Iterator

import pytest

import vrest
import vrest.physics
import vrest.units


def formulas() -> Iterator[tuple[str, object]]:
    """The functions of `vrest.physics`."""
    for module in pkgutil.iter_modules(vrest.physics.__path__, "vrest.physics."):
        for name, thing in vars(importlib.import_module(module.name)).items():
            if inspect.isfunction(thing) and thing.__module__ == module.name and not name.startswith("_"):
                yield f"{module.name[6:]}.{name}", thing


NAMES = {n: getattr(vrest, n) for n in vrest.__all__ if callable(getattr(vrest, n))} | dict(formulas())
FUNCTIONS = {n: thing for n, thing in NAMES.items() if inspect.isfunction(thing)}
CLASSES = {n: thing for n, thing in NAMES.items() if inspect.isclass(thing)}


def inside(thing: object) -> object:
    """The function behind a property or a class method."""
    for name in ("fget", "func", "__func__", "__wrapped__"):
        thing = getattr(thing, name, thing) or thing
    return thing


METHODS = {
    f"{n}.{name}": inside(thing)
    for n, cls in CLASSES.items()
    for name, thing in vars(cls).items()
    if not name.startswith("_") and inspect.isfunction(inside(thing))
}


def said(name: str) -> str:
    """The docstring of a name; of a method, that of what it overrides as well."""
    if name in NAMES:
        return inspect.getdoc(NAMES[name]) or ""
    owner, _, method = name.partition(".")
    return "\n".join(inspect.getdoc(inside(vars(c)[method])) or "" for c in CLASSES[owner].__mro__ if method in vars(c))


def explained(name: str, text: str) -> bool:
    """Whether a text gives a name an entry of its own: a heading, `name: ...`, `name (...)` or `name` in backticks."""
    heading = rf"^(\w+, )*{name}(, \w+)*$"
    entry = rf"\b{name}((,| and)\s+\w+)*(:\s|\s\(.*?\))"
    return any(re.search(form, text, re.MULTILINE) for form in (heading, entry, rf"`{name}\b"))


def tree(thing: object) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(thing))).body[0]


def noted(cls: type) -> dict[str, str]:
    """The text below each field of a class and of what it is made from."""
    found = {}
    for base in cls.__mro__:
        if not base.__module__.startswith("vrest"):
            continue
        body = tree(base).body
        for field, text in itertools.pairwise(body):
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
                found.setdefault(field.target.id, text.value.value)
    return found


def raises(nodes: list[ast.AST]) -> set[str]:
    """The errors that these lines raise."""
    raised = {getattr(getattr(node.exc, "func", None), "id", "") for node in nodes if isinstance(node, ast.Raise)}
    return {"InputError", "NoRestError"} & raised


def uncaught(node: ast.AST) -> Iterator[ast.AST]:
    """What can end a function with an error: not what stands where one of the package's errors is caught."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(node, ast.Try) and child in node.body and "Error" in "".join(map(ast.dump, node.handlers))):
            yield from uncaught(child)


@functools.cache
def refuses(thing: object) -> frozenset[str]:
    """The errors that a function raises, itself or through functions of the package that it calls by name."""
    seen, open_ends, found = set(), [thing], set()
    while open_ends:
        function = open_ends.pop()
        if function in seen:
            continue
        seen.add(function)
        nodes = list(uncaught(tree(function)))
        found |= raises(nodes)
        for name in (node.func.id for node in nodes if isinstance(getattr(node, "func", None), ast.Name)):
            called = inspect.unwrap(function.__globals__.get(name, len))
            ours = inspect.isfunction(called) and called.__module__.startswith("vrest.")
            if ours and called is not vrest.units._dimension:  # the names of dimensions are the package's own
                open_ends.append(called)
    return frozenset(found)


@pytest.mark.parametrize("name", [*NAMES, *METHODS])
def test_it_says_what_it_is(name):
    assert len(said(name).split()) > 2


@pytest.mark.parametrize("name", [*FUNCTIONS, *METHODS])
def test_every_argument_is_explained(name):
    arguments = inspect.signature({**FUNCTIONS, **METHODS}[name]).parameters.keys() - {"self", "cls"}
    assert not [each for each in arguments if not explained(each, said(name))]


@pytest.mark.parametrize("name", [n for n, cls in CLASSES.items() if dataclasses.is_dataclass(cls)])
def test_every_field_is_explained(name):
    texts = noted(CLASSES[name])
    told = "\n".join(
        inspect.getdoc(base) or "" for base in CLASSES[name].__mro__ if base.__module__.startswith("vrest")
    )
    fields = [field.name for field in dataclasses.fields(CLASSES[name]) if not field.name.startswith("_")]
    assert not [each for each in fields if each not in texts and not explained(each, told)]


@pytest.mark.parametrize("name", NAMES)
def test_it_has_an_example(name):
    assert ">>> " in said(name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_says_what_it_refuses(name):
    section = said(name).partition("Raises\n------")[2]
    assert "VrestError" in section or not [error for error in refuses(FUNCTIONS[name]) if error not in section]


@pytest.mark.parametrize("name", METHODS)
def test_a_method_that_refuses_says_so(name):
    refused = raises(list(ast.walk(tree(METHODS[name]))))
    assert not [error for error in refused if error not in said(name)]


def test_these_tests_can_fail():
    assert refuses(vrest.rest_all) == {"InputError"}
    assert refuses(vrest.instant) == {"InputError", "NoRestError"}
    assert not explained("of", "What it is made of.")
    assert noted(vrest.Rest)["reason"] == "The outcome in words."

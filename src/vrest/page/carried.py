"""The machine code that a page carries for a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from vrest.errors import InputError
from vrest.numerics.compiler.program import UnsupportedError
from vrest.page.kernels import kernels, name_of, told
from vrest.study.explain.parts import account_rows
from vrest.verbs.held_totals import holds
from vrest.verbs.prepared import Prepared
from vrest.verbs.rest_batch import strengths
from vrest.verbs.rows import Row


class Carried(NamedTuple):
    """What a page calls, and what it must know of that."""

    kernels: Mapping[str, Any]
    """By key: cells of the same equations share them."""
    keys: Mapping[str, str]
    """The key of each by what it does: `describe`, `settle`, ..."""
    holds: Mapping[str, Sequence[float] | None]
    """What is conserved where transports are off, by the numbers of their controls; None where nothing moves."""
    accounts: Sequence[Mapping[str, Any]]
    """What each row of `account` is."""


def carried(ready: Prepared) -> Carried:
    """The code for a prepared cell, among whose paths are all strengths of its transports and exchanges.

    Raises
    ------
    InputError
        `not_for_browsers`: a law with an operation that has no instruction there.
    """
    code, keys = {}, {}
    for what, asked in kernels(ready).items():
        try:
            made = asked.for_browser()
        except UnsupportedError as missing:
            where = f" ({missing.where})" if missing.where else ""
            raise InputError(
                f"'{ready.cell.name}': a page has no code for '{missing.what}'{where}.",
                code="not_for_browsers",
                hint="Write the law with other operations; docs/own_transports.md says which there are.",
            ) from missing
        keys[what] = name_of(made)
        code[keys[what]] = {"name": what, **told(made)}
    switches = [ready.paths.index(path) for path in strengths(ready.cell)]
    held = {}
    for off, numbers in holds(ready.cell).numbers.items():
        key = ",".join(map(str, sorted(switches[k] for k in off)))
        held[key] = None if numbers is None else numbers.tolist()
    return Carried(code, keys, held, [row_told(row) for row in account_rows(ready.system)])


def row_told(row: Row) -> dict[str, Any]:
    """What a row of numbers is, for a page."""
    return {"quantity": row.quantity, "place": list(row.place), "unit": row.unit}

"""The reference of the file format names every law and every exchange there is."""

from pathlib import Path

import vrest.io.cellfile  # noqa: F401  (registers the laws)
from vrest.model.compartment import KINDS
from vrest.model.exchange import EXCHANGES
from vrest.model.transport import TRANSPORTS

TEXT = (Path(__file__).parents[2] / "docs" / "cells.md").read_text(encoding="utf-8")


def test_every_law_kind_and_exchange_is_described():
    shipped = [law for law, kind in TRANSPORTS.items() if kind.__module__.startswith("vrest.")]
    for name in [*shipped, *KINDS, *EXCHANGES]:
        assert f"`{name}`" in TEXT, name

"""An ion that a bath does not name is one of which it has none: 0 mM, as if that were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from vrest.model.compartment import Compartment
from vrest.model.exchange import Exchange
from vrest.model.membrane import Membrane

ABSENT = "not named, so there is none"
"""The source of the value 0 mM of such an ion."""


def filled(
    compartments: Mapping[str, Compartment],
    membranes: Mapping[str, Membrane],
    exchanges: Mapping[str, Exchange],
    valence: Mapping[str, int],
) -> tuple[dict[str, Compartment], tuple[str, ...]]:
    """Compartments in which what is held (`bath`, `dialysed`) names the ions that are across its membranes and paths.

    Of what is across a path alone, the ions that the path moves. A dissolved gas may be on one side alone.

    Returns
    -------
    The compartments, and the paths of what was filled in.
    """
    whole, paths = dict(compartments), []
    for name, other, ions in _across(membranes, exchanges, valence):
        if name not in whole or other not in whole or whole[name].finite:
            continue
        for ion in ions if ions is not None else compartments[other].ions:
            if ion in compartments[other].ions and ion not in whole[name].ions and valence.get(ion):
                held = whole[name]
                whole[name] = held._with_si(ions=MappingProxyType({**held.ions, ion: 0.0}))
                paths.append(f"compartments.{name}.ions.{ion}")
    return whole, tuple(paths)


def _across(
    membranes: Mapping[str, Membrane], exchanges: Mapping[str, Exchange], valence: Mapping[str, int]
) -> Iterator[tuple[str, str, set[str] | None]]:
    """A place, what is across from it, and which ions count; None for all."""
    for m in membranes.values():
        yield m.outside, m.inside, None
        yield m.inside, m.outside, None
    for e in exchanges.values():
        moved = {ion for move in e.moves(valence) for ion in move}
        yield e.outside, e.inside, moved
        yield e.inside, e.outside, moved

"""Membranes that close a ring: their potential follows from the others', so they hold no charge of their own.

Membranes that close no ring form a tree. Along it every compartment has one potential, its height above the ground of
what is joined to it; a membrane that closes a ring lies between two heights that are there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vrest.errors import InputError
from vrest.model.membrane import LEAST_CAPACITANCE, Membrane
from vrest.physics.namespace import traced
from vrest.units import format_si, to_si

Edge = tuple[str, str, str]
"""A membrane: its name, inside and outside. One without a name joins two places at one potential."""

Step = tuple[str, float]
"""A membrane on the way, and +1 from its outside to its inside, -1 the other way."""

USUAL = {"capacitance": ("1 uF/cm2", "specific_capacitance"), "potential": ("-70 mV", "potential")}
"""What a membrane has that does not say, and its kind of quantity."""

ADDS_UP = 1e-9
"""V: potentials around a ring that add up to less than this are zero."""


def ways(spaces: Sequence[str], edges: Sequence[Edge]) -> tuple[dict[str, str], dict[str, tuple[Step, ...]]]:
    """For each compartment the ground of its component, and the membranes on the way to it from there."""
    insides = {inside for name, inside, _ in edges if name}
    component: dict[str, str] = {}
    found: dict[str, tuple[Step, ...]] = {}
    # grounds are outer compartments, where there is one
    for ground in sorted(spaces, key=lambda name: name in insides):
        if ground in component:
            continue
        component[ground], found[ground] = ground, ()
        reached = [ground]
        for here in reached:
            for name, inside, outside in edges:
                for start, end, sign in ((outside, inside, 1.0), (inside, outside, -1.0)):
                    if start == here and end not in component:
                        component[end] = ground
                        found[end] = (*found[here], (name, sign)) if name else found[here]
                        reached.append(end)
    return component, found


def way_between(found: Mapping[str, Sequence[Step]], inside: str, outside: str) -> list[Step]:
    """The membranes on the way from one compartment to another of its component, those passed twice left out."""
    up, down = list(found[inside]), list(found[outside])
    while up and down and up[0] == down[0]:
        del up[0], down[0]
    return [*up, *((name, -sign) for name, sign in down)]


def resolved(
    spaces: Mapping[str, Any], membranes: Mapping[str, Membrane], wires: Iterable[Edge]
) -> dict[str, Membrane]:
    """The membranes with what they leave out: those of the tree get the usual values, those that close a ring none.

    A membrane beside a compartment whose charge is followed belongs to the tree before one between baths, one that has
    a capacitance before one that does not say, one that has none last.

    Raises
    ------
    InputError
        One that closes a ring and has a capacitance, or a potential that the others do not leave; one without
        capacitance that closes no ring.
    """

    def rank(name: str) -> tuple[bool, bool, bool]:
        m = membranes[name]
        beside = spaces[m.inside].finite or spaces[m.outside].finite
        return none(m.capacitance), not beside, m.capacitance is None

    def none(capacitance: Any) -> bool:
        return isinstance(capacitance, float) and capacitance == 0.0

    root = {name: name for name in spaces}
    tree: list[Edge] = []

    def joins(edge: Edge) -> bool:
        a, b = root[edge[1]], root[edge[2]]
        if a == b:
            return False
        tree.append(edge)
        root.update({name: a for name, old in root.items() if old == b})
        return True

    for wire in wires:
        if not joins(wire):
            raise InputError(
                f"a wire joins '{wire[1]}' and '{wire[2]}', which others join already: it would short them.",
                code="ring_of_wires",
                hint="To clamp the potential between them use an electrode with a conductance.",
            )
    new = dict(membranes)
    closing = []
    for name in sorted(membranes, key=rank):
        m = membranes[name]
        if joins((name, m.inside, m.outside)):
            new[name] = _of_the_tree(name, m, none(m.capacitance))
        else:
            closing.append(name)
    _, found = ways(list(spaces), tree)
    for name in closing:
        m = membranes[name]
        around = way_between(found, m.inside, m.outside)
        if m.capacitance is not None and not none(m.capacitance):
            told = ", ".join(f"'{other}'" for other, _ in around) or "a wire"
            raise InputError(
                f"membrane '{name}' closes a ring with {told}: its potential follows, so it holds no charge.",
                code="ring_of_membranes",
                hint='Leave its capacitance out, or write "0 uF/cm2"; what it has may be added to one of the others.',
            )
        if m.potential is not None:
            _check_sum(name, m.potential, [(other, sign * new[other].potential) for other, sign in around])
        new[name] = m._with_si(capacitance=None, potential=None)
    return new


def _of_the_tree(name: str, m: Membrane, none: bool) -> Membrane:
    if none or (isinstance(m.capacitance, float) and m.capacitance < LEAST_CAPACITANCE):
        least = format_si(LEAST_CAPACITANCE, "specific_capacitance", digits=4)
        raise InputError(
            f"membrane '{name}' has a capacitance of {format_si(m.capacitance, 'specific_capacitance', digits=4)} "
            f"and closes no ring; it must be at least {least}.",
            code="out_of_range",
            hint="Only a membrane whose potential follows from others, such as a tight junction, has none.",
        )
    missing = {key: to_si(text, kind) for key, (text, kind) in USUAL.items() if getattr(m, key) is None}
    return m._with_si(**missing) if missing else m


def _check_sum(name: str, own: Any, others: list[tuple[str, Any]]) -> None:
    """Refuse potentials around a ring that do not add up to zero; arrays and traced values are taken as they are."""
    if traced(own, *(v for _, v in others)) or any(getattr(v, "shape", ()) for v in (own, *(v for _, v in others))):
        return
    total = own - sum(v for _, v in others)
    if abs(total) < ADDS_UP:
        return
    terms = [f"{format_si(own, 'potential', digits=6)} of '{name}'"]
    terms += [f"{format_si(-v, 'potential', digits=6)} of '{other}'" for other, v in others]
    raise InputError(
        f"The potentials around the ring that membrane '{name}' closes add up to "
        f"{format_si(total, 'potential', digits=6)}, not to 0: {', '.join(terms)}.",
        code="ring_does_not_add_up",
        hint=f"Leave the potential of '{name}' out: it follows from the others.",
    )

"""What a bath that is changed after the seal adds at the reference electrode.

The amplifier reads against the wire in the bath, phi(pipette) - phi(wire). Between bath B and wire stands a bridge of
solution R, whose junction J(R|B) = phi(B) - phi(R) was nulled with the old bath B0 and is another with the new bath B1.
The loop through pipette, membrane, new bath and bridge then says

    phi(pipette) - phi(B1) = V_read - J(pipette|B0) - [J(R|B1) - J(R|B0)].

A bridge of the old bath (R = B0), or a jet of the new solution near the cell, leaves J(B0|B1). An Ag/AgCl pellet that
the new bath touches is an electrode for Cl-: phi(wire) - phi(B) = E0 - (RT/F) ln Cl, and what is taken off is
(RT/F) ln(Cl1/Cl0).

Neher 1992, doi:10.1016/0076-6879(92)07008-C; Barry, Lewis and Moorhouse 2013, doi:10.1007/s00249-013-0911-3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from vrest.errors import InputError, located
from vrest.model.solution.mobilities import Mobility
from vrest.model.solution.solution import Solution
from vrest.physics.nernst import nernst
from vrest.study.junction.between import Activity, Method, between


@dataclass(frozen=True, kw_only=True)
class Shift:
    """What a changed bath adds at the reference electrode, V: taken off a reading like the junction.

    Parameters
    ----------
    name
        What it comes from, for people.
    potential
        V.
    slopes
        V per relative change of each mobility.
    half_spread
        V: half of what lies between the potentials with what may be missing from a solution.
    """

    name: str
    potential: float
    slopes: dict[Mobility, float] = field(default_factory=dict)
    half_spread: float = 0.0


def bridge_shift(bridge: Solution, old: Solution, new: Solution, *, method: Method, activity: Activity) -> Shift:
    """J(R|B1) - J(R|B0): of a bridge whose solution stays."""
    with located(f"The junction of the bridge with '{new.name}'"):
        then = between(bridge, new, method=method, activity=activity)
    if bridge == old:
        name = f"junction of '{old.name}' at the reference with the new bath '{new.name}'"
        return Shift(name=name, potential=then.potential, slopes=then.slopes, half_spread=then.half_spread)
    before = between(bridge, old, method=method, activity=activity)
    slopes = then.slopes
    for mobility, slope in before.slopes.items():
        slopes[mobility] = slopes.get(mobility, 0.0) - slope
    return Shift(
        name=f"junction of the bridge ({bridge.name}) with '{new.name}', less that with '{old.name}'",
        potential=then.potential - before.potential,
        slopes=slopes,
        half_spread=then.half_spread + before.half_spread,
    )


def pellet_shift(old: Solution, new: Solution) -> Shift:
    """(RT/F) ln(Cl1/Cl0): of a pellet or wire of Ag/AgCl that the bath touches."""
    chloride = [each.free("Cl") for each in (old, new)]
    for each, amount in zip((old, new), chloride, strict=True):
        if not amount > 0.0:
            raise InputError(
                f"'{each.name}' has no Cl-: an Ag/AgCl pellet in it has no defined potential.",
                code="undefined",
                hint="Say what bridge stands between bath and wire, such as --reference '3 M KCl'.",
            )
    return Shift(
        name=f"Ag/AgCl pellet, its Cl- from '{old.name}' to '{new.name}'",
        potential=float(nernst(1, inside=chloride[0], outside=chloride[1], temperature=old.temperature)),
    )


def electrode(said: Any) -> dict[str, Any]:
    """The arguments of `ljp` for a reference electrode that is said in one: a solution of its bridge, or `pellet`."""
    return {"pellet": True} if said == "pellet" else {"reference": said}

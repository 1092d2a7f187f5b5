"""What a differentiable function answers with: potentials, or the whole state, in door units."""

from __future__ import annotations

from typing import Any, Literal, get_args

from vrest.errors import InputError, near_miss
from vrest.physics.namespace import namespace
from vrest.system.assemble import System
from vrest.system.observables import exchange_currents
from vrest.units import from_si

Output = Literal["v", "state"]


def checked(output: str) -> None:
    """Refuse an output that there is not."""
    if output not in get_args(Output):
        raise InputError(
            f"There is no output '{output}'.", code="unknown_output", hint=near_miss(output, list(get_args(Output)))
        )


def potentials(system: System, x: Any) -> Any:
    """V in mV, (...,); where there are several membranes (..., membranes)."""
    walls = [from_si(system.potential(x, wall), "potential") for wall in system.structure.walls]
    return walls[0] if len(walls) == 1 else namespace(*walls).stack(walls, axis=-1)


def reading(system: System, x: Any, p: Any, output: Output) -> Any:
    """V in mV, one value for one membrane, else (membranes,); or a dictionary of V, concentrations and volumes.

    Where exchanges conduct, the dictionary has their currents (pA) as well.
    """
    v = potentials(system, x)
    if output == "v":
        return v
    currents = {name: from_si(i, "current") for name, i in exchange_currents(system, x, p).items()}
    finite = [space.name for space in system.structure.spaces if space.finite]
    return {
        "v": v,
        "concentrations": {name: system.concentrations(x, p, name) for name in finite},
        "volumes": {name: from_si(system.volume(x, p, name), "volume") for name in finite},
        **({"exchange_currents": currents} if currents else {}),
    }

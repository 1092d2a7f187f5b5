"""Whether a pump holds the gradients of a resting state, or the description itself, or nothing does."""

from __future__ import annotations

from typing import Any

import numpy as np

from vrest.physics.namespace import namespace
from vrest.system.assemble import System, entry
from vrest.system.observables import pump_costs

PUMPED = ("K", "Na")
"""What a pump holds gradients of."""

RUN_DOWN_COST = 10e3
"""J/mol: where a pump cycle stores less than this (a healthy neuron: 40 to 50 kJ/mol), gradients are gone."""


def pumped(system: System, x: Any, p: Any) -> Any:
    """Whether gradients are held, (...): by a pump, or by the description wherever a membrane has an inside.

    A pipette holds contents (`dialysed`), and so do closures of K+ and Na+ without terms. A pump that would move an ion
    of which there is none has no cost of a cycle, and holds nothing; nor does one whose strength is 0.
    """
    structure = system.structure
    kept = {name for name, terms in structure.closures if not terms}

    def held(space: str) -> bool:
        pumped = [ion for ion in structure.space(space).ions if ion in PUMPED]
        return not structure.space(space).finite or (bool(pumped) and all(f"{space}.{ion}" in kept for ion in pumped))

    free = [w for w in structure.walls if not held(w.inside)]
    most = 0.0 * entry(x, 0)
    if not free:
        return most == 0.0
    most = most - np.inf
    for wall in free:
        here = [m for m in structure.movers if m.place == wall.name]
        strength = {m.label: system.get(p, m.path(m.kind.strength)) for m in here if m.kind.strength}
        for label, (cost, _) in pump_costs(system, x, p, wall).items():
            xp = namespace(most, cost)
            most = xp.where((cost > most) & (strength.get(label, 1.0) != 0.0), cost, most)
    return most >= RUN_DOWN_COST

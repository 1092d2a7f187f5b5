"""Whether a pump holds the gradients of a resting state, or the description itself, or nothing does."""

from __future__ import annotations

from typing import Any

import numpy as np

from vrest.physics.namespace import namespace
from vrest.system.assemble import System, entry
from vrest.system.observables import pump_costs

RUN_DOWN_COST = 10e3
"""J/mol: where a pump cycle stores less than this (a healthy neuron: 40 to 50 kJ/mol), gradients are gone."""


def pumped(system: System, x: Any, p: Any) -> Any:
    """Whether gradients are held, (...): by a pump, or by the description wherever a membrane has an inside.

    A pipette holds contents (`dialysed`), and so does a closure without terms. A pump that would move an ion of which
    there is none has no cost of a cycle, and holds nothing.
    """
    structure = system.structure
    tied = {name.split(".")[0] for name, terms in structure.closures if not terms}
    free = [w for w in structure.walls if structure.space(w.inside).finite and w.inside not in tied]
    most = 0.0 * entry(x, 0)
    if not free:
        return most == 0.0
    most = most - np.inf
    for wall in free:
        for label, (cost, _) in pump_costs(system, x, p, wall).items():
            if any(m.label == label and m.place == wall.name and m.active for m in structure.movers):
                xp = namespace(most, cost)
                most = xp.where(cost > most, cost, most)
    return most >= RUN_DOWN_COST

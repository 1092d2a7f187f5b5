"""Gating of the neuron of Dijkstra et al. 2016: Na and K channels, and a Cl channel that opens at once."""

from __future__ import annotations

from typing import Any, ClassVar

from vrest.model.gating import Gating, Rates, gating, traub_miles_k, traub_miles_na
from vrest.model.transport import Surroundings
from vrest.physics.gating import boltzmann


@gating("dijkstra_na")
class DijkstraNa(Gating):
    """Na+ channel of a cortical neuron that swells in anoxia."""

    cites: ClassVar = ("Dijkstra2016",)
    powers: ClassVar = {"m": 3, "h": 1}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        return traub_miles_na(here.potential, m=(-0.052, -0.025), h=(-0.053, -0.030))


@gating("dijkstra_k")
class DijkstraK(Gating):
    """Delayed K+ channel of a cortical neuron that swells in anoxia."""

    cites: ClassVar = ("Dijkstra2016",)
    powers: ClassVar = {"n": 2}

    @classmethod
    def kinetics(cls, here: Surroundings) -> Rates:
        return traub_miles_k(here.potential, n=(-0.035, -0.050), speed=0.5)


@gating("dijkstra_cl")
class DijkstraCl(Gating):
    """Cl- channel that depolarisation opens without delay (the SLC26A11 current of brain slices)."""

    cites: ClassVar = ("Dijkstra2016",)
    powers: ClassVar = {}

    @classmethod
    def open_fraction(cls, here: Surroundings) -> Any:
        return boltzmann(here.potential, -0.010, 0.010)

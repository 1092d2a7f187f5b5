"""Gating of the neuron of Dijkstra et al. 2016: Na and K channels, and a Cl channel that opens at once."""

from __future__ import annotations

from typing import Any

from vrest.model.gating import Gating, Rates, gating
from vrest.model.transport import Surroundings
from vrest.physics.gating import boltzmann, rate_exponential, rate_linoid, rate_sigmoid

SOURCE = "Dijkstra et al. 2016, J Neurosci 36:11881, PMC6604918"


@gating("dijkstra_na")
class DijkstraNa(Gating):
    """m^3 h."""

    source = SOURCE
    gates = ("m", "h")

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        v = here.potential
        return {
            "m": (rate_linoid(v, 1280.0, -0.052, 0.004), rate_linoid(v, 1400.0, -0.025, -0.005)),
            "h": (rate_exponential(v, 128.0, -0.053, -0.018), rate_sigmoid(v, 4e3, -0.030, 0.005)),
        }

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["m"] ** 3 * here.gates["h"]


@gating("dijkstra_k")
class DijkstraK(Gating):
    """n^2."""

    source = SOURCE
    gates = ("n",)

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        v = here.potential
        return {"n": (rate_linoid(v, 80.0, -0.035, 0.005), rate_exponential(v, 250.0, -0.050, -0.040))}

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return here.gates["n"] ** 2


@gating("dijkstra_cl")
class DijkstraCl(Gating):
    """A Cl channel that depolarisation opens without delay (the SLC26A11 current of brain slices)."""

    source = SOURCE
    gates = ()

    @staticmethod
    def kinetics(here: Surroundings) -> Rates:
        return {}

    @staticmethod
    def open_fraction(here: Surroundings) -> Any:
        return boltzmann(here.potential, -0.010, 0.010)

"""`bare_membrane`: nothing but leaks between the solutions of a pipette and a bath."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vrest.model.cell import Cell, Source
from vrest.model.channels import GHKLeak
from vrest.model.compartment import Compartment
from vrest.model.membrane import Membrane
from vrest.model.solution.solution import SolutionLike

NAME = "bare_membrane"
"""Of the cell."""

USUAL = {"K": 1.0, "Na": 0.04, "Cl": 0.45}
"""Permeabilities relative to that of K+ (Hodgkin and Katz 1949, doi:10.1113/jphysiol.1949.sp004310)."""

OTHER = 0.1
"""Of another ion."""

K_PERMEABILITY: Any = "1e-6 cm/s"
AREA: Any = "1000 um2"
CHOSEN = "chosen: V depends on ratios of permeabilities alone"


def bare_membrane(
    pipette: SolutionLike, bath: SolutionLike, ions: Iterable[str] = ("K", "Na"), *, celsius: Any = None
) -> Cell:
    """A cell that has the pipette's solution inside, the bath's outside, and leaks between them: no pump, no gates.

    V is that of the Goldman-Hodgkin-Katz equation. It is where to begin with what a patch clamp measured, when no
    model of the cell is at hand.

    Parameters
    ----------
    pipette, bath, celsius
        As of `Cell.with_solutions`.
    ions
        Those that have a constant-field leak. Permeabilities are 1e-6 cm/s of K+, and 1:0.04:0.45 of K+, Na+ and Cl-;
        a tenth of that of K+ of any other ion. They are there to be fitted or set.

    Raises
    ------
    InputError
        What `Cell.with_solutions` refuses; an ion without a symbol.

    >>> pipette = {"ions": {"K": 145, "Na": 13, "Cl": 13, "gluconate": 145}}
    >>> bath = {"ions": {"K": 3, "Na": 145, "Cl": 148}}
    >>> bare_membrane(pipette, bath, celsius=22)
    Cell 'bare_membrane' at 22 degC: solution inside, solution outside
      ...
      membrane membrane, -70 mV: K_leak, Na_leak
    """
    leaks = {f"{ion}_leak": GHKLeak(ion=ion, permeability=K_PERMEABILITY) for ion in dict.fromkeys(ions)}
    leaks = {
        label: leak._with_si(permeability=leak.permeability * USUAL.get(leak.ion, OTHER))
        for label, leak in leaks.items()
    }
    places = {leak.ion: 1.0 for leak in leaks.values()}  # any amount: the solutions say how much
    cell = Cell(
        name=NAME,
        compartments={
            "inside": Compartment(kind="dialysed", ions=places),
            "outside": Compartment(kind="bath", ions=places),
        },
        membranes={"membrane": Membrane(inside="inside", outside="outside", area=AREA, transports=leaks)},
        sources={
            **{f"membranes.membrane.transports.{label}.permeability": Source(CHOSEN) for label in leaks},
            "membranes.membrane.area": Source(CHOSEN),
        },
    )
    return cell.with_solutions(pipette, bath, celsius=celsius)

"""A cell: compartments, membranes and exchanges, with every value in its place and its source beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from vrest.errors import InputError
from vrest.ions import VALENCE
from vrest.layout import glued
from vrest.model.absent import ABSENT, filled
from vrest.model.charge import balanced
from vrest.model.compartment import Compartment
from vrest.model.consistent import check_closures, check_names, check_sides, check_species
from vrest.model.exchange import Exchange
from vrest.model.membrane import Membrane
from vrest.model.notice import Notice
from vrest.model.plausible import explained, possible, within
from vrest.model.quantity import Described, door_text, quantity
from vrest.model.remembered import remembered
from vrest.model.rings import resolved, way_between, ways
from vrest.shown import Shown
from vrest.tables import Column, Table
from vrest.units import COLDEST, HOTTEST

if TYPE_CHECKING:
    from vrest.model.solution.solution import SolutionLike

MANY = 3
"""Compartments that a repr has room for, one by one."""


@dataclass(frozen=True)
class Source:
    """Where a value comes from, and the range it is known to have (text with units).

    `converted` says how a value per area was found from what the cell was given, a value of the whole cell; a file that
    is written has the value per area, and says so in the text. `remarks` is what to know of it before trusting it.
    """

    text: str
    range: tuple[str, str] | None = None
    converted: str = field(default="", compare=False)
    remarks: tuple[Notice, ...] = field(default=(), compare=False)


@dataclass(frozen=True, kw_only=True)
class Cell(Described, Shown):
    """One or more compartments behind membranes.

    Parameters
    ----------
    name
        Short name.
    compartments, membranes, exchanges
        By name.
    temperature
        degC.
    valences
        Valences of ions beyond the common ones.
    closures
        Amounts that a published model ties to others in place of following what crosses the membrane:
        `{"inside.K": {"inside.Na": -1.0}}` lets K+ inside fall by as much as Na+ rises, `{"inside.Cl": {}}` holds
        Cl- inside.
    title, notes
        One line, and free text.
    references, sources
        Literature by key; for each path of a value, where it comes from.

    Raises
    ------
    InputError
        Names that do not match, an ion that a transport needs and a side lacks, a charge that the starting
        potential does not allow.

    Values are given as at the door (numbers in its units, or texts with a unit) and kept in SI.

    >>> from vrest.model.channels import GHKLeak
    >>> k, na = (GHKLeak(ion=ion, permeability=p) for ion, p in (("K", "1e-6 cm/s"), ("Na", "4e-8 cm/s")))
    >>> cell = Cell(
    ...     name="two_leaks",
    ...     compartments={"inside": Compartment(kind="dialysed", ions={"K": 140, "Na": 15}),
    ...                   "outside": Compartment(kind="bath", ions={"K": 5, "Na": 145})},
    ...     membranes={"m": Membrane(inside="inside", outside="outside", area="1000 um2",
    ...                              transports={"K_leak": k, "Na_leak": na})})
    >>> import vrest
    >>> round(vrest.rest(cell).v_rest, 2)  # that of the GHK equation
    -68.59
    """

    opened: ClassVar[int] = 0

    name: str
    compartments: Mapping[str, Compartment]
    membranes: Mapping[str, Membrane]
    exchanges: Mapping[str, Exchange] = field(default_factory=dict)
    temperature: float = quantity("temperature", "37 degC", minimum=COLDEST, maximum=HOTTEST)
    valences: Mapping[str, int] = field(default_factory=dict)
    closures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    title: str = ""
    notes: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)

    def _check(self) -> None:
        held, absent = filled(self.compartments, self.membranes, self.exchanges, self.valence())
        object.__setattr__(self, "sources", {**self.sources, **{path: Source(ABSENT) for path in absent}})
        named = {n: replace_name(c, n) for n, c in held.items()}
        object.__setattr__(self, "compartments", MappingProxyType(named))
        membranes = {n: replace_name(m, n) for n, m in self.membranes.items()}
        object.__setattr__(self, "membranes", MappingProxyType(membranes))
        for name in ("exchanges", "valences", "closures", "references", "sources"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        check_names(self)
        check_sides(self)
        self._resolve()
        check_species(self)
        check_closures(self)
        self.solved()  # refuses what cannot balance

    def _check_numbers(self) -> None:
        """What is to be checked of a copy with other numbers."""
        self._resolve()
        self.solved()

    def _resolve(self) -> None:
        membranes = resolved(self.compartments, self.membranes, self._wires())
        object.__setattr__(self, "membranes", MappingProxyType(membranes))

    def _brief(self) -> Iterable[str]:
        title = f": {self.title}" if self.title else ""
        yield f"Cell '{self.name}' at {door_text(self.temperature, 'temperature')}{title}"
        if len(self.compartments) > MANY:
            for parts in ("compartments", "membranes", "exchanges"):
                if named := getattr(self, parts):
                    yield f"  {len(named)} {parts if len(named) > 1 else parts[:-1]}: {', '.join(named)}"
            return
        for name, c in self.compartments.items():
            size = f", {door_text(c.start_volume, 'volume')}" if c.finite else ""
            inside = ", ".join(
                glued(f"{ion} {door_text(value, 'concentration')}") for ion, value in self.contents(name).items()
            )
            yield f"  {name} ({c.kind}{size}): {inside}"
        for name, m in self.membranes.items():
            yield f"  membrane {name}, {door_text(self.potential(name), 'potential')}: {', '.join(m.transports)}"
        if self.exchanges:
            yield f"  exchanges: {', '.join(self.exchanges)}"

    def tables(self) -> tuple[Table, ...]:
        """Every number by its path, in its door unit, with where it comes from; and the literature."""
        from vrest.model.paths import parameters

        known, solved = parameters(self), self.solved()
        values = [float(p.door(solved.get(path, p.value))) for path, p in known.items()]
        numbers = Table(
            (
                Column("path", "", list(known)),
                Column("value", "", values, digits=6, rounding=0.0),
                Column("unit", "", [p.unit for p in known.values()]),
                Column("range", "", [" to ".join(self._range(path)) for path in known]),
                Column("source", "", [self.sources[path].text if path in self.sources else "" for path in known]),
            ),
            title=f"The {len(known)} numbers of '{self.name}'",
            note=f"Solved by the charge balance: {', '.join(solved)}." if solved else "",
        )
        keys, texts = list(self.references), list(self.references.values())
        return numbers, Table((Column("key", "", keys), Column("reference", "", texts)), title="References")

    def _range(self, path: str) -> tuple[str, ...]:
        """The range that is known of a number."""
        known = self.sources.get(path)
        return tuple(known.range or ()) if known else ()

    def __str__(self) -> str:
        return repr(self)

    def _said(self) -> Iterable[str]:
        return ("Its live page, to vary every number: vrest.page(cell)",)

    def _cells(self) -> Iterable[Cell]:
        return (self,)

    def valence(self) -> Mapping[str, int]:
        """Valence of every ion this cell can name."""
        return {**VALENCE, **self.valences}

    def area(self, membrane: str) -> float:
        """Area of a membrane (its name) at the start, m2."""
        m = self.membranes[membrane]
        if m.area is not None:
            return m.area
        surface = self.compartments[m.inside].surface
        assert surface is not None  # checked at construction
        return surface

    def area_exponent(self, membrane: str) -> float:
        """Exponent with which the area of a membrane (its name) grows with the volume of its inside.

        0 where it is fixed, 2/3 of a sphere, 1/2 of a cylinder of constant length.
        """
        m = self.membranes[membrane]
        if not m.area_follows_volume:
            return 0.0
        return {"sphere": 2 / 3, "cylinder": 1 / 2}[str(self.compartments[m.inside].shape)]

    def with_solutions(self, pipette: SolutionLike, bath: SolutionLike, *, celsius: Any = None) -> Cell:
        """The cell in whole-cell recording: dialysed with the pipette's solution, in the bath's.

        Ions that the cell follows are those of the solutions, by symbol; what binds Ca2+ or Mg2+ makes their `free`
        share. All else (buffers, nucleotides, ions that nothing moves) is impermeant with its mean charge, so that
        charge and osmolarity are those of the solutions. The temperature is that of the recording; the ATP of pumps is
        that of the pipette. An ion that the cell moves and neither solution has is 0 mM on both sides.

        Parameters
        ----------
        pipette, bath
            As of `vrest.solution`: a recipe's file, a name of the library, a dictionary, a `Solution`.
        celsius
            Temperature of the recording, degC or text with a unit; by default as the solutions say, which must agree.

        Raises
        ------
        InputError
            `not_one_bath` (other than one inside in one bath), `temperatures_differ`, `known_ion` (an ion
            with another charge), what `vrest.solution` refuses.

        >>> from vrest.model.cellfile import load
        >>> pipette = {"ions": {"K": 145, "Na": 13, "Cl": 13, "gluconate": 145}}
        >>> bath = {"ions": {"K": 3, "Na": 145, "Cl": 148}}
        >>> cell = load("mammalian_neuron").with_solutions(pipette, bath, celsius=32)
        >>> cell.contents("inside"), cell.compartments["inside"].kind
        ({'K': 145.0, 'Na': 13.0, 'Cl': 13.0}, 'dialysed')
        """
        from vrest.model.dialysed import with_solutions

        return with_solutions(self, pipette, bath, celsius)

    def _wires(self) -> list[tuple[str, str, str]]:
        """The exchanges that hold two compartments at one potential."""
        return [("", e.inside, e.outside) for e in self.exchanges.values() if e.holds]

    @remembered
    def ways(self) -> tuple[dict[str, str], dict[str, tuple[tuple[str, float], ...]]]:
        """The ground of what each compartment is joined to, and the membranes on the way to it from there."""
        joined = [(n, m.inside, m.outside) for n, m in self.membranes.items() if m.capacitance is not None]
        return ways(list(self.compartments), [*self._wires(), *joined])

    def potential(self, membrane: str) -> Any:
        """V of a membrane (its name) at the start, V; where it closes a ring, what the others leave."""
        m = self.membranes[membrane]
        if m.potential is not None:
            return m.potential
        steps = way_between(self.ways()[1], m.inside, m.outside)
        return sum((sign * self.membranes[name].potential for name, sign in steps), 0.0)

    @remembered
    def solved(self) -> MappingProxyType[str, float]:
        """Values that the charge balance determined, by path (SI)."""
        values = {}
        for name in self.compartments:
            answer = _solve_charge(self, name)
            if answer is not None:
                values[f"compartments.{name}.{answer[0]}"] = answer[1]
        return MappingProxyType(values)

    def contents(self, compartment: str) -> dict[str, float]:
        """Concentrations of the ions of a compartment (its name) at the start, mol/m3, with a solved one filled in."""
        c = self.compartments[compartment]
        ions = dict(c.ions)
        for path, value in self.solved().items():
            if path.startswith(f"compartments.{compartment}.ions."):
                ions[path.rsplit(".", 1)[1]] = value
        return ions

    def impermeant(self, compartment: str) -> tuple[float, float]:
        """Concentration (mol/m3) and mean valence of the impermeants of a compartment (its name) at the start."""
        x = self.compartments[compartment].impermeant
        if x is None:
            return 0.0, 0.0
        solved = self.solved()
        prefix = f"compartments.{compartment}.impermeant."
        return (
            solved.get(prefix + "concentration", x.concentration),
            solved.get(prefix + "valence", x.valence),
        )

    def osmolarity(self, compartment: str) -> float:
        """Sum of all concentrations of a compartment (its name) at the start but dissolved gases, mol/m3."""
        valence = self.valence()
        ions = sum(value for symbol, value in self.contents(compartment).items() if valence[symbol])
        return ions + self.impermeant(compartment)[0]


def replace_name(part: Any, name: str) -> Any:
    """A compartment or membrane that knows its name, for its error messages."""
    return part if part._name == name else part._with_si(_name=name)


def _solve_charge(cell: Cell, compartment: str) -> tuple[str, float] | None:
    """What balances the charge of a compartment against its membranes; None where nothing is solved."""
    c = cell.compartments[compartment]
    if not c.finite:
        return None
    charge: Any = 0.0
    capacitance: Any = 0.0
    for name, m in cell.membranes.items():
        side = (m.inside == compartment) - (m.outside == compartment)
        if m.capacitance is None or not side:  # one that closes a ring holds no charge
            continue
        capacitance = capacitance + m.capacitance * cell.area(name)
        charge = charge + side * m.capacitance * cell.area(name) * m.potential
    charge = possible(cell, compartment, charge)
    try:
        answer = balanced(c, compartment, cell.valence(), charge, capacitance)
    except InputError as error:
        raise explained(cell, compartment, charge, error) from None
    return within(cell, compartment, answer)

"""Whether what the charge balance rests on and what it solves can be: a membrane's charge against what is dissolved.

The charge of a membrane is a small excess of the ions beside it. Where it is a large share of them the volume, the area
or the capacitance is not what was meant, and `slips` tries which one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vrest.constants import F
from vrest.errors import InputError
from vrest.model.compartment import CONCENTRATION, Compartment, Impermeant
from vrest.model.notice import Notice
from vrest.model.quantity import SIZES, SOLVE, meant, quantity_fields
from vrest.physics.namespace import namespace, traced
from vrest.tables import number
from vrest.units import format_si, from_door, from_si

if TYPE_CHECKING:
    from vrest.model.cell import Cell

IMPOSSIBLE, UNUSUAL = 0.1, 0.01
"""Shares of what is dissolved that a membrane's charge can make at most, and that it makes in living cells at most.

At 1 uF/cm2, -70 mV and 300 mM they are those of a space 0.24 nm thick, less than a molecule of water, and of one 2.4 nm
thick, less than a membrane."""

LEAST = 1.0
"""mM: a space with less than that dissolved in it is taken to have as much."""

THIN, THICK = 5e-9, 2e-4
"""m: volume over area of a space as there are; clefts and tubules have 10 nm, the largest cells 0.1 mm."""

NARROW = 2e-9
"""m: the same of a space outside, of which a cleft with two membranes has half its width."""

ROUND = 0.2
"""Share of a sphere's surface that the membranes of a volume have at least; a sphere has the least of all bodies."""

BARE = 0.02
"""Share of a sphere's surface below which what membranes have is remarked on: most of a surface is then not described,
or the volume is a thousand times too large."""

LARGEST_CELL = 1e-6
"""m2: area of a whole cell at most, 1 mm2."""

MEMBRANE, FOLDED, LARGE = 0.01, 0.05, 0.3
"""F/m2: what a membrane has, one whose folds are counted in, and what none has."""

CROWDED, MANY_CHARGES, MOST_CHARGES = 10.0, 4.0, 30.0
"""mM; the mean charges that impermeants have at most where there is that much of them, and where there is less."""

ALMOST_NONE, MUCH = 1e-3, 1000.0
"""Share of all charges below which a solved concentration is what rounding leaves, and mM that none has."""

TONICITY, DILUTE = 2.0, 50.0
"""The ratio of osmolarities across a membrane up to which it is usual; and mM of a bath, such as a pond or a soil, in
which only cells with walls live, or with pumps for water, where none is."""

UNEVEN = 0.8
"""Share of the osmolarity beside it below which a compartment may lack an ion, given a thousand times too small."""

OFTEN, MOST = (-2.0, -0.3), 500.0
"""Mean charges that impermeants of cells have, and mM of what there is most of."""


@dataclass(frozen=True)
class _Space:
    """A compartment as its membranes charge it; SI."""

    volume: float
    dissolved: float
    walls: tuple[tuple[str, float, float, float], ...]
    """Name, area, capacitance and potential of each, the potential with the sign of its side."""

    @property
    def excess(self) -> float:
        """mol/m3 of charge."""
        return sum(area * c * v for _, area, c, v in self.walls) / (F * self.volume)

    @property
    def surface(self) -> float:
        """m2 of all its membranes."""
        return sum(area for _, area, *_ in self.walls)

    @property
    def main(self) -> tuple[str, float, float, float]:
        """The membrane with the largest charge."""
        return max(self.walls, key=lambda wall: abs(wall[1] * wall[2] * wall[3]))

    def plausible(
        self, *, volume: float | None = None, area: float | None = None, per_area: float | None = None
    ) -> bool:
        """Whether it would be as living ones are with another volume, or with another main membrane."""
        name, *_ = self.main
        walls = tuple((n, area or a, per_area or c, v) if n == name else (n, a, c, v) for n, a, c, v in self.walls)
        there = _Space(volume or self.volume, self.dissolved, walls)
        return (
            THIN <= there.volume / there.surface <= THICK
            and there.surface >= ROUND * sphere(there.volume)
            and all(c <= FOLDED for _, _, c, _ in walls)
            and abs(there.excess) < UNUSUAL * self.dissolved
        )


def sphere(volume: float) -> float:
    """Surface of a sphere, m2, by its volume, m3."""
    return (36.0 * math.pi * volume**2) ** (1 / 3)


def dissolved(c: Compartment, valence: Any) -> Any:
    """Charges of the ions and molecules of the impermeants that are known of a compartment, mol/m3."""
    held = [abs(valence[symbol]) * value for symbol, value in c.ions.items() if not _open(value)]
    if c.impermeant is not None and not _open(c.impermeant.concentration):
        held.append(c.impermeant.concentration)
    return sum(held, 0.0) + LEAST


def possible(cell: Cell, compartment: str, charge: Any) -> Any:
    """The charge (C) that its membranes give a compartment, if what is dissolved there can hold it.

    Of a population the cells that cannot have NaN.
    """
    c = cell.compartments[compartment]
    excess, most = abs(charge) / (F * c.start_volume), IMPOSSIBLE * dissolved(c, cell.valence())
    if traced(excess, most) or getattr(excess - most, "shape", ()):
        xp = namespace(excess, most)
        return charge * xp.where(excess > most, xp.nan, 1.0)
    if excess > most:
        told = _told(cell, compartment)
        raise InputError(
            f"compartment '{compartment}': {told}, which nothing of that size can hold.",
            code="implausible_charge",
            hint=_advice(cell, compartment),
        )
    return charge


def explained(cell: Cell, compartment: str, charge: float, error: InputError) -> InputError:
    """What the charge balance refuses, with the slip that would explain it where a charge (C) is unusual."""
    c = cell.compartments[compartment]
    if abs(charge) / (F * c.start_volume) <= UNUSUAL * dissolved(c, cell.valence()):
        return error
    hint = f"{_told(cell, compartment)}. {_advice(cell, compartment)}"
    return InputError(error.message, code=error.code, hint=hint[:1].upper() + hint[1:])


def within(cell: Cell, compartment: str, answer: tuple[str, Any] | None) -> tuple[str, Any] | None:
    """What the charge balance solved, if its field allows it. Of a population the cells that it does not have NaN."""
    if answer is None:
        return None
    what, value = answer
    c = cell.compartments[compartment]
    spec = dict(quantity_fields(Impermeant))["valence"] if what.endswith("valence") else CONCENTRATION
    assert spec.maximum is not None
    if traced(value) or getattr(value, "shape", ()):
        xp = namespace(value)
        return what, value * xp.where(abs(value) > spec.maximum, xp.nan, 1.0)
    if abs(value) > spec.maximum:
        text = f"{number(value, 4)} charges a molecule" if what.endswith("valence") else _mm(value)
        found = list(_thousandfold(cell, c, what))
        raise InputError(
            f"compartment '{compartment}': the charge balance asks for {what} = {text}, which nothing has.",
            code="implausible_solve",
            hint=f"Likely: {'; or '.join(found)}." if found else "Check the numbers it is solved from.",
        )
    return answer


def implausible(cell: Cell) -> list[Notice]:
    """What the sizes and solved values of a cell have that living cells do not."""
    found = []
    for name, m in cell.membranes.items():
        if m.capacitance is not None and m.capacitance > LARGE:
            other = _whole(m.capacitance, cell.area(name))
            likely = f" Likely: {_capacitance(m.capacitance, other)}." if other else ""
            text = f"membrane '{name}' has {format_si(m.capacitance, 'specific_capacitance', digits=4)}, and membranes "
            found.append(Notice("implausible_capacitance", f"{text}have about 1 uF/cm2, muscle up to 10.{likely}"))
    for name, c in cell.compartments.items():
        if not c.finite:
            continue
        space = _space(cell, name)
        if space.walls and abs(space.excess) > UNUSUAL * space.dissolved:
            text = f"compartment '{name}': {_told(cell, name)}; in living cells it is far below 1 %. "
            found.append(Notice("implausible_charge", text + _advice(cell, name)))
        elif space.walls and (size := _size(cell, name, space)):
            found.append(Notice("implausible_size", f"compartment '{name}': {size}. {_advice(cell, name)}"))
        found += _solved(cell, name)
    return found


def _size(cell: Cell, compartment: str, space: _Space) -> str:
    """What no body has of a volume and the membranes around it."""
    area, volume = (format_si(v, what, digits=4) for v, what in ((space.surface, "area"), (space.volume, "volume")))
    inner = any(m.inside == compartment for m in cell.membranes.values())
    if space.volume < (THIN if inner else NARROW) * space.surface:
        thick = number(from_si(space.volume / space.surface, "length", "nm"), 3)
        return f"{volume} behind {area} of membrane is {thick} nm thick, less than a membrane"
    ball = sphere(space.volume)
    if inner and space.surface < BARE * ball:
        least = format_si(ball, "area", digits=3)
        return f"{area} of membrane are around {volume}, and a sphere, which has the least of all bodies, has {least}"
    return ""


def _solved(cell: Cell, compartment: str) -> Iterator[Notice]:
    """What is unusual of the value that the charge balance solved in a compartment."""
    c, base = cell.compartments[compartment], f"compartments.{compartment}."
    for path, value in cell.solved().items():
        if path.startswith(base):
            what = path.removeprefix(base)
            unusual = _valence(cell, c, value) if what.endswith("valence") else _content(cell, c, what, value)
            if unusual:
                text = f"compartment '{compartment}': {what.removeprefix('ions.')} is solved to {unusual}"
                found = [*_thousandfold(cell, c, what), *_isosmotic(cell, c, what, value)]
                likely = f" Likely: {'; or '.join(found)}." if found else " Check the numbers it is solved from."
                yield Notice("implausible_solve", f"{text}.{likely}")


def _valence(cell: Cell, c: Compartment, value: float) -> str:
    """What is unusual of a solved mean charge."""
    assert c.impermeant is not None
    if not OFTEN[0] <= value <= OFTEN[1] and (other := _lost(cell, c)):
        return f"{number(value, 4)} charges a molecule, and {other}"
    held = c.impermeant.concentration
    most = MANY_CHARGES if held >= CROWDED else MOST_CHARGES
    if abs(value) > most:
        return f"{number(value, 4)} charges a molecule; proteins and metabolites together have about -0.5 to -2"
    inner = any(m.inside == c._name and m.capacitance is not None for m in cell.membranes.values())
    if inner and held >= CROWDED and value > 1.0:
        return (
            f"{number(value, 4, signed=True)}: its anions exceed its cations, and what cannot leave a cell is negative"
        )
    return ""


def _lost(cell: Cell, c: Compartment) -> str:
    """How far its osmolarity is from what is beside it, where an ion a thousand times larger makes up for that."""
    own, valence = cell.osmolarity(c._name), "impermeant.valence"
    for path, value in c.ions.items():
        found = value < LEAST and any(slip.startswith(f"{path} was meant") for slip in _thousandfold(cell, c, valence))
        for other in (cell.osmolarity(side) for side in _beside(cell, c._name)) if found else ():
            if own < UNEVEN * other and abs(own + 999.0 * value - other) < 0.1 * other:
                return f"{number(own, 3)} mOsm are beside {number(other, 3)} mOsm"
    return ""


def _content(cell: Cell, c: Compartment, what: str, value: float) -> str:
    """What is unusual of a solved concentration."""
    text, valence = format_si(value, "concentration", digits=4), cell.valence()
    contents = cell.contents(c._name)
    charges = math.fsum(abs(valence[symbol]) * held for symbol, held in contents.items())
    if value > MUCH:
        return f"{text}, more than any cell has"
    if what.startswith("ions.") and abs(valence[what.removeprefix("ions.")]) * value < ALMOST_NONE * charges:
        return f"{text}, what is left between {_mm(charges)} of other charges: their last digits decide it"
    own, others = cell.osmolarity(c._name), [cell.osmolarity(side) for side in _beside(cell, c._name)]
    ratios = [max(own / other, other / own) for other in others if other >= DILUTE]
    if ratios and own >= LEAST and len(ratios) == len(others) and min(ratios) > TONICITY:
        return f"{text}: {number(own, 3)} mOsm beside {number(min(others, key=lambda o: abs(o - own)), 3)} mOsm"
    return ""


def _beside(cell: Cell, compartment: str) -> list[str]:
    """What the membranes of a compartment divide it from."""
    sides = [(m.inside, m.outside) for m in cell.membranes.values()]
    return [b if a == compartment else a for a, b in sides if compartment in (a, b)]


def _thousandfold(cell: Cell, c: Compartment, what: str) -> Iterator[str]:
    """Concentrations which, a thousand times larger or smaller, make what is solved usual: M or uM for mM."""
    given = {f"ions.{symbol}": value for symbol, value in c.ions.items() if f"ions.{symbol}" != what}
    if c.impermeant is not None and what != "impermeant.concentration":
        given["impermeant.concentration"] = c.impermeant.concentration
    for path, value in given.items():
        for unit in ("M",) if value < LEAST else ("uM",) if value > MOST else ():
            other = from_door(value, "concentration", unit)
            if _usual(cell, c, what, {**given, path: other}):
                sizes = [format_si(each, "concentration", digits=4) for each in (other, value)]
                yield f"{path.removeprefix('ions.')} was meant in {unit} ({sizes[0]}, not {sizes[1]})"


def _usual(cell: Cell, c: Compartment, what: str, given: Mapping[str, float]) -> bool:
    """Whether neutrality solves something usual from other concentrations; the excess is nothing beside them."""
    valence = cell.valence()
    net = math.fsum(valence[path[5:]] * value for path, value in given.items() if path.startswith("ions."))
    if any(value > MUCH for value in given.values()):
        return False
    if what.endswith("valence"):
        return OFTEN[0] <= -net / given["impermeant.concentration"] <= OFTEN[1]
    x = c.impermeant
    if what.startswith("ions."):
        held = given.get("impermeant.concentration", 0.0) * (x.valence if x is not None else 0.0)
        return LEAST <= -(net + held) / valence[what[5:]] <= MOST
    return x is not None and LEAST <= -net / x.valence <= MOST


def _isosmotic(cell: Cell, c: Compartment, what: str, value: float) -> Iterator[str]:
    """How much of impermeants would balance the osmolarity beside it, where a valence is then usual."""
    if not what.endswith("valence") or c.impermeant is None:
        return
    ions = cell.osmolarity(c._name) - c.impermeant.concentration
    for side in _beside(cell, c._name):
        held = cell.osmolarity(side) - ions
        if held > LEAST and OFTEN[0] <= (usual := value * c.impermeant.concentration / held) <= OFTEN[1]:
            yield (
                f"too {'little' if held > c.impermeant.concentration else 'much'} of impermeants: the "
                f"{format_si(held, 'concentration', digits=3)} that balance the osmolarity of '{side}' have "
                f"{number(usual, 3)}"
            )
            return


def _told(cell: Cell, compartment: str) -> str:
    """How much charge the membranes have, beside the ions."""
    space, valence = _space(cell, compartment), cell.valence()
    name, area, per_area, potential = space.main
    ions = cell.compartments[compartment].ions
    sign = 1 if space.excess < 0 else -1
    kind = "cations" if sign > 0 else "anions"
    held = sum(abs(valence[s]) * v for s, v in ions.items() if not _open(v) and sign * valence[s] > 0)
    charge = f"the charge of its membrane{'s' if len(space.walls) > 1 else ''} is {_mm(space.excess)} of ions"
    times = f", {number(abs(space.excess) / held, 2)} times all its {kind}" if held else ""
    made = ", ".join(
        (
            f"{format_si(area, 'area', digits=4)} of '{name}'",
            format_si(per_area, "specific_capacitance", digits=4),
            format_si(abs(potential), "potential", digits=4),
        )
    )
    return f"{charge}{times} ({made} on {format_si(space.volume, 'volume', digits=4)})"


def _mm(value: float) -> str:
    return format_si(abs(value), "concentration", digits=3)


def _advice(cell: Cell, compartment: str) -> str:
    found = list(slips(cell, compartment))
    if found:
        return "Likely: " + "; or ".join(found) + "."
    return "Check the volume, the area and the capacitance, with their units."


def slips(cell: Cell, compartment: str) -> Iterator[str]:
    """The slips that would explain a membrane's charge: each makes it plausible, worked out."""
    c, space = cell.compartments[compartment], _space(cell, compartment)
    name, area, per_area, _ = space.main
    m = cell.membranes[name]
    if m.area is not None:
        for unit, other in meant(m.area, "area"):
            if space.plausible(area=other):
                read = f"{number(from_si(m.area, 'area'), 4)} {unit}"
                yield f"an area of {format_si(other, 'area', digits=4)} of '{name}' ({read}, not um2)"
        ball = sphere(space.volume)
        if area <= LARGEST_CELL and area > 30 * ball and space.plausible(area=ball):
            yield (
                f"the area (or capacitance) is that of a whole cell and the volume that of a part of it, such as a "
                f"process: a sphere of that volume has {format_si(ball, 'area', digits=3)}"
            )
    if c.volume is not None:
        for unit, other in meant(c.volume, "volume"):
            if space.plausible(volume=other):
                read = f"{number(from_si(c.volume, 'volume'), 4)} {unit}"
                yield f"a volume of {format_si(other, 'volume', digits=4)} ({read}, not um3)"
        for less, unit in ((1e-3, "nL"), (1e-6, "uL")):
            if less * c.volume >= SIZES["volume"][0] and space.plausible(volume=less * c.volume):
                read = f"{number(from_si(c.volume, 'volume', unit), 4)} pL, not {unit}"
                yield f"a volume of {format_si(less * c.volume, 'volume', digits=4)} ({read})"
    elif c.radius is not None:
        for unit, other in meant(c.radius, "length"):
            there = c._with_si(radius=other)
            surface = there.surface if m.area is None else None
            if space.plausible(volume=there.start_volume, area=surface):
                read = f"{number(from_si(c.radius, 'length'), 4)} {unit}"
                yield f"a radius of {format_si(other, 'length', digits=4)} ({read}, not um)"
    if per_area > FOLDED and (other := _whole(per_area, area)) and space.plausible(per_area=other):
        yield _capacitance(per_area, other)
    elif per_area > FOLDED and space.plausible(per_area=MEMBRANE):
        yield f"a capacitance of about {format_si(MEMBRANE, 'specific_capacitance')}, as membranes have"


def _whole(per_area: float, area: float) -> float:
    """The capacitance per area where its number was that of the whole membrane in pF; 0 where that is not usual."""
    pf = from_door(from_si(per_area, "specific_capacitance"), "specific_capacitance", "pF/um2")
    other = pf / from_si(area, "area")
    return other if MEMBRANE / 2 <= other <= FOLDED else 0.0


def _capacitance(per_area: float, other: float) -> str:
    read = number(from_si(per_area, "specific_capacitance"), 4)
    return f"a capacitance of {format_si(other, 'specific_capacitance', digits=3)} ({read} pF of the whole membrane)"


def _space(cell: Cell, compartment: str) -> _Space:
    c = cell.compartments[compartment]
    walls = []
    for name, m in cell.membranes.items():
        side = (m.inside == compartment) - (m.outside == compartment)
        if side and m.capacitance is not None:
            walls.append((name, cell.area(name), m.capacitance, side * m.potential))
    return _Space(c.start_volume, dissolved(c, cell.valence()), tuple(walls))


def _open(value: Any) -> bool:
    return isinstance(value, str) and value == SOLVE

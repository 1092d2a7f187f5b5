"""The sentences of a junction: which potential a reading is, and what to know of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from vrest.layout import glued
from vrest.model.solution.mobilities import RELATIVE_SD, Mobility
from vrest.tables import counted, joined, number
from vrest.units import from_si

if TYPE_CHECKING:
    from vrest.study.junction.result import LJP

EXAMPLE = -60.0
"""mV: a reading where none is given."""

SMALL = 0.005
"""mV: a mobility that is worth less is said to be worth less than 0.01 mV."""

NAMED = 0.1
"""mol/m3: of a molecule without charge that is named."""

BIGGEST = 3
"""Mobilities that are named for what they are worth."""


def mV(value: float, *, signed: bool = False, decimals: int = 1) -> str:
    """A potential that no line breaks.

    >>> mV(16.049, signed=True)
    '+16.0\\xa0mV'
    """
    return glued(f"{number(value, decimals=decimals, signed=signed)} mV")


def give_or_take(value: float, sd: float) -> str:
    """A potential with its error.

    >>> give_or_take(16.049, 1.09)
    '+16.0\\xa0±\\xa01.1\\xa0mV'
    """
    return glued(f"{number(value, decimals=1, signed=True)} ± {number(sd, decimals=1)} mV")


def verdict(found: LJP) -> str:
    """What a reading becomes and why, in one sentence."""
    why = f"junction {give_or_take(found.value, found.sd)}"
    if found.shifts:
        more = f"{mV(found.off - found.value, signed=True)} at the reference"
        why = f"{give_or_take(found.off, found.off_sd)} taken off: {why}, and {more}"
    return f"{became(found)} ({why}).{_but(found)}"


def became(found: LJP) -> str:
    """What a reading becomes."""
    reads = found.measured or (EXAMPLE,)
    ends = sorted({min(reads), max(reads)})
    values = [found.configuration.potential(read, found.off) for read in ends]
    if len(found.measured) > 1:
        begin = f"You read {counted(len(found.measured), 'value')} from {' to '.join(map(mV, ends))};"
    else:
        begin = f"You read {mV(reads[0])};" if found.measured else f"If you read {mV(reads[0])},"
    return f"{begin} {_at(found, values)}"


def _at(found: LJP, values: list[float]) -> str:
    """Where the membrane is."""
    told = " to ".join(mV(value, signed=found.configuration.sign < 0) for value in values)
    match found.configuration.name:
        case "inside-out":
            return f"the patch is at {told}, inside (which faces the bath) minus outside"
        case "cell-attached":
            told = told.replace("+", "+ ").replace("-", "- ")
            return f"the patch is at V_cell {told}, inside minus outside"
        case _:
            return f"the {found.configuration.membrane} is at {told}"


def _but(found: LJP) -> str:
    match found.configuration.name:
        case "perforated":
            return " The Donnan potential between pipette and cell is not in it."
        case "cell-attached":
            return " V_cell, the cell's own potential, is not known here."
        case _:
            return ""


def junction(found: LJP) -> str:
    """The junction by the two methods."""
    names = {"np": "Nernst-Planck", "henderson": "Henderson"}
    by = names[found.method] + (" with Davies' activities" if found.activity == "davies" else "")
    told = f"{mV(found.value, signed=True, decimals=2)} by {by} at {glued(f'{number(found.celsius)} degC')}"
    others = []
    if found.method == "np":
        others.append(f"{mV(found.henderson, signed=True, decimals=2)} by Henderson")
    if found.ideal is not None:
        others.insert(0, f"{mV(found.ideal, signed=True, decimals=2)} in concentrations")
    return f"phi(bath) - phi(pipette) = {told}{''.join(f'; {each}' for each in others)}"


def below(found: LJP) -> Iterable[str]:
    """What stands below the tables."""
    yield _worth(found)
    yield from _guesses(found)
    yield from _missing(found)
    yield from _neutral(found)
    yield _zeroed(found)


def _worth(found: LJP) -> str:
    """The mobilities that the error is of."""
    parts = sorted(_parts(found), key=lambda part: -part[1])[:BIGGEST]
    named = joined([f"{mobility.name} {mV(worth)}" for mobility, worth in parts if worth > 0.0])
    known = [f"{quality.replace('guess', 'guessed')} to {100 * sd:g} %" for quality, sd in RELATIVE_SD.items()]
    told = f"The ± is one standard deviation, of mobilities that are {joined(known)}"
    return f"{told}. Most of it is {named}." if named else f"{told}."


def _guesses(found: LJP) -> Iterable[str]:
    """Mobilities that nobody measured, and what they are worth."""
    guessed = [(m, worth) for m, worth in _parts(found) if m.quality == "guess"]
    if guessed:
        told = [f"{m.name} ({m.u_rel:g}, ±{mV(worth, decimals=2)})" for m, worth in guessed if worth >= SMALL]
        little = [m.name for m, worth in guessed if worth < SMALL]
        told += [f"less than 0.01 mV of {joined(little)}"] if little else []
        off = f"±{100 * RELATIVE_SD['guess']:g} %"
        yield f"Guessed mobilities, each with what {off} of it are worth: {joined(told)}."


def _parts(found: LJP) -> list[tuple[Mobility, float]]:
    """Each mobility, and what its error is worth, mV."""
    return [
        (mobility, abs(from_si(slope * mobility.relative_sd, "potential")))
        for mobility, slope in found.solved.slopes.items()
    ]


def _missing(found: LJP) -> Iterable[str]:
    """What the junction is with each ion that a solution may lack."""
    if found.solved.fills:
        amounts = {"pipette": dict(found.pipette.neutrality.fills), "bath": dict(found.bath.neutrality.fills)}
        told = []
        for ours, theirs, potential in found.solved.fills:
            more = [
                f"{number(from_si(amounts[side][ion], 'concentration'), 3)} mM more {ion} in the {side}"
                for ion, side in ((ours, "pipette"), (theirs, "bath"))
                if ion
            ]
            told.append(f"{mV(from_si(potential, 'potential'), decimals=2)} with {joined(more)}")
        told[0] += ", as in the table"
        yield f"A solution is not neutral as written. The junction is {'; '.join(told)}. The ± has what lies between."


def _neutral(found: LJP) -> Iterable[str]:
    """Molecules without charge, those first that there is most of."""
    amounts: dict[str, float] = {}
    for each in (*found.pipette.species, *found.bath.species):
        if not each.charge:
            amounts[each.name] = max(amounts.get(each.name, 0.0), each.concentration)
    names = sorted((name for name in amounts if amounts[name] >= NAMED), key=lambda name: -amounts[name])
    if names:
        yield f"No net charge, so they do not count: {joined(names)}."


def _zeroed(found: LJP) -> str:
    """What the rule takes for granted."""
    told = f"It holds where the amplifier was zeroed with the open pipette in '{found.bath.name}', before the seal."
    if found.configuration.name == "whole-cell":
        told += " The cell is taken to hold what the pipette holds, as it does some minutes later."
    told += " If the amplifier was told a junction potential, what it shows is corrected already."
    if not found.shifts:
        told += f" To correct beforehand instead, make it show {mV(-found.value)} with the open pipette in the bath."
    return told

"""Two solutions of one recording: at one temperature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vrest.errors import InputError
from vrest.model.notice import Notice
from vrest.model.solution.constants import constants as constants_of
from vrest.model.solution.solution import Solution, SolutionLike, solution
from vrest.units import format_si, from_si

SAME = 0.01
"""K."""


def together(
    first: SolutionLike, second: SolutionLike, celsius: Any = None, constants: Any = None
) -> tuple[Solution, Solution, bool]:
    """Two solutions at the temperature of the recording, and whether something says that.

    One that says it in its recipe speaks for the other; a pH is set at room temperature, and says it only where neither
    does.
    """
    if constants is not None:  # read once for both
        constants = constants_of(constants)
    inner, outer = (solution(each, celsius=celsius, constants=constants) for each in (first, second))
    if celsius is not None:
        return inner, outer, True
    pair = (inner, outer)
    recorded = {each.temperature if each.recipe is None else each.recipe.temperature for each in pair} - {None}
    prepared = {each.recipe.pH_temperature for each in pair if each.recipe} - {None}
    said = recorded or prepared
    if len(said) == 1:
        heat = format_si(next(filter(None, said)), "temperature")
        inner, outer = (solution(each, celsius=heat, constants=constants) for each in pair)
    return inner, outer, bool(said)


def check_temperature(first: Solution, second: Solution) -> None:
    """Refuse two solutions that are not at one temperature.

    Raises
    ------
    InputError
        `temperatures_differ`.
    """
    if abs(first.temperature - second.temperature) > SAME:
        heats = " and ".join(
            f"'{each.name}' at {format_si(each.temperature, 'temperature', 4)}" for each in (first, second)
        )
        raise InputError(
            f"The solutions differ in temperature: {heats}.",
            code="temperatures_differ",
            hint="Say that of the recording, such as --celsius 32 or celsius=32: both are then taken at that.",
        )


def to_know(*solutions: Solution) -> Iterator[Notice]:
    """What to know of the solutions of one recording, and of their charges."""
    yield from dict.fromkeys(warning for each in solutions for warning in each.warnings)  # of one file is told once
    for each in solutions:
        if each.neutrality.kind == "unexplained":
            charge = from_si(each.neutrality.charge, "concentration")
            yield Notice("not_neutral", f"'{each.name}' has {charge:+.3g} mM of charge that nothing explains")
    yield from unused_constants(*solutions)


def unused_constants(*solutions: Solution) -> Iterator[Notice]:
    """That a file has constants of what is in none of the solutions."""
    own = {name: file for each in solutions for name, file in each.constants.own.items()}
    for name, file in own.items():
        if not any(each.totals.get(name) for each in solutions):
            names = " or ".join(f"'{each.name}'" for each in solutions)
            yield Notice("unused_constants", f"{file} has constants of {name}, of which nothing is in {names}")


def no_temperature(solution: Solution) -> Notice:
    """That nothing says the temperature at which a solution is taken."""
    heat = format_si(solution.temperature, "temperature", 4)
    return Notice("no_temperature", f"nothing says the temperature of the recording: {heat} is taken")

"""Solutions from files of other programs: databases of pycsf, and ion tables of LJPcalc.

What such a file says of a substance (its ions, its molar mass, its mobility) is compared with what vrest knows, and
vrest's is used; every difference is told, and so is what the program itself would have done in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from vrest.errors import InputError, near_miss
from vrest.model.solution import ljpcalc, pycsf
from vrest.model.solution.pasted import is_pasted
from vrest.model.solution.recipe import Recipe
from vrest.reading import called, read_text, there

ENDINGS = (".json", ".txt", ".ljp")
"""Of names of files of other programs; a recipe's is .toml."""


def parse_recipes(text: str, where: str = "the text") -> Mapping[str, Recipe]:
    """The recipes in the text of a file of pycsf (JSON) or LJPcalc (lines that begin with `ion:`), by name, in order.

    An ion table has two, `pipette` and `bath`. What differs from what vrest knows is among the warnings of each;
    messages call the text `where`.

    Raises
    ------
    InputError
        `unknown_format`: it is of neither program; `bad_file`: a part of it cannot be read; `unknown_reagent`,
        `unknown_ion`: vrest has no such substance, and it counts.

    >>> found = parse_recipes('''
    ... ion: Na, +1, 50.11, 10, 145
    ... ion: Cl, -1, 76.31, 10, 145
    ... temperatureC: 20
    ... ''')
    >>> found["bath"].ions["Na"], found["bath"].warnings
    (145.0, ())
    """
    if text.lstrip()[:1] in ("{", "["):
        return pycsf.parse(text, where)
    if ljpcalc.is_table(text):
        return ljpcalc.parse(text, where)
    raise InputError(
        f"{where} is no file of pycsf or LJPcalc.",
        code="unknown_format",
        hint='pycsf saves JSON, LJPcalc lines such as "ion: Na, +1, 50.11, 10, 145". Your own recipe ends in .toml.',
    )


def recipe_in(text: str) -> Recipe | None:
    """The recipe that a text names in a file of another program, `PATH` or `PATH:NAME`; None where it names none.

    A text file that may be a recipe as papers have it is left to `read_recipe`.

    Raises
    ------
    InputError
        As of `parse_recipes`; `no_file`; `unknown_solution`: no recipe of that name, or several and none is named.
    """
    match = re.fullmatch(rf"(.*(?:{'|'.join(map(re.escape, ENDINGS))}))(?::(.*))?", text, re.IGNORECASE)
    if match is None:
        return None
    path, name = match[1], match[2] or ""
    text = read_text(path, "bad_file")
    if not name and is_pasted(text) and not ljpcalc.is_table(text):
        return None
    found = parse_recipes(text, called(path))
    names = list(found)
    if not name and len(names) == 1:
        return found[names[0]]
    if name in found:
        return found[name]
    told = f"{called(path)} has no solution '{name}'." if name else f"{called(path)} has {len(names)} solutions."
    near = near_miss(name, names) if name else ""
    those = ", ".join(f"'{path}:{each}'" for each in names)
    raise InputError(told, code="unknown_solution", hint=near if near.startswith("Did") else f"Write one of {those}.")


def both_sides(path: str) -> tuple[Recipe, Recipe] | None:
    """Pipette and bath of an ion table of LJPcalc; None where the path is of none."""
    if not path.lower().endswith(ENDINGS) or not there(path):
        return None
    text = read_text(path, "bad_file")
    if not ljpcalc.is_table(text):
        return None
    found = ljpcalc.parse(text, called(path))
    return found["pipette"], found["bath"]

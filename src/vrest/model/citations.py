"""What to cite: BibTeX of vrest, of a cell's sources, of its laws and of methods.

The entries are in `references.bib`, by keys such as `Hodgkin1952`. Laws, gatings and methods name theirs; a cell's
`references` are texts, and find theirs by the DOI or the title they contain.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache

from vrest.errors import InputError, near_miss
from vrest.model.cell import Cell
from vrest.model.channels import GatedChannel
from vrest.model.gating import find_gating
from vrest.version import __version__

FILE = os.path.join(os.path.dirname(__file__), "references.bib")
"""One field a line, a blank line between entries."""

VREST = f"""@misc{{vrest,
  author = {{{{The vrest developers}}}},
  title = {{vrest: the neuron's resting membrane potential}},
  howpublished = {{Python package, version {__version__}}}
}}"""
"""What CITATION.cff says, which an installed package does not have."""

MANY_AUTHORS = 2
"""More are `et al.`"""

_SPECIAL = {character: "\\" + character for character in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def bibtex(keys: Iterable[str] = (), cell: Cell | None = None) -> str:
    """BibTeX of vrest, of a cell with its sources and laws, and of what else has a key.

    Parameters
    ----------
    keys
        Of `references.bib`, such as a study's `CITES`.
    cell
        The cell that was used. A source of it that `references.bib` does not have is an entry whose note is its text.

    Raises
    ------
    InputError
        A key that is in no entry (`unknown_reference`).

    >>> print(bibtex(["Kay2017"]))
    @misc{vrest,
      author = {{The vrest developers}},
      title = {vrest: the neuron's resting membrane potential},
      howpublished = {Python package, version ...}
    }
    <BLANKLINE>
    @article{Kay2017,
      author = {Kay, Alan R.},
      title = {How cells can control their size by pumping ions},
      journal = {Frontiers in Cell and Developmental Biology},
      year = {2017},
      volume = {5},
      pages = {41},
      doi = {10.3389/fcell.2017.00041}
    }
    """
    known = _entries()
    wanted = dict.fromkeys((*(of_cell(cell) if cell else ()), *keys))
    if unknown := [key for key in wanted if key not in known]:
        raise InputError(
            f"There is no reference '{unknown[0]}'.",
            code="unknown_reference",
            hint=near_miss(unknown[0], [*known]) + " Literature of your own goes into the cell's references.",
        )
    return "\n\n".join((VREST, *(known[key] for key in wanted), *(_of_its_own(cell) if cell else ())))


def of_cells(keys: Iterable[str], cells: Iterable[Cell]) -> str:
    """BibTeX of vrest, of cells with their sources and laws, and of what else has a key; every entry once.

    Parameters
    ----------
    keys
        As of `bibtex`.
    cells
        Any number of them.

    >>> of_cells(["Kay2017"], []) == bibtex(["Kay2017"])
    True
    """
    several = [bibtex(keys, cell) for cell in cells] or [bibtex(keys)]
    return "\n\n".join(dict.fromkeys(entry for each in several for entry in each.split("\n\n")))


def of_cell(cell: Cell) -> tuple[str, ...]:
    """Keys of a cell's sources, then of its laws, gatings and exchanges, each once.

    Parameters
    ----------
    cell
        Any; where a law of it has been changed or switched off, it is still cited.

    >>> from vrest import load
    >>> of_cell(load("mammalian_neuron"))
    ('Hille2001', 'Hodgkin1949', 'Kager2000', 'Goldman1943', 'Kedem1958')
    """
    found = [key for text in cell.references.values() for key in of_text(text)]
    for membrane in cell.membranes.values():
        for law in membrane.transports.values():
            found += law.cites
            if isinstance(law, GatedChannel):
                found += find_gating(law.gating).cites
    for exchange in cell.exchanges.values():
        found += exchange.cites
    return tuple(dict.fromkeys(found))


def of_text(text: str) -> tuple[str, ...]:
    """Keys of the entries whose DOI or title a text contains.

    Parameters
    ----------
    text
        A cell's reference, or what a perturbation says of its source.

    >>> of_text("Kay AR (2017), doi 10.3389/fcell.2017.00041")
    ('Kay2017',)
    """
    plain = text.lower()
    return tuple(
        key
        for key, entry in _entries().items()
        if ((doi := _field(entry, "doi")) and re.search(rf"{re.escape(doi)}(?![\w-]|[./]\w)", plain))
        or ((title := _field(entry, "title")) and re.sub(r"[{}]", "", title) in plain)
    )


def in_brief(key: str) -> str:
    """First author and year of an entry.

    Parameters
    ----------
    key
        Of `references.bib`.

    >>> in_brief("Hodgkin1952"), in_brief("Saetra2020"), in_brief("Goldman1943")
    ('Hodgkin & Huxley 1952', 'Saetra et al. 2020', 'Goldman 1943')
    """
    entry = _entries()[key]
    (authors,), (year,) = (re.findall(rf"^  {name} = {{(.*)}},?$", entry, re.MULTILINE) for name in ("author", "year"))
    plain = re.sub(r"{\\\W(\w)}", r"\1e", authors)  # an umlaut, in ASCII like the keys
    surnames = [re.sub(r"[{}\\]", "", each.split(",")[0]) for each in plain.split(" and ")]
    if len(surnames) > MANY_AUTHORS or surnames[-1] == "others":
        return f"{surnames[0]} et al. {year}"
    return f"{' & '.join(surnames)} {year}"


def _of_its_own(cell: Cell) -> list[str]:
    """Entries of the sources of a cell that have no key."""
    return [
        f"@misc{{{re.sub(r'[^A-Za-z0-9_-]', '_', f'{cell.name}_{name}')},\n  note = {{{_escaped(text)}}}\n}}"
        for name, text in cell.references.items()
        if not of_text(text)
    ]


def _escaped(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in text)


@lru_cache(maxsize=1)
def _entries() -> dict[str, str]:
    """The entries of the file by their keys."""
    with open(FILE, encoding="utf-8") as file:
        entries = file.read().strip().split("\n\n")
    return {entry[entry.index("{") + 1 : entry.index(",")]: entry for entry in entries}


def _field(entry: str, name: str) -> str:
    """A field of an entry in small letters, or nothing."""
    found = re.search(rf"^  {name} = {{(.*)}},?$", entry, re.MULTILINE)
    return found[1].lower() if found else ""

"""`vrest show`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import rich_click as click

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.model.cell import Cell


@click.command("show")
@click.argument("cell", metavar="[CELL]", required=False)
@options.changes
@click.option("--sources", is_flag=True, help="Say where each value comes from, and its known range.")
@click.option("--toml", is_flag=True, help="Print the cell as a file, to copy and change.")
@click.option("--bibtex", is_flag=True, help="Print what to cite: vrest, the cell's sources and its laws.")
@click.option("--schema", is_flag=True, help="Print the JSON schema of cell files, for editors.")
@click.option("--gatings", is_flag=True, help="List the gatings that channels can name, and their sources.")
@options.common
def command(
    cell: str | None,
    changes: options.Changes,
    sources: bool,
    toml: bool,
    bibtex: bool,
    schema: bool,
    gatings: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """A cell with the path of every number, as --set and --at name them; without CELL, the library.

    \b
    Examples:
      vrest show
      vrest show mammalian_neuron --sources
      vrest show mammalian_neuron --toml > my_cell.toml
      vrest show mammalian_neuron --bibtex > sources.bib
      vrest show --schema > cell.schema.json
      vrest show --gatings

    CELL is a name of the library, a TOML file, or - for standard input.
    """
    from vrest.cli.answer import answer
    from vrest.cli.app import Wrong
    from vrest.io.report import door, report, to_json
    from vrest.model.notices import notices

    if schema:
        from vrest.model.schema import json_schema

        click.echo(to_json(json_schema()))
        return
    if gatings:
        known = list_gatings()
        answer(report({"gatings": known}, {}, {}), lambda: show_gatings(known), as_json=as_json, quiet=quiet)
        return
    if cell is None:
        if changes or sources or toml or bibtex:
            raise Wrong("CELL is missing.", code="missing_argument", hint="'vrest show' alone lists the library.")
        listed = titles()
        body = report({"library": listed}, {}, {})
        answer(body, lambda: show_library(listed), as_json=as_json, quiet=quiet)
        return
    described = changes.read(cell)
    if toml and not as_json:
        from vrest.model.cellfile import write_cell

        click.echo(write_cell(described), nl=False)
        return
    if bibtex and not as_json:
        from vrest.model.citations import bibtex as written

        click.echo(written(cell=described))
        return
    values, units = numbers(described)
    body = report(
        result(described, values),
        {},
        {"cell": cell, **changes.inputs},
        cell=described.name,
        temperature=door(described.temperature, "temperature"),
        warnings=notices(described),
    )
    body["units"] |= {"values": units, "solved": {path: units[path] for path in body["result"]["solved"]}}
    answer(body, lambda: show_cell(described, sources), as_json=as_json, quiet=quiet)


def titles() -> dict[str, str]:
    """The library: name and title of each cell."""
    from vrest.model.cellfile import library, load

    return {name: load(name).title for name in library()}


def list_gatings() -> dict[str, dict[str, Any]]:
    """Every gating that a channel can name: its open fraction, what it is, and where it comes from."""
    import vrest.model.laws  # noqa: F401  (registers the gatings)
    from vrest.model.citations import in_brief
    from vrest.model.gating import GATINGS, about, open_law

    return {
        name: {"open": open_law(kind), "what": about(kind), "source": [in_brief(key) for key in kind.cites]}
        for name, kind in GATINGS.items()
    }


def numbers(cell: Cell) -> tuple[dict[str, Any], dict[str, str]]:
    """Every number of a cell in its door unit, and the units."""
    from vrest.io.report import door
    from vrest.model.paths import parameters

    known = parameters(cell)
    values = {
        path: p.value if isinstance(p.value, str) else door(p.value, p.spec.dimension) for path, p in known.items()
    }
    return values, {path: p.unit or "1" for path, p in known.items()}


def result(cell: Cell, values: dict[str, Any]) -> dict[str, Any]:
    """What a file holds, and what the charge balance adds."""
    from vrest.io.report import door
    from vrest.model.cellfile import write_cell
    from vrest.model.citations import bibtex
    from vrest.model.paths import parameters

    known = parameters(cell)
    return {
        "name": cell.name,
        "title": cell.title,
        "notes": cell.notes.strip(),
        "values": values,
        "solved": {path: door(value, known[path].spec.dimension) for path, value in cell.solved().items()},
        "sources": {
            path: {"source": source.text, "range": list(source.range) if source.range else None}
            for path, source in cell.sources.items()
        },
        "references": dict(cell.references),
        "bibtex": bibtex(cell=cell),
        "toml": write_cell(cell),
    }


def show_library(listed: dict[str, str]) -> None:
    """The library for people."""
    from vrest.cli.answer import table
    from vrest.tables import Column, Table

    table(Table([Column("cell", "", list(listed)), Column("title", "", list(listed.values()))]))


def show_gatings(known: dict[str, dict[str, Any]]) -> None:
    """The gatings for people: to be read one by one, as their lines are longer than a table is wide."""
    from vrest.cli.answer import say

    say('Channels name one: { law = "gated_ohmic", ion = "Na", gating = "hodgkin_huxley_na", ... }')
    for name, told in known.items():
        say(f"\n{name} ({told['open']})")
        say(f"  {told['what']}. {', '.join(told['source'])}.")


def show_cell(cell: Cell, sources: bool) -> None:
    """A cell for people."""
    from vrest.cli.answer import say, table

    say(f"{cell.name}: {cell.title}" if cell.title else cell.name)
    for paragraph in filter(None, cell.notes.strip().split("\n\n")):
        say(f"\n{' '.join(paragraph.split())}")
    numbers, references = cell.tables()
    told = [column for column in numbers.columns if sources or column.name not in ("range", "source")]
    table(replace(numbers, columns=told), *([references] if sources and cell.references else []))

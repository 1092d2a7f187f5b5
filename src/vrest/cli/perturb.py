"""`vrest perturb`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from vrest.cli import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vrest.model.cell import Cell
    from vrest.study.perturb.perturbation import Perturbation
    from vrest.study.perturb.perturbed import Perturbed
    from vrest.tables import Column, Table

how = options.together(
    click.option(
        "--dose",
        "doses",
        multiple=True,
        metavar="DOSE",
        help='Such as "10 uM", 50% or severe, or several: "10 nM,1 uM", "1 nM:1 uM:log". With several NAMEs, '
        "NAME=DOSE. Repeatable.",
    ),
    click.option("--isoform", metavar="ISOFORM", help="For ouabain: human, rat_alpha1, rat_alpha2 or rat_alpha3."),
    click.option("--duration", metavar="TIME", help='When it is washed out, s, or such as "20 min".'),
    click.option("--onset", metavar="TIME", help='Length of a linear onset, s, or such as "1 min".'),
    click.option("--alone", is_flag=True, help="Change a bath's ion without the companion that keeps it neutral."),
)
"""Options of what is done, shared with `vrest compare`."""


@click.command("perturb")
@click.argument("cell", metavar="[CELL]", required=False)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--list", "listed", is_flag=True, help="List the perturbations; with CELL, which apply to it.")
@how
@options.changes
@options.output
@options.plot
@options.common
def command(
    cell: str | None,
    names: tuple[str, ...],
    listed: bool,
    doses: tuple[str, ...],
    isoform: str | None,
    duration: str | None,
    onset: str | None,
    alone: bool,
    changes: options.Changes,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """A drug, disease or mutation in a resting cell: V at once, at 1 s, 1 min, 1 h and settled; does it recover?

    \b
    Examples:
      vrest perturb mammalian_neuron ouabain --dose "1 uM" --duration "20 min" --plot ouabain.png
      vrest perturb skeletal_muscle hyperkalaemia --dose severe
      vrest perturb mammalian_neuron ouabain --dose "1 nM:10 uM:log:41" --plot doses.png
      vrest perturb mammalian_neuron anoxia hyperkalaemia --dose anoxia=80% --json
      vrest perturb mammalian_neuron
      vrest perturb digoxin
      vrest perturb --list

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input. The cell
    starts from its certified rest. Without NAME, the perturbations that apply to CELL, and why the others do not.
    A NAME may be that of a drug; a NAME alone prints what it is, with its named doses. Several doses of one NAME, a
    list or a range, give its dose-response: V at once and settled, and the share that is blocked.
    """
    from vrest.cli.answer import Meter
    from vrest.cli.app import Wrong
    from vrest.io.report import door

    options.check_figure(plot)
    if not names:
        said = {
            "--dose": doses,
            "--isoform": isoform,
            "--duration": duration,
            "--onset": onset,
            "-o": output,
            "--plot": plot,
        }
        if extra := [name for name, value in said.items() if value]:
            raise Wrong("NAME is missing.", code="missing_argument", hint=f"{extra[0]} needs a perturbation.")
        if cell is None and not listed:
            raise Wrong("CELL is missing.", code="missing_argument", hint="'vrest perturb --list' lists what there is.")
        if cell is not None and not listed and (named := _known(cell)):
            _describe(named, changes, as_json, quiet)
        else:
            _list(cell, changes, as_json, quiet)
        return
    described = changes.read(str(cell))

    from vrest.study.perturb.perturb import perturb

    applied, several = dosed(names, doses, isoform)
    inputs = {"cell": cell, "perturbations": list(names), "dose": list(doses), "isoform": isoform}
    inputs |= {"duration": duration, "onset": onset, "alone": alone}
    inputs |= {**changes.inputs, "output": output, "plot": plot}
    if several:
        if extra := [name for name, value in {"--duration": duration, "--onset": onset}.items() if value]:
            raise Wrong(f"{extra[0]} is that of a single dose.", hint="Leave it out, or give one dose.")
        _respond(described, applied, several, isoform, not alone, inputs, as_json=as_json, quiet=quiet)
        return
    with Meter(described.name) as meter:
        found = perturb(described, applied, duration=duration, onset=onset, neutral=not alone, progress=meter)
    if plot:
        options.save_figure("vrest.plot.perturb", "perturbation_figure", found, plot)

    def human() -> None:
        show(found, door(described.temperature, "temperature"))

    options.conclude(
        found, described, found.as_dict(), found.units(), inputs, as_json=as_json, quiet=quiet, human=human
    )


def _respond(
    described: Cell,
    applied: list[Perturbation],
    several: dict[str, list[str]],
    isoform: str | None,
    neutral: bool,
    inputs: dict[str, Any],
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Several doses of one perturbation."""
    from vrest.cli.answer import Meter
    from vrest.errors import InputError
    from vrest.study.perturb.dose_response import dose_response

    name, *more = several
    if more:
        raise InputError(
            f"{name} and {more[0]} both have several doses.", code="bad_dose", hint="Give several to one of them."
        )
    what = next(each for each in applied if name in (each.name, each.asked))
    beside = [each for each in applied if each is not what]
    with Meter(described.name) as meter:
        found = dose_response(
            described, what, several[name], isoform=isoform, beside=beside, neutral=neutral, progress=meter
        )
    if inputs["plot"]:
        options.save_figure("vrest.plot.dose_response", "dose_figure", found, inputs["plot"])
    options.conclude(found, described, found.as_dict(), found.units(), inputs, as_json=as_json, quiet=quiet)


def dosed(
    names: tuple[str, ...], doses: tuple[str, ...], isoform: str | None
) -> tuple[list[Perturbation], dict[str, list[str]]]:
    """The named perturbations with the doses of the command line; by name, those that have several."""
    from vrest.errors import InputError
    from vrest.ranges import is_several
    from vrest.study.perturb.library import find

    known = {name: find(name) for name in names}
    given: dict[str, list[str]] = {}
    for text in doses:
        name, equals, dose = text.partition("=")
        if not equals:
            if len(names) > 1:
                raise InputError(
                    f"--dose {text}: which of {', '.join(names)}?",
                    code="bad_dose",
                    hint=f"Write {next(iter(names))}={text}.",
                )
            name, dose = next(iter(names)), text
        if name.strip() not in names:
            raise InputError(
                f"--dose {text}: '{name}' is not applied.", code="bad_dose", hint=f"Named: {', '.join(names)}."
            )
        given.setdefault(name.strip(), []).append(dose)
    picky = [name for name, each in known.items() if each.isoforms] or list(names[:1])
    several = {name: texts for name, texts in given.items() if len(texts) > 1 or is_several(texts[0])}
    one = {name: texts[0] for name, texts in given.items() if name not in several}
    return [each.dosed(one.get(n), isoform if n in picky else None) for n, each in known.items()], several


def show(found: Perturbed, temperature: float) -> None:
    """The answer for people."""
    from vrest.cli.answer import say, table
    from vrest.tables import number
    from vrest.units import duration

    say(f"{found.title}, {number(temperature)} degC")
    for each in found.perturbations:
        if each.alias:
            say(f"  {each.alias}")
    for change in found.changes:
        say(f"  {change.brief}")
    moments, *why = found.tables()
    table(moments)
    if found.hypothetical:
        say(found.hypothetical)
    took = found.recovery_time
    back = {True: "recovers", False: "does not recover", None: "unknown: the run was stopped before"}[found.recovers]
    say(f"settled: {found.outcome.words}. {found.reason}")
    say(f"washed after {duration(found.duration)}: {back}" + (f", V is back after {duration(took)}" if took else ""))
    if found.excitability:
        for when, ready in zip(("at rest", "kept on"), found.excitability, strict=True):
            say(f"{when}: {'no rest to fire from' if ready is None else repr(ready)}")
    say(found.sentence())
    table(*why)


def _known(name: str) -> Perturbation | None:
    """The perturbation of a name; None where that may be a cell."""
    from vrest.errors import InputError
    from vrest.study.perturb.library import find

    try:
        return find(name)
    except InputError:
        return None


def _describe(what: Perturbation, changes: options.Changes, as_json: bool, quiet: bool) -> None:
    """What a perturbation is."""
    from vrest.cli.answer import answer, shown
    from vrest.cli.app import Wrong
    from vrest.io.report import report

    if changes:
        raise Wrong("CELL is missing.", code="missing_argument", hint=f"Such as 'vrest perturb CELL {what.name}'.")
    body = report(_entry(what) | {"mechanism": what.mechanism, "source": what.source}, {}, {"perturbation": what.name})
    answer(body, lambda: shown(what), as_json=as_json, quiet=quiet)


def _entry(what: Perturbation) -> dict[str, Any]:
    """A perturbation in the report."""
    from vrest.study.perturb.perturb import cells_of

    return {
        "name": what.name,
        "title": what.title,
        "dose": what.text(what.default),
        "doses": [{"name": n, "dose": what.text(d.dose), "source": d.source} for n, d in what.doses.items()],
        "aliases": [{"name": n, "what": meant} for n, meant in what.aliases.items()],
        "cells": cells_of(what.name),
    }


def _list(cell: str | None, changes: options.Changes, as_json: bool, quiet: bool) -> None:
    from vrest.cli.answer import answer, table
    from vrest.io.report import door, report
    from vrest.model.cellfile import library
    from vrest.model.elsewhere import alike
    from vrest.study.perturb.library import find, perturbations
    from vrest.study.perturb.perturb import applicable, cells_of
    from vrest.study.perturb.perturbation import aliases_table, doses_table
    from vrest.tables import Column, Table

    known = [find(name) for name in perturbations()]
    listed = [_entry(p) for p in known]
    if cell is None:
        body = report({"perturbations": listed}, {}, {})
        cells = [f"{len(cells_of(p.name))} of {len(library())}" for p in known]
        tables = [_listed("name", known, Column("cells", "", cells)), *doses_table(known), *aliases_table(known)]
        answer(body, lambda: table(*tables), as_json=as_json, quiet=quiet)
        return
    described = changes.read(cell)

    from vrest.model.notices import notices

    why = applicable(described)
    for entry in listed:
        error = why[str(entry["name"])]
        entry |= {"applies": error is None, "why_not": error and f"{error.message} {error.hint}"}
    body = report(
        {"perturbations": listed},
        {},
        {"cell": cell, **changes.inputs},
        cell=described.name,
        temperature=door(described.temperature, "temperature"),
        warnings=notices(described),
    )

    def others(name: str) -> list[str]:
        return alike(described, lambda other: other.name in cells_of(name))

    def human() -> None:
        refused = {p.name: error.message for p in known if (error := why[p.name])}
        columns = [Column("does not apply", "", list(refused)), Column("because", "", list(refused.values()))]
        columns.append(Column("does in", "", [", ".join(others(name)[:2]) for name in refused]))
        fit = [p for p in known if not why[p.name]]
        table(_listed("applies", fit), *doses_table(fit), Table(columns))

    answer(body, human, as_json=as_json, quiet=quiet)


def _listed(head: str, known: Sequence[Perturbation], *more: Column) -> Table:
    """Perturbations with their usual doses."""
    from vrest.tables import Column, Table

    columns = [Column(head, "", [p.name for p in known]), Column("dose", "", [p.text(p.default) for p in known])]
    return Table([*columns, *more, Column("what", "", [p.title for p in known])])

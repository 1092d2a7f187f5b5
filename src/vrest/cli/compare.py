"""`vrest compare`."""

from __future__ import annotations

import rich_click as click

from vrest.cli import options
from vrest.cli.perturb import how


@click.command("compare")
@click.argument("cells", metavar="CELL CELL...", nargs=-1)
@click.option("--perturb", "name", metavar="NAME", help="The perturbation; 'vrest perturb --list' lists them.")
@how
@options.output
@options.plot
@options.common
def command(
    cells: tuple[str, ...],
    name: str | None,
    doses: tuple[str, ...],
    isoform: str | None,
    duration: str | None,
    onset: str | None,
    alone: bool,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """The same perturbation in several cells, side by side.

    \b
    Examples:
      vrest compare mammalian_neuron skeletal_muscle squid_axon --perturb ouabain --plot ouabain.png
      vrest compare mammalian_neuron skeletal_muscle --perturb hyperkalaemia --dose severe --json

    A CELL is a name of the library ('vrest show' lists them) or a TOML file. A cell without the target is
    reported with the reason, beside the others.
    """
    from vrest.cli.answer import Meter, answer, say, table
    from vrest.cli.app import Wrong
    from vrest.cli.perturb import dosed
    from vrest.io.report import report

    if len(cells) < 2:
        raise Wrong("compare needs two cells or more.", code="missing_argument", hint="Name them one after another.")
    if name is None:
        raise Wrong("--perturb is missing.", code="missing_argument", hint="'vrest perturb --list' lists them.")
    options.check_figure(plot)
    (applied,), several = dosed((name,), doses, isoform)
    if several:
        hint = f"Several are 'vrest perturb CELL {applied.name} --dose ...'."
        raise Wrong("compare takes one dose.", code="bad_dose", hint=hint)
    described = [options.read_cell(cell) for cell in cells]

    from vrest.study.perturb.compare import compare

    with Meter(name) as meter:
        found = compare(described, applied, duration=duration, onset=onset, neutral=not alone, progress=meter)
    if plot:
        options.save_figure("vrest.plot.perturb", "comparison_figure", found, plot)
    inputs = {"cells": list(cells), "perturb": name, "dose": list(doses), "isoform": isoform}
    inputs |= {"duration": duration, "onset": onset, "alone": alone, "output": output, "plot": plot}
    body = report(found.as_dict(), found.units(), inputs, warnings=found.warnings)
    options.save_data(output, body, found.saved())

    def human() -> None:
        say(f"{found.name}: V at rest and what it has moved by")
        if applied.alias:
            say(applied.alias)
        table(*found.tables())
        if told := found.answers[0].hypothetical:
            say(told)
        for each in found.answers:
            say(f"{each.cell.name}: {each.sentence()}")
        for refused, error in found.refused.items():
            say(f"{refused}: {error.message}")

    answer(body, human, as_json=as_json, quiet=quiet)

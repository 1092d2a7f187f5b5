"""`vrest explain`."""

from __future__ import annotations

import rich_click as click

from vrest.cli import options


@click.command("explain")
@options.cell
@options.changes
@options.output
@options.plot
@options.common
def command(
    cell: str,
    changes: options.Changes,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Who makes the resting potential: each ion's share of the conductance, the pump's part, the balance, the bill.

    \b
    Examples:
      vrest explain mammalian_neuron
      vrest explain article_neuron --plot votes.png
      vrest explain mammalian_neuron --set "pump.max_rate*=0.5" --json

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input.
    """
    from vrest.cli.answer import Meter

    options.check_figure(plot)
    described = changes.read(cell)

    from vrest.study.explain.explain import explain
    from vrest.verbs.rest import rest

    with Meter(described.name) as meter:
        found = rest(described, progress=meter).raise_if_none()
    with Meter(f"{described.name} without pumps") as meter:
        story = explain(found, progress=meter)
    if plot:
        options.save_figure("vrest.plot.explanation", "explanation_figure", story, plot)
    options.conclude(
        story,
        described,
        story.as_dict(),
        story.units(),
        {"cell": cell, **changes.inputs, "output": output, "plot": plot},
        as_json=as_json,
        quiet=quiet,
    )

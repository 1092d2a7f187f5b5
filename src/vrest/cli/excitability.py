"""`vrest excitability`."""

from __future__ import annotations

from dataclasses import replace

import rich_click as click

from vrest.cli import options


@click.command("excitability")
@options.cell
@options.changes
@click.option(
    "--current",
    "currents",
    multiple=True,
    metavar="DENSITY",
    help='A step of current to try, uA/cm2, or such as "10 uA/cm2". Repeatable.',
)
@click.option("--step", default="200 ms", show_default=True, metavar="TIME", help="How long a step lasts, s or text.")
@click.option("--membrane", metavar="NAME", help="Where the current goes and V is read, where there are several.")
@options.output
@options.plot
@options.common
def command(
    cell: str,
    changes: options.Changes,
    currents: tuple[str, ...],
    step: str,
    membrane: str | None,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """How ready a resting cell is to fire: threshold, rheobase, input resistance, firing or block under a current.

    \b
    Examples:
      vrest excitability hodgkin_huxley_1952
      vrest excitability hodgkin_huxley_1952 --current 5 --current 10 --current 160 --step "1 s" --plot firing.png
      vrest excitability pyramidal_neuron --set "outside.K=8 mM" --swap Na --json

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input. It starts from its
    certified rest. Without --current, --plot shows twice the rheobase.
    """
    from vrest.cli.answer import Meter, answer, say, table
    from vrest.io.report import door, report

    options.check_figure(plot)
    described = changes.read(cell)

    from vrest.model.notices import notices
    from vrest.study.excitability import FIRING_UNITS, UNITS, excitability, firing
    from vrest.tables import Column, Table, number
    from vrest.verbs.rest import rest

    with Meter(f"{described.name}, its rest") as meter:
        rested = rest(described, progress=meter)
    with Meter(f"{described.name}, its threshold"):
        ready = excitability(rested, step, membrane)
    wanted: list[str | float] = list(currents)
    if plot and not wanted and ready.rheobase is not None:
        wanted = [2.0 * ready.rheobase]
    with Meter(f"{described.name}, its firing"):
        tried = [firing(rested, density, step, membrane) for density in wanted]
    if plot:
        options.save_figure("vrest.plot.firing", "firing_figure", (rested, ready, tried), plot)
    inputs = {"cell": cell, **changes.inputs}
    inputs |= {"current": list(currents), "step": step, "membrane": membrane, "output": output, "plot": plot}
    body = report(
        {**ready.as_dict(), "firing": [f.as_dict() for f in tried]},
        UNITS | FIRING_UNITS,
        inputs,
        cell=described.name,
        temperature=door(described.temperature, "temperature"),
        warnings=notices(described),
    )
    fired = Table(
        [
            Column("current", "uA/cm2", [f.density for f in tried]),
            Column("pattern", "", [f.pattern for f in tried]),
            Column("spikes", "", [len(f.spikes) for f in tried]),
            Column("rate", "Hz", [f.rate or None for f in tried]),
            Column("V at the end", "mV", [f.v_end for f in tried], decimals=2),
        ]
    )
    traces = (replace(table, title=f"{table.title} {f.density:g}") for f in tried for table in f.saved())
    options.save_data(output, body, (*([fired] if tried else []), *ready.saved(), *traces))

    def human() -> None:
        say(f"{described.name} at {number(body['temperature'])} degC: {ready!r}")
        if tried:
            table(fired)

    answer(body, human, as_json=as_json, quiet=quiet)

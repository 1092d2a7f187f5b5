"""`vrest instant`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import rich_click as click

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.model.cell import Cell
    from vrest.model.change import Change
    from vrest.study.perturb.perturbed import Moment
    from vrest.tables import Table

FROZEN = "at once: contents frozen, gates at their steady state, no net current"


@click.command("instant")
@options.cell
@options.changes
@options.output
@options.plot
@options.common
def command(
    cell: str, changes: options.Changes, output: str | None, plot: str | None, as_json: bool, quiet: bool
) -> None:
    """What a change does to a resting cell at once, before any concentration has moved.

    \b
    Examples:
      vrest instant mammalian_neuron --set "outside.K=12 mM" --swap Na
      vrest instant mammalian_neuron --set "pump.max_rate*=0" --plot off.png
      vrest instant frog_muscle --set "outside.K=10 mM" --with Cl --json

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input. The cell
    starts from its certified rest. Where the change leads in the end: 'vrest settled'.
    """
    from vrest.cli.answer import Meter, answer, say, table
    from vrest.io.report import door, report

    options.check_figure(plot)
    described, changed = read(cell, changes)

    from vrest.model.change import apply
    from vrest.model.notices import notices
    from vrest.study.perturb.perturbed import at_rest
    from vrest.study.perturb.two_clocks import TwoClocks, elsewhere, reasons, resting, right_after
    from vrest.study.perturb.why import UNITS as PARTS
    from vrest.study.perturb.why import listed
    from vrest.tables import millivolts
    from vrest.verbs.instant import instant
    from vrest.verbs.readings import UNITS
    from vrest.verbs.slower import slower

    with Meter(described.name) as meter:
        start = resting(described, meter)
    found = instant(start.as_cell(), changed)
    before, now, others = at_rest(start, "before"), right_after(start, changed, found), found.others
    why, after = reasons(start, now), apply(described, changed)
    if plot:
        story = TwoClocks(described, tuple(changed), (before, now))
        options.save_figure("vrest.plot.two_clocks", "two_clocks_figure", story, plot)
    body = report(
        {
            "changes": [str(change) for change in changed],
            "before": before.as_dict(),
            "at_once": now.as_dict(),
            "others": others,
            "why": listed(why.at_once),
        },
        {**UNITS, **PARTS, "others": "mV"},
        {"cell": cell, **changes.inputs, "output": output, "plot": plot},
        cell=described.name,
        temperature=door(after.temperature, "temperature"),
        warnings=[*notices(after), *elsewhere(start), *slower(start.fallbacks)],
    )

    told = moments_table([before, now], [])
    options.save_data(output, body, (named(told), *why.tables()))

    def human() -> None:
        title(described, body["temperature"], changed)
        table(told)
        say(FROZEN)
        for name, potentials in (others if isinstance(others, dict) else {"": others}).items():
            of = f" of {name}" if name else ""
            if potentials:
                at = ", ".join(map(millivolts, potentials))
                say(f"no net current at V{of} = {at} mV either, but V comes to the one above first")
        say(why.says_at_once())
        say("where it ends: vrest settled")

    answer(body, human, as_json=as_json, quiet=quiet)


def read(name: str, changes: options.Changes) -> tuple[Cell, list[Change]]:
    """The cell as it is described, and what changes."""
    if not changes.texts:
        from vrest.cli.app import Wrong

        raise Wrong(
            "--set is missing: nothing changes.",
            code="missing_argument",
            hint="Say what, such as --set \"outside.K=12 mM\"; 'vrest rest' answers for the cell as it is.",
        )
    described = changes.described(name)
    return described, changes.parsed(described)


def title(cell: Cell, temperature: float, changes: Iterable[Change]) -> None:
    """The first line: which cell, and what changes."""
    from vrest.cli.answer import say
    from vrest.tables import number

    say(f"{cell.name} at {number(temperature)} degC: {', '.join(change.brief for change in changes)}")


def moments_table(moments: Sequence[Moment], contents: Sequence[tuple[str, str]]) -> Table:
    """Potentials and currents of exchanges side by side, then concentrations (compartment, ion), and sizes and cost."""
    from vrest.tables import Column, Table

    columns = [Column("", "", [m.label for m in moments])]
    walls = moments[0].E or {}
    for wall, reversals in walls.items():
        of = f" {wall}" if len(walls) > 1 else ""
        columns.append(Column(f"V{of}", "mV", [m.v[wall] if m.v else None for m in moments], decimals=2))
        for ion in reversals:
            held = [m.E[wall][ion] if m.E else None for m in moments]
            columns.append(Column(f"E_{ion}{of}", "mV", held, decimals=2))
    for name in moments[0].exchange_currents or {}:
        flows = [m.exchange_currents[name] if m.exchange_currents else None for m in moments]
        columns.append(Column(f"I {name}", "pA", flows))
    for space, ion in contents:
        held = [m.concentrations[space][ion] if m.concentrations else None for m in moments]
        columns.append(Column(f"{ion} {space}", "mM", held, rounding=0.0))
    if contents:
        for space in moments[0].volumes or {}:
            sizes = [m.volumes[space] if m.volumes else None for m in moments]
            columns.append(Column(f"volume {space}", "um3", sizes))
        columns.append(Column("ATP", "/s", [m.atp_per_second for m in moments], digits=3))
    return Table(columns, turned=True)


def named(moments: Table) -> Table:
    """The same for a file, where every column has a head."""
    first, *others = moments.columns
    return replace(moments, columns=[replace(first, name="moment"), *others])

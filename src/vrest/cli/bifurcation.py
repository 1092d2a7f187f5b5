"""`vrest bifurcation`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rich_click as click

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.study.bifurcation.branch import Bifurcation

UNITS = {
    "multiple": "1",
    "v": "mV",
    "concentrations": "mM",
    "volumes": "um3",
    "growth": "1/s",
    "unstable": "1",
    "period": "s",
    "branch": "1",
}


@click.command("bifurcation", context_settings={"ignore_unknown_options": True})
@options.cell
@click.argument("parameter", metavar="PARAM")
@click.argument("start", metavar="FROM")
@click.argument("stop", metavar="TO")
@options.changes
@options.plot
@options.common
def command(
    cell: str,
    parameter: str,
    start: str,
    stop: str,
    changes: options.Changes,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """How the resting states of a cell move, appear and vanish along one parameter.

    \b
    Examples:
      vrest bifurcation dijkstra_2016 pump.max_rate 0.3x 2x --plot pump.png
      vrest bifurcation hodgkin_huxley_1952 stimulus.density 0 "200 uA/cm2" --json
      vrest bifurcation mammalian_neuron outside.K "1 mM" "20 mM"

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input. PARAM is a path
    of the cell ('vrest show CELL' lists them). FROM and TO are quantities, or multiples of the present value such
    as 0.3x. Every rest found is followed both ways: stable and unstable branches, folds and Hopf points.
    """
    from vrest.cli.answer import Meter, answer
    from vrest.io.report import door, report

    options.check_figure(plot)
    described = changes.read(cell)

    from vrest.study.bifurcation.bifurcation import bifurcation

    with Meter(described.name) as meter:
        found = bifurcation(described, parameter, start, stop, progress=meter)
    if plot:
        options.save_figure("vrest.plot.bifurcation", "bifurcation_figure", found, plot)
    unit = {"parameter": found.unit, "present": found.unit, "from": found.unit, "to": found.unit}
    inputs = {"cell": cell, "parameter": parameter, "from": start, "to": stop}
    body = report(
        result(found),
        UNITS | unit,
        inputs | {**changes.inputs, "plot": plot},
        cell=described.name,
        temperature=door(described.temperature, "temperature"),
        warnings=found.warnings,
    )
    answer(body, lambda: show(found), as_json=as_json, quiet=quiet)


def result(found: Bifurcation) -> dict[str, Any]:
    """Branches and special points."""
    walls = [w.name for w in found.branches[0].system.structure.walls]
    return {
        "path": found.path,
        "present": found.present,
        "from": found.start,
        "to": found.stop,
        "branches": [
            {
                "parameter": b.parameter,
                "multiple": b.multiple,
                "v": b.v if len(walls) == 1 else dict(zip(walls, b.v.T, strict=True)),
                "stable": b.stable,
                "growth": b.growth,
                "unstable": b.unstable,
                "concentrations": b.concentrations,
                "volumes": b.volumes,
                "ends": list(b.ends),
            }
            for b in found.branches
        ],
        "special": [vars(point) for point in found.special],
    }


def show(found: Bifurcation) -> None:
    """The branches for people."""
    from vrest.cli.answer import say, table
    from vrest.study.bifurcation.branch import ENDS, KINDS
    from vrest.tables import Column, Table, millivolts, number
    from vrest.units import duration

    unit = found.unit
    say(f"{found.cell.name}: {found.path}, {number(found.start, 6)} to {number(found.stop, 6)} {unit}")
    say(f"present value: {number(found.present, 6)} {unit}")
    runs = [(k, branch, run) for k, branch in enumerate(found.branches) for run in branch.runs()]
    walls = [w.name for w in found.branches[0].system.structure.walls]
    of = f" {walls[0]}" if len(walls) > 1 else ""
    columns = [
        Column("branch", "", [k + 1 for k, _, _ in runs]),
        Column("", "", ["stable" if stable else "unstable" for _, _, (_, _, stable) in runs]),
    ]
    ends = {
        "from": [(branch, first) for _, branch, (first, _, _) in runs],
        "to": [(branch, last) for _, branch, (_, last, _) in runs],
    }
    for head, points in ends.items():
        columns.append(Column(head, unit, [b.parameter[n] for b, n in points], digits=6, rounding=0.0))
        times = [None if b.multiple is None else b.multiple[n] for b, n in points]
        columns += [] if None in times else [Column(head, "x", times, rounding=0.0)]
    for head, points in ends.items():
        v = [float(b.v.reshape(len(b.parameter), -1)[n, 0]) for b, n in points]
        columns.append(Column(f"V{of} {head}", "mV", v, decimals=2))
    table(Table(columns))
    for point in found.special:
        times = "" if point.multiple is None else f" = {number(point.multiple, 6)}x"
        v = point.v[walls[0]] if isinstance(point.v, dict) else point.v
        after = f", oscillation of {duration(point.period)}" if point.period else ""
        say(
            f"{KINDS[point.kind]} on branch {point.branch + 1}: {number(point.parameter, 6)} {unit}{times}, "
            f"V = {millivolts(v)} mV{after}"
        )
    if not found.special:
        say("no fold and no Hopf point")
    for k, branch in enumerate(found.branches):
        for end, place in zip(branch.ends, (0, -1), strict=True):
            if end not in ("bound", "closed"):
                say(f"branch {k + 1} ends at {number(branch.parameter[place], 6)} {unit}: {ENDS[end]}")

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


@click.command("bifurcation", cls=options.Numbered)
@options.cell
@click.argument("parameter", metavar="PARAM")
@click.argument("start", metavar="FROM")
@click.argument("stop", metavar="TO")
@options.changes
@options.output
@options.plot
@options.common
def command(
    cell: str,
    parameter: str,
    start: str,
    stop: str,
    changes: options.Changes,
    output: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """How the resting states of a cell move, appear and vanish along one parameter.

    \b
    Examples:
      vrest bifurcation dijkstra_2016 pump.max_rate 0.3x 2x --plot pump.png
      vrest bifurcation hodgkin_huxley_1952 stimulus.density 0 "200 uA/cm2" --json
      vrest bifurcation mammalian_neuron outside.K "1 mM" "20 mM" --swap Na

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input. PARAM is a path
    of the cell ('vrest show CELL' lists them). FROM and TO are quantities, or multiples of the present value such
    as 0.3x. With --swap or --with another ion goes along with one of a bath, which stays neutral. Every rest found is
    followed both ways: stable and unstable branches, folds and Hopf points.
    """
    from vrest.cli.answer import Meter

    options.check_figure(plot)
    described, (varied,) = changes.read_along(cell, parameter)

    from vrest.study.bifurcation.bifurcation import bifurcation

    with Meter(described.name) as meter:
        found = bifurcation(described, varied, start, stop, progress=meter)
    if plot:
        options.save_figure("vrest.plot.bifurcation", "bifurcation_figure", found, plot)
    unit = {"parameter": found.unit, "present": found.unit, "from": found.unit, "to": found.unit}
    inputs = {"cell": cell, "parameter": parameter, "from": start, "to": stop}
    options.conclude(
        found,
        described,
        result(found),
        UNITS | unit,
        inputs | {**changes.inputs, "output": output, "plot": plot},
        as_json=as_json,
        quiet=quiet,
    )


def result(found: Bifurcation) -> dict[str, Any]:
    """Branches and special points."""
    walls = [w.name for w in found.branches[0].system.structure.walls]
    return {
        "path": found.path,
        "companion": found.along.along and f"{found.along.along.how} {found.along.along.companion}",
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
